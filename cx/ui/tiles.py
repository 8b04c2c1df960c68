"""The strip of key figures: one component for all tiles, patched in place, every word from Python."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, NotRequired, TypedDict

import streamlit as st

from cx.words import t

Tone = Literal["good", "bad", "neutral"]
FootTone = Literal["good", "bad", "warn", "neutral"]
HERE = Path(__file__).parent


class Tile(TypedDict):
    """One key figure, in words and numbers that are ready to be shown.

    `chip` carries the sign of the change in words or an arrow, `tone` its colour; `spark`, `lo` and `hi` are of one
    length, None being a week without a value; `aria` says in words what the colour says. Where too few answered,
    `hidden` is true and `value` says so in words.
    """

    id: str
    label: str
    value: str
    unit: str
    chip: str
    tone: Tone
    range: str
    foot: str
    foot_tone: FootTone
    aria: str
    spark: list[float | None]
    lo: list[float | None]
    hi: list[float | None]
    target: float | None
    hidden: NotRequired[bool]


_strip = st.components.v2.component(
    "cx_kpi_strip",
    html='<div class="strip"><div class="grid" role="group"></div></div>',
    css=(HERE / "tiles.css").read_text(encoding="utf-8"),
    js=(HERE / "tiles.js").read_text(encoding="utf-8"),
)


def kpi_strip(tiles: list[Tile], selected: str, key: str, choose: Callable[[str], None]) -> None:
    """Draw the tiles, one of them as selected; `choose` is called with the id of a tile that the viewer clicks."""

    def clicked() -> None:
        choose(str(st.session_state[key].chosen))

    data = {"tiles": tiles, "selected": selected, "aria": t("Key figures. Choose one to see its trend.")}
    _strip(data=data, key=key, on_chosen_change=clicked)
