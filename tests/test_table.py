"""What the browser is given to draw: which cells are buttons, and that every row is known by its id."""

from __future__ import annotations

import pytest

from cx.telling.shapes import Cell, Column, Row
from cx.ui.table import drawn

COLUMNS: list[Column] = [
    {"id": "cohort", "label": "First order", "kind": "text"},
    {"id": "1", "label": "Month 1", "kind": "heat"},
]


def row(choosable: bool, cell: Cell) -> Row:
    return {"id": "may", "cells": {"cohort": {"text": "May"}, "1": cell}, "choosable": choosable}


@pytest.mark.parametrize(
    ("choosing", "choosable", "buttons"),
    [(True, True, ["may", "may/1"]), (True, False, [None, "may/1"]), (False, True, [None, None])],
)
def test_what_can_be_chosen_has_an_id(choosing: bool, choosable: bool, buttons: list[str | None]) -> None:
    given = row(choosable, {"text": "62%", "share": 0.62, "id": "may/1"})
    (told,) = drawn(COLUMNS, [given], choosing)
    assert [told["cells"][column["id"]].get("id") for column in COLUMNS] == buttons
    assert given == row(choosable, {"text": "62%", "share": 0.62, "id": "may/1"})


def test_a_cell_that_is_not_there_is_blank() -> None:
    (told,) = drawn(COLUMNS, [{"id": "may", "cells": {"other": {"text": "not a column"}}}], choosing=True)
    assert told["cells"] == {"cohort": {}, "1": {}}


def test_two_rows_of_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match="id of its own: 'may'"):
        drawn(COLUMNS, [row(True, {}), row(False, {})], choosing=True)
