"""A frozen chart as a picture: the same specification that the browser draws, drawn here, without a browser or a network.

Colours, sizes and the font come from the dashboard's own theme (.streamlit/config.toml), so that a chart on paper or in
a message looks like the one on the page.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import pyarrow as pa
import vl_convert

from cx.folders import PROJECT
from cx.vega import LABEL_PIXELS, Spec, moment

VEGA_LITE = "6.4"
"""The version that draws here, the nearest to the browser's own."""
FONTS = PROJECT / "cx" / "fonts"
"""The typefaces of paper and pictures, as files; each with its licence beside it."""
THEME = PROJECT / ".streamlit" / "config.toml"
HEIGHT = 318
"""Of a picture whose chart leaves it open, in pixels."""


def svg(spec: Spec, width: int, dark: bool = False) -> str:
    """The chart as SVG of this width in pixels, with the colours of the light or the dark theme.

    Its words stay text in the theme's font. Raises ValueError where the specification is not one of Vega-Lite's.
    """
    drawn: str = _vl().vegalite_to_svg(_drawable(spec, width, dark), VEGA_LITE, allowed_base_urls=[])
    return drawn


def png(spec: Spec, width: int, dark: bool = False, scale: float = 2) -> bytes:
    """The chart as PNG of this width in pixels times `scale`; otherwise as `svg`."""
    drawn: bytes = _vl().vegalite_to_png(
        _drawable(spec, width, dark), VEGA_LITE, scale=scale, allowed_base_urls=[]
    )
    return drawn


@cache
def theme(dark: bool) -> dict[str, Any]:
    """The values of the light or the dark theme, such as textColor and redColor, with the font of both."""
    told = tomllib.loads(THEME.read_text(encoding="utf-8"))["theme"]
    return {"font": told["font"], **told["dark" if dark else "light"]}


@cache
def _vl() -> Any:
    """The drawing engine with the theme's typefaces known to it; begun at the first picture, as it is large."""
    vl_convert.register_font_directory(str(FONTS))
    return vl_convert


def _drawable(spec: Spec, width: int, dark: bool) -> Spec:
    """The specification with all that the browser adds to it: width, rows, colours and the theme's look."""
    whole = {"height": HEIGHT, **spec, "width": width, "config": _config(spec.get("config", {}), dark)}
    whole["datasets"] = {name: _rows(table) for name, table in spec.get("datasets", {}).items()}
    coloured: Spec = _coloured(
        {key: part for key, part in whole.items() if key != "datasets"}, _palette(dark)
    )
    return coloured | {"datasets": whole["datasets"]}


def _rows(table: pa.Table | Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a dataset; a day or a moment as milliseconds, as the browser counts it."""
    rows = table.to_pylist() if isinstance(table, pa.Table) else table
    return [{name: _counted(value) for name, value in row.items()} for row in rows]


def _counted(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or UTC).timestamp() * 1000
    return moment(value) if isinstance(value, date) else value


def _palette(dark: bool) -> dict[str, str]:
    """The theme's colours by the names that charts call them."""
    ending = "Color"
    told = theme(dark).items()
    return {name.removesuffix(ending): value for name, value in told if name.endswith(ending)}


def _coloured(part: Any, palette: Mapping[str, str]) -> Any:
    """The specification with each colour of the palette that an encoding names in that colour's value."""
    if isinstance(part, list):
        return [_coloured(each, palette) for each in part]
    if not isinstance(part, dict):
        return part
    inner = {key: _coloured(value, palette) for key, value in part.items()}
    if isinstance(colour := inner.get("color"), dict):
        inner["color"] = _resolved(colour, palette)
    return inner


def _resolved(colour: Mapping[str, Any], palette: Mapping[str, str]) -> dict[str, Any]:
    """A colour encoding whose value, or whose scale's range, was named."""
    told = dict(colour)
    if isinstance(value := told.get("value"), str):
        told["value"] = palette.get(value, value)
    scale = told.get("scale")
    if isinstance(scale, dict) and isinstance(scale.get("range"), list):
        named = [palette.get(each, each) if isinstance(each, str) else each for each in scale["range"]]
        told["scale"] = scale | {"range": named}
    return told


def _config(own: Mapping[str, Any], dark: bool) -> Spec:
    """The look that the theme gives every chart, and what the chart sets for itself over it."""
    look = theme(dark)
    words = {"labelColor": look["grayTextColor"], "labelFontSize": LABEL_PIXELS, "labelFontWeight": "normal"}
    themed: Spec = {
        "font": look["font"],
        "background": look["backgroundColor"],
        "autosize": {"type": "fit", "contains": "padding"},
        "axis": {**words, "titleColor": look["grayTextColor"], "ticks": False, "domain": False,
                 "gridColor": look["borderColor"], "labelFlush": True, "labelFlushOffset": 1, "labelBound": False,
                 "labelLimit": 100, "labelPadding": 16, "labelSeparation": 4, "labelOverlap": True},
        "legend": {**words, "titleColor": look["grayTextColor"], "titleFontWeight": "normal"},
        "title": {"color": look["textColor"], "anchor": "start", "fontWeight": 600},
        "range": {"category": look["chartCategoricalColors"], "ramp": look["chartSequentialColors"],
                  "heatmap": look["chartSequentialColors"], "diverging": look["chartDivergingColors"]},
        "view": {"strokeWidth": 0, "stroke": "transparent"},
        "mark": {"color": look["chartCategoricalColors"][0]},
        "axisBand": {"grid": False},
        "axisPoint": {"grid": False},
    }  # fmt: skip
    return _merged(themed, own)


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> Spec:
    merged = dict(under)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged
