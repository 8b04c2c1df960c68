"""The roadmap in words: what is late, what came of what is finished, and what there is to do."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from cx import stats, words
from cx.kpis import Kpi
from cx.questions.actions import LEAST_DAYS, Action, Effect, Late
from cx.stats import Change, SmallSamples
from cx.telling import cells
from cx.telling.shapes import Cell, Column, Row
from cx.telling.values import change, label, plain, tone
from cx.words import mark, number, signed, t, tn

STATE_LABELS = {
    "planned": mark("Planned"),
    "running": mark("Running"),
    "done": mark("Done"),
    "stopped": mark("Stopped"),
}
_VERDICTS = {
    "better": mark("It moved for the better"),
    "worse": mark("It moved for the worse"),
    "moved": mark("It moved"),
    "same": mark("Not told apart from chance"),
    "few": mark("Too few to tell"),
    "no interval": mark("A sum has no interval, so chance cannot be told"),
    "early": mark("Too early to say"),
    "no before": mark("The data begin too late to compare"),
}
_CONTROLS = {
    "year": mark("beyond the same weeks a year before"),
    "rest": mark("beyond the other channels"),
    "none": mark("seasons are not accounted for"),
}
_REACHED = {
    "met": mark("Reached"),
    "near": mark("About reached"),
    "missed": mark("Not reached"),
    "no data": mark("No data"),
}


def summary(told: Sequence[Action], late: Sequence[Late], effects: Sequence[Effect]) -> str:
    """The roadmap in a sentence or two (Markdown)."""
    moved = sum(one.verdict == "better" for one in effects)
    parts = [
        tn("**{n} action is late.**", "**{n} actions are late.**", len(late)) if late else t("No action is late."),
        tn("Of {n} finished action, {moved} moved its measure for the better.",
           "Of {n} finished actions, {moved} moved their measure for the better.", len(effects), moved=number(moved))
        if effects else t("None is finished yet."),
    ]  # fmt: skip
    return " ".join(parts)


def late_columns() -> list[Column]:
    """Of the table of what is late."""
    return [
        Column(id="what", label=t("Action"), kind="text"),
        Column(id="owner", label=t("Owner"), kind="text"),
        Column(id="measure", label=t("Measure"), kind="text"),
        Column(id="due", label=t("Due"), kind="text"),
        Column(id="late", label=t("Late"), kind="chip"),
    ]


def late_rows(told: Sequence[Late]) -> list[Row]:
    """What is late, the longest first."""
    return [
        Row(id=str(one.action.number), cells={**_whose(one.action), "late": _lateness(one)}) for one in told
    ]


def _lateness(one: Late) -> Cell:
    days = tn("{n} day", "{n} days", one.days)
    overdue = one.why == "overdue"
    return Cell(text=days, tone="bad", note=t("overdue") if overdue else t("should have begun"))


def _whose(action: Action) -> dict[str, Cell]:
    return {
        "what": Cell(text=action.what),
        "owner": Cell(text=action.owner or "–", note=action.department),
        "measure": Cell(text=label(action.kpi), note=action.channel),
        "due": Cell(
            text=words.short_day(action.due), note=t("from {day}", day=words.short_day(action.start))
        ),
    }


def effect_columns() -> list[Column]:
    """Of the table of finished actions."""
    return [
        Column(id="what", label=t("Action"), kind="text"),
        Column(id="measure", label=t("Measure"), kind="text"),
        Column(id="before", label=t("Before"), kind="number"),
        Column(id="after", label=t("After"), kind="number", main=True),
        Column(id="change", label=t("Change"), kind="chip", note=t("What is left of it when the same windows a year before, or the other channels, are taken off.")),
        Column(id="verdict", label=t("Did it move?"), kind="text"),
        Column(id="target", label=t("Target"), kind="text"),
    ]  # fmt: skip


def effect_rows(told: Sequence[Effect], limits: SmallSamples) -> list[Row]:
    """What came of each finished action, the last finished first."""
    return [Row(id=str(one.action.number), cells=_effect(one, limits)) for one in told]


def _effect(one: Effect, limits: SmallSamples) -> dict[str, Cell]:
    action, kpi = one.action, one.action.kpi
    finished = action.done_on or action.due
    shown = stats.shown(one.after.base, limits) in ("small", "ok")
    return {
        "what": Cell(text=action.what, note=_by(action, t("done {day}", day=words.short_day(finished)))),
        "measure": Cell(text=label(kpi), note=_narrowed(one)),
        "before": cells.estimate(kpi, one.before, one.before.base, limits) if one.windows else Cell(text="–"),
        "after": cells.estimate(kpi, one.after, one.after.base, limits) if one.windows else Cell(text="–"),
        "change": _change(kpi, one.change) if shown else Cell(text="–"),
        "verdict": Cell(text=t(_VERDICTS[one.verdict]), note=_why(one)),
        "target": _target(kpi, one),
    }


def _by(action: Action, when: str) -> str:
    return " · ".join(part for part in (action.owner, action.department, when) if part)


def _narrowed(one: Effect) -> str:
    if one.narrowed:
        return t("in {channel}", channel=one.narrowed)
    return t("whole company: sales have no such channel") if one.action.channel else t("whole company")


def _change(kpi: Kpi, told: Change) -> Cell:
    return Cell(text=change(kpi, told) or "–", tone=tone(told), note=_between(kpi, told))


def _between(kpi: Kpi, told: Change) -> str:
    if isnan(told.lo) or isnan(told.hi):
        return ""
    digits = 0 if told.kind == "percent" else kpi.digits
    low, high = signed(told.lo, digits), signed(told.hi, digits)
    if told.kind == "percent":
        return t("{low} to {high} %", low=low, high=high)
    return t("{low} to {high}", low=low, high=high)


def _why(one: Effect) -> str:
    if one.verdict == "early" and one.judged_on:
        return t("can be told from {day}", day=words.short_day(one.judged_on))
    if one.windows is None:
        return tn("needs {n} day before its start", "needs {n} days before its start", LEAST_DAYS)
    days = tn("{n} day", "{n} days", one.windows.days)
    return t("{days} on each side, {control}", days=days, control=t(_CONTROLS[one.control]))


def _target(kpi: Kpi, one: Effect) -> Cell:
    if isnan(one.action.target):
        return Cell(text="–")
    aim = t("Target {target}", target=plain(kpi, one.action.target))
    if not one.reached:
        return Cell(text="–", note=aim)
    cell = Cell(text=t(_REACHED[one.reached]), note=aim)
    return (
        Cell(**{**cell, "tone": "good" if one.reached == "met" else "bad"})
        if one.reached in ("met", "missed")
        else cell
    )


def plan_columns() -> list[Column]:
    """Of the table of all that is planned and running."""
    return [*late_columns()[:-1], Column(id="state", label=t("State"), kind="text"), Column(id="target", label=t("Target"), kind="text")]  # fmt: skip


def plan_rows(told: Sequence[Action]) -> list[Row]:
    """What is planned, running or stopped, by its due date."""
    open_ = [action for action in told if action.state != "done"]
    return [
        Row(id=str(action.number), muted=action.state == "stopped", cells={
            **_whose(action), "state": Cell(text=t(STATE_LABELS[action.state])),
            "target": Cell(text="–" if isnan(action.target) else plain(action.kpi, action.target)),
        })
        for action in sorted(open_, key=lambda action: (action.state == "stopped", action.due))
    ]  # fmt: skip


def effects_caption() -> str:
    """How finished actions are judged."""
    return t("The measure in equally long windows of whole weeks, before the start and after the finish; the filters above do not narrow them.")  # fmt: skip


def effects_notes(told: Sequence[Effect]) -> str:
    """What to beware of."""
    sentences = [
        t("A change after an action is not always by it: look at what else the trend marks in those weeks.")
    ]
    if any(one.windows and one.control == "none" for one in told):
        sentences.append(
            t("Where seasons are not accounted for, the time of the year alone may have moved it.")
        )
    return " ".join(sentences)
