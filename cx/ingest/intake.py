"""One file from its path to its report, and to the folder where it belongs afterwards."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import stat
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cx import clock, reference, rollups
from cx.errors import BadReference, CxError, FileRefused
from cx.folders import Folders
from cx.ingest import archive
from cx.ingest.landing import Landing, WrittenTo, journey_of, state_of
from cx.ingest.merge import Arrival, Progress, record_set_aside, seen
from cx.ingest.report import Report
from cx.logs import place
from cx.store import Store
from cx.words import t

log = logging.getLogger(__name__)


def take_in(
    store: Store,
    folders: Folders,
    path: Path,
    now: datetime | None = None,
    progress: Progress | None = None,
    alone: bool = True,
) -> Report:
    """Take in one export. A file in the inbox leaves it, set aside whole for refused/; others stay put.

    `now` is the moment of arrival (naive UTC); `progress` is told each phase and the share done (0 to 1). Whatever
    is wrong with the file is said in the report, not raised. Of files that land together none is `alone`; call `catch_up`
    after the last.
    """
    moment = now or clock.now()
    before = state_of(path)
    if before is None:
        return Report(path.name, reason=t("There is no such file."))
    try:
        texts = reference.settings(folders.reference).privacy.texts
    except BadReference as error:  # whether words may be kept is not known
        return Report(path.name, reason=str(error), waiting=True)
    tell = progress or (lambda phase, done: None)
    started = time.monotonic()
    report = _attempt(store, folders, path, moment, tell, texts, alone)
    if not report.waiting and path.parent.resolve() == folders.inbox.resolve() and state_of(path) == before:
        _put_away(folders, path, report)
    return replace(report, seconds=time.monotonic() - started)


def catch_up(store: Store, folders: Folders) -> bool:
    """Count what waits to be counted: everything where the company's journey is no longer the one that the rollups were
    folded for, else the customers of files that landed together. True where there was something."""
    journey = journey_of(store, folders)
    if journey == store.journey and not store.counting:
        return False
    with store.transaction() as cursor:
        rollups.fold(cursor, journey) if journey == store.journey else rollups.rebuild(cursor, journey)
    return True


def put(path: Path, folder: Path, name: str = "") -> Path:
    """Move a file or a directory into a folder under a name that is free there; nothing is ever overwritten."""
    target = _reserve(folder, name or path.name, path.is_dir() and not path.is_symlink())
    try:
        path.rename(target)
    except OSError:  # another file system
        target.rmdir() if target.is_dir() else target.unlink()
        shutil.move(path, target)
    return target


def _attempt(
    store: Store, folders: Folders, path: Path, now: datetime, progress: Progress, texts: bool, alone: bool
) -> Report:
    arrival = Arrival(path.name, 0, "", now)
    try:
        progress(t("Reading"), 0.0)
        archive.settle(store, folders)
        before = state_of(path)
        arrival = _arrival(path)
        if seen(store, arrival):
            return Report(path.name, already=True)
        return Landing(store, folders, path, arrival, before, now, progress, texts, alone).report()
    except WrittenTo:
        return Report(path.name, reason=t("It was written to while it was read. Try again."), waiting=True)
    except FileRefused as error:
        return _set_aside(store, arrival, error.reason, now)
    except CxError as error:
        return _set_aside(store, arrival, str(error), now)
    except Exception as error:
        # Only where it happened: the message may quote a customer's words.
        log.error("%s: %s", path.name, place(error))
        reason = t(
            "It could not be taken in ({error}); nothing of it was kept. The log says where it failed.",
            error=type(error).__name__,
        )
        return _set_aside(store, arrival, reason, now)


def _set_aside(store: Store, arrival: Arrival, reason: str, now: datetime) -> Report:
    try:
        record_set_aside(store, arrival, "", reason, now)
    except Exception as error:
        log.error("%s: the ledger could not be written: %s", arrival.name, type(error).__name__)
    return Report(arrival.name, reason=reason)


def _arrival(path: Path) -> Arrival:
    """Look at the file and hash its content. Raises FileRefused where it is not a file that can be read."""
    about = path.lstat()
    if stat.S_ISLNK(about.st_mode):
        raise FileRefused(path.name, t("It is a link. Put the file itself here."))
    if stat.S_ISDIR(about.st_mode):
        raise FileRefused(path.name, t("It is a folder. Put the files themselves here."))
    if not stat.S_ISREG(about.st_mode):
        raise FileRefused(path.name, t("It is not a file."))
    if about.st_size == 0:
        raise FileRefused(path.name, t("It is empty. Export it again."))
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except PermissionError as error:
        raise FileRefused(path.name, t("It may not be read; change its access rights.")) from error
    changed_at = datetime.fromtimestamp(about.st_mtime, UTC).replace(tzinfo=None)
    return Arrival(path.name, about.st_size, digest, changed_at)


def _put_away(folders: Folders, path: Path, report: Report) -> None:
    """Take a file out of the inbox: what was refused whole is set aside, of the others the archive has what stays."""
    try:
        if not report.reason:
            path.unlink()
            return
        target = put(path, folders.refused)
        os.utime(target, follow_symlinks=False)  # it is kept so long from now on, however old the export is
        note = _reserve(folders.refused, f"{target.name}.txt")
        note.write_text(f"{report.file}\n{report.reason}\n", encoding="utf-8")
    except OSError as error:
        log.error("%s: it could not be moved out of the inbox: %s", path.name, type(error).__name__)


def _reserve(folder: Path, name: str, directory: bool = False) -> Path:
    """Make an empty file (or directory) under this name, or under 'name (2)' and so on where it is taken."""
    plain = Path(name)
    count = 1
    while True:
        target = folder / (name if count == 1 else f"{plain.stem} ({count}){plain.suffix}")
        try:
            target.mkdir() if directory else target.touch(exist_ok=False)
            return target
        except FileExistsError:
            count += 1
