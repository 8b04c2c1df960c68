"""What a campaign really brought: the units beyond what would have been sold without it, with an honest interval."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import nnls
from scipy.sparse.csgraph import connected_components

from cx.stats import Floats

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]

AFTERMATH = 10
HALF_LIFE = 28.0
YOUNG = 80
WINDOW = 75
PLACEBOS = 400
FEW_DAYS = 28
LOW = 0.3
CONTROL_SD, TREND_SD, DAYTYPE_SD = 0.3, 0.3, 0.1
EFFECT_SD, AFTER_SD, CELL_SD = 1.0, 0.15, 0.1
APART = 4.0


NEAR, SLOW = 7.0, 60.0


@dataclass(frozen=True)
class Panel:
    units: Floats
    kinds: Ints
    starts: Ints
    ends: Ints
    members: Mask

    @cached_property
    def busy(self) -> Mask:
        busy = np.zeros(self.units.shape, bool)
        for start, end, sells in zip(self.starts, self.ends, self.members, strict=True):
            busy[sells, max(start, 0) : max(end + AFTERMATH + 1, 0)] = True
        return busy

    @cached_property
    def selling(self) -> Mask:
        """From a product's first sale to its last."""
        sold = self.units > 0
        return np.logical_or.accumulate(sold, 1) & np.logical_or.accumulate(sold[:, ::-1], 1)[:, ::-1]

    @cached_property
    def young(self) -> Mask:
        first = np.where((self.units > 0).any(1), (self.units > 0).argmax(1), self.units.shape[1])
        return (first[:, None] > 0) & (np.arange(self.units.shape[1]) < first[:, None] + YOUNG)

    @cached_property
    def out(self) -> Mask:
        mean = lambda a, b: _window_mean(self.units, a, b)  # noqa: E731
        usual = np.fmin(mean(-42, -15), mean(15, 42))
        three = mean(-1, 1)
        low = (three < LOW * usual) & (self.units < 0.5 * usual)
        spread = np.nanmean(np.where(usual > 0, (self.units - usual) ** 2 / np.maximum(usual, 1e-9), np.nan)[:, :])
        return low & (3 * usual > 15 * self.count_noise)

    @cached_property
    def count_noise(self) -> float:
        """Variance over mean of small daily counts: 1 for plain counts, the price for revenue."""
        u = self.units
        level = _window_mean(u, -14, 14)
        step = (u[:, 7:] - u[:, :-7]) ** 2 / 2
        level = level[:, 7:]
        ok = level > 0
        n = np.maximum(ok.sum(1), 1)
        m = np.where(ok, level, 0).sum(1) / n
        v = np.where(ok, step, 0).sum(1) / n
        use = (m > 0) & (v > 0)
        if not use.any():
            return 1.0
        m, v = m[use], v[use]
        (_, count), _ = nnls(np.column_stack([np.ones(len(m)), 1 / m]), v / m**2)
        return float(max(count, 0.1 * np.min(v / m)))

    @cached_property
    def free(self) -> Mask:
        return ~self.busy & ~self.out & self.selling

    @cached_property
    def level(self) -> Floats:
        return _smooth(self.units, self.free, HALF_LIFE)

    @cached_property
    def wave(self) -> Floats:
        """Each product's daily deviation from its own level, 0 where nothing is known."""
        ok = self.free & ~self.young & (self.level > 0)
        ratio = np.divide(self.units, self.level, out=np.ones_like(self.level), where=ok)
        return np.where(ok, np.clip(ratio, 0, 4) - 1, 0.0)

    @cached_property
    def precision(self) -> Floats:
        mean = self.level.mean(1)
        return np.where(mean > 0, 1 / (0.03 + self.count_noise / np.maximum(mean, 1e-9)), 0)

    @cached_property
    def likeness(self) -> Floats:
        w = self.precision[:, None] * (self.wave != 0)
        index = (w * self.wave).sum(0) / np.maximum(w.sum(0), 1e-9)
        x = np.where(self.wave != 0, self.wave - index, 0)
        x /= np.maximum(np.sqrt((x**2).sum(1, keepdims=True)), 1e-9)
        return x @ x.T

    @cached_property
    def filled(self) -> Floats:
        w = self.precision[:, None] * (self.wave != 0)
        index = 1 + (w * self.wave).sum(0) / np.maximum(w.sum(0), 1e-9)
        return np.where(self.free, self.units, self.level * index)


