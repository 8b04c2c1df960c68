"""Frames to charts: Vega-Lite specifications that Streamlit draws as they are.

No Streamlit here and no chart library: a specification is a dict with its data as Arrow tables, built in a few
milliseconds, cached by the caller and not changed afterwards. Colours are names of the theme's palette, so that one
specification serves light and dark. Words and numbers come ready from Python; the browser only places them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from itertools import accumulate, pairwise
from typing import Any

import pandas as pd

from cx import marks
from cx.vega import (
    BY_TONE,
    DAY_MS,
    NOTE_PIXELS,
    QUIET,
    TONES,
    Rows,
    Spec,
    day_of,
    finished,
    labels,
    layer,
    moment,
    nice_ticks,
    rows_of,
    tooltip,
)
from cx.words import locale, short_day

HEIGHT, ROW_HEIGHT = 318, 40
WEEK_TICKS = 8
TOTAL_PIXELS, LETTER_PIXELS, NARROWEST_PIXELS = 64, 6, 130
"""Of the movers: kept free for the totals in words, the width of a letter, and the least width of the bars."""

_DASHED = [4, 4]


def trend(
    weeks: pd.DataFrame,
    campaigns: pd.DataFrame,
    targets: pd.DataFrame | None,
    titles: Mapping[str, str],
    value_format: Callable[[float], str],
    actions: pd.DataFrame | None = None,
    forecast: pd.DataFrame | None = None,
    annotations: pd.DataFrame | None = None,
) -> Spec:
    """One measure by week, with its 95 % band, its target through time, its forecast, the campaigns, the actions and what people
    wrote down.

    `weeks`: week (its first day), value, lo, hi (NaN where there is none), finished, tone ('bad' or 'good' where the
    change is beyond noise, else ''), and the texts of its tooltip: week_text, value_text, range_text, n_text.
    `campaigns`: name, starts_on, ends_on (its last day), channel. `targets`, `actions`, `forecast` and `annotations`: see
    cx.marks. `titles`: the tooltips' words for week, value, range, n, campaign, channel, action, annotation and when. The viewer's brush is named 'brush'; see `brushed`.
    """
    rows = _week_rows(weeks)
    beyond = marks.ahead(forecast, next((row for row in rows if row["last"]), None))
    end = max((row["week"] for row in [*rows, *beyond]), default=DAY_MS)
    span = (rows[0]["week"] if rows else 0, end)
    shades, aims, done = _shades(campaigns, span), marks.steps(targets, span), marks.taken(actions, span)
    noted = marks.happened(annotations, span, "week")
    x, y = _week_axis([*rows, *beyond], span), _value_axis([*rows, *beyond], aims, value_format)
    bare = {**x, "axis": None}
    layers = [
        _shading(x, shades, titles),
        *_bands(x, y),
        *(marks.forecast_lines(bare, y) if beyond else ()),
        marks.target_line(bare, y),
        *(marks.action_lines(bare, titles) if done else ()),
        *(marks.annotation_lines(bare, titles, HEIGHT) if noted else ()),
        _hover(bare, titles),
        *_lines(bare, y),
        *_dots(bare, y, "".join(row["tone"] for row in rows if row["last"])),
        *marks.target_names(bare, y),
    ]
    data = {"weeks": rows, "open": _open_segment(rows), "campaigns": shades, "target": aims}
    data |= ({"forecast": beyond} if beyond else {}) | ({"actions": done} if done else {})
    data |= {"annotations": noted} if noted else {}
    return finished(layers, data, HEIGHT) | {"resolve": {"axis": {"x": "independent"}}, "params": _params()}


def brushed(selection: Mapping[str, Any]) -> tuple[date, date] | None:
    """The first and last day that the viewer's brush covers on a trend, or None where nothing is brushed."""
    bounds = (selection.get("brush") or {}).get("week")
    if not bounds:
        return None
    first, last = sorted(float(bound) for bound in bounds)
    return day_of(first), day_of(last)


