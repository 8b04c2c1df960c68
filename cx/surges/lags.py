"""How complaints of each reason follow the units sold: the lag and the elasticity, learned from the company's own data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cx.stats import Floats
from cx.surges.panels import Panel
from cx.surges.settings import (
    BLOCK_DAYS,
    ELASTICITIES,
    EVEN_DAYS,
    FIRST_LEARNING,
    LAG_DAYS,
    LAG_MEANS,
    LEARNING_BLOCKS,
    LEARNING_COMPLAINTS,
    LEARNING_GAIN,
    TYPICAL_SPREAD,
    WEEK,
    Day,
    Ints,
)


@dataclass(frozen=True)
class Lags:
    """How the complaints of each reason follow sales: the mean lag in days (nan where not learned), elasticity, day factors.

    `learned` is False where there was too little to learn from: the units of the last 14 days then count alike.
    """

    reasons: tuple[str, ...]
    kernel: Ints
    beta: Floats
    learned: NDArray[np.bool_]
    factors: Floats

    @property
    def days(self) -> Floats:
        """The mean lag of each reason in days; nan where complaints do not follow sales, or no lag has been learned."""
        return np.where(self.beta > 0, np.array([*LAG_MEANS, np.nan])[self.kernel], np.nan)

    def frame(self) -> pd.DataFrame:
        """One row a reason: reason, days (mean lag), beta, learned."""
        return pd.DataFrame(
            {"reason": self.reasons, "days": self.days, "beta": self.beta, "learned": self.learned}
        )


def _kernels() -> Floats:
    """The lag distributions that are tried [kernel, day]: gammas of shape 2, and last the even one."""
    x = np.arange(LAG_DAYS) + 0.5
    gammas = [x * np.exp(-2 * x / (mean + 0.5)) for mean in LAG_MEANS]
    rows = np.array([*gammas, np.arange(LAG_DAYS) < EVEN_DAYS], dtype=float)
    return np.asarray(rows / rows.sum(1, keepdims=True))


KERNELS = _kernels()
EVEN = len(KERNELS) - 1


def kernel(mean: float) -> Floats:
    """The gamma of this mean, one of LAG_MEANS, as the weight of each day from the sale on."""
    return np.asarray(KERNELS[LAG_MEANS.index(mean)])


def lagged(units: Floats, weights: Floats) -> Floats:
    """Units of each day and the days before it, weighted from the day itself back; for the last days, that have so many
    before them.

    Added from the oldest on, each day for itself: how many days there are changes no bit of any.
    """
    days = units.shape[-1] - len(weights) + 1
    total = np.zeros((*units.shape[:-1], days))
    for back in reversed(range(len(weights))):
        first = len(weights) - 1 - back
        total += weights[back] * units[..., first : first + days]
    return total


def _smoothed(panel: Panel, kernels: Iterable[int] = range(len(KERNELS))) -> dict[int, Floats]:
    """ln of the lag-weighted units [product, day] by kernel, above a fiftieth of the product's mean so far."""
    units = panel.exposed
    before = np.repeat(units[:, :1], LAG_DAYS - 1, axis=1)
    padded = np.concatenate([before, units], axis=1)
    mean = units.cumsum(1) / np.maximum((units.cumsum(1) > 0).cumsum(1), 1)
    floor = np.maximum(mean / 50, 1e-9)
    return {at: np.log(np.maximum(lagged(padded, KERNELS[at]), floor)) for at in kernels}


def learn(panel: Panel, until: Day | None = None) -> Lags:
    """The lag, the elasticity and the day factors of each reason, from the days before `until`."""
    seen = panel if until is None else panel.until(until)
    if len(seen.days) < FIRST_LEARNING:
        return unlearned(seen)
    grid = _Blocks.of(seen)
    enough = (grid.complaints >= LEARNING_COMPLAINTS) & (len(grid.kinds) >= LEARNING_BLOCKS)
    tried = [(EVEN, float(seen.units is not None))]
    if seen.units is None or not enough.any():
        enough = np.zeros(len(seen.reasons), bool)
    else:
        tried += [(kernel, beta) for kernel in range(EVEN) for beta in ELASTICITIES]
    smoothed = _smoothed(seen, {kernel for kernel, _ in tried})
    fits = [grid.fit(smoothed[kernel], beta) for kernel, beta in tried]
    scores = np.array([score for score, _ in fits])
    learned = enough & (scores.max(0) >= scores[0] + LEARNING_GAIN)
    best = np.where(learned, scores.argmax(0), 0)
    kernel, beta = np.array(tried)[best].T
    factors = np.array([fits[at][1][reason] for reason, at in enumerate(best)])
    return Lags(seen.reasons, kernel.astype(np.int64), beta, learned, factors)


