"""Merge one export into the store, its archive, the rollups and the ledger: all of it, once, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

import pyarrow as pa

from cx import rollups
from cx.formats import Broken, Format, Rows, Sheet
from cx.formats.reading import FILE_ROW
from cx.ingest import archive
from cx.ingest.check import CLIPPED, CODES, TOLERANCE, masked, staging
from cx.ingest.joining import Beside, clear, counts, join, some
from cx.ingest.report import Reason, Refusal, Report
from cx.ingest.staged import ahead, stage, unstage
from cx.journey import Journey
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


class _SeenBefore(Exception):
    """The content is in the ledger; the transaction is undone so that the version stays."""


_SEEN = "select count(*) as n from files where sha256 = $sha256 and reason is null and undone_at is null"

_REFUSALS = """
insert into refusals
select $file_id, file_row, list_extract($columns, problem + 1), value, list_extract($rules, problem + 1)
from (
  select file_row, problem, value from unsound
  union all
  select s.file_row, lost.problem, left(s.interaction_id, $clipped) from lost join staged s on s.row = lost.row
) refused order by file_row"""

_BROKEN = """
insert into refusals
select $file_id, unnest($rows), '', unnest($values), 'broken_line'"""

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
            in_order = stage(
                cursor, _checked(cursor, export, now, store.key), beside.rows, archive.signed(store.key)
            )
            progress(t("Merging"), 0.5)
            file_id = _next_id(cursor)
            days, sources = join(cursor, file_id, beside, in_order)
            progress(t("Counting"), 0.7)
            by_customer = export.alone and not store.large
            rollups.refresh(cursor, days, sources, journey, by_day=export.alone, by_customer=by_customer)
            report = _record(cursor, file_id, export, now)
            beside.keep(cursor, file_id, report)
            clear(cursor)
            unstage(cursor)
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


def _checked(cursor: Cursor, export: Export, now: datetime, key: Key) -> Iterator[Any]:
    """The rows as they were understood, each with what is wrong with it, batch by batch."""
    kept_from = cursor.execute("select kept_from from meta").fetchall()[0][0]
    values = {
        "latest": now + TOLERANCE, "kept_from": kept_from or date.min,
        "file_time": min(export.arrival.changed_at, now), **key.values,
    }  # fmt: skip
    sql = staging(export.sheet, export.format, export.ours, some(cursor, "forgotten"))
    for rows in ahead(masked(pa.table(batch), export.format, export.texts) for batch in export.rows.batches):
        cursor.register("export", rows)
        yield cursor.sql(sql, params=values).to_arrow_table()
        cursor.unregister("export")


def _record(cursor: Cursor, file_id: int, export: Export, now: datetime) -> Report:
    _record_refusals(cursor, file_id, export.rows.broken)
    sound, refused = (_rows(cursor, table) for table in ("staged", "unsound"))
    superseded, replaced, same = counts(cursor)
    read, kept = sound + refused + len(export.rows.broken), sound - superseded
    name = export.arrival.name
    report = Report(
        name, export.format.name, read, kept, superseded, read - kept - superseded,
        examples=_examples(cursor, file_id, name), notes=export.format.notes,
        rows_replaced=replaced, rows_same=same, reasons=_reasons(cursor, file_id, name),
        unused=tuple(column for column in export.sheet.columns if column not in _told(export)),
    )  # fmt: skip
    known = {"rows_replaced": replaced, "rows_same": same}
    cursor.execute(_LEDGER, _ledger_values(file_id, export.arrival, report, now) | known)
    return report


def _rows(cursor: Cursor, table: str) -> int:
    return int(cursor.execute(f"select count(*) from {table}").fetchall()[0][0])


def _told(export: Export) -> tuple[str, ...]:
    """The columns that say something: those of the archive tell the rows of the export as well."""
    return (*export.format.reads, FILE_ROW) if export.ours else export.format.reads


def _record_refusals(cursor: Cursor, file_id: int, broken: Sequence[Broken]) -> None:
    columns, rules = zip(*CODES, strict=True)
    cursor.execute(
        _REFUSALS, {"file_id": file_id, "columns": list(columns), "rules": list(rules), "clipped": CLIPPED}
    )
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
