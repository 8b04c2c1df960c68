"""A chart as a table of the words that it tells one who points at it, and a table's cells as rows of words."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cx.telling.shapes import Cell, Column, Row
from cx.vega import Spec

_THROUGH_TIME = {"weeks", "periods", "days"}
"""Datasets whose last row is the newest."""


def of_chart(spec: Spec) -> tuple[list[Column], list[Row]]:
    """What the chart's tooltips say, a row for each mark; the newest first where there are many weeks, periods or days."""
    name, titles = _told_most(spec)
    rows = spec["datasets"][name].to_pylist() if name else []
    if name in _THROUGH_TIME:
        rows.reverse()
    columns = [Column(id=field, label=title, kind="text") for field, title in titles.items()]
    told = [Row(id=str(place), cells={field: Cell(text=str(row.get(field) or "")) for field in titles})
            for place, row in enumerate(rows)]  # fmt: skip
    return columns, told


def in_words(columns: Sequence[Column], rows: Sequence[Row]) -> pd.DataFrame:
    """A table's cells as they are read; a second line of a cell stands in brackets."""
    labels = [column["label"] for column in columns]
    told = [[_cell(row["cells"].get(column["id"], Cell())) for column in columns] for row in rows]
    return pd.DataFrame(told, columns=labels)


def _cell(cell: Cell) -> str:
    text, note = cell.get("text", ""), cell.get("note", "")
    return f"{text} ({note})" if text and note else text or note


def _told_most(spec: Spec) -> tuple[str, dict[str, str]]:
    """The dataset whose marks say most, and the fields that they say with their titles; '' where none says anything."""
    best, titles = "", dict[str, str]()
    for layer in spec["layer"]:
        told = layer["encoding"].get("tooltip")
        if isinstance(told, list) and len(told) > len(titles):
            best, titles = layer["data"]["name"], {one["field"]: one["title"] for one in told}
    return best, titles
