"""How far customers come: the funnel over the company's stages, and what lies between today's journey and the ideal one.

A customer counts once, with the best of the attempts that they opened in the period. Attempts whose window has not
run out when the data end are left out of every share; who opened no other is counted as too young.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import nan

import numpy as np
import pandas as pd

from cx import stats
from cx.errors import UnknownName
from cx.journey import Journey
from cx.kpis import JOURNEY_KPIS
from cx.model import JOURNEY_DIMENSIONS
from cx.query import Filters, Query, where
from cx.rollups import total
from cx.rollups.funnel import BEFORE
from cx.store import Store

CONVERSION, PASSAGE, LONG_PASSAGE, WORTH = (
    JOURNEY_KPIS[name] for name in ("conversion", "passage", "long_passage", "worth")
)


_BINS = 4096
"""More than the bins that there can be of any time: a hundred years are bin 2187."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What journeys are set beside: '' for nothing, 'before' for the period before, 'groups' for two values."""

    against: str
    dimension: str = ""
    one: str = ""
    other: str = ""


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
    lost (before less reached), worth
    (revenue in the window of a customer whose first attempt reached the stage, less that of one whose first attempt only
    reached the stage before) with _lo and _hi. And of the last stage that everyone passes: ever (customers of all who came
    in, young ones too, that were there at any time and in any order), early (those of them who were there before they
    came in and not again), late (the median time of all others of them, in seconds since they came in).
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
    counted = store.run(_asked(journey, filters, period))
    stages = _stages(journey, counted)
    entered, everyone = int(stages["reached"].iloc[0]), int(stages["ever"].iloc[0])
    return Funnel(entered, everyone - entered, _timed(journey, _shares(stages), counted))


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


def _asked(journey: Journey, filters: Filters, period: Period) -> Query:
    """Customers (n) by stage and bin: of the time to each later stage from the one before, each in their first attempt that
    reached it; and for stage 0 of the time until they were at the last stage that everyone passes, at any time.

    The rows of stage -1 hold everyone by what their first attempt reached, a bit for each stage and none for the too
    young, with the sum of the revenue and of its squares.
    """
    kept = where(filters.only(JOURNEY_DIMENSIONS), period.first, period.last)
    counts = _counts_of_some if filters.only(JOURNEY_DIMENSIONS).chosen() else _counts_of_all
    values = {**kept.values, "counted_to": period.counted_to(journey)}
    return Query("funnel", counts(journey, kept.sql), values)


def _counts_of_all(journey: Journey, kept: str) -> str:
    """Without filters the rollups know which attempts of these days are a customer's first to reach a stage."""
    first, counted = f"{kept} and before < $first_day", " and day <= $counted_to"
    stages = (
        f"select {n}, bin, sum(n), 0.0, 0.0 from r_firsts where stage = {n} and {first}{counted if n else ''} group by bin"
        for n in range(len(journey.stages))
    )
    return f"""
select -1 as stage, case when day <= $counted_to then reached else 0 end as bin, count(*) as n,
  {total("revenue")} as sum, {total("revenue * revenue")} as squares
from r_attempts where {first} group by all
union all {" union all ".join(stages)}"""


def _counts_of_some(journey: Journey, kept: str) -> str:
    """Under filters a customer's first attempts are looked for among those that are left, in one pass.

    `first`, `came`, and `at_n` for each stage, tell the place of an attempt and what is asked of it in one number, so
    that the least of them is that of the first attempt.
    """
    later = range(1, len(journey.stages))
    told = f"place * {_BINS}::bigint"
    at_stages = (f"min(case when day <= $counted_to then {told} + gap_{n} end) as at_{n}" for n in later)
    bins = (("came", 0, f"- 1 + ({BEFORE})"), *((f"at_{n}", n, "") for n in later))
    parts = (
        f"select {n}, {of} % {_BINS} {shift}, count(*), 0.0, 0.0 from customers where {of} % {_BINS} {'>' if shift else '>='} 0 "
        f"group by {of} % {_BINS}"
        for of, n, shift in bins
    )
    return f"""
with customers as materialized (
  select min({told} + reached) as first, min(day) <= $counted_to as counted, arg_min(revenue, place) as revenue,
    min({told} + coalesce(ever - ({BEFORE}) + 1, 0)) as came,
    {", ".join(at_stages)}
  from r_attempts where {kept} group by customer_no
)
select -1 as stage, case when counted then first % {_BINS} else 0 end as bin, count(*) as n,
  {total("revenue")} as sum, {total("revenue * revenue")} as squares
from customers group by all
union all {" union all ".join(parts)}"""


