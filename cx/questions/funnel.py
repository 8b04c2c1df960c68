"""How far customers come: the funnel over the company's stages, and what lies between today's journey and the ideal one.

A customer counts once, with the best of the attempts that they opened in the period. Attempts whose window has not
run out when the data end are left out of every share; who opened no other is counted as too young.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import nan
from typing import Any

import pandas as pd

from cx import stats
from cx.errors import UnknownName
from cx.journey import Journey
from cx.kpis import JOURNEY_KPIS
from cx.model import JOURNEY_DIMENSIONS
from cx.query import Filters, Query, where
from cx.rollups.funnel import BEFORE
from cx.store import Store

CONVERSION, PASSAGE, LONG_PASSAGE, WORTH = (
    JOURNEY_KPIS[name] for name in ("conversion", "passage", "long_passage", "worth")
)


@dataclass(frozen=True, slots=True)
class Period:
    """The days in which attempts were opened, both included, and the last day of which everything is known."""

    first: date
    last: date
    through: date

    def counted_to(self, journey: Journey) -> date:
        """The last day in the period whose attempts have had their whole window; before `first` where none has."""
        return min(self.last, self.through - timedelta(days=journey.window_days))

    def before(self, journey: Journey) -> Period:
        """As many days as are counted of this period, ending the day before it starts: one that compares fairly."""
        days = max(self.counted_to(journey) - self.first, timedelta(0))
        last = self.first - timedelta(days=1)
        return Period(last - days, last, self.through)


@dataclass(frozen=True, slots=True)
class Funnel:
    """The funnel of one group of customers in one period.

    entered: customers with an attempt whose window has run out. too_young: those who have none such. stages: one row
    a stage with position, stage, reached, before (of them reached the stage before), and for conversion (from the
    stage before), overall (from entry), median and p90 (seconds since the stage before) each value, _lo, _hi and _n;
    lost (before less reached), ever (customers of all who came in, young ones too, that were at the stage at any
    time and in any order), early (those of them who were there before they came in and not again), late (the median
    time of all others of them, in seconds since they came in), worth (revenue in the window per customer who reached it less that of those who only
    reached the stage before) with _lo and _hi.
    """

    entered: int
    too_young: int
    stages: pd.DataFrame

    @property
    def everyone(self) -> int:
        """All who came in, the too young among them."""
        return self.entered + self.too_young

    def row(self, position: int, measure: str) -> stats.Estimate:
        """One measure of one stage: 'conversion', 'overall', 'median', 'p90' or 'worth'."""
        cells = self.stages.iloc[position]
        value, lo, hi = (float(cells[f"{measure}{end}"]) for end in ("", "_lo", "_hi"))
        n = float(
            cells["entered" if measure == "overall" else "before" if measure == "conversion" else "reached"]
        )
        return stats.Estimate(value, lo, hi, n, n)


def funnel(store: Store, journey: Journey, filters: Filters, period: Period) -> Funnel:
    """The funnel of the customers that these filters leave."""
    table = store.run(_asked(journey, filters, period))
    totals = table[table["position"].isna()].iloc[0]
    stages = pd.DataFrame([_stage(journey, position, totals) for position in range(len(journey.stages))])
    bins = table.loc[table["position"].notna(), ["times", "position", "bin", "n"]]
    entered = int(totals["entered"])
    return Funnel(entered, int(totals["everyone"]) - entered, _timed(_shares(stages), bins))


def breakdown(
    store: Store, journey: Journey, filters: Filters, period: Period, dimension: str
) -> pd.DataFrame:
    """The funnel by the values of one dimension, most customers first: group, entered, and for each later stage
    reached_n, value_n, lo_n and hi_n of the conversion from entry, in percent; everyone (young ones too) and ever
    (of them at the last stage that every customer passes, at any time and in any order).

    A customer who came in by two values counts with each, so the groups do not add up to all.
    """
    if dimension not in JOURNEY_DIMENSIONS:
        raise UnknownName("dimension", dimension, JOURNEY_DIMENSIONS)
    later = range(1, len(journey.stages))
    table = store.run(_by(journey, filters, period, dimension))
    for n in later:
        told = stats.estimate(
            CONVERSION, table.rename(columns={f"reached_{n}": "reached", "entered": "before"})
        )
        table[[f"value_{n}", f"lo_{n}", f"hi_{n}"]] = told[["value", "lo", "hi"]]
    return table.sort_values(["everyone", "group"], ascending=[False, True], ignore_index=True)


def differences(
    journey: Journey, now: Funnel, before: Funnel, limits: stats.SmallSamples | None = None
) -> list[dict[str, stats.Change]]:
    """For each stage the change of conversion, overall and median from one funnel to the other."""
    kpis = {"conversion": CONVERSION, "overall": CONVERSION, "median": PASSAGE}
    return [
        {name: stats.change(kpi, now.row(n, name), before.row(n, name), limits) for name, kpi in kpis.items()}
        for n in range(len(journey.stages))
    ]


def _customers(
    journey: Journey, filters: Filters, period: Period, group: str = "''"
) -> tuple[str, dict[str, Any]]:
    """One row a customer (and group): the first attempt to reach each stage gives the time that it took."""
    later = range(1, len(journey.stages))
    kept = where(filters.only(JOURNEY_DIMENSIONS), period.first, period.last)
    sql = f"""
