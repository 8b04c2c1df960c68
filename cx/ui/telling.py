"""Saying the answers: a tile's texts, the headline's sentences. Words only; nothing is computed or drawn here."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pandas as pd

from cx import words
from cx.kpis import Kpi
from cx.questions.health import Headline, Origin, SoFar, Target, Tile
from cx.stats import Change
from cx.ui import tiles
from cx.words import mark, number, t, tn

DIMENSION_LABELS = {
    "product": mark("Product"),
    "channel": mark("Channel"),
    "segment": mark("Segment"),
    "region": mark("Region"),
    "stage": mark("Stage"),
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
_TITLES = {
    "slipped": mark("Customer experience slipped"),
    "improved": mark("Customer experience improved"),
    "mixed": mark("Customer experience moved both ways"),
    "steady": mark("Customer experience held steady"),
    "unknown": mark("Too little data to compare the week"),
}
Told = Callable[[str], str]
"""Says a name in the viewer's language."""

UP, DOWN = "▲", "▼"
ALMOST_ALL = 0.95
MOST_GROUPS = 7
"""The groups that a chart of movers shows by name; the rest stand together."""


def label(kpi: Kpi) -> str:
    """The measure's name in the viewer's language."""
    return t(kpi.label)


def group(dimension: str, value: str | None) -> str:
    """The name of a dimension's value: stages translated, others as the exports spell them."""
    if value is None:
        return t("All others")
    if not value:
        return t("Not stated")
    return t(STAGE_LABELS[value]) if dimension == "stage" and value in STAGE_LABELS else value


def value(kpi: Kpi, amount: float, like: float | None = None) -> tuple[str, str]:
    """A value of the measure as (number, unit); a duration in the unit that suits `like`, or else itself."""
    if math.isnan(amount):
        return "–", ""
    return words.duration(amount, like) if kpi.is_duration else (number(amount, kpi.digits), kpi.unit)


def value_text(kpi: Kpi, amount: float, like: float | None = None) -> str:
    """A value of the measure with its unit, in one text."""
    told, unit = value(kpi, amount, like)
    return t("{value} {unit}", value=told, unit=unit) if unit and kpi.is_duration else f"{told}{unit}"


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


def tone(moved: Change) -> tiles.Tone:
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


def tile(told: Tile) -> tiles.Tile:
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
        "aria": " ".join(part for part in (value_text(kpi, row.value), verdict(told.change), foot) if part),
        "spark": _points(history["value"]),
        "lo": _points(history["lo"]),
        "hi": _points(history["hi"]),
        "target": told.target.value if told.target else None,
    }


def strips(told: list[Tile]) -> tuple[list[tiles.Tile], list[tiles.Tile]]:
    """The tiles of the headline measures, and those of all others."""
    first = [tile(one) for one in told if one.kpi.headline]
    return first, [tile(one) for one in told if not one.kpi.headline]


def title(headline: Headline, week: date, today: date) -> str:
    """The verdict on the week, as a headline."""
    verdict_told = t(_TITLES[headline.tone])
    if 7 <= (today - week).days < 14 and headline.tone != "unknown":
        return t("{verdict} last week", verdict=verdict_told)
    return verdict_told


def summary(headline: Headline) -> str:
    """What moved, what misses its target and where it began, in a few sentences (Markdown)."""
    sentences = [_moved(headline), _missed(headline)]
    if headline.origin:
        sentences += _origin(headline.origin)
    return " ".join(sentence for sentence in sentences if sentence)


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


def target(kpi: Kpi, told: Target) -> tuple[str, tiles.Tone]:
    """Whether a target is met, and the tone of it."""
    text = _plain(kpi, told.value)
    if told.status == "met":
        return t("Meets target {target}", target=text), "good"
    if told.status == "near":
        return t("About on target {target}", target=text), "neutral"
    return t("Misses target {target}", target=text), "bad"


def _range(told: Tile) -> str:
    between = interval(told.kpi, told.row)
    how_many = t("n {n}", n=number(told.row.n))
    return t("{interval} · {n}", interval=between, n=how_many) if between else ""


def _foot(told: Tile) -> tuple[str, tiles.Tone]:
    row = told.row
    if told.behind:
        return t("Not complete: waiting for {sources}", sources=", ".join(told.behind)), "neutral"
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


def _origin(origin: Origin) -> list[str]:
    names = {"measure": label(origin.kpi), "group": group(origin.dimension, origin.group)}
    if origin.share < ALMOST_ALL:
        told = [
            t(
                "{share} % of the change in {measure} comes from **{group}**.",
                share=number(100 * origin.share),
                **names,
            )
        ]
    else:
        told = [t("The change in {measure} comes from **{group}**.", **names)]
    if origin.began:
        told.append(t("It began about {day}.", day=words.day(origin.began)))
    if origin.reasons:
        told.append(t("Complaints about {reasons} grew most.", reasons=words.enumeration(origin.reasons)))
    return told


def _points(column: pd.Series) -> list[float | None]:
    return [None if pd.isna(point) else round(float(point), 4) for point in column]


def growth(now: float, before: float) -> str:
    """How a count changed, raw and in percent; something after nothing is new, never a percentage."""
    if not before:
        return t("new") if now else ""
    if now == before:
        return t("No change")
    return t("{difference} ({percent} %)", difference=words.signed(now - before),
             percent=words.signed(100 * (now / before - 1)))  # fmt: skip


