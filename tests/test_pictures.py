"""Charts drawn without a browser: the theme's colours, the same rows, nothing fetched, nothing of a name run."""

import re
import tomllib
import xml.etree.ElementTree as ElementTree
from datetime import date, datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
import vl_convert
from PIL import Image

from cx import charts, pictures
from cx.folders import PROJECT
from cx.telling import plots
from cx.vega import BY_TONE, finished, layer

THEME = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
NAMES = ["<script>alert(1)</script>", "#1 $x$ *y* & co", "قهوه 😀"]


def dots(colour: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    encoding = {"x": {"field": "at", "type": "quantitative"}, "color": colour}
    return finished([layer("rows", {"type": "point", "filled": True}, encoding)], {"rows": rows}, 60)


def trend(campaign: str) -> dict[str, Any]:
    weeks = pd.DataFrame({"week": [date(2025, 9, 1), date(2025, 9, 8), date(2025, 9, 15)],
                          "value": [80.0, 81.0, 70.0], "lo": [78.0, 79.0, 66.0], "hi": [82.0, 83.0, 74.0],
                          "finished": True, "tone": ["", "", "bad"], "week_text": "", "value_text": "", "range_text": "",
                          "n_text": ""})  # fmt: skip
    campaigns = pd.DataFrame(
        {"name": [campaign], "starts_on": date(2025, 9, 1), "ends_on": date(2025, 9, 14), "channel": ["mail"]}
    )
    return charts.trend(weeks, campaigns, None, plots.trend_titles(), str)


@pytest.mark.parametrize("dark", [pytest.param(False, id="light"), pytest.param(True, id="dark")])
@pytest.mark.parametrize(
    ("colour", "named"),
    [
        pytest.param({"value": "red"}, "redColor", id="a name as a value"),
        pytest.param({**BY_TONE, "scale": {"domain": ["bad"], "range": ["red"]}}, "redColor", id="a name in a scale"),
        pytest.param({"value": "gray"}, "grayColor", id="another name"),
    ],
)  # fmt: skip
def test_a_colour_of_the_palette_is_the_themes(colour: dict[str, Any], named: str, dark: bool) -> None:
    wanted = THEME["dark" if dark else "light"][named]
    assert wanted in pictures.svg(dots(colour, [{"at": 1, "tone": "bad"}]), 200, dark)


def test_what_the_palette_does_not_name_stays_as_it_is() -> None:
    assert "#123456" in pictures.svg(dots({"value": "#123456"}, [{"at": 1}]), 200)


@pytest.mark.parametrize("dark", [pytest.param(False, id="light"), pytest.param(True, id="dark")])
def test_a_picture_is_as_wide_as_asked_on_the_themes_ground(dark: bool) -> None:
    drawn = ElementTree.fromstring(pictures.svg(trend("Autumn"), 640, dark))
    assert abs(float(drawn.attrib["width"]) - 640) <= 4
    assert THEME["dark" if dark else "light"]["backgroundColor"] in pictures.svg(trend("Autumn"), 640, dark)


def test_a_png_is_scaled(tmp_path: Any) -> None:
    (tmp_path / "x.png").write_bytes(pictures.png(dots({"value": "red"}, [{"at": 1}]), 200, scale=3))
    with Image.open(tmp_path / "x.png") as drawn:
        assert abs(drawn.width - 600) <= 12


def test_words_are_text_in_the_themes_font() -> None:
    drawn = pictures.svg(trend("Autumn"), 640)
    assert "Autumn" in texts(drawn)
    assert re.search(r'font-family="Inter[,"]', drawn)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stays_text_whatever_it_is(name: str) -> None:
    drawn = pictures.svg(trend(name), 640)
    assert name[:12] in " ".join(texts(drawn))
    assert "<script" not in drawn


def test_days_and_moments_are_drawn_as_the_browser_counts_them() -> None:
    told = pa.Table.from_pylist([{"at": date(2025, 9, 1), "then": datetime(2025, 9, 1)}])
    assert pictures._rows(told) == [{"at": 1756684800000, "then": 1756684800000}]


def test_the_specification_is_not_changed() -> None:
    spec = trend("Autumn")
    before = repr(spec)
    pictures.svg(spec, 640)
    assert repr(spec) == before


def test_nothing_is_fetched() -> None:
    spec = dots({"value": "red"}, [{"at": 1}]) | {"data": {"url": "http://localhost:1/rows.json"}}
    spec["layer"][0].pop("data")
    with pytest.raises(ValueError, match="not allowed"):
        pictures.svg(spec, 200)


def test_the_version_that_draws_is_there_and_of_the_kind_that_charts_name() -> None:
    assert pictures.VEGA_LITE in vl_convert.get_vegalite_versions()
    assert f"/v{pictures.VEGA_LITE.split('.')[0]}.json" in trend("Autumn")["$schema"]


def texts(drawn: str) -> list[str]:
    return [
        "".join(each.itertext())
        for each in ElementTree.fromstring(drawn).iter()
        if each.tag.endswith("}text")
    ]
