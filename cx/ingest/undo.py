"""An export is undone: its rows leave, and the store is as if it had never come.

Of each row the latest state among the exports that remain stands, by the same order as on arrival; what the undone
one had replaced is in `history`. Only the rows that it brought are touched, in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from cx import rollups
from cx.errors import CannotUndo
from cx.folders import Folders
from cx.ingest import archive
from cx.ingest.history import content
from cx.ingest.landing import journey_of
from cx.ingest.tables import FORMAT as BENCHMARKS
from cx.model import KEPT
from cx.query import Query
from cx.store import Cursor, Store
from cx.words import day, moment, t, tn


@dataclass(frozen=True, slots=True)
class Leaving:
    """What undoing an export does: of so many `rows` that it holds now, so many `return` to an earlier state.

    `kept` further ones stay as they are, because another export said the same. `first` and `last` are the days between
    which something changes, None where nothing does.
    """

    file_id: int
    file: str
    arrived_at: datetime
    rows: int
    returning: int
    kept: int
    first: date | None
    last: date | None

    def as_data(self) -> dict[str, object]:
        """As JSON can carry it."""
        told = asdict(self)
        return {name: each.isoformat() if isinstance(each, date) else each for name, each in told.items()}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Leaving:
        """From what `as_data` said. Raises CannotUndo where it says why not."""
        if "why_not" in data:
            raise CannotUndo(data["file"], data["why_not"])
        days = {name: date.fromisoformat(data[name]) if data[name] else None for name in ("first", "last")}
        return cls(**{**data, "arrived_at": datetime.fromisoformat(data["arrived_at"]), **days})

    def in_words(self) -> str:
        """What leaves, what returns and what stays, in sentences."""
        sentences = [
            tn("{file}, of {moment}: {n} row leaves.", "{file}, of {moment}: {n} rows leave.", self.rows,
               file=self.file, moment=moment(self.arrived_at)),
        ]  # fmt: skip
        if self.returning:
            sentences.append(
                tn(
                    "{n} of them returns to its state before.",
                    "{n} of them return to their state before.",
                    self.returning,
                )
            )
        if self.kept:
            sentences.append(
                tn("{n} row stays, because another export said the same.",
                   "{n} rows stay, because other exports said the same.", self.kept)
            )  # fmt: skip
        if self.first and self.last:
            sentences.append(
                t(
                    "They happened from {first} to {last}.",
                    first=day(self.first, year=True),
                    last=day(self.last, year=True),
                )
            )
        return " ".join(sentences)


_FILES = "select file_id, name, format, arrived_at, reason, undone_at, rows_replaced is not null as whole from files"

_OWN = """
select i.source, i.interaction_id, i.occurred_at from interactions i
anti join again a on a.of_file = $file_id and a.source = i.source and a.interaction_id = i.interaction_id
where i.file_id = $file_id"""

_LEAVING = f"""
with own as ({_OWN}),
back as (
  select distinct h.source, h.interaction_id from history h
  semi join own on own.source = h.source and own.interaction_id = h.interaction_id where h.file_id <> $file_id
)
select count(*) as rows, (select count(*) from back) as returning,
  (select count(*) from interactions where file_id = $file_id) - count(*) as kept,
  cast(min(occurred_at) as date) as first, cast(max(occurred_at) as date) as last
from own"""

# A row is told by its source, id and export; one row of a file may have made several of them. Where other exports said the same, the row is theirs from here on: the first of them holds it, the rest point there.
_HEIRS = """
create or replace temp table heirs as
select source, interaction_id, file_id, file_row from again where of_file = $file_id
qualify row_number() over (partition by source, interaction_id order by file_id) = 1"""


def _inherit(table: str) -> str:
    return f"""
