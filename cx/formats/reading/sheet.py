"""What every reader gives: a sheet, whose columns are known, and its rows, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa

from cx.errors import FileRefused
from cx.formats.reading.faults import in_words
from cx.words import number, t

COLUMNS_LIMIT = 10_000
"""Columns of a file; more are no table but data in the place of names."""

FILE_ROW = "file_row"

BATCH_ROWS, BATCH_BYTES = 60_000, 32 << 20
"""The most rows, and bytes in memory, of one batch of rows."""

Told = Callable[[float], None]
"""Is told the share that is done, 0 to 1."""


def quiet(share: float) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that has more or fewer values than the header has columns."""

    row: int
    values: int


@dataclass(slots=True)
class Rows:
    """The rows of a file, to be read once: file_row (from 1) and s0, s1 ... in the order asked for.

    `batches` raises FileRefused where the file cannot be understood to its end. `broken` is complete once they have
    been read to their end.
    """

    schema: Any
    batches: Iterator[Any]
    broken: list[Broken] = field(default_factory=list)

    @property
    def table(self) -> Any:
        """All rows that were not read yet, in memory. They stay there, to be read again."""
        table = pa.Table.from_batches(self.batches, self.schema)
        self.batches = iter(table.to_batches())
        return table


Reader = Callable[[Sequence[int], Told], Rows]
"""Reads the columns at these places."""


class Workspace:
    """A folder for what must be rewritten before it can be read; made when it is first needed."""

    def __init__(self) -> None:
        self._folder: TemporaryDirectory[str] | None = None
        self._files = 0

    def file(self, name: str) -> Path:
        """A path of this name that nothing else has."""
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="cx-reading-", ignore_cleanup_errors=True)
        self._files += 1
        place = Path(self._folder.name) / str(self._files)
        place.mkdir()
        return place / name

    def close(self) -> None:
        """Remove the folder and all that is in it."""
        if self._folder is not None:
            self._folder.cleanup()


def _no_rows(places: Sequence[int], told: Told) -> Rows:
    return Rows(schema_of([pa.string()] * len(places)), iter(()))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file whose columns are known. `holds` says of each what it holds: text, whole, decimal, truth, moment
    (`zoned` where it knows its time zone), or the name of a type that no interaction column can take.

    `path` is the file as a person knows it, `data` what is read: the same, or what was made of it (unpacked, in
    UTF-8), which is there until the sheet is closed. `notes` are sentences about how the file was read.
    """

    path: Path
    columns: tuple[str, ...]
    holds: tuple[str, ...]
    delimiter: str = ""
    notes: tuple[str, ...] = ()
    data: Path = Path()
    reader: Reader = field(default=_no_rows, repr=False, compare=False)
    workspace: Workspace = field(default_factory=Workspace, repr=False, compare=False)
    told: Told = field(default=quiet, repr=False, compare=False)

    def __enter__(self) -> Sheet:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove what was made to read the file. Rows that wait to be read are gone with it."""
        self.workspace.close()

    def held(self, column: str) -> str:
        """What this column holds."""
        return self.holds[self.columns.index(column)]

    def rows(self, columns: Sequence[str]) -> Rows:
        """The rows of these columns. Raises FileRefused, as their batches do, where they cannot be read."""
        with in_words(self.path):
            rows = self.reader([self.columns.index(column) for column in columns], self.told)
        return Rows(rows.schema, self._in_words(rows.batches), rows.broken)

    def _in_words(self, batches: Iterator[Any]) -> Iterator[Any]:
        with in_words(self.path):
            yield from gathered(batches)


def named(header: Sequence[str]) -> tuple[str, ...]:
    """The names of these columns; one without a name is called by its place, '(3)'.

    Raises FileRefused where there are too many.
    """
    if len(header) > COLUMNS_LIMIT:
        reason = t("It has more than {limit} columns. Is it an export?", limit=number(COLUMNS_LIMIT))
        raise FileRefused("", reason)
    return tuple(name.strip() or f"({place})" for place, name in enumerate(header, start=1))


def schema_of(types: Iterable[Any]) -> Any:
    """The schema of rows whose columns are of these types."""
    return pa.schema([*((f"s{at}", type_) for at, type_ in enumerate(types)), (FILE_ROW, pa.int64())])


def numbered(batches: Iterable[Any], schema: Any, broken: Sequence[Broken] = ()) -> Iterator[Any]:
    """The same rows under plain names, with the number that each has in the file, which broken lines have too.

    `broken` may grow while they are read: all broken lines before the last row of a batch are in it by then.
    """
    last = passed = 0
    for batch in batches:
        skipped = [line.row for line in broken[passed:]]
        numbers = np.arange(last + 1, last + 1 + batch.num_rows + len(skipped), dtype=np.int64)
        numbers = np.setdiff1d(numbers, skipped, assume_unique=True)[: batch.num_rows]
        last = int(numbers[-1]) if len(numbers) else last
        passed += sum(row <= last for row in skipped)
        cells = batch.columns[: len(schema) - 1]
        yield pa.RecordBatch.from_arrays([*cells, pa.array(numbers, pa.int64())], schema=schema)


def gathered(batches: Iterable[Any]) -> Iterator[Any]:
    """The same rows in as few batches as BATCH_ROWS and BATCH_BYTES allow."""
    waiting: list[Any] = []
    for batch in _cut(batches):
        rows, size = (sum(getattr(one, what) for one in [*waiting, batch]) for what in ("num_rows", "nbytes"))
        if waiting and (rows > BATCH_ROWS or size > BATCH_BYTES):
            yield pa.concat_batches(waiting)
            waiting = []
        waiting.append(batch)
    if waiting:
        yield pa.concat_batches(waiting)


def _cut(batches: Iterable[Any]) -> Iterator[Any]:
    for batch in batches:
        parts = max(-(-batch.num_rows // BATCH_ROWS), -(-batch.nbytes // BATCH_BYTES))
        step = -(-batch.num_rows // max(parts, 1))
        yield from (batch.slice(at, step) for at in range(0, batch.num_rows, max(step, 1)))
