"""Asking where one canonical column comes from: a column of the file or a fixed value, and what its values mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from zoneinfo import available_timezones

import streamlit as st

from cx.formats import Source
from cx.formats.moments import Reading, mixed, readings
from cx.formats.source import SECONDS_IN
from cx.formats.suggesting import Seen, meaning, sound, unit_of
from cx.model import COLUMNS, OURS
from cx.telling import mapping as telling
from cx.telling.values import plain_text
from cx.ui import parts
from cx.words import t

NOTHING, FIXED, COLUMN = "nothing", "fixed", "column:"

MAPPED = 12
"""Values of a column that are asked about one by one."""

_AMOUNTS = {"money": 1.0, "cents": 0.01}
_FIXABLE = {name for name, column in COLUMNS.items() if column.type in ("VARCHAR", "BOOLEAN")} - {
    "interaction_id", "customer_id", "order_id", "text",
} | {"units"}  # fmt: skip


class Answer(NamedTuple):
    """Where a column comes from, if anywhere, and what must be said before that can be saved."""

    source: Source | None = None
    waits: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """What is known of the file: its columns, what they likely are, fixed values that are likely; `key` is its own."""

    columns: Mapping[str, Seen]
    suggested: Mapping[str, str]
    fixed: Mapping[str, str]
    latest: datetime
    key: str

    def row(self, name: str, needed: bool = False) -> Answer:
        """Ask for one canonical column."""
        left, right = st.columns([1, 1], gap="small", vertical_alignment="bottom")
        key = f"{self.key}-{name}" + ("-needed" if needed and name in self.fixed else "")
        options = [
            NOTHING,
            *([FIXED] if name in _FIXABLE else []),
            *(COLUMN + column for column in self.columns),
        ]
        with left:
            chosen = st.selectbox(
                telling.title(name, needed), options, self._likely(name, options), _option, key=key,
                help=t("'{name}' in docs/columns.md", name=name),
            )  # fmt: skip
        if chosen == FIXED:
            with right:
                return self._fixed(name, f"{key}-fixed")
        if chosen is None or not chosen.startswith(COLUMN):
            return Answer(
                waits=t("Say what '{title}' comes from.", title=telling.title(name)) if needed else ""
            )
        column = self.columns[chosen.removeprefix(COLUMN)]
        right.caption(telling.examples(column))
        return _column(name, column, Source((column.name,)), f"{key}-{column.name}", self.latest)

    def _likely(self, name: str, options: list[str]) -> int:
        if name in self.suggested:
            return options.index(COLUMN + self.suggested[name])
        return options.index(FIXED) if self.fixed.get(name) else 0

    def _fixed(self, name: str, key: str) -> Answer:
        label, likely = (
            t("{title}, the same in every row", title=telling.title(name)),
            self.fixed.get(name, ""),
        )
        allowed = _allowed(name)
        if allowed:
            at = allowed.index(likely) if likely in allowed else None
            value = st.selectbox(label, allowed, at, telling.code, key=key, placeholder=t("Choose")) or ""
        else:
            value = st.text_input(label, likely, key=key).strip()
        if not value:
            return Answer(waits=t("Give a value for '{title}'.", title=telling.title(name)))
        return Answer(Source(constant=value))


def _option(option: str) -> str:
    words = {NOTHING: t("Not in the file"), FIXED: t("The same in every row …")}
    return words.get(option) or option.removeprefix(COLUMN)


def _allowed(name: str) -> list[str]:
    """The values that a column may hold, where they are few."""
    column = COLUMNS[name]
    if column.type == "BOOLEAN":
        return ["true", "false"]
    if column.low is not None and column.high is not None:
        return [str(value) for value in range(int(column.low), int(column.high) + 1)]
    return [*column.allowed]


def _column(name: str, column: Seen, source: Source, key: str, latest: datetime) -> Answer:
    """What must be asked about the values of the column that was chosen."""
    if COLUMNS[name].type == "TIMESTAMP":
        return _moments(column, source, key, latest)
    if name == "brand":
        return _own(column, source, key)
    if COLUMNS[name].unit in ("s", "money"):
        units = SECONDS_IN if COLUMNS[name].unit == "s" else _AMOUNTS
        at = [*units].index(unit_of(column.name, name)) if unit_of(column.name, name) in units else 0
        unit = st.selectbox(t("{title} is in", title=telling.title(name)), [*units], at, lambda one: t(telling.UNITS[one]), key=f"{key}-unit")  # fmt: skip
        return Answer(replace(source, scale=units[unit]))
    if _allowed(name) and not all(sound(name, value) for value in column.values):
        return _values(name, column, source, key)
    return Answer(source)


def _values(name: str, column: Seen, source: Source, key: str) -> Answer:
    """What each value means; those of many others alike."""
    many = column.different > MAPPED
    if many and name != "kind":
        parts.warning(t("It holds {n} different values; only those that '{title}' can hold would be kept.", n=column.different,
                        title=telling.title(name)))  # fmt: skip
        return Answer(source)
    st.caption(telling.off_scale(name, column))
    options = ["", *_allowed(name)]
    told = {}
    with st.container(horizontal=True, gap="small", key=f"{key}-values"):
        for place, value in enumerate(column.values[:MAPPED]):
            at = options.index(meaning(name, value)) if meaning(name, value) in options else 0
            label = t("'{value}' is", value=plain_text(telling.clipped(value)))
            told[value] = st.selectbox(
                label, options, at, telling.code, key=f"{key}-value-{place}", width=190
            )
        rest = ""
        if name == "kind" and many:
            rest = st.selectbox(t("All others are"), options, 0, telling.code, key=f"{key}-others", width=190)
    if not any(told.values()) and not rest:
        return Answer(waits=t("Say what the values of '{column}' mean.", column=plain_text(column.name)))
    return Answer(replace(source, values=told, otherwise=rest or None))


def _own(column: Seen, source: Source, key: str) -> Answer:
    """Which of the companies is the viewer's own."""
    if OURS in column.values:
        return Answer(source)
    none = t("None of them")
    own = st.selectbox(t("Your own company is"), [none, *column.values[:100]], 0, key=f"{key}-own")
    return Answer(source if own == none else replace(source, values={own: OURS}))


