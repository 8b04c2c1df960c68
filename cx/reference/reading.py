"""How a table that a person edits is read and written: every cell understood, or the one that is not named."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from cx.errors import BadReference
from cx.words import t


def table(
    path: Path, columns: dict[str, type], optional: Collection[str], others: bool = False
) -> pd.DataFrame:
    """The file's rows in these columns, of which the optional may be empty or not there; no file is no row.

    With `others`, columns that only the file has follow, as text. Raises BadReference.
    """
    if not path.exists():
        return empty(columns)
    try:
        raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise BadReference(t("{file} cannot be read: {reason}", file=path.name, reason=error)) from error
    missing = [name for name in columns if name not in raw.columns and name not in optional]
    if missing:
        raise BadReference(
            t(
                "{file} has no column {columns}; add it to the header.",
                file=path.name,
                columns=", ".join(missing),
            )
        )
    told = {name: _column(path, raw, name, kind, optional) for name, kind in columns.items()}
    own = {name: raw[name] for name in raw.columns if others and name not in columns}
    return pd.DataFrame(told | own)


def empty(columns: dict[str, type]) -> pd.DataFrame:
    """A table without rows."""
    return pd.DataFrame({name: [] for name in columns})


def _column(path: Path, raw: pd.DataFrame, name: str, kind: type, optional: Collection[str]) -> list[object]:
    cells = raw[name] if name in raw.columns else [""] * len(raw)
    parser, open_ = _PARSERS[kind], name in optional
    return [_cell(path, row, name, cell.strip(), parser, open_) for row, cell in enumerate(cells, start=1)]


def _cell(
    path: Path,
    row: int,
    name: str,
    cell: str,
    parser: tuple[Callable[[str], object], str],
    may_be_empty: bool,
) -> object:
    parse, wanted = parser
    if not cell:
        if may_be_empty:
            return None if parse is not str else ""
        raise bad(path, row, name, cell, t("is empty; fill it in"))
    try:
        return parse(cell)
    except ValueError as error:
        raise bad(path, row, name, cell, t(wanted)) from error


def _finite(cell: str) -> float:
    value = float(cell)
    if not isfinite(value):
        raise ValueError(cell)
    return value


_PARSERS: dict[type, tuple[Callable[[str], object], str]] = {
    str: (str, ""),
    float: (_finite, "is not a number; write it like 82.5"),
    date: (date.fromisoformat, "is not a day; write it like 2026-03-31"),
}


def bad(path: Path, row: int, column: str, value: object, reason: str) -> BadReference:
    """The error that names a cell and says what is wrong with it."""
    return BadReference(
        t("{file}, row {row}, column {column}: '{value}' {reason}", file=path.name, row=row, column=column,
          value=value, reason=reason)
    )  # fmt: skip


def replace(folder: Path, name: str, frame: pd.DataFrame, sound: Callable[[Path], object]) -> None:
    """Swap this table in, whole, once `sound` has read it back. Raises BadReference, and leaves the file as it is."""
    try:
        with TemporaryDirectory(dir=folder, prefix=".") as drafts:
            draft = Path(drafts) / name
            frame.to_csv(draft, index=False, lineterminator="\n", date_format="%Y-%m-%d")
            sound(draft)
            draft.replace(folder / name)
    except OSError as error:
        raise BadReference(
            t("{file} cannot be written: {reason}", file=name, reason=error.strerror)
        ) from error
