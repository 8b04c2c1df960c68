"""Stretches where no campaign was: how far the counterfactual errs there says how wide intervals must be."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cx.lift.cases import Case, case_of
from cx.lift.panels import Panel
from cx.lift.settings import AFTERMATH, FEW_DAYS, PLACEBOS, TURNS, Ints, Mask


def quiet_cells(panel: Panel, most: int) -> Iterator[tuple[Ints, Ints]]:
    """Products and days without campaign: other products in a campaign's days, and its products in other days."""
    chance = np.random.default_rng(0)
    known: Ints = np.flatnonzero(
        (panel.starts < panel.units.shape[1]) & (panel.ends >= 0) & panel.members.any(1)
    )
    for turn in range(min(most, TURNS * len(known))):
        c = known[turn * len(known) // most if len(known) > most else turn % len(known)]
        group, cell = (_elsewhere if (turn // len(known) + turn) % 2 else _elsewhen)(panel, c, chance)
        if len(group) and len(cell):
            yield group, cell


def placebo_cases(panel: Panel) -> list[Case]:
    """Where no campaign was, as if one had been there."""
    cases = [case_of(panel, group, [cell], group) for group, cell in quiet_cells(panel, PLACEBOS)]
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
