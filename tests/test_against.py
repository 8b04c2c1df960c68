"""The charts of us against others: sound specifications, and what they hold."""

from math import nan

import altair as alt
import pandas as pd
import pytest

from cx import against, words

TITLES = {name: name for name in ("name", "value", "range", "source", "period")}


def points(*rows):
    frame = pd.DataFrame(rows, columns=["name", "value", "lo", "hi", "kind"])
    return against.points(frame.assign(value_text="", range_text="", source_text=""), TITLES)


def gap(*rows):
    frame = pd.DataFrame(rows, columns=["period", "value", "lo", "hi", "tone"])
    return against.gap(
        frame.assign(value_text="", range_text=""), TITLES, "Level", lambda value: f"{value:g}"
    )


COMPANIES = points(
    ("Us", 80.0, 78.0, 82.0, "us"), ("Rival", 70.0, nan, nan, "other"), ("All", 75.0, 73.0, 77.0, "mean")
)
QUARTERS = gap(("2026-Q1", -5.0, -8.0, -2.0, "bad"), ("2026-Q2", -3.0, nan, nan, ""))


@pytest.mark.parametrize(
    "spec", [COMPANIES, QUARTERS, points(("Us", 0.0, nan, nan, "us")), gap(("2026", 0.0, 0.0, 0.0, ""))]
)
def test_what_is_drawn_is_sound(spec):
    plain = {**spec, "datasets": {name: rows.to_pylist() for name, rows in spec["datasets"].items()}}
    alt.LayerChart.from_dict(plain)


def test_companies_stand_in_the_order_of_their_rows():
    assert COMPANIES["layer"][0]["encoding"]["y"]["sort"] == ["Us", "Rival", "All"]
    assert [row["lo"] for row in COMPANIES["datasets"]["companies"].to_pylist()] == [78.0, None, 73.0]


def test_a_gap_is_drawn_with_the_line_at_which_both_are_level():
    low, high = QUARTERS["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert low < -8 < 0 < high
    assert QUARTERS["datasets"]["level"].to_pylist() == [{"value": 0.0, "text": "Level"}]


def test_names_stand_on_the_right_where_one_reads_from_there():
    words.use("fa")
    try:
        spec = points(("ما", 80.0, 78.0, 82.0, "us"))
    finally:
        words.use("en")
    assert spec["layer"][0]["encoding"]["y"]["axis"]["orient"] == "right"
