"""The funnel and the ideal journey in words and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan

import pandas as pd

from cx import words
from cx.journey import Journey, Stage
from cx.kpis import kpi
from cx.questions.funnel import CONVERSION, LONG_PASSAGE, PASSAGE, Comparison, Funnel, Period, differences
from cx.questions.ideal import DAY, Gap, StageGap, Stake
from cx.stats import SmallSamples
from cx.telling import cells
from cx.telling.shapes import Cell, Column, Row
from cx.telling.values import STAGE_LABELS, group, interval, plain_text, value_text
from cx.words import number, t, tn

SATISFACTION = kpi("csat")
MOST_GROUPS = 14
"""Rows of a breakdown."""


def stage_name(stage: Stage) -> str:
    """A stage as the company names it, or by the usual name of its id."""
    return stage.name or (t(STAGE_LABELS[stage.id]) if stage.id in STAGE_LABELS else stage.id)


def names(journey: Journey) -> dict[str, str]:
    """The stages' names by their ids."""
    return {stage.id: stage_name(stage) for stage in journey.stages}


def title(journey: Journey, told: Funnel, gaps: Sequence[StageGap]) -> str:
    """Where customers stumble, as a headline: where most is at stake, or else where most are lost."""
    position = _worst(journey, told, gaps)
    if position is None:
        return (
            t("Nobody has had the time for the whole journey yet") if told.too_young else t("No journeys yet")
        )
    before, stage = (
        plain_text(stage_name(journey.stages[place])) for place in (journey.before(position), position)
    )
    return t("Customers stumble most between {before} and {stage}", before=before, stage=stage)


def summary(journey: Journey, told: Funnel, gaps: Sequence[StageGap]) -> str:
    """How many came in, how many came through, and what the worst stage costs (Markdown)."""
    position = _worst(journey, told, gaps)
    if position is None:
        return ""
    last = journey.required[-1]
    row = told.row(last, "overall")
    came = tn("Of {n} customer who came in, {share} reached {stage}.",
              "Of {n} customers who came in, {share} reached {stage}.", told.entered,
              share=value_text(CONVERSION, row.value), stage=_bold(journey, last))  # fmt: skip
    stages = told.stages.iloc[position]
    lost = t("{share} of those who reached {before} did not reach {stage}: {lost} of {all}.",
             share=value_text(CONVERSION, 100 - stages["conversion"]), before=_bold(journey, journey.before(position)),
             stage=_bold(journey, position), lost=number(stages["lost"]), all=number(stages["before"]))  # fmt: skip
    gap = next((gap for gap in gaps if gap.position == position), None)
    return " ".join(part for part in (came, lost, _cost(gap)) if part)


def _cost(gap: StageGap | None) -> str:
    if gap is None or gap.conversion.verdict != "behind":
        return ""
    told = {"ideal": value_text(CONVERSION, gap.conversion.ideal), "customers": number(gap.customers.value)}
    if not gap.revenue.value:
        return t("The ideal is {ideal}: {customers} customers are at stake.", **told)
    return t("The ideal is {ideal}: {customers} customers and about {revenue} in revenue are at stake.", **told,
             revenue=number(gap.revenue.value))  # fmt: skip


def _worst(journey: Journey, told: Funnel, gaps: Sequence[StageGap]) -> int | None:
    """The stage with most revenue at stake; where no ideal is missed, the one that every customer passes and most miss."""
    if not told.entered:
        return None
    behind = [gap.position for gap in gaps if gap.conversion.verdict == "behind"]
    if behind:
        return behind[0]
    return max(journey.required[1:], key=lambda position: float(told.stages["lost"][position]))


def _bold(journey: Journey, position: int) -> str:
    return f"**{plain_text(stage_name(journey.stages[position]))}**"


