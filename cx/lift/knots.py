"""Campaigns that meet, solved together: the effects of each in each cell, with their errors."""

from __future__ import annotations

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


def solved(panel: Panel, groups: list[Group], cases: list[Case], learned: Learned) -> Knot:
    """Share out what the cells sold beyond expectation: generalised least squares with weak priors."""
    fits = [fitted(case, learned) for case in cases]
    active = [pairs for group in groups for pairs in group.active]
    pairs = [pair for cell in active for pair in cell]
    cell_of = np.repeat(np.arange(len(active)), [len(cell) for cell in active])
    code = np.array([2 * c + after for c, after in pairs])
    effect, error = np.concatenate([fit.effect for fit in fits]), _errors(cases, fits, learned)
    same = code[:, None] == code
    sd = np.where(code % 2, AFTER_SD, EFFECT_SD)
    prior = same * (sd**2)[:, None] + np.eye(len(code)) * CELL_SD**2
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
