"""How far ahead of competitors or behind: published figures beside ours, and what people say of both in one source.

A published figure (data/reference/benchmarks.csv) is set beside our own figure of the same days. Where interactions
carry the brands of others, both sides are counted in the same source and the same days.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from math import nan
from typing import Any

import pandas as pd

from cx import gaps, stats
from cx.gaps import NOTHING, Compared, Figure, Period, Standing
from cx.kpis import BENCHMARKED, EXPOSURE_DAYS, PUBLIC_KPIS, Kpi
from cx.model import OURS
from cx.query import Filters, Query
from cx.questions.counts import Counts, count
from cx.questions.freshness import Freshness
from cx.reference import Settings
from cx.rollups import brands
from cx.stats import Estimate, SmallSamples
from cx.store import Store

MEASURED = ("nps", "csat", "sentiment", "negative_share")
"""What opinions of several brands in one source tell."""
VOICE = PUBLIC_KPIS["voice"]
VOICED = (VOICE, BENCHMARKED["sentiment"], PUBLIC_KPIS["negative_share"])
"""What is told of each brand in one source."""
MOST_REASONS = 10
BEGAN, LATE = 0.05, 0.25
"""A brand is collected from the day by which this share of its opinions had come; it is late by this share of all days."""


@dataclass(frozen=True, slots=True)
class Voice:
    """What is said of each brand in one source: said (all brands), and one row a brand, us first, the most named next.

    brands: brand, n (opinions), voice, sentiment and negative (Estimates), late (the day from which nearly all of its
    opinions are, where that is long after the others' began, else None: its share of voice is then too low). reasons: reason, and a column for each brand
    with the negative texts of that reason in percent of the brand's scored texts, most frequent first.
    """

    source: str
    said: int
    brands: pd.DataFrame
    reasons: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Board:
    """Everything that the page tells: where we stand in each measure, the names of competitors, and each source's voices."""

    standings: tuple[Standing, ...]
    competitors: tuple[str, ...]
    voices: tuple[Voice, ...]

    def of(self, id: str) -> Standing | None:
        """The standing that a link names."""
        return next((standing for standing in self.standings if standing.id == id), None)


def board(store: Store, table: pd.DataFrame, fresh: Freshness, settings: Settings, weeks: int) -> Board:
    """Where we stand over the last `weeks` up to the last whole day; published figures from before them are old."""
    since = fresh.last_day - timedelta(weeks=weeks) + timedelta(days=1)
    window = Period("", since, fresh.last_day)
    opinions = _opinions(store, window.last)
    standings = (
        *_published(store, table, fresh, settings, since),
        *_measured(opinions, window, settings.small_samples),
    )
    names = dict.fromkeys(name for standing in standings for name in standing.latest)
    voices = (_voice(source, told) for source, told in _of_window(opinions, window).groupby("source"))
    return Board(standings, tuple(names), tuple(voices))


# Published figures.


def _published(store: Store, table: pd.DataFrame, fresh: Freshness, settings: Settings, since: date) -> Iterator[Standing]:  # fmt: skip
    figures = [(BENCHMARKED[row.metric], _figure(row)) for row in table.itertuples()]
    industry = settings.industry or _usual_industry(figures)
    ours = _Ours(
        store,
        fresh,
        {(kpi.name, f.period.text, f.method, f.source): f for kpi, f in figures if f.competitor == OURS},
    )
    for kpi in BENCHMARKED.values():
        compared = [
            gaps.compare(kpi, figure, ours.of(kpi, figure), since, industry, settings.small_samples)
            for its, figure in figures
            if its == kpi and figure.competitor != OURS
        ]
        if found := gaps.standing(kpi, compared, settings.small_samples):
            yield found


def _figure(row: Any) -> Figure:
    value, n, margin = (nan if cell is None else float(cell) for cell in (row.value, row.n, row.margin))
    told = gaps.published(BENCHMARKED[row.metric], value, n, margin)
    return Figure(row.competitor, gaps.period(row.period), told, row.method, row.source, row.licence,
                  row.retrieved_on, row.industry)  # fmt: skip


def _usual_industry(figures: Iterable[tuple[Kpi, Figure]]) -> str:
    """Our industry where the settings do not name it: the one of the most competitors."""
    pairs = {(figure.competitor, figure.industry) for _, figure in figures if figure.industry}
    named = pd.Series([industry for _, industry in sorted(pairs)], dtype=object).mode()
    return str(named.iloc[0]) if len(named) else ""


class _Ours:
    """Our own figure of any period, counted once; `told` are figures of ours that others have published."""

    def __init__(self, store: Store, fresh: Freshness, told: dict[tuple[str, str, str, str], Figure]) -> None:
        self._store, self._fresh, self._told = store, fresh, told
        self._counted: dict[str, Counts] = {}
        self._known: dict[tuple[str, str], Estimate] = {}
        first = store.run(Query("first day", "select min(day) as day from r_volume"))["day"].iloc[0]
        self._first = None if pd.isna(first) else pd.Timestamp(first).date()

    def of(self, kpi: Kpi, figure: Figure) -> Estimate:
        """Ours as the figure's own source measured it, or else as we count it; nothing where our days do not reach."""
        beside = self._told.get((kpi.name, figure.period.text, figure.method, figure.source))
        if beside:
            return beside.told
        key = (kpi.name, figure.period.text)
        if key not in self._known:
            self._known[key] = self._count(kpi, figure.period)
        return self._known[key]

    def _count(self, kpi: Kpi, period: Period) -> Estimate:
        if not self._covers(kpi, period):
            return NOTHING
        if period.text not in self._counted:
            self._counted[period.text] = count(self._store, Filters(), "all", period.first, period.last)
        rows = [*self._counted[period.text].estimates(kpi).itertuples()]
        return _told(rows[0]) if rows else NOTHING

    def _covers(self, kpi: Kpi, period: Period) -> bool:
        since = self._first
        if kpi.family == "rate":
            since = self._fresh.orders_since
            if since and "exposure" in kpi.parts:
                since += timedelta(days=EXPOSURE_DAYS - 1)
        return since is not None and since <= period.first and period.last <= self._fresh.last_day


# What people say of us and of others, in one source.


def _opinions(store: Store, last: date) -> pd.DataFrame:
    """Opinions by source, day, brand and reason, of the sources that tell of us and of others."""
    sums = ", ".join(f"cast(sum({part}) as double) as {part}" for part in brands.PARTS)
    sql = f"""
with shared as (
  select source from r_brands where day <= $last
  group by source having count(distinct brand) > 1 and bool_or(brand = $ours)
)
select source, day, brand, coalesce(reason, '') as reason, {sums}
from r_brands where day <= $last and source in (select source from shared)
group by all order by all"""
    table = store.run(Query("opinions by brand", sql, {"last": last, "ours": OURS}))
    return table.assign(day=pd.to_datetime(table["day"]))


def _of_window(opinions: pd.DataFrame, window: Period) -> pd.DataFrame:
    return opinions[
        opinions["day"].between(pd.Timestamp(window.first), pd.Timestamp(window.last))
    ].reset_index(drop=True)


def _measured(opinions: pd.DataFrame, window: Period, limits: SmallSamples) -> Iterator[Standing]:
    for name, told in opinions.groupby("source"):
        source, months = str(name), _months(told, window)
        days = Period("", max(window.first, told["day"].min().date()), window.last)
        now = _of_window(told, window).assign(period="")
        by_month = told.assign(period=told["day"].dt.strftime("%Y-%m"))
        for kpi in (BENCHMARKED[name] for name in MEASURED):
            current = _beside(kpi, now, {"": days}, source, limits)
            past = _beside(kpi, by_month, months, source, limits)
            if found := gaps.standing(kpi, current, limits, source, past):
                yield found


def _months(told: pd.DataFrame, window: Period) -> dict[str, Period]:
    """The whole months that the source has told of, by name."""
    first = told["day"].min().date()
    periods = (gaps.period(name) for name in told["day"].dt.strftime("%Y-%m").unique())
    return {each.text: each for each in periods if each.first >= first and each.last <= window.last}


def _beside(
    kpi: Kpi, told: pd.DataFrame, periods: dict[str, Period], source: str, limits: SmallSamples
) -> list[Compared]:
    """Every other brand beside us, by counts of the same days; none where a side says nothing of the measure."""
    counted = told[told["period"].isin(periods)].groupby(["period", "brand"])[[*kpi.parts]].sum()
    rows = {row.Index: _told(row) for row in stats.estimate(kpi, counted).itertuples() if row.n > 0}
    method = gaps.method_of(kpi)
    return [
        gaps.compare(kpi, Figure(brand, periods[when], one, method, source), rows[when, OURS], periods[when].first, "", limits)
        for (when, brand), one in rows.items()
        if brand != OURS and (when, OURS) in rows
    ]  # fmt: skip


def _voice(source: object, told: pd.DataFrame) -> Voice:
    counted = told.groupby("brand")[[*brands.PARTS]].sum()
    counted["said_of_all"] = counted["said"].sum()
    order = sorted(counted.index, key=lambda name: (name != OURS, -counted.loc[name, "said"], name))
    counted = counted.loc[order]
    measures = {
        "voice": VOICE,
        "sentiment": BENCHMARKED["sentiment"],
        "negative": BENCHMARKED["negative_share"],
    }
    table = {
        name: [_told(row) for row in stats.estimate(kpi, counted).itertuples()]
        for name, kpi in measures.items()
    }
    late = _late(told)
    rows = pd.DataFrame(
        {"brand": order, "n": counted["said"].to_numpy(), **table, "late": [late.get(name) for name in order]}
    )
    return Voice(str(source), int(counted["said"].sum()), rows, _reasons(told, counted))


def _late(told: pd.DataFrame) -> dict[str, date]:
    """The brands of which collecting began long after the first, each with the day from which nearly all it has is."""
    by_day = told.pivot_table(index="day", columns="brand", values="said", aggfunc="sum", fill_value=0.0)
    began = (by_day.cumsum() >= BEGAN * by_day.sum()).idxmax()
    room = LATE * (by_day.index.max() - by_day.index.min())
    return {str(brand): day.date() for brand, day in began.items() if day - began.min() > room}


def _reasons(told: pd.DataFrame, counted: pd.DataFrame) -> pd.DataFrame:
    stated = told[told["reason"] != ""]
    wide = stated.pivot_table(
        index="reason", columns="brand", values="texts_negative", aggfunc="sum", fill_value=0.0
    )
    wide = wide.reindex(columns=counted.index, fill_value=0.0)
    most = wide.loc[wide.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    most = most[most.sum(axis=1) > 0].head(MOST_REASONS)
    scored = counted["texts_scored"].where(counted["texts_scored"] > 0)
    return (100 * most / scored).rename_axis(index="reason", columns=None).reset_index()


def _told(row: Any) -> Estimate:
    return Estimate(float(row.value), float(row.lo), float(row.hi), float(row.n), float(row.base))
