"""A workbook read so that a small file cannot fill the memory.

XML packs well: forty kilobytes hold a row of ten million cells, each of which takes hundreds of bytes once it is read. So what
stands in memory at one time is bounded as it is unpacked: a row, all shared texts, any other part. Importing this imports openpyxl.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from openpyxl.reader.excel import ExcelReader
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from cx.errors import FileRefused
from cx.words import t

ROW, TEXTS, PART = (32 << 20, 500_000), (256 << 20, 8_000_000), (32 << 20, 1_000_000)
"""Bytes and tags of one row of a sheet, of all the texts that cells share, and of any other part."""

_CHUNK = 1 << 20

Row = tuple[Any, ...]


def too_large(file: str = "") -> FileRefused:
    """The refusal of a workbook that unfolds too far."""
    return FileRefused(file, t("It is too large for a workbook. Save its sheet as CSV UTF-8."))


class Book:
    """The sheets of a workbook. Raises FileRefused, here and while rows are read, where it unfolds too far."""

    def __init__(self, path: Path) -> None:
        reader = _Reader(path)
        reader.read()
        self._book = reader.wb

    @property
    def sheets(self) -> list[Any]:
        """Its sheets of cells; each has a `title`."""
        return list(self._book.worksheets)

    def close(self) -> None:
        """Close the file."""
        self._book.close()


def rows(sheet: Any) -> Iterator[Row]:
    """The rows of a sheet, from the first, also those that are empty."""
    sheet.reset_dimensions()  # what a workbook says of its size is often wrong
    for row in sheet.iter_rows(values_only=True):
        sheet.source.whole()
        yield row


class _Source:
    """The bytes of a part, of which only so many may come before what they make is `whole`."""

    def __init__(self, source: Any, most: tuple[int, int]) -> None:
        self._source, self._most = source, most
        self._bytes = self._tags = 0

    def read(self, size: int = -1) -> bytes:
        """Raises FileRefused where it comes to more."""
        if size < 0:
            return b"".join(iter(lambda: self.read(_CHUNK), b""))
        chunk: bytes = self._source.read(size)
        self._bytes += len(chunk)
        self._tags += chunk.count(b"<")  # in every encoding that XML is read in, each tag has this byte
        if self._bytes > self._most[0] or self._tags > self._most[1]:
            raise too_large()
        return chunk

    def whole(self) -> None:
        """What was read until now needs no more memory."""
        self._bytes = self._tags = 0

    def close(self) -> None:
        self._source.close()

    def __enter__(self) -> _Source:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


class _Archive(ZipFile):
    """The parts of a workbook: those read as they come are bounded as the shared texts are, the others as parts."""

    def open(self, name: Any, *how: Any, most: tuple[int, int] = TEXTS, **more: Any) -> Any:
        return _Source(super().open(name, *how, **more), most)

    def read(self, name: Any, pwd: bytes | None = None) -> bytes:
        with self.open(name, "r", pwd, most=PART) as part:
            read: bytes = part.read()
            return read


class _Sheet(ReadOnlyWorksheet):  # type: ignore[misc]
    source: _Source

    def _get_size(self) -> None:
        """Not looked for: it is often wrong, and where it is missing the whole sheet would be read for it."""

    def _get_source(self) -> _Source:
        self.source = self.parent._archive.open(self._worksheet_path, most=ROW)
        return self.source


class _Reader(ExcelReader):  # type: ignore[misc]
    archive: Any

    def __init__(self, path: Path) -> None:
        super().__init__(path, read_only=True, data_only=True, keep_links=False)
        self.archive.close()
        self.archive = _Archive(path)

    def read_worksheets(self) -> None:
        for sheet, relation in self.parser.find_sheets():
            if relation.target in self.valid_files and "chartsheet" not in relation.Type:
                self.wb._sheets.append(_Sheet(self.wb, sheet.name, relation.target, self.shared_strings))
