"""Names, values, intervals and changes of measures, as a viewer reads them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from cx import words
from cx.kpis import Kpi
from cx.stats import Change
from cx.telling.shapes import Tone
from cx.words import mark, number, t

DIMENSION_LABELS = {
    "product": mark("Product"),
    "channel": mark("Channel"),
    "segment": mark("Segment"),
    "region": mark("Region"),
    "stage": mark("Stage"),
    "campaign": mark("Campaign"),
    "device": mark("Device"),
    "version": mark("Version"),
}
DEVICE_LABELS = {
    "mobile": mark("Mobile"),
    "desktop": mark("Desktop"),
    "tablet": mark("Tablet"),
    "other": mark("Other device"),
}
STAGE_LABELS = {
    "discover": mark("Discover"),
    "research": mark("Research"),
    "compare": mark("Compare"),
    "purchase": mark("Purchase"),
    "deliver": mark("Deliver"),
    "support": mark("Support"),
    "loyalty": mark("Loyalty"),
}
Told = Callable[[str], str]
"""Says a name in the viewer's language."""

_MARKDOWN = re.compile(r"[\\`*_{}\[\]()<>#+!|~$:-]")

UP, DOWN = "▲", "▼"


def plain_text(text: str) -> str:
    """A text from an export, for a place that understands Markdown: shown as it is, and never loading anything."""
    return _MARKDOWN.sub(r"\\\g<0>", text)


def label(kpi: Kpi) -> str:
    """The measure's name in the viewer's language."""
    return t(kpi.label)


def dimension_label(dimension: str) -> str:
    """The name of a dimension in the viewer's language."""
    return t(DIMENSION_LABELS[dimension])


def group(dimension: str, value: str | None, campaigns: Mapping[str, str] | None = None) -> str:
    """The name of a dimension's value: stages and devices translated, others as the exports spell them.

    `campaigns` gives the names of campaigns by their ids.
    """
    if value is None:
        return t("All others")
    if not value:
        return t("Not stated")
    if dimension == "campaign":
        return (campaigns or {}).get(value, value)
    labels = {"stage": STAGE_LABELS, "device": DEVICE_LABELS}.get(dimension, {})
    return t(labels[value]) if value in labels else value


def value(kpi: Kpi, amount: float, like: float | None = None) -> tuple[str, str]:
    """A value of the measure as (number, unit); a duration in the unit that suits `like`, or else itself."""
    if math.isnan(amount):
        return "–", ""
    return words.duration(amount, like) if kpi.is_duration else (number(amount, kpi.digits), kpi.unit)


def value_text(kpi: Kpi, amount: float, like: float | None = None) -> str:
    """A value of the measure with its unit, in one text."""
    told, unit = value(kpi, amount, like)
    return t("{value} {unit}", value=told, unit=unit) if unit and kpi.is_duration else f"{told}{unit}"


def plain(kpi: Kpi, amount: float) -> str:
    """A round value without decimals that say nothing."""
    if kpi.is_duration:
        return value_text(kpi, amount)
    return f"{number(amount, decimals(amount))}{kpi.unit}"


def decimals(amount: float) -> int:
    """How many decimals a round value needs, two at most."""
    return min(len(f"{amount:.6g}".partition(".")[2]), 2)


def written(amount: float) -> str:
    """A round value on the side of a chart, with the decimals that it needs."""
    return number(amount, decimals(amount))


def interval(kpi: Kpi, row: Any) -> str:
    """The 95 % interval of a row in words, the unit said once; empty where there is no interval."""
    if math.isnan(row.lo) or math.isnan(row.hi):
        return ""
    (low, _), (high, unit) = (value(kpi, bound, row.value) for bound in (row.lo, row.hi))
    if kpi.is_duration:
        return t("{low} to {high} {unit}", low=low, high=high, unit=unit)
    return t("{low} to {high}{unit}", low=low, high=high, unit=unit)


def change(kpi: Kpi, moved: Change) -> str:
    """A change by arrow, amount and unit, as a chip shows it."""
    if moved.kind == "new":
        return t("new")
    if moved.kind == "none" or math.isnan(moved.amount):
        return ""
    digits = (1 if abs(moved.amount) < 10 else 0) if moved.kind == "percent" else kpi.digits
    if round(moved.amount, digits) == 0:
        return t("No change")
    size = number(abs(moved.amount), digits)
    arrow = UP if moved.amount > 0 else DOWN
    if moved.kind == "percent":
        return t("{arrow} {size} %", arrow=arrow, size=size)
    return t("{arrow} {size} pts", arrow=arrow, size=size) if kpi.scale == 100 else f"{arrow} {size}"


def tone(moved: Change) -> Tone:
    """'good' or 'bad' where a change is beyond noise and has a better direction, 'neutral' otherwise."""
    if moved.verdict != "real" or moved.good is None:
        return "neutral"
    return "good" if moved.good else "bad"


def verdict(moved: Change) -> str:
    """Whether a change is beyond noise, as a sentence."""
    if moved.verdict == "real":
        if moved.good is None:
            return t("Changed by more than normal variation.")
        return (
            t("Better by more than normal variation.")
            if moved.good
            else t("Worse by more than normal variation.")
        )
    if moved.verdict == "noise":
        return t("Within normal variation.")
    if moved.verdict == "too few":
        return t("Too few to compare.")
    return ""


def growth(now: float, before: float) -> str:
    """How a count changed, raw and in percent; something after nothing is new, never a percentage."""
    if not before:
        return t("new") if now else ""
    if now == before:
        return t("No change")
    return t("{difference} ({percent} %)", difference=words.signed(now - before),
             percent=words.signed(100 * (now / before - 1)))  # fmt: skip
