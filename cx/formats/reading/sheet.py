"""What every reader gives: a sheet, whose columns are known, and its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

Told = Callable[[float], None]
"""Is told the share that is done, 0 to 1."""


def quiet(share: float) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that has more or fewer values than the header has columns."""

    row: int
    values: int


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a file: `table` has file_row (from 1) and s0, s1 ... in the order asked for."""

    table: Any
    broken: tuple[Broken, ...] = ()

    def passing(self) -> Rows:
        """The same rows as a stream that can be read once: what was read is let go, so that memory is not held twice.

        Only where nobody else holds the table.
        """
        batches = self.table.to_batches()[::-1]
        stream = (batches.pop() for _ in range(len(batches)))
        return Rows(pa.RecordBatchReader.from_batches(self.table.schema, stream), self.broken)


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
    return Rows(numbered(pa.table([pa.array([], pa.string())] * len(places), names=[*map(str, places)])))


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
        """Remove what was made to read the file. Rows that were read stay."""
        self.workspace.close()

    def held(self, column: str) -> str:
        """What this column holds."""
        return self.holds[self.columns.index(column)]

    def rows(self, columns: Sequence[str]) -> Rows:
        """Read these columns. Raises FileRefused where the file cannot be understood to its end."""
        with in_words(self.path):
            return self.reader([self.columns.index(column) for column in columns], self.told)


def named(header: Sequence[str]) -> tuple[str, ...]:
    """The names of these columns; one without a name is called by its place, '(3)'.

    Raises FileRefused where there are too many.
    """
    if len(header) > COLUMNS_LIMIT:
        reason = t("It has more than {limit} columns. Is it an export?", limit=number(COLUMNS_LIMIT))
        raise FileRefused("", reason)
    return tuple(name.strip() or f"({place})" for place, name in enumerate(header, start=1))


def numbered(table: Any, skipped: Sequence[int] = ()) -> Any:
    """The same rows under plain names, with the number that each has in the file."""
    last = max(table.num_rows + len(skipped), *skipped, 0)
    numbers = np.setdiff1d(np.arange(1, last + 1, dtype=np.int64), np.array(skipped, dtype=np.int64))
    renamed = table.rename_columns([f"s{i}" for i in range(table.num_columns)])
    return renamed.append_column("file_row", pa.array(numbers[: table.num_rows]))
