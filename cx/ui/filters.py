"""The filters: chosen once, kept in the link, the same on every page."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from cx.model import DIMENSIONS
from cx.query import Filters
from cx.ui import telling
from cx.ui.asks import DEFAULT_MEASURE, DEFAULT_WEEKS
from cx.words import t, tn

PERIODS = (13, 26, 52, 104)
MEASURE = "measure"


def period() -> int:
    """A choice of how many weeks the trend shows."""
    chosen = st.segmented_control(
        t("Period"),
        PERIODS,
        default=DEFAULT_WEEKS,
        required=True,
        format_func=lambda weeks: t("{n} wk", n=weeks),
        key="weeks",
        bind="query-params",
        label_visibility="collapsed",
    )
    return int(chosen or DEFAULT_WEEKS)


def measure(offered: Collection[str]) -> str:
    """The measure that is looked into, as the link names it."""
    named = st.query_params.get(MEASURE, DEFAULT_MEASURE)
    return named if named in offered else next(iter(offered))


def choose_measure(name: str) -> None:
    """Look into this measure from now on."""
    st.query_params[MEASURE] = name


def choose(choices: dict[str, list[str]]) -> Filters:
    """A choice of values for every dimension that has more than one, behind one button that says how many are set."""
    with st.popover(_button(), icon=":material/filter_alt:"):
        chosen = {name: _one(name, choices[name]) for name in DIMENSIONS if len(choices[name]) > 1}
        st.button(t("Clear all"), on_click=_clear, disabled=not any(chosen.values()), icon=":material/close:")
    return Filters(**chosen)


def _one(name: str, values: list[str]) -> tuple[str, ...]:
    chosen = st.multiselect(
        t(telling.DIMENSION_LABELS[name]),
        values,
        format_func=lambda value: telling.group(name, value),
        placeholder=t("All"),
        key=f"f_{name}",
        bind="query-params",
    )
    return tuple(sorted(chosen))


def _button() -> str:
    count = sum(bool(st.session_state.get(f"f_{name}")) for name in DIMENSIONS)
    return tn("Filters ({n})", "Filters ({n})", count) if count else t("Filters")


def _clear() -> None:
    for name in DIMENSIONS:
        st.session_state[f"f_{name}"] = []
