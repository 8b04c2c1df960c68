"""Reading an export: first its columns, then the rows of those that a format asks for.

sheet       what every reader gives: columns, and rows under plain names with their numbers in the file
faults      what readers throw -> reasons in words
encodings   UTF-8, UTF-16 and Windows-1252 -> UTF-8
delimited   CSV
columnar    Parquet
cells       rows that come one by one -> parts on disk
nested      JSON and JSON lines
workbook    Excel
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cx.errors import FileRefused
from cx.formats import unpacking
from cx.formats.reading.columnar import columnar_sheet, complete
from cx.formats.reading.delimited import delimited_sheet
from cx.formats.reading.faults import in_words
from cx.formats.reading.nested import document_sheet, lines_sheet
from cx.formats.reading.sheet import BATCH_ROWS, FILE_ROW, Broken, Reader, Rows, Sheet, Told, Workspace, quiet
from cx.formats.reading.workbook import workbook_sheet
from cx.words import t

__all__ = [
    "BATCH_ROWS",
    "COLUMNAR",
    "FILE_ROW",
    "SUFFIXES",
    "Broken",
    "Rows",
    "Sheet",
    "Workspace",
    "complete",
    "open_sheet",
    "quiet",
    "readable",
]

_DELIMITED = (".csv", ".tsv")
_LINES = (".jsonl", ".ndjson")
_DOCUMENTS = (".json",)
_WORKBOOKS = (".xlsx",)
COLUMNAR = (".parquet", ".pq")
"""The endings of files that tell themselves whether they are complete."""

_TEXTS = _DELIMITED + _LINES + _DOCUMENTS
_PLAIN = _TEXTS + COLUMNAR + _WORKBOOKS
SUFFIXES = _PLAIN + unpacking.PACKED
"""The endings of files that can be read."""


def readable(path: Path) -> bool:
    """Whether the name is that of a file that can be read."""
    suffix = path.suffix.lower()
    return suffix in SUFFIXES and (suffix != ".gz" or Path(path.stem).suffix.lower() in _TEXTS)


def open_sheet(path: Path, told: Told = quiet) -> Sheet:
    """Read the columns of a file. Raises FileRefused where it is not one that can be read.

    `told` hears the share that is done: up to a half by now, the rest while the rows are read. Close the sheet, or use it in a `with`, once its rows were read: files may have been made to read it.
    """
    workspace, opens = Workspace(), partial(_half, told, 0.0)
    try:
        with in_words(path):
            sheet = _unpacked(path, workspace, opens) if _packed(path) else _plain(path, workspace, opens)
    except BaseException:
        workspace.close()
        raise
    return replace(sheet, path=path, workspace=workspace, told=partial(_half, told, 0.5))


def _half(told: Told, before: float, share: float) -> None:
    told(before + share / 2)


def _packed(path: Path) -> bool:
    return path.suffix.lower() in unpacking.PACKED


def _plain(path: Path, workspace: Workspace, told: Told) -> Sheet:
    suffix = path.suffix.lower()
    if suffix in COLUMNAR:
        return columnar_sheet(path)
    if suffix in _DELIMITED:
        return delimited_sheet(path, workspace, told)
    if suffix in _LINES:
        return lines_sheet(path, workspace, told)
    if suffix in _DOCUMENTS:
        return document_sheet(path, workspace, told)
    if suffix in _WORKBOOKS:
        return workbook_sheet(path, workspace, told)
    known = ", ".join(SUFFIXES)
    raise FileRefused(path.name, t("Only {known} files are read; export it as one of these.", known=known))


def _unpacked(path: Path, workspace: Workspace, told: Told) -> Sheet:
    endings = _TEXTS if path.suffix.lower() == ".gz" else _PLAIN
    files = unpacking.unpack(path, endings, workspace.file)
    sheets = [_plain(file, workspace, quiet) for file in files]
    told(1.0)
    return sheets[0] if len(sheets) == 1 else _together(path, sheets)


def _together(path: Path, sheets: Sequence[Sheet]) -> Sheet:
    """Files of the same columns as one, their rows counted on from file to file."""
    first = sheets[0]
    orders = [_order(first, sheet) for sheet in sheets]
    note = t("It holds {n} files; their rows are counted on, in the order of the names.", n=len(sheets))
    notes = dict.fromkeys([note, *(note for sheet in sheets for note in sheet.notes)])
    reader = partial(_all_rows, [sheet.reader for sheet in sheets], orders)
    return replace(first, delimiter="", notes=tuple(notes), reader=reader)


def _order(first: Sheet, sheet: Sheet) -> list[int]:
    """Where the columns of the first sheet stand in this one. Raises FileRefused where they do not."""
    if sheet.columns == first.columns:
        order = [*range(len(first.columns))]
    else:
        apart = {column: place for place, column in enumerate(sheet.columns)}
        order = [apart[column] for column in first.columns if column in apart]
    same = len(order) == len({*order}) == len(sheet.columns) == len(first.columns)
    if not same or [sheet.holds[place] for place in order] != [*first.holds]:
        raise FileRefused("", t("Its files have different columns. Unpack it, and put them here one by one."))
    return order


def _all_rows(
    readers: Sequence[Reader], orders: Sequence[Sequence[int]], places: Sequence[int], told: Told
) -> Rows:
    each = [
        reader([order[place] for place in places], partial(_part, told, done, len(readers)))
        for done, (reader, order) in enumerate(zip(readers, orders, strict=True))
    ]
    schema = pa.unify_schemas([rows.schema for rows in each], promote_options="permissive")
    broken: list[Broken] = []
    return Rows(schema, _counted_on(each, schema, broken), broken)


def _part(told: Told, done: int, parts: int, share: float) -> None:
    told((done + share) / parts)


def _counted_on(each: Sequence[Rows], schema: Any, broken: list[Broken]) -> Iterator[Any]:
    before = 0
    for rows in each:
        last = before
        for batch in rows.batches:
            numbers = pc.add(batch[FILE_ROW], before)
            last = max(last, pc.max(numbers).as_py() or 0)
            yield batch.set_column(batch.num_columns - 1, FILE_ROW, numbers).cast(schema)
        broken += [Broken(line.row + before, line.values) for line in rows.broken]
        before = max([last, *(line.row for line in broken)])
