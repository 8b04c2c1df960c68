"""JSON: an object on each line, a list of objects, or an object that holds such a list.

Objects inside objects become columns with dots ('via.channel'); lists stay as JSON text. Every value is taken as
text, so that a column may mix numbers and texts, and a long number loses no digit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cx.errors import FileRefused
from cx.formats.reading.cells import Cells
from cx.formats.reading.encodings import as_utf8
from cx.formats.reading.sheet import Sheet, Told, Workspace
from cx.words import enumeration, number, t

LINE_LIMIT = 16 << 20
"""Bytes of one line of JSON lines."""

DOCUMENT_LIMIT = 64 << 20
"""Bytes of a JSON file that is one document: all of it stands in memory, several times its size."""


PARTS_LIMIT = 3_000_000
"""Objects and lists in such a document: an empty one takes two bytes, and more than sixty in memory."""


def lines_sheet(path: Path, workspace: Workspace, told: Told) -> Sheet:
    """The columns of JSON lines. Raises FileRefused where a line is no object."""
    data, notes = as_utf8(path, workspace, told)
    if _starts(data, b"["):
        return _document(path, data, workspace, notes)
    return _lines(path, data, workspace, notes, told)


def document_sheet(path: Path, workspace: Workspace, told: Told) -> Sheet:
    """The columns of a JSON document, or of JSON lines under its name. Raises FileRefused where it is neither."""
    data, notes = as_utf8(path, workspace, told)
    if _starts(data, b"{") and _several_lines(data):
        return _lines(path, data, workspace, notes, told)
    return _document(path, data, workspace, notes)


def _starts(data: Path, mark: bytes) -> bool:
    with data.open("rb") as file:
        return file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(mark)


def _several_lines(data: Path) -> bool:
    """Whether the first line is an object of its own, and more follows."""
    with data.open("rb") as file:
        filled = (line for line in iter(lambda: file.readline(LINE_LIMIT), b"") if line.strip())
        first, second = next(filled, b""), next(filled, b"")
    try:
        return isinstance(_read(first.decode("utf-8-sig")), dict) and bool(second)
    except (ValueError, RecursionError):
        return False


def _lines(path: Path, data: Path, workspace: Workspace, notes: tuple[str, ...], told: Told) -> Sheet:
    cells, size, done = Cells(workspace), data.stat().st_size, 0
    with data.open("rb") as file:
        for row, line in enumerate(iter(lambda: file.readline(LINE_LIMIT), b""), start=1):
            text = line.decode("utf-8-sig" if row == 1 else "utf-8")
            if text.strip():
                _add(cells, row, _object(path, row, text))
            done += len(line)
            if row % 10_000 == 0:
                told(done / size)
    return cells.sheet(path, notes=notes)


def _object(path: Path, row: int, text: str) -> Mapping[str, Any]:
    try:
        found = _read(text)
    except (ValueError, RecursionError) as error:
        reason = t("Line {row} is not JSON that can be read. Mend it, or export again.", row=number(row))
        raise FileRefused(path.name, reason) from error
    return _flat(path, row, found)


def _flat(path: Path, row: int, found: object) -> Mapping[str, Any]:
    """An object without objects in it. Raises FileRefused where it is none, or two of its names become one."""
    if not isinstance(found, dict):
        reason = t("Row {row} is not an object with names and values, as a row must be.", row=number(row))
        raise FileRefused(path.name, reason)
    try:
        return _once([*_leaves(found, "")])
    except (ValueError, RecursionError) as error:
        reason = t("Row {row} has the same name twice, or is nested too deeply.", row=number(row))
        raise FileRefused(path.name, reason) from error


def _document(path: Path, data: Path, workspace: Workspace, notes: tuple[str, ...]) -> Sheet:
    if data.stat().st_size > DOCUMENT_LIMIT:
        reason = t(
            "It is one JSON document of more than {limit} MB. Export it in parts, or as JSON lines (an object on each line).",
            limit=number(DOCUMENT_LIMIT >> 20),
        )
        raise FileRefused(path.name, reason)
    text = data.read_text(encoding="utf-8-sig")
    if text.count("{") + text.count("[") > PARTS_LIMIT:
        reason = t(
            "It is one JSON document of too many parts. Export it in parts, or as JSON lines (an object on each line)."
        )
        raise FileRefused(path.name, reason)
    try:
        whole = _read(text)
    except (ValueError, RecursionError) as error:
        reason = t("It is not JSON that can be read to its end. Export it again.")
        raise FileRefused(path.name, reason) from error
    rows, told_of = _listed(path, whole)
    cells = Cells(workspace)
    for row, found in enumerate(rows, start=1):
        _add(cells, row, _flat(path, row, found))
    return cells.sheet(path, notes=(*notes, *told_of))


def _listed(path: Path, whole: object) -> tuple[list[Any], tuple[str, ...]]:
    """The list of rows in a document, and a note where it had to be looked for."""
    if isinstance(whole, list):
        return whole, ()
    lists = [name for name, value in whole.items() if _of_objects(value)] if isinstance(whole, dict) else []
    if not isinstance(whole, dict) or len(lists) > 1:
        reason = t("It holds several lists ({names}). Export one of them.", names=enumeration(lists))
        raise FileRefused(
            path.name, reason if lists else t("It holds no list of objects. Export it as JSON lines.")
        )
    if not lists:
        return [whole], ()
    return whole[lists[0]], (t("The list '{name}' in it was read.", name=lists[0]),)


def _of_objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _add(cells: Cells, row: int, found: Mapping[str, Any]) -> None:
    texts = ((cells.place(name), _text(value)) for name, value in found.items())
    cells.add(row, {place: text for place, text in texts if text is not None})


def _leaves(found: Mapping[str, Any], above: str) -> Iterator[tuple[str, Any]]:
    for name, value in found.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield above + name, value


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _read(text: str) -> object:
    """Raises ValueError where it is not JSON, or where a name stands twice in one object."""
    return json.loads(text, object_pairs_hook=_once, parse_constant=lambda name: None)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found
