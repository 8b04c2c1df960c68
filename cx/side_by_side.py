"""The chart of several lines on the days since each began, each named at its end.

Like `charts`: a specification as a dict with its data as Arrow tables, every word and number ready from Python. The lines
take the theme's categorical colours in their order, so that one specification serves light and dark.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from cx.vega import LABEL_PIXELS, QUIET, Rows, Spec, finished, labels, layer, nice_ticks, rows_of, tooltip

HEIGHT = 260
MOST_TICKS = 8
NAMED_SHARE = 0.25
"""The share of the width that a name takes."""


def side_by_side(
    lines: pd.DataFrame,
    titles: Mapping[str, str],
    value_format: Callable[[float], str],
    level: float | None = None,
) -> Spec:
    """A line for each name, in the order in which the names come first.

    `lines`, one row a day: name, place (days since the start), value (NaN where there is none), and the texts place_text,
    value_text, range_text. `level`: a value with a hairline across. `titles`: the tooltip's words for name, place,
    value, range.
    """
    rows = [row for row in rows_of(lines) if row["value"] is not None]
    ends = [*{row["name"]: row for row in rows}.values()]
    x, y = _along(rows), _up(rows, value_format, level)
    colour = {
        "field": "name",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": [row["name"] for row in ends]},
    }
    place = {"x": x, "y": y, "color": colour}
    told = tooltip(
        {"name": titles["name"], **{f"{name}_text": titles[name] for name in ("place", "value", "range")}}
    )
    text = {
        "type": "text",
        "align": "right",
        "baseline": "bottom",
        "dy": -7,
        "fontSize": LABEL_PIXELS,
        "limit": 180,
    }
    layers = [
        layer("level", {"type": "rule", "opacity": 0.5}, {"y": y}, "gray"),
        layer("lines", {"type": "line", "strokeWidth": 2.25, "clip": True}, place),
        layer(
            "lines",
            {"type": "point", "filled": True, "size": 90, "opacity": 0.001},
            {**place, "tooltip": told},
        ),
        layer("ends", {"type": "point", "filled": True, "size": 40, "opacity": 1}, place),
        layer(
            "ends",
            text,
            {**place, "y": {**y, "field": "named_at"}, "text": {"field": "name", "type": "nominal"}},
        ),
    ]
    levels = [] if level is None else [{"value": level}]
    return finished(layers, {"lines": rows, "ends": _apart(rows, ends, x, y), "level": levels}, HEIGHT)


def _along(rows: Rows) -> Spec:
    places = {row["place"]: row["place_text"] for row in rows}
    every = max(-(-len(places) // MOST_TICKS), 1)
    ticks = {place: text for place, text in sorted(places.items()) if place % every == 0}
    axis = {**QUIET, **labels(ticks), "labelOverlap": "parity", "labelSeparation": 8}
    scale = {"domain": [min(places, default=0), max(places, default=1)], "nice": False, "zero": False}
    return {"field": "place", "type": "quantitative", "title": None, "scale": scale, "axis": axis}


def _up(rows: Rows, value_format: Callable[[float], str], level: float | None) -> Spec:
    seen = [*(row["value"] for row in rows), 0.0 if level is None else level, 1.0]
    low, high = min(seen), max(seen)
    low, high = low - 0.04 * (high - low) if low < 0 else 0.0, high + 0.06 * (high - low)
    axis = {**QUIET, **labels({tick: value_format(tick) for tick in nice_ticks(low, high)}), "grid": True}
    return {
        "field": "value",
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [low, high], "nice": False},
        "axis": axis,
    }


def _apart(rows: Rows, ends: Rows, x: Spec, y: Spec) -> Rows:
    """The ends with a place for each name: above its own line, and none nearer to the one beneath than a line of text."""
    (start, end), (low, high) = x["scale"]["domain"], y["scale"]["domain"]
    line, wide = (high - low) * 1.25 * LABEL_PIXELS / HEIGHT, NAMED_SHARE * (end - start)
    tops = {
        one["name"]: max(row["value"] for row in rows if row["name"] == one["name"] and row["place"] >= one["place"] - wide)
        for one in ends
    }  # fmt: skip
    placed: Rows = []
    for row in sorted(ends, key=lambda row: float(tops[row["name"]])):
        least = placed[-1]["named_at"] + line if placed else low
        placed.append({**row, "named_at": max(tops[row["name"]], least)})
    return placed
