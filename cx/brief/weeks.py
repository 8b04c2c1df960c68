"""The weeks that a brief can be of, and how the data stood at the end of one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby

from cx.errors import CxError
from cx.kpis import KPIS
from cx.query import Query, midnight
from cx.questions.freshness import Freshness, monday
from cx.store import Store
from cx.words import enumeration, t

WEEK = timedelta(weeks=1)
MOST_SPANS = 6
"""Of weeks that follow each other, told when one is asked for that is not there."""
SETTLED = timedelta(days=max(kpi.settle_days for kpi in KPIS.values()))
"""When a week is over, the slowest measure waits so long for its last day."""


class BadWeek(CxError):
    """A week that is no week, is not over, or has no data; says which there are."""


def named(week: date) -> str:
    """A week by its Monday, as ISO 8601 names it: '2026-W46'."""
    year, number, _ = week.isocalendar()
    return f"{year}-W{number:02}"


def parsed(store: Store, fresh: Freshness, week: str) -> date:
    """The Monday of a week that is over and has data. Raises BadWeek."""
    day, there = _day(week), over(store, fresh)
    if day is None:
        raise BadWeek(t("'{week}' is no week; write it like 2026-W46.", week=week) + _told(there))
    if day not in there:
        late = fresh.empty or day > fresh.last_week()
        why = t("The week {week} is not over yet, or its data have not come.", week=named(day)) if late else t(
            "There are no data of the week {week}.", week=named(day))  # fmt: skip
        raise BadWeek(why + _told(there))
    return day


def over(store: Store, fresh: Freshness) -> list[date]:
    """The Mondays of all weeks that are over and have data, in order."""
    days = store.run(Query("days with data", "select distinct day from r_volume where dimension = ''"))["day"]
    weeks = {monday(day.date()) for day in days}
    return sorted(week for week in weeks if not fresh.empty and week <= fresh.last_week())


def at_the_end_of(fresh: Freshness, week: date) -> Freshness:
    """How far the data run, seen from the end of an earlier week: today's data, without the weeks since."""
    if week >= fresh.last_week():
        return fresh
    return replace(fresh, now=min(fresh.now, midnight(week + WEEK) + SETTLED))


def _day(week: str) -> date | None:
    if re.fullmatch(r"\d{4}-W\d{2}", week):
        with suppress(ValueError):
            return date.fromisoformat(f"{week}-1")
    return None


def _told(there: Sequence[date]) -> str:
    """The weeks that there are, those that follow each other together."""
    if not there:
        return " " + t("No week of the data is over yet.")
    spans = []
    for _, group in groupby(enumerate(there), lambda pair: pair[1] - pair[0] * WEEK):
        first, *_, last = [*(week for _, week in group)] * 2
        spans.append(named(first) if first == last else t("{first} to {last}", first=named(first), last=named(last)))  # fmt: skip
    return " " + t("There are {weeks}.", weeks=enumeration(spans[-MOST_SPANS:]))