update {table} set file_id = heirs.file_id, file_row = heirs.file_row from heirs
where {table}.file_id = $file_id
  and {table}.source = heirs.source and {table}.interaction_id = heirs.interaction_id"""


_POINT_ON = """
update again set of_file = heirs.file_id from heirs
where again.of_file = $file_id and again.source = heirs.source and again.interaction_id = heirs.interaction_id"""

_NO_LONGER_AGAIN = "delete from again where file_id = $file_id or file_id = of_file"

_NO_LONGER_PAST = "delete from history where file_id = $file_id"

_GONE = """
create or replace temp table gone as
select source, interaction_id, cast(occurred_at as date) as day, customer_no from interactions where file_id = $file_id"""

_BACK = f"""
create or replace temp table back as
select h.rowid as row, h.source, cast(h.occurred_at as date) as day, h.customer_id
from history h semi join gone on gone.source = h.source and gone.interaction_id = h.interaction_id
qualify row_number() over (
  partition by h.source, h.interaction_id order by h.updated_at desc, {content("h")} desc, h.file_id
) = 1"""

_LEAVE = "delete from interactions where file_id = $file_id"

_CUSTOMERS_BACK = """
insert into customers
select (select coalesce(max(customer_no), 0) from customers) + row_number() over (order by customer_id), customer_id
from (
  select distinct back.customer_id from back anti join customers c on c.customer_id = back.customer_id
  where back.customer_id is not null
) newcomers"""

_RETURN = f"""
insert into interactions ({", ".join(KEPT)}, customer_no, file_id, file_row)
select {", ".join(f"h.{name}" for name in KEPT)}, c.customer_no, h.file_id, h.file_row
from history h left join customers c on c.customer_id = h.customer_id
where h.rowid in (select row from back) order by h.occurred_at"""

_NOT_PAST = "delete from history where rowid in (select row from back)"

_TOUCHED = """
create or replace temp table touched as
select customer_no from gone where customer_no is not null
union
select c.customer_no from customers c join back on back.customer_id = c.customer_id"""

_FORGOTTEN = """
delete from customers where customer_no in (
  select customer_no from touched anti join interactions i on i.customer_no = touched.customer_no
) and (select kept_from from meta) is null"""

_NOT_REFUSED = "delete from refusals where file_id = $file_id"

_STEPS = (
    _HEIRS, _inherit("interactions"), _inherit("history"), _POINT_ON, _NO_LONGER_AGAIN, _NO_LONGER_PAST,
    _GONE, _BACK, _LEAVE, _CUSTOMERS_BACK, _RETURN, _TOUCHED, _NOT_PAST, _FORGOTTEN, _NOT_REFUSED,
)  # fmt: skip


def leaving(store: Store, which: str) -> Leaving:
    """What undoing this export would do; it is named by its number or its file. Raises CannotUndo, with why."""
    landing = _found(store, which)
    row = store.run(Query("what would leave", _LEAVING, {"file_id": int(landing["file_id"])})).iloc[0]
    first, last = (None if pd.isna(row[name]) else row[name].date() for name in ("first", "last"))
    return Leaving(
        int(landing["file_id"]), str(landing["name"]), landing["arrived_at"].to_pydatetime(),
        int(row["rows"]), int(row["returning"]), int(row["kept"]), first, last,
    )  # fmt: skip


def undo(store: Store, folders: Folders, which: str, now: datetime) -> Leaving:
    """Undo this export and say what it did. The same file can land again. Raises CannotUndo, with why."""
    told = leaving(store, which)
    with store.transaction() as cursor:
        _refuse_undone(cursor, told)
        days, sources = _change(cursor, told.file_id)
        rollups.refresh(cursor, days, sources, journey_of(store, folders))
        cursor.execute("update files set undone_at = $now where file_id = $file_id",
                       {"now": now, "file_id": told.file_id})  # fmt: skip
    archive.put_by(folders, _content(store, told.file_id))
    return told


def _content(store: Store, file_id: int) -> str:
    sql = "select sha256 from files where file_id = $file_id"
    return str(store.run(Query("content of an export", sql, {"file_id": file_id}))["sha256"].iloc[0])


def _change(cursor: Cursor, file_id: int) -> tuple[list[date], list[str]]:
    """Let the rows leave and those before them return; returns the days and sources that changed, and leaves the
    customers in the temporary table `touched`."""
    for statement in _STEPS:
        cursor.execute(statement, {"file_id": file_id} if "$file_id" in statement else None)
    changed = "select distinct {0} from (select day, source from gone union all select day, source from back)"
    days = [day for (day,) in cursor.execute(changed.format("day")).fetchall()]
    sources = [source for (source,) in cursor.execute(changed.format("source")).fetchall()]
    for table in ("heirs", "gone", "back"):
        cursor.execute(f"drop table {table}")
    return days, sources


def _refuse_undone(cursor: Cursor, told: Leaving) -> None:
    """Another viewer may have been faster."""
    sql = "select count(*) from files where file_id = $file_id and undone_at is null"
    if not cursor.execute(sql, {"file_id": told.file_id}).fetchall()[0][0]:
        raise CannotUndo(told.file, _undone())


def _found(store: Store, which: str) -> Mapping[str, Any]:
    """The export of this number, or the newest of this name that can be undone."""
    sql = f"""
{_FILES} where cast(file_id as varchar) = $which or name = $which
order by undone_at is null and reason is null desc, file_id desc limit 1"""
    found = store.run(Query("the export to undo", sql, {"which": which}))
    if found.empty:
        raise CannotUndo(
            which, t("No export of this name or number has landed. The Data page lists them all.")
        )
    landing = found.iloc[0].to_dict()
    if why := why_not(landing):
        raise CannotUndo(str(landing["name"]), why)
    return {str(name): value for name, value in landing.items()}


def why_not(landing: Mapping[Any, Any]) -> str:
    """Why an export cannot be undone, given its row of the ledger; empty where it can."""
    if not pd.isna(landing["undone_at"]):
        return _undone()
    if landing["reason"] and not pd.isna(landing["reason"]):
        return t("It was set aside whole: nothing of it is in the figures.")
    if landing["format"] == BENCHMARKS:
        return t("It became part of reference/benchmarks.csv. Take its rows out there.")
    if not landing["whole"]:
        return t("It landed under an earlier version, which did not keep what it replaced.")
    return ""


def _undone() -> str:
    return t("It was undone already.")
