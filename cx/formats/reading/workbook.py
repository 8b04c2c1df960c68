"""Excel workbooks (.xlsx): the first sheet that has rows.

openpyxl reads row by row (`bounded` sees to it that a row fits into memory), with defusedxml against XML that unfolds without end.
What a formula last gave is taken, never computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile, is_zipfile

from cx.errors import FileRefused
from cx.formats.reading.cells import Cells
from cx.formats.reading.sheet import COLUMNS_LIMIT, Broken, Sheet, Told, Workspace
from cx.formats.unpacking import allowed, refuse_crowded
from cx.words import enumeration, t

ROWS_LIMIT = 1_048_576
"""Rows that Excel itself can hold."""

SHEETS_BYTES, OTHER_BYTES = 2 << 30, 256 << 20
"""Unpacked bytes of all the sheets of a workbook, which are streamed, and of all else in it, which stands in memory."""

_OLE = b"\xd0\xcf\x11\xe0"

Row = tuple[Any, ...]


def workbook_sheet(path: Path, workspace: Workspace, told: Told) -> Sheet:
    """The columns of a workbook. Raises FileRefused where it is not one that can be read."""
    from cx.formats.reading.bounded import Book  # only here: it takes as long to import as all other reading

    _refuse_other(path)
    try:
        _refuse_large(path)
        with closing(Book(path)) as book:
            return _sheet(path, book.sheets, workspace, told)
    except FileRefused:
        raise
    except Exception as error:  # openpyxl throws whatever the damage leads to
        reason = t("It is not a whole Excel workbook: it is cut short or damaged. Save it again.")
        raise FileRefused(path.name, reason) from error


def _refuse_other(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(len(_OLE))
    if start == _OLE:
        reason = t(
            "It is locked with a password, or of the old kind (.xls). Save it as .xlsx without a password."
        )
        raise FileRefused(path.name, reason)
    if not is_zipfile(path):
        reason = t("It is not a whole Excel workbook: it is cut short or damaged. Save it again.")
        raise FileRefused(path.name, reason)


def _refuse_large(path: Path) -> None:
    refuse_crowded(path)
    with ZipFile(path) as archive:
        sizes = [("/worksheets/" in part.filename, part.file_size) for part in archive.infolist()]
    sheets, everything = sum(size for is_sheet, size in sizes if is_sheet), sum(size for _, size in sizes)
    if sheets > SHEETS_BYTES or everything - sheets > OTHER_BYTES or everything > allowed(path):
        raise FileRefused(path.name, t("It is too large for a workbook. Save its sheet as CSV UTF-8."))


def _sheet(path: Path, sheets: Sequence[Any], workspace: Workspace, told: Told) -> Sheet:
    filled = [sheet for sheet in sheets if _begins(sheet)]
    if not filled:
        raise FileRefused(path.name, t("No sheet of it has rows."))
    rows = _filled_rows(filled[0])
    above, first = next(rows)
    header = ["" if value is None else str(value) for value in _trimmed(first)]
    cells = Cells(workspace)
    for place, row in rows:
        _add(cells, place - above, _trimmed(row), len(header))
        if place % 10_000 == 0:
            told(place / ROWS_LIMIT)
    return cells.sheet(path, header, _notes(filled))


def _begins(sheet: Any) -> bool:
    return next(_filled_rows(sheet), None) is not None


def _filled_rows(sheet: Any) -> Iterator[tuple[int, Row]]:
    """Rows with anything in them, each with its number on the sheet."""
    from cx.formats.reading import bounded

    for place, row in enumerate(bounded.rows(sheet), start=1):
        if place > ROWS_LIMIT or len(row) > COLUMNS_LIMIT:
            raise FileRefused(
                "", t("It has more rows or columns than can be read. Save its sheet as CSV UTF-8.")
            )
        if any(value is not None and value != "" for value in row):
            yield place, row


def _trimmed(row: Row) -> Row:
    end = len(row)
    while end and row[end - 1] in (None, ""):
        end -= 1
    return row[:end]


def _add(cells: Cells, number: int, row: Row, width: int) -> None:
    if len(row) > width:
        cells.broken.append(Broken(number, len(row)))
        return
    texts = {}
    for place, value in enumerate(row):
        if value is None or value == "":
            continue
        (cells.moments if isinstance(value, date) else cells.texts).add(place)
        texts[place] = _text(value)
    cells.add(number, texts)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, date):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    return str(value)


def _notes(filled: Sequence[Any]) -> tuple[str, ...]:
    others = [sheet.title for sheet in filled[1:]]
    if not others:
        return ()
    return (
        t(
            "Only the sheet '{name}' was read; {others} hold rows as well.",
            name=filled[0].title,
            others=enumeration([f"'{other}'" for other in others]),
        ),
    )
