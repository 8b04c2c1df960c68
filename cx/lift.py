"""What a campaign really brought: the units beyond what would have been sold without it, with an honest interval.

Without it: a group's log units follow its own past and future days without campaign (a Gaussian process whose parts
are learned from all groups), two indices of products without campaign, and the type of day. With it: what each cell of
one group and one set of active campaigns sold beyond that is shared out among those campaigns and the aftermath of
earlier ones, all at once. Every interval is as wide as the errors made where no campaign was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import nan
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import block_diag, cho_factor, cho_solve, solve
from scipy.optimize import nnls
from scipy.signal import lfilter
from scipy.sparse.csgraph import connected_components
from scipy.special import ndtri

from cx.stats import TAIL, Floats

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]
Verdict = Literal[
    "more orders", "worse product", "both", "too early to say", "cannot be told apart", "no effect seen"
]

AFTERMATH = 10
"""Days after its end through which a campaign may still be felt: people have stocked up."""
YOUNG = 80
"""A product on sale for fewer days than this is no control."""
WINDOW = 60
"""Days on each side of a campaign from which its counterfactual is learned."""
FEW_DAYS = 28
"""With fewer free days than this in the window before a campaign its lift is told with a note."""
LEAST_DAYS = 14
"""With fewer free days than this nothing is said of a group."""
HOLIDAY = 7
"""The type of day of a holiday; the others are Monday, 0, to Sunday, 6."""

EARLY = frozenset({"not started", "running", "aftermath open", "too few days"})
"""Notes under which a lift is not known to its end."""

TAIL_DAYS = 14
"""Days after its end through which complaints are laid to a campaign."""

_HALF_LIFE, _NEAR, _SLOW = 28.0, 7.0, 60.0
_TAUGHT, _RATE_HALF, _SURGING, _SETTLING, _WINDOWS = 42, 60.0, 0.05, 7, 400
_UNUSUAL, _CLEAR = 2.5, 6.0
_LAGS, _ELASTICITIES = (0.5, 2.0, 4.0, 7.0, 10.0, 14.0, 20.0), (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_CONTROL_SD, _TREND_SD, _TYPE_SD = 0.3, 0.3, 0.1
_EFFECT_SD, _AFTER_SD, _CELL_SD = 1.0, 0.15, 0.1
_FIRST_GUESS = np.array([0.01, 0.003, 0.01, 0.01, 0.02, 1.0])
_PLACEBOS, _TURNS, _LEARNED_FROM, _LEAST_PLACEBOS = 240, 40, 30, 39
_APART, _TELLING, _UNKNOWN = 4.0, 0.15, 10.0


@dataclass(frozen=True)
class Panel:
    """An outcome by product and day, and which products each campaign sells from which day to which, as places."""

    units: Floats
    kinds: Ints
    starts: Ints
    ends: Ints
    members: Mask

    @cached_property
    def busy(self) -> Mask:
        """Days of a campaign or its aftermath."""
        busy = np.zeros(self.units.shape, bool)
        for start, end, sells in zip(self.starts, self.ends, self.members, strict=True):
            busy[sells, max(start, 0) : max(end + AFTERMATH + 1, 0)] = True
        return busy

    @cached_property
    def selling(self) -> Mask:
        """From a product's first sale to its last."""
        sold = self.units > 0
        since: Mask = np.logical_or.accumulate(sold, 1)
        until: Mask = np.logical_or.accumulate(sold[:, ::-1], 1)[:, ::-1]
        both: Mask = since & until
        return both

    @cached_property
    def young(self) -> Mask:
        """The first days of a product that was not yet on sale when the history begins."""
        first = np.where((self.units > 0).any(1), (self.units > 0).argmax(1), self.units.shape[1])
        young: Mask = (first[:, None] > 0) & (np.arange(self.units.shape[1]) < first[:, None] + YOUNG)
        return young

    @cached_property
    def out(self) -> Mask:
        """Stock-outs: hardly any sale for days, between weeks of many."""
        usual = np.fmin(_mean_of_days(self.units, -42, -15), _mean_of_days(self.units, 15, 42))
        low = (_mean_of_days(self.units, -1, 1) < 0.3 * usual) & (self.units < 0.5 * usual)
        return low & (3 * usual > 15 * self.grain)

    @cached_property
    def grain(self) -> float:
        """Variance over mean where little is sold: about 1 for counts, about a price for revenue."""
        if self.units.shape[1] <= 7:
            return 1.0
        level = _mean_of_days(self.units, -14, 14)[:, 7:].mean(1)
        step = ((self.units[:, 7:] - self.units[:, :-7]) ** 2 / 2).mean(1)
        mean, variance = level[(level > 0) & (step > 0)], step[(level > 0) & (step > 0)]
        if not len(mean):
            return 1.0
        (_, grain), _ = nnls(np.column_stack([np.ones(len(mean)), 1 / mean]), variance / mean**2)
        return float(max(grain, 0.01 * (variance / mean).min()))

    @cached_property
    def free(self) -> Mask:
        """Days that tell how a product sells without campaign."""
        return ~self.busy & ~self.out & self.selling

    @cached_property
    def level(self) -> Floats:
        """What a product sells around a day without campaign."""
        return _smooth(self.units, self.free, _HALF_LIFE)

    @cached_property
    def wave(self) -> Floats:
        """The share by which a day lies off its level; 0 where nothing is known."""
        known = self.free & ~self.young & (self.level > 0)
        ratio = np.divide(self.units, self.level, out=np.ones_like(self.level), where=known)
        return np.where(known, np.clip(ratio, 0, 4) - 1, 0.0)

    @cached_property
    def precision(self) -> Floats:
        """How much a product's day tells of its share."""
        mean = self.level.mean(1)
        return np.where(mean > 0, 1 / (0.03 + self.grain / np.maximum(mean, 1e-9)), 0)

    @cached_property
    def tide(self) -> Floats:
        """The day's wave of all products."""
        weight = self.precision[:, None] * (self.wave != 0)
        tide: Floats = (weight * self.wave).sum(0) / np.maximum(weight.sum(0), 1e-9)
        return tide

    @cached_property
    def likeness(self) -> Floats:
        """The correlation of the products' waves, less the wave of all."""
        own = np.where(self.wave != 0, self.wave - self.tide, 0)
        own /= np.maximum(np.sqrt((own**2).sum(1, keepdims=True)), 1e-9)
        return own @ own.T

    @cached_property
    def filled(self) -> Floats:
        """Units, with level and tide on the days that are not free."""
        return np.where(self.free, self.units, self.level * (1 + self.tide))


