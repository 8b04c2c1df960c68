"""Reading CSV and Parquet: first the columns, then the rows of those columns that a format asks for.

Arrow reads both. Its CSV reader tells of every line that does not fit the header and is not led astray by line
breaks inside quotes, where other readers drop rows without a word.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet

from cx.errors import FileRefused
from cx.words import t

DELIMITED = (".csv", ".tsv")
COLUMNAR = (".parquet", ".pq")
SUFFIXES = DELIMITED + COLUMNAR
"""The endings of files that can be read."""

_HEADER_BYTES = 1 << 20
_BLOCK_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Broken:
    """A line of a CSV file that has more or fewer values than the header has columns."""

    row: int
    values: int


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a file: `table` has file_row (from 1) and s0, s1 ... in the order asked for."""

    table: Any
    broken: tuple[Broken, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file whose columns are known. `holds` says of each what it holds: text, whole, decimal, truth, moment
    (`zoned` where it knows its time zone), or the name of a type that no interaction column can take."""

    path: Path
    columns: tuple[str, ...]
    holds: tuple[str, ...]
    delimiter: str = ""

    def held(self, column: str) -> str:
        """What this column holds."""
        return self.holds[self.columns.index(column)]

    def rows(self, columns: Sequence[str]) -> Rows:
        """Read these columns. Raises FileRefused where the file cannot be understood to its end."""
        with _in_words(self.path):
            return _csv_rows(self, columns) if self.delimiter else _parquet_rows(self, columns)


def open_sheet(path: Path) -> Sheet:
    """Read the columns of a file. Raises FileRefused where it is not one that can be read."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise FileRefused(
            path.name, t("Only {known} files are read; export it as one of these.", known=", ".join(SUFFIXES))
        )
    with _in_words(path):
        return _csv_sheet(path) if suffix in DELIMITED else _parquet_sheet(path)


def complete(path: Path) -> bool:
    """Whether a Parquet file has been written to its end."""
    try:
        parquet.read_metadata(path)
    except (pa.ArrowException, OSError):
        return False
    return True


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Turn what a reader throws into a reason that a person can act on."""
    try:
        yield
    except PermissionError as error:
        raise FileRefused(path.name, t("It may not be read; change its access rights.")) from error
    except UnicodeDecodeError as error:
        raise FileRefused(path.name, _not_utf8()) from error
    except (pa.ArrowException, OSError, csv.Error) as error:
        raise FileRefused(path.name, _why(path, str(error))) from error


def _why(path: Path, error: str) -> str:
    if "UTF8" in error or "utf-8" in error.lower():
        return _not_utf8()
    if path.suffix.lower() in COLUMNAR:
        return t("It is not a whole Parquet file: it is cut short or damaged. Export it again.")
    return t(
        "It is not a CSV file that can be read to its end: a quotation mark may be open. Export it again."
    )


def _not_utf8() -> str:
    return t("It is not UTF-8 text. Save it as 'CSV UTF-8' and put it here again.")


def _csv_sheet(path: Path) -> Sheet:
    with path.open(encoding="utf-8-sig", newline="") as file:
        start = file.read(_HEADER_BYTES)
    if "\x00" in start:
        raise FileRefused(path.name, _not_utf8())
    headers = {delimiter: _first_record(start, delimiter) for delimiter in (",", ";", "\t")}
    delimiter = max(headers, key=lambda one: len(headers[one]))
    columns = tuple(name.strip() for name in headers[delimiter])
    return Sheet(path, columns, ("text",) * len(columns), delimiter)


def _first_record(text: str, delimiter: str) -> list[str]:
    return next(csv.reader(StringIO(text, newline=""), delimiter=delimiter), [])


def _csv_rows(sheet: Sheet, columns: Sequence[str]) -> Rows:
    _refuse_open_quote(sheet)
    broken: list[Broken] = []

    def note(line: Any) -> str:
        broken.append(Broken(line.number - 1, line.actual_columns))
        return "skip"

    names = [f"c{i}" for i in range(len(sheet.columns))]
    wanted = [names[sheet.columns.index(column)] for column in columns]
    table = arrow_csv.read_csv(
        sheet.path,
        # One thread: only then are the numbers of broken lines known.
        arrow_csv.ReadOptions(
            use_threads=False, column_names=names, skip_rows_after_names=1, block_size=_BLOCK_BYTES
        ),
        arrow_csv.ParseOptions(delimiter=sheet.delimiter, newlines_in_values=True, invalid_row_handler=note),
        arrow_csv.ConvertOptions(
            column_types={name: pa.string() for name in names},
            include_columns=wanted,
            null_values=[""],
            strings_can_be_null=True,
        ),
    )
    return Rows(_numbered(table, [line.row for line in broken]), tuple(broken))


def _refuse_open_quote(sheet: Sheet) -> None:
    """A quotation mark that is never closed would swallow the rows after it into one value."""
    if sheet.path.read_bytes().count(b'"') % 2 == 0:
        return
    with sheet.path.open(encoding="utf-8-sig", newline="") as file:
        for row, values in enumerate(csv.reader(file, delimiter=sheet.delimiter)):
            if any("\n" in value or "\r" in value for value in values):
                reason = t(
                    "A quotation mark in or before row {row} is never closed. Mend it, or export again.",
                    row=row,
                )
                raise FileRefused(sheet.path.name, reason)


def _parquet_sheet(path: Path) -> Sheet:
    schema = parquet.read_schema(path)
    return Sheet(path, tuple(schema.names), tuple(_held(kind) for kind in schema.types))


def _parquet_rows(sheet: Sheet, columns: Sequence[str]) -> Rows:
    table = parquet.ParquetFile(sheet.path).read(columns=list(columns))
    return Rows(_numbered(table.select(list(columns)), []))


def _numbered(table: Any, skipped: Sequence[int]) -> Any:
    """The same rows under plain names, with the number that each has in the file."""
    last = max(table.num_rows + len(skipped), *skipped, 0)
    numbers = np.setdiff1d(np.arange(1, last + 1, dtype=np.int64), np.array(skipped, dtype=np.int64))
    renamed = table.rename_columns([f"s{i}" for i in range(table.num_columns)])
    return renamed.append_column("file_row", pa.array(numbers[: table.num_rows]))


_HELD = (
    ("whole", pa.types.is_integer),
    ("decimal", lambda kind: pa.types.is_floating(kind) or pa.types.is_decimal(kind)),
    ("truth", pa.types.is_boolean),
    ("zoned", lambda kind: pa.types.is_timestamp(kind) and kind.tz is not None),
    ("moment", lambda kind: pa.types.is_timestamp(kind) or pa.types.is_date(kind)),
)
_TEXT = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)


def _held(kind: Any) -> str:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if any(test(kind) for test in _TEXT):
        return "text"
    return next((name for name, test in _HELD if test(kind)), str(kind))
