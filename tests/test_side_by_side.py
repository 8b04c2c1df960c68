"""Lines beside each other on the days since each began."""

from __future__ import annotations

from itertools import pairwise

import altair as alt
import pandas as pd
import pytest

from cx.side_by_side import HEIGHT, side_by_side

TITLES = {name: name for name in ("name", "place", "value", "range")}


def lines(**values: list[float]) -> pd.DataFrame:
    rows = [
        (name, float(day), value, f"day {day}", f"{value:g}", "")
        for name, found in values.items()
        for day, value in enumerate(found)
    ]
    return pd.DataFrame(rows, columns=["name", "place", "value", "place_text", "value_text", "range_text"])


def drawn(table: pd.DataFrame, level: float | None = 0.0) -> dict:
    return side_by_side(table, TITLES, lambda value: f"{value:g}", level)


@pytest.mark.parametrize("table", [lines(a=[1, 2, 3], b=[3, -2, 1.0]), lines(a=[0]), lines()])
def test_it_is_a_chart(table: pd.DataFrame) -> None:
    spec = drawn(table)
    alt.LayerChart.from_dict(
        {**spec, "datasets": {name: data.to_pylist() for name, data in spec["datasets"].items()}}
    )


def test_names_stand_above_their_lines_and_apart() -> None:
    spec = drawn(lines(a=[9, 5, 4, 4], b=[1, 2, 4, 4.1], c=[0, 0, 0, 4.2]))
    ends = spec["datasets"]["ends"].to_pylist()
    low, high = spec["layer"][1]["encoding"]["y"]["scale"]["domain"]
    places = sorted(row["named_at"] for row in ends)
    assert all(row["named_at"] >= row["value"] for row in ends)
    assert min(b - a for a, b in pairwise(places)) * HEIGHT / (high - low) >= 12


def test_lines_keep_their_order_so_that_colours_stay() -> None:
    spec = drawn(lines(b=[1, 2], a=[3, 4]))
    assert spec["layer"][1]["encoding"]["color"]["scale"]["domain"] == ["b", "a"]
