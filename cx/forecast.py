"""Where a weekly measure is heading: its likely value at the end of a month or quarter, with the band that it may fall in.

A structural model: a level that wanders, a slope that fades (damped), a yearly wave once two years are there, and around
them the noise that the counts beneath each week leave (its interval), times a factor where weeks scatter more than that.
How fast level and slope wander is not guessed: a grid of answers is run side by side through one Kalman filter, each weighs
by how well it foretold the weeks so far, and the forecast is their mixture. So the band also says what is not known of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from cx.gaps import bounds
from cx.kpis import Kpi

Floats = NDArray[np.float64]

SHORTEST = 8
"""Weeks with a value below which nothing is foretold."""
LONGEST_WEEKS = 27
YEAR_WEEKS = 365.25 / 7
SEASON_WEEKS = 104
LIKELY, UNLIKELY = 0.8, 0.2
"""From this chance on a target is called likely, and up to that one unlikely."""
WEEK = timedelta(weeks=1)

_DAMPING = 0.9
_LEVEL = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0)
"""How much the level wanders in a week: its variance, in noise variances."""
_SLOPE = (None, 0.0003, 0.003, 0.03)
"""The same of the slope; None is no slope at all."""
_NOISE = (0.5, 1.0, 1.7, 3.0, 6.0, 12.0)
"""By what the variance of the counts is multiplied."""
_RECENT = 6
"""In each of so many last weeks the level may have jumped, or the week stood apart; until the next weeks tell which it was,
the band spans both."""
_JUMP_CHANCE = 0.01
_QUANTILES = (0.025, 0.1, 0.5, 0.9, 0.975)


@dataclass(frozen=True, slots=True)
class Forecast:
    """The weeks ahead of the last finished one, in the KPI's unit: week, value (the median), lo, hi (95 %), lo80, hi80."""

    kpi: Kpi
    weeks: pd.DataFrame
    _mixture: tuple[Floats, Floats, Floats]
    _log: bool

    def at(self, day: date) -> pd.Series:
        """The row of the week that this day is in."""
        row: pd.Series = self.weeks.iloc[self._place(day)]
        return row

    def chance(self, day: date, value: float) -> float:
        """How likely the week of this day is at least as good as the value; nan where neither way is better."""
        weights, means, variances = self._mixture
        place = self._place(day)
        at = np.log(max(value, 1e-12)) if self._log else value
        below = float(weights @ ndtr((at - means[place]) / np.sqrt(variances[place])))
        return {"up": 1 - below, "down": below}.get(self.kpi.better, float("nan"))

    def _place(self, day: date) -> int:
        weeks_on = (day - self.weeks["week"].iloc[0]) // WEEK
        return int(min(max(weeks_on, 0), len(self.weeks) - 1))


def ends(after: date) -> tuple[date, date]:
    """The last days of the month and of the quarter that this day is in."""
    month = pd.Timestamp(after) + pd.offsets.MonthEnd(0)
    quarter = pd.Timestamp(after) + pd.offsets.QuarterEnd(0)
    return month.date(), quarter.date()


