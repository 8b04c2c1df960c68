"""Whether two answers to one question are equal."""

from __future__ import annotations

from math import log1p
from typing import Any

import numpy as np
import pandas as pd

from cx.rollups import BINS_PER_E
from tests.bench.questions import Question

RELATIVE = 1e-6
"""How far sums and shares may lie apart; counts not at all."""
DAYS = ("day", "week", "cohort")


def apart(question: Question, own: pd.DataFrame, other: pd.DataFrame) -> str:
    """Where two answers differ, in words; '' where they are equal: counts exactly, sums and shares to RELATIVE of their size,
    quantiles to the bin that the product's histogram has."""
    keys, columns = list(question.keys), [name for name in other.columns if name not in question.keys]
    if missing := [name for name in columns if name not in own]:
        return f"{', '.join(missing)} not answered"
    one, two = (_in_order(table[[*keys, *columns]], keys) for table in (own, other))
    if not one.index.equals(two.index):
        return f"other rows: {len(one)} and {len(two)}, such as {[*one.index.symmetric_difference(two.index)[:3]]}"
    for name in columns:
        a, b = (table[name].astype(float).fillna(0).to_numpy() for table in (one, two))
        if (wrong := np.flatnonzero(~_equal(a, b, name in question.quantiles))).size:
            at = wrong[0]
            return f"{name} at {one.index[at]}: {a[at]} and {b[at]}, and {wrong.size - 1} more"
    return ""


def _equal(a: Any, b: Any, quantile: bool) -> Any:
    if quantile:
        return np.abs(np.log1p(a) - np.log1p(b)) <= 0.5 / BINS_PER_E + log1p(RELATIVE)
    return np.abs(a - b) <= np.where(
        (a % 1 == 0) & (b % 1 == 0), 0, RELATIVE * np.maximum(np.abs(a), np.abs(b))
    )


def _in_order(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """By its keys, whatever types an engine gave them; where there are days, as days."""
    told = table.copy()
    for key in keys:
        if key in DAYS:
            told[key] = pd.to_datetime(told[key]).dt.strftime("%Y-%m-%d")
        elif key == "month":
            told[key] = told[key].astype(int)
        else:
            told[key] = told[key].astype(str)
    return told.set_index(keys[0] if len(keys) == 1 else keys).sort_index()