def unlearned(panel: Panel) -> Lags:
    """The even days for every reason, and complaints in step with units: what holds until a lag was learned."""
    n = len(panel.reasons)
    beta = np.full(n, float(panel.units is not None))
    return Lags(panel.reasons, np.full(n, EVEN), beta, np.zeros(n, bool), np.ones((n, 7)))


@dataclass(frozen=True)
class _Blocks:
    """Complaints in blocks of eight weeks, ready to be held against many exposures."""

    kinds: Floats
    by_type: Floats
    by_block: Floats
    by_day: Floats
    counted: NDArray[np.bool_]
    complaints: Floats

    @classmethod
    def of(cls, panel: Panel) -> _Blocks:
        """The latest whole blocks; one of fewer weeks where there is no whole one yet."""
        blocks, weeks = max(1, len(panel.days) // BLOCK_DAYS), len(panel.days) // WEEK
        n = blocks * min(BLOCK_DAYS, weeks * WEEK)
        counted = panel.settled[:, -n:]
        y = _settled(panel.complaints[:, :, -n:] * counted[:, None], blocks)
        kinds = np.eye(7)[panel.day_types[-n:]]
        by_block = y.reshape(*y.shape[:2], blocks, -1).sum(3).transpose(0, 2, 1).astype(float)
        return cls(
            kinds.reshape(blocks, -1, 7),
            y.sum(0) @ kinds,
            by_block,
            y,
            counted,
            panel.complaints[:, :, -n:].sum((0, 2)),
        )

    def fit(self, ln_units: Floats, beta: float) -> tuple[Floats, Floats]:
        """Log likelihood [reason] and day factors [reason, type] of one lag and elasticity.

        Within a block the complaints of a series fall on its days in proportion to exposure (a multinomial), so the
        rate of the block drops out.
        """
        ln_x = beta * ln_units[:, -self.counted.shape[1] :]
        x = np.where(self.counted, np.exp(ln_x), 0.0).reshape(len(ln_x), *self.kinds.shape[:2])
        exposure = np.einsum("pbt,btd->pbd", x, self.kinds, optimize=True)
        factors = np.ones_like(self.by_type)
        for _ in range(4):
            total = np.maximum(exposure @ factors.T, 1e-300)
            expected = np.einsum("pbr,pbd->rd", self.by_block / total, exposure, optimize=True)
            factors = (self.by_type + 5 * factors.mean(1, keepdims=True)) / (expected + 5)
            factors /= factors.mean(1, keepdims=True)
        total = np.maximum(exposure @ factors.T, 1e-300)
        score = np.einsum("prt,pt->r", self.by_day, ln_x, optimize=True)
        return score + (self.by_type * np.log(factors)).sum(1) - (self.by_block * np.log(total)).sum(
            (0, 1)
        ), factors


def _settled(complaints: Ints, blocks: int) -> Floats:
    """Complaints as they teach a lag: a surge is cut down to twice the median week of its block, and many count for less.

    The daily variance of a series grows faster than its mean; without the weight the largest would drown the others.
    """
    weeks = complaints.reshape(*complaints.shape[:2], blocks, -1, WEEK).sum(4)
    median = np.median(weeks, axis=3, keepdims=True)
    kept = np.minimum(1, (2 * median + 3 * np.sqrt(median) + 2) / np.maximum(weeks, 1))
    settled = complaints * np.repeat(kept.reshape(*complaints.shape[:2], -1), WEEK, axis=2)
    return np.asarray(settled / (1 + TYPICAL_SPREAD * settled.mean(2, keepdims=True)))


def exposure(panel: Panel, lags: Lags) -> Floats:
    """Exposure [day, product, reason]: lag-weighted units to the power of the elasticity, times the day factor.

    It is 0 before a product's first day.
    """
    smoothed = _smoothed(panel, set(lags.kernel.tolist()))
    started = (panel.selling_days > 0).T
    exposure = np.empty((len(panel.days), len(panel.products), len(panel.reasons)))
    for at, (kernel, beta, factors) in enumerate(zip(lags.kernel, lags.beta, lags.factors, strict=True)):
        exposure[:, :, at] = np.exp(beta * smoothed[kernel].T) * started * factors[panel.day_types][:, None]
    return exposure
