"""The rows of an export, reshaped where its format says so: header rows left out, line items folded, lists unnested."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import duckdb
import pyarrow as pa

from cx.formats import Format, Rows, Sheet, unique
from cx.formats.reading import BATCH_ROWS, FILE_ROW, Workspace
from cx.formats.source import Reshape
from cx.words import mark, tn

_HEAD = 200
"""Rows by which the questions of a survey are understood."""

MEMORY = "256MB"
"""What the reshaping of one file may hold in memory; the rest of it is on disk."""

DROPPED = {
    "deleted": (mark("{n} deleted record was left out."), mark("{n} deleted records were left out.")),
    "merged": (
        mark("{n} record that was merged into another was left out."),
        mark("{n} records that were merged into others were left out."),
    ),
    "spam": (mark("{n} record marked as spam was left out."), mark("{n} records marked as spam were left out.")),
    "outbound": (
        mark("{n} conversation that the company began was left out."),
        mark("{n} conversations that the company began were left out."),
    ),
    "preview": (mark("{n} preview was left out."), mark("{n} previews were left out.")),
    "unfinished": (
        mark("{n} unfinished response was left out."),
        mark("{n} unfinished responses were left out."),
    ),
    "header": (
        mark("{n} row below the header that explains it was left out."),
        mark("{n} rows below the header that explain it were left out."),
    ),
    "repeated": (mark("{n} record that stands twice was left out."), mark("{n} records that stand twice were left out.")),
    "same visit": (
        mark("{n} event of a visit that is counted already was left out."),
        mark("{n} events of visits that are counted already were left out."),
    ),
    "unasked": (
        mark("{n} record of a customer who was not asked was left out."),
        mark("{n} records of customers who were not asked were left out."),
    ),
    "event": (
        mark("{n} event that is no step of a journey was left out."),
        mark("{n} events that are no step of a journey were left out."),
    ),
}  # fmt: skip
"""Why a record is left out -> what is said of it."""


def read(sheet: Sheet, format: Format) -> tuple[Sheet, Format, Rows]:
    """The rows that a format asks for, and the sheet and format that they now stand for.

    Raises FileRefused where the file cannot be read, to its end where its rows are reshaped, or its rows settle to no
    format.
    """
    if format.reshape is None:
        return sheet, format, sheet.rows(format.reads)
    sheet = replace(sheet, columns=unique(sheet.columns))
    rows = sheet.rows(format.reads)
    cells = {column: f"s{i}" for i, column in enumerate(format.reads)}
    if format.settle is not None:
        head = _head(rows).rename_columns([*cells, FILE_ROW])
        format = format.settle(head.to_pylist())
    assert format.reshape is not None
    naming = _named(rows.schema, format.reshape, cells)
    made, dropped = _made(sheet.workspace, rows, naming, format.reshape.sql, _reads(format))
    told = tuple(tn(*DROPPED[why], n) for why, n in dropped)
    settled = Format(format.name, format.sources, (*format.notes, *told))
    return _reshaped(sheet, format.reads, settled.reads), settled, replace(made, broken=rows.broken)


def _head(rows: Rows) -> Any:
    """The first rows, which are still to be read afterwards."""
    first: list[Any] = []
    while sum(batch.num_rows for batch in first) < _HEAD and (batch := next(rows.batches, None)) is not None:
        first.append(batch)
    rows.batches = chain(first, rows.batches)
    return pa.Table.from_batches(first, rows.schema).slice(0, _HEAD)


def _reshaped(sheet: Sheet, read: Sequence[str], made: Sequence[str]) -> Sheet:
    """The sheet of the columns that were made, and of those of the file from which nothing was taken."""
    columns = (*made, *(column for column in sheet.columns if column not in read))
    return replace(sheet, columns=columns, holds=("text",) * len(columns))


def _named(schema: Any, reshape: Reshape, cells: Mapping[str, str]) -> str:
    """SQL that names the columns read as `reshape` does, all as text; what is nested is JSON."""

    def cell(column: str | None) -> str:
        if column is None:
            return "cast(null as varchar)"
        nested = pa.types.is_nested(schema.field(cells[column]).type)
        return f"cast({f'to_json({cells[column]})' if nested else cells[column]} as varchar)"

    named = ", ".join(f"{cell(column)} as {name}" for name, column in reshape.fields.items())
    return f"select file_row, {named} from export"


def _reads(format: Format) -> tuple[str, ...]:
    """The columns that the sources read of what the SQL makes."""
    return Format(format.name, format.sources).reads


def _made(
    workspace: Workspace, rows: Rows, naming: str, sql: str, reads: Sequence[str]
) -> tuple[Rows, list[tuple[str, int]]]:
    """What the SQL makes of the rows, under the names that rows have, and why how many records were left out."""
    named = ", ".join(f"{name} as s{i}" for i, name in enumerate(reads))
    kept = f"select {named}, file_row from made where dropped is null"
    why = "select dropped, count(distinct file_row) from made where dropped is not null group by 1 order by 1"
    columns = ", ".join(dict.fromkeys([*reads, FILE_ROW, "dropped"]))
    connection = _desk(workspace)
    _lay_out(connection, rows, naming)
    connection.execute(f"create temp table made as select {columns} from ({sql})")
    connection.execute("drop table fields")
    dropped = connection.execute(why).fetchall()
    stream = connection.sql(kept).to_arrow_reader(BATCH_ROWS)
    return Rows(stream.schema, _closing(connection, stream)), dropped


def _desk(workspace: Workspace) -> duckdb.DuckDBPyConnection:
    """A database for this file alone, which lays what its memory cannot hold into the workspace."""
    spilled = str(workspace.file("spilled"))
    connection = duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": spilled})
    connection.execute("set TimeZone = 'UTC'")
    return connection


def _lay_out(connection: duckdb.DuckDBPyConnection, rows: Rows, naming: str) -> None:
    connection.register("export", rows.schema.empty_table())
    connection.execute(f"create temp table fields as {naming}")
    for batch in rows.batches:
        connection.register("export", pa.Table.from_batches([batch]))
        connection.execute(f"insert into fields {naming}")
    connection.unregister("export")


def _closing(connection: duckdb.DuckDBPyConnection, batches: Iterable[Any]) -> Iterator[Any]:
    with connection:
        yield from batches