def movers(frame: pd.DataFrame, titles: Mapping[str, str]) -> Spec:
    """What moved a measure: for each group the part of its own rate and the part of its share, and their sum.

    `frame`: group, rate, mix, total (all in the measure's unit), each of them as it is read (rate_text, mix_text, and text
    for the total), tone ('bad', 'good' or ''); drawn in its order. `titles`: the words for group, rate, mix and total; rate and mix also stand at the
    first group's bars. A rate's bar is filled and above, a mix's is hollow and below, a total is told in words.
    """
    rtl = locale().text_direction == "rtl"
    rows = rows_of(frame)
    x, y = _bar_axis(rows, titles, rtl), _group_axis(rows, rtl)
    layers = [
        layer("zero", {"type": "rule", "strokeWidth": 1}, {"x": {**x, "field": "zero"}}, "gray"),
        *(_part(x, y, part) for part in _LANES),
        *(_part_name(x, y, part) for part in _LANES),
        _totals(y, titles, rtl),
    ]
    data = {
        "movers": rows,
        "first": [{**row, "rate_name": titles["rate"], "mix_name": titles["mix"]} for row in rows[:1]],
        "zero": [{"zero": 0}],
    }
    return finished(layers, data, ROW_HEIGHT * max(len(rows), 1))


# The trend, piece by piece.


def _week_rows(weeks: pd.DataFrame) -> Rows:
    """The weeks in order, each with the unbroken run that it is part of, and whether it stands alone or last."""
    rows = sorted(rows_of(weeks), key=lambda row: row["week"])
    drawn = [row["finished"] and row["value"] is not None for row in rows]
    runs = [*accumulate(int(now != before) for before, now in pairwise([False, *drawn]))]
    sizes, last = Counter(runs), max((place for place, is_drawn in enumerate(drawn) if is_drawn), default=-1)
    return [
        {**row, "week": moment(row["week"]), "drawn": drawn[place], "run": runs[place],
         "alone": drawn[place] and sizes[runs[place]] == 1, "last": place == last}
        for place, row in enumerate(rows)
    ]  # fmt: skip


def _open_segment(rows: Rows) -> Rows:
    """The unfinished week, and before it the week that leads up to it, where both have a value."""
    first = next((place for place, row in enumerate(rows) if not row["finished"]), len(rows))
    around = rows[max(first - 1, 0) :] if first < len(rows) else []
    return [row for row in around if row["value"] is not None]


