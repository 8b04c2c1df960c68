"""Figures of others, to compare with: the benchmarks."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from cx import gaps
from cx.errors import UnknownName
from cx.kpis import BENCHMARKED
from cx.reference.reading import bad, table
from cx.words import t

BENCHMARKS = {"metric": str, "competitor": str, "period": str, "value": float, "n": float, "margin": float,
              "method": str, "source": str, "licence": str, "retrieved_on": date, "industry": str}  # fmt: skip
OPEN = {"value", "n", "margin", "industry"}
"""What a benchmark may leave empty. A value that is not there is not a zero."""
SAME_BENCHMARK = ["metric", "competitor", "period", "source"]


def benchmarks(folder: Path) -> pd.DataFrame:
    """Figures of others, by period: see BENCHMARKS. value is in the KPI's unit (durations in seconds), margin half the width
    of its 95 % interval. A later row of the same measure, competitor, period and source replaces an earlier one."""
    return sound_benchmarks(folder / "benchmarks.csv")


def sound_benchmarks(path: Path) -> pd.DataFrame:
    """The benchmarks of this file. Raises BadReference, which names file, row, column and value."""
    frame = table(path, BENCHMARKS, OPEN)
    for row, told in enumerate(frame.itertuples(), start=1):
        if wrong := _wrong_benchmark(told):
            raise bad(path, row, wrong[0], getattr(told, wrong[0]), wrong[1])
    kept = frame.drop_duplicates(SAME_BENCHMARK, keep="last")
    return kept.sort_values(["period", "metric", "competitor"], kind="stable", ignore_index=True)


def _wrong_benchmark(told: Any) -> tuple[str, str] | None:
    """The column that is wrong and what is wrong with it; None where the row is sound."""
    if told.metric not in BENCHMARKED:
        return "metric", str(UnknownName("measure", told.metric, BENCHMARKED))
    try:
        gaps.period(told.period)
    except ValueError:
        return "period", t("is no period; write it like 2026, 2026-H1, 2026-Q3 or 2026-05")
    low, high = gaps.bounds(BENCHMARKED[told.metric])
    if pd.notna(told.value) and not low <= told.value <= high:
        return "value", t("is out of range; this measure runs from {low} to {high}", low=f"{low:g}", high=f"{high:g}")  # fmt: skip
    if pd.notna(told.n) and told.n < 1:
        return "n", t("is no number of answers; leave it empty where it is not known")
    if pd.notna(told.margin) and told.margin < 0:
        return "margin", t("is below 0; give half the width of the 95 % interval")
    return None
