"""The ways that customers take from stage to stage, with going back and leaving.

What is counted are visits to the journey, each once: interactions of one customer without a long pause between them.
A visit whose pause has not run out when the data end is still under way; it has not left.
"""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from cx import stats
from cx.journey import LEFT, OPEN, Journey
from cx.kpis import JOURNEY_KPIS
from cx.model import JOURNEY_DIMENSIONS
from cx.query import Filters, Query, where
from cx.rollups.paths import MOST_STEPS, positions, step
from cx.store import Store

RETURNS = JOURNEY_KPIS["returns"]


def ways(
    store: Store, journey: Journey, filters: Filters, first: date, last: date, through: date
) -> pd.DataFrame:
    """Each way that was taken, most taken first: path (the ids of its first stages, as a tuple), open, visits."""
    kept, at_rest = filters.only(JOURNEY_DIMENSIONS), through - timedelta(days=journey.pause_days)
    days = where(kept, first, last)
    ask = _of_some if kept.chosen() else _of_all
    values = {**days.values, "at_rest": at_rest}
    sql = f"""
select way, open, visits from ({ask(days.sql)}) taken
order by visits desc, {", ".join(f"nullif({step(n)}, 0)" for n in range(1, MOST_STEPS + 1))}"""
    table = store.run(Query("ways through the journey", sql, values))
    paths = [tuple(journey.ids[place] for place in positions(int(way))) for way in table["way"]]
    return pd.DataFrame({"path": paths, "open": table["open"], "visits": table["visits"]})


_OPEN = "select way, count(*) as n from r_visits where last_day > $at_rest and {kept} group by way"


def _of_all(kept: str) -> str:
    """Without filters the sums tell all visits, and only those under way are looked for."""
    return f"""
with whole as (select way, sum(n) as n from r_ways where {kept} group by way having sum(n) > 0),
going as ({_OPEN.format(kept=kept)}),
parted as (
  select way, true as open, n as visits from going
  union all
  select way, false, cast(whole.n - coalesce(going.n, 0) as bigint) from whole left join going using (way)
)
select way, open, visits from parted where visits > 0"""


def _of_some(kept: str) -> str:
    return f"""
select way, last_day > $at_rest as open, count(*) as visits
from r_visits where {kept} group by all"""


def choices(store: Store) -> dict[str, list[str]]:
    """The campaigns and the devices by which visits began, most of them first."""
    sql = """
select campaign, device, cast(sum(n) as bigint) as n from r_begun group by all having sum(n) > 0"""
    table = store.run(Query("campaigns and devices", sql))
    return {
        name: [*table.groupby(name)["n"].sum().sort_values(ascending=False).index]
        for name in ("campaign", "device")
    }


def links(journey: Journey, taken: pd.DataFrame, most_steps: int) -> pd.DataFrame:
    """The steps of all ways together: step (from 1), origin, target (a stage, LEFT or OPEN), n (visits), back.

    Ways are followed for so many steps and no further.
    """
    rows = [
        (step, origin, target, way.visits)
        for way in taken.itertuples()
        for step, (origin, target) in enumerate(_pairs(way.path, LEFT if not way.open else OPEN), start=1)
        if step < most_steps
    ]
    table = pd.DataFrame(rows, columns=["step", "origin", "target", "n"])
    summed = table.groupby(["step", "origin", "target"], as_index=False)["n"].sum()
    return summed.assign(back=[_back(journey, row.origin, row.target) for row in summed.itertuples()])


def returning(journey: Journey, taken: pd.DataFrame) -> stats.Estimate:
    """The share of visits that go back to an earlier stage, in percent."""
    back = [any(_back(journey, *pair) for pair in _pairs(path, LEFT)) for path in taken["path"]]
    parts = pd.DataFrame([{"back": (taken["visits"] * back).sum(), "visits": taken["visits"].sum()}])
    row = stats.estimate(RETURNS, parts).iloc[0]
    return stats.Estimate(row.value, row.lo, row.hi, row.n, row.base)


def _pairs(path: tuple[str, ...], end: str) -> list[tuple[str, str]]:
    """Each step with the one after it; a way that is kept whole ends by leaving or is under way."""
    after = [*path[1:], end] if len(path) < MOST_STEPS else path[1:]
    return list(zip(path, after, strict=False))


def _back(journey: Journey, origin: str, target: str) -> bool:
    return target in journey.ids and journey.ids.index(target) < journey.ids.index(origin)
