"""The roadmap: which actions are late, and of each finished one whether its measure moved after it.

A finished action is judged by two equally long windows of whole weeks: the one that ends on the day before its start, and the
one that begins on the day after its finish. What would have moved anyway is taken off: by the same windows a year (52 weeks)
before where the data reach that far, else by the other channels, else not at all, which is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import nan
from typing import Any, Literal

import pandas as pd

from cx import stats
from cx.before_after import Pair, moved, scatter
from cx.kpis import Kpi, kpi
from cx.query import Filters, Query
from cx.questions.counts import Counts, choices, count_each
from cx.questions.freshness import Freshness
from cx.stats import Change, Estimate, SmallSamples
from cx.store import Store

LEAST_DAYS, MOST_DAYS = 28, 84
"""How long the windows before and after are: whole weeks, as many as are there, between these."""
YEAR = timedelta(weeks=52)
DAY = timedelta(days=1)
_NOTHING = Estimate(nan, nan, nan, 0.0, 0.0)

Why = Literal["overdue", "not started"]
Control = Literal["year", "rest", "none"]
Verdict = Literal["better", "worse", "moved", "same", "few", "no interval", "early", "no before"]


@dataclass(frozen=True, slots=True)
class Action:
    """One row of actions.csv. `number` is its place in the file, from 0; target (KPI's unit) and cost may be nan."""

    number: int
    what: str
    owner: str
    department: str
    channel: str
    start: date
    due: date
    kpi: Kpi
    target: float
    cost: float
    state: str
    done_on: date | None


@dataclass(frozen=True, slots=True)
class Late:
    """An action that should be over, or should have begun, and by how many days."""

    action: Action
    why: Why
    days: int


@dataclass(frozen=True, slots=True)
class Windows:
    """Two spans of `days` each, before and after, by their first days."""

    before: date
    after: date
    days: int

    def earlier(self, by: timedelta) -> Windows:
        """The same spans that much earlier."""
        return replace(self, before=self.before - by, after=self.after - by)


@dataclass(frozen=True, slots=True)
class Effect:
    """What came of a finished action. Without windows nothing was counted yet; `judged_on` is the day from which it can be.

    `narrowed` is the channel that both figures are of, '' for the whole company. `change` is beyond the control.
    """

    action: Action
    verdict: Verdict
    narrowed: str
    windows: Windows | None = None
    before: Estimate = _NOTHING
    after: Estimate = _NOTHING
    change: Change = Change.unknown()  # noqa: RUF009
    control: Control = "none"
    reached: Literal["met", "missed", "near", "no data", ""] = ""
    judged_on: date | None = None


def actions(table: pd.DataFrame) -> list[Action]:
    """The rows of actions.csv, as `cx.reference.actions` read them."""
    return [_action(place, row) for place, row in enumerate(table.to_dict("records"))]


def late(told: Sequence[Action], today: date) -> list[Late]:
    """What is late, the longest first: due and not over, or to be started and still planned."""
    found = [one for action in told for one in _late(action, today)]
    return sorted(found, key=lambda one: -one.days)


def effects(store: Store, fresh: Freshness, told: Sequence[Action], limits: SmallSamples) -> list[Effect]:
    """What came of each finished action, the last finished first."""
    done = sorted(
        (action for action in told if action.done_on), key=lambda action: action.done_on or action.due
    )
    if fresh.empty or not done:
        return []
    since = store.run(Query("first day", "select min(day) as day from r_volume"))["day"].iloc[0].date()
    channels = choices(store)["channel"]
    return [_effect(store, fresh, action, since, channels, limits) for action in reversed(done)]


def windows(action: Action, since: date, through: date) -> Windows | None:
    """The longest equal windows within the data, of whole weeks; None where they would be too short."""
    finished = action.done_on or action.due
    room = min((through - finished).days, (action.start - since).days, MOST_DAYS) // 7 * 7
    return Windows(action.start - timedelta(days=room), finished + DAY, room) if room >= LEAST_DAYS else None


def narrows(kpi: Kpi) -> bool:
    """Whether a channel narrows both sides of the measure: of a rate it would narrow the contacts and not the sales."""
    return kpi.family != "rate"


def _late(action: Action, today: date) -> Iterator[Late]:
    if action.state in ("planned", "running") and action.due < today:
        yield Late(action, "overdue", (today - action.due).days)
    elif action.state == "planned" and action.start < today:
        yield Late(action, "not started", (today - action.start).days)


def _effect(store: Store, fresh: Freshness, action: Action, since: date, channels: Sequence[str],
            limits: SmallSamples) -> Effect:  # fmt: skip
    measure, finished = action.kpi, action.done_on or action.due
    narrowed = action.channel if action.channel and narrows(measure) else ""
    first, through = _first(fresh, measure, since), _through(fresh, measure)
    span = windows(action, first, through)
    if span is None:
        ready = finished + timedelta(days=LEAST_DAYS)
        if (action.start - first).days < LEAST_DAYS:
            return Effect(action, "no before", narrowed)
        return Effect(action, "early", narrowed, judged_on=ready + DAY + timedelta(days=measure.settle_days))
    here = Filters(channel=(narrowed,)) if narrowed else Filters()
    pair = _pair(store, measure, here, span)
    control, other = _control(store, measure, here, span, first, channels)
    change = moved(measure, pair, other, limits)
    reached = stats.target(measure, pair.after, action.target) if pd.notna(action.target) else ""
    return Effect(action, _verdict(change), narrowed, span, pair.before, pair.after, change, control, reached)


def _control(store: Store, measure: Kpi, here: Filters, span: Windows, first: date,
             channels: Sequence[str]) -> tuple[Control, Pair | None]:  # fmt: skip
    """What would have moved anyway."""
    if span.before - YEAR >= first:
        pair = _pair(store, measure, here, span.earlier(YEAR))
        if _told(pair):
            return "year", pair
    rest = tuple(channel for channel in channels if channel not in here.channel)
    if here.channel and rest:
        pair = _pair(store, measure, Filters(channel=rest), span)
        if _told(pair):
            return "rest", pair
    return "none", None


def _told(pair: Pair) -> bool:
    return pair.before.base > 0 and pair.after.base > 0


def _pair(store: Store, measure: Kpi, filters: Filters, span: Windows) -> Pair:
    """The measure in both windows, and how much more its weeks scatter within them than their counts explain."""
    both = [_window(store, measure, filters, first, span.days) for first in (span.before, span.after)]
    weeks = [scatter(measure, weeks) for _, weeks in both]
    return Pair(both[0][0], both[1][0], sum(weeks) / len(weeks))


def _window(
    store: Store, measure: Kpi, filters: Filters, first: date, days: int
) -> tuple[Estimate, list[Estimate]]:
    last = first + timedelta(days=days - 1)
    daily = count_each(store, filters, ("day",), first, last, [measure])["day"]
    whole = _rows(_together(daily, measure, first, days), measure)
    return (whole[0] if whole else _NOTHING), _rows(_together(daily, measure, first, 7), measure)


def _together(daily: Counts, measure: Kpi, first: date, days: int) -> Counts:
    """Days counted together by so many, from the first one on."""

    def summed(frame: pd.DataFrame, also: Sequence[str] = ()) -> pd.DataFrame:
        place = (pd.to_datetime(frame["key"]) - pd.Timestamp(first)).dt.days // days
        return frame.assign(key=place).groupby(["key", *also], as_index=False).sum()

    hist = daily.hist[daily.hist["measure"].isin(measure.parts)]
    return Counts(daily.key, summed(daily.parts), summed(daily.base), summed(hist, ("measure", "bin")))


def _rows(counts: Counts, measure: Kpi) -> list[Estimate]:
    table = counts.estimates(measure)
    return [
        Estimate(*(float(value) for value in row))
        for row in table[[*Estimate._fields]].itertuples(index=False)
    ]


def _first(fresh: Freshness, measure: Kpi, since: date) -> date:
    """The first day from which the measure is wholly known."""
    return next((since + timedelta(days=n) for n in range(60) if fresh.covers(measure, since + timedelta(days=n))),
                fresh.orders_since or date.max - YEAR)  # fmt: skip


def _through(fresh: Freshness, measure: Kpi) -> date:
    """The last day that every source of the measure has delivered."""
    day = fresh.last_day - timedelta(days=measure.settle_days)
    while fresh.behind(measure, day + DAY) and (fresh.last_day - day).days < MOST_DAYS:
        day -= DAY
    return day


def _verdict(change: Change) -> Verdict:
    if change.verdict == "real":
        return "moved" if change.good is None else "better" if change.good else "worse"
    if change.kind == "none":
        return "few"
    return {"noise": "same", "too few": "few", "no interval": "no interval"}[change.verdict]  # type: ignore[return-value]


def _action(place: int, row: dict[str, Any]) -> Action:
    texts = {name: str(row[name] or "") for name in ("what", "owner", "department", "channel", "state")}
    return Action(number=place, start=row["start"], due=row["due"], kpi=kpi(row["kpi"]), target=row["target"],
                  cost=row["cost"], done_on=row["done_on"], **texts)  # fmt: skip
