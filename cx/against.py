"""The charts of us against others: points with their intervals in one period, and one gap over time.

Like `charts`: specifications as dicts with their data as Arrow tables, colours by their names in the theme, every word
and number ready from Python.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

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
from cx.words import locale

ROW_HEIGHT, HEIGHT = 44, 236
TEXT_PIXELS = 64
"""Kept free beside the points for their values in words."""
_LOOKS = {"us": "blue", "other": "gray", "mean": "gray"}


def points(companies: pd.DataFrame, titles: Mapping[str, str]) -> Spec:
    """Each company's figure as a point with its 95 % interval, in the order of the rows.

    `companies`: name, value, lo, hi (NaN where there is none), kind ('us', 'other', or 'mean' for the industry), and the
    texts value_text, range_text, source_text. `titles`: the tooltip's words for name, value, range and source.
    """
    rtl = locale().text_direction == "rtl"
    rows = rows_of(companies)
    x, y = _along(rows, rtl), _names(rows, rtl)
    told = tooltip(
        {"name": titles["name"], **{f"{name}_text": titles[name] for name in ("value", "range", "source")}}
    )
    layers = [
        layer("companies", {"type": "rule", "strokeWidth": 2.5, "opacity": 0.55, "strokeCap": "round"},
              {"y": y, "x": {**x, "field": "lo"}, "x2": {"field": "hi"}}, colour, f"datum.kind == '{kind}' && datum.lo !== null")
        for kind, colour in _LOOKS.items()
    ] + [
        layer("companies", {"type": "point", "size": 110, "opacity": 1, **_point(kind)},
              {"y": y, "x": x, "tooltip": told}, colour, f"datum.kind == '{kind}'")
        for kind, colour in _LOOKS.items()
    ]  # fmt: skip
    layers.append(_values(y, rtl))
    return finished(layers, {"companies": rows}, ROW_HEIGHT * max(len(rows), 1) + 4)


def gap(periods: pd.DataFrame, titles: Mapping[str, str], level_text: str, value_format: Callable[[float], str]) -> Spec:  # fmt: skip
    """One gap by period with its 95 % band, and the line at which both are level.

    `periods`, oldest first: period (its name), value, lo, hi (NaN where there is none), tone ('good', 'bad' or ''), and the
    texts value_text and range_text. `titles`: the tooltip's words for period, value and range.
    """
    rows = [{"place": place, **row} for place, row in enumerate(rows_of(periods))]
    x, y = _over(rows), _up(rows, value_format)
    told = tooltip({"period": titles["period"], "value_text": titles["value"], "range_text": titles["range"]})
    place = {"x": x, "y": y}
    text = {"type": "text", "align": "left", "baseline": "bottom", "dx": 4, "dy": -3, "fontSize": NOTE_PIXELS}
    halo = {**text, "stroke": {"expr": "background"}, "strokeWidth": 4, "strokeJoin": "round"}
    layers = [
        layer("periods", {"type": "area", "opacity": 0.15},
              {"x": x, "y": {**y, "field": "lo"}, "y2": {"field": "hi"}}, "blue", "datum.lo !== null"),
        layer("level", {"type": "rule", "strokeDash": [4, 4], "strokeWidth": 1.25}, {"y": y}, "gray"),
        layer("periods", {"type": "line", "strokeWidth": 2.25, "strokeJoin": "round"}, place, "blue"),
        layer("periods", {"type": "point", "filled": True, "size": 60, "opacity": 1},
              {**place, "color": BY_TONE, "tooltip": told}),
        *(layer("level", mark, {"x": {"value": 0}, "y": y, "text": {"field": "text"}}, "gray") for mark in (halo, text)),
    ]  # fmt: skip
    return finished(layers, {"periods": rows, "level": [{"value": 0.0, "text": level_text}]}, HEIGHT)


def _point(kind: str) -> Spec:
    """The mean of the industry is hollow: nobody measured it."""
    return {"filled": False, "strokeWidth": 2, "shape": "diamond"} if kind == "mean" else {"filled": True}


def _along(rows: Rows, rtl: bool) -> Spec:
    low, high = _span(rows)
    bounds: list[Any] = [8 + rtl * TEXT_PIXELS, {"expr": f"width - {8 + (not rtl) * TEXT_PIXELS}"}]
    scale = {"domain": [low, high], "nice": False, "zero": False, "range": bounds}
    return {"field": "value", "type": "quantitative", "title": None, "axis": None, "scale": scale}


def _names(rows: Rows, rtl: bool) -> Spec:
    size = {
        "labelFontSize": 13,
        "labelPadding": 12,
        "labelLimit": 150,
        "labelOverlap": False,
        "labelFlush": False,
    }
    axis = {**QUIET, **size, "orient": "right" if rtl else "left"}
    order = [row["name"] for row in rows]
    scale = {"type": "band"}
    return {"field": "name", "type": "nominal", "sort": order, "title": None, "axis": axis, "scale": scale}


def _values(y: Spec, rtl: bool) -> Spec:
    text = {"type": "text", "align": "left" if rtl else "right", "fontSize": 12, "fontWeight": 600}
    end = {"value": 0 if rtl else "width"}
    return layer("companies", text, {"y": y, "x": end, "text": {"field": "value_text"}}, "gray")


def _over(rows: Rows) -> Spec:
    last = max(len(rows) - 1, 1)
    every = max(-(-len(rows) // 6), 1)
    ticks = {float(row["place"]): row["period"] for row in rows[::-1][::every][::-1]}
    axis = {**QUIET, **labels(ticks), "labelOverlap": "parity", "labelSeparation": 8}
    scale = {"domain": [-0.25, last + 0.25], "zero": False, "nice": False}
    return {"field": "place", "type": "quantitative", "title": None, "scale": scale, "axis": axis}


def _up(rows: Rows, value_format: Callable[[float], str]) -> Spec:
    low, high = _span([*rows, {"value": 0.0, "lo": None, "hi": None}])
    axis = {**QUIET, **labels({tick: value_format(tick) for tick in nice_ticks(low, high)}), "grid": True}
    scale = {"domain": [low, high], "zero": False, "nice": False}
    return {"field": "value", "type": "quantitative", "title": None, "scale": scale, "axis": axis}


def _span(rows: Rows) -> tuple[float, float]:
    seen = [row[name] for row in rows for name in ("value", "lo", "hi") if row[name] is not None]
    low, high = min(seen, default=0.0), max(seen, default=1.0)
    room = (high - low) * 0.06 or abs(high) * 0.05 or 1.0
    return low - room, high + room