def _window_mean(x: Floats, first: int, last: int) -> Floats:
    """The mean over days t+first..t+last of those that exist; nan where there are none."""
    total = np.concatenate([np.zeros((len(x), 1)), x.cumsum(1)], 1)
    t = np.arange(x.shape[1])
    a, b = np.clip(t + first, 0, len(t)), np.clip(t + last + 1, 0, len(t))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (total[:, b] - total[:, a]) / (b - a)


def _smooth(x: Floats, ok: Mask, half: float) -> Floats:
    """The two-sided exponentially weighted mean of the days that are ok; 0 where there is none."""
    from scipy.signal import lfilter

    d = 0.5 ** (1 / half)

    def both(y: Floats) -> Floats:
        ahead = lfilter([1], [1, -d], y, axis=-1)
        back = lfilter([1], [1, -d], y[..., ::-1], axis=-1)[..., ::-1]
        return ahead + back - y

    weight = both(ok.astype(float))
    return np.divide(both(np.where(ok, x, 0)), weight, out=np.zeros(x.shape), where=weight > 1e-6)


@dataclass(frozen=True)
class Case:
    """One group of products around the days that are asked for."""

    days: Ints
    observed: Floats
    base: Floats
    controls: Floats
    train: Mask
    kinds: Ints
    n: float
    n_controls: int
    cells: Floats  # (cells, days) of 0/1

    def log_base(self, beta: Floats) -> Floats:
        return np.log(np.maximum(self.base, 1e-12)) + beta @ self.controls


def case(panel: Panel, group: Ints, first: int, last: int, cells: list[Ints], apart: Ints) -> Case:
    """`apart`: products that are no control."""
    T = panel.units.shape[1]
    days = np.arange(max(0, first - WINDOW), min(T, last + WINDOW + 1))
    span = slice(days[0], days[-1] + 1)
    inside = np.zeros(len(days), bool)
    inside[max(first - days[0], 0) : last - days[0] + 1] = True
    free = panel.free[group, span] & ~inside
    ok = free | (inside & ~panel.out[group, span] & panel.selling[group, span])
    units = panel.units[group, span]
    index, n_controls = _controls(panel, group, days, first, last, apart)
    weight = 0.5 ** (np.maximum(np.maximum(first - days, days - last), 0) / HALF_LIFE)
    share = (free * weight).sum(1)
    level = np.divide((units * free * weight).sum(1), share, out=np.zeros(len(group)), where=share > 0)
    level = np.where(level > 0, level, np.maximum(panel.level[group, first : last + 1].mean(1), 1e-9))
    base = (level[:, None] * ok).sum(0)
    train = ~inside & ((level[:, None] * free).sum(0) > 0.6 * level.sum())
    observed = (units * ok).sum(0)
    marks = np.zeros((len(cells), len(days)))
    for mark, cell in zip(marks, cells, strict=True):
        mark[cell - days[0]] = 1
    n = level.sum() ** 2 / np.maximum((level**2).sum(), 1e-12)
    return Case(days, observed, base, index, train & (base > 0), panel.kinds[span], float(n), n_controls, marks * (base > 0))


def _controls(panel: Panel, group: Ints, days: Ints, first: int, last: int, apart: Ints) -> tuple[Floats, int]:
    span = slice(days[0], days[-1] + 1)
    free = panel.free[:, span]
    can = panel.free[:, first : last + 1].all(1) & (free.mean(1) >= 0.7) & ~panel.young[:, max(first - 28, 0)]
    can[apart] = False
    can[group] = False
    if not can.any():
        return np.zeros((2, len(days))), 0
    filled = panel.filled[can, span]
    ratio = filled / np.maximum(filled.mean(1, keepdims=True), 1e-9)
    level = panel.level[group].mean(1)
    like = np.clip(level @ panel.likeness[np.ix_(group, np.flatnonzero(can))], 0, None) / max(level.sum(), 1e-9)
    weight = panel.precision[can]
    close = weight * like**2 if (like > 0).any() else weight
    index = np.stack([w @ ratio / w.sum() for w in (close, weight)])
    return np.log(np.maximum(index, 1e-3)), int(can.sum())


def working(c: Case, beta: Floats) -> tuple[Floats, Floats, Floats]:
    """(offset, z, mean): log expected, deviation from it, smoothed mean."""
    offset = c.log_base(beta)
    ratio = c.observed / np.exp(offset)
    scale = max(np.average(ratio, weights=c.train * c.base), 1e-9) if (c.train * c.base).any() else 1.0
    offset = offset + np.log(scale)
    local = _smooth((ratio / scale)[None], c.train[None], 10.0)[0]
    local = np.clip(local, 0.02, None)
    mean = np.exp(offset) * local
    z = np.log(local) + np.where(c.train, c.observed / mean - 1, 0)
    return offset, z, mean



