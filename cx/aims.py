"""Which target holds when: of the company, or of the one segment that is looked at; and how a value stands to its bands."""

from __future__ import annotations

from datetime import date
from math import isnan
from typing import Any, Literal

import pandas as pd

from cx import stats
from cx.kpis import Kpi
from cx.query import Filters
from cx.stats import Row

Band = Literal["stretch", "met", "near", "held", "missed", "floor", "no data"]
"""How a value stands: beyond the stretch, on the target's good side, about on it, short of it yet above the floor for sure,
short of it, behind the floor, or not known. Beyond and behind always mean: with the whole interval."""


def holding(targets: pd.DataFrame, measure: Kpi, filters: Filters) -> pd.DataFrame:
    """The measure's targets by the day they hold from, for this choice of filters.

    A segment's own hold from their first day on, where exactly that segment is chosen; before, and otherwise, the company's.
    """
    rows = targets[targets["metric"] == measure.name]
    company = rows[rows["segment"] == ""]
    chosen = filters.chosen()
    one = chosen["segment"][0] if [*chosen] == ["segment"] and len(chosen["segment"]) == 1 else ""
    own = rows[rows["segment"] == one] if one else company
    if not one or own.empty:
        return company.reset_index(drop=True)
    before = company[company["from"] < own["from"].min()]
    return pd.concat([before, own] if len(before) else [own], ignore_index=True)


def at(held: pd.DataFrame, day: date) -> Any:
    """The row of `holding` in force on this day, by the names of its columns; None before the first."""
    begun = held[held["from"] <= day]
    return None if begun.empty else begun.iloc[-1]


def band(measure: Kpi, row: Row, value: float, floor: float, stretch: float) -> Band:
    """How a value stands to its target and, where there are, its floor and its stretch."""
    status = stats.target(measure, row, value)
    if not isnan(stretch) and stats.target(measure, row, stretch) == "met":
        return "stretch"
    if status != "missed" or isnan(floor):
        return status
    return {"missed": "floor", "met": "held"}.get(stats.target(measure, row, floor), status)  # type: ignore[return-value]
