"""Merge one checked export into the store: all of it, once, in one transaction.

Of the states of a row (source, interaction_id) the latest is kept, under a total order: by updated_at, then by a
hash of the content. So the store is the same whatever the order and the batches in which exports arrive.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, Protocol

import pyarrow as pa

from cx import masking, rollups
from cx.formats import Broken, Format, Rows, Sheet
from cx.ingest import history
from cx.ingest.check import CLIPPED, CODES, IN_FILE, IN_STORE, STAGED, TOLERANCE, masked, staging
from cx.ingest.history import content
from cx.ingest.report import Reason, Refusal, Report
from cx.journey import Journey
from cx.model import COLUMNS
from cx.pseudonyms import Key
from cx.query import Query
from cx.store import Cursor, Store
from cx.words import t

EXAMPLES, EXAMPLES_OF_A_REASON = 20, 3
"""Rows not kept that a report shows: in all, and of each reason."""

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file as it stood when it was read: its name, bytes, content hash and time of last change (UTC)."""

    name: str
    size: int
    sha256: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Export:
    """A file that was read and understood, and whose rows wait to be checked.

    `ours`: it is of the archive. `texts`: whether customers' words are kept at all. `alone`: no other one lands with it.
    """

    arrival: Arrival
    sheet: Sheet
    format: Format
    rows: Rows
    ours: bool = False
    texts: bool = True
    alone: bool = True


class Beside(Protocol):
    """What stays of exports beside the store; told before the store commits."""

    def keep(self, cursor: Cursor, file_id: int, report: Report) -> None:
        """Keep the rows of the temporary table `staged`."""

    def withdraw(self, cursor: Cursor, file_ids: Sequence[int]) -> None:
        """Take from these earlier exports what the rows of the temporary table `withdrawn` said of their customers."""


_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


class _SeenBefore(Exception):
    """The content is in the ledger; the transaction is undone so that the version stays."""


_COLUMNS = ", ".join(COLUMNS)
_SEEN = "select count(*) as n from files where sha256 = $sha256 and reason is null and undone_at is null"

_SUPERSEDE_IN_FILE = f"""
update staged set problem = {IN_FILE}, value = left(interaction_id, {CLIPPED})
where rowid in (
  select s.rowid from staged s
  semi join (
    select source, interaction_id from staged where problem is null
    group by source, interaction_id having count(*) > 1
  ) twice on twice.source = s.source and twice.interaction_id = s.interaction_id
  where s.problem is null
  qualify row_number() over (
    partition by s.source, s.interaction_id order by s.updated_at desc, {content("s")} desc, s.file_row
  ) > 1
)"""

_STORED = f"""
create or replace temp table stored as
select s.rowid as staged_row, i.rowid as stored_row, cast(i.occurred_at as date) as day,
  i.updated_at > s.updated_at or (i.updated_at = s.updated_at and {content("i")} > {content("s")}) as later,
  i.updated_at = s.updated_at and {content("i")} = {content("s")} as same
from staged s
join interactions i on i.source = s.source and i.interaction_id = s.interaction_id
where s.problem is null"""

_SUPERSEDE_IN_STORE = f"""
update staged set problem = {IN_STORE}, value = left(interaction_id, {CLIPPED})
where rowid in (select staged_row from stored where later)"""

_FRESH = "s.problem is null and s.rowid not in (select staged_row from stored where same)"

_TOUCHED = f"""
select distinct cast(s.occurred_at as date) as day from staged s where {_FRESH}
union select distinct day from stored where not later and not same"""

_SOURCES = f"select distinct s.source from staged s where {_FRESH}"

_REPLACE = (
    "delete from interactions where rowid in (select stored_row from stored where not later and not same)"
)

_NEW_CUSTOMERS = f"""
insert into customers
select (select coalesce(max(customer_no), 0) from customers) + row_number() over (order by customer_id), customer_id
from (
  select distinct s.customer_id from staged s
  anti join customers c on c.customer_id = s.customer_id
  where {_FRESH} and s.customer_id is not null
) newcomers"""

_TOUCHED_CUSTOMERS = f"""
create or replace temp table touched as
select c.customer_no from customers c
semi join (select s.customer_id from staged s where {_FRESH}) fresh on fresh.customer_id = c.customer_id
union
select i.customer_no from interactions i join stored on stored.stored_row = i.rowid
where not later and not same and i.customer_no is not null"""