def forecast(kpi: Kpi, weeks: pd.DataFrame, until: date) -> Forecast | None:
    """The weeks from the last finished one to the one that `until` is in; None where fewer than SHORTEST are known.

    `weeks`: week (its Monday, each week once and in order), value, lo, hi (nan where there is none), finished.
    """
    known = weeks[weeks["finished"].astype(bool)].reset_index(drop=True)
    values = known["value"].to_numpy(dtype=float)
    if np.isfinite(values).sum() < SHORTEST or not np.isfinite(values[-SHORTEST:]).any():
        return None
    ahead = min((until - known["week"].iloc[-1]).days // 7, LONGEST_WEEKS)
    if ahead < 1:
        return None
    log = _multiplies(kpi, values)
    series, spread = _scaled(known, log)
    weights, means, variances = _run(series, spread, ahead)
    told = _quantiles(weights, means, variances)
    low, high = bounds(kpi)
    table = np.clip(np.exp(told) if log else told, max(low, 0.0) if kpi.family == "total" else low, high)
    named = dict(zip(("lo", "lo80", "value", "hi80", "hi"), table.T, strict=True))
    first = known["week"].iloc[-1] + WEEK
    frame = pd.DataFrame({"week": [first + WEEK * step for step in range(ahead)], **named})
    return Forecast(kpi, frame, (weights, means, variances), log)


def told_of(chance: float) -> str:
    """What a chance is called: 'likely', 'unlikely', 'open', or '' where there is none."""
    if np.isnan(chance):
        return ""
    return "likely" if chance >= LIKELY else "unlikely" if chance <= UNLIKELY else "open"


def _multiplies(kpi: Kpi, values: Floats) -> bool:
    """Whether a measure grows by factors: then its logarithm is foretold, and its band never falls below zero."""
    known = values[np.isfinite(values)]
    return kpi.change == "percent" and bool(known.min() > known.max() / 1000)


def _scaled(known: pd.DataFrame, log: bool) -> tuple[Floats, Floats]:
    """The values as they are foretold, and the variance that the counts beneath each leave."""
    value, lo, hi = (known[name].to_numpy(dtype=float) for name in ("value", "lo", "hi"))
    half = (hi - lo) / (2 * 1.96)
    series, sigma = (np.log(value), np.minimum(half / value, 1.0)) if log else (value, half)
    finite = series[np.isfinite(series)]
    rough = np.median(np.abs(np.diff(finite))) / 0.954 if len(finite) > 1 else 0.0
    least = max(rough, np.std(finite) / 10, 1e-9 * max(abs(finite).max(), 1.0))
    spread = np.where(np.isfinite(sigma) & (sigma > least / 100), sigma, least) ** 2
    return series, spread


def _run(series: Floats, spread: Floats, ahead: int) -> tuple[Floats, Floats, Floats]:
    """Each model's weight, and by week ahead (rows) and model (columns) the mean and variance of what will be seen."""
    yearly = len(series) >= SEASON_WEEKS
    grid = [*product(_LEVEL, _SLOPE, _NOISE, (False, True) if yearly else (False,))]
    typical, wide = float(np.median(spread)), float(np.nanvar(series)) or 1e-12
    level_q, noise = (np.array([models[i] for models in grid], dtype=float) for i in (0, 2))
    slope_q = np.array([models[1] or 0.0 for models in grid])
    sloped = np.array([models[1] is not None for models in grid])
    waves = np.array([models[3] for models in grid])
    state = np.zeros((len(grid), 4))
    finite = series[np.isfinite(series)]
    state[:, 0] = finite[:SHORTEST].mean()
    cov = np.zeros((len(grid), 4, 4))
    cov[:, 0, 0] = 4 * wide + typical
    cov[:, 1, 1] = np.where(sloped, wide / 16, 0.0)
    cov[:, 2, 2] = cov[:, 3, 3] = np.where(waves, wide, 0.0)
    wander = np.zeros((len(grid), 4, 4))
    wander[:, 0, 0] = level_q * noise * typical
    wander[:, 1, 1] = slope_q * noise * typical
    calm = len(series) - _RECENT
    filtered = _Filter(
        state, cov, wander, noise, np.zeros(len(grid)), np.zeros((len(grid), 0)), np.zeros((len(grid), 0))
    )
    for place in range(calm):
        filtered.step(place)
        filtered.learn(place, series[place], spread[place])
    filtered.branch(max(4 * wide, 30 * typical))
    for place in range(calm, len(series)):
        filtered.step(place, place - calm)
        filtered.learn(place, series[place], spread[place], place - calm)
    return filtered.foretell(len(series), ahead, float(np.median(spread[-SHORTEST:])))


_MOVES = np.array([[1, _DAMPING, 0, 0], [0, _DAMPING, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], dtype=float)
"""How level, slope and the two parts of the yearly wave go from one week to the next."""


@dataclass(slots=True)
class _Filter:
    """All models side by side: what each believes of its state, and how well it foretold the weeks so far (log likelihood).

    jumps and strays: by model and recent week, the variance that the level, or that week alone, has beyond the usual.
    """

    state: Floats
    cov: Floats
    wander: Floats
    noise: Floats
    fit: Floats
    jumps: Floats
    strays: Floats

    def step(self, place: int, recent: int | None = None) -> None:
        """Go on to this week."""
        if place:
            self.state, self.cov = self.state @ _MOVES.T, _MOVES @ self.cov @ _MOVES.T + self.wander
        if recent is not None:
            self.cov[:, 0, 0] += self.jumps[:, recent]

    def learn(self, place: int, value: float, spread: float, recent: int | None = None) -> None:
        """Take in what was seen in this week."""
        if not np.isfinite(value):
            return
        seen = _seen(place)
        reach = self.cov @ seen
        variance = reach @ seen + self.noise * spread
        variance = variance if recent is None else variance + self.strays[:, recent]
        miss = value - self.state @ seen
        gain = reach / variance[:, None]
        self.fit = self.fit - 0.5 * (np.log(variance) + miss**2 / variance)
        self.state = self.state + gain * miss[:, None]
        self.cov = self.cov - gain[:, :, None] * reach[:, None, :]

    def branch(self, size: float) -> None:
        """Go on as if nothing happened, and also as if the level jumped, or the week stood apart, in each recent week."""
        models, ways = len(self.fit), 1 + 2 * _RECENT
        happened = np.vstack([np.zeros(2 * _RECENT), np.eye(2 * _RECENT)]) * size
        chance = np.log([1 - 2 * _RECENT * _JUMP_CHANCE, *[_JUMP_CHANCE] * 2 * _RECENT])
        self.state, self.cov, self.wander = (
            np.repeat(each, ways, axis=0) for each in (self.state, self.cov, self.wander)
        )
        self.noise, self.fit = (
            np.repeat(self.noise, ways),
            np.repeat(self.fit, ways) + np.tile(chance, models),
        )
        self.jumps, self.strays = np.hsplit(np.tile(happened, (models, 1)), 2)

    def foretell(self, first: int, ahead: int, spread: float) -> tuple[Floats, Floats, Floats]:
        """Each model's weight, and by week ahead (rows) and model (columns) the mean and variance of what will be seen.

        Models that all but nothing speaks for are left out.
        """
        weights = np.exp(self.fit - self.fit.max())
        kept = weights > 1e-5
        self.state, self.cov, self.wander = self.state[kept], self.cov[kept], self.wander[kept]
        means, variances = [], []
        for place in range(first, first + ahead):
            self.step(place)
            seen = _seen(place)
            means.append(self.state @ seen)
            variances.append((self.cov @ seen) @ seen + self.noise[kept] * spread)
        return weights[kept] / weights[kept].sum(), np.array(means), np.array(variances)


def _seen(place: int) -> Floats:
    """How level, slope and yearly wave add up to what is seen in a week."""
    turn = 2 * np.pi * place / YEAR_WEEKS
    return np.array([1.0, 0.0, np.cos(turn), np.sin(turn)])


def _quantiles(weights: Floats, means: Floats, variances: Floats) -> Floats:
    """The quantiles of each week's mixture of normals (rows: weeks), found by halving."""
    wanted = np.array(_QUANTILES)
    sigma = np.sqrt(variances)
    low = np.repeat((means - 8 * sigma).min(axis=1)[:, None], len(wanted), axis=1)
    high = np.repeat((means + 8 * sigma).max(axis=1)[:, None], len(wanted), axis=1)
    for _ in range(60):
        middle = (low + high) / 2
        below = np.einsum("g,hqg->hq", weights, ndtr((middle[:, :, None] - means[:, None]) / sigma[:, None]))
        low, high = np.where(below < wanted, middle, low), np.where(below < wanted, high, middle)
    return np.asarray((low + high) / 2)
