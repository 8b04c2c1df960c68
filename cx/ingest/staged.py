"""The rows of one export that are sound, in the Parquet file that its archive keeps; those that are not, apart.

SQL reads the file as `staged`: `row` (the place in the file), `file_row` (the row of the export that it was made of) and
the canonical columns. So a file is checked, kept and merged without ever being in memory or in a table whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from cx import masking
from cx.formats.reading import FILE_ROW
from cx.model import COLUMNS
from cx.store import Cursor

_ARROW = {
    "VARCHAR": pa.string(), "INTEGER": pa.int32(), "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_(),
    "TIMESTAMP": pa.timestamp("us"),
}  # fmt: skip

SCHEMA = pa.schema(
    [(FILE_ROW, pa.int64()), *((column.name, _ARROW[column.type]) for column in COLUMNS.values())]
)

_UNSOUND = (
    "create or replace temp table unsound (file_row BIGINT, consent BOOLEAN, problem INTEGER, value VARCHAR)"
)
"""Rows that are refused: problem is the place in PROBLEMS (see cx.ingest.check), value what stood in the column to blame."""

_VIEW = "create or replace temp view staged as select file_row_number as row, * exclude (file_row_number) from numbered"

T = TypeVar("T")


def stage(cursor: Cursor, checked: Iterable[Any], rows: Path, metadata: dict[bytes, bytes]) -> bool:
    """Write checked rows (Arrow tables as `check.staging` gives them) and make `staged` and `unsound` of them.

    Returns whether the sound ones came in the order of their time.
    """
    cursor.execute(_UNSOUND)
    newest, in_order = None, True
    with _writing(rows, SCHEMA.with_metadata(metadata)) as write:
        for table in checked:
            sound = _sound(cursor, table)
            write(sound)
            moments = sound["occurred_at"].combine_chunks()
            in_order = in_order and _rising(moments, newest)
            newest = moments[-1] if len(moments) else newest
    look(cursor, rows)
    _mask_refused(cursor)
    return in_order


def look(cursor: Cursor, rows: Path) -> None:
    """Let SQL see the file as `staged`."""
    cursor.read_parquet(str(rows), file_row_number=True).create_view("numbered", replace=True)
    cursor.execute(_VIEW)


def unstage(cursor: Cursor) -> None:
    """Drop what `stage` made; the file stays."""
    for view in ("staged", "numbered"):
        cursor.execute(f"drop view {view}")
    cursor.execute("drop table unsound")


def ahead(batches: Iterator[T]) -> Iterator[T]:
    """The same, each read while the one before is worked on."""
    with ThreadPoolExecutor(1, "cx-read") as reader:
        waiting = reader.submit(next, batches, None)
        while (batch := waiting.result()) is not None:
            waiting = reader.submit(next, batches, None)
            yield batch


@contextmanager
def _writing(path: Path, schema: Any) -> Iterator[Any]:
    """What writes a table to the file, each while the next one is worked on."""
    pending: list[Future[None]] = []

    with (
        parquet.ParquetWriter(path, schema, compression="zstd") as out,
        ThreadPoolExecutor(1, "cx-write") as writer,
    ):

        def write(table: Any) -> None:
            for done in pending:
                done.result()
            pending[:] = [writer.submit(out.write_table, table.cast(schema))]

        yield write
        for done in pending:
            done.result()


def _sound(cursor: Cursor, table: Any) -> Any:
    """The rows with no problem; the others go to `unsound`."""
    refused = pc.is_valid(table["problem"])
    if pc.any(refused).as_py():
        cursor.register(
            "unsound_rows", table.filter(refused).select([FILE_ROW, "consent", "problem", "value"])
        )
        cursor.execute("insert into unsound from unsound_rows")
        cursor.unregister("unsound_rows")
        table = table.filter(pc.invert(refused))
    return table.select(SCHEMA.names)


def _rising(moments: Any, after: Any) -> bool:
    if not len(moments):
        return True
    falls = pc.any(pc.greater(moments[:-1], moments[1:])).as_py()
    return not falls and (after is None or after.as_py() <= moments[0].as_py())


def _mask_refused(cursor: Cursor) -> None:
    """Mask what names a person in the values that were refused; plain numbers stay."""
    told = cursor.execute("select distinct value from unsound where value is not null").df()
    if told.empty:
        return
    told["masked"] = masking.masked([*told["value"]])
    plain = told["value"].str.fullmatch(r"[+-]?\d+([.,]\d+)?").astype(bool)
    cursor.register("masks", told[~plain & (told["value"] != told["masked"])])
    cursor.execute("update unsound set value = masks.masked from masks where masks.value = unsound.value")
    cursor.unregister("masks")
