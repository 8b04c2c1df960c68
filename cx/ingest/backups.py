"""A backup of the data folder while it is in use, and a backup put back.

A backup is a folder: a copy of the store as one commit left it, what the archive had of it, and the reference tables. It
grows under a name that ends in .part and is renamed once it is whole. The key of the pseudonyms is left out unless it is
asked for: whoever has both can tell whose rows they are.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from cx.errors import BadBackup, StoreBroken
from cx.folders import Folders
from cx.ingest import archive
from cx.ingest.forget import remember, remembered
from cx.ingest.rebuilding import free, look, refuse_served, switch
from cx.pseudonyms import Key
from cx.query import Query
from cx.store import Cursor, Store
from cx.words import number, t, tn

PART = ".part"
KEY = "customer.key"

_LANDED = "select distinct sha256 from files where reason is null and undone_at is null"
_COUNT = "select (select count(*) from interactions) as rows, (select count(*) from files where undone_at is null) as files"


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup: where it is, the `rows` and `files` (exports) that it holds, and whether the key is with it."""

    path: str
    rows: int
    files: int
    with_key: bool

    def as_data(self) -> dict[str, object]:
        """As JSON can carry it."""
        return asdict(self)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Backup:
        """From what `as_data` said. Raises BadBackup where it says why not."""
        if "why_not" in data:
            raise BadBackup(data["why_not"])
        return cls(**data)

    def in_words(self) -> str:
        """What it holds, and what is to be kept apart."""
        told = tn("{path} holds {rows} interactions of {n} export.", "{path} holds {rows} interactions of {n} exports.",
                  self.files, path=self.path, rows=number(self.rows))  # fmt: skip
        if self.with_key:
            rest = t("The key of the customers' pseudonyms is in it: whoever has it can tell who they are.")
        else:
            rest = t("The key of the customers' pseudonyms ({file}) is not in it: keep a copy of it elsewhere.", file=KEY)  # fmt: skip
        return f"{told} {rest}"


def back_up(store: Store, folders: Folders, into: Path, now: datetime, with_key: bool = False) -> Backup:
    """Make a backup in a new folder below `into`. Exports wait until it is made; pages do not.

    Raises BadBackup where it cannot be written.
    """
    whole = free(into / f"cx-{now:%Y-%m-%dT%H%M%S}")
    part = free(whole.with_name(f"{whole.name}{PART}"))
    try:
        part.mkdir(mode=0o700, parents=True)
        with store.copied(part / folders.store.name):
            _copy_beside(store, folders, part)
        if with_key:
            _copy_key(store.key, part)
        part.rename(whole)
    except (OSError, duckdb.Error) as error:
        shutil.rmtree(part, ignore_errors=True)
        reason = error.strerror if isinstance(error, OSError) else type(error).__name__
        raise BadBackup(
            t("No backup could be written to {folder} ({error}); nothing is left of it.", folder=into, error=reason)
        ) from error  # fmt: skip
    return examined(whole)


def examined(backup: Path) -> Backup:
    """Open a backup and count what it holds. Raises BadBackup where it is none, or not whole."""
    file = backup / Folders(backup).store.name
    if backup.name.endswith(PART) or not file.exists():
        raise BadBackup(
            t("{folder} is no whole backup. Name the folder that `python -m cx backup` made.", folder=backup)
        )
    try:
        with look(file) as store:
            rows, files = store.execute(_COUNT).fetchall()[0]
    except (StoreBroken, duckdb.Error) as error:
        raise BadBackup(
            t("The store in {folder} cannot be read. Take another backup.", folder=backup)
        ) from error
    return Backup(str(backup), rows, files, (backup / KEY).exists())


def restore(folders: Folders, backup: Path, over: bool = False) -> Backup:
    """Put a backup in place; what was there is kept under names that end in .before.

    Raises BadBackup where it cannot be read, or where data are here already and not `over`; StoreBusy where someone has the
    store open; BadKey where the key of its pseudonyms is neither here nor in it.
    """
    found = examined(backup)
    refuse_served(folders)
    if not over and _has_data(folders):
        raise BadBackup(
            t("{folder} has data already. With --yes they are set aside, under names that end in .before.",
              folder=folders.root)
        )  # fmt: skip
    _refuse_open(folders.store)
    _bring_key(folders, backup)
    draft = _draft(folders, backup)
    for name in (folders.archive.name, folders.reference.name):
        _swap(draft / name, folders.root / name)
    switch(draft / folders.store.name, folders.store, "before")
    shutil.rmtree(draft)
    return found


def forgotten_since(folders: Folders) -> int:
    """Of how many customers the marks say that they were forgotten, and the store does not: it is older than that."""
    store = Store.open(folders.store)
    try:
        known = {*store.run(Query("marks", "select mark from forgotten"))["mark"]}
        gone = {*remembered(folders)} - known
        remember(store, folders)
        return len(gone)
    finally:
        store.close()


def _copy_beside(store: Store, folders: Folders, part: Path) -> None:
    target = part / folders.archive.name
    target.mkdir()
    for sha256 in store.run(Query("landed", _LANDED))["sha256"]:
        _copy_landing(folders, sha256, target)
    if (undone := archive.undone(folders)).exists():
        shutil.copytree(undone, target / undone.name)
    shutil.copytree(folders.reference, part / folders.reference.name)
    if folders.forgotten.exists():
        shutil.copy2(folders.forgotten, part / folders.forgotten.name)


def _copy_landing(folders: Folders, sha256: str, into: Path) -> None:
    """It may be about to appear, and so be in one place or the other."""
    for _ in range(3):
        path = archive.of(folders, sha256) or archive.waiting(folders, sha256)
        if path is None:
            continue
        name = path.name if path.parent == folders.archive else f".drafts/{path.name}"
        try:
            shutil.copytree(path, into / name, dirs_exist_ok=True)
            return
        except (FileNotFoundError, shutil.Error):
            shutil.rmtree(into / name, ignore_errors=True)


def _copy_key(key: Key, part: Path) -> None:
    with os.fdopen(os.open(part / KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(key.path.read_bytes())


def _has_data(folders: Folders) -> bool:
    return folders.store.exists() or any(archive.every(folders))


def _refuse_open(path: Path) -> None:
    """Raise StoreBusy where another process has the store that is to be replaced."""
    try:
        look(path).close()
    except StoreBroken:
        return


def _bring_key(folders: Folders, backup: Path) -> None:
    """Make sure of the key that the backup was filled with, taking it from there where there is none here."""
    with look(backup / folders.store.name) as store:
        wanted = _fingerprint(store)
    there, here = backup / KEY, folders.store.with_name(KEY)
    if there.exists() and not here.exists() and "CX_KEY" not in os.environ:
        _copy_key(Key.beside(backup / folders.store.name, wanted), folders.root)
    Key.beside(folders.store, wanted)


def _fingerprint(store: Cursor) -> str:
    return str(store.execute("select key from meta").fetchall()[0][0])


def _draft(folders: Folders, backup: Path) -> Path:
    """The backup, copied beside what it is to replace."""
    draft = folders.root / ".restored"
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(backup, draft, ignore=shutil.ignore_patterns(KEY))
    if (marks := draft / folders.forgotten.name).exists():
        known = sorted({*marks.read_text(encoding="ascii").split(), *remembered(folders)})
        folders.forgotten.write_text("".join(f"{mark}\n" for mark in known), encoding="ascii")
    return draft


def _swap(draft: Path, folder: Path) -> None:
    if folder.exists():
        folder.rename(free(folder.with_name(f"{folder.name}.before")))
    draft.rename(folder)
