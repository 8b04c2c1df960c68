"""One group of products around one stretch of days: what is known of it, and the controls beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cx.lift.panels import Panel
from cx.lift.settings import FEW_DAYS, HALF_LIFE, WINDOW, Ints, Mask
from cx.stats import Floats


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


def case_of(panel: Panel, group: Ints, cells: Sequence[Ints], apart: Ints) -> Case:
    """The group's case; `cells` are days in a row, `apart` the products that are no control."""
    asked = np.concatenate([*cells])
    first, last = asked.min(), asked.max()
    days = np.arange(max(0, first - WINDOW), min(panel.units.shape[1], last + WINDOW + 1))
    span = slice(days[0], days[-1] + 1)
    inside = np.isin(days, asked)
    free = panel.free[group, span] & ~inside
    usable = free | (inside & ~panel.out[group, span] & panel.selling[group, span])
    weight = free * 0.5 ** (np.maximum(np.maximum(first - days, days - last), 0) / HALF_LIFE)
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
