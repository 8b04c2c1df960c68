"""The rows of an export that were refused, in its own columns and with the reason: to be mended and dropped again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cx import downloads
from cx.formats import Rows, Sheet, unique
from cx.formats.reading import FILE_ROW, quiet
from cx.ingest.rules import explain
from cx.store import Cursor

REASON = "why_refused"
"""The last column of the file: what was wrong with the row, and what to do."""

_REFUSED = """
select file_row, column_name, value, rule from refusals
where file_id = $file_id and not starts_with(rule, 'superseded') and rule not in ('broken_line', 'too_old')
  and file_row not in (select file_row from unsound where consent = false)
order by file_row"""


def refused_rows(sheet: Sheet, refused: Mapping[int, str]) -> pd.DataFrame:
    """The rows of these numbers as the file has them, in its order, with what is said of each under REASON at the end.

    Reads the file again; numbers that it does not have are passed over. Raises FileRefused where it cannot be read.
    """
    return pd.concat([*_refused(sheet, refused)], ignore_index=True)


def write(cursor: Cursor, file_id: int, sheet: Sheet, path: Path) -> None:
    """Write the refused rows of an export that can be mended, as a CSV file; none where there are none.

    Called while `unsound` still has the rows. Lines that have more or fewer values than columns are not among them,
    nor rows that are too old to be kept or whose customer does not consent.
    """
    refused: dict[int, str] = {}
    for row, column, value, rule in cursor.execute(_REFUSED, {"file_id": file_id}).fetchall():
        refused[row] = " ".join(filter(None, [refused.get(row), explain(rule, column, value)]))
    if not refused:
        return
    with path.open("wb") as file:
        for at, rows in enumerate(_refused(sheet, refused)):
            file.write(downloads.csv(rows, header=at == 0, numbers_stay=True))


def _refused(sheet: Sheet, refused: Mapping[int, str]) -> Iterator[pd.DataFrame]:
    """Those of each batch that has any, or of all where none has."""
    whole = replace(sheet, columns=unique(sheet.columns), told=quiet)
    rows, numbers = whole.rows(whole.columns), pa.array([*refused], pa.int64())
    found = 0
    for batch in rows.batches:
        kept = batch.filter(pc.is_in(batch[FILE_ROW], value_set=numbers))
        found += kept.num_rows
        if kept.num_rows:
            yield _with_reasons(sheet, kept, refused)
    if not found:
        yield _with_reasons(sheet, rows.schema.empty_table(), refused)


def _with_reasons(sheet: Sheet, rows: Any, refused: Mapping[int, str]) -> pd.DataFrame:
    reasons = [refused[row] for row in rows[FILE_ROW].to_pylist()]
    frame: pd.DataFrame = rows.drop_columns([FILE_ROW]).to_pandas(integer_object_nulls=True)
    frame = frame.set_axis([*sheet.columns], axis="columns")
    frame.insert(len(frame.columns), REASON, reasons, allow_duplicates=True)
    return frame


def as_it_was(sheet: Sheet, rows: Rows) -> Rows:
    """The rows read of a file that was downloaded here and mended: without the ' that kept a spreadsheet from running them."""
    if REASON not in sheet.columns:
        return rows
    return Rows(rows.schema, map(_unguarded, rows.batches), rows.broken)


def _unguarded(batch: Any) -> Any:
    cells = [_bare(cells) if pa.types.is_string(cells.type) else cells for cells in batch.columns]
    return pa.RecordBatch.from_arrays(cells, schema=batch.schema)


def _bare(cells: Any) -> Any:
    return pc.replace_substring_regex(cells, r"^'([=+\-@\t\r])", r"\1")
