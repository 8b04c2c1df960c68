"""One measure of us and of others, in the texts of its charts and the list of its figures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from math import isnan

import pandas as pd

from cx import gaps, words
from cx.gaps import Compared, Figure, Pace, Standing
from cx.kpis import Kpi
from cx.model import OURS
from cx.stats import Estimate
from cx.telling.benchmarks import STANDS, WHYS, between, chip, company, size, why
from cx.telling.shapes import Cell, Column, Row
from cx.telling.values import decimals, interval, plain_text, tone, value_text
from cx.words import number, signed, t, tn


def companies(one: Standing, unit: Callable[[float], float]) -> pd.DataFrame:
    """Who is drawn as a point, the best first: see `against.points`."""
    shown = [
        (name, told.figure.told, "other", _when(one, told))
        for name, told in one.latest.items()
        if not told.why
    ]
    listed = [(OURS, one.ours, "us", ""), *shown]
    if one.peers > 1:
        listed.append((t("Industry without us"), one.industry, "mean", ""))
    ordered = sorted(listed, key=lambda row: row[1].value, reverse=one.kpi.better == "up")
    return pd.DataFrame(
        [
            {
                "name": company(name) + when, "value": unit(told.value), "lo": unit(told.lo), "hi": unit(told.hi), "kind": kind,
                "value_text": value_text(one.kpi, told.value), "range_text": interval(one.kpi, told),
                "source_text": _source(one, name),
            }
            for name, told, kind, when in ordered
        ]
    )  # fmt: skip


def _when(one: Standing, told: Compared) -> str:
    return "" if told.figure.period == one.period else f" ({told.figure.period.text})"


def _source(one: Standing, name: str) -> str:
    if name in one.latest:
        return one.latest[name].figure.source
    return one.measured_in or (t("our own records") if name == OURS else t("mean of the others"))


def points_caption(one: Standing) -> str:
    """What the points show, and which way is better."""
    better = t("Higher is better.") if one.kpi.better == "up" else t("Lower is better.")
    when = one.period.text or t("{first} to {last}", first=words.short_day(one.period.first), last=words.day(one.period.last, year=True))  # fmt: skip
    return t("{when}, with 95 % intervals. {better}", when=when, better=better)


def points_titles() -> dict[str, str]:
    """The words of the points' tooltips."""
    return {"name": t("Company"), "value": t("Value"), "range": t("95 % interval"), "source": t("Source")}


def left_out(one: Standing) -> str:
    """Who is not drawn, and why."""
    told = [f"{name}: {why(one.kpi, each)}" for name, each in one.latest.items() if each.why]
    return plain_text(" ".join(told))


def history(one: Standing, rival: str) -> pd.DataFrame:
    """One gap by period as its chart takes it."""
    return pd.DataFrame(
        [
            {
                "period": told.figure.period.text, "value": told.gap.amount, "lo": told.gap.lo, "hi": told.gap.hi,
                "tone": {"good": "good", "bad": "bad"}.get(tone(told.gap), ""),
                "value_text": t("{word} by {gap}", word=t(STANDS[gaps.stand(told.gap)]), gap=size(one.kpi, told.gap)) if tone(told.gap) != "neutral" else t(STANDS[gaps.stand(told.gap)]),
                "range_text": between(one.kpi, told.gap),
            }
            for told in one.history.get(rival, []) if not isnan(told.gap.amount)
        ]
    )  # fmt: skip


def gap_titles() -> dict[str, str]:
    """The words of the gap's tooltips."""
    return {"period": t("Period"), "value": t("Gap"), "range": t("95 % interval")}


def gap_written(one: Standing) -> Callable[[float], str]:
    """How the axis of a gap is written."""
    percent = one.kpi.change == "percent"
    return lambda amount: signed(amount, decimals(amount)) + (" %" if percent else "")


def pace(one: Standing, rival: str, told: Pace) -> str:
    """Whether the gap closes, and when it would at this pace."""
    if told.way == "too short":
        return tn("Too few periods to say where the gap is heading: {n} is needed.", "Too few periods to say where the gap is heading: {n} are needed.", gaps.LEAST_POINTS)  # fmt: skip
    trend = t("{trend} ({lo} to {hi}) {unit} in 30 days", trend=signed(told.trend, 2), lo=signed(told.lo, 2), hi=signed(told.hi, 2),
              unit="%" if one.kpi.change == "percent" else t("points"))  # fmt: skip
    sentences = {
        "no trend": t("Not at this pace: the gap does not move by more than chance; {trend}.", trend=trend),
        "not closing": t("Not at this pace: it would take more than ten years; {trend}.", trend=trend),
        "widening": t("Not at this pace: the gap widens; {trend}.", trend=trend),
    }
    if told.way != "closing" or told.closed_on is None:
        return sentences[told.way]
    return t("At this pace there would be no gap to {rival} in {month}; {trend}.", rival=plain_text(rival), month=words.month(told.closed_on), trend=trend)  # fmt: skip


def figure_columns() -> list[Column]:
    """The columns of the list of figures."""
    return [
        {"id": "who", "label": t("Company"), "kind": "text"},
        {"id": "period", "label": t("Period"), "kind": "number"},
        {"id": "value", "label": t("Value"), "kind": "number", "main": True},
        {"id": "gap", "label": t("Our gap"), "kind": "chip"},
        {"id": "source", "label": t("Source"), "kind": "text"},
        {"id": "licence", "label": t("Licence"), "kind": "text"},
    ]


def figure_rows(one: Standing) -> tuple[list[Row], list[Row]]:
    """The newest figure of each company with where it comes from, and the earlier ones, both the newest first."""
    newest = {told.figure.competitor: place for place, told in reversed([*enumerate(one.figures)])}
    placed = [
        (place in newest.values(), Row(id=str(place), cells=_figure_cells(one, told), muted=bool(told.why)))
        for place, told in enumerate(one.figures)
    ]
    return [row for new, row in placed if new], [row for new, row in placed if not new]


def _figure_cells(one: Standing, told: Compared) -> dict[str, Cell]:
    figure = told.figure
    value = Cell(text=value_text(one.kpi, figure.told.value), note=_precision(one.kpi, figure.told))
    gap = Cell(text="–", note=t(WHYS[told.why][0])) if told.why else chip(one.kpi, told.gap, told.ours)
    if not told.why:
        gap["note"] = t("{word} · ours {value}", word=t(STANDS[gaps.stand(told.gap)]), value=value_text(one.kpi, told.ours.value))  # fmt: skip
    return {
        "who": Cell(text=company(figure.competitor), note=figure.industry),
        "period": Cell(text=figure.period.text or _days(figure)),
        "value": value,
        "gap": gap,
        "source": Cell(text=figure.source, note=figure.method),
        "licence": Cell(text=figure.licence or t("our own data"), note=_retrieved(figure.retrieved_on)),
    }


def _retrieved(day: date | None) -> str:
    return t("retrieved on {day}", day=words.day(day, year=True)) if day else ""


def _precision(kpi: Kpi, told: Estimate) -> str:
    n = "" if told.n in (0, gaps.MANY) else t("n {n}", n=number(told.n))
    return " · ".join(part for part in (interval(kpi, told), n) if part) or t("no n, no margin")


def _days(figure: Figure) -> str:
    """The days that a counted figure covers."""
    first, last = figure.period.first, figure.period.last
    return t("{first} to {last}", first=words.short_day(first), last=words.day(last, year=True))
