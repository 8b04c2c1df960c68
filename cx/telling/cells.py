"""Figures as cells of a table: a value with its interval beneath, a change as a chip, and honest words where it is too little."""

from __future__ import annotations

from math import isnan

from cx import stats
from cx.kpis import Kpi
from cx.stats import Change, Row, SmallSamples
from cx.telling.shapes import Cell
from cx.telling.values import change, interval, tone, value_text, verdict
from cx.words import mark, number, signed, t

_WORDS = {"real": mark("Real"), "noise": mark("Noise"), "too few": mark("Too few"), "no interval": ""}


def estimate(kpi: Kpi, row: Row, base: float, limits: SmallSamples) -> Cell:
    """A value and its interval, as far as `base` (what smallness is judged by) lets them be shown."""
    shown = stats.shown(base, limits)
    if shown == "no data" or isnan(row.value):
        return Cell(text="–", aria=t("No data"))
    if shown in ("hidden", "too few"):
        return Cell(text="–", note=t("Too few"))
    between = interval(kpi, row)
    small = t("small sample") if shown == "small" else ""
    return Cell(text=value_text(kpi, row.value), note=" · ".join(part for part in (between, small) if part))


def moved(kpi: Kpi, told: Change) -> Cell:
    """A change as a chip, with real, noise or too few beneath it."""
    word = _WORDS[told.verdict]
    return Cell(
        text=change(kpi, told) or "–", tone=tone(told), note=t(word) if word else "", aria=verdict(told)
    )


def count(value: float, note: str = "") -> Cell:
    """A whole number."""
    return Cell(text="–" if isnan(value) else number(value), note=note)


def bar(cell: Cell, share: float, lo: float, hi: float) -> Cell:
    """The cell with a bar of this length and its interval, all in percent."""
    if isnan(share):
        return cell
    return Cell(**{**cell, "share": share / 100, "lo": lo / 100, "hi": hi / 100})


def points(kpi: Kpi, amount: float) -> str:
    """A distance in the unit of a measure, always with its sign."""
    told = signed(amount, kpi.digits)
    return t("{amount} pts", amount=told) if kpi.scale == 100 else told
