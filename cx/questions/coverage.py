"""Whether each source delivers what it usually does: days without data, and the volume against the weeks before.

Counted are the company's own rows, by the day on which they happened. Only days that are over are judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import sqrt
from typing import Literal

import pandas as pd

from cx.query import Query
from cx.questions.freshness import Freshness
from cx.store import Store

RECENT_DAYS, BASE_WEEKS = 14, 8
"""The days whose volume is judged, and the weeks before them that say what is usual."""

SHOWN_DAYS = 56

SPEAKS, ENOUGH_ROWS, ENOUGH_DAYS = 0.75, 10.0, 4
"""A source is expected on a weekday when it spoke on this share of the others, of so many others at least. Days without
data count as missing when so many rows were to be expected of them together: fewer may be missing by chance."""

_T99 = {3: 5.84, 4: 4.60, 5: 4.03, 6: 3.71, 7: 3.50}
"""Student's t at 99 %, both sides, by degrees of freedom."""

SILENT = timedelta(days=1)
"""A source counts as silent when it is so long overdue, by its own rhythm."""

Verdict = Literal["", "more", "less"]


@dataclass(frozen=True, slots=True)
class Volume:
    """The rows of the last RECENT_DAYS beside the same weekdays before; lo and hi bound what 99 of 100 such spans hold."""

    rows: int
    usual: float
    lo: float
    hi: float

    @property
    def verdict(self) -> Verdict:
        """Whether it is more or less than chance would have."""
        return "more" if self.rows > self.hi else "less" if self.rows < self.lo else ""


@dataclass(frozen=True, slots=True)
class Source:
    """One source: `days` (day, n, usual: the mean of the same weekdays, missing) of the last SHOWN_DAYS; the days without
    data; its volume (None where it is too young to say); whether it is overdue."""

    name: str
    last_at: datetime
    days: pd.DataFrame
    missing: tuple[date, ...]
    volume: Volume | None
    silent: bool


def coverage(store: Store, fresh: Freshness) -> list[Source]:
    """Every source, in the order of their names."""
    last = fresh.last_day
    first = last - timedelta(days=RECENT_DAYS + 7 * BASE_WEEKS - 1)
    counted = _counted(store, first, last)
    began = _began(store)
    return [
        _source(source.name, source.last_at, _series(counted, source.name, max(first, began[source.name]), last),
                fresh.now - source.delivered > SILENT)
        for source in fresh.sources
    ]  # fmt: skip


def _counted(store: Store, first: date, last: date) -> pd.DataFrame:
    sql = """
select source, day, cast(sum(interactions) as bigint) as n from r_volume
where dimension = '' and day between $first and $last group by source, day"""
    return store.run(Query("rows by day", sql, {"first": first, "last": last}))


def _began(store: Store) -> dict[str, date]:
    told = store.run(
        Query(
            "first days", "select source, min(day) as day from r_volume where dimension = '' group by source"
        )
    )
    return {row.source: row.day.date() for row in told.itertuples()}


def _series(counted: pd.DataFrame, source: str, first: date, last: date) -> pd.Series:
    """Rows by day, 0 where there are none."""
    own = counted[counted["source"] == source].set_index("day")["n"]
    return own.reindex(pd.date_range(first, last), fill_value=0).astype(int)


def _source(name: str, last_at: datetime, rows: pd.Series, silent: bool) -> Source:
    days = _judged(rows)
    missing = tuple(day.date() for day in days.loc[days["missing"], "day"])
    return Source(name, last_at, days, missing, volume(rows), silent)


def _judged(rows: pd.Series) -> pd.DataFrame:
    """Each day beside the other days of its weekday."""
    days = pd.DataFrame({"day": rows.index, "n": rows.to_numpy()})
    same = days.groupby(days["day"].dt.weekday)["n"]
    others = (same.transform("size") - 1).clip(lower=1)
    spoke = (days["n"] > 0).groupby(days["day"].dt.weekday).transform("sum") - (days["n"] > 0)
    usual = (same.transform("sum") - days["n"]) / others
    empty = (days["n"] == 0) & (spoke / others >= SPEAKS) & (others >= ENOUGH_DAYS)
    lost = usual.where(empty, 0.0).groupby((days["n"] > 0).cumsum()).transform("sum")
    return days.assign(usual=usual, missing=empty & (lost >= ENOUGH_ROWS)).tail(SHOWN_DAYS)


def volume(rows: pd.Series) -> Volume | None:
    """The last RECENT_DAYS of rows by day against the weeks before them; None with fewer than ENOUGH_DAYS weeks.

    The band is that of a new span given the weeks before: they differ among each other, and by chance at least.
    """
    before = rows.iloc[:-RECENT_DAYS].to_numpy(dtype=float)
    weeks = len(before) // 7
    if weeks < ENOUGH_DAYS:
        return None
    totals = before[-7 * weeks :].reshape(weeks, 7).sum(axis=1)
    spans = RECENT_DAYS / 7
    variance = max(float(totals.var(ddof=1)), float(totals.mean()))
    band = _T99[min(weeks - 1, max(_T99))] * sqrt(variance * spans * (1 + spans / weeks))
    usual = spans * float(totals.mean())
    return Volume(int(rows.iloc[-RECENT_DAYS:].sum()), usual, max(usual - band, 0.0), usual + band)
