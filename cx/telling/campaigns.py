"""What campaigns brought, in words and tables: the headline and the league."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Any

from cx import words
from cx.lift import EARLY
from cx.questions.campaigns import OUTCOMES, SIGNUPS, Result
from cx.questions.converting import CONVERSION, WITHIN_DAYS, Converted
from cx.telling import cells
from cx.telling.shapes import Cell, Column, Row, Tone
from cx.telling.values import plain_text, tone, value_text, verdict
from cx.words import enumeration, mark, number, signed, t, tn

VERDICTS: dict[str, tuple[str, str, Tone]] = {
    "more orders": (mark("More orders"), mark("{campaign} brought more orders"), "good"),
    "worse product": (mark("Worse product"), mark("{campaign}: the product got worse"), "bad"),
    "both": (mark("More orders, worse product"), mark("{campaign} sold more, and the product got worse"), "bad"),
    "too early to say": (mark("Too early to say"), mark("{campaign}: too early to say what it brought"), "neutral"),
    "cannot be told apart": (mark("Cannot be told apart"), mark("{campaign} cannot be told apart from others"), "neutral"),
    "no effect seen": (mark("No effect seen"), mark("{campaign} had no effect that can be seen"), "neutral"),
}  # fmt: skip
"""What is said of a campaign by its verdict: as a chip, as a headline, and the chip's tone."""

LABELS = {
    "units": mark("Units"),
    "orders": mark("Orders"),
    "revenue": mark("Revenue"),
    SIGNUPS: mark("Sign-ups"),
}

_NOTES: dict[str, tuple[str, str]] = {
    "too few days": (mark("Too few days"), mark("There are too few days to judge it by.")),
    "not started": (mark("Not begun"), mark("It has not begun.")),
    "running": (mark("Still running"), mark("It is still running.")),
    "aftermath open": (mark("Aftermath not over"), mark("The 10 days after it are not over.")),
    "no sales": (mark("No sales"), mark("None of its products was sold.")),
    "few days before": (mark("Little before it"), mark("There are few days before it to compare with.")),
    "stock-out": (mark("Stock ran out"), mark("Stock ran out during it.")),
    "launch": (mark("New product"), mark("One of its products was new.")),
    "no controls": (mark("No comparison"), mark("No other product could be compared with.")),
    "few placebos": (mark("Little history"), mark("There is little history to judge its uncertainty by.")),
}  # fmt: skip
"""What must be known beside a verdict: beneath its chip, and as a sentence; the first is the most important."""


def latest(results: Sequence[Result]) -> Result:
    """The latest campaign that has begun, or else the first to come."""
    return next((told for told in results if "not started" not in told.lifts["units"]["notes"]), results[-1])


def title(results: Sequence[Result]) -> str:
    """What the latest campaign brought, as a headline."""
    if not results:
        return t("No campaigns yet")
    told = latest(results)
    return t(VERDICTS[told.verdict][1], campaign=plain_text(told.campaign.name))


def summary(results: Sequence[Result]) -> str:
    """The latest campaign in sentences (Markdown)."""
    if not results:
        return t("Write your campaigns into data/reference/campaigns.csv; they are judged as soon as the file is saved.")  # fmt: skip
    told = latest(results)
    sold, beyond = told.lifts["units"], told.excess
    if isnan(sold["lift"]):
        return " ".join((t("Nothing can be said of its sales yet."), notes(told)))
    brought = t("It sold **{units}** units more than would have been sold without it ({lo} to {hi}), and brought **{excess}** "
                "complaints beyond what those units explain ({excess_lo} to {excess_hi}).", units=number(sold["lift"]),
                lo=number(sold["lift_lo"]), hi=number(sold["lift_hi"]), excess=number(beyond["excess"]),
                excess_lo=number(beyond["lo"]), excess_hi=number(beyond["hi"]))  # fmt: skip
    return f"{brought} {notes(told)}".strip()


def columns() -> list[Column]:
    """The columns of the league."""
    lifts: list[Column] = [{"id": name, "label": t(LABELS[name]), "kind": "number"} for name in (*OUTCOMES, SIGNUPS)]  # fmt: skip
    return [
        {"id": "campaign", "label": t("Campaign"), "kind": "text"},
        {"id": "verdict", "label": t("Verdict"), "kind": "chip"},
        *lifts,
        {"id": "conversion", "label": t("Conversion"), "kind": "number", "note": tn(
            "Journeys on its products that reached an order within {n} day, against those on its weekdays in the 8 weeks around it",
            "Journeys on its products that reached an order within {n} days, against those on its weekdays in the 8 weeks around it", WITHIN_DAYS)},
        {"id": "excess", "label": t("Excess"), "kind": "number", "note": t("Complaints beyond what the units sold explain, to 14 days after its end")},
        {"id": "cost", "label": t("Cost"), "kind": "number"},
        {"id": "net", "label": t("Net result"), "kind": "number", "main": True, "note": t("Revenue gained, less what the complaints and the campaign cost")},
    ]  # fmt: skip


def rows(results: Sequence[Result]) -> list[Row]:
    """A row for each campaign, the latest first."""
    return [Row(id=told.campaign.id, choosable=True, cells=_cells(told)) for told in results]