_INSERT = f"""
insert into interactions ({_COLUMNS}, customer_no, file_id, file_row)
select {", ".join(f"s.{name}" for name in COLUMNS)}, c.customer_no, $file_id, s.file_row
from staged s left join customers c on c.customer_id = s.customer_id
where {_FRESH} order by s.occurred_at"""

_REFUSALS = """
insert into refusals
select $file_id, file_row, list_extract($columns, problem + 1), value, list_extract($rules, problem + 1)
from staged where problem is not null order by file_row"""

_BROKEN = """
insert into refusals
select $file_id, unnest($rows), '', unnest($values), 'broken_line'"""

_COUNTS = f"""
select count(*), count(*) filter (problem is null), count(*) filter (problem in ({IN_FILE}, {IN_STORE})),
  (select count(*) from stored where not later and not same), (select count(*) from stored where same)
from staged"""

_REASONS = """
select column_name, rule, total, file_row, value from (
  select *, row_number() over (partition by column_name, rule order by file_row) as place,
    count(*) over (partition by column_name, rule) as total
  from refusals where file_id = $file_id
) where place <= $shown order by total desc, column_name, rule, place"""

_LEDGER = """
insert into files (file_id, name, size, sha256, format, arrived_at,
  rows_read, rows_kept, rows_superseded, rows_refused, reason, rows_replaced, rows_same, unused)
values ($file_id, $name, $size, $sha256, $format, $arrived_at,
  $rows_read, $rows_kept, $rows_superseded, $rows_refused, $reason, $rows_replaced, $rows_same, $unused)"""


def seen(store: Store, arrival: Arrival) -> bool:
    """Whether this very content was taken in before, under whatever name."""
    return bool(store.run(Query("seen before", _SEEN, {"sha256": arrival.sha256}))["n"].iloc[0])


def merge(
    store: Store,
    export: Export,
    journey: Journey,
    now: datetime,
    progress: Progress,
    beside: Beside,
    roomy: bool = False,
) -> Report:
    """Check the rows and bring them into the store; a content that was taken in before changes nothing."""
    try:
        with store.transaction(roomy) as cursor:
            _refuse_seen(cursor, export.arrival)
            _stage(cursor, export, now, store.key)
            progress(t("Merging"), 0.5)
            file_id = _next_id(cursor)
            days, sources = _into_interactions(cursor, file_id, beside)
            progress(t("Counting"), 0.7)
            rollups.refresh(cursor, days, sources, journey, now=export.alone)
            report = _record(cursor, file_id, export, now)
            beside.keep(cursor, file_id, report)
            _drop(cursor)
    except _SeenBefore:
        return Report(export.arrival.name, export.format.name, already=True)
    progress(t("Done"), 1.0)
    return report


def record_set_aside(store: Store, arrival: Arrival, format: str, reason: str, now: datetime) -> None:
    """Enter a file that was set aside whole in the ledger."""
    record_table(store, arrival, Report(arrival.name, format, reason=reason), now)


def record_table(store: Store, arrival: Arrival, report: Report, now: datetime) -> None:
    """Enter a file that became a table for people to edit, and not interactions, in the ledger."""
    with store.transaction() as cursor:
        cursor.execute(_LEDGER, _ledger_values(_next_id(cursor), arrival, report, now))


def _refuse_seen(cursor: Cursor, arrival: Arrival) -> None:
    if cursor.execute(_SEEN, {"sha256": arrival.sha256}).fetchall()[0][0]:
        raise _SeenBefore


def _stage(cursor: Cursor, export: Export, now: datetime, key: Key) -> None:
    """Check the rows batch by batch, so that no more of a file than that is held in memory."""
    kept_from = cursor.execute("select kept_from from meta").fetchall()[0][0]
    values = {
        "latest": now + TOLERANCE, "kept_from": kept_from or date.min,
        "file_time": min(export.arrival.changed_at, now), **key.values,
    }  # fmt: skip
    sql = f"insert into staged {staging(export.sheet, export.format, export.ours)}"
    cursor.execute(STAGED)
    for batch in export.rows.batches:
        rows = masked(pa.table(batch), export.format, export.texts)
        # As a stream: a table would be held on to until the transaction ends.
        cursor.register("export", pa.RecordBatchReader.from_batches(rows.schema, rows.to_batches()))
        cursor.execute(sql, values)
        cursor.unregister("export")
    _mask_refused(cursor)


