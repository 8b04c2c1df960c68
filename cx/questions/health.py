"""The weekly health of the customer experience: each measure this week, what moved, what misses, where it began.

The week reported is the last one that is over and whose end the data have reached; the running week is told apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import nan
from typing import Any, Literal

import numpy as np
import pandas as pd

from cx import aims, movers, stats
from cx.aims import Band
from cx.forecast import Forecast, ends, forecast
from cx.kpis import KPIS, Kpi
from cx.model import DIMENSIONS
from cx.query import Answered, Filters
from cx.questions.counts import Counts, complaints, count, count_each
from cx.questions.freshness import Freshness, monday
from cx.reference import Settings
from cx.store import Store

WEEK = timedelta(weeks=1)
SPARK_WEEKS = 26
REASON_WEEKS = 12
LEARNED_WEEKS = 110
"""From how many weeks a forecast learns: two years, and a little."""


@dataclass(frozen=True, slots=True)
class Target:
    """A target in force: its value in the KPI's unit, who owns it, and whether the week's interval meets it.

    floor and stretch are in the KPI's unit too, nan where there is none; `band` says how the week stands to all three, and
    `segment` whose target it is ('' for all customers).
    """

    value: float
    owner: str
    status: Literal["met", "missed", "near", "no data"]
    floor: float = nan
    stretch: float = nan
    band: Band = "no data"
    segment: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """One measure in the week. `row` is the week's row of `history`, which has one row a week: week, value, lo, hi, n, base, shown, finished."""

    kpi: Kpi
    week: date
    row: Any
    change: stats.Change
    target: Target | None
    history: pd.DataFrame
    behind: tuple[str, ...]

    @property
    def moved(self) -> bool:
        """True where the week differs from the one before by more than chance."""
        return self.change.verdict == "real"


@dataclass(frozen=True, slots=True)
class SoFar:
    """The running week against the same days of the week before."""

    days: int
    now: pd.Series
    before: pd.Series


