"""From today's journey (A) to the ideal one (B): the gap (C) at every stage, and what is at stake in it.

At stake are the customers who would have gone on if as many did as the ideal says, and the revenue that they would
have brought if they were like those who did go on. Both are ranges: the first from the interval of the conversion, the
second also from that of the difference in revenue between customers who went on and customers who did not. The
revenue goes along with going on; that going on would bring it is not shown by this.
"""

from __future__ import annotations

from math import isnan, nan
from typing import Any, NamedTuple

import pandas as pd

from cx.journey import Journey, Stage
from cx.questions.funnel import Funnel
from cx.stats import Estimate

DAY = 86400.0


class Gap(NamedTuple):
    """One measure of one stage against its ideal; `verdict` is ahead, behind, near, above or below, and '' where no
    ideal is set or nothing was measured."""

    current: Estimate
    ideal: float
    verdict: str

    @property
    def amount(self) -> float:
        """Current less ideal, in the measure's unit."""
        return self.current.value - self.ideal


class Stake(NamedTuple):
    """A value and the range around it."""

    value: float
    lo: float
    hi: float


class StageGap(NamedTuple):
    """One stage: its three gaps (conversion in %, days, satisfaction in %) and what is at stake in the conversion."""

    position: int
    conversion: Gap
    days: Gap
    satisfaction: Gap
    customers: Stake
    revenue: Stake


def gaps(journey: Journey, ideal: pd.DataFrame, told: Funnel, satisfaction: pd.DataFrame) -> list[StageGap]:
    """Every stage against its ideal, most revenue at stake first, then most customers.

    `satisfaction` holds stage, and csat_ with value, lo, hi, n and base.
    """
    aims = ideal.set_index("stage").astype(float)
    felt = satisfaction.set_index("stage")
    found = [_stage(position, stage, aims, felt, told) for position, stage in enumerate(journey.stages)]
    return sorted(found, key=lambda gap: (-gap.revenue.value, -gap.customers.value, gap.position))


def _stage(position: int, stage: Stage, aims: pd.DataFrame, felt: pd.DataFrame, told: Funnel) -> StageGap:
    aim = {name: float(aims[name].get(stage.id, nan)) for name in ("conversion", "days", "satisfaction")}
    up = None if stage.optional else True
    conversion = _gap(told.row(position, "conversion"), aim["conversion"], up)
    before = float(told.stages["before"][position])
    customers = Stake(0.0, 0.0, 0.0) if stage.optional else _customers(conversion, before)
    worth = told.row(position, "worth")
    return StageGap(
        position,
        conversion,
        _gap(_in_days(told.row(position, "median")), aim["days"], up=False),
        _gap(_satisfaction(felt, stage.id), aim["satisfaction"], up=True),
        customers,
        _revenue(customers, worth),
    )


def _gap(current: Estimate, ideal: float, up: bool | None) -> Gap:
    """Ahead or behind where the interval leaves the ideal out; 'near' where chance decides.

    Where neither way is better, as with the share who take an optional stage, it is only above or below.
    """
    if isnan(ideal) or isnan(current.value):
        return Gap(current, ideal, "")
    if isnan(current.lo) or current.lo <= ideal <= current.hi:
        return Gap(current, ideal, "near")
    if up is None:
        return Gap(current, ideal, "above" if current.value > ideal else "below")
    return Gap(current, ideal, "ahead" if (current.value > ideal) == up else "behind")


def _customers(conversion: Gap, before: float) -> Stake:
    if conversion.verdict not in ("behind", "near"):
        return Stake(0.0, 0.0, 0.0)
    value, lo, hi = (
        max(conversion.ideal - share, 0.0) * before / 100
        for share in (conversion.current.value, conversion.current.hi, conversion.current.lo)
    )
    return Stake(value, lo, hi)


def _revenue(customers: Stake, worth: Estimate) -> Stake:
    pairs = zip(customers, (worth.value, worth.lo, worth.hi), strict=True)
    return Stake(*(many * max(0.0 if isnan(each) else each, 0.0) for many, each in pairs))


def _in_days(time: Estimate) -> Estimate:
    return Estimate(time.value / DAY, time.lo / DAY, time.hi / DAY, time.n, time.base)


def _satisfaction(felt: pd.DataFrame, stage: str) -> Estimate:
    if stage not in felt.index:
        return Estimate(nan, nan, nan, 0.0, 0.0)
    row: Any = felt.loc[stage]
    return Estimate(*(float(row[f"csat_{end}"]) for end in ("value", "lo", "hi", "n", "base")))
