"""The texts of charts and tables, with the numbers that they stand beside."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd

from cx import words
from cx.forecast import Forecast
from cx.kpis import Kpi
from cx.questions.actions import Action
from cx.reference import Annotation
from cx.telling.values import decimals, dimension_label, group, interval, label, plain, value_text
from cx.words import number, t

MOST_GROUPS = 7
"""The groups that a chart of movers shows by name; the rest stand together."""


def trend(kpi: Kpi, frame: pd.DataFrame) -> tuple[pd.DataFrame, float, Callable[[float], str]]:
    """The weeks of a measure as its chart takes them, what its values were divided by, and how its axis is written.

    A duration is drawn in the one unit that suits its largest week, so that its axis has round numbers.
    """
    size, unit = words.duration_unit(frame["value"].max()) if kpi.is_duration else (1, kpi.unit)
    texts = {
        "tone": frame["verdict"],
        "value_text": [value_text(kpi, amount) for amount in frame["value"]],
        "range_text": [interval(kpi, row) for row in frame.itertuples()],
        "n_text": ["" if kpi.family == "total" else number(n) for n in frame["n"]],
        "week_text": [_week_text(row) for row in frame.itertuples()],
    }
    drawn = frame[["week", "value", "lo", "hi", "finished"]].assign(**texts)
    drawn[["value", "lo", "hi"]] = drawn[["value", "lo", "hi"]] / size

    def written(amount: float) -> str:
        text = number(amount, decimals(amount))
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
        "action": t("Action"),
        **annotation_titles(),
    }


def trend_alt(kpi: Kpi) -> str:
    """The trend, for who cannot see it."""
    return t(
        "{measure} by week, with its 95 % interval, its target, its forecast, the campaigns, the actions and the notes",
        measure=label(kpi),
    )


def targets(kpi: Kpi, held: pd.DataFrame, size: float) -> pd.DataFrame:
    """A measure's targets through time as its chart takes them: from, value, text."""
    texts = [t("Target {target}", target=plain(kpi, float(value))) for value in held["value"]]
    return held[["from"]].assign(value=held["value"].astype(float) / size, text=texts)


def forecast(told: Forecast | None, size: float) -> pd.DataFrame | None:
    """The weeks ahead as the chart takes them."""
    bounds = ["value", "lo", "hi", "lo80", "hi80"]
    return None if told is None else told.weeks.assign(**{name: told.weeks[name] / size for name in bounds})


def actions(kpi: Kpi, told: Sequence[Action]) -> pd.DataFrame:
    """The actions that are running or done as the chart marks them: on, name, aimed, told."""
    rows = [
        {"on": one.done_on or one.start, "name": one.what, "aimed": one.kpi == kpi,
         "told": _when(one)} for one in told if one.state in ("running", "done")
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["on", "name", "aimed", "told"])


def annotated(told: Sequence[Annotation], products: tuple[str, ...]) -> pd.DataFrame:
    """The annotations that touch these products as charts mark them: on, until, text, told."""
    rows = [
        {"on": one.on, "until": one.until, "text": one.text, "told": noted(one)}
        for one in told if one.touches(products)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["on", "until", "text", "told"])


def annotation_titles() -> dict[str, str]:
    """The words of the tooltips of annotations."""
    return {"annotation": t("Note"), "when": t("When")}


def noted(one: Annotation) -> str:
    """When it happened, to what, and who says so."""
    days = words.day(one.on, year=True)
    if one.until > one.on:
        days = t("{first} to {last}", first=days, last=words.day(one.until, year=True))
    return ", ".join(part for part in (days, one.product, one.who) if part)


def _when(action: Action) -> str:
    if action.done_on:
        return t("done on {day}", day=words.day(action.done_on, year=True))
    return t("running since {day}", day=words.day(action.start, year=True))


def movers(kpi: Kpi, dimension: str, split: pd.DataFrame) -> pd.DataFrame:
    """A split change as its chart takes it: the groups that count most, named, with texts and tones."""
    # Groups that were too small to stand alone come as one; where the chart has a rest of its own they are part of it.
    told = split if len(split) <= MOST_GROUPS else split[split["groups"] == 1].head(MOST_GROUPS)
    size = words.duration_unit(max(split["before"].max(), split["now"].max()))[0] if kpi.is_duration else 1
    drawn = pd.DataFrame(
        {
            "group": [group(dimension, name) for name in told["group"]],
            "rate": told["rate"] / size,
            "mix": told["mix"] / size,
            "total": told["total"] / size,
            **{
                f"{part}_text": [_contribution(kpi, amount) for amount in told[part]]
                for part in ("rate", "mix")
            },
            "text": [_contribution(kpi, amount) for amount in told["total"]],
            "tone": [_contribution_tone(kpi, row) for row in told.itertuples()],
        }
    ).reset_index(drop=True)
    rest = split.drop(told.index)
    if len(rest):
        sums = rest[["rate", "mix", "total"]].sum()
        rate, mix, total = (_contribution(kpi, float(amount)) for amount in sums)
        texts = {"rate_text": rate, "mix_text": mix, "text": total}
        drawn.loc[len(drawn)] = {"group": t("All others"), **(sums / size).to_dict(), **texts, "tone": ""}
    return drawn


def movers_titles(dimension: str) -> dict[str, str]:
    """The words of the movers' bars and tooltips."""
    return {
        "group": dimension_label(dimension),
        "rate": t("own rate"),
        "mix": t("share of volume"),
        "total": t("Part of the change"),
    }


def movers_caption(kpi: Kpi) -> str:
    """What the bars of a change mean."""
    if kpi.family == "total":
        return t("Each group's part of the change against the week before. The parts add up to the whole.")
    return t(
        "Each group's part of the change against the week before: its own rate (solid) and its share of the volume "
        "(light). The parts add up to the whole."
    )


def movers_alt(kpi: Kpi, dimension: str) -> str:
    """The movers, for who cannot see them."""
    return t("What moved {measure}, by {dimension}", measure=label(kpi), dimension=dimension_label(dimension))


def reasons_caption(week: date) -> str:
    """Which days the table of complaints covers."""
    last = week + timedelta(days=6)
    return t(
        "{first} to {last}, against the week before", first=words.short_day(week), last=words.short_day(last)
    )


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
