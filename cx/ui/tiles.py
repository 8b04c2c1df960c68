"""The strip of key figures: one component for all tiles, patched in place, every word from Python."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from cx.telling.shapes import Tile
from cx.words import t

HERE = Path(__file__).parent


def drawn_by(ending: str, *names: str) -> str:
    """These files in one, as a component takes its script or style sheet: what they have in common stands first."""
    return "".join((HERE / f"{name}.{ending}").read_text(encoding="utf-8") for name in names)


_strip = st.components.v2.component(
    "cx_kpi_strip",
    html='<div class="strip"><div class="grid" role="group"></div></div>',
    css=drawn_by("css", "spark", "tiles"),
    js=drawn_by("js", "spark", "tiles"),
)


def written(tiles: Sequence[Tile]) -> str:
    """What the browser draws tiles from, to be kept for all who see them."""
    return json.dumps(list(tiles), ensure_ascii=False)


def kpi_strip(tiles: str, selected: str, key: str, choose: Callable[[str], None]) -> None:
    """Draw what `written` made, one of the tiles as selected; `choose` is called with the id of one that the viewer clicks."""

    def clicked() -> None:
        choose(str(st.session_state[key].chosen))

    data = {"tiles": tiles, "selected": selected, "aria": t("Key figures. Choose one to see its trend.")}
    _strip(data=data, key=key, on_chosen_change=clicked)