def _mean_of_days(x: Floats, first: int, last: int) -> Floats:
    """The mean over the days first..last from each day that exist; nan where none does."""
    total = np.concatenate([np.zeros((len(x), 1)), x.cumsum(1)], 1)
    day = np.arange(x.shape[1])
    a, b = np.clip(day + first, 0, len(day)), np.clip(day + last + 1, 0, len(day))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Floats = (total[:, b] - total[:, a]) / (b - a)
    return mean


def _smooth(x: Floats, known: Mask, half_life: float) -> Floats:
    """The exponentially weighted mean of the known days on both sides; 0 where there is none."""
    keep = 0.5 ** (1 / half_life)

    def both(y: Floats) -> Floats:
        return _faded(y, keep) + _faded(y[..., ::-1], keep)[..., ::-1] - y

    weight = both(known.astype(float))
    return np.divide(both(np.where(known, x, 0)), weight, out=np.zeros(x.shape), where=weight > 1e-6)


def _faded(x: Floats, keep: float) -> Floats:
    """The running sum of which each day keeps a share."""
    faded: Floats = lfilter([1], [1, -keep], x, axis=-1)
    return faded


class Case(NamedTuple):
    """One group of products around the days that are asked of it."""

    days: Ints
    sold: Floats
    base: Floats
    controls: Floats
    train: Mask
    kinds: Ints
    size: float
    controls_n: int
    cells: Floats
    before: int
    left_out: int


def _case(panel: Panel, group: Ints, cells: Sequence[Ints], apart: Ints) -> Case:
    """The group's case; `cells` are days in a row, `apart` the products that are no control."""
    asked = np.concatenate([*cells])
    first, last = asked.min(), asked.max()
    days = np.arange(max(0, first - WINDOW), min(panel.units.shape[1], last + WINDOW + 1))
    span = slice(days[0], days[-1] + 1)
    inside = np.isin(days, asked)
    free = panel.free[group, span] & ~inside
    usable = free | (inside & ~panel.out[group, span] & panel.selling[group, span])
    weight = free * 0.5 ** (np.maximum(np.maximum(first - days, days - last), 0) / _HALF_LIFE)
    units = panel.units[group, span]
    total = weight.sum(1)
    level = np.divide((units * weight).sum(1), total, out=np.zeros(len(group)), where=total > 0)
    level = np.where(level > 0, level, panel.level[group][:, asked].mean(1))
    base = (level[:, None] * usable).sum(0)
    train = ((level[:, None] * free).sum(0) > 0.6 * level.sum()) & (base > 0)
    marks = np.zeros((len(cells), len(days)))
    for mark, cell in zip(marks, cells, strict=True):
        mark[cell - days[0]] = 1
    controls, count = _controls(panel, group, span, asked, apart)
    return Case(days, (units * usable).sum(0), base, controls, train, panel.kinds[span],
                float(level.sum() ** 2 / max((level**2).sum(), 1e-12)), count, marks * (base > 0),
                int(train[days < first].sum()), int(panel.out[group][:, asked].sum()))  # fmt: skip


def _controls(panel: Panel, group: Ints, span: slice, asked: Ints, apart: Ints) -> tuple[Floats, int]:
    """Two log indices of products that are free on the days asked: of those like the group, and of all; their count."""
    free = panel.free[:, asked].all(1) & (panel.free[:, span].mean(1) >= 0.7)
    free &= ~panel.young[:, max(asked.min() - FEW_DAYS, 0)]
    free[apart] = free[group] = False
    if not free.any():
        return np.zeros((2, span.stop - span.start)), 0
    filled = panel.filled[free, span]
    ratio = filled / np.maximum(filled.mean(1, keepdims=True), 1e-9)
    weight, level = panel.precision[free], panel.level[group].mean(1)
    like = np.clip(level @ panel.likeness[np.ix_(group, np.flatnonzero(free))], 0, None)
    close = weight * like**2 if (like > 0).any() else weight
    indices = np.stack([w @ ratio / w.sum() for w in (close, weight)])
    return np.log(np.maximum(indices, 1e-3)), int(free.sum())


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
    local = np.maximum(_smooth(ratio[None] / scale, case.train[None], 10.0)[0], 0.02)
    mean = np.exp(offset) * scale * local
    deviation = np.log(local) + np.where(case.train, case.sold / mean - 1, 0)
    return offset + np.log(scale), deviation, mean


