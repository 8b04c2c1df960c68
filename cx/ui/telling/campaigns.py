"""What campaigns brought, in words and tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from math import isnan
from typing import Any

import pandas as pd

from cx import words
from cx.questions.campaigns import OUTCOMES, SIGNUPS, Result
from cx.ui.table import Cell, Column, Row
from cx.ui.telling.values import plain_text
from cx.ui.tiles import Tone
from cx.vega import DAY_MS, moment
from cx.words import enumeration, mark, number, signed, t, tn

DAY = float(DAY_MS)
VERDICTS: dict[str, tuple[str, Tone]] = {
    "more orders": (mark("More orders"), "good"),
    "worse product": (mark("Worse product"), "bad"),
    "both": (mark("More orders, worse product"), "bad"),
    "too early to say": (mark("Too early to say"), "neutral"),
    "cannot be told apart": (mark("Cannot be told apart"), "neutral"),
    "no effect seen": (mark("No effect seen"), "neutral"),
}
LABELS = {
    "units": mark("Units"),
    "orders": mark("Orders"),
    "revenue": mark("Revenue"),
    SIGNUPS: mark("Sign-ups"),
}


def title(results: Sequence[Result]) -> str:
    """What the latest campaign brought, as a headline."""
    if not results:
        return t("No campaigns yet")
    told = results[0]
    return t(
        "{campaign}: {verdict}",
        campaign=plain_text(told.campaign.name),
        verdict=t(VERDICTS[told.verdict][0]).lower(),
    )


def summary(results: Sequence[Result]) -> str:
    """The latest campaign in sentences (Markdown)."""
    if not results:
        return t(
            "Write your campaigns into data/reference/campaigns.csv; they are judged as soon as the file is saved."
        )
    told = results[0]
    sold, beyond = told.lifts["units"], told.excess
    if isnan(sold["lift"]):
        return t("Nothing can be said of it yet.")
    return t("It sold **{units}** units more than would have been sold without it ({lo} to {hi}), and brought **{excess}** "
             "complaints beyond what those units explain ({excess_lo} to {excess_hi}).", units=number(sold["lift"]),
             lo=number(sold["lift_lo"]), hi=number(sold["lift_hi"]), excess=number(beyond["excess"]),
             excess_lo=number(beyond["lo"]), excess_hi=number(beyond["hi"]))  # fmt: skip


def columns() -> list[Column]:
    """The columns of the league."""
    lifts: list[Column] = [
        {"id": name, "label": t(LABELS[name]), "kind": "number"} for name in (*OUTCOMES, SIGNUPS)
    ]
    return [
        {"id": "campaign", "label": t("Campaign"), "kind": "text"},
        {"id": "verdict", "label": t("Verdict"), "kind": "chip"},
        *lifts,
        {"id": "excess", "label": t("Excess complaints"), "kind": "number", "note": t("Beyond what the units sold explain, to 14 days after its end")},
        {"id": "cost", "label": t("Cost"), "kind": "number"},
        {"id": "net", "label": t("Net result"), "kind": "number", "main": True, "note": t("Revenue gained, less what the complaints and the campaign cost")},
    ]  # fmt: skip


def rows(results: Sequence[Result]) -> list[Row]:
    """A row for each campaign, the latest first."""
    return [Row(id=told.campaign.id, choosable=True, cells=_cells(told)) for told in results]


def _cells(told: Result) -> dict[str, Cell]:
    campaign = told.campaign
    word, tone = VERDICTS[told.verdict]
    ran = t(
        "{first} to {last}",
        first=words.short_day(campaign.starts_on),
        last=words.day(campaign.ends_on, year=True),
    )
    worst = told.reasons.iloc[0] if len(told.reasons) and told.reasons.iloc[0]["lo"] > 0 else None
    return {
        "campaign": Cell(text=campaign.name, note=ran),
        "verdict": Cell(text=t(word), tone=tone, note=_why(told)),
        **{name: _lift(told.lifts[name]) for name in (*OUTCOMES, SIGNUPS)},
        "excess": _range(told.excess["excess"], told.excess["lo"], told.excess["hi"],
                         t("most: {reason}", reason=worst["reason"] or t("Not stated")) if worst is not None else ""),
        "cost": Cell(text="–" if campaign.cost is None or isnan(campaign.cost) else number(campaign.cost)),
        "net": _range(*told.net.net),
    }  # fmt: skip


def _lift(row: Any) -> Cell:
    if isnan(row["lift"]):
        return Cell(text="–")
    percent = f"{signed(row['percent'])}%"
    return _range(row["lift"], row["lift_lo"], row["lift_hi"], percent)


def _range(value: float, lo: float, hi: float, also: str = "") -> Cell:
    if isnan(value):
        return Cell(text="–")
    between = t("{low} to {high}", low=number(lo), high=number(hi)) if not isnan(lo + hi) else ""
    return Cell(text=signed(value), note=" · ".join(part for part in (between, also) if part))


_NOTES = {
    "not started": mark("has not begun"),
    "running": mark("is still running"),
    "aftermath open": mark("its aftermath is not over"),
    "too few days": mark("too few days"),
    "few days before": mark("few days before it"),
    "stock-out": mark("stock ran out"),
    "launch": mark("a product was new"),
    "no controls": mark("nothing to compare with"),
    "few placebos": mark("little to judge by"),
    "no sales": mark("no sales known"),
}


def _why(told: Result) -> str:
    notes = [t(_NOTES[note]) for note in told.lifts["units"]["notes"] if note in _NOTES]
    rivals = told.lifts["units"]["with_whom"]
    if told.verdict == "cannot be told apart" and rivals:
        notes.append(t("from {campaigns}", campaigns=enumeration([*rivals])))
    return enumeration(notes)


def assumed(told: Result) -> str:
    """What the numbers of one campaign rest on."""
    units = told.lifts["units"]
    return tn("Judged against {n} other product on the same days, and the days before; ",
              "Judged against {n} other products on the same days, and the days before; ", int(units["controls"])) + t(
        "{left_out} product-days of stock-outs are left out. Complaints follow the units sold by a lag that is learned for each reason. "
        "Net result: revenue gained × margin − excess complaints × (cost of a contact + refund rate × price) − cost; the ranges add up as if both "
        "ends came together.", left_out=number(units["left_out"]))  # fmt: skip


def sales(days: pd.DataFrame, result: Result) -> pd.DataFrame:
    """The days as their chart takes them: units sold against what would have been sold."""
    during = days["phase"] == "during"
    return pd.DataFrame({
        "place": [moment(day.date()) for day in days["day"]], "observed": days["observed"],
        "expected": days["expected"], "lo": days["lo"], "hi": days["hi"],
        "tone": ["good" if there and told.observed > told.hi else "" for there, told in zip(during, days.itertuples(), strict=True)],
        "open": False, "place_text": [_since(day.date(), result) for day in days["day"]],
        "observed_text": [number(n) for n in days["observed"]],
        "expected_text": [t("{expected} ({lo} to {hi})", expected=number(row.expected), lo=number(row.lo), hi=number(row.hi)) for row in days.itertuples()],
    })  # fmt: skip


def complaints(days: pd.DataFrame, result: Result) -> pd.DataFrame:
    """The days as their chart takes them: complaints for each 1,000 units sold in the 14 days before."""
    rate = days["rate"].astype(float).fillna(0.0)
    before = pd.to_datetime(days["day"]).dt.date < result.campaign.starts_on
    usual = float(rate[before].mean()) if before.any() else float("nan")
    return pd.DataFrame({
        "place": [moment(pd.Timestamp(day).date()) for day in days["day"]], "observed": rate, "expected": usual,
        "lo": float("nan"), "hi": float("nan"), "tone": "", "open": False,
        "place_text": [_since(pd.Timestamp(day).date(), result) for day in days["day"]],
        "observed_text": [t("{rate} ({n} complaints)", rate=number(value, 1), n=number(n)) for value, n in zip(rate, days["n"], strict=True)],
        "expected_text": "" if isnan(usual) else number(usual, 1),
    })  # fmt: skip


def shade(result: Result) -> list[dict[str, Any]]:
    """The campaign's own days."""
    campaign = result.campaign
    return [
        {
            "name": campaign.name,
            "start": moment(campaign.starts_on),
            "end": moment(campaign.ends_on + timedelta(days=1)),
        }
    ]


