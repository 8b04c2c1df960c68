"""Whether journeys that began in a campaign ended in an order more often than others do: its lift in conversion.

A journey is an attempt of the funnel on one of the campaign's products. It converts where it reaches the stage of orders
within a few days of its beginning, so that recent ones can be told soon; younger ones are counted apart. What would be
expected comes from the attempts on the same products and the same weekdays in the 8 weeks before and after, on days
without any campaign for them. The interval of the difference is Newcombe's, and is widened by as much as stretches of the
same length without campaign strayed from what their own surroundings let expect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from cx import stats
from cx.journey import Journey
from cx.kpis import JOURNEY_KPIS
from cx.lift import AFTERMATH
from cx.query import Query
from cx.rollups import BINS_PER_E
from cx.stats import Change, Estimate, Floats, SmallSamples
from cx.store import Store

CONVERSION = JOURNEY_KPIS["conversion"]
WITHIN_DAYS = 7
"""An attempt converts where it reaches an order within so many days, or within the journey's window where that is shorter."""
AROUND_DAYS = 56
"""Days on each side of a campaign whose attempts say what would be expected."""
_PULL = 20.0
"""A weekday counts with its own rate once it has seen so many attempts, with that of all weekdays before."""
_MOST_STRETCHES, _LEAST_STRETCHES = 400, 20


@dataclass(frozen=True, slots=True)
class Converted:
    """Conversion in a campaign and as expected (both in percent, n attempts), and the change in points.

    too_young: attempts of the campaign that cannot be told yet. widened: how many times the variance that mere counting
    would have; `judged_by` stretches without campaign told it. small: either side is a small sample.
    """

    now: Estimate
    usual: Estimate
    change: Change
    too_young: int
    widened: float
    judged_by: int
    small: bool


@dataclass(frozen=True, slots=True)
class _Counted:
    """Attempts of some products by day: those that converted, all of them, their weekday, and the days without campaign."""

    k: Floats
    n: Floats
    weekday: Any
    free: Any


class _Side(NamedTuple):
    """Attempts that converted, all of them, and how many were seen."""

    k: float
    n: float
    seen: float


def within(journey: Journey) -> int:
    """Days that an attempt has to convert."""
    return min(WITHIN_DAYS, journey.window_days)


def converts(journey: Journey) -> str | None:
    """The condition, in SQL, under which an attempt converts; None where no later stage of the journey has the orders.

    The times between stages are kept to within 1 %, and so is their sum.
    """
    stage = journey.stage_of_kind.get("order")
    if stage is None or not (place := journey.ids.index(stage)):
        return None
    passed = [place]
    while (before := journey.before(passed[-1])) > 0:
        passed.append(before)
    took = " + ".join(f"exp(gap_{n} / {BINS_PER_E}.0) - 1" for n in reversed(passed))
    return f"{took} <= $within_seconds"


def asked(journey: Journey, through: date) -> Query | None:
    """Attempts by the day they began and their product: day, product, n, k (of them converted)."""
    condition = converts(journey)
    if condition is None:
        return None
    return Query("conversion by day and product", f"""
select day, coalesce(product, '') as product, count(*) as n, count(case when {condition} then 1 end) as k
from r_attempts where day <= $through group by all order by all""",
                 {"through": through, "within_seconds": 86400 * within(journey)})  # fmt: skip


def conversions(
    store: Store, journey: Journey, told: pd.DataFrame, through: date, limits: SmallSamples
) -> dict[str, Converted]:
    """The lift in conversion of each campaign of `told` (id, start, end, products), by id; empty where there is no attempt.

    `through` is the last complete day.
    """
    query = asked(journey, through)
    if query is None:
        return {}
    return from_counts(store.run(query), told, through, within(journey), limits)


def from_counts(
    table: pd.DataFrame, told: pd.DataFrame, through: date, days_within: int, limits: SmallSamples
) -> dict[str, Converted]:
    """The same out of attempts by day and product (day, product, n, k), which have so many days to convert."""
    if table.empty:
        return {}
    days = pd.date_range(pd.to_datetime(table["day"]).min(), through, freq="D")
    last = len(days) - 1 - days_within
    panels = {name: _panel(table, name, days) for name in ("k", "n")}
    spans = {row.id: ((row.start - days[0]).days, (row.end - days[0]).days) for row in told.itertuples()}
    groups = {row.id: _counted(panels, row, told, spans, days) for row in told.itertuples()}
    widened, tried = _widened(groups, spans, last)
    found = {name: _found(groups[name], spans[name], last) for name in groups}
    estimates = iter(_estimates([side for each in found.values() for side in each[:2]], widened))
    return {
        name: _converted(next(estimates), next(estimates), young, widened, tried, limits)
        for name, (_, _, young) in found.items()
    }


def _panel(table: pd.DataFrame, name: str, days: pd.DatetimeIndex) -> pd.DataFrame:
    wide = table.assign(day=pd.to_datetime(table["day"])).pivot_table(
        index="product", columns="day", values=name, aggfunc="sum"
    )
    return wide.reindex(columns=days).fillna(0.0)


