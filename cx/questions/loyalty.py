"""Loyalty: what customers did after they rated, by the rating; the revenue at stake; who the best customers are.

A customer stands once for each measure, with the first rating of the period that passes the filters, so that intervals
are of independent customers. A rating whose days have not run out by `through` is too young: left out, and counted.
Whatever is told here goes with a rating; that the rating caused it, nothing here shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import pandas as pd

from cx import loyalty, stats
from cx.kpis import LOYALTY_KPIS
from cx.loyalty import Stake
from cx.model import DIMENSIONS
from cx.query import Filters, Query, where
from cx.rollups import total
from cx.rollups.ratings import HORIZONS, MEASURES
from cx.stats import Change, Estimate, SmallSamples
from cx.store import Store

__all__ = ["GROUPS", "HORIZONS", "MEASURES", "OUTCOMES", "SPENT", "Rated", "at_stake", "by_rating"]

GROUPS: dict[str, dict[str, range]] = {
    "nps": {"promoters": range(9, 11), "passives": range(7, 9), "detractors": range(7)},
    "csat": {
        "very_good": range(5, 6),
        "good": range(4, 5),
        "fair": range(3, 4),
        "poor": range(2, 3),
        "very_poor": range(1, 2),
    },
}
"""The groups of each measure, best first, and the scores that they hold."""

SPENT = LOYALTY_KPIS["spent_after"]
OUTCOMES = tuple(kpi for kpi in LOYALTY_KPIS.values() if kpi.family == "share" and kpi.name != "held")
"""What customers did afterwards, or said with the rating."""
CAPPED_AT = 0.99
"""`capped` counts revenue no further than that of this share of customers: does a slope rest on a few large ones?"""


@dataclass(frozen=True, slots=True)
class Rated:
    """Customers by the group of their rating.

    rows: by horizon, group and name of the measure (OUTCOMES, SPENT), of those old enough. apart: by horizon and name, the best
    group less the worst. slopes, capped: by horizon, the revenue that goes with one point of score, plain and capped. young: by
    horizon, the customers whose days run yet. now: customers by the group of their latest rating of the period, old enough or
    not.
    """

    measure: str
    rows: dict[tuple[int, str, str], Estimate]
    apart: dict[tuple[int, str], Change]
    slopes: dict[int, Estimate]
    capped: dict[int, Estimate]
    young: dict[int, int]
    now: dict[str, int]

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of the measure, best first."""
        return tuple(GROUPS[self.measure])

    @property
    def customers(self) -> int:
        """Everyone who gave a rating in the period."""
        return sum(self.now.values())

    def of(self, horizon: int) -> list[dict[str, Any]]:
        """Every figure within so many days: group, measure (its name), and the fields of its Estimate."""
        return [
            {"group": group, "measure": name, **row._asdict()}
            for (days, group, name), row in self.rows.items()
            if days == horizon
        ]

    def worth(self, horizon: int, group: str) -> Estimate:
        """The mean revenue of a group's customers within so many days of their rating."""
        return self.rows[horizon, group, SPENT.name]

    def asked(self, outcome: str) -> bool:
        """Whether this is known of any customer."""
        return any(row.n > 0 for (_, _, name), row in self.rows.items() if name == outcome)


def by_rating(
    store: Store,
    filters: Filters,
    first: date,
    last: date,
    through: date,
    measure: str,
    limits: SmallSamples | None = None,
) -> Rated:
    """What customers did after the ratings that they gave from first to last, both included."""
    kept = where(filters.only(DIMENSIONS), first, min(last, through))
    values = {**kept.values, "measure": measure}
    scores = store.run(Query("what followed ratings", _followed(kept.sql), {**values, "through": through}))
    latest = store.run(Query("latest ratings", _latest(kept.sql), values))
    rows = _rows(_grouped(scores, measure))
    young = scores.groupby("horizon")["young"].sum()
    return Rated(
        measure,
        rows,
        _apart(measure, rows, limits),
        _slopes(scores, "revenue", "squares"),
        _slopes(scores, "capped", "capped_squares"),
        {days: int(young.get(days, 0)) for days in HORIZONS},
        {group: int(latest.loc[latest["score"].isin(held), "customers"].sum()) for group, held in GROUPS[measure].items()},
    )  # fmt: skip


