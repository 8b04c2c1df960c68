"""A brief on paper: PDF by Typst, and HTML that stands on its own. Words reach both as data, never as markup."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import typst
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cx import pictures
from cx.brief.shapes import Brief
from cx.brief.spark import spark
from cx.folders import PROJECT
from cx.telling.runs import plain

HERE = Path(__file__).parent
CHART_PIXELS, NARROW_PIXELS = 760, 358
_WOFF = PROJECT / "cx" / "ui" / "static" / "inter-latin.woff2"
_REFERRED = re.compile(r'(\bid="|url\(#)(clip\d+|gradient_\d+)')
_CSS = {"line": "var(--line)", "band": "var(--band)", "good": "var(--good)", "bad": "var(--bad)", "neutral": "var(--muted)"}  # fmt: skip


def pdf(told: Brief) -> bytes:
    """The brief as a PDF of exactly one page of A4, tagged for screen readers."""
    # TypstError is not expected: the page shrinks until what it holds fits.
    made: bytes = typst.compile(
        str(HERE / "brief.typ"), root=str(HERE), font_paths=[str(pictures.FONTS)], format="pdf",
        sys_inputs={"told": json.dumps(_data(told), ensure_ascii=False)}, pdf_standards=["ua-1"], timestamp=int(told.made.timestamp()),
    )  # fmt: skip
    return made


def html(told: Brief) -> str:
    """The brief as one HTML file that fetches nothing, in the reader's light or dark."""
    font = b64encode(_WOFF.read_bytes()).decode()
    charts = {} if told.chart is None else {
        f"{look} {room}": Markup(_own(pictures.svg(told.chart.spec, pixels, look == "dark"), f"{look}-{room}"))
        for look in ("light", "dark") for room, pixels in (("wide", CHART_PIXELS), ("narrow", NARROW_PIXELS))
    }  # fmt: skip
    sparks = {tile["id"]: Markup(spark(tile, _CSS)) for tile in told.tiles}
    return _templates().get_template("brief.html").render(
        told=told, title=plain(told.title), charts=charts, sparks=sparks, font=font,
        light=colours(False), dark=colours(True),
    )  # fmt: skip


def _own(picture: str, name: str) -> str:
    """The picture with names of its own for what it refers to, so that several can stand in one page."""
    return _REFERRED.sub(lambda found: f"{found[1]}{name}-{found[2]}", picture)


def colours(dark: bool) -> dict[str, str]:
    """The colours of the page by their meaning, as the theme has them."""
    look = pictures.theme(dark)
    return {
        "ground": look["backgroundColor"], "text": look["textColor"], "muted": look["grayTextColor"],
        "border": look["borderColor"], "line": look["grayColor"], "band": look["grayBackgroundColor"],
        "good": look["greenColor"], "good_text": look["greenTextColor"], "good_ground": look["greenBackgroundColor"],
        "bad": look["redColor"], "bad_text": look["redTextColor"], "bad_ground": look["redBackgroundColor"],
        "warn_text": look["orangeTextColor"], "accent": look["primaryColor"],
    }  # fmt: skip


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )  # fmt: skip


def _data(told: Brief) -> dict[str, Any]:
    """What the Typst template reads."""
    look = colours(False)
    tiles: list[Mapping[str, Any]] = [
        {**tile, "picture": spark(tile, _on_paper(look))} for tile in told.tiles
    ]
    chart = told.chart and {
        "title": told.chart.title, "caption": told.chart.caption, "alt": told.chart.alt,
        "picture": pictures.svg(told.chart.spec, CHART_PIXELS),
    }  # fmt: skip
    return {
        "language": told.language.split("_")[0], "rtl": told.rtl, "above": told.above, "scope": told.scope,
        "title": [run._asdict() for run in told.title], "plain": plain(told.title), "tiles": tiles, "chart": chart,
        "sentences": [asdict(sentence) | {"told": [run._asdict() for run in sentence.told]} for sentence in told.sentences],
        "tables": [asdict(table) | {"told": plain(table.told)} for table in told.tables],
        "foot": told.foot, "colours": look,
    }  # fmt: skip


def _on_paper(look: Mapping[str, str]) -> dict[str, str]:
    return {**look, "neutral": look["muted"]}