def _parts(case: Case) -> Floats:
    """Deviations that last a week or two months, of single products and of the whole group: four covariances."""
    apart = np.abs(case.days[:, None] - case.days)
    near, slow = 0.5 ** (apart / _NEAR), 0.5 ** (apart / _SLOW)
    return np.stack([near / case.size, near, slow / case.size, slow])


def _ridge(case: Case) -> Floats:
    """The covariance of what is fitted in each case: level, trend, types of day, its own way with the indices."""
    day = case.days - case.days.mean()
    types = (case.kinds[:, None] == case.kinds) * _TYPE_SD**2
    index = case.controls - case.controls.mean(1, keepdims=True)
    trend = np.outer(day, day) * (_TREND_SD / 60) ** 2
    ridge: Floats = 1 + types + trend + index.T @ index * _CONTROL_SD**2
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


def _fit(case: Case, learned: Learned) -> Fit:
    on = np.flatnonzero(case.train)
    if len(on) < LEAST_DAYS:
        nothing, cells = np.zeros(len(case.days)), len(case.cells)
        return Fit(nothing, np.zeros(cells), np.eye(cells) * _UNKNOWN, nothing)
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
    error += np.diag(np.where(total > 1e-9, 0, _UNKNOWN))
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


def _learn(cases: Sequence[Case], grain: float) -> Learned:
    """The sizes of the parts by Fisher scoring of the pooled likelihood, as NNLS lest one falls below 0."""
    unit = np.array([1, 1, 1, 1, 1, grain])
    learned = Learned(_beta(cases), _FIRST_GUESS * unit, grain)
    for _ in range(4 if cases else 0):
        scores = [_score(case, learned) for case in cases]
        information = sum(each for each, _ in scores) * np.outer(unit, unit)
        weak = np.diag(np.diag(information)) / (2 * len(cases))
        root = np.linalg.cholesky(information + weak).T
        wanted = sum(each for _, each in scores) * unit + weak @ (_FIRST_GUESS)
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


class Group(NamedTuple):
    """Products with the same campaigns: for each cell its days, and who is active (campaign, aftermath or not)."""

    products: Ints
    cells: tuple[Ints, ...]
    active: tuple[tuple[tuple[int, bool], ...], ...]


def _knots(panel: Panel) -> list[Ints]:
    """Campaigns that share products and days, their aftermath included, directly or through others."""
    sells = panel.members.astype(float)
    last = panel.ends + AFTERMATH
    meet = (panel.starts[:, None] <= last) & (panel.starts <= last[:, None]) & (sells @ sells.T > 0)
    count, label = connected_components(meet, directed=False)
    return [np.flatnonzero(label == each) for each in range(count)]


def _groups(panel: Panel, knot: Ints) -> list[Group]:
    day = np.arange(panel.units.shape[1])
    start, end = panel.starts[knot, None], panel.ends[knot, None]
    state = np.where((day >= start) & (day <= end), 1, np.where((day > end) & (day <= end + AFTERMATH), 2, 0))
    which, place = np.unique(panel.members[knot].T, axis=0, return_inverse=True)
    groups = []
    for number, sells in enumerate(which):
        own = state * sells[:, None]
        cuts = np.flatnonzero((own[:, 1:] != own[:, :-1]).any(0)) + 1
        cells = [cell for cell in np.split(day, cuts) if own[:, cell[0]].any()]
        active = [tuple((int(c), bool(code == 2)) for c, code in zip(knot, own[:, cell[0]], strict=True) if code)
                  for cell in cells]  # fmt: skip
        if cells:
            groups.append(Group(np.flatnonzero(place.ravel() == number), tuple(cells), tuple(active)))
    return groups


class Knot(NamedTuple):
    """Groups of campaigns that meet, with their cases and fits, and every pair of an active campaign and a cell."""

    groups: list[Group]
    cases: list[Case]
    fits: list[Fit]
    pairs: list[tuple[int, bool]]
    cell_of: Ints
    sold: Floats
    mean: Floats
    cov: Floats
    alone: Floats


def _solved(panel: Panel, groups: list[Group], cases: list[Case], learned: Learned) -> Knot:
    """Share out what the cells sold beyond expectation: generalised least squares with weak priors."""
    fits = [_fit(case, learned) for case in cases]
    active = [pairs for group in groups for pairs in group.active]
    pairs = [pair for cell in active for pair in cell]
    cell_of = np.repeat(np.arange(len(active)), [len(cell) for cell in active])
    code = np.array([2 * c + after for c, after in pairs])
    effect, error = np.concatenate([fit.effect for fit in fits]), _errors(cases, fits, learned)
    same = code[:, None] == code
    sd = np.where(code % 2, _AFTER_SD, _EFFECT_SD)
    prior = same * (sd**2)[:, None] + np.eye(len(code)) * _CELL_SD**2
    design = (cell_of == np.arange(len(active))[:, None]).astype(float)
    mean, cov = _posterior(prior, design, effect, error)
    alone = np.zeros(len(code))
    for c in {c for c, _ in pairs}:
        own = code // 2 == c
        _, known = _posterior(prior[np.ix_(own, own)], design[:, own], effect, error)
        alone[own] = np.diag(known)
    sold = np.array(
        [panel.units[np.ix_(group.products, cell)].sum() for group in groups for cell in group.cells]
    )
    return Knot(groups, cases, fits, pairs, cell_of, sold[cell_of], mean, cov, alone)