def sales_titles() -> dict[str, str]:
    """The words of the tooltips of sales."""
    return {"place": t("Day since the start"), "observed": t("Units sold"), "expected": t("Without it")}


def complaint_titles() -> dict[str, str]:
    """The words of the tooltips of complaints."""
    return {
        "place": t("Day since the start"),
        "observed": t("Complaints per 1,000 units"),
        "expected": t("Mean before it"),
    }


def written(amount: float) -> str:
    """A value on the side of the chart."""
    return number(amount, 0 if amount == int(amount) else 1)


def reason_columns() -> list[Column]:
    """The columns of the excess by reason."""
    return [
        {"id": "reason", "label": t("Reason"), "kind": "text"},
        {"id": "observed", "label": t("Complaints"), "kind": "number"},
        {"id": "expected", "label": t("Explained by units"), "kind": "number"},
        {"id": "excess", "label": t("Excess"), "kind": "number", "main": True},
    ]


def reason_rows(table: pd.DataFrame) -> list[Row]:
    """A row for each reason, most excess first."""
    return [Row(id=str(row.reason) or "-", cells={
        "reason": Cell(text=row.reason or t("Not stated")), "observed": Cell(text=number(row.observed)),
        "expected": Cell(text=number(row.expected)), "excess": _range(row.excess, row.lo, row.hi),
    }) for row in table.head(8).itertuples() if not isnan(row.excess)]  # fmt: skip


def _since(day: date, result: Result) -> str:
    days = (day - result.campaign.starts_on).days
    return t("day {n}", n=signed(days))
