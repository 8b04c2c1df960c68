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
from cx.rollups.funnel import BEFORE
from cx.store import Store

CONVERSION, PASSAGE, LONG_PASSAGE, WORTH = (
    JOURNEY_KPIS[name] for name in ("conversion", "passage", "long_passage", "worth")
)


_BINS = 4096
"""More than the bins that there can be of any time: a hundred years are bin 2187."""


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
    table = store.run(_asked(journey, filters, period))
    everyone = int(table["n"].iloc[0])
    cells = _named(journey, table.iloc[1:])
    stages = _stages(journey, everyone, cells)
    entered = int(stages["reached"].iloc[0])
    return Funnel(entered, everyone - entered, _timed(_shares(stages), cells))


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
    """Customers by `cell` (see _cells), each counted in their first attempt that has what the cell counts.

    The rows of 'first' cells, position 0 among them, hold the sum of the revenue and of its squares as well. The
    row of cell -1 counts everyone.
    """
    kept = where(filters.only(JOURNEY_DIMENSIONS), period.first, period.last)
    counts = _counts_of_some if filters.only(JOURNEY_DIMENSIONS).chosen() else _counts_of_all
    source, parts = counts(journey, kept.sql)
    values = {**kept.values, "counted_to": period.counted_to(journey)}
    cells = "\nunion all ".join(parts)
    return Query("funnel", f"with {source}, cells (cell, n, sum, squares) as ({cells}) from cells", values)


def _counts_of_all(journey: Journey, kept: str) -> tuple[str, list[str]]:
    """Without filters the rollup itself knows which attempts of these days are a customer's first to reach a stage."""
    counted, first = "day <= $counted_to", "coalesce(prev_{} < $first_day, true)"
    parts = [_part("-1", "attempts", first.format(0))]
    for at, (counts, n) in enumerate(_cells(journey)):
        if counts == "first":
            reached = f"gap_{n} is not null" if n else "true"
            own = f"{first.format(0)} and {counted} and {reached}"
            parts.append(_part(f"{_BINS * at}", "attempts", own, worth=True))
        else:
            bin_ = "ever" if counts == "ever" else f"gap_{n}"
            own = first.format(0) if counts == "ever" else f"{first.format(n)} and {counted}"
            cell = f"{_BINS * at} + {bin_} - ({BEFORE})"
            parts.append(_part(cell, "attempts", f"{own} and {bin_} is not null") + f" group by {bin_}")
    return f"attempts as not materialized (select * from r_attempts where {kept})", parts


def _counts_of_some(journey: Journey, kept: str) -> tuple[str, list[str]]:
    """Under filters a customer's first attempts are looked for among those that are left, in one pass.

    `came`, and `at_n` for each stage, tell the place of an attempt and its bin in one number, so that the least of
    them is that of the first attempt; a bin of 0 in `came` is none.
    """
    later = range(1, len(journey.stages))
    told = f"place * {_BINS}::bigint"
    at_stages = (f"min(case when day <= $counted_to then {told} + gap_{n} end) as at_{n}" for n in later)
    source = f"""customers as materialized (
  select min({told} + coalesce(ever - ({BEFORE}) + 1, 0)) as came,
    min(case when day <= $counted_to then place end) as first_place,
    arg_min(revenue, place) filter (day <= $counted_to) as revenue,
    {", ".join(at_stages)}
  from r_attempts where {kept} group by customer_no
)"""
    parts = [_part("-1", "customers", "true")]
    for at, (counts, n) in enumerate(_cells(journey)):
        if counts == "first":
            own = f"at_{n} // {_BINS} = first_place" if n else "first_place is not null"
            parts.append(_part(f"{_BINS * at}", "customers", own, worth=True))
        else:
            of, shift = ("came", -1) if counts == "ever" else (f"at_{n}", -BEFORE)
            own = f"{of} % {_BINS} > 0" if counts == "ever" else f"{of} is not null"
            parts.append(
                _part(f"{_BINS * at} + {of} % {_BINS} + ({shift})", "customers", own)
                + f" group by {of} % {_BINS}"
            )
    return source, parts


def _part(cell: str, source: str, own: str, worth: bool = False) -> str:
    """The count of one cell, or of those that a group by makes of it; with what they were worth."""
    sums = "sum(revenue), sum(revenue * revenue)" if worth else "0.0, 0.0"
    return f"select {cell} as cell, count(*), {sums} from {source} where {own}"


def _cells(journey: Journey) -> list[tuple[str, int]]:
    """What is counted: the time to each stage from the one before ('gap'), those whose first attempt reached it ('first'),
    and the time to the last stage that everyone passes, at any time ('ever').

    A cell is told in one number: _BINS times its place in this list, and the bin of the time.
    """
    later = range(1, len(journey.stages))
    return [
        ("first", 0),
        ("ever", journey.required[-1]),
        *((times, n) for n in later for times in ("gap", "first")),
    ]


def _named(journey: Journey, cells: pd.DataFrame) -> pd.DataFrame:
    """The cells by name: times, position, bin, n, sum, squares."""
    place, bins = divmod(cells["cell"].to_numpy(dtype=int), _BINS)
    times, positions = zip(*_cells(journey), strict=True)
    return pd.DataFrame({
        "times": np.array(times)[place], "position": np.array(positions)[place], "bin": bins + BEFORE,
        **{name: cells[name].to_numpy(dtype=float) for name in ("n", "sum", "squares")},
    })  # fmt: skip


def _by(journey: Journey, filters: Filters, period: Period, dimension: str) -> Query:
    """Customers by group and by what they reached. What one reached is told in a number, a bit for each stage: bit 0
    where an attempt counts, and the bit after the last for the last stage that everyone passes, at any time."""
    later, ever = range(1, len(journey.stages)), len(journey.stages)
    kept = where(filters.only(JOURNEY_DIMENSIONS), period.first, period.last)
    gone = " | ".join(f"case when gap_{n} is not null then {1 << n} else 0 end" for n in later)
    sql = f"""
with customers as (
  select coalesce({dimension}, '') as "group", customer_no,
    bit_or(case when day <= $counted_to then 1 | {gone} else 0 end | case when ever is not null then {1 << ever} else 0 end) as reached
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


def _stages(journey: Journey, everyone: int, cells: pd.DataFrame) -> pd.DataFrame:
    """Every stage with its counts, and what a customer who reached it is worth beside those who stayed behind.

    Whose first attempt reached a stage reached the one before in it, so those who stayed are what is left of it.
    """
    places = range(len(journey.stages))
    sums = cells.groupby(["times", "position"])[["n", "sum", "squares"]].sum()
    gone, ever, first = (
        sums[sums.index.isin([times], 0)].droplevel(0).reindex(places, fill_value=0.0)
        for times in ("gap", "ever", "first")
    )
    gone.loc[0, "n"], ever.loc[0, "n"] = first.loc[0, "n"], everyone
    early = float(cells.loc[(cells["times"] == "ever") & (cells["bin"] == BEFORE), "n"].sum())
    at = [journey.before(n) if n else 0 for n in places]
    told = pd.DataFrame({"position": places, "stage": journey.ids, "entered": first.loc[0, "n"]})
    before = gone["n"].iloc[at].set_axis(gone.index).where(gone.index > 0)
    told = told.assign(reached=gone["n"], before=before, ever=ever["n"], early=early)
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
