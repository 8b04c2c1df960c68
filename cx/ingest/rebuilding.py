"""A store made anew from the archive, where its file is lost or broken.

It is made beside the old one, from the rows of every landing that was not undone, and switched in once it is whole; the
old file stays under another name. What only a store holds comes along where the old one can still be read.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from cx import owner, reference
from cx.errors import StoreBroken, StoreBusy
from cx.folders import Folders
from cx.formats import open_sheet, recognise
from cx.ingest import archive, reshape
from cx.ingest.forget import remember, remembered
from cx.ingest.intake import catch_up
from cx.ingest.landing import journey_of
from cx.ingest.merge import Arrival, Export, Progress, merge
from cx.ingest.report import Report
from cx.ingest.tables import FORMAT as BENCHMARKS
from cx.journey import Journey
from cx.pseudonyms import Key
from cx.query import Query
from cx.store import Cursor, Store, unopened
from cx.words import day, number, t, tn

_COUNTS = ("read", "kept", "superseded", "refused", "replaced", "same")

_AS_IT_WAS = f"""
update files set unused = $unused, {", ".join(f"rows_{name} = ${name}" for name in _COUNTS)} where file_id = $file_id"""

_REFUSAL = "insert into refusals values ($file_id, $row, $column, $value, $rule)"

_NOT_ARCHIVED = (
    "select name, sha256 from files where reason is null and undone_at is null and format <> $benchmarks"
)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was made: so many `rows` of so many `landings`; `aside` is where the old file is, if there was one."""

    landings: int
    rows: int
    aside: Path | None

    def in_words(self) -> str:
        """What was made, in sentences."""
        told = tn("The store was made anew from {n} landing of the archive: {rows} interactions.",
                  "The store was made anew from {n} landings of the archive: {rows} interactions.", self.landings,
                  rows=number(self.rows))  # fmt: skip
        kept = t("The old file is kept as {file}.", file=self.aside.name) if self.aside else ""
        return f"{told} {kept}".strip()


@dataclass(frozen=True, slots=True)
class _Landed:
    """One landing as the archive has it."""

    rows: Path
    arrival: Arrival
    arrived_at: datetime
    place: int
    told: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Old:
    """What the old store says that the archive does not; `legible` is False where it cannot be read."""

    legible: bool = False
    marks: Sequence[str] = ()
    kept_from: date | None = None
    notes: pd.DataFrame = field(default_factory=pd.DataFrame)
    sent: pd.DataFrame = field(default_factory=pd.DataFrame)
    files: Sequence[tuple[str, str]] = ()


def would_lose(folders: Folders) -> list[str]:
    """What a store that can still be read holds and the archive does not, in sentences; empty where it cannot be read.

    Raises StoreBusy where somebody has it open.
    """
    with opened(folders) as old:
        return [*_losses(folders, old)]


def rebuild(folders: Folders, progress: Progress | None = None) -> Rebuilt:
    """Make the store anew. Raises StoreBusy where a server or another process has it, and BadKey where the key of the
    archive's pseudonyms is not there. Until the last moment the old file stays where it is."""
    tell = progress or (lambda phase, done: None)
    with opened(folders) as old:
        landings = sorted(_landings(folders, old), key=lambda one: (one.arrived_at, one.place, one.rows))
        _check_key(folders, landings)
        draft = fresh(folders.store.with_name(f".{folders.store.name}.rebuilt"))
        store = Store.open(draft)
        try:
            rows = _filled(store, folders, old, landings, tell)
        finally:
            store.close()
    return Rebuilt(len(landings), rows, switch(draft, folders.store, "broken"))


def refuse_served(folders: Folders) -> None:
    """Raise StoreBusy where a server owns the store."""
    if owner.asks(folders):
        raise StoreBusy(t("The dashboard is running on {folder}. Stop it first.", folder=folders.root))