customers as materialized (
  select {group} as "group", customer_no, bool_or(day <= $counted_to) as counted,
    max(revenue) filter (day <= $counted_to) as revenue,
    {", ".join(f"arg_min(gap_{n}, opened_at) filter (day <= $counted_to) as gap_{n}" for n in later)},
    {", ".join(f"arg_min(ever_{n}, opened_at) as ever_{n}" for n in later)}
  from r_attempts where {kept.sql} group by all
)"""
    return sql, {**kept.values, "counted_to": period.counted_to(journey)}


def _asked(journey: Journey, filters: Filters, period: Period) -> Query:
    """Totals in the row without `position`, the histogram of the time to each stage in the others."""
    later = range(1, len(journey.stages))
    customers, values = _customers(journey, filters, period)
    totals = ["count(*) as everyone", "count(*) filter (counted) as entered"]
    for n in later:
        before = _reached(journey.before(n))
        totals += [f"count(gap_{n}) as reached_{n}", f"count(*) filter ({before}) as before_{n}",
                   f"count(ever_{n}) as ever_{n}", f"count(*) filter (ever_{n} = {BEFORE}) as early_{n}"]  # fmt: skip
        totals += _moments(f"passed_{n}", _reached(n)) + _moments(
            f"stayed_{n}", f"{before} and not ({_reached(n)})"
        )
    bins = "".join(
        f"\nunion all by name select '{what}' as times, {n} as position, {what}_{n} as bin, count(*) as n"
        f" from customers where {what}_{n} > {BEFORE} group by {what}_{n}"
        for n in later
        for what in ("gap", "ever")
    )
    return Query("funnel", f"with {customers}\nselect {', '.join(totals)} from customers{bins}", values)


def _by(journey: Journey, filters: Filters, period: Period, dimension: str) -> Query:
    later = range(1, len(journey.stages))
    customers, values = _customers(journey, filters, period, f"coalesce({dimension}, '')")
    counts, last = ", ".join(f"count(gap_{n}) as reached_{n}" for n in later), journey.required[-1]
    sql = f"""
with {customers}
select "group", count(*) filter (counted) as entered, {counts}, count(*) as everyone, count(ever_{last}) as ever
from customers group by "group" """
    return Query(f"funnel by {dimension}", sql, values)


def _reached(position: int) -> str:
    return "counted" if position == 0 else f"gap_{position} is not null"


def _moments(name: str, condition: str) -> list[str]:
    """Count, sum and sum of squares of the revenue of the customers for whom a condition holds."""
    return [f"count(*) filter ({condition}) as {name}_n"] + [
        f"coalesce(sum({what}) filter ({condition}), 0) as {name}_{of}"
        for of, what in (("sum", "revenue"), ("squares", "revenue * revenue"))
    ]


def _stage(journey: Journey, position: int, totals: Any) -> dict[str, object]:
    """One stage's counts out of the totals, and what a customer who reached it is worth."""
    entered = float(totals["entered"])
    told = {"position": position, "stage": journey.stages[position].id, "entered": entered}
    if position == 0:
        return {**told, "reached": entered, "before": nan, "ever": float(totals["everyone"])}
    counts = {name: float(totals[f"{name}_{position}"]) for name in ("reached", "before", "ever", "early")}
    worth = stats.change(WORTH, *(_mean(totals, f"{who}_{position}") for who in ("passed", "stayed")))
    return {**told, **counts, "worth": worth.amount, "worth_lo": worth.lo, "worth_hi": worth.hi}


def _mean(totals: Any, who: str) -> pd.Series:
    parts = pd.DataFrame([{part: float(totals[f"{who}_{part}"]) for part in WORTH.parts}])
    return stats.estimate(WORTH, parts).iloc[0]


def _shares(stages: pd.DataFrame) -> pd.DataFrame:
    """With conversion from the stage before and from entry, and the customers lost since the stage before."""
    told = stages.assign(lost=stages["before"] - stages["reached"])
    for name, base in (("conversion", "before"), ("overall", "entered")):
        parts = pd.DataFrame({"reached": told["reached"], "before": told[base].fillna(0)})
        told[[name, f"{name}_lo", f"{name}_hi"]] = stats.estimate(CONVERSION, parts)[["value", "lo", "hi"]]
    return told


def _timed(stages: pd.DataFrame, bins: pd.DataFrame) -> pd.DataFrame:
    """With the median and the p90 of the time since the stage before, and the median of `ever`, in seconds."""
    told = stages
    for name, of, kpi in (
        ("median", "gap", PASSAGE),
        ("p90", "gap", LONG_PASSAGE),
        ("late", "ever", PASSAGE),
    ):
        mine = bins.loc[bins["times"] == of, ["position", "bin", "n"]].astype(int)
        times = stats.quantiles(mine, ["position"], kpi.quantile).set_index("position")[["value", "lo", "hi"]]
        told = told.join(times.set_axis([name, f"{name}_lo", f"{name}_hi"], axis=1), on="position")
    return told