def _cells(told: Result) -> dict[str, Cell]:
    campaign = told.campaign
    word, _, tone_ = VERDICTS[told.verdict]
    worst = told.reasons.iloc[0] if len(told.reasons) and told.excess["lo"] > 0 else None
    most = t("most: {reason}", reason=worst["reason"] or t("Not stated")) if worst is not None else ""
    return {
        "campaign": Cell(text=campaign.name, note=ran(campaign)),
        "verdict": Cell(text=t(word), tone=tone_, note=_first_note(told)),
        **{name: lifted(told.lifts[name], percent=name == "units") for name in (*OUTCOMES, SIGNUPS)},
        "conversion": _conversion(told.conversion),
        "excess": ranged(told.excess["excess"], told.excess["lo"], told.excess["hi"], most),
        "cost": Cell(text="–" if campaign.cost is None or isnan(campaign.cost) else number(campaign.cost)),
        "net": ranged(*told.net.net),
    }


def ran(campaign: Any) -> str:
    """The days of a campaign."""
    return t("{first} to {last}", first=words.short_day(campaign.starts_on), last=words.day(campaign.ends_on, year=True))  # fmt: skip


def lifted(row: Any, percent: bool = True) -> Cell:
    """A lift (a row of `lift.lifts`) with its interval, and in percent."""
    also = f"{signed(row['percent'])}%" if percent and not isnan(row["percent"]) else ""
    return ranged(row["lift"], row["lift_lo"], row["lift_hi"], also)


def ranged(value: float, lo: float, hi: float, also: str = "") -> Cell:
    """A difference with its interval and something more beneath it."""
    if isnan(value):
        return Cell(text="–")
    between = t("{low} to {high}", low=number(lo), high=number(hi)) if not isnan(lo + hi) else ""
    return Cell(text=signed(value), note=" · ".join(part for part in (between, also) if part))


def _conversion(told: Converted | None) -> Cell:
    if told is None or not told.now.n + told.too_young:
        return Cell(text="–", note=t("No journeys"))
    if not told.now.n:
        return Cell(text="–", note=t("Too early to say"))
    if told.change.verdict == "too few":
        return Cell(text="–", note=tn("Too few: {n} journey", "Too few: {n} journeys", int(told.now.n)))
    change, n = told.change, number(told.now.n)
    between = t("{low} to {high}", low=number(change.lo, 1), high=number(change.hi, 1))
    return Cell(text=cells.points(CONVERSION, change.amount), tone=tone(change), aria=verdict(change),
                note=" · ".join((between, t("n {n}, small sample", n=n) if told.small else t("n {n}", n=n))))  # fmt: skip


def converted(told: Converted | None) -> str:
    """The lift in conversion of one campaign, as sentences; empty where there were no journeys."""
    if told is None or not told.now.n + told.too_young:
        return ""
    early = tn("{n} journey is too young to be told yet.", "{n} journeys are too young to be told yet.", told.too_young) if told.too_young else ""  # fmt: skip
    if not told.now.n:
        return early
    if told.change.verdict == "too few":
        few = tn("Only {n} journey that began on its products and days can be told: too few for its conversion.",
                 "Only {n} journeys that began on its products and days can be told: too few for its conversion.", int(told.now.n))  # fmt: skip
        return f"{few} {early}".strip()
    said = tn("Of {n} journey that began on its products and days {now} ended in an order; {usual} would be expected ({low} to {high}).",
              "Of {n} journeys that began on its products and days {now} ended in an order; {usual} would be expected ({low} to {high}).",
              int(told.now.n), now=value_text(CONVERSION, told.now.value), usual=value_text(CONVERSION, told.usual.value),
              low=number(told.usual.lo, 1), high=number(told.usual.hi, 1))  # fmt: skip
    return " ".join(part for part in (said, verdict(told.change), early) if part)


def notes(told: Result) -> str:
    """What must be known beside the verdict, in sentences."""
    found = [t(_NOTES[note][1]) for note in _noted(told)]
    if _still_complained(told):
        found.append(t("Complaints may still come in."))
    if told.verdict == "cannot be told apart" and told.met:
        found.append(t("It met {campaigns} on its days.", campaigns=enumeration([plain_text(name) for name in told.met])))  # fmt: skip
    return " ".join(found)


def _first_note(told: Result) -> str:
    if told.verdict == "cannot be told apart" and told.met:
        return tn("Met {n} other", "Met {n} others", len(told.met))
    noted = _noted(told)
    return t(_NOTES[noted[0]][0]) if noted else t("Complaints may come") if _still_complained(told) else ""


def _noted(told: Result) -> list[str]:
    return [note for note in _NOTES if note in told.lifts["units"]["notes"]]


def _still_complained(told: Result) -> bool:
    """Sales are known to their end, and complaints are not."""
    return not told.excess["complete"] and not (EARLY | {"no sales"}) & {*_noted(told)}


def names(results: Sequence[Result]) -> dict[str, str]:
    """The campaigns' names by id; where two share a name, the id stands beside it."""
    called = [told.campaign.name for told in results]
    return {
        told.campaign.id: told.campaign.name if called.count(told.campaign.name) == 1
        else t("{name} ({id})", name=told.campaign.name, id=told.campaign.id)
        for told in results
    }  # fmt: skip
