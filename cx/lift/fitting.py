"""A case's counterfactual: a Gaussian process of log units on control indices, day types and trend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve

from cx.lift.cases import Case
from cx.lift.nonnegative import nonnegative
from cx.lift.panels import smoothed
from cx.lift.settings import (
    CONTROL_SD,
    FIRST_GUESS,
    HOLIDAY,
    LEAST_DAYS,
    NEAR,
    SLOW,
    TREND_SD,
    TYPE_SD,
    UNKNOWN,
    Ints,
)
from cx.stats import Floats


@dataclass(frozen=True)
class Learned:
    """What all groups share: how they follow the indices, what their deviations are made of, what placebos ask for."""

    beta: Floats
    sizes: Floats
    grain: float
    widen: float = 1.96


def _working(case: Case, learned: Learned) -> tuple[Floats, Floats, Floats]:
    """The log of what is expected by level and indices, the deviation from it, and the smooth mean of the days."""
    offset = np.log(np.maximum(case.base, 1e-12)) + learned.beta @ case.controls
    ratio = case.sold / np.exp(offset)
    weight = case.train * case.base
    scale = max((ratio * weight).sum() / max(weight.sum(), 1e-12), 1e-9)
    local = np.maximum(smoothed(ratio[None] / scale, case.train[None], 10.0)[0], 0.02)
    mean = np.exp(offset) * scale * local
    deviation = np.log(local) + np.where(case.train, case.sold / mean - 1, 0)
    return offset + np.log(scale), deviation, mean


def _wandering(case: Case, sizes: Floats) -> Floats:
    """The covariance of deviations that last a week or two months, of single products and of the whole group.

    It depends on how far days lie apart alone, so it is a view of one row.
    """
    near, slow = _fading(len(case.days))
    row = (sizes[0] / case.size + sizes[1]) * near + (sizes[2] / case.size + sizes[3]) * slow
    return _by_distance(row)


def _fading(count: int) -> tuple[Floats, Floats]:
    """What is left of the quick and of the slow part after so many days."""
    apart = np.arange(count)
    return 0.5 ** (apart / NEAR), 0.5 ** (apart / SLOW)


def _by_distance(row: Floats) -> Floats:
    """The symmetric matrix whose entry is that of `row` at the distance of its two days."""
    both = np.concatenate([row[:0:-1], row])
    return np.lib.stride_tricks.sliding_window_view(both, len(row))[::-1]


def _ridge(case: Case) -> Floats:
    """The covariance of what is fitted in each case: level, trend, types of day, its own way with the indices."""
    day = case.days - case.days.mean()
    types = (np.arange(HOLIDAY + 1)[:, None] == case.kinds) * TYPE_SD
    index = (case.controls - case.controls.mean(1, keepdims=True)) * CONTROL_SD
    fitted = np.vstack([np.ones(len(day)), day * (TREND_SD / 60), types, index])
    ridge: Floats = fitted.T @ fitted
    return ridge


def _daily(case: Case, mean: Floats) -> Floats:
    """The two variances of a single day: of products, and of counting."""
    return np.stack([np.full(len(mean), 1 / case.size), 1 / np.maximum(mean, 1e-9)])


class Fit(NamedTuple):
    """A case's expected units a day, the log effect in each cell, and the covariance of its error."""

    expected: Floats
    effect: Floats
    error: Floats


def fitted(case: Case, learned: Learned) -> Fit:
    """The counterfactual of a case, its effect in each cell, and the error of these."""
    if case.train.sum() < LEAST_DAYS:
        cells = len(case.cells)
        return Fit(np.zeros(len(case.days)), np.zeros(cells), np.eye(cells) * UNKNOWN)
    offset, deviation, mean = _working(case, learned)
    on, cov, factor = _factored(case, learned, mean)
    told = np.zeros(len(case.days))
    told[on] = cho_solve(factor, deviation[on], check_finite=False)
    expected = np.exp(offset + cov @ told) * (case.base > 0)
    weights = case.cells * expected
    total = np.maximum(weights.sum(1), 1e-9)
    weights /= total[:, None]
    seen = cov @ weights.T
    alone = learned.sizes[4:] @ _daily(case, expected)
    known = seen[on].T @ cho_solve(factor, seen[on], check_finite=False)
    error = weights @ seen - known + (weights * alone) @ weights.T
    error += np.diag(np.where(total > 1e-9, 0, UNKNOWN))
    effect = np.log(np.maximum(case.cells @ case.sold, learned.grain / 2) / total)
    return Fit(expected, effect, error)


