"""All campaigns of one outcome, studied together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cx.lift.cases import Case, case_of
from cx.lift.fitting import Learned, fitted, learn
from cx.lift.knots import Group, Knot, groups_of, knots_of, solved
from cx.lift.panels import Panel, panel_of
from cx.lift.placebos import placebo_cases
from cx.lift.settings import LEARNED_FROM, WINDOW, Ints
from cx.stats import Floats


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
    panel = panel_of(days, np.array([*products], dtype=object)[order], units[order], table, holidays)
    found = [
        (groups, _cases(panel, groups))
        for groups in (groups_of(panel, knot) for knot in knots_of(panel))
        if groups
    ]
    learned, placebos = _learned(panel, [case for _, cases in found for case in cases])
    return Study(days, table, panel, learned, placebos, [solved(panel, *each, learned) for each in found])


def _cases(panel: Panel, groups: list[Group]) -> list[Case]:
    def apart(group: Group) -> Ints:
        return np.flatnonzero(panel.members[[c for cell in group.active for c, _ in cell]].any(0))

    return [case_of(panel, group.products, group.cells, apart(group)) for group in groups]


def _learned(panel: Panel, cases: list[Case]) -> tuple[Learned, int]:
    """What all share, and how far placebos stray from it: the 95 % conformal quantile, never under the normal one."""
    rich = [case for case in cases if case.train.sum() >= WINDOW and case.sold.any()]
    learned = learn(rich[:: max(1, len(rich) // LEARNED_FROM)][:LEARNED_FROM], panel.grain)
    fits = [fitted(case, learned) for case in placebo_cases(panel)]
    off = np.sort([abs(fit.effect[0]) / np.sqrt(fit.error[0, 0]) for fit in fits])
    rank = min(int(np.ceil(0.95 * (len(off) + 1))), len(off))
    return replace(learned, widen=max(1.96, off[rank - 1]) if len(off) else 1.96), len(off)