def who(journey: Journey, told: Funnel, period: Period) -> str:
    """Whom the funnel counts, and whom it does not yet."""
    last = period.counted_to(journey)
    if last < period.first:
        return t("Nobody who came in since {day} has had the {window} days of the journey's window yet.",
                 day=words.day(period.first, year=True), window=number(journey.window_days))  # fmt: skip
    counted = tn("{n} customer came in from {first} to {last}.", "{n} customers came in from {first} to {last}.",
                 told.entered, first=words.day(period.first, year=True), last=words.day(last, year=True))  # fmt: skip
    young = tn("{n} more is too young: the {window} days of the window have not run out.",
               "{n} more are too young: the {window} days of their window have not run out.",
               told.too_young, window=number(journey.window_days))  # fmt: skip
    return f"{counted} {young}" if told.too_young else counted


def ever(journey: Journey, told: Funnel) -> str:
    """How many of all who came in, young ones too, were at the last stage at any time and in any order."""
    last = journey.required[-1]
    row = told.stages.iloc[last]
    if not row["ever"]:
        return ""
    stage = plain_text(stage_name(journey.stages[last]))
    numbers = {"came": number(row["ever"]), "everyone": number(told.everyone), "stage": stage,
            "share": _share(row["ever"], told.everyone), "late": value_text(PASSAGE, row["late"])}  # fmt: skip
    if not row["early"]:
        return t("At any time and in any order, {came} of all {everyone} customers who came in were at {stage} ({share}), half of them "
                 "within {late}.", **numbers)  # fmt: skip
    if row["early"] == row["ever"]:
        return t("At any time and in any order, {came} of all {everyone} customers who came in were at {stage} ({share}), only before "
                 "they came in.", **numbers)  # fmt: skip
    return t("At any time and in any order, {came} of all {everyone} customers who came in were at {stage} ({share}): {early} only "
             "before they came in, and half of the others within {late}.", **numbers, early=number(row["early"]))  # fmt: skip


def _share(part: float, whole: float) -> str:
    return value_text(CONVERSION, 100 * part / whole)


def beside(journey: Journey, compared: Comparison, period: Period, campaigns: Mapping[str, str]) -> str:
    """What stands beside what."""
    if compared.against == "groups":
        one, other = (
            plain_text(group(compared.dimension, value, campaigns))
            for value in (compared.one, compared.other)
        )
        return t(
            "{one}, with {other} beneath in grey. Differences are {one} less {other}.", one=one, other=other
        )
    before = period.before(journey)
    return t("Beneath in grey: who came in from {first} to {last}, as many days as are counted now.",
             first=words.day(before.first, year=True), last=words.day(before.last, year=True))  # fmt: skip


def funnel_columns(compared: bool) -> list[Column]:
    """The columns of the funnel."""
    columns: list[Column] = [
        {"id": "stage", "label": t("Stage"), "kind": "text"},
        {
            "id": "reached",
            "label": t("Reached"),
            "kind": "bar",
            "note": t("Share of all who came in, with its 95 % interval"),
        },
        {"id": "conversion", "label": t("From the stage before"), "kind": "number", "main": True},
    ]
    if compared:
        columns.append({"id": "change", "label": t("Difference"), "kind": "chip",
                        "note": t("In the conversion from the stage before")})  # fmt: skip
    return [
        *columns,
        {"id": "time", "label": t("Median time"), "kind": "number", "note": t("From the stage before")},
        {"id": "p90", "label": t("Nine of ten within"), "kind": "number"},
        {"id": "lost", "label": t("Lost"), "kind": "number", "note": t("Reached the stage before and not this one")},
    ]  # fmt: skip


def funnel_rows(journey: Journey, now: Funnel, other: Funnel | None, limits: SmallSamples) -> list[Row]:
    """A row for each stage; with another funnel, its bar beneath and the difference to it."""
    changes = differences(journey, now, other, limits) if other else []
    rows = []
    for position, stage in enumerate(journey.stages):
        told = _stage_cells(position, stage, now, limits)
        if other is not None:
            beside = other.row(position, "overall")
            told["reached"]["other"] = 0.0 if isnan(beside.value) else beside.value / 100
            if position:
                told["change"] = cells.moved(CONVERSION, changes[position]["conversion"])
        rows.append(Row(id=stage.id, cells=told, choosable=True))
    return rows