def parts(c: Case, mean: Floats) -> Floats:
    """What the deviations are made of, each of unit size: (6, days, days)."""
    h = np.abs(c.days[:, None] - c.days[None])
    near, slow, each = 0.5 ** (h / NEAR), 0.5 ** (h / SLOW), np.eye(len(c.days))
    return np.stack([near / c.n, near, slow / c.n, slow, each / c.n, each / np.maximum(mean, 1e-9)])


def known(c: Case) -> Floats:
    t = c.days - c.days.mean()
    types = (c.kinds[:, None] == c.kinds[None]) * DAYTYPE_SD**2
    ctl = c.controls - c.controls.mean(1, keepdims=True)
    return types + 1 + TREND_SD**2 * np.outer(t, t) / 60**2 + CONTROL_SD**2 * ctl.T @ ctl


class Fit(NamedTuple):
    expected: Floats
    effect: Floats
    var: Floats
    daily: Floats


def fit(c: Case, noise: Floats, beta: Floats, count: float) -> Fit:
    offset, z, mean = working(c, beta)
    i = np.flatnonzero(c.train)
    V = parts(c, mean)
    K = known(c) + np.tensordot(noise[:4], V[:4], 1)
    A = K[np.ix_(i, i)] + np.diag(noise[4] / c.n + noise[5] / np.maximum(mean[i], 1e-9))
    f = cho_factor(A, lower=True)
    expected = np.exp(offset + K[:, i] @ cho_solve(f, z[i])) * (c.base > 0)
    W = c.cells * expected
    total = W.sum(1)
    W = W / np.maximum(total, 1e-9)[:, None]
    KW = K @ W.T
    future = noise[4] / c.n + noise[5] / np.maximum(expected, 1e-9)
    var = W @ KW - KW[i].T @ cho_solve(f, KW[i]) + (W * future) @ W.T
    observed = c.cells @ c.observed
    effect = np.log(np.maximum(observed, 0.5 * count) / np.maximum(total, 1e-9))
    return Fit(expected, effect, var, future)


def pooled_beta(cases: list[Case]) -> Floats:
    """Common coefficients of the two control indices."""
    xx, xy = np.eye(2) * 1e-3, np.zeros(2)
    for c in cases:
        ok = c.train & (c.observed > 0)
        if ok.sum() < FEW_DAYS or not c.n_controls:
            continue
        y = np.log(np.maximum(c.observed[ok], 1e-9) / c.base[ok])
        x = c.controls[:, ok]
        w = c.base[ok]
        x = x - np.average(x, axis=1, weights=w)[:, None]
        y = y - np.average(y, weights=w)
        r = 1 / max(np.average(y**2, weights=w), 1e-6)
        xx += r * (x * w / w.mean()) @ x.T
        xy += r * (x * w / w.mean()) @ y
    return np.linalg.solve(xx, xy)


def learn(cases: list[Case], beta: Floats, count: float) -> Floats:
    """The size of each part by Fisher scoring of the pooled likelihood, none below 0."""
    noise = np.array([0.01, 0.003, 0.01, 0.01, 0.02, count])
    prepared = []
    for c in cases:
        _, z, mean = working(c, beta)
        i = np.flatnonzero(c.train)
        prepared.append((z[i], known(c)[np.ix_(i, i)], parts(c, mean)[:, i][:, :, i]))
    scale = np.array([1, 1, 1, 1, 1, count])
    for _ in range(4):
        F, s = np.zeros((6, 6)), np.zeros(6)
        for z, fixed, V in prepared:
            inv = np.linalg.inv(fixed + np.tensordot(noise, V, 1))
            X = np.stack([inv @ V[0], inv @ V[2]])
            near, slow = X * c_n(V)
            each, few = inv * V[4, 0, 0], inv * np.diag(V[5])
            M = np.stack([near * V[4, 0, 0], near, slow * V[4, 0, 0], slow, each, few])
            F += np.einsum("aij,bji->ab", M, M)
            a = inv @ z
            s += np.einsum("i,aij,j->a", a, V, a) - np.einsum("aij,ji->a", M, inv @ fixed)
        root = np.linalg.cholesky(F * np.outer(scale, scale) + 1e-9 * np.eye(6)).T
        noise = scale * nnls(root, np.linalg.solve(root.T, s * scale))[0]
        noise = np.maximum(noise, 1e-6 * scale)
    return noise


def c_n(V: Floats) -> float:
    return 1 / V[4, 0, 0]