def _moments(column: Seen, source: Source, key: str, latest: datetime) -> Answer:
    if column.held == "zoned":
        return Answer(source)
    if column.held == "moment":
        return Answer(replace(source, time_zone=_zone(key)))
    ways = readings(column.values, latest)
    reading = _reading(column, ways, key)
    known = reading or next(iter(ways), None)
    zone = _zone(key) if known and not known.zoned and not known.epoch else None
    if reading is None:
        waits = t("Say how the moments of '{column}' are written.", column=plain_text(column.name))
        return Answer(source, waits)
    if len(ways) == 1:
        st.caption(telling.read_as(column.values, reading))
    formats = (reading.format,) if reading.format else ()
    return Answer(replace(source, formats=formats, epoch=reading.epoch, time_zone=zone))


def _reading(column: Seen, ways: tuple[Reading, ...], key: str) -> Reading | None:
    """The one reading that fits, the one that was answered, or a pattern that a person gave."""
    if len(ways) == 1:
        return ways[0]
    if ways:
        question = telling.question(column.values, ways)
        return st.radio(question, ways, None, lambda one: telling.way(column.values, ways, one), key=f"{key}-order")  # fmt: skip
    why = t("Some values can only be read with the day first, others only with the month first.")
    parts.warning(why if mixed(column.values) else t("No usual way to write moments fits these values."))
    pattern = st.text_input(t("Their pattern, as in strftime"), placeholder="%d/%m/%Y %H:%M", key=f"{key}-pattern").strip()  # fmt: skip
    return Reading("", pattern, zoned="%z" in pattern) if "%" in pattern else None


def _zone(key: str) -> str | None:
    """The zone of the clock that wrote them; None for UTC."""
    zones = ["UTC", *sorted(available_timezones() - {"UTC", "localtime"})]
    zone = st.selectbox(t("Time zone of these times"), zones, 0, key=f"{key}-zone")
    return None if zone == "UTC" else zone