def at_stake(
    told: Rated, horizon: int, limits: SmallSamples | None = None
) -> tuple[dict[str, Stake], Estimate | None]:
    """Revenue at stake in so many days: the customers now in each lower group, times what they are below the group above.

    The group above is the nearest with enough customers to score; a group without enough is left out. None in all
    where fewer than two groups can be compared.
    """
    least = (limits or SmallSamples()).no_score
    worth = {group: told.worth(horizon, group) for group in told.groups}
    scored = [group for group in told.groups if worth[group].base >= least]
    found = {}
    for above, group in pairwise(scored):
        apart = stats.change(SPENT, worth[above], worth[group], limits)
        n = min(worth[above].n, worth[group].n)
        found[group] = loyalty.stake(told.now[group], Estimate(apart.amount, apart.lo, apart.hi, n, n))
    if not found:
        return found, None
    return found, loyalty.together([told.now[group] for group in scored], [worth[group] for group in scored])


def _latest(kept: str) -> str:
    return f"""
select score, count(*) as customers from (
  select arg_max(score, place) as score from r_ratings where measure = $measure and {kept} group by customer_no
) group by score"""


def _followed(kept: str) -> str:
    """By horizon and score, everything that shares and means are made of."""
    aged = " union all ".join(
        f"select {days} as horizon, revenue_{days} as revenue, before_{days} as before, firsts.* from firsts"
        for days in HORIZONS
    )
    return f"""
with since as (select min(day) as first_order from r_orders),
given as (select * from r_ratings where measure = $measure and {kept}),
earliest as (select customer_no, min(place) as place from given group by customer_no),
firsts as (select given.* from given join earliest using (customer_no, place)),
aged as ({aged}),
judged as (
  select *, $through - day >= horizon as old, before > 0 and day - first_order >= horizon as spent from aged, since
),
caps as (
  select horizon, quantile_cont(revenue, {CAPPED_AT}) as cap from judged where old group by horizon
)
select horizon, score, count(*) as rated,
  count(case when not old then 1 end) as young,
  count(case when old then 1 end) as customers,
  count(case when old and next_order - day <= horizon then 1 end) as bought_again,
  count(case when old and kept_until is not null then 1 end) as stood,
  count(case when old and kept_until - day > horizon then 1 end) as stayed,
  count(case when old and next_answer - day <= horizon then 1 end) as answered_again,
  count(case when old and next_answer - day <= horizon and would_recommend then 1 end) as recommended,
  count(case when old and next_complaint - day <= horizon then 1 end) as complained,
  count(case when old and spent then 1 end) as spent_before,
  count(case when old and spent and revenue > before then 1 end) as spent_more,
  count(would_forgive) as asked_to_forgive,
  count(case when would_forgive then 1 end) as forgave,
  count(would_trust) as asked_to_trust,
  count(case when would_trust then 1 end) as trusted,
  {total("revenue", "old")} as revenue,
  {total("revenue * revenue", "old")} as squares,
  {total("least(revenue, cap)", "old")} as capped,
  {total("least(revenue, cap) * least(revenue, cap)", "old")} as capped_squares
from judged left join caps using (horizon)
group by horizon, score order by horizon, score"""


def _grouped(scores: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Sums over the scores of each group, one row for every horizon and group."""
    group_of = {score: group for group, held in GROUPS[measure].items() for score in held}
    named = scores.assign(group=scores["score"].map(group_of)).drop(columns="score")
    every = pd.MultiIndex.from_product([HORIZONS, GROUPS[measure]], names=["horizon", "group"])
    return named.groupby(["horizon", "group"]).sum().reindex(every, fill_value=0)


def _rows(parts: pd.DataFrame) -> dict[tuple[int, str, str], Estimate]:
    return {
        (*key, kpi.name): Estimate(*row)
        for kpi in (*OUTCOMES, SPENT)
        for key, row in zip(parts.index, stats.estimate(kpi, parts).itertuples(index=False), strict=True)
    }


def _apart(
    measure: str, rows: dict[tuple[int, str, str], Estimate], limits: SmallSamples | None
) -> dict[tuple[int, str], Change]:
    best, *_, worst = GROUPS[measure]
    return {
        (days, kpi.name): stats.change(kpi, rows[days, best, kpi.name], rows[days, worst, kpi.name], limits)
        for days in HORIZONS
        for kpi in (*OUTCOMES, SPENT)
    }


def _slopes(scores: pd.DataFrame, total: str, squares: str) -> dict[int, Estimate]:
    table = scores[["horizon", "score", "customers"]].assign(revenue=scores[total], squares=scores[squares])
    return {days: loyalty.slope(table[table["horizon"] == days]) for days in HORIZONS}
