"""A case's counterfactual: a Gaussian process of log units on control indices, day types and trend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve
from scipy.optimize import nnls

from cx.lift.cases import Case
from cx.lift.panels import smoothed
from cx.lift.settings import CONTROL_SD, FIRST_GUESS, LEAST_DAYS, NEAR, SLOW, TREND_SD, TYPE_SD, UNKNOWN
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


def _parts(case: Case) -> Floats:
    """Deviations that last a week or two months, of single products and of the whole group: four covariances."""
    apart = np.abs(case.days[:, None] - case.days)
    near, slow = 0.5 ** (apart / NEAR), 0.5 ** (apart / SLOW)
    return np.stack([near / case.size, near, slow / case.size, slow])


def _ridge(case: Case) -> Floats:
    """The covariance of what is fitted in each case: level, trend, types of day, its own way with the indices."""
    day = case.days - case.days.mean()
    types = (case.kinds[:, None] == case.kinds) * TYPE_SD**2
    index = case.controls - case.controls.mean(1, keepdims=True)
    trend = np.outer(day, day) * (TREND_SD / 60) ** 2
    ridge: Floats = 1 + types + trend + index.T @ index * CONTROL_SD**2
    return ridge


def _daily(case: Case, mean: Floats) -> Floats:
    """The two variances of a single day: of products, and of counting."""
    return np.stack([np.full(len(mean), 1 / case.size), 1 / np.maximum(mean, 1e-9)])


class Fit(NamedTuple):
    """A case's expected units a day, the log effect in each cell, the covariance of its error, and each day's error."""

    expected: Floats
    effect: Floats
    error: Floats
    deviations: Floats


def fitted(case: Case, learned: Learned) -> Fit:
    """The counterfactual of a case, its effect in each cell, and the error of these."""
    on = np.flatnonzero(case.train)
    if len(on) < LEAST_DAYS:
        nothing, cells = np.zeros(len(case.days)), len(case.cells)
        return Fit(nothing, np.zeros(cells), np.eye(cells) * UNKNOWN, nothing)
    offset, deviation, mean = _working(case, learned)
    cov = _ridge(case) + np.einsum("k,kij->ij", learned.sizes[:4], _parts(case))
    factor = cho_factor(cov[np.ix_(on, on)] + np.diag(learned.sizes[4:] @ _daily(case, mean)[:, on]))
    expected = np.exp(offset + cov[:, on] @ cho_solve(factor, deviation[on])) * (case.base > 0)
    weights = case.cells * expected
    total = np.maximum(weights.sum(1), 1e-9)
    weights /= total[:, None]
    seen = cov @ weights.T
    alone = learned.sizes[4:] @ _daily(case, expected)
    error = weights @ seen - seen[on].T @ cho_solve(factor, seen[on]) + (weights * alone) @ weights.T
    spread = np.sqrt(np.diag(cov) - (cov[on] * cho_solve(factor, cov[on])).sum(0) + alone)
    error += np.diag(np.where(total > 1e-9, 0, UNKNOWN))
    effect = np.log(np.maximum(case.cells @ case.sold, learned.grain / 2) / total)
    return Fit(expected, effect, error, spread)


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
    for _ in range(4 if cases else 0):
        scores = [_score(case, learned) for case in cases]
        information = sum(each for each, _ in scores) * np.outer(unit, unit)
        weak = np.diag(np.diag(information)) / (2 * len(cases))
        root = np.linalg.cholesky(information + weak).T
        wanted = sum(each for _, each in scores) * unit + weak @ (FIRST_GUESS)
        sizes, _ = nnls(root, np.linalg.solve(root.T, wanted))
        learned = Learned(learned.beta, np.maximum(sizes, 1e-6) * unit, grain)
    return learned


def _score(case: Case, learned: Learned) -> tuple[Floats, Floats]:
    """One case's share in the scoring equations: information, and right-hand side."""
    _, deviation, mean = _working(case, learned)
    on = np.flatnonzero(case.train)
    square = np.ix_(on, on)
    ridge, daily = _ridge(case)[square], _daily(case, mean)[:, on]
    near, slow = (part[square] for part in _parts(case)[[1, 3]])
    s = learned.sizes
    cov = ridge + (s[0] / case.size + s[1]) * near + (s[2] / case.size + s[3]) * slow + np.diag(s[4:] @ daily)
    inverse = np.linalg.inv(cov)
    a, x, y = inverse @ deviation[on], inverse @ near, inverse @ slow
    moved = np.stack([x / case.size, x, y / case.size, y, inverse * daily[0], inverse * daily[1]])
    flat = moved.reshape(6, -1)
    information = flat @ moved.transpose(0, 2, 1).reshape(6, -1).T
    quadratic = [
        a @ near @ a / case.size,
        a @ near @ a,
        a @ slow @ a / case.size,
        a @ slow @ a,
        *(daily @ a**2),
    ]
    return information, np.array(quadratic) - flat @ (inverse @ ridge).T.ravel()
