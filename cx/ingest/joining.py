"""The rows of `staged` join the interactions: of each row (source, interaction_id) the latest state stands.

Which one is the latest is settled by updated_at, then by a hash of the content: a total order, so that the store is the
same whatever the order and the batches in which exports arrive.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Protocol

from cx.ingest import archive, history
from cx.ingest.check import IN_FILE, IN_STORE
from cx.ingest.history import content
from cx.ingest.report import Report
from cx.ingest.staged import look
from cx.model import KEPT
from cx.store import Cursor


class Beside(Protocol):
    """What stays of exports beside the store; told before the store commits."""

    @property
    def rows(self) -> Path:
        """Where the rows that are sound are to be written."""

    def keep(self, cursor: Cursor, file_id: int, report: Report) -> None:
        """Keep what else there is to keep of the export."""

    def withdraw(self, cursor: Cursor, file_ids: Sequence[int]) -> None:
        """Take from these earlier exports what the rows of the temporary table `withdrawn` said of their customers."""


_LOST = "create or replace temp table lost (row BIGINT, problem INTEGER)"
"""Rows of `staged` that a later state of the same row stands before, in the file or in the store."""

_TWICE = """
create or replace temp table twice as
select source, interaction_id from staged group by source, interaction_id having count(*) > 1"""

_SUPERSEDE_IN_FILE = f"""
insert into lost
select row, {IN_FILE} from (
  select s.row from staged s
  semi join twice on twice.source = s.source and twice.interaction_id = s.interaction_id
  qualify row_number() over (
    partition by s.source, s.interaction_id order by s.updated_at desc, {content("s")} desc, s.file_row
  ) > 1
) earlier"""

_MET = """
create or replace temp table met as
select s.row, i.rowid as stored_row
from staged s
join interactions i on i.source = s.source and i.interaction_id = s.interaction_id
where s.row not in (select row from lost)"""

_STORED = f"""
create or replace temp table stored as
select met.row, met.stored_row, cast(i.occurred_at as date) as day,
  i.updated_at > s.updated_at or (i.updated_at = s.updated_at and {content("i", "c")} > {content("s")}) as later,
  i.updated_at = s.updated_at and {content("i", "c")} = {content("s")} as same
from met
join staged s on s.row = met.row
join interactions i on i.rowid = met.stored_row
left join customers c on c.customer_no = i.customer_no"""

_NONE_STORED = """
create or replace temp table stored (row BIGINT, stored_row BIGINT, day DATE, later BOOLEAN, same BOOLEAN)"""

_SUPERSEDE_IN_STORE = f"insert into lost select row, {IN_STORE} from stored where later"

_LEFT_OUT = """
create or replace temp table left_out as
select row from lost union all select row from stored where same"""

_FRESH = "s.row not in (select row from left_out)"

_TOUCHED = f"""
select distinct cast(s.occurred_at as date) as day from staged s where {_FRESH}
union select distinct day from stored where not later and not same"""

_SOURCES = f"select distinct s.source from staged s where {_FRESH}"

_COUNTS = """
select (select count(*) from lost), (select count(*) from stored where not later and not same),
  (select count(*) from stored where same)"""

_REPLACE = (
    "delete from interactions where rowid in (select stored_row from stored where not later and not same)"
)

_THEIRS = f"""
create or replace temp table theirs as
select told.customer_id, c.customer_no
from (select distinct s.customer_id from staged s where {_FRESH} and s.customer_id is not null) told
left join customers c on c.customer_id = told.customer_id"""

_NEW_CUSTOMERS = (
    """
update theirs set customer_no = newcomers.customer_no from (
  select customer_id, (select coalesce(max(customer_no), 0) from customers) + row_number() over (order by customer_id)
    as customer_no
  from theirs where customer_no is null
) newcomers
where theirs.customer_id = newcomers.customer_id""",
    """
insert into customers
select customer_no, customer_id from theirs
where customer_no > (select coalesce(max(customer_no), 0) from customers) order by customer_no""",
)

_TOUCHED_CUSTOMERS = """
create or replace temp table touched as
select customer_no from theirs
union
select i.customer_no from interactions i join stored on stored.stored_row = i.rowid
where not later and not same and i.customer_no is not null"""

_INSERT = f"""
insert into interactions ({", ".join(KEPT)}, customer_no, file_id, file_row)
select {", ".join(f"s.{name}" for name in KEPT)}, theirs.customer_no, $file_id, s.file_row
from staged s left join theirs on theirs.customer_id = s.customer_id
where {_FRESH} $in_order"""


def join(cursor: Cursor, file_id: int, beside: Beside, in_order: bool) -> tuple[list[date], list[str]]:
    """Keep the latest state of each row; returns the days and the sources whose rows changed.

    The customers whose rows changed are left in the temporary table `touched`.
    """
    _compare(cursor)
    for statement in (_LEFT_OUT, _THEIRS, *_NEW_CUSTOMERS, _TOUCHED_CUSTOMERS):
        cursor.execute(statement)
    days = [day for (day,) in cursor.execute(_TOUCHED).fetchall()]
    sources = [source for (source,) in cursor.execute(_SOURCES).fetchall()]
    holding = history.withdraw(cursor)
    if some(cursor, "withdrawn"):
        archive.withdraw_from(cursor, beside.rows)
        look(cursor, beside.rows)
        beside.withdraw(cursor, holding)
    history.keep(cursor, file_id)
    cursor.execute(_REPLACE)
    # Rows of a time lie together, so that a question about some days can skip the others.
    cursor.execute(
        _INSERT.replace("$in_order", "" if in_order else "order by s.occurred_at"), {"file_id": file_id}
    )
    return days, sources


def _compare(cursor: Cursor) -> None:
    """Find the states that lose: to a later one in the file, and to one in the store or one in the store to them."""
    for statement in (_LOST, _TWICE):
        cursor.execute(statement)
    if some(cursor, "twice"):
        cursor.execute(_SUPERSEDE_IN_FILE)
    cursor.execute(_MET)
    cursor.execute(_STORED if some(cursor, "met") else _NONE_STORED)
    cursor.execute(_SUPERSEDE_IN_STORE)


def some(cursor: Cursor, table: str) -> bool:
    """Whether a table has any rows."""
    return bool(cursor.execute(f"select exists (from {table})").fetchall()[0][0])


def counts(cursor: Cursor) -> tuple[int, int, int]:
    """How many rows of `staged` lost to a later state, replaced an earlier one, said what was said already."""
    found: tuple[int, int, int] = cursor.execute(_COUNTS).fetchall()[0]
    return found


def clear(cursor: Cursor) -> None:
    """Drop what `join` made."""
    for table in ("lost", "twice", "met", "stored", "left_out", "theirs", "withdrawn"):
        cursor.execute(f"drop table {table}")