def _counted(
    panels: Mapping[str, pd.DataFrame],
    campaign: Any,
    told: pd.DataFrame,
    spans: Mapping[str, tuple[int, int]],
    days: pd.DatetimeIndex,
) -> _Counted:
    mine = panels["n"].index.isin(campaign.products) if campaign.products else np.ones(len(panels["n"]), bool)
    free = np.ones(len(days), bool)
    for other, sold in zip(told["id"], told["products"], strict=True):
        if meet(campaign.products, sold):
            start, end = spans[other]
            free[max(start, 0) : max(end + AFTERMATH + 1, 0)] = False
    k, n = (panels[name].to_numpy()[mine].sum(0) for name in ("k", "n"))
    return _Counted(k, n, days.dayofweek.to_numpy(), free)


def meet(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Whether two campaigns share a product; one without products sells all."""
    return not some or not others or bool({*some} & {*others})


def _found(counted: _Counted, span: tuple[int, int], last: int) -> tuple[_Side, _Side, int]:
    """The attempts of a campaign, those that are expected of it, and how many are too young."""
    start, end = max(span[0], 0), span[1]
    young = counted.n[max(start, last + 1) : max(end + 1, 0)].sum()
    k, n, expected, size = _against(counted, start, min(end, last), last)
    around = _around(counted, start, end, last).sum()
    return _Side(k, n, n), _Side(expected * size, size, around), int(young)


def _converted(
    now: Estimate, usual: Estimate, young: int, widened: float, tried: int, limits: SmallSamples
) -> Converted:
    small = stats.shown(min(now.base, usual.base), limits) == "small"
    return Converted(now, usual, stats.change(CONVERSION, now, usual, limits), young, widened, tried, small)


def _around(counted: _Counted, start: int, end: int, last: int) -> Floats:
    """The attempts of the days around that count, 0 on all others."""
    day = np.arange(len(counted.n))
    near = (
        (day >= start - AROUND_DAYS)
        & (day <= end + AROUND_DAYS)
        & ((day < start) | (day > end))
        & (day <= last)
    )
    around: Floats = np.where(near & counted.free, counted.n, 0.0)
    return around


def _against(counted: _Counted, start: int, end: int, last: int) -> tuple[float, float, float, float]:
    """Converted and all attempts of the days start..end, the rate expected of them, and how many attempts that is worth."""
    during = slice(start, max(end + 1, start))
    k, n = float(counted.k[during].sum()), float(counted.n[during].sum())
    base = _around(counted, start, end, last)
    base_n = np.bincount(counted.weekday, base, 7)
    base_k = np.bincount(counted.weekday, np.where(base > 0, counted.k, 0.0), 7)
    if not n or not base_n.sum():
        return k, n, float("nan"), 0.0
    share = np.bincount(counted.weekday[during], counted.n[during], 7) / n
    pulled = share / (base_n + _PULL)
    each = pulled + _PULL * pulled.sum() / base_n.sum()
    return k, n, float(each @ base_k), float(1 / (base_n @ each**2))


def _estimates(sides: Sequence[_Side], widened: float) -> list[Estimate]:
    """Wilson's intervals of as many attempts as the widened variance leaves; n says how many were seen."""
    parts = pd.DataFrame(
        [(side.k / widened, side.n / widened) for side in sides], columns=["reached", "before"]
    )
    rows = stats.estimate(CONVERSION, parts)
    return [
        Estimate(value, lo, hi, side.seen, side.n)
        for value, lo, hi, side in zip(rows["value"].tolist(), rows["lo"].tolist(), rows["hi"].tolist(), sides, strict=True)
    ]  # fmt: skip


def _widened(
    groups: Mapping[str, _Counted], spans: Mapping[str, tuple[int, int]], last: int
) -> tuple[float, int]:
    """The variance of stretches without campaign over that of counting, at least 1, and how many told it."""
    found = [
        (k - n * expected) ** 2 / (n * expected * (1 - expected) * (1 + n / size))
        for k, n, expected, size in _stretches(groups, spans, last)
        if size and n * expected * (1 - expected) > 0.5
    ]
    return (
        (max(1.0, float(np.mean(found))), len(found)) if len(found) >= _LEAST_STRETCHES else (1.0, len(found))
    )


def _stretches(
    groups: Mapping[str, _Counted], spans: Mapping[str, tuple[int, int]], last: int
) -> Iterator[tuple[float, float, float, float]]:
    """Stretches as long as each campaign, one after the other, on days of its products without any."""
    found = [
        (counted, first, first + length)
        for name, counted in groups.items()
        for length in (spans[name][1] - spans[name][0],)
        for first in range(0, last - length, length + 1)
        if counted.free[first : first + length + 1].all()
    ]
    every = max(len(found) // _MOST_STRETCHES, 1)
    for counted, first, end in found[::every]:
        yield _against(counted, first, end, last)