def _mask_refused(cursor: Cursor) -> None:
    """Mask what names a person in the values that were refused; plain numbers stay."""
    told = cursor.execute("select distinct value from staged where value is not null").df()
    told["masked"] = masking.masked([*told["value"]])
    plain = told["value"].map(lambda value: _NUMBER.fullmatch(value) is not None).astype(bool)
    cursor.register("masks", told[~plain & (told["value"] != told["masked"])])
    cursor.execute("update staged set value = masks.masked from masks where masks.value = staged.value")
    cursor.unregister("masks")


def _into_interactions(cursor: Cursor, file_id: int, beside: Beside) -> tuple[list[date], list[str]]:
    """Keep the latest state of each row; returns the days and the sources whose rows changed.

    The customers whose rows changed are left in the temporary table `touched`.
    """
    for statement in (_SUPERSEDE_IN_FILE, _STORED, _SUPERSEDE_IN_STORE, _NEW_CUSTOMERS, _TOUCHED_CUSTOMERS):
        cursor.execute(statement)
    days = [day for (day,) in cursor.execute(_TOUCHED).fetchall()]
    sources = [source for (source,) in cursor.execute(_SOURCES).fetchall()]
    if holding := history.withdraw(cursor):
        beside.withdraw(cursor, holding)
    history.keep(cursor, file_id)
    cursor.execute(_REPLACE)
    cursor.execute(_INSERT, {"file_id": file_id})
    return days, sources


def _record(cursor: Cursor, file_id: int, export: Export, now: datetime) -> Report:
    _record_refusals(cursor, file_id, export.rows.broken)
    staged, kept, superseded, replaced, same = cursor.execute(_COUNTS).fetchall()[0]
    read, name = staged + len(export.rows.broken), export.arrival.name
    report = Report(
        name, export.format.name, read, kept, superseded, read - kept - superseded,
        examples=_examples(cursor, file_id, name), notes=export.format.notes,
        rows_replaced=replaced, rows_same=same, reasons=_reasons(cursor, file_id, name),
        unused=tuple(column for column in export.sheet.columns if column not in export.format.reads),
    )  # fmt: skip
    known = {"rows_replaced": replaced, "rows_same": same}
    cursor.execute(_LEDGER, _ledger_values(file_id, export.arrival, report, now) | known)
    return report


def _record_refusals(cursor: Cursor, file_id: int, broken: Sequence[Broken]) -> None:
    columns, rules = zip(*CODES, strict=True)
    cursor.execute(_REFUSALS, {"file_id": file_id, "columns": list(columns), "rules": list(rules)})
    if broken:
        lines, values = [line.row for line in broken], [str(line.values) for line in broken]
        cursor.execute(_BROKEN, {"file_id": file_id, "rows": lines, "values": values})


def _examples(cursor: Cursor, file_id: int, name: str) -> tuple[Refusal, ...]:
    sql = """
select file_row, column_name, value, rule from refusals where file_id = $file_id
order by file_row, rule limit $shown"""
    found = cursor.execute(sql, {"file_id": file_id, "shown": EXAMPLES}).fetchall()
    return tuple(Refusal(name, *row) for row in found)


def _reasons(cursor: Cursor, file_id: int, name: str) -> tuple[Reason, ...]:
    found = cursor.execute(_REASONS, {"file_id": file_id, "shown": EXAMPLES_OF_A_REASON}).fetchall()
    told = groupby(found, key=lambda row: row[:3])
    return tuple(
        Reason(column, rule, total, tuple(Refusal(name, row, column, value, rule) for *_, row, value in rows))
        for (column, rule, total), rows in told
    )


def _ledger_values(file_id: int, arrival: Arrival, report: Report, now: datetime) -> dict[str, Any]:
    counts = {
        name: getattr(report, name) for name in ("rows_read", "rows_kept", "rows_superseded", "rows_refused")
    }
    return {
        "file_id": file_id, "name": arrival.name, "size": arrival.size, "sha256": arrival.sha256,
        "format": report.format, "arrived_at": now, "reason": report.reason or None, **counts,
        "rows_replaced": None, "rows_same": None, "unused": list(report.unused),
    }  # fmt: skip


def _next_id(cursor: Cursor) -> int:
    return int(cursor.execute("select coalesce(max(file_id), 0) + 1 from files").fetchall()[0][0])


def _drop(cursor: Cursor) -> None:
    for table in ("staged", "stored", "withdrawn"):
        cursor.execute(f"drop table {table}")
