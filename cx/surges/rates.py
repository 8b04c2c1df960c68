"""The Gamma-Poisson rate of each series and how widely its counts scatter, as fading sums over the past."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cx.stats import Floats
from cx.surges.settings import (
    CUT,
    HALF_LIFE,
    LEAST_SELLING_DAYS,
    PACE_HALF_LIFE,
    SPREAD_HALF_LIFE,
    SURGE_CAP,
    SURGE_MEMORY,
    SURGE_WEIGHT,
    TYPICAL_SPREAD,
    WEEK,
)
from cx.surges.state import KEPT, Baseline, Days


def weights(surging: NDArray[np.bool_], many: NDArray[np.bool_]) -> Floats:
    """How much a day counts in the baseline: less within a surge, unless too many days before it were within one."""
    return np.where(surging & ~many, SURGE_WEIGHT, 1.0)


def recount(base: Baseline, days: Days, end: int) -> None:
    """The fading sums over the days before `end`, anew: a lag learned anew changes all exposure."""
    first = max(0, end - int(8 * HALF_LIFE))
    fading = 0.5 ** (np.arange(end - first)[::-1] / HALF_LIFE)
    running = base.surging[:end, :-1].cumsum(0, dtype=np.int16)
    running[SURGE_MEMORY:] -= running[:-SURGE_MEMORY].copy()
    weight = weights(base.surging[first:end, :-1], running[first:] > SURGE_CAP) * fading[:, None, None]
    x = days.exposure[first:end]
    base.counted = (weight * days.complaints[first:end]).sum(0)
    base.exposed = (weight * x).sum(0)
    base.weight = (weight * (x > 0)).sum(0)


def count(base: Baseline, days: Days, at: int) -> None:
    """Let one more day into the fading sums."""
    within = base.surging[max(0, at - SURGE_MEMORY + 1) : at + 1, :-1].sum(0, dtype=np.int16)
    fade, weight = 0.5 ** (1 / HALF_LIFE), weights(base.surging[at, :-1], within > SURGE_CAP)
    base.counted = fade * base.counted + weight * days.complaints[at]
    base.exposed = fade * base.exposed + weight * days.exposure[at]
    base.weight = fade * base.weight + weight * (days.exposure[at] > 0)
    together = [base.recent[name][at % KEPT, -1] for name in ("y", "alone")]
    calm = np.where(base.surging[at, -1], SURGE_WEIGHT, 1.0)
    base.pace = 0.5 ** (1 / PACE_HALF_LIFE) * base.pace + calm * np.array(together)


def rate_of(base: Baseline) -> tuple[Floats, Floats]:
    """The Gamma-Poisson rate [product, reason] and its squared relative error.

    The mean of the prior is the rate of the reason times how much its product complains at all.
    """
    reason = (base.counted.sum(0) + 0.5) / np.maximum(base.exposed.sum(0), 1e-9)
    product = (base.counted.sum(1) + 1) / ((reason * base.exposed).sum(1) + 1)
    prior = reason * product[:, None]
    weight = _prior_weight(base.counted, prior * base.exposed)
    shape = weight + base.counted
    return shape / (weight / prior + base.exposed), 1 / shape


def _prior_weight(counted: Floats, expected: Floats) -> Floats:
    """The complaints that the prior of each reason weighs: one, or fewer where products scatter more widely around it.

    Many reasons exist for some products only; for these the prior is far too low, and must not hold the rate down.
    """
    trust = 1 / (1 + expected) ** 2
    scatter = (trust * ((counted - expected) ** 2 - expected)).sum(0) + 1
    return np.asarray(1 / np.maximum(scatter / ((trust * expected**2).sum(0) + 1), 1))


def spread_of(base: Baseline) -> tuple[Floats, Floats]:
    """The squared relative scatter of days, and the slow one of weeks, beyond Poisson; each series drawn to its reason."""
    day, week = (_shrunk(moment, least) for moment, least in zip(base.moments, (0.02, 0.005), strict=True))
    return day, week


def _shrunk(moment: Floats, least: float) -> Floats:
    above, weight = moment
    pooled = np.maximum((above[:-1].sum(0) + 10) / (weight[:-1].sum(0) + 100), least)
    # Half the weight is the information of a moment; between series the scatter differs by some two thirds of itself.
    prior = 1 / (0.43 * pooled**2)
    return np.asarray(np.maximum((above / 2 + prior * pooled) / (weight / 2 + prior), least))


def learn_spread(base: Baseline, at: int, spread_day: Floats) -> None:
    """Let one more day outside of surges, and the week up to it, teach how counts scatter (by moments)."""
    if at < LEAST_SELLING_DAYS:
        return
    recent, slot, week = base.recent, at % KEPT, np.arange(at - WEEK + 1, at + 1) % KEPT
    y, mean, doubt = (recent[name][slot] for name in ("y", "mean", "doubt"))
    y_7, mean_7, squares = (
        recent["y"][week].sum(0),
        recent["mean"][week].sum(0),
        (recent["mean"][week] ** 2).sum(0),
    )
    calm = ~base.surging[at] & (mean > 0)
    calm_7 = calm & ~base.surging[at - WEEK + 1]
    base.moments *= 0.5 ** (1 / SPREAD_HALF_LIFE)
    base.moments[0] += _moment(calm, y, mean, mean + doubt * mean**2, TYPICAL_SPREAD)
    base.moments[1] += _moment(
        calm_7, y_7, mean_7, mean_7 + spread_day * squares + doubt * mean_7**2, TYPICAL_SPREAD / 2
    )


def _moment(calm: NDArray[np.bool_], y: Floats, mean: Floats, variance: Floats, typical: float) -> Floats:
    """Squared scatter beyond a variance, and its weight. What is off by more than some standard deviations is cut."""
    weight = calm / (1 + typical * mean) ** 2
    squared = np.minimum((y - mean) ** 2, CUT**2 * (mean + 1.5 * typical * mean**2) + 1)
    return np.stack([weight * (squared - variance), weight * mean**2])
