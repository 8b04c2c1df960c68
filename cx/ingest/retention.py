"""What is older than the settings allow leaves: words, whole interactions, and what was refused. The sums of pages stay.

Interactions leave a month at a time, once all of the month is too old, so that cohorts are not cut in two.
"""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as parquet

from cx import reference
from cx.errors import BadReference
from cx.folders import Folders
from cx.ingest import archive
from cx.ingest.intake import catch_up
from cx.query import Query, midnight
from cx.reference import Privacy
from cx.store import Store

log = logging.getLogger(__name__)

_WORDS = "text is not null and occurred_at < $until"
_ROWS = "occurred_at < $until"

_TABLES = ("interactions", "history")

_KEPT_FROM = "update meta set kept_from = $until where coalesce(kept_from, date '0001-01-01') < $until"

_NO_LONGER_AGAIN = """
delete from again where not exists (
  select 1 from interactions i where i.source = again.source and i.interaction_id = again.interaction_id
)"""


@dataclass(frozen=True, slots=True)
class Left:
    """How many left: the words of so many interactions, so many interactions whole, and so many refused files."""

    texts: int = 0
    rows: int = 0
    refused: int = 0

    def __bool__(self) -> bool:
        return bool(self.texts or self.rows or self.refused)


def let_leave(store: Store, folders: Folders, now: datetime) -> Left:
    """Let everything leave that is too old by now; does next to nothing where nothing is."""
    try:
        privacy = reference.settings(folders.reference).privacy
    except BadReference as error:
        log.error("%s", error)
        return Left()
    catch_up(store, folders)  # what leaves was counted
    words, rows = _limits(privacy, now.date())
    too_old = bool(_count(store, _WORDS, words) or _count(store, _ROWS, rows))
    if too_old:  # the archive first: a process that is killed meanwhile finds the rest still in the store
        for path in archive.every(folders):
            _archived_leave(path / archive.ROWS, words, rows)
    left = Left(_words_leave(store, words), _rows_leave(store, rows), _refused_leave(folders, privacy, now))
    if too_old:
        store.compact()
    return left


def _limits(privacy: Privacy, today: date) -> tuple[date | None, date | None]:
    """The first days of which words and interactions stay; None where all do."""
    words = today - timedelta(privacy.keep_texts_days) if privacy.keep_texts_days else None
    if not privacy.texts:
        words = date.max
    return words, kept_since(privacy, today)


def kept_since(privacy: Privacy, today: date) -> date | None:
    """The first day of which interactions stay; None where all do."""
    return (today - timedelta(privacy.keep_rows_days)).replace(day=1) if privacy.keep_rows_days else None


def _words_leave(store: Store, until: date | None) -> int:
    leaving = _count(store, _WORDS, until)
    if leaving:
        with store.transaction() as cursor:
            for table in _TABLES:
                cursor.execute(f"update {table} set text = null where {_WORDS}", {"until": until})
    return leaving


def _rows_leave(store: Store, until: date | None) -> int:
    """The rollups are not touched: what they say of these days stays."""
    leaving = _count(store, _ROWS, until)
    if until is not None and (leaving or _kept_from(store) < until):
        with store.transaction() as cursor:
            for table in _TABLES:
                cursor.execute(f"delete from {table} where {_ROWS}", {"until": until})
            for statement in (_NO_LONGER_AGAIN, _KEPT_FROM):
                cursor.execute(statement, {"until": until} if "$until" in statement else None)
    return leaving


def _count(store: Store, which: str, until: date | None) -> int:
    if until is None:
        return 0
    sql = " + ".join(f"(select count(*) from {table} where {which})" for table in _TABLES)
    return int(store.run(Query("what is too old", f"select {sql} as n", {"until": until}))["n"].iloc[0])


def _kept_from(store: Store) -> date:
    sql = "select coalesce(kept_from, date '0001-01-01') as day from meta"
    told: date = store.run(Query("kept from", sql))["day"].iloc[0].date()
    return told


def _archived_leave(rows: Path, words: date | None, whole: date | None) -> None:
    """Take out of a landing's rows what left the store; a landing of which none is left leaves itself."""
    limits = [limit for limit in (words, whole) if limit is not None]
    if not limits or _first(rows) >= max(limits):
        return
    archive.rewrite(rows, lambda table: _aged(table, words, whole))
    if not parquet.read_metadata(rows).num_rows:
        shutil.rmtree(rows.parent)


def _aged(table: Any, words: date | None, whole: date | None) -> Any:
    if whole is not None and pc.any(old := pc.less(table["occurred_at"], _moment(whole))).as_py():
        table = table.filter(pc.invert(old))
    if words is not None:
        old = pc.and_(pc.less(table["occurred_at"], _moment(words)), pc.is_valid(table["text"]))
        if pc.any(old).as_py():
            place = table.column_names.index("text")
            table = table.set_column(
                place, "text", pc.if_else(old, pa.scalar(None, pa.string()), table["text"])
            )
    return table


def _first(rows: Path) -> date:
    """The day of the earliest row, from what Parquet says of its parts."""
    about = parquet.read_metadata(rows)
    place = about.schema.names.index("occurred_at")
    parts = [about.row_group(i).column(place).statistics for i in range(about.num_row_groups)]
    days = [part.min.date() for part in parts if part is not None and part.has_min_max]
    return min(days, default=date.max) if len(days) == len(parts) else date.min


def _moment(day: date) -> Any:
    return pa.scalar(midnight(day), pa.timestamp("us"))


def _refused_leave(folders: Folders, privacy: Privacy, now: datetime) -> int:
    """Files that were set aside, and rows that were refused, stay as they came until they are this old."""
    if not privacy.keep_refused_days:
        return 0
    oldest = (now - timedelta(privacy.keep_refused_days)).timestamp()
    rows = [path / archive.REFUSED for path in archive.every(folders)]
    files = [
        path
        for path in [*folders.refused.glob("*"), *rows]
        if path.exists() and path.lstat().st_mtime < oldest
    ]
    for path in files:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return len(files)
