"""Parquet: typed columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

from cx.errors import FileRefused
from cx.formats.reading.sheet import Rows, Sheet, Told, named, numbered, schema_of
from cx.formats.unpacking import allowed
from cx.words import t

ROWS_FROM, ROWS_A_BYTE = 1_000_000, 8
"""How many rows a file may have for each of its bytes, once it has so many."""

_BATCH_ROWS = 8192
_BUFFER_BYTES = 1 << 16

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
    """The columns of a Parquet file. Raises FileRefused where it unfolds too far, or an error that `in_words` knows."""
    with parquet.ParquetFile(path) as file:
        told, schema = file.metadata, file.schema_arrow
    _refuse_large(path, told)
    columns = named(schema.names)
    holds = tuple(_held(kind) for kind in schema.types)
    return Sheet(path, columns, holds, data=path, reader=partial(_rows, path, schema))


def _refuse_large(path: Path, told: Any) -> None:
    """A column of one value takes next to no room, however many rows it has; those of an export have ids, which do."""
    if told.num_rows > max(ROWS_FROM, ROWS_A_BYTE * path.stat().st_size):
        reason = t("It tells of more rows than a file of its size can hold. Export it again.")
        raise FileRefused(path.name, reason)
    if sum(told.row_group(at).total_byte_size for at in range(told.num_row_groups)) > allowed(path):
        reason = t("It unfolds to far more than a file of its size should hold. Export it again.")
        raise FileRefused(path.name, reason)


def _rows(path: Path, schema: Any, places: Sequence[int], told: Told) -> Rows:
    kinds = schema_of(_plain(schema.types[place]) for place in places)
    return Rows(kinds, numbered(_batches(path, schema.names, places, told), kinds))


def _batches(path: Path, names: Sequence[str], places: Sequence[int], told: Told) -> Iterator[Any]:
    asked = [names[place] for place in places]
    # A name that stands twice says nothing; then all columns are read, and taken by their places.
    once = all(names.count(name) == 1 for name in asked)
    # With a buffer of its own no column of a row group stands in memory whole.
    with parquet.ParquetFile(path, buffer_size=_BUFFER_BYTES) as file:
        read, total = 0, max(file.metadata.num_rows, 1)
        for batch in file.iter_batches(_BATCH_ROWS, columns=asked if once else None):
            columns = [batch.column(key) for key in (asked if once else places)]
            yield pa.RecordBatch.from_arrays([*map(_decoded, columns)], names=asked) if columns else batch
            read += batch.num_rows
            told(min(read / total, 1.0))


def _plain(kind: Any) -> Any:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _decoded(column: Any) -> Any:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _held(kind: Any) -> str:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if any(test(kind) for test in _TEXT):
        return "text"
    return next((name for name, test in _HELD if test(kind)), str(kind))
