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
    time of all others of them, in seconds since they came in), worth
    (revenue in the window of a customer whose first attempt reached the stage, less that of one whose first attempt only
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
    whole, bins = table[table["times"].isna()].iloc[0], table[table["times"].notna()]
    entered = int(whole["entered"])
    return Funnel(entered, int(whole["n"]) - entered, _timed(_shares(_stages(journey, whole, bins)), bins))


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


def _firsts(journey: Journey, filters: Filters, period: Period) -> tuple[str, dict[str, Any]]:
    """The attempts of the period; each customer's first, and first to reach each stage, hold what is counted of it.

    gap_n: the time to stage n, in the first attempt that reached it and only there. ever_n, reached_n and revenue: of the
    first attempt at all. Without filters the rollup knows which is the first; with some it must be looked for.
    """
    later = range(1, len(journey.stages))
    kept = where(filters.only(JOURNEY_DIMENSIONS), period.first, period.last)
    narrowed = bool(filters.only(JOURNEY_DIMENSIONS).chosen())
    firsts = (f"{_earlier(n)} is null as first_{n}" if narrowed else
              f"coalesce(prev_{n} < $first_day, true) as first_{n}" for n in (0, *later))  # fmt: skip
    window = """
  window earlier as (
    partition by customer_no order by opened_at rows between unbounded preceding and 1 preceding
  )"""
    sql = f"""
attempts as (
  select *, day <= $counted_to as counted, {", ".join(firsts)}
  from r_attempts where {kept.sql}{window if narrowed else ""}
),
firsts as (
  select first_0 as came, counted, case when first_0 and counted then revenue end as revenue,
    {", ".join(f"case when counted and first_{n} then gap_{n} end as gap_{n}" for n in later)},
    {", ".join(f"case when first_0 then ever_{n} end as ever_{n}" for n in later)},
    {", ".join(f"case when first_0 and counted and gap_{n} is not null then 0 end as first_{n}" for n in later)}
  from attempts
)"""
    return sql, {**kept.values, "counted_to": period.counted_to(journey)}


def _earlier(n: int) -> str:
    """Whether the customer had an earlier attempt, in the period and under the filters, that reached stage n."""
    return f"max(case when {'true' if n == 0 else f'gap_{n} is not null'} then 1 end) over earlier"


def _asked(journey: Journey, filters: Filters, period: Period) -> Query:
    """Customers by times, position and bin, with the sums of their revenue and of its squares.

    times: 'gap' (to the stage from the one before), 'ever', or 'first' (those whose first attempt reached the stage;
    only there revenue counts). The row without `times` has all who came in, and how many of them are counted.
    """
    firsts, values = _firsts(journey, filters, period)
    cells = [(times, n) for n in range(1, len(journey.stages)) for times in ("gap", "ever", "first")]
    lists = {
        "times": (f"'{times}'" for times, _ in cells),
        "position": (str(n) for _, n in cells),
        "bin": (f"{times}_{n}" for times, n in cells),
    }
    laid_out = ", ".join(f"unnest([{', '.join(of)}]) as {name}" for name, of in lists.items())
    sums = "count(*) as n, coalesce(sum(revenue), 0) as sum, coalesce(sum(revenue * revenue), 0) as squares"
    sql = f"""
with {firsts}
select {sums}, count(*) filter (counted) as entered from firsts where came
union all by name
select times, position, bin, {sums}
from (select revenue, {laid_out} from firsts) where bin is not null group by times, position, bin"""
    return Query("funnel", sql, values)


def _by(journey: Journey, filters: Filters, period: Period, dimension: str) -> Query:
    later, last = range(1, len(journey.stages)), journey.required[-1]
    kept = where(filters.only(JOURNEY_DIMENSIONS), period.first, period.last)
    sql = f"""
with customers as (
  select coalesce({dimension}, '') as "group", customer_no, bool_or(day <= $counted_to) as counted,
    {", ".join(f"bool_or(day <= $counted_to and gap_{n} is not null) as reached_{n}" for n in later)},
    bool_or(ever_{last} is not null) as ever
  from r_attempts where {kept.sql} group by all
)
select "group", count(*) filter (counted) as entered,
  {", ".join(f"count(*) filter (reached_{n}) as reached_{n}" for n in later)},
  count(*) as everyone, count(*) filter (ever) as ever
from customers group by "group" """
    values = {**kept.values, "counted_to": period.counted_to(journey)}
    return Query(f"funnel by {dimension}", sql, values)


def _stages(journey: Journey, whole: Any, bins: pd.DataFrame) -> pd.DataFrame:
    """Every stage with its counts, and what a customer who reached it is worth beside those who stayed behind.

    Whose first attempt reached a stage reached the one before in it, so those who stayed are what is left of it.
    """
    places = range(len(journey.stages))
    sums = bins.groupby(["times", "position"])[["n", "sum", "squares"]].sum()
    gone, ever, first = (
        sums[sums.index.isin([times], 0)].droplevel(0).reindex(places, fill_value=0.0).astype(float)
        for times in ("gap", "ever", "first")
    )
    gone.loc[0, "n"], ever.loc[0, "n"] = whole["entered"], whole["n"]
    first.loc[0] = whole[["entered", "sum", "squares"]].astype(float).to_numpy()
    early = bins[(bins["times"] == "ever") & (bins["bin"] == BEFORE)].set_index("position")["n"]
    at = [journey.before(n) if n else 0 for n in places]
    told = pd.DataFrame({"position": places, "stage": journey.ids, "entered": float(whole["entered"])})
    told = told.assign(reached=gone["n"], before=gone["n"].iloc[at].set_axis(gone.index).where(gone.index > 0),
                       ever=ever["n"], early=early.reindex(places[1:], fill_value=0.0))  # fmt: skip
    stayed = (first.iloc[at].set_axis(first.index) - first).clip(lower=0)
    both = (stats.estimate(WORTH, parts).itertuples() for parts in (first, stayed))
    worth = [stats.change(WORTH, *pair) for pair in zip(*both, strict=True)]
    told[["worth", "worth_lo", "worth_hi"]] = [(change.amount, change.lo, change.hi) for change in worth]
    told.loc[0, ["worth", "worth_lo", "worth_hi"]] = nan
    return told


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
        mine = bins.loc[(bins["times"] == of) & (bins["bin"] > BEFORE), ["position", "bin", "n"]].astype(int)
        times = stats.quantiles(mine, ["position"], kpi.quantile).set_index("position")[["value", "lo", "hi"]]
        told = told.join(times.set_axis([name, f"{name}_lo", f"{name}_hi"], axis=1), on="position")
    return told
