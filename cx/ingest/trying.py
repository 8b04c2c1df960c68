"""An export tried out: looked at, and staged by the checks of a real landing, in a database of its own that is thrown away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from cx import masking
from cx.errors import FileRefused
from cx.formats import Broken, Format, Rows, Sheet, open_sheet
from cx.formats.suggesting import Seen, seen
from cx.ingest.check import CODES, TOLERANCE, masked, refuse_drifted, staging
from cx.model import COLUMNS
from cx.words import t

TRIED = 100_000
"""Rows of a file, from its first, by which it is looked at and tried."""


_THROWN_AWAY = {"kept_from": date.min, "inner": b"", "outer": b""}
"""Customers stand under pseudonyms of no key: what is tried is never kept."""


@dataclass(frozen=True, slots=True)
class Look:
    """A file that was opened: its columns, what was seen in each that has a name of its own, and its first rows."""

    sheet: Sheet
    columns: tuple[Seen, ...]
    first: pd.DataFrame
    table: Any
    broken: tuple[Broken, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Tried:
    """What a mapping makes of the rows: the first that are kept, and by reason (column, rule, an example's value, rows) those that
    are not."""

    read: int
    kept: int
    rows: pd.DataFrame
    refused: pd.DataFrame


def look(path: Path, shown: int = 6) -> Look:
    """Open a file and look at its first rows. Raises FileRefused where it cannot be read."""
    with open_sheet(path) as sheet:
        rows = sheet.rows(sheet.columns)
        read = _head(rows)
    table = read.slice(0, TRIED)
    single = [i for i, name in enumerate(sheet.columns) if sheet.columns.count(name) == 1]
    found = tuple(seen(sheet.columns[i], sheet.holds[i], table.column(i)) for i in single)
    first = (
        table.slice(0, shown)
        .select(single)
        .to_pandas()
        .set_axis([column.name for column in found], axis="columns")
    )
    return Look(sheet, found, first, table, tuple(rows.broken), read.num_rows <= TRIED)


def _head(rows: Rows) -> Any:
    """The first rows, and at least one more than are tried where there is one."""
    batches: list[Any] = []
    for batch in rows.batches:
        batches.append(batch)
        if sum(one.num_rows for one in batches) > TRIED:
            break
    return pa.Table.from_batches(batches, rows.schema)


def attempt(looked: Look, format: Format, now: datetime, shown: int = 6) -> Tried:
    """Stage the rows that were looked at. Raises FileRefused where a column holds what its canonical one cannot take."""
    refuse_drifted(looked.sheet, format)
    places = [looked.sheet.columns.index(column) for column in format.reads]
    export = looked.table.select([*places, looked.table.num_columns - 1])
    export = export.rename_columns([*(f"s{i}" for i in range(len(places))), "file_row"])
    try:
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.register("export", masked(export, format))
            sql = f"create table staged as {staging(looked.sheet, format)}"
            connection.execute(sql, _THROWN_AWAY | {"latest": now + TOLERANCE, "file_time": now})
            return _told(connection, looked, shown)
    except duckdb.Error as error:  # its message may quote a customer's words
        reason = t("It could not be tried ({error}).", error=type(error).__name__)
        raise FileRefused(looked.sheet.path.name, reason) from None


def _told(connection: duckdb.DuckDBPyConnection, looked: Look, shown: int) -> Tried:
    staged, kept = connection.execute("select count(*), count(*) filter (problem is null) from staged").fetchall()[0]  # fmt: skip
    rows = connection.execute(
        f"select {', '.join(COLUMNS)} from staged where problem is null order by file_row limit $shown",
        {"shown": shown},
    ).df()
    reasons = connection.execute(
        "select problem, arg_min(value, file_row), count(*) as rows from staged where problem is not null "
        "group by problem order by rows desc"
    ).fetchall()
    values = masking.masked([value for _, value, _ in reasons])
    refused = [(*CODES[reason[0]], value, reason[2]) for reason, value in zip(reasons, values, strict=True)]
    if looked.broken and looked.whole:
        refused.append(("", "broken_line", str(looked.broken[0].values), len(looked.broken)))
    read = staged + (len(looked.broken) if looked.whole else 0)
    return Tried(read, kept, rows, _frame(refused))


def _frame(refused: Sequence[tuple[str, str, str | None, int]]) -> pd.DataFrame:
    return pd.DataFrame(refused, columns=["column", "rule", "value", "rows"])