def _stage_cells(position: int, stage: Stage, told: Funnel, limits: SmallSamples) -> dict[str, Cell]:
    row, overall = told.stages.iloc[position], told.row(position, "overall")
    reached = cells.bar(Cell(text=number(row["reached"])), overall.value, overall.lo, overall.hi)
    if not isnan(overall.value):
        reached["note"] = t("{share} ({interval})", share=value_text(CONVERSION, overall.value),
                            interval=interval(CONVERSION, overall)) if position else ""  # fmt: skip
    note = t("need not be passed") if stage.optional else ""
    found = {"stage": Cell(text=stage_name(stage), note=note), "reached": reached}
    if not position:
        return found
    n = float(row["reached"])
    return {
        **found,
        "conversion": cells.estimate(
            CONVERSION, told.row(position, "conversion"), float(row["before"]), limits
        ),
        "time": cells.estimate(PASSAGE, told.row(position, "median"), n, limits),
        "p90": cells.estimate(LONG_PASSAGE, told.row(position, "p90"), n, limits),
        "lost": Cell() if stage.optional else cells.count(float(row["lost"])),
    }


def breakdown_columns(journey: Journey, dimension: str) -> list[Column]:
    """A column for each later stage."""
    later: list[Column] = [
        {"id": stage.id, "label": stage_name(stage), "kind": "heat"} for stage in journey.stages[1:]
    ]
    return [
        {"id": "group", "label": dimension, "kind": "text"},
        {"id": "entered", "label": t("Came in"), "kind": "number"},
        *later,
        {
            "id": "ever",
            "label": t("At any time"),
            "kind": "number",
            "note": t(
                "At {stage} at any time and in any order, of all who came in",
                stage=stage_name(journey.stages[journey.required[-1]]),
            ),
        },
    ]


def breakdown_rows(
    journey: Journey, dimension: str, table: pd.DataFrame, limits: SmallSamples, campaigns: Mapping[str, str]
) -> list[Row]:
    """A row for each value of a dimension with the share of its customers who reached each stage."""
    rows = []
    for told in table.head(MOST_GROUPS).itertuples():
        found: dict[str, Cell] = {
            "group": Cell(text=group(dimension, told.group, campaigns)),
            "entered": cells.count(told.entered),
            "ever": _ever(told.ever, told.everyone),
        }
        for position, stage in enumerate(journey.stages[1:], start=1):
            row = _Bounds(told, position)
            cell = cells.estimate(CONVERSION, row, told.entered, limits)
            if cell["text"] != "–":
                cell["share"] = row.value / 100
            found[stage.id] = cell
        rows.append(Row(id=f"group {told.group}", cells=found))
    return rows


def _ever(came: int, everyone: int) -> Cell:
    return Cell(text=_share(came, everyone), note=t("{n} of {all}", n=number(came), all=number(everyone)))


class _Bounds:
    """The share who reached one stage, out of a row of the breakdown."""

    def __init__(self, row: object, position: int) -> None:
        self.value, self.lo, self.hi = (
            float(getattr(row, f"{end}_{position}")) for end in ("value", "lo", "hi")
        )
        self.n = float(getattr(row, f"reached_{position}"))