def deviations(case: Case, learned: Learned, fit: Fit) -> Floats:
    """How far, in logs, each single day may lie from what is expected of it: one standard deviation."""
    if case.train.sum() < LEAST_DAYS:
        return np.zeros(len(case.days))
    on, cov, factor = _factored(case, learned, _working(case, learned)[2])
    alone = learned.sizes[4:] @ _daily(case, fit.expected)
    known = (cov[on] * cho_solve(factor, cov[on], check_finite=False)).sum(0)
    spread: Floats = np.sqrt(np.diag(cov) - known + alone)
    return spread


def _factored(case: Case, learned: Learned, mean: Floats) -> tuple[Ints, Floats, tuple[Floats, bool]]:
    """The days that teach, the covariance of all days, and the Cholesky factor of what is seen on those that teach."""
    on = np.flatnonzero(case.train)
    cov = _ridge(case) + _wandering(case, learned.sizes)
    seen = cov[np.ix_(on, on)]
    seen[np.diag_indices(len(on))] += learned.sizes[4:] @ _daily(case, mean)[:, on]
    return on, cov, cho_factor(seen, lower=True, overwrite_a=True, check_finite=False)


def _beta(cases: Sequence[Case]) -> Floats:
    """How groups follow the two indices, by pooled least squares within each case."""
    rows: list[Floats] = [np.zeros((0, 3))]
    for case in cases:
        on = case.train & (case.sold > 0)
        if on.any():
            both = np.column_stack([case.controls[:, on].T, np.log(case.sold[on] / case.base[on])])
            both -= both.mean(0)
            rows.append(both / max(float(both[:, 2].std()), 1e-3))
    told = np.concatenate(rows)
    solved: Floats = solve(told[:, :2].T @ told[:, :2] + np.eye(2) * 1e-3, told[:, :2].T @ told[:, 2])
    return solved


def learn(cases: Sequence[Case], grain: float) -> Learned:
    """The sizes of the parts by Fisher scoring of the pooled likelihood, as NNLS lest one falls below 0."""
    unit = np.array([1, 1, 1, 1, 1, grain])
    learned = Learned(_beta(cases), FIRST_GUESS * unit, grain)
    seen = [_seen(case, learned) for case in cases]
    for _ in range(4 if cases else 0):
        scores = [_score(each, learned.sizes) for each in seen]
        information = sum(each for each, _ in scores) * np.outer(unit, unit)
        weak = np.diag(np.diag(information)) / (2 * len(cases))
        root = np.linalg.cholesky(information + weak).T
        wanted = sum(each for _, each in scores) * unit + weak @ (FIRST_GUESS)
        sizes = nonnegative(root, np.linalg.solve(root.T, wanted))
        learned = Learned(learned.beta, np.maximum(sizes, 1e-6) * unit, grain)
    return learned


class _Seen(NamedTuple):
    """What a case teaches, on the days that do: its deviations, and the covariances that no size changes."""

    deviation: Floats
    ridge: Floats
    near: Floats
    slow: Floats
    daily: Floats
    spread: Floats


def _seen(case: Case, learned: Learned) -> _Seen:
    """`spread`: how each of the six parts is made of the four that differ: near, slow, and the two of a single day."""
    _, deviation, mean = _working(case, learned)
    on = np.flatnonzero(case.train)
    square = np.ix_(on, on)
    near, slow = (_by_distance(row)[square] for row in _fading(len(case.days)))
    spread = np.zeros((6, 4))
    spread[[0, 1, 2, 3, 4, 5], [0, 0, 1, 1, 2, 3]] = [1 / case.size, 1, 1 / case.size, 1, 1, 1]
    return _Seen(deviation[on], _ridge(case)[square], near, slow, _daily(case, mean)[:, on], spread)


def _score(seen: _Seen, sizes: Floats) -> tuple[Floats, Floats]:
    """One case's share in the scoring equations: information, and right-hand side."""
    quick, lasting, *single = sizes @ seen.spread
    cov = seen.ridge + quick * seen.near + lasting * seen.slow
    cov[np.diag_indices(len(cov))] += np.array(single) @ seen.daily
    inverse = np.linalg.inv(cov)
    a = inverse @ seen.deviation
    moved = [inverse @ seen.near, inverse @ seen.slow, inverse * seen.daily[0], inverse * seen.daily[1]]
    flat = np.stack([part.ravel() for part in moved])
    information = flat @ np.stack([part.T.ravel() for part in moved]).T
    quadratic = np.array([a @ seen.near @ a, a @ seen.slow @ a, *(seen.daily @ a**2)])
    told = quadratic - flat @ (inverse @ seen.ridge).T.ravel()
    return seen.spread @ information @ seen.spread.T, seen.spread @ told
