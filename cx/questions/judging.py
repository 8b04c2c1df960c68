"""What is said of one campaign: its lift beside the complaints that came with it, and what is left in money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import isnan
from typing import Any

import pandas as pd

from cx import lift
from cx.questions.converting import Converted, meet
from cx.reference import Costs, products


@dataclass(frozen=True, slots=True)
class Net:
    """What is left of a campaign in money, each with its range: the gain in revenue, what the complaints cost, and both
    less the campaign's own cost."""

    gain: tuple[float, float, float]
    complaints: tuple[float, float, float]
    net: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Result:
    """One campaign: its row of campaigns.csv, its lift by outcome (rows of `lift.lifts`) and in conversion (None where the
    journey does not tell it), the excess of complaints (of all reasons, and by reason, most first), the net result, the
    verdict as a code, and the names of campaigns that sold some of its products on some of its days."""

    campaign: Any
    lifts: Mapping[str, Any]
    conversion: Converted | None
    excess: Any
    reasons: pd.DataFrame
    net: Net
    verdict: str
    met: tuple[str, ...]


def met(campaigns: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Of each the names of the campaigns that sold some of its products on some of its days, or whose aftermath fell on them."""
    after = timedelta(days=lift.AFTERMATH)
    rows = [(row, products(row.products)) for row in campaigns.itertuples()]
    return {
        row.id: tuple(
            other.name
            for other, others in rows
            if other.starts_on <= row.ends_on
            and other.ends_on + after >= row.starts_on
            and other.id != row.id
            and meet(mine, others)
        )
        for row, mine in rows
    }


@dataclass(frozen=True, slots=True)
class Excess:
    """A campaign's excess of complaints: of all reasons, and by reason, most first."""

    whole: Any
    reasons: pd.DataFrame

    @classmethod
    def of(cls, rows: pd.DataFrame) -> Excess:
        """From its rows of `lift.excess`."""
        each = rows["reason"].notna()
        return cls(rows[~each].iloc[0], rows[each].sort_values("excess", ascending=False, ignore_index=True))


@dataclass(frozen=True, slots=True)
class Facts:
    """What all results are made of, each by the campaign's id; lifts by outcome first."""

    lifts: Mapping[str, Mapping[str, Any]]
    converted: Mapping[str, Converted]
    beyond: Mapping[str, Excess]
    prices: Mapping[str, float]
    met: Mapping[str, tuple[str, ...]]
    costs: Costs

    def result(self, campaign: Any) -> Result:
        """Everything of one campaign; as many are judged at once as there are."""
        beyond = self.beyond[campaign.id]
        lifts = {name: table[campaign.id] for name, table in self.lifts.items()}
        net = _net(campaign, lifts["revenue"], beyond.whole, self.prices[campaign.id], self.costs)
        said = lift.verdict(lifts["units"], beyond.whole, len(self.prices))
        converted = self.converted.get(campaign.id)
        return Result(
            campaign, lifts, converted, beyond.whole, beyond.reasons, net, said, self.met[campaign.id]
        )


def _net(campaign: Any, revenue: Any, beyond: Any, price: float, costs: Costs) -> Net:
    """The ranges add up as if both ends came together: wider than 95 %, never narrower."""
    each = costs.contact + costs.refund_rate * price
    gain = tuple(costs.margin * float(revenue[name]) for name in ("lift", "lift_lo", "lift_hi"))
    cost = tuple(each * float(beyond[name]) for name in ("excess", "lo", "hi"))
    own = 0.0 if campaign.cost is None or isnan(campaign.cost) else float(campaign.cost)
    net = (gain[0] - cost[0] - own, gain[1] - cost[2] - own, gain[2] - cost[1] - own)
    return Net((gain[0], gain[1], gain[2]), (cost[0], cost[1], cost[2]), net)