def switch(draft: Path, path: Path, word: str) -> Path | None:
    """Put a closed store in the place of another at one stroke; that one is kept under a name that nothing has, which ends
    in this word. Returns where."""
    aside = free(path.with_name(f"{path.name}.{word}")) if path.exists() else None
    if aside is not None:
        try:
            aside.hardlink_to(path)
        except OSError:  # a file system without links
            shutil.copy2(path, aside)
    log = path.with_name(f"{path.name}.wal")
    if log.exists():  # it belongs to the old file
        log.rename(free(path.with_name(f"{(aside or path).name}.{'wal' if aside else word}")))
    draft.replace(path)
    return aside


def free(path: Path) -> Path:
    """This path, or the first with a number after it, that nothing is at."""
    count, target = 1, path
    while target.exists():
        count += 1
        target = path.with_name(f"{path.name}.{count}")
    return target


def fresh(draft: Path) -> Path:
    """A path for a draft, without what a process that was killed left there. Raises StoreBusy where one is at work."""
    with suppress(StoreBroken):
        look(draft).close()
    for path in (draft, draft.with_name(f"{draft.name}.wal")):
        path.unlink(missing_ok=True)
    return draft


@contextmanager
def opened(folders: Folders) -> Iterator[Old]:
    """What the old store says; as long as this is open, no other process can write to it."""
    refuse_served(folders)
    try:
        connection = look(folders.store)
    except StoreBroken:
        yield Old()
        return
    with connection:
        yield _said(connection)


def look(path: Path) -> Cursor:
    """A store, opened to be read only. Raises StoreBroken where it is not there or cannot be read, and StoreBusy."""
    try:
        return duckdb.connect(str(path), read_only=True)
    except duckdb.ConnectionException as error:
        raise StoreBusy(t("{file} is open in this process.", file=path)) from error
    except duckdb.Error as error:
        raise unopened(path, error) from error


def _said(connection: Cursor) -> Old:
    try:
        marks = [mark for (mark,) in connection.execute("select mark from forgotten").fetchall()]
        kept_from = connection.execute("select kept_from from meta").fetchall()[0][0]
        notes = connection.execute("select * from surge_log order by noted_at, rowid").df()
        sent = _sent(connection)
        files = connection.execute(_NOT_ARCHIVED, {"benchmarks": BENCHMARKS}).fetchall()
        connection.execute("select count(customer_no), max(occurred_at) from interactions").fetchall()
    except (duckdb.Error, IndexError):
        return Old()
    return Old(True, marks, kept_from, notes, sent, files)


def _sent(connection: Cursor) -> pd.DataFrame:
    """What was sent, as the old store has it; a store of an earlier version has no such table."""
    try:
        return connection.execute("select * from alert_log order by noted_at, rowid").df()
    except duckdb.CatalogException:
        return pd.DataFrame()


def _losses(folders: Folders, old: Old) -> Iterator[str]:
    if old.kept_from is not None:
        yield t("The figures of the days before {day} leave for good: their interactions have left already.",
                day=day(old.kept_from, year=True))  # fmt: skip
    gone = [
        name
        for name, sha256 in old.files
        if not (archive.of(folders, sha256) or archive.waiting(folders, sha256))
    ]
    if gone:
        yield tn("{n} export is not in the archive, and its rows leave: {file}.",
                 "{n} exports are not in the archive, and their rows leave; the first is {file}.", len(gone),
                 file=gone[0])  # fmt: skip


def _landings(folders: Folders, old: Old) -> Iterator[_Landed]:
    """Every landing that was not undone."""
    drafts = [archive.waiting(folders, sha256) for _, sha256 in old.files]
    appeared = [path for path in folders.archive.glob("[!.]*") if (path / archive.ROWS).exists()]
    for rows in [path / archive.ROWS for path in [*appeared, *filter(None, drafts)]]:
        told: dict[str, Any] = {}
        with suppress(OSError, ValueError):
            told = json.loads(rows.with_name(archive.REPORT).read_text(encoding="utf-8"))
        yield _landed(rows, told)


