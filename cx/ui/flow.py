"""The picture of customers' ways through the stages, and what the viewer clicks in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import streamlit as st

_CLICKED = "(mark) => mark.data?.way"
_SHOWN = "(mark) => mark.data.shown"
_TOLD = '(mark) => Object.assign(document.createElement("div"), { textContent: mark.data.told, dir: "auto" })'
_CODE = "--x_x--0_0--"
"""The library runs as script whatever stands between two of these, wherever it came from."""


def flow(spec: dict[str, Any], key: str, height: int, choose: Callable[[int, str, str], None]) -> None:
    """Draw what `cx.sankey.options` made, this many pixels high; the key lets the browser keep it through an update.

    `choose` is called once for each click: with the step, the origin and the target of a link, or with the step and
    the stage of a node and an empty target.
    """
    # Here, not above: the component can only be found where a Streamlit server runs.
    from streamlit_echarts import st_echarts

    def clicked() -> None:
        step, origin, target = st.session_state[key]["chart_event"]
        choose(int(step), str(origin), str(target))

    st_echarts(
        options=_drawable(spec),
        theme={},  # the specification brings its colours; a theme would draw anew on each change of light
        events={"click": _CLICKED},
        height=f"{height}px",
        renderer="svg",
        key=key,
        on_change=clicked,
    )


def _drawable(spec: dict[str, Any]) -> dict[str, Any]:
    """The specification with its words placed as text; words of the data cannot pose as script."""
    from streamlit_echarts import JsCode

    drawn: dict[str, Any] = json.loads(json.dumps(spec).replace(_CODE, " "))
    base = drawn["baseOption"]
    base["tooltip"]["formatter"] = JsCode(_TOLD)
    for series in base["series"]:
        series["label"]["formatter"] = JsCode(_SHOWN)
    return drawn