def _errors(cases: list[Case], fits: list[Fit], learned: Learned) -> Floats:
    """The cells' errors; those of different groups share what is common to products on the days that both hold."""
    held = np.zeros((sum(len(case.cells) for case in cases), max(case.days[-1] for case in cases) + 1))
    shared, first = np.zeros(len(held)), 0
    for case in cases:
        rows = slice(first, first + len(case.cells))
        held[rows, case.days], shared[rows], first = case.cells, _common(case, learned), rows.stop
    held *= (shared / np.sqrt(np.maximum(held.sum(1), 1)))[:, None]
    alike = held @ held.T
    np.fill_diagonal(alike, 1)
    root = block_diag(*[np.linalg.cholesky(fit.error) for fit in fits])
    out: Floats = root @ alike @ root.T
    return out


def _common(case: Case, learned: Learned) -> float:
    """The square root of the share of a group's deviations that other products have too."""
    own, shared = learned.sizes[[0, 2]].sum() + learned.sizes[4] / 7, learned.sizes[[1, 3]].sum()
    return float(np.sqrt(shared / (shared + own / max(case.size, 1e-12))))


def _posterior(prior: Floats, design: Floats, effect: Floats, error: Floats) -> tuple[Floats, Floats]:
    gain = np.linalg.solve(design @ prior @ design.T + error, design @ prior).T
    return gain @ effect, prior - gain @ design @ prior


