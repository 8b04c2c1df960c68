"""The few pieces of Vega-Lite that every chart is put together from."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pyarrow as pa

Spec = dict[str, Any]
Rows = list[dict[str, Any]]

LABEL_PIXELS, NOTE_PIXELS = 12, 11
DAY_MS = 86_400_000
TONES = {"bad": "red", "good": "green", "": "gray"}
"""Only a change beyond noise is coloured, by the name that the theme gives its colour."""

BY_TONE: Spec = {
    "field": "tone",
    "type": "nominal",
    "legend": None,
    "scale": {"domain": [*TONES], "range": [*TONES.values()]},
}
"""The colour of a mark by its row's tone. The browser knows the theme's names in a scale, not in the data."""

QUIET: Spec = {
    "ticks": False,
    "domain": False,
    "grid": False,
    "title": None,
    "labelFontSize": LABEL_PIXELS,
    "labelPadding": 8,
    "labelOverlap": "greedy",
}
"""An axis of labels alone."""


def rows_of(frame: pd.DataFrame) -> Rows:
    """The rows of a frame, None standing for every missing value."""
    rows: Rows = pa.Table.from_pandas(frame, preserve_index=False).to_pylist()
    return rows


def layer(data: str, mark: Spec, encoding: Spec, colour: str | None = None, where: str = "") -> Spec:
    """A mark over a named dataset: in one colour of the palette, and over the rows where an expression holds."""
    spec: Spec = {"data": {"name": data}, "mark": mark, "encoding": encoding}
    if colour:
        spec["encoding"] = encoding | {"color": {"value": colour}}
    if where:
        spec["transform"] = [{"filter": where}]
    return spec


def finished(layers: Sequence[Spec], data: Mapping[str, Rows], height: int) -> Spec:
    """The whole chart: its layers, its data as Arrow, as wide as its container, on a canvas."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": "container",
        "height": height,
        "layer": [*layers],
        "datasets": {name: pa.Table.from_pylist(rows) for name, rows in data.items()},
        "padding": {"left": 0, "right": 2, "top": 0, "bottom": 6},
        "config": {"view": {"strokeWidth": 0}},
        "usermeta": {"embedOptions": {"renderer": "canvas"}},
    }


def tooltip(titles: Mapping[str, str]) -> list[Spec]:
    """A line for each field of ready text, under its title."""
    return [{"field": field, "type": "nominal", "title": title} for field, title in titles.items()]


def labels(texts: Mapping[float, str]) -> Spec:
    """The part of an axis that puts these texts, and no others, at these values."""
    written = json.dumps({_as_browser(value): text for value, text in texts.items()}, ensure_ascii=False)
    return {"values": [*texts], "labelExpr": f"({written})[datum.value]"}


def _as_browser(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def nice_ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round values between two bounds, about that many: steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = min((factor * power for factor in (1, 2, 5, 10)), key=lambda each: abs(math.log(each / rough)))
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(place * step, 10) for place in range(first, last + 1)]


def moment(day: date) -> int:
    """The start of a day as the browser counts: milliseconds of UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def day_of(milliseconds: float) -> date:
    """The day in UTC of a moment that the browser named."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).date()
