"""What a rating goes with in money: the slope over scores, and what the lower groups would add at the level above.

Each customer stands in these figures once, so that their revenues are independent and no clustering is needed. Revenue
is skewed and its spread grows with its mean; the mean is kept all the same, since only means add up to money, and the
interval of the slope is the one that stays honest under unequal spread (HC3). It takes no more than sums by score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, inf, nan, sqrt

import numpy as np
import pandas as pd
from scipy.special import ndtr, stdtrit

from cx.stats import TAIL, Estimate, Floats, SmallSamples, Verdict

FALSE_DISCOVERIES = 0.05
"""Of the attributes that are called real, about this share may be chance (Benjamini and Hochberg)."""
LEAST_EXPECTED = 5
"""An attribute is tested where so many of either group would have it if the groups were alike."""


@dataclass(frozen=True, slots=True)
class Stake:
    """What is at stake: so many customers, each so much below the group above; never less than nothing."""

    customers: int
    each: Estimate
    total: Estimate


def slope(table: pd.DataFrame) -> Estimate:
    """What one point of score goes with, out of one row for each score: score, customers, revenue, squares.

    Least squares over customers with the HC3 interval. nan without two scores; no interval where one customer alone
    holds the line. n is the number of customers.
    """
    kept = table[table["customers"] > 0]
    score, n, total, squares = (
        kept[name].to_numpy(dtype=float) for name in ("score", "customers", "revenue", "squares")
    )
    count = float(n.sum())
    away = score - (n @ score / count if count else 0.0)
    spread = float(n @ away**2)
    if not spread > 0:
        return Estimate(nan, nan, nan, count, count)
    value = float(total @ away / spread)
    fitted = total.sum() / count + value * away
    errors = np.maximum(squares - 2 * fitted * total + n * fitted**2, 0)
    half = _half_width(away, errors, 1 - 1 / count - away**2 / spread, spread, count)
    return Estimate(value, value - half, value + half, count, count)


def _half_width(away: Floats, errors: Floats, free: Floats, spread: float, count: float) -> float:
    """`free` is one less the leverage of a customer with that score."""
    if count < 3 or free.min() < 1e-9:
        return nan
    se = sqrt(float((away**2 * errors / free**2).sum())) / spread
    return float(stdtrit(count - 2, 1 - TAIL) * se)


def verdict(row: Estimate, limits: SmallSamples) -> Verdict:
    """Whether a slope or a difference is more than chance."""
    if not row.base >= limits.no_score:
        return "too few"
    if row.lo != row.lo:
        return "no interval"
    return "real" if row.lo > 0 or row.hi < 0 else "noise"


def stake(customers: int, each: Estimate) -> Stake:
    """So many customers times what each is below the group above. A claim below nothing is no claim: it is cut at 0."""
    value, lo, hi = (customers * max(bound, 0.0) if bound == bound else nan for bound in each[:3])
    return Stake(customers, each, Estimate(value, lo, hi, customers, each.base))


def together(customers: Sequence[int], worth: Sequence[Estimate]) -> Estimate:
    """What all lower groups together would add at the level of the group above each; groups from the best down.

    One sum of independent means, so its range is narrower than the ranges of its rows added up.
    """
    value, below, above = 0.0, 0.0, 0.0
    for weight, row in zip(_weights(customers), worth, strict=True):
        value += weight * row.value
        down, up = weight * (row.value - row.lo), weight * (row.hi - row.value)
        below, above = hypot(below, down if weight > 0 else up), hypot(above, up if weight > 0 else down)
    n = float(sum(customers[1:]))
    return Estimate(max(value, 0.0), max(value - below, 0.0), max(value + above, 0.0), n, n)


def _weights(customers: Sequence[int]) -> list[int]:
    """How often each group's mean is counted: once for each customer below it, less once for each of its own."""
    below = [*customers[1:], 0]
    return [up - own for up, own in zip(below, [0, *customers[1:]], strict=True)]


def chances(held: Floats, known: Floats, other: Floats, other_known: Floats) -> Floats:
    """How likely two shares at least so far apart would be by chance alone; nan where too few would have it to tell."""
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (held + other) / (known + other_known)
        fewest = np.minimum(known, other_known) * np.minimum(pooled, 1 - pooled)
        se = np.sqrt(pooled * (1 - pooled) * (1 / known + 1 / other_known))
        apart = np.abs(held / known - other / other_known) / se
    return np.where(fewest >= LEAST_EXPECTED, 2 * ndtr(-apart), nan)


def sure(p: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which of so many comparisons are more than chance, with FALSE_DISCOVERIES kept over all of them (Benjamini and
    Hochberg)."""
    tested = np.sort(p[~np.isnan(p)])
    allowed = FALSE_DISCOVERIES * np.arange(1, len(tested) + 1) / max(len(tested), 1)
    held = tested[tested <= allowed]
    return np.asarray(p <= (held[-1] if len(held) else -1.0))


def ratio(change: float, lo: float, hi: float) -> tuple[float, float, float]:
    """A change in percent as a factor."""
    return 1 + change / 100, 1 + lo / 100, inf if hi == inf else 1 + hi / 100
