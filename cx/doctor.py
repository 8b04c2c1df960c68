"""Examine an installation: each finding says what was looked at, whether it is well, and what to do if not."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from cx import formats, owner, reference
from cx.access import people as access
from cx.engine import asking
from cx.errors import BadKey, CxError
from cx.folders import PROJECT, Folders
from cx.ingest import remote
from cx.pseudonyms import Key
from cx.query import Query
from cx.reference import alerts
from cx.store import Store
from cx.words import day, moment, number, t, tn

FULL_BYTES, FULL_SHARE = 10**9, 0.05
"""A disk is nearly full where less than either is free."""
READING_SECONDS = 600.0
"""How long reading one table of the store may take: all of it is read, on whatever disk."""
OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: well or not, and told in words."""

    what: str
    well: bool
    told: str


def examine(folders: Folders) -> list[Finding]:
    """Look at Python, the packages, the folders, the disk, the reference files, the sources elsewhere, the key and the store."""
    return [
        *_python(),
        *_packages(),
        *_folders(folders),
        *_disk(folders),
        *_refused(folders),
        *_reference(folders),
        *_sources(folders),
        *_key(folders),
        *_store(folders),
        *_alerts(folders),
    ]


def summary(store: Store) -> dict[str, Any]:
    """What the owner of a store says of it: version, rows, exports taken in, set aside, rows refused; and of what an engine counted
    for it, where one did, the version and the last day."""
    sql = """
select (select count(*) from interactions) as rows,
  count(*) filter (reason is null and undone_at is null) as files,
  count(*) filter (reason is not null) as set_aside,
  coalesce(sum(rows_refused) filter (undone_at is null), 0) as refused
from files"""
    row = store.run(Query("summary", sql)).iloc[0]
    served = asking.served(store)
    engine = {"engine": served.name, "engine_through": served.through.isoformat()} if served else {}
    return {
        "version": store.version,
        "path": str(store.path),
        **{name: int(row[name]) for name in row.index},
        **engine,
    }


def _python() -> Iterator[Finding]:
    well = sys.version_info >= OLDEST_PYTHON
    told = ".".join(map(str, sys.version_info[:3]))
    yield Finding(t("Python"), well, told if well else t("{version}; install 3.11 or newer", version=told))


def _packages() -> Iterator[Finding]:
    wrong = []
    lines = (PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.split("==") for line in lines if "==" in line and ";" not in line]
    for name, pinned in pins:
        try:
            found = version(name)
        except PackageNotFoundError:
            found = t("missing")
        if found != pinned:
            wrong.append(f"{name} {found} ({pinned})")
    told = t("{wrong}; run: pip install -r requirements.txt", wrong=", ".join(wrong))
    yield Finding(t("Packages"), not wrong, told if wrong else t("as pinned ({n})", n=number(len(pins))))


def _folders(folders: Folders) -> Iterator[Finding]:
    for folder in (folders.inbox, folders.archive, folders.refused, folders.reference):
        well = os.access(folder, os.R_OK | os.W_OK | os.X_OK)
        told = (
            str(folder)
            if well
            else t("{folder} cannot be written; change its owner or rights", folder=folder)
        )
        yield Finding(t("Folder"), well, told)


def _disk(folders: Folders) -> Iterator[Finding]:
    disk = shutil.disk_usage(folders.root)
    well = roomy(disk.free, disk.total)
    values = {"free": number(disk.free / 1e9, 1), "share": number(100 * disk.free / disk.total)}
    yield Finding(
        t("Disk"),
        well,
        t("{free} GB free", **values) if well
        else t("nearly full: {free} GB free, {share} % of it; make room, or exports cannot be taken in", **values),
    )  # fmt: skip


def roomy(free: int, total: int) -> bool:
    """Whether a disk with so many bytes free of so many has room to go on."""
    return free >= max(FULL_BYTES, FULL_SHARE * total)


def _refused(folders: Folders) -> Iterator[Finding]:
    waiting = [path for path in folders.refused.glob("[!.]*") if path.suffix != ".txt"]
    if waiting:
        told = tn("{n} export waits in {folder}; the .txt beside it says why. Mend it and drop it again, or delete it.",
                  "{n} exports wait in {folder}; the .txt beside each says why. Mend them and drop them again, or delete them.",
                  len(waiting), folder=folders.refused)  # fmt: skip
        yield Finding(t("Refused"), False, told)


def _key(folders: Folders) -> Iterator[Finding]:
    """Only of a store that is there: looking must not make one."""
    path = Key.place(folders.store)
    if not path.exists():
        if folders.store.exists():
            yield Finding(t("Key"), False, t("{file} is gone; put it back from your backup", file=path))
        return
    try:
        private = Key.beside(folders.store).private
    except BadKey as error:
        yield Finding(t("Key"), False, str(error))
        return
    told = t("{file} can be read by others, who could undo the pseudonyms; run: chmod 600 {file}", file=path)
    yield Finding(t("Key"), private, str(path) if private else told)


