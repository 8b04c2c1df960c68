"""The chart of what was observed against what was expected: by day for a surge or a campaign, by hour for today.

Like `charts`: a specification as a dict with its data as Arrow tables, colours by their names in the theme, every word
and number ready from Python.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from cx import marks
from cx.vega import (
    BY_TONE,
    NOTE_PIXELS,
    QUIET,
    Rows,
    Spec,
    finished,
    labels,
    layer,
    nice_ticks,
    rows_of,
    tooltip,
)

HEIGHT = 260
_DASHED = [4, 4]
MOST_TICKS = 8


def against_expected(
    steps: pd.DataFrame,
    shades: Sequence[Mapping[str, Any]],
    titles: Mapping[str, str],
    value_format: Callable[[float], str],
    step: float,
    marked: float | None = None,
    marked_text: str = "",
    annotations: pd.DataFrame | None = None,
) -> Spec:
    """Bars of what was observed, the line of what was expected, and its 95 % band.

    `steps`, one row each: place (days as milliseconds, or hours), observed, expected, lo, hi (NaN where there is none),
    tone ('bad', 'good' or ''), open (not complete yet: drawn hollow), and the texts place_text, observed_text,
    expected_text. `step`: the width of a bar in the unit of place. `shades`: name, start, end. `marked`: a place with
    a dashed line and `marked_text` at its head. `annotations`: see cx.marks; of days alone. `titles`: the tooltip's words for place,
    observed, expected, and with annotations annotation and when.
    """
    rows = [
        {**row, "until": row["place"] + step, "middle": row["place"] + step / 2} for row in rows_of(steps)
    ]
    span = (rows[0]["place"], rows[-1]["until"]) if rows else (0, step)
    x, y = _along(rows, span), _up(rows, value_format)
    cut = [_cut(shade, span) for shade in shades if shade["start"] < span[1] and shade["end"] > span[0]]
    flags = [] if marked is None else [{"place": marked, "text": marked_text}]
    noted = marks.happened(annotations, span, "place")
    layers = [_shading(x, cut), _band(x, y), *_bars(x, y, titles), *_line(x, y), *_flag(x)]
    if noted:
        layers += marks.annotation_lines({**x, "axis": None}, titles, HEIGHT)
    data = {
        "steps": rows,
        "known": [row for row in rows if row["expected"] is not None],
        "shades": cut,
        "flags": flags,
        **({"annotations": noted} if noted else {}),
    }
    return finished(layers, data, HEIGHT) | {"resolve": {"axis": {"x": "independent"}}}


def _cut(shade: Mapping[str, Any], span: tuple[float, float]) -> dict[str, Any]:
    start, end = max(shade["start"], span[0]), min(shade["end"], span[1])
    return {"name": shade["name"], "place": start, "until": end, "middle": (start + end) / 2}


def _along(rows: Rows, span: tuple[float, float]) -> Spec:
    every = max(-(-len(rows) // MOST_TICKS), 1)
    ticks = {row["middle"]: row["place_text"] for row in rows[::-1][::every][::-1]}
    axis = {**QUIET, **labels(ticks), "labelOverlap": "parity", "labelSeparation": 8}
    scale = {"domain": [*span], "zero": False, "nice": False}
    return {"field": "place", "type": "quantitative", "title": None, "scale": scale, "axis": axis}


def _up(rows: Rows, value_format: Callable[[float], str]) -> Spec:
    seen = [row[name] for row in rows for name in ("observed", "expected", "hi") if row[name] is not None]
    high = max([*seen, 1.0]) * 1.08
    axis = {**QUIET, **labels({tick: value_format(tick) for tick in nice_ticks(0, high)}), "grid": True}
    scale = {"domain": [0, high], "nice": False}
    return {"field": "observed", "type": "quantitative", "title": None, "scale": scale, "axis": axis}


def _shading(x: Spec, shades: Rows) -> Spec:
    size = {"labelFontSize": NOTE_PIXELS, "labelPadding": 4, "labelLimit": 120, "labelSeparation": 8}
    axis = {**QUIET, **labels({shade["middle"]: shade["name"] for shade in shades}), **size, "orient": "top"}
    encoding = {
        "x": {**x, "axis": axis},
        "x2": {"field": "until"},
        "tooltip": {"field": "name", "type": "nominal"},
    }
    return layer("shades", {"type": "rect", "opacity": 0.14}, encoding, "gray")


def _band(x: Spec, y: Spec) -> Spec:
    place = {"x": {**x, "field": "middle"}, "y": {**y, "field": "lo"}, "y2": {"field": "hi"}}
    return layer("known", {"type": "area", "opacity": 0.18, "clip": True}, place, "blue")


def _bars(x: Spec, y: Spec, titles: Mapping[str, str]) -> list[Spec]:
    """Filled bars for what is complete, hollow ones for what is not."""
    told = tooltip({f"{name}_text": titles[name] for name in ("place", "observed", "expected")})
    bar = {"type": "rect", "cornerRadius": 1.5}
    place = {"x": {**x, "axis": None}, "x2": {"field": "until"}, "y": y, "y2": {"datum": 0}, "tooltip": told}
    return [
        layer("steps", {**bar, "opacity": 0.75}, {**place, "color": BY_TONE}, None, "!datum.open"),
        layer(
            "steps",
            {**bar, "filled": False, "strokeDash": _DASHED, "opacity": 0.9},
            place,
            "gray",
            "datum.open",
        ),
    ]


def _line(x: Spec, y: Spec) -> list[Spec]:
    place = {"x": {**x, "field": "middle", "axis": None}, "y": {**y, "field": "expected"}}
    return [layer("known", {"type": "line", "strokeWidth": 2}, place, "blue")]


def _flag(x: Spec) -> list[Spec]:
    place = {"x": {**x, "axis": None}}
    text = {"type": "text", "align": "left", "baseline": "top", "dx": 5, "dy": 2, "fontSize": NOTE_PIXELS}
    return [
        layer("flags", {"type": "rule", "strokeDash": _DASHED, "strokeWidth": 1.25}, place, "gray"),
        layer("flags", text, {**place, "y": {"value": 0}, "text": {"field": "text"}}, "gray"),
    ]
