"""One campaign opened, in words, charts' texts and tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from math import isnan
from typing import Any

import pandas as pd

from cx import stats, words
from cx.kpis import Kpi
from cx.questions.brought import MEASURES, PHASES, Phase
from cx.questions.campaigns import COMPLAINTS, Result
from cx.stats import Estimate, SmallSamples
from cx.telling import cells
from cx.telling.campaigns import ranged
from cx.telling.shapes import Cell, Column, Row
from cx.telling.values import label, plain_text
from cx.vega import DAY_MS, moment
from cx.words import number, signed, t, tn

DAY = float(DAY_MS)
MOST = 8
"""Rows that a table of reasons, segments or channels shows."""


def unopened(result: Result, through: date) -> str:
    """Why there is nothing to show of a campaign, as a sentence; empty where there is something."""
    campaign = result.campaign
    if campaign.starts_on > through:
        return t("It begins on {day}; until a day of it is over there is nothing to show.", day=words.day(campaign.starts_on, year=True))  # fmt: skip
    if "no sales" in result.lifts["units"]["notes"]:
        sells = campaign.products.replace(";", ", ") if campaign.products else t("everything")
        return t("It sells {products}, and no order of that is known around its days. Check how the products are spelled in campaigns.csv.",
                 products=plain_text(sells))  # fmt: skip
    return ""


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
    """The days as their chart takes them: complaints for each 1,000 units, against the rate of the days before it."""
    before = days[days["day"].dt.date < result.campaign.starts_on]
    usual = _usual(before)
    return pd.DataFrame({
        "place": [moment(day.date()) for day in days["day"]], "observed": days["value"].fillna(0.0), "expected": usual,
        "lo": float("nan"), "hi": float("nan"), "tone": ["bad" if low > usual else "" for low in days["lo"]], "open": False,
        "place_text": [_since(day.date(), result) for day in days["day"]],
        "observed_text": [_complained(row) for row in days.itertuples()],
        "expected_text": "–" if isnan(usual) else number(usual, 1),
    })  # fmt: skip


def _usual(before: pd.DataFrame) -> float:
    parts = before[["n", "exposure"]].sum().to_frame().T.set_axis(list(COMPLAINTS.parts), axis=1)
    return float(stats.estimate(COMPLAINTS, parts)["value"].iloc[0])


def _complained(row: Any) -> str:
    if isnan(row.value):
        return t("no units sold")
    return tn("{rate} ({lo} to {hi}; {n} complaint)", "{rate} ({lo} to {hi}; {n} complaints)", int(row.n),
              rate=number(row.value, 1), lo=number(row.lo, 1), hi=number(row.hi, 1))  # fmt: skip


def shade(result: Result) -> list[dict[str, Any]]:
    """The campaign's own days."""
    campaign = result.campaign
    end = moment(campaign.ends_on + timedelta(days=1))
    return [{"name": campaign.name, "start": moment(campaign.starts_on), "end": end}]


def sales_titles() -> dict[str, str]:
    """The words of the tooltips of sales."""
    return {"place": t("Day since the start"), "observed": t("Units sold"), "expected": t("Without it")}


def complaint_titles() -> dict[str, str]:
    """The words of the tooltips of complaints."""
    return {"place": t("Day since the start"), "observed": t("Complaints per 1,000 units"), "expected": t("Before it")}  # fmt: skip


def _since(day: date, result: Result) -> str:
    days = (day - result.campaign.starts_on).days
    return t("day {n}", n=signed(days))


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
        "expected": Cell(text=number(row.expected)), "excess": ranged(row.excess, row.lo, row.hi),
    }) for row in table.head(MOST).itertuples() if not isnan(row.excess)]  # fmt: skip


def phase_columns(told: Mapping[str, Phase]) -> list[Column]:
    """A column for each of before, during and after, and what changed."""
    names = {"before": t("Before"), "during": t("During"), "after": t("After")}
    values: list[Column] = [{"id": name, "label": _of_days(names[name], told.get(name)), "kind": "number"} for name in PHASES]  # fmt: skip
    return [
        {"id": "measure", "label": t("Measure"), "kind": "text"},
        *values,
        {"id": "change", "label": t("During against before"), "kind": "chip"},
    ]


def _of_days(name: str, phase: Phase | None) -> str:
    if phase is None:
        return t("{name} (to come)", name=name)
    if phase.days < phase.of:
        return t(
            "{name} ({days} of {all} days so far)", name=name, days=number(phase.days), all=number(phase.of)
        )
    return tn("{name} ({n} day)", "{name} ({n} days)", phase.of, name=name)


def phase_rows(told: Mapping[str, Phase], limits: SmallSamples) -> list[Row]:
    """A row for each measure."""
    return [Row(id=kpi.name, cells={
        "measure": Cell(text=t("{measure} a day", measure=label(kpi)) if kpi.family == "total" else label(kpi)),
        **{name: estimated(kpi, told[name].measures.get(kpi.name), limits) for name in PHASES if name in told},
        "change": _changed(kpi, told, limits),
    }) for kpi in MEASURES]  # fmt: skip


def estimated(kpi: Kpi, row: Estimate | None, limits: SmallSamples) -> Cell:
    """A value with its interval and its n, as far as it may be shown."""
    if row is None:
        return Cell(text="–")
    cell = cells.estimate(kpi, row, row.base, limits)
    counted = "" if kpi.family == "total" or cell["text"] == "–" else t("n {n}", n=number(row.n))
    return Cell(**{**cell, "note": " · ".join(part for part in (cell.get("note", ""), counted) if part)})


def _changed(kpi: Kpi, told: Mapping[str, Phase], limits: SmallSamples) -> Cell:
    both = [told[name].measures.get(kpi.name) for name in ("during", "before") if name in told]
    if len(both) < 2 or both[0] is None or both[1] is None:
        return Cell(text="–")
    return cells.moved(kpi, stats.change(kpi, both[0], both[1], limits))
