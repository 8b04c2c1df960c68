"""Rows as files that people open elsewhere: CSV, Excel and Parquet. No text in them runs as a formula of a spreadsheet."""

from __future__ import annotations

import csv as csv_
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from cx.kpis import Kpi

LONGEST_SHEET = 1_048_575
"""Rows that a sheet of Excel holds beneath its header; what is beyond stands in CSV and Parquet."""
LONGEST_NAME = 31
"""Letters that the name of a sheet may have."""

_FORMULA = re.compile(r"^[=+\-@\t\r]")
_FORMULA_BUT_NUMBERS = re.compile(r"^[=+\-@\t\r](?![\d.,]*$)")
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\']")
_NOT_IN_A_SHEET = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def csv(rows: pd.DataFrame, header: bool = True, numbers_stay: bool = False) -> bytes:
    """A CSV file that spreadsheets open as it is meant, in UTF-8 with its mark; or more of its lines without a `header`.

    Text that a spreadsheet would run as a formula stands behind a '. With `numbers_stay`, text that is a plain number does not, nor a
    column's name: they are read again as they were.
    """
    risky = _FORMULA_BUT_NUMBERS if numbers_stay else _FORMULA

    def safe(cell: Any) -> Any:
        return f"'{cell}" if isinstance(cell, str) and risky.match(cell) else cell

    guarded = _told(rows).map(safe)
    if not numbers_stay:
        guarded.columns = [safe(name) for name in guarded.columns]
    # In quotes, for a lone carriage return would begin another row there, and so another cell.
    text: str = guarded.to_csv(index=False, header=header, quoting=csv_.QUOTE_NONNUMERIC, na_rep="")
    return text.encode("utf-8-sig" if header else "utf-8")


def excel(rows: pd.DataFrame, name: str) -> bytes:
    """A workbook of one sheet of that name, its header in bold and held in view; every text is text there, whatever it begins with."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    told, book = _told(rows), Workbook(write_only=True)
    sheet = book.create_sheet(_NOT_IN_A_NAME.sub(" ", name)[:LONGEST_NAME].strip() or "Sheet1")
    sheet.freeze_panes = "A2"
    sheet.append([_sheet_cell(sheet, str(title), Font(bold=True)) for title in told.columns])
    for row in told.head(LONGEST_SHEET).itertuples(index=False, name=None):
        sheet.append([_sheet_cell(sheet, cell) for cell in row])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def parquet(rows: pd.DataFrame) -> bytes:
    """A Parquet file; a column that is of no one type is written as text."""
    told = rows.copy()
    for name in told.select_dtypes(include="object"):
        try:
            pa.array(told[name], from_pandas=True)
        except pa.ArrowException:
            told[name] = [None if _missing(cell) else str(cell) for cell in told[name].map(_plain)]
    written = io.BytesIO()
    told.to_parquet(written, index=False)
    return written.getvalue()


def table(records: pd.DataFrame | Iterable[Any] | Mapping[Any, Any], key: str = "name") -> pd.DataFrame:
    """Answers of any shape (frames, dataclasses, named tuples, mappings) as a flat table of plain values.

    What stands within another is a column named after both, as 'lift_value', or after itself alone where the other has the
    name ''; several values of one cell stand with '; '
    between them; a measure is its name. Of a mapping, the keys are a column named `key`.
    """
    if isinstance(records, pd.DataFrame):
        nested = any(
            _parts(cell) is not None for name in records.select_dtypes("object") for cell in records[name]
        )
        return table(records.to_dict("records")) if nested else records
    if isinstance(records, Mapping):
        return pd.DataFrame([{key: _plain(name), **dict(_flat("", told))} for name, told in records.items()])
    return pd.DataFrame([dict(_flat("", told)) for told in records])


def _flat(prefix: str, told: Any) -> Iterator[tuple[str, Any]]:
    parts = _parts(told)
    if parts is None:
        yield prefix or "value", _plain(told)
        return
    for name, part in parts:
        if not isinstance(part, pd.DataFrame) and name != "Index":
            yield from _flat(f"{prefix}_{name}" if prefix else name, part)


def _parts(told: Any) -> list[tuple[str, Any]] | None:
    """The named parts that a value is made of; None where it is one value."""
    if isinstance(told, Kpi):
        return None
    if is_dataclass(told):
        return [(field.name, getattr(told, field.name)) for field in fields(told)]
    if isinstance(told, tuple) and hasattr(told, "_fields"):
        return [(str(name), getattr(told, name)) for name in told._fields]
    return (
        [(str(name), part) for name, part in told.items()] if isinstance(told, Mapping | pd.Series) else None
    )


def _plain(told: Any, between: str = "; ") -> Any:
    if isinstance(told, Kpi):
        return told.name
    if isinstance(told, float) and not isfinite(told):
        return None
    if isinstance(told, list | tuple | set | frozenset | np.ndarray):
        return between.join(str(_plain(one, " ")) for one in told)
    return told


def _told(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with each cell as one value."""
    return rows.map(_plain)


def _sheet_cell(sheet: Any, value: Any, font: Any = None) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet)
    if isinstance(value, str) and value:
        cell.value = _NOT_IN_A_SHEET.sub("", value)
        cell.data_type = "s"
        cell.quotePrefix = bool(_FORMULA.match(value))
    elif not _missing(value):
        cell.value = value.item() if hasattr(value, "item") else value
    if font:
        cell.font = font
    return cell


def _missing(value: Any) -> bool:
    return value is None or value == "" or bool(pd.isna(value))