def _quiet(panel: Panel, most: int) -> Iterator[tuple[Ints, Ints]]:
    """Products and days without campaign: other products in a campaign's days, and its products in other days."""
    chance = np.random.default_rng(0)
    known: Ints = np.flatnonzero(
        (panel.starts < panel.units.shape[1]) & (panel.ends >= 0) & panel.members.any(1)
    )
    for turn in range(min(most, _TURNS * len(known))):
        c = known[turn * len(known) // most if len(known) > most else turn % len(known)]
        group, cell = (_elsewhere if (turn // len(known) + turn) % 2 else _elsewhen)(panel, c, chance)
        if len(group) and len(cell):
            yield group, cell


def _placebos(panel: Panel) -> list[Case]:
    """Where no campaign was, as if one had been there."""
    cases = [_case(panel, group, [cell], group) for group, cell in _quiet(panel, _PLACEBOS)]
    return [case for case in cases if case.train.sum() >= FEW_DAYS]


def _elsewhere(panel: Panel, c: int, chance: np.random.Generator) -> tuple[Ints, Ints]:
    start, end = max(panel.starts[c], 0), panel.ends[c]
    cell = np.arange(start, min(end + 1, panel.units.shape[1]))
    free = np.flatnonzero(
        panel.free[:, start : end + AFTERMATH + 1].all(1) & ~panel.young[:, max(start - FEW_DAYS, 0)]
    )
    if not len(free) or not len(cell):
        return free[:0], cell
    anchor = free[chance.integers(len(free))]
    near = np.argsort(-panel.likeness[anchor, free], kind="stable")[: panel.members[c].sum()]
    return np.sort(free[near]), cell


def _elsewhen(panel: Panel, c: int, chance: np.random.Generator) -> tuple[Ints, Ints]:
    group = np.flatnonzero(panel.members[c])
    length = int(panel.ends[c] - panel.starts[c]) + 1
    quiet: Mask = np.all(panel.free[group] & ~panel.young[group], axis=0)
    whole = length + AFTERMATH
    if len(quiet) < whole:
        return group, np.arange(0)
    windows = np.lib.stride_tricks.sliding_window_view(quiet, whole).all(1)
    starts = np.flatnonzero(windows)
    if not len(starts):
        return group, starts
    start = starts[chance.integers(len(starts))]
    return group, np.arange(start, start + length)


@dataclass(frozen=True)
class Study:
    """Everything learned about all campaigns of one outcome at once; what `lifts` and `counterfactual` read."""

    days: pd.DatetimeIndex
    campaigns: pd.DataFrame
    panel: Panel
    learned: Learned
    placebos: int
    knots: list[Knot]


def study(
    days: pd.DatetimeIndex,
    products: Sequence[str],
    units: Floats,
    campaigns: pd.DataFrame,
    holidays: Sequence[pd.Timestamp] | pd.DatetimeIndex = (),
) -> Study:
    """Learn from `units` [product, day], any outcome that adds up: units, orders, revenue; every day in a row.

    `campaigns`: id, start, end (both inclusive), products; a campaign without products sells all of them. An outcome
    without products, such as visits, is a single row and has its own days as its only control. Raises ValueError where
    the shape of `units` does not fit or days are missing.
    """
    if units.shape != (len(products), len(days)) or not (np.diff(days) == np.timedelta64(1, "D")).all():
        raise ValueError(
            f"units are {units.shape} for {len(products)} products and {len(days)} days in a row."
        )
    table = campaigns.sort_values(["start", "end", "id"], ignore_index=True)
    order = np.argsort(np.array([*products], dtype=str), kind="stable")
    panel = _panel(days, np.array([*products], dtype=object)[order], units[order], table, holidays)
    found = [
        (groups, _cases(panel, groups))
        for groups in (_groups(panel, knot) for knot in _knots(panel))
        if groups
    ]
    learned, placebos = _learned(panel, [case for _, cases in found for case in cases])
    return Study(days, table, panel, learned, placebos, [_solved(panel, *each, learned) for each in found])


def _panel(days: pd.DatetimeIndex, names: Any, units: Floats, table: pd.DataFrame, holidays: Any) -> Panel:
    kinds = days.dayofweek.to_numpy().astype(np.int64)
    kinds[days.isin(pd.DatetimeIndex(holidays))] = HOLIDAY
    sells = [
        np.isin(names, [*each]) if len(each) else np.ones(len(names), bool) for each in table["products"]
    ]
    starts, ends = (
        (pd.DatetimeIndex(table[name]) - days[0]).days.to_numpy().astype(np.int64)
        for name in ("start", "end")
    )
    return Panel(
        units.astype(float), kinds, starts, ends, np.array(sells, bool).reshape(len(table), len(names))
    )


def _cases(panel: Panel, groups: list[Group]) -> list[Case]:
    def apart(group: Group) -> Ints:
        return np.flatnonzero(panel.members[[c for cell in group.active for c, _ in cell]].any(0))

    return [_case(panel, group.products, group.cells, apart(group)) for group in groups]


def _learned(panel: Panel, cases: list[Case]) -> tuple[Learned, int]:
    """What all share, and how far placebos stray from it: the 95 % conformal quantile, never under the normal one."""
    rich = [case for case in cases if case.train.sum() >= WINDOW and case.sold.any()]
    learned = _learn(rich[:: max(1, len(rich) // _LEARNED_FROM)][:_LEARNED_FROM], panel.grain)
    fits = [_fit(case, learned) for case in _placebos(panel)]
    off = np.sort([abs(fit.effect[0]) / np.sqrt(fit.error[0, 0]) for fit in fits])
    rank = min(int(np.ceil(0.95 * (len(off) + 1))), len(off))
    return replace(learned, widen=max(1.96, off[rank - 1]) if len(off) else 1.96), len(off)


def lifts(study: Study) -> pd.DataFrame:
    """One row for each campaign, by start; everything in units of the outcome unless said otherwise.

    id; lift, lift_lo, lift_hi over its days so far; observed, counterfactual (what would have been sold without it but
    with the others); percent, percent_lo, percent_hi over the counterfactual; aftermath, aftermath_lo, aftermath_hi in
    the 10 days after; unidentified and with_whom (ids); controls (products), left_out (product-days of stock-outs);
    notes: 'no sales', 'too few days', 'not started', 'running', 'aftermath open', 'few days before', 'stock-out',
    'launch', 'no controls', 'few placebos'. Where nothing can be said the numbers are nan.
    """
    rows = [_blank(study, c) for c in range(len(study.campaigns))]
    for knot in study.knots:
        for c in {c for c, after in knot.pairs if not after}:
            rows[c] |= _row(study, knot, c)
    table = pd.DataFrame(rows, columns=[*_COLUMNS])
    return table.astype({"unidentified": bool, "controls": int, "left_out": int})


_COLUMNS = ("id", "lift", "lift_lo", "lift_hi", "observed", "counterfactual", "percent", "percent_lo", "percent_hi",
            "aftermath", "aftermath_lo", "aftermath_hi", "unidentified", "with_whom", "controls", "left_out", "notes")  # fmt: skip


def _blank(study: Study, c: int) -> dict[str, Any]:
    early = study.panel.starts[c] >= len(study.days)
    nothing = {"unidentified": False, "with_whom": (), "controls": 0, "left_out": 0}
    return {"id": study.campaigns["id"][c], **nothing, "notes": ("not started" if early else "no sales",)}


def _row(study: Study, knot: Knot, c: int) -> dict[str, Any]:
    cases = [case for group, case in zip(knot.groups, knot.cases, strict=True) if _holds(group, c)]
    during, after = (np.flatnonzero([pair == (c, late) for pair in knot.pairs]) for late in (False, True))
    told = {
        "controls": max(case.controls_n for case in cases),
        "left_out": sum(case.left_out for case in cases),
    }
    notes = _notes(study, cases, c)
    if notes[:1] == ("too few days",):
        return {**told, "notes": notes}
    arms = np.array([0, -1, 1]) * study.learned.widen
    share, later = _share(knot, during), _share(knot, after)
    lift, percent = share.sold * -np.expm1(-share.at(arms)), 100 * np.expm1(share.at(arms))
    aftermath = later.sold * -np.expm1(-later.at(arms))
    whom = _rivals(knot, c, during, share)
    return told | {
        **_three("lift", lift), **_three("percent", percent), **_three("aftermath", aftermath),
        "observed": share.sold, "counterfactual": share.sold - lift[0], "unidentified": bool(whom),
        "with_whom": tuple(study.campaigns["id"][d] for d in whom), "notes": notes,
    }  # fmt: skip


def _three(name: str, values: Floats) -> dict[str, float]:
    return dict(zip((name, f"{name}_lo", f"{name}_hi"), values.tolist(), strict=True))


def _holds(group: Group, c: int) -> bool:
    return any((c, False) in cell for cell in group.active)


class Share(NamedTuple):
    """What a campaign or its aftermath did to its cells in sum: what was sold there, its log effect and deviation."""

    sold: float
    effect: float
    deviation: float
    weights: Floats

    def at(self, arms: Floats) -> Floats:
        """The effect so many deviations off."""
        return self.effect + arms * self.deviation


def _share(knot: Knot, at: Ints) -> Share:
    sold, without = knot.sold[at], knot.sold[at] * np.exp(-knot.mean[at])
    if not without.sum() > 0:
        return Share(float(sold.sum()), nan if len(at) else 0.0, nan if len(at) else 0.0, without)
    weights = without / without.sum()
    deviation = np.sqrt(weights @ knot.cov[np.ix_(at, at)] @ weights)
    return Share(float(sold.sum()), float(np.log(sold.sum() / without.sum())), float(deviation), weights)


def _rivals(knot: Knot, c: int, during: Ints, share: Share) -> list[int]:
    """Other campaigns without which this one's effect would be known far better; none where it can be told apart."""
    if (
        share.deviation < _TELLING
        or not share.deviation**2 > _APART * (share.weights**2) @ knot.alone[during]
    ):
        return []
    rivals = []
    for d in {d for d, after in knot.pairs if d != c and not after}:
        at = np.flatnonzero([pair == (d, False) for pair in knot.pairs])
        other = _share(knot, at)
        together = share.weights @ knot.cov[np.ix_(during, at)] @ other.weights
        if together < -0.5 * share.deviation * other.deviation:
            rivals.append(d)
    return sorted(rivals)


def _notes(study: Study, cases: list[Case], c: int) -> tuple[str, ...]:
    panel, last = study.panel, len(study.days) - 1
    sells, start, end = panel.members[c], max(panel.starts[c], 0), panel.ends[c]
    told = {
        "too few days": all(case.train.sum() < LEAST_DAYS for case in cases),
        "running": end > last,
        "aftermath open": end <= last < end + AFTERMATH,
        "few days before": min(case.before for case in cases) < FEW_DAYS,
        "stock-out": panel.out[sells, start : end + 1].any(),
        "launch": panel.young[sells, start : end + 1].any(),
        "no controls": not any(case.controls_n for case in cases),
        "few placebos": study.placebos < _LEAST_PLACEBOS,
    }
    return tuple(note for note, holds in told.items() if holds)


def counterfactual(study: Study, campaign: str) -> pd.DataFrame:
    """One campaign by day: day, phase ('before', 'during', 'after', 'later'), observed, expected, lo, hi, in units.

    Expected is what its products would sell without it and without those that it meets; stock-outs are in neither.
    Raises KeyError for a campaign of which nothing is known.
    """
    (place,) = (
        np.flatnonzero(study.campaigns["id"] == campaign)[:1]
        if (study.campaigns["id"] == campaign).any()
        else (-1,)
    )
    mine = [(case, fit) for knot in study.knots
            for group, case, fit in zip(knot.groups, knot.cases, knot.fits, strict=True) if _holds(group, place)]  # fmt: skip
    if not mine:
        raise KeyError(campaign)
    observed, expected, variance = np.zeros((3, len(study.days)))
    for case, fit in mine:
        observed[case.days] += case.sold
        expected[case.days] += fit.expected
        variance[case.days] += (fit.expected * fit.deviations) ** 2
    common = np.flatnonzero(np.bincount(np.concatenate([case.days for case, _ in mine])) == len(mine))
    half = study.learned.widen * np.sqrt(variance) / np.maximum(expected, 1e-9)
    frame = pd.DataFrame({"day": study.days, "phase": _phase(study.panel, place, len(study.days)), "observed": observed,
                          "expected": expected, "lo": expected * np.exp(-half), "hi": expected * np.exp(half)})  # fmt: skip
    return frame.iloc[common].reset_index(drop=True)


def _phase(panel: Panel, place: int, count: int) -> list[str]:
    bounds = [panel.starts[place], panel.ends[place] + 1, panel.ends[place] + 1 + AFTERMATH]
    return [
        ("before", "during", "after", "later")[int(at)]
        for at in np.searchsorted(bounds, np.arange(count), "right")
    ]


class Lags(NamedTuple):
    """How complaints of each reason follow the units sold: by a gamma kernel of this mean (days), to the power of beta."""

    means: Floats
    betas: Floats

    @property
    def medians(self) -> Floats:
        """Days after the sale by which half of the complaints that follow it have come."""
        return np.array([np.searchsorted(_kernel(mean).cumsum(), 0.5) + 0.5 for mean in self.means])


def lags(units: Floats, complaints: Floats) -> Lags:
    """The lags under which complaints [product, reason, day] within 8 weeks are most likely; beta 0: units play no part.

    Products younger than 42 days teach nothing.
    """
    _, reasons, days = complaints.shape
    age = (units > 0).cumsum(1).clip(max=1).cumsum(1)
    taught = complaints * ((age >= _TAUGHT) | (units[:, :1] > 0))[:, None]
    edges = np.arange(0, days, 56)
    totals = np.add.reduceat(taught, edges, axis=2)
    best, means, betas = np.full(reasons, -np.inf), np.full(reasons, _LAGS[0]), np.zeros(reasons)
    for lag in _LAGS:
        flow = np.log(_lagged(units, lag))
        direct = np.einsum("prt,pt->r", taught, flow)
        for beta in _ELASTICITIES:
            blocks = np.log(np.add.reduceat(np.exp(beta * flow), edges, axis=1))
            score = beta * direct - np.einsum("prb,pb->r", totals, blocks)
            better = score > best + 1e-9
            best, means, betas = (
                np.where(better, new, old) for new, old in ((score, best), (lag, means), (beta, betas))
            )
    return Lags(means, betas)


def exposure(units: Floats, complaints: Floats, learned: Lags | None = None) -> Floats:
    """Units [product, day] as [product, reason, day] of those that complaints can come from, by each reason's lag."""
    told = learned or lags(units, complaints)
    flows = {lag: _lagged(units, lag) for lag in {*told.means.tolist()}}
    each = [flows[lag] ** beta for lag, beta in zip(told.means.tolist(), told.betas.tolist(), strict=True)]
    exposed: Floats = np.stack(each, axis=1)
    return exposed


def _kernel(lag: float) -> Floats:
    day = np.arange(64)
    weight = (day + 0.5) * np.exp(-(day + 0.5) * 2 / (lag + 0.5))
    kernel: Floats = weight / weight.sum()
    return kernel


def _lagged(units: Floats, lag: float) -> Floats:
    """The units of the days before, weighted by a gamma kernel of shape 2; the first day stands for those before it."""
    kernel = _kernel(lag)
    padded = np.concatenate([np.repeat(units[:, :1], len(kernel), 1), units], 1)
    flow = lfilter(kernel, [1], padded, axis=-1)[:, len(kernel) :]
    least = 1e-3 * max(float(units.mean()), 1e-9)
    floored: Floats = np.maximum(flow, least)
    return floored


class Rates(NamedTuple):
    """Complaints and exposure by product, reason and day, with their weighted sums before and after each day;
    `plain` are the complaints with what is expected on the days of a surge."""

    complaints: Floats
    plain: Floats
    exposed: Floats
    ahead: Floats
    back: Floats
    prior: Floats


def _rates(complaints: Floats, exposed: Floats, quiet: Mask) -> Rates:
    """Exposure scaled by what each day brought to quiet products; campaigns and surges weigh little in the sums."""
    prior = _prior(complaints, exposed)
    weight = np.where(quiet, 1.0, _SURGING)[:, None] * np.ones_like(complaints)
    calm = weight
    for _ in range(2):
        due = exposed * _local(complaints, exposed, calm, prior)
        told = (calm == 1) & quiet[:, None]
        shared = ((complaints * told).sum(0) + 30) / ((due * told).sum(0) + 30)
        week, week_due = 7 * _week(complaints), 7 * _week(due * shared)
        beyond = (week - week_due - 1) / np.sqrt(week_due + 0.03 * week_due**2)
        calm = np.where(beyond > _UNUSUAL, _SURGING, weight)
    keep, exposed = 0.5 ** (1 / _RATE_HALF), exposed * shared
    both = np.stack([complaints, exposed]) * calm
    ahead, back = _faded(both, keep), _faded(both[..., ::-1], keep)[..., ::-1]
    return Rates(
        complaints,
        np.where(beyond > _CLEAR, np.minimum(complaints, due * shared), complaints),
        exposed,
        ahead,
        back,
        prior,
    )


def _prior(complaints: Floats, exposed: Floats) -> Floats:
    """What a series would be expected to be by its reason and its product."""
    seen, due = complaints.sum(2), exposed.sum(2)
    reason = seen.sum(0) / np.maximum(due.sum(0), 1e-9)
    product = seen.sum(1) / np.maximum(due @ reason, 1e-9)
    prior: Floats = reason * np.clip(product, 0.1, 10)[:, None]
    return prior


def _local(complaints: Floats, exposed: Floats, weight: Floats, prior: Floats) -> Floats:
    """Each day's rate by the weighted days on both sides."""
    keep = 0.5 ** (1 / _RATE_HALF)
    both = np.stack([complaints, exposed]) * weight
    seen, due = _faded(both, keep) + _faded(both[..., ::-1], keep)[..., ::-1] - both
    rate: Floats = (seen + 1) / (due + 1 / np.maximum(prior, 1e-12)[..., None])
    return rate


def _week(x: Floats) -> Floats:
    week: Floats = _mean_of_days(x.reshape(-1, x.shape[-1]), -3, 3).reshape(x.shape)
    return week


def _beyond(
    rates: Rates, group: Ints, first: int, last: int, plain: bool = False
) -> tuple[Floats, Floats, Floats]:
    """By reason: complaints of the days first..last, what the exposure explains, and its part that is uncertain, squared."""
    days = rates.complaints.shape[2]
    told = np.zeros((2, len(group), rates.complaints.shape[1]))
    if first > 0:
        told += rates.ahead[..., first - 1][:, group]
    if last + _SETTLING < days:
        told += rates.back[..., last + _SETTLING][:, group]
    rate = (told[0] + 1) / (told[1] + 1 / np.maximum(rates.prior[group], 1e-12))
    due = rate * rates.exposed[group, :, first : last + 1].sum(2)
    seen = (rates.plain if plain else rates.complaints)[group, :, first : last + 1].sum((0, 2))
    return seen, due.sum(0), (due**2 / (told[0] + 1)).sum(0)


def excess(
    days: pd.DatetimeIndex,
    products: Sequence[str],
    reasons: Sequence[str],
    complaints: Floats,
    units: Floats,
    campaigns: pd.DataFrame,
    exposed: Floats | None = None,
) -> pd.DataFrame:
    """Complaints beyond what the units sold explain, from a campaign's start to 14 days after its end.

    One row for each campaign and reason, and one with reason None for all: id, reason, observed, expected, excess,
    lo, hi, complete (the 14 days are over). `complaints` is [product, reason, day]; `exposed`, of the same shape and
    any scale, is the exposure that the detector learned, or else it is learned here. The interval is as wide, and as
    lopsided, as what was found in days and products without campaign. nan where no day has come yet.
    """
    order = np.argsort(np.array([*products], dtype=str), kind="stable")
    complaints, units = complaints[order].astype(float), units[order].astype(float)
    table = campaigns.sort_values(["start", "end", "id"], ignore_index=True)
    panel = _panel(days, np.array([*products], dtype=object)[order], units, table, ())
    after = replace(panel, ends=panel.ends + TAIL_DAYS + _SETTLING - AFTERMATH)
    rates = _rates(
        complaints, exposure(units, complaints) if exposed is None else exposed[order], ~after.busy
    )
    windows = [(np.flatnonzero(sells), max(int(start), 0), min(int(end) + TAIL_DAYS, len(days) - 1))
               for sells, start, end in zip(panel.members, panel.starts, panel.ends, strict=True)]  # fmt: skip
    strays = _strays(panel, rates)
    rows = []
    for c, (group, first, last) in enumerate(windows):
        known = len(group) > 0 and first <= last
        told = (
            _bounds(*_beyond(rates, group, first, last), *strays)
            if known
            else np.full((5, len(reasons) + 1), nan)
        )
        whole = bool(panel.ends[c] + TAIL_DAYS < len(days))
        rows.append(
            pd.DataFrame(dict(zip(_EXCESS, told, strict=True))).assign(
                id=table["id"][c], reason=[*reasons, None], complete=whole
            )
        )
    columns = ["id", "reason", *_EXCESS, "complete"]
    return pd.concat(rows, ignore_index=True)[columns] if rows else pd.DataFrame(columns=columns)


_EXCESS = ("observed", "expected", "excess", "lo", "hi")


class Strays(NamedTuple):
    """How far quiet windows stray from expectation: sizes of the variance's parts, and the half-width in deviations."""

    sizes: Floats
    widen: float


_UNTRIED = Strays(np.array([1.5, 0.05, 1.0]), 1.96)


def _strays(panel: Panel, rates: Rates) -> tuple[float, Strays, Strays]:
    """The usual share of expectation seen in quiet windows, and how far they stray by reason and in all."""
    last = panel.units.shape[1] - 1
    found = [np.stack(_beyond(rates, group, cell[0], min(cell[-1] + TAIL_DAYS, last), plain=True))
             for group, cell in _quiet(panel, _WINDOWS)]  # fmt: skip
    if len(found) < _LEAST_PLACEBOS:
        return 1.0, _UNTRIED, _UNTRIED
    each = np.stack(found)
    total = each.sum(2, keepdims=True)
    usual = _weighted_median(each[:, 0] / np.maximum(each[:, 1], 1e-9), each[:, 1])
    return usual, _settled(each, usual), _settled(total, usual)


def _weighted_median(values: Floats, weights: Floats) -> float:
    order = np.argsort(values, axis=None, kind="stable")
    passed = weights.ravel()[order].cumsum()
    return float(values.ravel()[order][np.searchsorted(passed, passed[-1] / 2)])


def _settled(found: Floats, usual: float) -> Strays:
    """The variance's parts by NNLS, and the 95 % conformal quantile of what strays beyond them."""
    seen, due, unsure = (found[:, k].ravel() for k in range(3))
    parts, off = np.column_stack([due, due**2, unsure]), np.abs(seen - usual * due)
    weight = 1 / (due + 0.02 * due**2 + unsure + 0.5)
    sizes, _ = nnls(parts * weight[:, None], off**2 * weight)
    return Strays(sizes, max(1.96, float(np.quantile(off / np.sqrt(parts @ sizes + 0.5), 0.95))))


def _bounds(
    seen: Floats, due: Floats, unsure: Floats, usual: float, by_reason: Strays, in_all: Strays
) -> Floats:
    """The five columns for each reason, then for all."""

    def told(x: Floats, m: Floats, u: Floats, strays: Strays) -> Floats:
        half = strays.widen * np.sqrt(np.column_stack([m, m**2, u]) @ strays.sizes + 0.5)
        return np.stack([x, usual * m, x - usual * m, x - usual * m - half, x - usual * m + half])

    summed = [part.sum(keepdims=True) for part in (seen, due, unsure)]
    return np.concatenate(
        [told(seen, due, unsure, by_reason), told(summed[0], summed[1], summed[2], in_all)], 1
    )


def verdict(lift: Mapping[str, Any], beyond: Mapping[str, Any] | None = None, judged: int = 1) -> Verdict:
    """What may be said of a campaign by its row of `lifts` and its row for all reasons of `excess`, by their intervals.

    `judged`: how many campaigns are judged at once. Their intervals are widened so that all verdicts hold together at
    95 % (Bonferroni); of ten campaigns that did no harm one would else be blamed every fourth time. While a campaign
    runs, or may still be felt, only an excess that is beyond doubt is told already: a product that got worse will not
    wait for the end.
    """
    open_ = bool(EARLY & {*lift["notes"]}) or (beyond is not None and not beyond["complete"])
    worse = beyond is not None and _least(beyond["excess"], beyond["lo"], judged) > 0
    if open_ and (lift["unidentified"] or not worse):
        return "too early to say"
    if lift["unidentified"]:
        return "cannot be told apart"
    if _least(lift["lift"], lift["lift_lo"], judged) > 0:
        return "both" if worse else "more orders"
    return "worse product" if worse else "no effect seen"


def _least(value: float, lo: float, judged: int) -> float:
    """The lower end of a 95 % interval, as one of so many that are to hold together."""
    return float(value - (value - lo) * ndtri(1 - TAIL / judged) / ndtri(1 - TAIL))
