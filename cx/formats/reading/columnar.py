"""Parquet: typed columns."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

from cx.formats.reading.sheet import Rows, Sheet, Told, named, numbered

_BATCH_ROWS = 122_880

_HELD = (
    ("whole", pa.types.is_integer),
    ("decimal", lambda kind: pa.types.is_floating(kind) or pa.types.is_decimal(kind)),
    ("truth", pa.types.is_boolean),
    ("zoned", lambda kind: pa.types.is_timestamp(kind) and kind.tz is not None),
    ("moment", lambda kind: pa.types.is_timestamp(kind) or pa.types.is_date(kind)),
)
_TEXT = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)


def complete(path: Path) -> bool:
    """Whether a Parquet file has been written to its end."""
    try:
        parquet.read_metadata(path)
    except (pa.ArrowException, OSError):
        return False
    return True


def columnar_sheet(path: Path) -> Sheet:
    """The columns of a Parquet file. Raises an error that `in_words` knows."""
    schema = parquet.read_schema(path)
    columns = named(schema.names)
    holds = tuple(_held(kind) for kind in schema.types)
    return Sheet(path, columns, holds, data=path, reader=partial(_rows, path, schema.names))


def _rows(path: Path, names: Sequence[str], places: Sequence[int], told: Told) -> Rows:
    wanted = [names[place] for place in places]
    with parquet.ParquetFile(path) as file:
        batches, read, total = [], 0, max(file.metadata.num_rows, 1)
        for batch in file.iter_batches(_BATCH_ROWS, columns=wanted):
            batches.append(batch)
            read += batch.num_rows
            told(min(read / total, 1.0))
        if not batches:
            return Rows(numbered(file.read(columns=wanted).select(wanted)))
    return Rows(numbered(pa.Table.from_batches(batches).select(wanted)))


def _held(kind: Any) -> str:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if any(test(kind) for test in _TEXT):
        return "text"
    return next((name for name, test in _HELD if test(kind)), str(kind))