def aim(kpi: Kpi, told: Target) -> str:
    """A target by its value, as a label."""
    return t("Target {target}", target=_plain(kpi, told.value))


def reasons_caption(week: date) -> str:
    """Which days the table of complaints covers."""
    last = week + timedelta(days=6)
    return t(
        "{first} to {last}, against the week before", first=words.short_day(week), last=words.short_day(last)
    )


def movers_caption(kpi: Kpi) -> str:
    """What the bars of a change mean."""
    if kpi.family == "total":
        return t("Each group's part of the change against the week before. The parts add up to the whole.")
    return t(
        "Each group's part of the change against the week before: its own rate (solid) and its share of the volume "
        "(light). The parts add up to the whole."
    )


def trend(kpi: Kpi, frame: pd.DataFrame) -> tuple[pd.DataFrame, float, Callable[[float], str]]:
    """The weeks of a measure as its chart takes them, what its values were divided by, and how its axis is written.

    A duration is drawn in the one unit that suits its largest week, so that its axis has round numbers.
    """
    size, unit = words.duration_unit(frame["value"].max()) if kpi.is_duration else (1, kpi.unit)
    texts = {
        "tone": frame["verdict"],
        "value_text": [value_text(kpi, amount) for amount in frame["value"]],
        "range_text": [interval(kpi, row) for row in frame.itertuples()],
        "n_text": [number(n) for n in frame["n"]],
        "week_text": [_week_text(row) for row in frame.itertuples()],
    }
    drawn = frame[["week", "value", "lo", "hi", "finished"]].assign(**texts)
    drawn[["value", "lo", "hi"]] = drawn[["value", "lo", "hi"]] / size

    def written(amount: float) -> str:
        text = number(amount, _decimals(amount))
        return t("{value} {unit}", value=text, unit=unit) if kpi.is_duration else f"{text}{unit}"

    return drawn, float(size), written


def trend_titles() -> dict[str, str]:
    """The words of the trend's tooltips."""
    return {
        "week": t("Week of"),
        "value": t("Value"),
        "range": t("95 % interval"),
        "n": t("n"),
        "campaign": t("Campaign"),
        "channel": t("Channel"),
    }


def trend_alt(kpi: Kpi) -> str:
    """The trend, for who cannot see it."""
    return t("{measure} by week, with its 95 % interval, its target and the campaigns", measure=label(kpi))


def movers(kpi: Kpi, dimension: str, split: pd.DataFrame) -> pd.DataFrame:
    """A split change as its chart takes it: the groups that count most, named, with texts and tones."""
    told = split.head(MOST_GROUPS)
    size = words.duration_unit(max(split["before"].max(), split["now"].max()))[0] if kpi.is_duration else 1
    drawn = pd.DataFrame(
        {
            "group": [group(dimension, name) for name in told["group"]],
            "rate": told["rate"] / size,
            "mix": told["mix"] / size,
            "total": told["total"] / size,
            "text": [_contribution(kpi, amount) for amount in told["total"]],
            "tone": [_contribution_tone(kpi, row) for row in told.itertuples()],
        }
    )
    rest = split.iloc[MOST_GROUPS:]
    if len(rest):
        sums = (rest[["rate", "mix", "total"]].sum() / size).to_dict()
        text = _contribution(kpi, float(rest["total"].sum()))
        drawn.loc[len(drawn)] = {"group": t("All others"), **sums, "text": text, "tone": ""}
    return drawn


def movers_titles(dimension: str) -> dict[str, str]:
    """The words of the movers' bars and tooltips."""
    return {
        "group": t(DIMENSION_LABELS[dimension]),
        "rate": t("own rate"),
        "mix": t("share of volume"),
        "total": t("Part of the change"),
    }


def movers_alt(kpi: Kpi, dimension: str) -> str:
    """The movers, for who cannot see them."""
    return t(
        "What moved {measure}, by {dimension}", measure=label(kpi), dimension=t(DIMENSION_LABELS[dimension])
    )


def _plain(kpi: Kpi, amount: float) -> str:
    """A round value without decimals that say nothing."""
    if kpi.is_duration:
        return value_text(kpi, amount)
    return f"{number(amount, _decimals(amount))}{kpi.unit}"


def _decimals(amount: float) -> int:
    return min(len(f"{amount:.6g}".partition(".")[2]), 2)


def _week_text(row: Any) -> str:
    day_text = words.day(row.week, year=True)
    return day_text if row.finished else t("{day} (not complete)", day=day_text)


def _contribution(kpi: Kpi, amount: float) -> str:
    if math.isnan(amount):
        return ""
    if not kpi.is_duration:
        return words.signed(amount, max(kpi.digits, 1) if kpi.family != "total" else 0)
    told, unit = words.duration(abs(amount))
    return t("{sign}{value} {unit}", sign="+" if amount > 0 else words.MINUS, value=told, unit=unit)


def _contribution_tone(kpi: Kpi, row: Any) -> str:
    """Coloured where the group's own change is beyond noise and pulls the whole for better or worse."""
    if row.verdict != "real" or not kpi.better or not row.total:
        return ""
    return "good" if (row.total > 0) == (kpi.better == "up") else "bad"
