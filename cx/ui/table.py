"""A live table: rows with bars, chips, small lines or heat, patched in place, every word from Python."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from cx.telling.shapes import Cell, Column, Row
from cx.ui import frame
from cx.ui.tiles import drawn_by

_table = st.components.v2.component(
    "cx_table",
    html='<div class="frame"><div class="scroller"><table role="table"><caption></caption>'
    '<thead role="rowgroup"><tr role="row"></tr></thead><tbody role="rowgroup"></tbody></table></div></div>',
    css=drawn_by("css", "spark", "table"),
    js=drawn_by("js", "spark", "table"),
)


@dataclass(frozen=True, slots=True)
class Table:
    """A table, and what the browser draws it from: written once where it is kept for all who see it."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    written: str

    @classmethod
    def of(cls, columns: Sequence[Column], rows: Sequence[Row], choosing: bool = False) -> Table:
        """The table of these; `choosing` tells whether its rows and cells can be chosen. Two rows of one id are a ValueError."""
        told = {"columns": list(columns), "rows": drawn(columns, rows, choosing)}
        return cls(columns, rows, json.dumps(told, ensure_ascii=False))


def show(
    columns: Sequence[Column],
    rows: Sequence[Row],
    key: str,
    caption: str,
    selected: str = "",
    choose: Callable[[str], None] | None = None,
) -> None:
    """Draw the table; `caption` names it for those who hear the page.

    `choose` is called with the id of the row or cell that the viewer clicks or activates by keyboard, and `selected`
    is the one drawn as chosen. Two rows of one id are a ValueError.
    """
    draw(Table.of(columns, rows, choosing=choose is not None), key, caption, selected, choose)


def draw(
    table: Table, key: str, caption: str, selected: str = "", choose: Callable[[str], None] | None = None
) -> None:
    """Draw a table that was made before, as `show` does."""

    def clicked() -> None:
        if choose:
            choose(str(st.session_state[key].chosen))

    frame.tabulated(table.columns, table.rows)
    data = {"caption": caption, "table": table.written, "selected": selected}
    _table(data=data, key=key, on_chosen_change=clicked)


def drawn(columns: Sequence[Column], rows: Sequence[Row], choosing: bool) -> list[dict[str, Any]]:
    """The rows as the browser draws them: a cell with an id is a button, and a choosable row's header has its id."""
    ids = [row["id"] for row in rows]
    if twice := {name for name in ids if ids.count(name) > 1}:
        raise ValueError(
            f"Each row of a table needs an id of its own: {', '.join(map(repr, sorted(twice)))}."
        )
    return [{**row, "cells": _cells(columns, row, choosing)} for row in rows]


def _cells(columns: Sequence[Column], row: Row, choosing: bool) -> dict[str, Cell]:
    cells = {column["id"]: row["cells"].get(column["id"], Cell()).copy() for column in columns}
    if choosing and row.get("choosable"):
        cells[columns[0]["id"]]["id"] = row["id"]
    elif not choosing:
        for cell in cells.values():
            cell.pop("id", None)
    return cells
