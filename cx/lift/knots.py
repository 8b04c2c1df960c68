"""Campaigns that meet, solved together: the effects of each in each cell, with their errors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import nan
from typing import NamedTuple

import numpy as np
from scipy.linalg import block_diag
from scipy.sparse.csgraph import connected_components

from cx.lift.cases import Case
from cx.lift.fitting import Fit, Learned, fitted
from cx.lift.panels import Panel
from cx.lift.settings import AFTER_SD, AFTERMATH, CELL_SD, EFFECT_SD, Ints
from cx.stats import Floats


class Group(NamedTuple):
    """Products with the same campaigns: for each cell its days, and who is active (campaign, aftermath or not)."""

    products: Ints
    cells: tuple[Ints, ...]
    active: tuple[tuple[tuple[int, bool], ...], ...]


def knots_of(panel: Panel) -> list[Ints]:
    """Campaigns that share products and days, their aftermath included, directly or through others."""
    sells = panel.members.astype(float)
    last = panel.ends + AFTERMATH
    meet = (panel.starts[:, None] <= last) & (panel.starts <= last[:, None]) & (sells @ sells.T > 0)
    count, label = connected_components(meet, directed=False)
    return [np.flatnonzero(label == each) for each in range(count)]


def groups_of(panel: Panel, knot: Ints) -> list[Group]:
    """The groups of products that these campaigns make, each with its cells of a constant set of campaigns."""
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


@dataclass(frozen=True)
class Knot:
    """Groups of campaigns that meet, with their cases and fits, and every pair of a cell and what is active in it.

    An effect is what a campaign, or its aftermath, did wherever it was active: `effects` names them, `effect_of` and
    `cell_of` say of what each pair is made. `sold` and `mean` are by pair: units, and the log effect.
    """

    groups: list[Group]
    cases: list[Case]
    fits: list[Fit]
    effects: tuple[tuple[int, bool], ...]
    effect_of: Ints
    cell_of: Ints
    sold: Floats
    mean: Floats
    error: Floats

    @cached_property
    def place(self) -> dict[tuple[int, bool], int]:
        """Where each effect stands."""
        return {effect: place for place, effect in enumerate(self.effects)}

    @cached_property
    def weights(self) -> Floats:
        """By pair: its share, among the pairs of its effect, of what would have been sold without it; nan where nothing."""
        without = self.sold * np.exp(-self.mean)
        total = np.bincount(self.effect_of, without, len(self.effects))
        return without / np.where(total > 0, total, nan)[self.effect_of]

    @cached_property
    def cov(self) -> Floats:
        """The covariance of the effects as a whole, each the weighted mean of its pairs'."""
        squares = np.bincount(self.effect_of, self.weights**2, len(self.effects))
        prior = np.diag(_variances(self.effects) + CELL_SD**2 * squares)
        active = _active(self.effect_of, self.cell_of, np.ones(len(self.sold)), self.error)
        own = _active(self.effect_of, self.cell_of, self.weights, self.error)
        across = active * _variances(self.effects) + CELL_SD**2 * own
        told = np.linalg.solve(_told(self.effects, active, self.error), across)
        return np.asarray(prior - across.T @ told, dtype=float)

    @cached_property
    def certain(self) -> Floats:
        """The inverse of the cells' errors."""
        return np.asarray(np.linalg.inv(self.error), dtype=float)

    def alone(self, campaign: int) -> Floats:
        """The variances of the pairs of a campaign without its aftermath, were no other campaign there."""
        mine = np.isin(self.effect_of, [self.place[each] for each in ((campaign, False), (campaign, True)) if each in self.place])  # fmt: skip
        code, cells = self.effect_of[mine], self.cell_of[mine]
        same = (code[:, None] == code) * _variances(self.effects)[code]
        prior = same + np.eye(len(code)) * CELL_SD**2
        left = np.linalg.solve(np.eye(len(code)) + prior @ self.certain[np.ix_(cells, cells)], prior)
        alone: Floats = np.diag(left)[code == self.place[campaign, False]]
        return alone


def solved(panel: Panel, groups: list[Group], cases: list[Case], learned: Learned) -> Knot:
    """Share out what the cells sold beyond expectation: generalised least squares with weak priors."""
    fits = [fitted(case, learned) for case in cases]
    active = [pairs for group in groups for pairs in group.active]
    effects = tuple(sorted({pair for cell in active for pair in cell}))
    place = {effect: number for number, effect in enumerate(effects)}
    effect_of = np.array([place[pair] for cell in active for pair in cell])
    cell_of = np.repeat(np.arange(len(active)), [len(cell) for cell in active])
    effect, error = np.concatenate([fit.effect for fit in fits]), _errors(cases, fits, learned)
    design = _active(effect_of, cell_of, np.ones(len(cell_of)), error)
    surprise = np.linalg.solve(_told(effects, design, error), effect)
    mean = (_variances(effects) * (design.T @ surprise))[effect_of] + CELL_SD**2 * surprise[cell_of]
    sold = np.array(
        [panel.units[np.ix_(group.products, cell)].sum() for group in groups for cell in group.cells]
    )
    return Knot(groups, cases, fits, effects, effect_of, cell_of, sold[cell_of], mean, error)


def _variances(effects: tuple[tuple[int, bool], ...]) -> Floats:
    """How far effects may lie from none, squared."""
    return np.array([AFTER_SD**2 if after else EFFECT_SD**2 for _, after in effects])


def _active(effect_of: Ints, cell_of: Ints, values: Floats, error: Floats) -> Floats:
    """Values by pair as [cell, effect]."""
    out = np.zeros((len(error), int(effect_of.max()) + 1))
    out[cell_of, effect_of] = values
    return out


def _told(effects: tuple[tuple[int, bool], ...], active: Floats, error: Floats) -> Floats:
    """The covariance of what the cells tell: of their effects, of each cell's own departure from them, of the error."""
    told: Floats = (active * _variances(effects)) @ active.T + error
    told[np.diag_indices(len(told))] += CELL_SD**2 * active.sum(1)
    return told


def _errors(cases: list[Case], fits: list[Fit], learned: Learned) -> Floats:
    """The cells' errors; those of different groups share what is common to products on the days that both hold."""
    if len(cases) == 1:
        return fits[0].error
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
