"""The picture of which source spoke on which day: a cell for each, stronger where more came, ringed where nothing did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from cx.vega import DAY_MS, QUIET, Spec, finished, labels, layer, rows_of, tooltip

ROW_PIXELS, AXIS_PIXELS = 30, 28


def strip(days: pd.DataFrame, ticks: Mapping[float, str], titles: Mapping[str, str]) -> Spec:
    """`days`, one row for each source and day: source (as it is told), place (the day in milliseconds), strength (0 to 1),
    missing, and the texts day_text, rows_text, usual_text. `ticks`: the days that are named. `titles`: the tooltip's words for
    day, source, rows, usual.
    """
    rows = [
        {**row, "until": row["place"] + DAY_MS, "middle": row["place"] + DAY_MS / 2} for row in rows_of(days)
    ]
    sources = list(dict.fromkeys(row["source"] for row in rows))
    x, y = _along(rows, ticks), _down(sources)
    told = tooltip(
        {
            "day_text": titles["day"],
            "source": titles["source"],
            "rows_text": titles["rows"],
            "usual_text": titles["usual"],
        }
    )
    place = {"x": x, "x2": {"field": "until"}, "y": y, "tooltip": told}
    cell = {"type": "rect", "cornerRadius": 2, "stroke": None, "height": {"band": 0.62}}
    strength = {
        "field": "strength",
        "type": "quantitative",
        "scale": {"domain": [0, 1], "range": [0.12, 0.9]},
        "legend": None,
    }
    cross = {"x": {**x, "field": "middle"}, "y": y, "text": {"value": "×"}, "tooltip": told}
    layers = [
        layer("days", cell, {**place, "opacity": strength}, "blue", "datum.strength > 0"),
        layer("days", {**cell, "opacity": 0.25}, place, "red", "datum.missing"),
        layer("days", {"type": "text", "fontSize": 14, "fontWeight": 700}, cross, "red", "datum.missing"),
    ]
    return finished(layers, {"days": rows}, ROW_PIXELS * max(len(sources), 1) + AXIS_PIXELS)


def _along(rows: Sequence[Mapping[str, float]], ticks: Mapping[float, str]) -> Spec:
    span = [rows[0]["place"], max(row["until"] for row in rows)] if rows else [0, DAY_MS]
    first = min((row["place"] for row in rows), default=span[0])
    axis = {
        **QUIET,
        **labels(dict(ticks)),
        "labelOverlap": "parity",
        "labelSeparation": 10,
        "labelAlign": "left",
    }
    scale = {"domain": [first, span[1]], "zero": False, "nice": False}
    return {"field": "place", "type": "quantitative", "title": None, "scale": scale, "axis": axis}


def _down(sources: Sequence[str]) -> Spec:
    axis = {**QUIET, "labelLimit": 84}
    return {"field": "source", "type": "nominal", "title": None, "sort": list(sources), "axis": axis}
