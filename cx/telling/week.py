"""The weekly health in words: each tile, the headline, the running week."""

from __future__ import annotations

from datetime import date, timedelta
from math import isnan

import pandas as pd

from cx import aims, words
from cx.aims import Band
from cx.forecast import SHORTEST, Forecast, ends, told_of
from cx.kpis import Kpi
from cx.questions.headline import Headline, Origin
from cx.questions.health import SoFar, Target, Tile
from cx.telling import shapes
from cx.telling.shapes import Cell, Column, Row
from cx.telling.values import (
    change,
    group,
    growth,
    interval,
    label,
    plain,
    plain_text,
    tone,
    value,
    value_text,
    verdict,
)
from cx.words import mark, number, t, tn

_TITLES = {
    "slipped": mark("Customer experience slipped"),
    "improved": mark("Customer experience improved"),
    "mixed": mark("Customer experience moved both ways"),
    "steady": mark("Customer experience held steady"),
    "unknown": mark("Too little data to compare the week"),
}
_LIKELY = {"likely": mark("likely"), "unlikely": mark("unlikely"), "open": mark("could go either way")}
ALMOST_ALL = 0.95
"""From this share on, a group is said to carry a change alone."""
MOST_REASONS = 12
"""Reasons of complaints that are shown."""


def strips(told: list[Tile]) -> tuple[list[shapes.Tile], list[shapes.Tile]]:
    """The tiles of the headline measures, and those of all others."""
    first = [tile(one) for one in told if one.kpi.headline]
    return first, [tile(one) for one in told if not one.kpi.headline]


def tile(told: Tile) -> shapes.Tile:
    """The texts and numbers of one tile, as the tile strip takes them."""
    kpi, row, history = told.kpi, told.row, told.history
    shown, unit = value(kpi, row.value)
    foot, foot_tone = _foot(told)
    return {
        "id": kpi.name,
        "label": label(kpi),
        "value": shown,
        "unit": unit,
        "chip": change(kpi, told.change),
        "tone": tone(told.change),
        "range": _range(told),
        "foot": foot,
        "foot_tone": foot_tone,
        "hidden": row.shown in ("hidden", "too few", "no data"),
        "aria": verdict(told.change),
        "spark": _points(history["value"]),
        "lo": _points(history["lo"]),
        "hi": _points(history["hi"]),
        "target": told.target.value if told.target else None,
    }


def title(headline: Headline, week: date, today: date) -> str:
    """The verdict on the week, as a headline."""
    verdict_told = t(_TITLES[headline.tone])
    if 7 <= (today - week).days < 14 and headline.tone != "unknown":
        return t("{verdict} last week", verdict=verdict_told)
    return verdict_told


def summary(headline: Headline) -> str:
    """What moved, what misses its target and where it began, in a few sentences (Markdown)."""
    return " ".join(sentence for sentence in sentences(headline) if sentence)


def sentences(headline: Headline) -> tuple[str, str, str, str, str]:
    """What the summary says of: what moved, what misses its target, where that comes from, since when, and why; '' where
    there is nothing to say (Markdown)."""
    origin = _origin(headline.origin) if headline.origin else ("", "", "")
    return _moved(headline), _missed(headline), *origin


def so_far(kpi: Kpi, told: SoFar) -> str:
    """The running week against the same days of the week before."""
    now, before = (value_text(kpi, row.value, told.now.value) for row in (told.now, told.before))
    return tn(
        "The running week, {n} day so far: {now}, against {before} on the same day of the week before.",
        "The running week, {n} days so far: {now}, against {before} on the same days of the week before.",
        told.days,
        now=now,
        before=before,
    )


def target(kpi: Kpi, told: Target) -> tuple[str, shapes.FootTone]:
    """How the week stands to its target, and to its floor and stretch where there are; and the tone of it."""
    bounds = (told.value, told.floor, told.stretch)
    aim, floor, stretch = ("" if isnan(bound) else plain(kpi, bound) for bound in bounds)
    sentences: dict[Band, tuple[str, shapes.FootTone]] = {
        "stretch": (t("Beyond stretch {stretch}", stretch=stretch), "good"),
        "met": (t("Meets target {target}", target=aim), "good"),
        "near": (t("About on target {target}", target=aim), "neutral"),
        "held": (t("Misses target {target}, holds floor {floor}", target=aim, floor=floor), "warn"),
        "missed": (t("Misses target {target}", target=aim), "bad"),
        "floor": (t("Behind floor {floor}, misses target {target}", floor=floor, target=aim), "bad"),
    }
    return sentences.get(told.band, ("", "neutral"))


def pace(kpi: Kpi, told: Forecast | None, targets: pd.DataFrame, today: date) -> str:
    """Where the measure is heading by the month's and the quarter's end, and whether that reaches the target then (Markdown)."""
    if told is None:
        return t("Too short to forecast: it takes {weeks} weeks.", weeks=number(SHORTEST))
    last = told.weeks["week"].iloc[-1] + timedelta(days=6)
    days = sorted({end for end in ends(today) if end <= last})
    return " ".join([t("Forecast:"), *(_pace(kpi, told, targets, day) for day in days)])