def _shades(campaigns: pd.DataFrame, span: tuple[int, int]) -> Rows:
    """The campaigns that touch the weeks shown, cut to them, with the middle under which each name stands."""
    shades = []
    for row in rows_of(campaigns):
        start = max(moment(row["starts_on"]), span[0])
        end = min(moment(row["ends_on"]) + DAY_MS, span[1])
        if start < end:
            told = {"name": row["name"], "channel": row["channel"]}
            shades.append({**told, "week": start, "end": end, "middle": (start + end) // 2})
    return shades


def _week_axis(rows: Rows, span: tuple[int, int]) -> Spec:
    """Weeks along the bottom, labelled every so many, counted back from the last one."""
    weeks = sorted({row["week"] for row in rows})
    every = max(math.ceil(len(weeks) / WEEK_TICKS), 1)
    ticks = weeks[::-1][::every][::-1]
    scale = {"domain": [*span], "zero": False, "nice": False}
    even = {"labelOverlap": "parity", "labelSeparation": 10}
    axis = {**QUIET, **labels({tick: short_day(day_of(tick)) for tick in ticks}), **even}
    return {"field": "week", "type": "quantitative", "title": None, "scale": scale, "axis": axis}


def _value_axis(rows: Rows, aims: Rows, value_format: Callable[[float], str]) -> Spec:
    """Values up the side: room for every value and the target, and for the band but in its widest weeks."""
    values = [row["value"] for row in [*rows, *aims]]
    lows, highs = (sorted(row[bound] for row in rows if row[bound] is not None) for bound in ("lo", "hi"))
    widest = len(lows) // 20
    seen = [value for value in values if value is not None] + lows[widest:] + highs[: len(highs) - widest]
    low, high = min(seen, default=0.0), max(seen, default=1.0)
    room = (high - low) * 0.08 or abs(high) * 0.05 or 1.0
    low, high = low - room, high + room
    axis = {**QUIET, **labels({tick: value_format(tick) for tick in nice_ticks(low, high)}), "grid": True}
    scale = {"domain": [low, high], "zero": False, "nice": False}
    return {"field": "value", "type": "quantitative", "title": None, "scale": scale, "axis": axis}


def _shading(x: Spec, shades: Rows, titles: Mapping[str, str]) -> Spec:
    names = {shade["middle"]: shade["name"] for shade in shades}
    size = {"labelFontSize": NOTE_PIXELS, "labelPadding": 4, "labelLimit": 104, "labelSeparation": 8}
    axis = {**QUIET, **labels(names), **size, "orient": "top"}
    told = tooltip({"name": titles["campaign"], "channel": titles["channel"]})
    encoding = {"x": {**x, "axis": axis}, "x2": {"field": "end"}, "tooltip": told}
    return layer("campaigns", {"type": "rect", "opacity": 0.14}, encoding, "gray")


def _bands(x: Spec, y: Spec) -> list[Spec]:
    """The band of the finished weeks, which carries both axes, and the fainter one of the unfinished week."""
    area = {"type": "area", "clip": True}
    bounds = {"y": {**y, "field": "lo"}, "y2": {"field": "hi"}}
    runs = {"x": x, **bounds, "detail": {"field": "run"}}
    return [
        layer("weeks", {**area, "opacity": 0.15}, runs, "blue", "datum.drawn"),
        layer("open", {**area, "opacity": 0.07}, {"x": {**x, "axis": None}, **bounds}, "blue"),
    ]


def _hover(x: Spec, titles: Mapping[str, str]) -> Spec:
    told = tooltip({f"{name}_text": titles[name] for name in ("week", "value", "range", "n")})
    shown = {"condition": {"param": "hover", "value": 0.7, "empty": False}, "value": 0}
    rule = {"type": "rule", "strokeWidth": 1}
    return layer("weeks", rule, {"x": x, "opacity": shown, "tooltip": told}, "gray") | {"name": "hovered"}


def _lines(x: Spec, y: Spec) -> list[Spec]:
    line = {"type": "line", "strokeWidth": 2.25, "strokeJoin": "round"}
    place = {"x": x, "y": y}
    return [
        layer("weeks", line, {**place, "detail": {"field": "run"}}, "blue", "datum.drawn") | {"name": "line"},
        layer("open", {**line, "strokeDash": _DASHED}, place, "blue"),
    ]


def _dots(x: Spec, y: Spec, last_tone: str) -> list[Spec]:
    """Weeks that stand alone, weeks beyond noise, the last finished week, and a ring for the unfinished one."""
    dot = {"type": "point", "filled": True, "opacity": 1}
    ring = {
        "type": "point",
        "filled": False,
        "fill": {"expr": "background"},
        "size": 64,
        "strokeWidth": 2,
        "opacity": 1,
    }
    place = {"x": x, "y": y}
    return [
        layer("weeks", {**dot, "size": 26}, place, "blue", "datum.alone"),
        layer("weeks", {**dot, "size": 46}, place, "red", "datum.drawn && datum.tone == 'bad'"),
        layer("weeks", {**dot, "size": 46}, place, "green", "datum.drawn && datum.tone == 'good'"),
        layer("open", ring, place, "blue", "!datum.finished"),
        layer("weeks", {**dot, "size": 95}, place, TONES[last_tone] if last_tone else "blue", "datum.last"),
    ]


def _params() -> list[Spec]:
    grey = "#8891A0"
    drawn = {"fill": grey, "fillOpacity": 0.1, "stroke": grey, "strokeOpacity": 0.55}
    brush = {"type": "interval", "encodings": ["x"], "mark": drawn}
    hover = {"type": "point", "nearest": True, "on": "pointerover", "clear": "pointerout", "fields": ["week"]}
    return [
        {"name": "brush", "select": brush, "views": ["line"]},
        {"name": "hover", "select": hover, "views": ["hovered"]},
    ]


# The movers, piece by piece. A row is 40 pixels high; its two bars stand above and below its middle.

_LANES = {"rate": -9, "mix": 9}


def _bar_axis(rows: Rows, titles: Mapping[str, str], rtl: bool) -> Spec:
    """Contributions along a line of which only zero is drawn; the margins are for words."""
    parts = [0.0, *(row[part] for row in rows for part in (*_LANES, "total"))]
    low, high = min(parts), max(parts)
    left, right = (_name_room(rows[:1], titles, edge, high - low or 1.0) for edge in (low, high))
    bounds = [left + rtl * TOTAL_PIXELS, {"expr": f"width - {right + (not rtl) * TOTAL_PIXELS}"}]
    scale = {"domain": [low, high], "nice": False, "zero": False, "range": bounds}
    return {"type": "quantitative", "title": None, "axis": None, "scale": scale}


def _name_room(first: Rows, titles: Mapping[str, str], edge: float, span: float) -> int:
    """The margin beyond an edge for the names of the first group's bars that point to it, on the narrowest chart."""
    pointing = [(part, row[part]) for row in first for part in _LANES if (row[part] < 0) == (edge < 0)]
    names = (
        12 + LETTER_PIXELS * len(titles[part]) - NARROWEST_PIXELS * abs(edge - value) / span
        for part, value in pointing
    )
    return round(max(8.0, *names)) if pointing else 8


def _group_axis(rows: Rows, rtl: bool) -> Spec:
    axis = {
        **QUIET,
        "labelFontSize": 13,
        "labelPadding": 12,
        "labelLimit": 132,
        "labelOverlap": False,
        "orient": "right" if rtl else "left",
    }
    return {
        "field": "group",
        "type": "nominal",
        "sort": [row["group"] for row in rows],
        "title": None,
        "axis": axis,
    }


def _part(x: Spec, y: Spec, part: str) -> Spec:
    look = {"filled": False, "strokeWidth": 1.25} if part == "mix" else {"filled": True, "opacity": 0.85}
    bar = {"type": "bar", "height": 8, "cornerRadius": 2, "yOffset": _LANES[part], **look}
    return layer("movers", bar, {"y": y, "x": {**x, "field": part}, "x2": {"datum": 0}, "color": BY_TONE})


def _part_name(x: Spec, y: Spec, part: str) -> Spec:
    """What a part is called, beyond the end of the first group's bar."""
    backward = f"datum.{part} < 0"
    text = {
        "type": "text",
        "yOffset": _LANES[part],
        "fontSize": NOTE_PIXELS,
        "align": {"expr": f"{backward} ? 'right' : 'left'"},
        "dx": {"expr": f"{backward} ? -6 : 6"},
    }
    return layer(
        "first", text, {"y": y, "x": {**x, "field": part}, "text": {"field": f"{part}_name"}}, "gray"
    )


def _totals(y: Spec, titles: Mapping[str, str], rtl: bool) -> Spec:
    """The sum of both parts in words, at the end of the row."""
    text = {"type": "text", "align": "left" if rtl else "right", "fontSize": 12, "fontWeight": 600}
    parts = {f"{part}_text": titles[part] for part in _LANES}
    told = tooltip({"group": titles["group"], **parts, "text": titles["total"]})
    end = {"value": 0 if rtl else "width"}
    return layer(
        "movers", text, {"y": y, "x": end, "text": {"field": "text"}, "color": BY_TONE, "tooltip": told}
    )
