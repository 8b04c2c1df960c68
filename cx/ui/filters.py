"""The choices that a page offers: how long a trend, which measure, which split, and the filters of every page."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import streamlit as st

from cx.model import DIMENSIONS
from cx.query import Filters
from cx.ui import link
from cx.ui.asks import DEFAULT_MEASURE, DEFAULT_WEEKS
from cx.ui.telling import values
from cx.words import t, tn

PERIODS = (13, 26, 52, 104)


def restore() -> None:
    """Take up what the link or an earlier page says; call it once, before anything is offered."""
    link.restore(["weeks", "measure", "split", *DIMENSIONS])


def period() -> int:
    """A choice of how many weeks the trend shows."""
    offered = {str(weeks): weeks for weeks in PERIODS}
    named = _one_of("weeks", offered, str(DEFAULT_WEEKS))
    return offered[_segments("weeks", t("Period"), [*offered], named, lambda weeks: t("{n} wk", n=weeks))]


def split() -> str:
    """A choice of the dimension by which a change is split."""
    named = _one_of("split", DIMENSIONS, DIMENSIONS[0])
    return _segments("split", t("Split by"), DIMENSIONS, named, values.dimension_label)


def measure(offered: Collection[str]) -> str:
    """The measure that is looked into, as the link names it."""
    return _one_of("measure", offered, DEFAULT_MEASURE if DEFAULT_MEASURE in offered else next(iter(offered)))


def choose_measure(name: str) -> None:
    """Look into this measure from now on."""
    link.choose("measure", [name])


def choose(choices: dict[str, list[str]]) -> Filters:
    """A choice of values for every dimension that has more than one, behind one button that says how many are set."""
    offered = {name: choices[name] for name in DIMENSIONS if len(choices[name]) > 1}
    count = sum(any(value in named for value in link.chosen(name)) for name, named in offered.items())
    button = tn("Filters ({n})", "Filters ({n})", count) if count else t("Filters")
    with st.popover(button, icon=":material/filter_alt:", key="filters"):
        chosen = {name: _some(name, named) for name, named in offered.items()}
        st.button(t("Clear all"), on_click=_clear, disabled=not any(chosen.values()), icon=":material/close:")
    return Filters(**chosen)


def _some(name: str, offered: list[str]) -> tuple[str, ...]:
    known = [value for value in link.chosen(name) if value in offered]
    key, changed = link.widget(name, known, lambda chosen: [*chosen])  # type: ignore[misc]
    chosen = st.multiselect(
        values.dimension_label(name),
        offered,
        format_func=lambda value: values.group(name, value),
        placeholder=t("All"),
        key=key,
        on_change=changed,
    )
    return tuple(sorted(chosen))


def _segments(name: str, label: str, options: Sequence[str], named: str, told: values.Told) -> str:
    key, changed = link.widget(name, named, lambda chosen: [str(chosen)])
    chosen = st.segmented_control(
        label,
        options,
        required=True,
        format_func=told,
        key=key,
        on_change=changed,
        label_visibility="collapsed",
    )
    return str(chosen)


def _one_of(name: str, offered: Collection[str], default: str) -> str:
    named = link.chosen(name)
    return named[0] if named and named[0] in offered else default


def _clear() -> None:
    for name in DIMENSIONS:
        link.forget(name)
