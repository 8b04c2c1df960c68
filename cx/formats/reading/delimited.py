"""CSV: values between commas, semicolons, tabs or bars.

Arrow reads it. Its reader tells of every line that does not fit the header and is not led astray by line breaks
inside quotes, where other readers drop rows without a word.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from io import SEEK_CUR, SEEK_END, FileIO, StringIO
from pathlib import Path
from threading import Lock
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv

from cx.errors import FileRefused
from cx.formats.reading.encodings import as_utf8
from cx.formats.reading.sheet import Broken, Rows, Sheet, Told, Workspace, named, numbered, schema_of
from cx.words import t

_HEADER_BYTES = 1 << 20
_CHUNK = 4 << 20
_BLOCKS_BYTES = (1 << 19, 4 << 20)
"""Bytes that arrow takes at a time. It reads some 32 of them ahead, and no row may be longer than one, so it begins
with few."""
_DELIMITERS = (",", ";", "\t", "|")
_LEAD = re.compile(rb"\A(?:\xef\xbb\xbf)?(?:[ \t,;|]*(?:\r\n?|\n))*(?:sep=([,;\t|])(?:\r\n?|\n))?")
"""What may stand before the header: a byte order mark, empty lines, and the line by which Excel tells the delimiter."""


def delimited_sheet(path: Path, workspace: Workspace, told: Told) -> Sheet:
    """The columns of a CSV file. Raises FileRefused, or an error that `in_words` knows."""
    data, notes = as_utf8(path, workspace, told)
    with data.open("rb") as file:
        start = file.read(_HEADER_BYTES)
    lead = _LEAD.match(start)
    offset = lead.end() if lead else 0
    # The last character may be cut in two.
    text = start[offset:].decode("utf-8", errors="ignore")
    headers = {delimiter: _first_record(text, delimiter) for delimiter in _DELIMITERS}
    delimiter = lead[1].decode() if lead and lead[1] else max(headers, key=lambda one: len(headers[one]))
    columns = named(headers[delimiter])
    reader = partial(_rows, data, offset, delimiter, len(columns))
    return Sheet(path, columns, ("text",) * len(columns), delimiter, notes, data, reader)


def _first_record(text: str, delimiter: str) -> list[str]:
    return next(csv.reader(StringIO(text, newline=""), delimiter=delimiter), [])


def _rows(data: Path, offset: int, delimiter: str, width: int, places: Sequence[int], told: Told) -> Rows:
    broken: list[Broken] = []
    schema = schema_of([pa.string()] * len(places))
    parsing = arrow_csv.ParseOptions(
        delimiter=delimiter, newlines_in_values=True, invalid_row_handler=partial(_skipped, broken)
    )
    blocks = partial(_blocks, data, offset, parsing, [f"c{i}" for i in range(width)], places, told)
    batches = _batches(blocks, broken)
    return Rows(schema, numbered(batches, schema, broken), broken)


def _skipped(broken: list[Broken], line: Any) -> str:
    broken.append(Broken(line.number - 1, line.actual_columns))
    return "skip"


def _batches(blocks: Callable[[int], Iterator[Any]], broken: list[Broken]) -> Iterator[Any]:
    """All batches; where a row is longer than a block, the rest of them by larger blocks."""
    done = 0
    for size in _BLOCKS_BYTES:
        broken.clear()  # they are met again
        try:
            for batch in _after(done, blocks(size)):
                done += batch.num_rows
                yield batch
            return
        except pa.ArrowInvalid:
            if size == _BLOCKS_BYTES[-1]:
                raise


def _after(done: int, batches: Iterator[Any]) -> Iterator[Any]:
    """The batches without the first rows."""
    for batch in batches:
        if batch.num_rows > done:
            yield batch.slice(done)
        done = max(done - batch.num_rows, 0)


def _blocks(
    data: Path, offset: int, parsing: Any, names: list[str], places: Sequence[int], told: Told, block: int
) -> Iterator[Any]:
    _refuse_open_quote(data, offset, parsing.delimiter)
    # One thread: only then are the numbers of broken lines known.
    how = arrow_csv.ReadOptions(
        use_threads=False, column_names=names, skip_rows_after_names=1, block_size=block
    )
    with _WholeBreaks(data) as file:
        size = file.seek(0, SEEK_END)
        file.seek(offset)
        for batch in arrow_csv.open_csv(file, how, parsing, _as_text(names, places)):
            yield batch
            told(min(file.tell() / size, 1.0))


class _WholeBreaks(FileIO):
    """A file that is read in blocks of which none ends within a line break of two characters: arrow drops the second at the
    start of a block, within quotes as well.

    Arrow reads ahead in a thread of its own, also when nobody wants the rest any more. It is closed between two reads only: a read
    under way would go on in whatever file gets its number next, and take from that what others are to read.
    """

    def __init__(self, path: Path) -> None:
        self._reading = Lock()
        super().__init__(path)

    def read(self, size: int | None = -1) -> bytes:
        """At most `size` bytes."""
        with self._reading:
            block = super().read(size)
            if len(block) > 1 and block.endswith(b"\r"):
                self.seek(-1, SEEK_CUR)
                return block[:-1]
            return block

    def close(self) -> None:
        """Close it, once what is being read has been."""
        with self._reading:
            super().close()


def _as_text(names: Sequence[str], places: Sequence[int]) -> Any:
    return arrow_csv.ConvertOptions(
        column_types={name: pa.string() for name in names},
        include_columns=[names[place] for place in places],
        null_values=[""],
        strings_can_be_null=True,
    )


def _refuse_open_quote(data: Path, offset: int, delimiter: str) -> None:
    """A quotation mark that is never closed would swallow the rows after it into one value."""
    if _quotes(data) % 2 == 0:
        return
    with data.open(encoding="utf-8", newline="") as file:
        file.seek(offset)
        for row, values in enumerate(filter(None, csv.reader(file, delimiter=delimiter))):
            if any("\n" in value or "\r" in value for value in values):
                reason = t(
                    "A quotation mark in or before row {row} is never closed. Mend it, or export again.",
                    row=row,
                )
                raise FileRefused(data.name, reason)


def _quotes(data: Path) -> int:
    with data.open("rb") as file:
        return sum(chunk.count(b'"') for chunk in iter(lambda: file.read(_CHUNK), b""))
