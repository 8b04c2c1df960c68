"""Churn, repeat purchase and cohorts in words and tables."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from cx import stats, words
from cx.journey import Journey
from cx.kpis import Kpi
from cx.questions.behind import Cell as CohortCell
from cx.questions.returning import ACTIVE, CHURN, LIFETIME, REPEAT, RETENTION
from cx.stats import Estimate, SmallSamples
from cx.telling import cells
from cx.telling.shapes import Cell, Column, Row
from cx.telling.values import label, value_text
from cx.words import mark, number, t, tn

HEATS = {"share": mark("Customers who ordered"), "clv": mark("Lifetime value")}
"""What the cohorts' heat can show."""

MOST_COHORTS, MOST_MONTHS = 24, 24


def figure_columns() -> list[Column]:
    """The columns of churn and return."""
    return [
        {"id": "measure", "label": t("Measure"), "kind": "text"},
        {"id": "value", "label": t("Now"), "kind": "number", "main": True},
        {"id": "counted", "label": t("Counted"), "kind": "text"},
        {"id": "change", "label": t("Against the period before"), "kind": "chip"},
    ]


def figure_rows(now: pd.Series, before: pd.Series, repeat: pd.Series, limits: SmallSamples) -> list[Row]:
    """Churn, retention and repeat purchase with what they were counted from."""
    counted = t(
        "{lost} lost of {all} there at the start", lost=number(now["lost"]), all=number(now["at_start"])
    )
    rows = [_moves(CHURN, now, before, counted, limits), _moves(RETENTION, now, before, "", limits)]
    told = Estimate(*(float(repeat[name]) for name in ("value", "lo", "hi", "n", "n")))
    young = tn("{n} too young", "{n} too young", int(repeat["too_young"]))
    rows.append(Row(id="repeat", cells={
        "measure": Cell(text=label(REPEAT)),
        "value": cells.estimate(REPEAT, told, told.n, limits),
        "counted": Cell(text=t("{again} of {all} first orders", again=number(repeat["again"]), all=number(repeat["customers"])), note=young),
    }))  # fmt: skip
    return rows


def _moves(kpi: Kpi, now: pd.Series, before: pd.Series, counted: str, limits: SmallSamples) -> Row:
    row, old = (_estimate(kpi, told) for told in (now, before))
    return Row(id=kpi.name, cells={
        "measure": Cell(text=label(kpi)),
        "value": cells.estimate(kpi, row, row.base, limits),
        "counted": Cell(text=counted),
        "change": cells.moved(kpi, stats.change(kpi, row, old, limits)),
    })  # fmt: skip


def _estimate(kpi: Kpi, told: pd.Series) -> Estimate:
    n = float(told["at_start"])
    value, lo, hi = (float(told[f"{kpi.name}{end}"]) for end in ("", "_lo", "_hi"))
    return Estimate(value, lo, hi, n, n)


def standing(journey: Journey, now: pd.Series) -> str:
    """Who is a customer at the end of the data, and who is about to be one no more."""
    return t(
        "{active} customers ordered in the last {lost_days} days; {risk} of them are at risk, without an order for {risk_days}. "
        "In the period {new} came for the first time and {won} came back after they had been lost.",
        active=number(now["active_now"]), risk=number(now["at_risk_now"]), lost_days=number(journey.lost_days),
        risk_days=number(journey.risk_days), new=number(now["new"]), won=number(now["won_back"]),
    )  # fmt: skip


def cohort_columns(table: pd.DataFrame) -> list[Column]:
    """A column for each month since the first order."""
    last = min(int(table["month"].max()) if len(table) else 0, MOST_MONTHS)
    later: list[Column] = [
        {"id": str(month), "label": number(month), "kind": "heat"} for month in range(last + 1)
    ]
    return [
        {"id": "cohort", "label": t("First order"), "kind": "text"},
        {"id": "customers", "label": t("Customers"), "kind": "number"},
        *later,
    ]


def cohort_rows(table: pd.DataFrame, shown: str, limits: SmallSamples) -> list[Row]:
    """A row for each cohort, the newest first; a month that is not over says so."""
    later = table[table["month"] > 0] if shown == "share" else table
    most = float(later[shown].max()) if len(later) else 1.0
    rows = []
    for cohort, told in sorted(table.groupby("cohort"), key=lambda each: each[0], reverse=True)[
        :MOST_COHORTS
    ]:
        found: dict[str, Cell] = {
            "cohort": Cell(text=words.month(cohort)),
            "customers": cells.count(int(told["customers"].iloc[0])),
        }
        found |= {
            str(row.month): _heat(row, shown, most, limits)
            for row in told.itertuples()
            if row.month <= MOST_MONTHS
        }
        rows.append(Row(id=cohort.isoformat(), cells=found))
    return rows


def _heat(row: Any, shown: str, most: float, limits: SmallSamples) -> Cell:
    kpi, bounds = (
        (ACTIVE, ("share", "lo", "hi")) if shown == "share" else (LIFETIME, ("clv", "clv_lo", "clv_hi"))
    )
    value, lo, hi = (float(getattr(row, name)) for name in bounds)
    told = Estimate(value, lo, hi, float(row.customers), float(row.customers))
    cell = cells.estimate(kpi, told, told.base, limits)
    if cell["text"] == "–":
        return cell
    open_ = "" if row.complete else t("month not over")
    aria = " · ".join(part for part in (cell.get("note", ""), open_) if part)
    return Cell(text=_short(kpi, told.value, row.complete), share=min(told.value / most, 1.0) if most else 0.0, aria=aria,
                id=f"{row.cohort.isoformat()}/{row.month}")  # fmt: skip


def _short(kpi: Kpi, value: float, complete: bool) -> str:
    told = number(value) if kpi is LIFETIME else f"{number(value)}{kpi.unit}"
    return told if complete else t("{value} …", value=told)


def cohorts_caption(table: pd.DataFrame, choosing: bool = True) -> str:
    """What the heat shows, whether a cell can be chosen, and that the first cohorts hold customers who are older than the data."""
    told = t("Each cell: calendar months since the first order.")
    if choosing:
        told = f"{told} {t('Choose one to see its interactions.')}"
    if table.empty:
        return told
    since = t("Orders are known since {month}: the first cohorts hold older customers too.",
              month=words.month(table["cohort"].min()))  # fmt: skip
    return f"{told} {since}"


def cell_name(told: str) -> str:
    """A cohort and a month since, by name."""
    cell = cohort_cell(told)
    return tn(
        "{cohort}, {n} month later", "{cohort}, {n} months later", cell.month, cohort=words.month(cell.cohort)
    )


def cell_ids(table: pd.DataFrame) -> set[str]:
    """The ids of the cells of these cohorts."""
    return {f"{row.cohort.isoformat()}/{row.month}" for row in table.itertuples()}


def cohort_cell(told: str) -> CohortCell:
    """The cohort and month that a cell's id tells."""
    cohort, month = told.split("/")
    return CohortCell(date.fromisoformat(cohort), int(month))


def worth(table: pd.DataFrame) -> str:
    """What the customers of a year-old cohort are worth, as a sentence; empty where none is so old."""
    old = table[(table["month"] == 11) & table["complete"]]
    if old.empty:
        return ""
    row = old.sort_values("cohort").iloc[-1]
    return t("Customers of {cohort} brought {value} each in their first twelve months ({low} to {high}).",
             cohort=words.month(row["cohort"]), value=value_text(LIFETIME, row["clv"]),
             low=number(row["clv_lo"], 1), high=number(row["clv_hi"], 1))  # fmt: skip