def gap_columns() -> list[Column]:
    """The columns of current against ideal."""
    return [
        {"id": "stage", "label": t("Stage"), "kind": "text"},
        {"id": "conversion", "label": t("Conversion"), "kind": "number", "main": True, "note": t("From the stage before")},
        {"id": "conversion_gap", "label": t("Gap"), "kind": "chip"},
        {"id": "days", "label": t("Median time"), "kind": "number"},
        {"id": "days_gap", "label": t("Gap"), "kind": "chip"},
        {"id": "satisfaction", "label": t("Satisfaction"), "kind": "number", "note": t("CSAT at the stage")},
        {"id": "satisfaction_gap", "label": t("Gap"), "kind": "chip"},
        {"id": "customers", "label": t("Customers at stake"), "kind": "number"},
        {"id": "revenue", "label": t("Revenue at stake"), "kind": "number", "main": True},
    ]  # fmt: skip


def gap_rows(journey: Journey, gaps: Sequence[StageGap], limits: SmallSamples) -> list[Row]:
    """A row for each stage after the first, in the order that the gaps come in."""
    rows = []
    for told in (gap for gap in gaps if gap.position):
        found = {"stage": Cell(text=stage_name(journey.stages[told.position]))}
        found |= _gap("conversion", told.conversion, limits) | _gap("days", told.days, limits)
        found |= _gap("satisfaction", told.satisfaction, limits)
        found |= {"customers": _stake(told.customers), "revenue": _stake(told.revenue)}
        rows.append(Row(id=journey.stages[told.position].id, cells=found, choosable=True))
    return rows


def stakes() -> str:
    """How what is at stake is computed."""
    return t(
        "Customers at stake: those who would have gone on if as many did as the ideal says. Revenue at stake: these "
        "customers times the difference in revenue, within the window, between customers who went on and those who "
        "did not. The ranges come from the 95 % intervals of both. Going on goes along with the revenue; that it would bring it is "
        "not shown by this."
    )


def _gap(name: str, gap: Gap, limits: SmallSamples) -> dict[str, Cell]:
    """What is, with the ideal beneath; and the gap as a chip in words of ahead, near and behind."""
    if name == "days":
        now, aim = value_text(PASSAGE, gap.current.value * DAY), value_text(PASSAGE, gap.ideal * DAY)
    else:
        now, aim = value_text(SATISFACTION, gap.current.value), value_text(SATISFACTION, gap.ideal)
    cell = cells.estimate(SATISFACTION, gap.current, gap.current.base, limits)
    if cell["text"] != "–":
        cell["text"] = now
    cell["note"] = t("ideal {ideal}", ideal=aim) if not isnan(gap.ideal) else ""
    return (
        {name: cell, f"{name}_gap": _verdict(name, gap)}
        if gap.verdict and cell["text"] != "–"
        else {name: cell}
    )


def _verdict(name: str, gap: Gap) -> Cell:
    amount = (
        value_text(PASSAGE, abs(gap.amount) * DAY)
        if name == "days"
        else t("{n} pts", n=number(abs(gap.amount), 1))
    )
    if gap.verdict == "near":
        return Cell(text=t("Near"), tone="neutral", aria=t("The interval holds the ideal."))
    if gap.verdict in ("above", "below"):
        above = gap.verdict == "above"
        return Cell(
            text=t("Above by {amount}", amount=amount) if above else t("Below by {amount}", amount=amount)
        )
    if gap.verdict == "ahead":
        return Cell(text=t("Ahead {amount}", amount=amount), tone="good")
    return Cell(text=t("Behind {amount}", amount=amount), tone="bad")


def _stake(told: Stake) -> Cell:
    if not told.value:
        return Cell(text="–")
    return Cell(text=number(told.value), note=t("{low} to {high}", low=number(told.lo), high=number(told.hi)))


def unknown(table: pd.DataFrame) -> str:
    """Which stages interactions name that the journey does not; empty where there are none."""
    named = table[table["stage"] != ""]
    if named.empty:
        return ""
    stages = words.enumeration(
        [t("'{stage}' ({n})", stage=row.stage, n=number(row.n)) for row in named.head(5).itertuples()]
    )
    return t("Interactions name stages that the journey does not have: {stages}. Add them to journey.toml, or mend the export.",
             stages=plain_text(stages))  # fmt: skip
