"""Whether a measure moved between two windows by more than something else did at the same time: differences in differences.

What would have happened anyway is read from a control: the same windows a year before (the season), or the rest of the company
over the same windows. The interval joins those of the four estimates (MOVER), widened where a measure wanders from week to week
by more than its counts explain.
"""

from __future__ import annotations

from math import expm1, isinf, isnan, log, nan, sqrt
from typing import Literal, NamedTuple

import numpy as np

from cx import stats
from cx.kpis import Kpi
from cx.stats import Change, Estimate, Row, SmallSamples

Arm = tuple[float, float, float]


class Pair(NamedTuple):
    """A measure before and after; `scatter` is how many times more the weeks' variance is than their counts explain."""

    before: Estimate
    after: Estimate
    scatter: float = 1.0


def moved(kpi: Kpi, here: Pair, control: Pair | None = None, limits: SmallSamples | None = None) -> Change:
    """The change here beyond that of the control; without one, the plain change. Its `amount` is in points or percent.

    'none' where an estimate is missing, or is 0 where the measure changes in percent.
    """
    pairs = [here] if control is None else [here, control]
    rows = [(pair, row, sign) for pair, way in zip(pairs, (1, -1), strict=False)
            for row, sign in ((pair.after, way), (pair.before, -way))]  # fmt: skip
    in_percent = kpi.change == "percent"
    if any(isnan(row.value) or (in_percent and row.value <= 0) for _, row, _ in rows):
        return Change.unknown()
    amount = sum(sign * (log(row.value) if in_percent else row.value) for _, row, sign in rows)
    lo, hi = _interval([(sign, _widened(_arm(kpi, row), pair.scatter)) for pair, row, sign in rows])
    lo, hi = min(lo, amount), max(hi, amount)
    few = min(row.base for _, row, _ in rows) < (limits or SmallSamples()).no_score
    good = None if not kpi.better or amount == 0 else (amount > 0) == (kpi.better == "up")
    told = (100 * expm1(amount), 100 * expm1(lo), _grown(hi)) if in_percent else (amount, lo, hi)
    return Change(*told, kpi.change, _verdict(lo, hi, few), good)


def scatter(kpi: Kpi, weeks: list[Estimate]) -> float:
    """By how much the weeks of a window vary more than their counts explain (the variance over its expectation), 1 at least."""
    sound = [
        (value, (hi - lo) / 3.92) for value, lo, hi in (_arm(kpi, row) for row in weeks if _usable(kpi, row))
    ]
    sound = [(value, sigma) for value, sigma in sound if np.isfinite(sigma) and sigma > 0]
    if len(sound) < 3:
        return 1.0
    values, sigmas = (np.array(column) for column in zip(*sound, strict=True))
    mean = np.average(values, weights=sigmas**-2)
    return max(float((((values - mean) / sigmas) ** 2).sum() / (len(values) - 1)), 1.0)


def _usable(kpi: Kpi, row: Row) -> bool:
    return not isnan(row.value) and (kpi.change != "percent" or row.value > 0)


def _arm(kpi: Kpi, row: Row) -> Arm:
    return stats.logs(row) if kpi.change == "percent" else stats.arms(kpi, row)


def _widened(arm: Arm, times: float) -> Arm:
    value, lo, hi = arm
    return value, value - (value - lo) * sqrt(times), value + (hi - value) * sqrt(times)


def _interval(signed: list[tuple[int, Arm]]) -> tuple[float, float]:
    """MOVER over a sum of estimates with signs: each bound leans on the arms that pull its way."""
    amount = sum(sign * value for sign, (value, _, _) in signed)
    down = sum(((value - lo) if sign > 0 else (hi - value)) ** 2 for sign, (value, lo, hi) in signed)
    up = sum(((hi - value) if sign > 0 else (value - lo)) ** 2 for sign, (value, lo, hi) in signed)
    return (nan, nan) if isnan(down + up) else (amount - sqrt(down), amount + sqrt(up))


def _grown(upper: float) -> float:
    return 100 * expm1(upper) if not isinf(upper) and upper < 700 else upper


def _verdict(lo: float, hi: float, few: bool) -> Literal["real", "noise", "too few", "no interval"]:
    if few:
        return "too few"
    if isnan(lo) or isnan(hi):
        return "no interval"
    return "real" if lo > 0 or hi < 0 else "noise"