def _landed(rows: Path, told: dict[str, Any]) -> _Landed:
    """Reports of earlier versions do not tell of the export itself: what the name of the folder says has to do."""
    name, _, short = rows.parent.name.rpartition(" (")
    export = told.get("export", {})
    changed = datetime.fromtimestamp(int(rows.stat().st_mtime), UTC).replace(tzinfo=None)
    arrived = datetime.fromisoformat(export["arrived_at"]) if export else changed
    arrival = Arrival(
        told.get("file", name), export.get("size", 0), export.get("sha256", short.rstrip(")")), arrived
    )
    return _Landed(rows, arrival, arrived, export.get("number", 0), told)


def _check_key(folders: Folders, landings: Sequence[_Landed]) -> None:
    if landings:
        Key.beside(folders.store, archive.key_of(landings[0].rows))


def _filled(store: Store, folders: Folders, old: Old, landings: Sequence[_Landed], progress: Progress) -> int:
    carry(store, old, remembered(folders))
    texts, journey = reference.settings(folders.reference).privacy.texts, journey_of(store, folders)
    for place, one in enumerate(landings):
        progress(t("Reading"), place / len(landings) * 0.9)
        _merge(store, folders, one, texts, journey)
    progress(t("Counting"), 0.9)
    catch_up(store, folders)
    archive.settle(store, folders)
    remember(store, folders)
    return int(store.run(Query("rows", "select count(*) as n from interactions"))["n"].iloc[0])


def carry(store: Store, old: Old, marks: Sequence[str]) -> None:
    """Bring into a new store what the old one and the file of marks say."""
    with store.transaction() as cursor:
        every = sorted({*old.marks, *marks})
        cursor.execute("insert into forgotten select unnest($marks)", {"marks": every})
        cursor.execute("update meta set kept_from = $kept_from", {"kept_from": old.kept_from})
        if len(old.notes):
            cursor.register("notes", old.notes)
            cursor.execute("insert into surge_log by name select * from notes")
            cursor.unregister("notes")
        if len(old.sent):
            cursor.register("sent", old.sent)
            cursor.execute("insert into alert_log by name select * from sent")
            cursor.unregister("sent")


def _merge(store: Store, folders: Folders, one: _Landed, texts: bool, journey: Journey) -> None:
    """Merge a landing as on the day on which it arrived."""
    archive.is_ours(one.rows, store.key)
    with open_sheet(one.rows, lambda share: None) as sheet:
        shaped, format, rows = reshape.read(sheet, recognise(sheet.columns, one.rows.name, folders.reference))
        format = replace(format, name=one.told.get("format", format.name))
        export = Export(one.arrival, shaped, format, rows, ours=True, texts=texts, alone=False)
        read = archive.draft(folders, "rebuilding") / archive.ROWS
        merge(store, export, journey, one.arrived_at, lambda phase, done: None, _AsItWas(one, read))


@dataclass(frozen=True, slots=True)
class _AsItWas:
    """Nothing is archived anew; the ledger says what it said of the export itself."""

    one: _Landed
    rows: Path

    def keep(self, cursor: Cursor, file_id: int, report: Report) -> None:
        """Put what the report of the day says in the place of what was found now."""
        told = self.one.told
        if "rows" not in told:
            return
        counts = {name: told["rows"].get(name, 0) for name in _COUNTS}
        cursor.execute(_AS_IT_WAS, {"file_id": file_id, "unused": told.get("columns_not_used", []), **counts})
        cursor.execute("delete from refusals where file_id = $file_id", {"file_id": file_id})
        for values in _refusals(told):
            cursor.execute(_REFUSAL, {"file_id": file_id, **values})

    def withdraw(self, cursor: Cursor, file_ids: Sequence[int]) -> None:
        """The archive has left it out already."""


def _refusals(told: dict[str, Any]) -> Iterator[dict[str, object]]:
    """Each refused row: those that the report shows as they were, the others with their reason alone."""
    for reason in told.get("not_kept", []):
        why = {"column": reason["column"], "rule": reason["rule"]}
        shown = [{"row": one["row"], "value": one["value"], **why} for one in reason["examples"]]
        yield from shown
        yield from [{"row": None, "value": None, **why}] * (reason["rows"] - len(shown))
