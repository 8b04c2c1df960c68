"""Several campaigns beside each other, in words, a chart's texts and a table."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Any

import pandas as pd

from cx.questions.campaigns import COMPLAINTS, Result
from cx.stats import Estimate, SmallSamples
from cx.telling.campaigns import lifted
from cx.telling.shapes import Cell, Column, Row
from cx.telling.values import interval, plain_text
from cx.words import enumeration, number, signed, t, tn


def lines(table: pd.DataFrame, measure: str, named: dict[str, str]) -> pd.DataFrame:
    """Lines of one measure ('percent' or 'rate') as their chart takes them."""
    lo, hi = {"percent": ("lo", "hi"), "rate": ("rate_lo", "rate_hi")}[measure]

    def written(value: float) -> str:
        return f"{signed(value)}%" if measure == "percent" else number(value, 1)

    return pd.DataFrame({
        "name": [named[name] for name in table["campaign"]], "place": table["since"].astype(float), "value": table[measure].astype(float),
        "place_text": [tn("day {n}", "day {n}", int(day)) for day in table["since"]],
        "value_text": [written(value) for value in table[measure]],
        "range_text": [t("{low} to {high}", low=written(low), high=written(high)) for low, high in zip(table[lo], table[hi], strict=True)],
    })  # fmt: skip


def line_titles() -> dict[str, str]:
    """The words of the lines' tooltips."""
    return {
        "name": t("Campaign"),
        "place": t("Since its start"),
        "value": t("Value"),
        "range": t("95 % interval"),
    }


def beside_columns() -> list[Column]:
    """The columns of the table behind the lines."""
    return [
        {"id": "campaign", "label": t("Campaign"), "kind": "text"},
        {"id": "days", "label": t("Days known"), "kind": "number", "note": t("To 14 days after its end")},
        {"id": "lift", "label": t("Units, while it ran"), "kind": "number", "main": True},
        {"id": "since", "label": t("Units since its start"), "kind": "number"},
        {"id": "rate", "label": t("Complaints per 1,000 units"), "kind": "number"},
    ]


def beside_rows(
    table: pd.DataFrame, results: Sequence[Result], named: dict[str, str], limits: SmallSamples
) -> list[Row]:
    """A row for each campaign, by the last day known of it."""
    by_id = {told.campaign.id: told for told in results}
    last = table.groupby("campaign", sort=False).tail(1)
    return [Row(id=row.campaign, cells={
        "campaign": Cell(text=named[row.campaign]), "days": Cell(text=number(row.since + 1)),
        "lift": lifted(by_id[row.campaign].lifts["units"]),
        "since": Cell(text=f"{signed(row.percent)}%", note=t("{low} to {high}", low=signed(row.lo), high=signed(row.hi))),
        "rate": _rate(row, limits),
    }) for row in last.itertuples()]  # fmt: skip


def _rate(row: Any, limits: SmallSamples) -> Cell:
    told = Estimate(row.rate, row.rate_lo, row.rate_hi, row.n, row.n)
    if isnan(told.value):
        return Cell(text="–")
    counted = tn("{n} complaint", "{n} complaints", int(row.n))
    small = t("small sample") if row.n < limits.no_score else ""
    return Cell(text=number(told.value, 1), note=" · ".join(part for part in (interval(COMPLAINTS, told), counted, small) if part))  # fmt: skip


def meeting(results: Sequence[Result]) -> str:
    """Which of these met others, so that their lines show what all of them did; empty where none did."""
    found = [plain_text(told.campaign.name) for told in results if told.met]
    return t("Other campaigns sold the same products on some days of {campaigns}: the line shows what all of them did.",
             campaigns=enumeration(found)) if found else ""  # fmt: skip
