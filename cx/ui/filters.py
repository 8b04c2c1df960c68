"""The choices that a page offers: how long a trend, which measure, which split, and the filters of every page."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import streamlit as st

from cx.model import DIMENSIONS, JOURNEY_DIMENSIONS
from cx.query import Filters
from cx.questions.funnel import Comparison
from cx.telling import values
from cx.ui import link
from cx.ui.asks import DEFAULT_MEASURE, DEFAULT_SPAN, DEFAULT_WEEKS
from cx.words import mark, t, tn

PERIODS = (13, 26, 52, 104)
SPANS = (4, 13, 26, 52, 104)
VIEWS = {
    "funnel": mark("Funnel"),
    "ideal": mark("Ideal"),
    "touchpoints": mark("Touchpoints"),
    "paths": mark("Paths"),
    "channels": mark("Channels"),
    "return": mark("Churn and return"),
}
"""The parts of the journey page."""

PARTS = {"week": mark("What moved"), "actions": mark("Actions"), "loyalty": mark("Loyalty")}
"""The parts of the weekly health beneath its tiles."""

MOST_CHOSEN = 100
"""Values that can be chosen of one dimension: Streamlit forgets a link of more than a thousand, and with it every filter."""

_OF_HEALTH = ("weeks", "measure", "split", "part", "rated", "after")
_OF_SURGES = ("surge", "surge_by", "opened")
_OF_JOURNEY = ("span", "view", "by", "stage_of", "against", "group_by", "a", "b", "open", "whose", "heat")


def restore() -> None:
    """Take up what the link or an earlier page says; call it once, before anything is offered."""
    link.restore(
        dict.fromkeys([link.DOOR, *_OF_HEALTH, *_OF_SURGES, *_OF_JOURNEY, *DIMENSIONS, *JOURNEY_DIMENSIONS])
    )


def period() -> int:
    """A choice of how many weeks the trend shows."""
    offered = {str(weeks): weeks for weeks in PERIODS}
    named = _one_of("weeks", offered, str(DEFAULT_WEEKS))
    return offered[_segments("weeks", t("Period"), [*offered], named, lambda weeks: t("{n} wk", n=weeks))]


def span() -> int:
    """A choice of the weeks in which journeys began."""
    offered = {str(weeks): weeks for weeks in SPANS}
    named = _one_of("span", offered, str(DEFAULT_SPAN))
    return offered[_segments("span", t("Period"), [*offered], named, lambda weeks: t("{n} wk", n=weeks))]


def view() -> str:
    """A choice of the part of the journey page."""
    named = _one_of("view", VIEWS, next(iter(VIEWS)))
    return _segments("view", t("View"), [*VIEWS], named, lambda name: t(VIEWS[name]))


def part() -> str:
    """A choice of the part of the weekly health."""
    return one("part", t("Show"), [*PARTS], lambda name: t(PARTS[name]))


def one(name: str, label: str, options: Sequence[str], told: values.Told, default: str = "") -> str:
    """A choice of one of these options; the default, or else the first, where nothing was chosen."""
    return _segments(name, label, options, _one_of(name, options, default or options[0]), told)


def comparison(choices: dict[str, list[str]], campaigns: Mapping[str, str]) -> Comparison:
    """A choice of what to set the journeys beside: nothing, the period before, or two groups beside each other."""
    told = {"": t("Nothing"), "before": t("The period before"), "groups": t("Two groups")}
    against = _one_of("against", told, "")
    label = t("Compare") if not against else t("Compared: {what}", what=told[against])
    with st.popover(label, icon=":material/compare_arrows:", key="comparison"):
        against = one("against", t("Compare with"), [*told], told.__getitem__)
        if against != "groups":
            return Comparison(against)
        offered = {name: named for name, named in choices.items() if len(named) > 1}
        if not offered:
            return Comparison("")
        dimension = _pick("group_by", t("By"), [*offered], values.dimension_label)
        named = offered[dimension]
        one_, other = (
            _pick(name, label, named, lambda value: values.group(dimension, value, campaigns), place)
            for place, (name, label) in enumerate((("a", t("Group A")), ("b", t("Group B"))))
        )
        return Comparison("groups", dimension, one_, other)


def _pick(name: str, label: str, options: Sequence[str], told: values.Told, place: int = 0) -> str:
    named = _one_of(name, options, options[min(place, len(options) - 1)])
    key, changed = link.widget(name, named, lambda chosen: [str(chosen)])
    if st.session_state[key] not in options:
        st.session_state[key] = named
    return str(st.selectbox(label, options, format_func=told, key=key, on_change=changed))


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


def choose(choices: dict[str, list[str]], campaigns: Mapping[str, str] | None = None) -> Filters:
    """A choice of values for every dimension offered that has more than one, behind one button that says how many are set."""
    offered = {name: values for name, values in choices.items() if len(values) > 1}
    count = sum(any(value in named for value in link.chosen(name)) for name, named in offered.items())
    button = tn("Filters ({n})", "Filters ({n})", count) if count else t("Filters")
    with st.popover(button, icon=":material/filter_alt:", key="filters"):
        chosen = {name: _some(name, named, campaigns or {}) for name, named in offered.items()}
        st.button(
            t("Clear all"),
            on_click=_clear,
            args=([*offered],),
            disabled=not any(chosen.values()),
            icon=":material/close:",
        )
    return Filters(**chosen)


def _some(name: str, offered: list[str], campaigns: Mapping[str, str]) -> tuple[str, ...]:
    known = link.offered(name, offered)
    key, changed = link.widget(name, known, lambda chosen: [*chosen])  # type: ignore[misc]
    chosen = st.multiselect(
        values.dimension_label(name),
        offered,
        format_func=lambda value: values.group(name, value, campaigns),
        placeholder=t("All"),
        max_selections=max(MOST_CHOSEN, len(known)),
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
    named = link.offered(name, offered)
    return named[0] if named else default


def _clear(names: Sequence[str]) -> None:
    for name in names:
        link.forget(name)