def _pace(kpi: Kpi, told: Forecast, targets: pd.DataFrame, day: date) -> str:
    row = told.at(day)
    figures = {"value": value_text(kpi, row["value"]), "interval": interval(kpi, row), "day": words.day(day)}
    aim = aims.at(targets, day)
    word = "" if aim is None else told_of(told.chance(day, float(aim["value"])))
    if not word:
        return t("**{value}** ({interval}) by {day}.", **figures)
    return t("**{value}** ({interval}) by {day}, target {target}: {likely}.",
             target=plain(kpi, float(aim["value"])), likely=t(_LIKELY[word]), **figures)  # fmt: skip


def _range(told: Tile) -> str:
    between = interval(told.kpi, told.row)
    how_many = t("n {n}", n=number(told.row.n))
    return t("{interval} · {n}", interval=between, n=how_many) if between else ""


def _foot(told: Tile) -> tuple[str, shapes.FootTone]:
    row = told.row
    if told.behind:
        return t("Waiting for {sources}", sources=", ".join(told.behind)), "neutral"
    if row.shown == "hidden":
        return t("Hidden: fewer answers than may be shown"), "neutral"
    if row.shown == "too few":
        return tn("Too few: {n} answer", "Too few: {n} answers", int(row.n)), "neutral"
    if row.shown == "no data":
        return t("No data in this week"), "neutral"
    if row.shown == "small":
        return t("Small sample (n {n})", n=number(row.n)), "neutral"
    return target(told.kpi, told.target) if told.target else ("", "neutral")


def _moved(headline: Headline) -> str:
    if headline.tone == "unknown":
        return t("No headline measure has two complete weeks with enough answers yet.")
    worse, better = len(headline.worse), len(headline.better)
    if worse and better:
        return t(
            "Of {compared} measures {worse} got worse and {better} got better by more than normal variation.",
            compared=number(headline.compared), worse=number(worse), better=number(better),
        )  # fmt: skip
    if worse:
        return tn("{n} of {compared} measures got worse by more than normal variation.",
                  "{n} of {compared} measures got worse by more than normal variation.",
                  worse, compared=number(headline.compared))  # fmt: skip
    if better:
        return tn("{n} of {compared} measures got better by more than normal variation.",
                  "{n} of {compared} measures got better by more than normal variation.",
                  better, compared=number(headline.compared))  # fmt: skip
    return t(
        "None of {compared} measures moved by more than normal variation.", compared=number(headline.compared)
    )


def _missed(headline: Headline) -> str:
    if not headline.missed:
        return ""
    return tn("{n} misses its target.", "{n} miss their targets.", len(headline.missed))


def _origin(origin: Origin) -> tuple[str, str, str]:
    """Where a change comes from, since when, and why."""
    names = {"measure": label(origin.kpi), "group": plain_text(group(origin.dimension, origin.group))}
    comes = t("The change in {measure} comes from **{group}**.", **names)
    if origin.share < ALMOST_ALL:
        share = number(100 * origin.share)
        comes = t("{share} % of the change in {measure} comes from **{group}**.", share=share, **names)
    began = t("It began about {day}.", day=words.day(origin.began)) if origin.began else ""
    reasons = words.enumeration([plain_text(reason) for reason in origin.reasons])
    return comes, began, t("Complaints about {reasons} grew most.", reasons=reasons) if reasons else ""


def reason_columns() -> list[Column]:
    """The columns of what customers complained about."""
    return [
        {"id": "reason", "label": t("Reason"), "kind": "text"},
        {"id": "now", "label": t("Complaints"), "kind": "number", "main": True},
        {"id": "change", "label": t("Change"), "kind": "number"},
        {"id": "weeks", "label": t("12 weeks"), "kind": "spark"},
    ]


def reason_rows(table: pd.DataFrame) -> list[Row]:
    """A row for each of the commonest reasons, the most complaints first, with its weeks as a line."""
    return [
        Row(
            id=row.reason,
            cells={
                "reason": Cell(text=row.reason or t("Not stated")),
                "now": Cell(text=number(row.now)),
                "change": Cell(text=growth(row.now, row.before)),
                "weeks": Cell(spark=row.spark, aria=_weeks(row.spark)),
            },
        )
        for row in table.head(MOST_REASONS).itertuples()
    ]


def _weeks(counts: list[float]) -> str:
    """What the line of a reason shows."""
    return t(
        "Between {least} and {most} a week, {now} in the last.",
        least=number(min(counts)), most=number(max(counts)), now=number(counts[-1]),
    )  # fmt: skip


def _points(column: pd.Series) -> list[float | None]:
    return [None if pd.isna(point) else round(float(point), 4) for point in column]
