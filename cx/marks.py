"""What stands around a chart's own line: the target through time, the actions taken, what happened, and the forecast."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pandas as pd

from cx.vega import DAY_MS, NOTE_PIXELS, Rows, Spec, layer, moment, rows_of, tooltip

DASHED = [4, 4]
DOTTED = [1, 3]
NARROWEST_STEP = 0.14
"""The share of the chart's width from which a step of the target is named on its own line."""

Span = tuple[int, int]
"""The first and last moment that the chart shows."""


def steps(targets: pd.DataFrame | None, span: Span) -> Rows:
    """The target through time, cut to the chart: where each of its steps begins and ends, and its name where there is room.

    `targets`: from (its first day), value, text; by day.
    """
    told = [] if targets is None else rows_of(targets)
    days = [moment(row["from"]) for row in told] + [span[1]]
    found: Rows = []
    for row, (begins, ends) in zip(told, pairwise(days), strict=True):
        start, end = max(begins, span[0]), min(ends, span[1])
        wide = end - start >= NARROWEST_STEP * (span[1] - span[0])
        if start < end:
            held = {"week": start, "value": row["value"], "text": row["text"] if wide else ""}
            found += [held, {**held, "week": end, "text": ""}]
    return found


def target_line(x: Spec, y: Spec) -> Spec:
    """The target's dashed line."""
    line = {"type": "line", "strokeDash": DASHED, "strokeWidth": 1.25}
    return layer("target", line, {"x": x, "y": y}, "gray") | {"name": "target"}


def target_names(x: Spec, y: Spec) -> list[Spec]:
    """The target's name on each of its steps, with a halo where the measure's own line runs behind it."""
    text = {"type": "text", "align": "left", "baseline": "bottom", "dx": 4, "dy": -4,
            "fontSize": NOTE_PIXELS, "fontWeight": 500}  # fmt: skip
    halo = {**text, "stroke": {"expr": "background"}, "strokeWidth": 4, "strokeJoin": "round"}
    place = {"x": x, "y": y, "text": {"field": "text"}}
    return [layer("target", mark, place, "gray", "datum.text != ''") for mark in (halo, text)]


def taken(actions: pd.DataFrame | None, span: Span) -> Rows:
    """The actions within the chart. `actions`: on (the day), name, aimed (at this measure), told (a text for its tooltip)."""
    rows = [] if actions is None else rows_of(actions)
    found = [{**row, "week": moment(row.pop("on"))} for row in rows]
    return [row for row in found if span[0] <= row["week"] <= span[1]]


def action_lines(x: Spec, titles: Mapping[str, str]) -> list[Spec]:
    """Each action as a dotted upright; those that aim at the measure are named along it, the others stand back."""
    rule = {"type": "rule", "strokeDash": DOTTED, "strokeWidth": 1.5}
    back = {"condition": {"test": "datum.aimed", "value": 0.9}, "value": 0.3}
    told = tooltip({"name": titles["action"], "told": titles["when"]})
    text = {"type": "text", "angle": 270, "align": "right", "baseline": "bottom", "dy": -4, "limit": 190,
            "fontSize": NOTE_PIXELS, "fontStyle": "italic"}  # fmt: skip
    halo = {**text, "stroke": {"expr": "background"}, "strokeWidth": 4, "strokeJoin": "round"}
    named = {"x": x, "y": {"value": 6}, "text": {"field": "name"}}
    return [
        layer("actions", rule, {"x": x, "opacity": back, "tooltip": told}, "gray"),
        *(layer("actions", mark, named, "gray", "datum.aimed") for mark in (halo, text)),
    ]


def happened(annotations: pd.DataFrame | None, span: tuple[float, float], place: str) -> Rows:
    """The annotations that touch the chart, cut to it. `annotations`: on, until (its last day), text, told (a text for its
    tooltip). `place`: what the chart calls its days, in milliseconds; each begins there and lasts until `ends`."""
    rows: Rows = []
    for row in [] if annotations is None else rows_of(annotations):
        start, end = max(moment(row["on"]), span[0]), min(moment(row["until"]) + DAY_MS, span[1])
        if start < end:
            rows.append({place: start, "ends": end, "text": row["text"], "told": row["told"]})
    return rows


def annotation_lines(x: Spec, titles: Mapping[str, str], height: int) -> list[Spec]:
    """Each annotation as an upright with its text along it from below, and a bar at the foot for the days that it lasts."""
    told = tooltip({"text": titles["annotation"], "told": titles["when"]})
    foot = {"type": "rule", "strokeWidth": 4, "opacity": 0.8}
    text = {"type": "text", "angle": 270, "align": "left", "baseline": "bottom", "dy": -3, "limit": round(0.6 * height),
            "fontSize": NOTE_PIXELS, "fontWeight": 500}  # fmt: skip
    halo = {**text, "stroke": {"expr": "background"}, "strokeWidth": 4, "strokeJoin": "round"}
    named = {"x": x, "y": {"value": {"expr": "height - 10"}}, "text": {"field": "text"}}
    return [
        layer("annotations", {"type": "rule", "strokeWidth": 1.25, "opacity": 0.7}, {"x": x, "tooltip": told}, "gray"),
        layer("annotations", foot, {"x": x, "x2": {"field": "ends"}, "y": {"value": {"expr": "height - 2"}}, "tooltip": told}, "gray"),
        *(layer("annotations", mark, named, "gray") for mark in (halo, text)),
    ]  # fmt: skip


def ahead(forecast: pd.DataFrame | None, last: dict[str, Any] | None) -> Rows:
    """The forecast's weeks, led up to by the last known one. `forecast`: week, value, lo, hi, lo80, hi80."""
    if forecast is None or last is None:
        return []
    known = {"week": last["week"], **dict.fromkeys(("value", "lo", "hi", "lo80", "hi80"), last["value"])}
    return [known, *({**row, "week": moment(row["week"])} for row in rows_of(forecast))]


def forecast_lines(x: Spec, y: Spec) -> list[Spec]:
    """The forecast, dashed, within its band of 95 % and, a little stronger, of 80 %."""
    bands = [
        layer("forecast", {"type": "area", "clip": True, "opacity": opacity},
              {"x": x, "y": {**y, "field": low}, "y2": {"field": high}}, "gray")
        for low, high, opacity in (("lo", "hi", 0.1), ("lo80", "hi80", 0.12))
    ]  # fmt: skip
    line = {"type": "line", "strokeDash": [2, 3], "strokeWidth": 1.75}
    return [*bands, layer("forecast", line, {"x": x, "y": y}, "blue") | {"name": "forecast"}]