class Health:
    """Answers about one store version, one choice of filters and one moment."""

    def __init__(
        self,
        store: Store,
        filters: Filters,
        fresh: Freshness,
        targets: pd.DataFrame,
        settings: Settings,
        weeks: int,
    ) -> None:
        self.store = store
        self.filters = filters
        self._fresh = fresh
        self._targets = targets
        self._limits = settings.small_samples
        self._by_week: dict[date, Answered[dict[str, Counts]]] = {}
        self.week = fresh.last_week()
        self._running = monday(fresh.last_day)
        self._weeks = weeks
        first = self.week - WEEK * (max(weeks, SPARK_WEEKS + 1) - 1)
        self._long: Answered[Counts] | None = None
        weekly = count(store, filters, "week", first, fresh.last_day)
        self._tables = {name: self._history(kpi, weekly, first) for name, kpi in KPIS.items()}
        self._rows = {name: {row.week: row for row in t.itertuples()} for name, t in self._tables.items()}

    def tiles(self) -> list[Tile]:
        """One tile for every measure that the data carry at all, the headline measures first."""
        carried = [kpi for kpi in KPIS.values() if self._tables[kpi.name]["n"].sum() > 0]
        return [self._tile(kpi) for kpi in sorted(carried, key=lambda kpi: not kpi.headline)]

    def trend(self, kpi: Kpi) -> pd.DataFrame:
        """Weeks of one measure: week, value, lo, hi, n, shown, finished, verdict ('good', 'bad' or '')."""
        table = self._tables[kpi.name]
        shown = table[table["week"] > self.week - WEEK * self._weeks].reset_index(drop=True)
        return shown.assign(verdict=[_tone(self._change(kpi, week)) for week in shown["week"]])

    def targets(self, kpi: Kpi) -> pd.DataFrame:
        """The measure's targets for these filters, by the day they hold from: see aims.holding."""
        return aims.holding(self._targets, kpi, self.filters)

    def ahead(self, kpi: Kpi) -> Forecast | None:
        """The forecast to the end of the quarter that follows the week; None where it is too short to foretell.

        It learns from every week that is known, however many are shown.
        """
        first = self.week - WEEK * (LEARNED_WEEKS - 1)
        if self._long is None:
            self._long = Answered(
                lambda: count(self.store, self.filters, "week", first, self._fresh.last_day)
            )
        known = self._history(kpi, self._long.told(), first)
        return forecast(kpi, known[known["week"] <= self.week], ends(self.week + WEEK)[1])

    def so_far(self, kpi: Kpi) -> SoFar | None:
        """The running week's whole days against the same days a week before; None where that is too little to say."""
        start = self.week + WEEK
        days = (self._fresh.last_day - start).days + 1
        if not 0 < days < 7:
            return None
        rows = []
        for begin in (start, start - WEEK):
            counted = count(self.store, self.filters, "all", begin, begin + timedelta(days=days - 1))
            rows.append(self._row(counted.estimates(kpi), "all"))
        told = [stats.shown(row.base, self._limits) in ("small", "ok") for row in rows]
        known = self._fresh.covers(kpi, self.week) and not self._fresh.behind(
            kpi, start + timedelta(days=days)
        )
        return SoFar(days, *rows) if known and all(told) else None

    def movers(self, kpi: Kpi, dimension: str) -> pd.DataFrame:
        """What moved the measure in the week, by one dimension: see movers.split. Empty where nothing is compared."""
        if self._change(kpi, self.week).kind == "none":
            return pd.DataFrame(columns=movers.COLUMNS)
        before, now = (self._grouped(week)[dimension] for week in (self.week - WEEK, self.week))
        if kpi.family == "quantile":
            return movers.split(kpi, histogram(before, kpi), histogram(now, kpi), self._limits)
        bases = None
        if kpi.family == "rate" and dimension not in kpi.base_dimensions:
            bases = (before.base[kpi.parts[1]].sum(), now.base[kpi.parts[1]].sum())
        return movers.split(
            kpi, _grouped_parts(before, kpi), _grouped_parts(now, kpi), self._limits, base=bases
        )

    def reasons(self) -> pd.DataFrame:
        """What customers complained about: reason, now, before (a week), and spark (a list of weekly counts)."""
        return reasons(self.store, self.filters, self.week)

    def _history(self, kpi: Kpi, weekly: Counts, first: date) -> pd.DataFrame:
        """Every week from the first on, with what may be shown of it and whether it is finished."""
        table = weekly.estimates(kpi).rename(columns={"key": "week"})
        table["week"] = pd.to_datetime(table["week"]).dt.date
        last = max(self._running, self.week)
        every = [first + WEEK * i for i in range((last - first).days // 7 + 1)]
        table = table.set_index("week").reindex(pd.Index(every, name="week"), copy=True).reset_index()
        table = table.fillna({"n": 0.0, "base": 0.0})
        known = [self._fresh.covers(kpi, week) for week in table["week"]]
        table.loc[[not whole for whole in known], ["n", "base"]] = 0.0
        table["shown"] = [stats.shown(base, self._limits) for base in table["base"]]
        table.loc[table["shown"].isin(["hidden", "too few", "no data"]), ["value", "lo", "hi"]] = np.nan
        behind = [week > self.week or not self._fresh.complete(kpi, week) for week in table["week"]]
        return table.assign(finished=[not late for late in behind])

    def row_of(self, kpi: Kpi, week: date) -> Any:
        """The row of a measure's week, by the names of its columns; None before the first."""
        return self._rows[kpi.name].get(week)

    def _change(self, kpi: Kpi, week: date) -> stats.Change:
        now, before = self.row_of(kpi, week), self.row_of(kpi, week - WEEK)
        if before is None or not now.finished:
            return stats.Change.unknown()
        return stats.change(kpi, now, before, self._limits)

    def _tile(self, kpi: Kpi) -> Tile:
        table = self._tables[kpi.name]
        row = self.row_of(kpi, self.week)
        history = table[table["week"] <= self.week].tail(SPARK_WEEKS).reset_index(drop=True)
        behind = self._fresh.behind(kpi, self.week + WEEK)
        return Tile(
            kpi, self.week, row, self._change(kpi, self.week), self._target(kpi, row), history, behind
        )

    def _target(self, kpi: Kpi, row: Any) -> Target | None:
        told = aims.at(self.targets(kpi), self.week)
        if told is None or pd.isna(row.value) or not row.finished:
            return None
        value, floor, stretch = (float(told[name]) for name in ("value", "floor", "stretch"))
        status, band = stats.target(kpi, row, value), aims.band(kpi, row, value, floor, stretch)
        return Target(value, str(told["owner"] or ""), status, floor, stretch, band, str(told["segment"]))

    def _grouped(self, week: date) -> dict[str, Counts]:
        if week not in self._by_week:
            last = week + timedelta(days=6)
            self._by_week[week] = Answered(
                lambda: count_each(self.store, self.filters, DIMENSIONS, week, last)
            )
        return self._by_week[week].told()

    def _row(self, estimates: pd.DataFrame, key: str) -> pd.Series:
        found = estimates[estimates["key"] == key]
        empty = pd.Series({"value": np.nan, "lo": np.nan, "hi": np.nan, "n": 0.0, "base": 0.0})
        return found.iloc[0] if len(found) else empty


def reasons(store: Store, filters: Filters, week: date) -> pd.DataFrame:
    """Complaints of the week by reason: reason, now, before (the week before), spark (weekly counts), most first."""
    table = complaints(store, filters, week - WEEK * (REASON_WEEKS - 1), week + timedelta(days=6))
    if table.empty:
        return pd.DataFrame({"reason": [], "now": [], "before": [], "spark": []})
    table["week"] = pd.to_datetime(table["week"]).dt.date
    wide = table.pivot_table(index="reason", columns="week", values="n", fill_value=0)
    wide = wide.reindex(columns=[week - WEEK * back for back in reversed(range(REASON_WEEKS))], fill_value=0)
    found = pd.DataFrame(
        {"reason": wide.index, "now": wide[week].to_numpy(), "before": wide[week - WEEK].to_numpy()}
    )
    found["spark"] = wide.to_numpy().tolist()
    return found.sort_values("now", ascending=False, ignore_index=True)


def _tone(change: stats.Change) -> str:
    if change.verdict != "real" or change.good is None:
        return ""
    return "good" if change.good else "bad"


def histogram(counts: Counts, kpi: Kpi) -> pd.DataFrame:
    """The histogram of a duration, by group: group, bin, n."""
    return counts.hist[counts.hist["measure"] == kpi.parts[0]].rename(columns={"key": "group"})


def _grouped_parts(counts: Counts, kpi: Kpi) -> pd.DataFrame:
    return counts.of(kpi).rename(columns={"key": "group"})
