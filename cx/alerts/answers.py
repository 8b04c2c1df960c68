"""The same answers as the pages give, at a moment of now or of earlier days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from cx import notes, surges
from cx.kpis import KPIS
from cx.notes import Surge
from cx.query import Filters, Query
from cx.questions import surging
from cx.questions.freshness import LOOK_BACK, Freshness, Source, freshness
from cx.questions.headline import Headline, headline
from cx.questions.health import WEEK, Health, Tile
from cx.questions.queue import Entry, surge_of
from cx.questions.surging import SHOWN_DAYS, Around, Watch
from cx.reference import Tables
from cx.reference.alerts import Rule
from cx.store import Store
from cx.surges import Memory, Scan

_WEEKS = 2
"""Weeks that are asked for; a page asks for more only to draw them."""


class Week:
    """A finished week: its health, its measures, and the verdict on it, each asked once."""

    def __init__(self, health: Health) -> None:
        self.health = health

    @property
    def monday(self) -> date:
        """The day on which it begins."""
        return self.health.week

    @property
    def filters(self) -> Filters:
        """What it is narrowed to."""
        return self.health.filters

    @cached_property
    def tiles(self) -> list[Tile]:
        """Its measures."""
        return self.health.tiles()

    @cached_property
    def headline(self) -> Headline:
        """The verdict."""
        return headline(self.health, self.tiles)


class Answers:
    """What is asked of one version of the store; each answer is kept for as long as this is."""

    def __init__(
        self, store: Store, tables: Tables, told: Iterable[Rule] = (), memory: Memory | None = None
    ) -> None:
        self.store = store
        self.tables = tables
        self._memory = memory
        named = {*tables.targets["metric"], *(name for rule in told for name in rule.measure)}
        self._measures = [kpi for kpi in KPIS.values() if kpi.headline or kpi.name in named]
        self._weeks: dict[tuple[object, ...], Week] = {}
        self._around: dict[Surge, Around] = {}
        self._watches: dict[date, Watch] = {}

    def fresh(self, now: datetime) -> Freshness:
        """Through when the data ran at this moment."""
        return freshness(self.store, now)

    def watch(self, through: date) -> Watch:
        """What the detector said of the days up to this one."""
        if through not in self._watches:
            self._watches[through] = self._watched(through)
        return self._watches[through]

    def week(self, fresh: Freshness, filters: Filters) -> Week:
        """The last week that was finished then."""
        monday = fresh.last_week()
        behind = tuple(fresh.behind(kpi, monday + WEEK) for kpi in self._measures)
        if (key := (monday, filters, behind)) not in self._weeks:
            tables = self.tables
            health = Health(self.store, filters, fresh, tables.targets, tables.settings, _WEEKS)
            self._weeks[key] = Week(health)
        return self._weeks[key]

    def entry(self, row: Any, fit: list[str]) -> Entry:
        """A surge as the queue shows it, with what surrounds it."""
        names = dict(zip(self.tables.campaigns["id"], self.tables.campaigns["name"], strict=True))
        return Entry(row, self.around(row), tuple(names[one] for one in fit), {}, False)

    def around(self, row: Any) -> Around:
        """What surrounds a surge, as it is known by now."""
        surge = surge_of(row)
        if surge not in self._around:
            self._around[surge] = surging.around(self.store, row)
        return self._around[surge]

    def muted(self, row: Any, now: datetime) -> bool:
        """Whether somebody had muted this surge by then."""
        noted = self._noted[self._noted["noted_at"] <= now]
        return notes.muted(notes.latest(notes.on(noted, surge_of(row))), now.date())

    @cached_property
    def _noted(self) -> pd.DataFrame:
        return notes.noted(self.store)

    def _watched(self, through: date) -> Watch:
        return surging.watch(self.store, through, self._memory)


class Past(Answers):
    """The answers as of earlier days, from `first` on: what had happened by the beginning of a day, whenever it arrived."""

    def __init__(
        self, store: Store, tables: Tables, told: Iterable[Rule], first: date, now: datetime
    ) -> None:
        super().__init__(store, tables, told)
        self._first = first
        self._fresh = freshness(store, now)
        self._sources: dict[date, tuple[Source, ...]] = {}

    def fresh(self, now: datetime) -> Freshness:
        """Through when the data ran as the day of this moment began."""
        if now.date() not in self._sources:
            self._sources[now.date()] = self._delivered(pd.Timestamp(now).normalize())
        return Freshness(self._sources[now.date()], now, self._fresh.orders_since)

    def _delivered(self, day: pd.Timestamp) -> tuple[Source, ...]:
        began = self._days[self._days["day"] < day]
        recent = began[began["day"] >= day - LOOK_BACK].groupby("source")["day"]
        last, active = began.groupby("source")["last_at"].max(), recent.nunique()
        span = (recent.max() - recent.min()).dt.days + 1
        return tuple(
            replace(
                source,
                last_at=min(last[source.name].to_pydatetime(), source.last_at),
                active_days=int(active.get(source.name, 0)),
                span_days=int(span.get(source.name, 0)),
            )
            for source in self._fresh.sources
            if source.name in last
        )

    @cached_property
    def _days(self) -> pd.DataFrame:
        sql = "select source, day, max(last_at) as last_at from r_volume where dimension = '' group by source, day"
        return self.store.run(Query("sources by day", sql))

    @cached_property
    def _scanned(self) -> tuple[Scan | None, bool]:
        """One scan over all days that are asked about, and whether units are known."""
        complaints, units = map(self.store.run, surging.asked(self._fresh.last_day))
        known = not units.empty
        if complaints.empty:
            return None, known
        until = self._fresh.last_day + timedelta(days=1)
        panel = surges.from_counts(complaints, units if known else None, until=until)
        begin = max(pd.Timestamp(_begin(self._first)), panel.days[0] + pd.Timedelta(days=1))
        return (surges.scan(panel, begin), known) if begin <= panel.days[-1] else (None, known)

    def _watched(self, through: date) -> Watch:
        """As `surging.watch` says it: what is said of a day follows from that day and those before it."""
        scan, known = self._scanned
        nothing = Watch(None, pd.DataFrame(columns=list(surges.TOLD)), through, known)
        begin = pd.Timestamp(_begin(through))
        if scan is None or scan.days[0] > begin or scan.days[-1] < pd.Timestamp(through):
            return nothing
        part = _between(scan, begin, pd.Timestamp(through))
        found = surges.surges(part)
        shown = pd.to_datetime(found["last_day"]).dt.date > through - timedelta(days=SHOWN_DAYS)
        return Watch(part, found[shown].reset_index(drop=True), through, known)


def _begin(through: date) -> date:
    return through - timedelta(days=SHOWN_DAYS + surges.STOP_DAYS)


def _between(scan: Scan, first: pd.Timestamp, last: pd.Timestamp) -> Scan:
    span = slice(scan.days.searchsorted(first), scan.days.searchsorted(last, side="right"))
    arrays = {field.name: getattr(scan, field.name) for field in fields(scan)}
    cut: dict[str, Any] = {
        name: array[span] for name, array in arrays.items() if isinstance(array, np.ndarray)
    }
    return replace(scan, days=scan.days[span], **cut)