def _by(journey: Journey, filters: Filters, period: Period, dimension: str) -> Query:
    """Customers by group and by what they reached. What one reached is told in a number, a bit for each stage: bit 0
    where an attempt counts, and the bit after the last for the last stage that everyone passes, at any time."""
    later, ever = range(1, len(journey.stages)), len(journey.stages)
    kept = where(filters.only(JOURNEY_DIMENSIONS), period.first, period.last)
    sql = f"""
with customers as (
  select coalesce({dimension}, '') as "group", customer_no,
    bit_or(case when day <= $counted_to then reached else 0 end | case when ever is not null then {1 << ever} else 0 end) as reached
  from r_attempts where {kept.sql} group by all
),
alike as (select "group", reached, count(*) as n from customers group by all)
select "group", {_having(0)} as entered,
  {", ".join(f"{_having(n)} as reached_{n}" for n in later)},
  cast(sum(n) as bigint) as everyone, {_having(ever)} as ever
from alike group by "group" """
    values = {**kept.values, "counted_to": period.counted_to(journey)}
    return Query(f"funnel by {dimension}", sql, values)


def _having(bit: int) -> str:
    return f"cast(coalesce(sum(n) filter (reached & {1 << bit} > 0), 0) as bigint)"


def _stages(journey: Journey, counted: pd.DataFrame) -> pd.DataFrame:
    """Every stage with its counts, and what a customer who reached it is worth beside those who stayed behind.

    Whose first attempt reached a stage reached the one before in it, so those who stayed are what is left of it.
    """
    stage, bins, n = (counted[name].to_numpy(dtype=np.int64) for name in ("stage", "bin", "n"))
    by_reach = counted[stage == -1]
    masks = by_reach["bin"].to_numpy(dtype=np.int64)
    places = np.arange(len(journey.ids))
    bits = (masks[None, :] >> places[:, None]) & 1
    first = pd.DataFrame(
        {name: bits @ by_reach[name].to_numpy(dtype=float) for name in ("n", "sum", "squares")}
    )
    gone = np.bincount(stage[stage > 0], n[stage > 0], len(places))
    gone[0] = first["n"][0]
    ever, there = np.zeros(len(places)), stage == 0
    ever[journey.required[-1]] = n[there].sum()
    ever[0] = by_reach["n"].sum()
    at = [journey.before(int(place)) if place else 0 for place in places]
    stayed = (first.iloc[at].reset_index(drop=True) - first).clip(lower=0)
    return pd.DataFrame({
        "position": places, "stage": journey.ids, "entered": gone[0], "reached": gone,
        "before": np.where(places > 0, gone[at], nan), "ever": ever, "early": float(n[there & (bins == BEFORE)].sum()),
        **_worth(first, stayed),
    })  # fmt: skip


def _worth(first: pd.DataFrame, stayed: pd.DataFrame) -> dict[str, list[float]]:
    """What a customer of some is worth more than one of the others; nothing for the stage where they come in."""
    both = (stats.estimate(WORTH, parts).itertuples() for parts in (first, stayed))
    changes = [stats.change(WORTH, *pair) for pair in zip(*both, strict=True)][1:]
    told = [(nan, nan, nan), *((change.amount, change.lo, change.hi) for change in changes)]
    return dict(zip(("worth", "worth_lo", "worth_hi"), map(list, zip(*told, strict=True)), strict=True))


def _shares(stages: pd.DataFrame) -> pd.DataFrame:
    """With conversion from the stage before and from entry, and the customers lost since the stage before."""
    told = {"lost": stages["before"] - stages["reached"]}
    for name, base in (("conversion", "before"), ("overall", "entered")):
        parts = pd.DataFrame({"reached": stages["reached"], "before": stages[base]})
        share = stats.estimate(CONVERSION, parts)
        told |= {name: share["value"], f"{name}_lo": share["lo"], f"{name}_hi": share["hi"]}
    return stages.assign(**told)


def _timed(journey: Journey, stages: pd.DataFrame, counted: pd.DataFrame) -> pd.DataFrame:
    """With the median and the p90 of the time since the stage before, and the median of `ever`, in seconds."""
    times = counted[(counted["stage"] >= 0) & (counted["bin"] > BEFORE)]
    told: dict[str, list[float]] = {}
    for name, kpi in (("median", PASSAGE), ("p90", LONG_PASSAGE)):
        found = {row.stage: row for row in stats.quantiles(times, ["stage"], kpi.quantile).itertuples()}
        ever, last = found.pop(0, None), journey.required[-1]
        for end, column in (("value", name), ("lo", f"{name}_lo"), ("hi", f"{name}_hi")):
            told[column] = [getattr(found.get(place), end, nan) for place in stages["position"]]
            if name == "median":
                late = getattr(ever, end, nan)
                told[column.replace(name, "late")] = [
                    late if place == last else nan for place in stages["position"]
                ]
    return stages.assign(**told)
