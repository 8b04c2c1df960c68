"""A live table: rows with bars, chips or heat, patched in place, every word from Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict

import streamlit as st

Kind = Literal["text", "number", "bar", "chip", "heat"]
Tone = Literal["good", "bad", "neutral"]
HERE = Path(__file__).parent


class Column(TypedDict):
    """One column and how its cells are drawn; `note` explains it on hover, `main` makes its figures stand out.

    A table with a heat column stays a grid on a phone and scrolls inside itself; any other becomes a list there.
    """

    id: str
    label: str
    kind: Kind
    note: NotRequired[str]
    main: NotRequired[bool]


class Cell(TypedDict, total=False):
    """One cell, in words and numbers that are ready to be shown; one without text and share is blank.

    `note` is a small second line. Lengths run from 0 to 1 of the column's scale: `share` is the bar or the strength
    of heat, `lo` and `hi` its interval, `other` a second bar to compare with. `tone` colours the text or the chip,
    and `aria` says in words what colour and length say. With an `id` the cell itself can be chosen.
    """

    text: str
    note: str
    share: float
    lo: float
    hi: float
    other: float
    tone: Tone
    aria: str
    id: str


_SEPARATOR = "\x1f"


def row_id(*parts: object) -> str:
    """One id out of several parts, as a link can carry it; `parts_of` takes it apart."""
    return _SEPARATOR.join(map(str, parts))


def parts_of(row: str) -> list[str]:
    """The parts that `row_id` made an id of."""
    return row.split(_SEPARATOR)


class Row(TypedDict):
    """One row: its cells by the ids of their columns, of which the first is the row's header.

    `tone` colours its bars, `muted` greys its words, and a `choosable` row is chosen by a click anywhere on it.
    """

    id: str
    cells: dict[str, Cell]
    tone: NotRequired[Tone]
    muted: NotRequired[bool]
    choosable: NotRequired[bool]


_table = st.components.v2.component(
    "cx_table",
    html='<div class="frame"><div class="scroller"><table role="table"><caption></caption>'
    '<thead role="rowgroup"><tr role="row"></tr></thead><tbody role="rowgroup"></tbody></table></div></div>',
    css=(HERE / "table.css").read_text(encoding="utf-8"),
    js=(HERE / "table.js").read_text(encoding="utf-8"),
)


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

    def clicked() -> None:
        if choose:
            choose(str(st.session_state[key].chosen))

    told = drawn(columns, rows, choosing=choose is not None)
    data = {"caption": caption, "columns": list(columns), "rows": told, "selected": selected}
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