def _reference(folders: Folders) -> Iterator[Finding]:
    for name, read in (
        ("campaigns.csv", reference.campaigns),
        ("targets.csv", reference.targets),
        ("actions.csv", reference.actions),
        ("settings.toml", reference.settings),
        (access.FILE, access.people),
        ("mappings", formats.mappings),
        (remote.SOURCES, remote.sources),
        (alerts.FILE, alerts.sound),
    ):
        try:
            read(folders.reference)
            yield Finding(t("Reference"), True, name)
        except CxError as error:
            yield Finding(t("Reference"), False, str(error))


def _sources(folders: Folders) -> Iterator[Finding]:
    """What came of the last look at each; looking anew would keep the reader waiting for a host that is down."""
    try:
        found = remote.sources(folders.reference)
    except CxError:  # told among the reference files
        return
    for source in found:
        look = remote.last(folders, source)
        if look.when is None:
            told = t("{name}: not looked at yet; run: python -m cx fetch", name=source.name)
        elif look.trouble:
            told = f"{source.name}: {look.trouble} ({moment(look.when)})"
        else:
            told = tn("{name}: {n} file came so far, last looked at {when}",
                      "{name}: {n} files came so far, last looked at {when}", look.files,
                      name=source.name, when=moment(look.when))  # fmt: skip
        yield Finding(t("Source"), not look.trouble, told)


def _alerts(folders: Folders) -> Iterator[Finding]:
    """Whether there is an address behind each name of the rules, and whether it took its last message."""
    told = alerts.alerts(folders.reference)
    if not told.rules:
        return
    try:
        answer = owner.asks(folders, "addresses") or _addresses(folders, told)
    except CxError:  # told of the store
        return
    for wrong in answer["wrong"]:
        yield Finding(t("Alerts"), False, wrong)
    if not answer["wrong"]:
        yield Finding(t("Alerts"), True, tn("{n} rule", "{n} rules", len(told.rules)))


def _addresses(folders: Folders, told: alerts.Alerts) -> dict[str, Any]:
    from cx.alerts import addresses, asked, log

    store = Store.open(folders.store)
    try:
        return {"wrong": asked.wrong_addresses(log.latest(store), told, addresses.written)}
    finally:
        store.close()


def damage(store: Store) -> str:
    """What is wrong with the store's file, in words, or nothing: every row of every table is read, which is where it is met."""
    try:
        for table in store.run(Query("tables", "select table_name from duckdb_tables()"))["table_name"]:
            store.run(Query(f"read {table}", f'select bit_xor(hash(t)) from "{table}" t'), READING_SECONDS)
    except CxError as error:
        return str(error)
    return ""


def _store(folders: Folders) -> Iterator[Finding]:
    try:
        answer = owner.asks(folders) or opened(folders)
        wrong = (owner.asks(folders, "damage", {}) or answer).get("damage", "")
    except CxError as error:
        yield Finding(t("Store"), False, str(error))
        return
    if wrong:
        yield Finding(t("Store"), False, wrong)
    else:
        yield Finding(t("Store"), True, _summed_up(answer))
    if "engine" in answer:
        yield _engine(answer)
    if "taking_in" in answer:
        yield _taking_in(bool(answer["taking_in"]))


def opened(folders: Folders) -> dict[str, Any]:
    """What a store says of itself (see `summary`) that no server has, or its `damage`. Raises CxError."""
    store = Store.open(folders.store)
    try:
        return {"damage": wrong} if (wrong := damage(store)) else summary(store)
    finally:
        store.close()


def _summed_up(answer: Mapping[str, Any]) -> str:
    return t("{rows} interactions from {files} exports, version {version}; {refused} rows refused, {aside} exports set aside",
             rows=number(int(answer["rows"])), files=number(int(answer["files"])), version=answer["version"],
             refused=number(int(answer["refused"])), aside=number(int(answer["set_aside"])))  # fmt: skip


def _engine(answer: Mapping[str, Any]) -> Finding:
    through = date.fromisoformat(answer["engine_through"])
    told = t("what it counted through {day} is shown beside that, version {name}", day=day(through, year=True), name=answer["engine"])  # fmt: skip
    return Finding(t("Engine"), True, told)


def _taking_in(alive: bool) -> Finding:
    told = (
        t("the running dashboard takes in what lands")
        if alive
        else t(
            "the running dashboard does not take in what lands; it tries again by itself, and its log says what failed"
        )
    )
    return Finding(t("Inbox"), alive, told)
