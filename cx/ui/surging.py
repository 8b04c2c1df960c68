"""Asking for the surges page, once for all viewers: one cached answer for each version, as `asks` does it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pandas as pd

from cx import clock, notes, salient, words
from cx.expected import against_expected
from cx.notes import Surge
from cx.query import Filters
from cx.questions import behind as behind_
from cx.questions import queue as queue_
from cx.questions import surging, waiting
from cx.questions.queue import Entry
from cx.questions.surging import Watch
from cx.surges import Memory
from cx.telling import access as told_access
from cx.telling import plots
from cx.telling import surges as told_surges
from cx.telling.values import written
from cx.ui import asks, live, rights
from cx.ui.asks import SPECS, VIEWS, View
from cx.ui.keeping import cached


def last_day(version: int) -> date:
    """The last day that is complete."""
    return asks.fresh(version, clock.hour()).last_day


@cached(1)
def _memory() -> Memory:
    return Memory()


@cached(4)
def watch(version: int, through: date) -> Watch:
    """What the detector says."""
    return surging.watch(live.store(), through, _memory())


@cached(VIEWS)
def queue(view: View, through: date) -> list[Entry]:
    """The surges, what to do first on top; muted ones last."""
    told, tables = watch(view.version, through), asks.tables(view.edited, view.language)
    return queue_.queue(live.store(), told, tables.campaigns, view.at.date())


@cached(SPECS)
def picture(view: View, through: date, surge: Surge) -> dict[str, Any]:
    """The days of a surge against what was expected, as a frozen chart."""
    words.use(view.language)
    row = _row(view, through, surge)
    days = surging.daily(watch(view.version, through), row)
    tables = asks.tables(view.edited, view.language)
    steps, shades, onset = told_surges.days(days, tables.campaigns, row)
    return against_expected(
        steps, shades, told_surges.titles() | plots.annotation_titles(), written, told_surges.DAY, onset, told_surges.began(),
        plots.annotated(tables.annotations, (surge.product,) if surge.product not in ("", surging.UNSTATED) else ()),
    )  # fmt: skip


def days(view: View, through: date, surge: Surge) -> pd.DataFrame:
    """The days of a surge, and what was expected of them."""
    return surging.daily(watch(view.version, through), _row(view, through, surge))


@cached(SPECS)
def shares(view: View, through: date, surge: Surge, dimension: str) -> pd.DataFrame:
    """Where the complaints of a surge come from."""
    return surging.shares(live.store(), _row(view, through, surge), dimension)


def said(view: View, through: date, surge: Surge) -> list[salient.Salient]:
    """The words that stand out in what customers wrote. Raises NotAllowed, NotLogged."""
    rights.saw(told_access.surge(surge))
    return _said(view, through, surge)


@cached(VIEWS, needs="single")
def _said(view: View, through: date, surge: Surge) -> list[salient.Salient]:
    now, before = surging.texts(live.store(), _row(view, through, surge))
    here, there = ([salient.Text(*row) for row in table.itertuples(index=False)] for table in (now, before))
    return salient.salient(here, there)


def worded(view: View, through: date, surge: Surge) -> bool:
    """Whether customers' words lie here; those of what an engine counted are not kept."""
    elsewhere = asks.elsewhere()
    return elsewhere is None or _row(view, through, surge).last_day >= pd.Timestamp(elsewhere.served.end)


def behind(view: View, through: date, surge: Surge) -> behind_.Behind:
    """The complaints of a surge. Raises NotAllowed, NotLogged."""
    rights.saw(told_access.surge(surge))
    return _behind(view, through, surge)


@cached(VIEWS, needs="single")
def _behind(view: View, through: date, surge: Surge) -> behind_.Behind:
    row = _row(view, through, surge)
    raised = behind_.Raised(surge.product, surge.reason, surge.onset, pd.Timestamp(row.last_day).date())
    return behind_.raised(live.store(), raised, asks.elsewhere())


@cached(VIEWS)
def today(version: int, at: datetime, language: str) -> dict[str, Any]:
    """The hours of the day that runs, as a frozen chart."""
    words.use(language)
    through = asks.fresh(version, at).through
    return against_expected(
        told_surges.hours(hours(version, at), through), (), told_surges.hour_titles(), written, 1.0
    )


@cached(VIEWS)
def hours(version: int, at: datetime) -> pd.DataFrame:
    """The hours of the day that runs, and what is usual for them."""
    return waiting.hours(live.store(), Filters(), asks.fresh(version, at).through.date())


@cached(VIEWS)
def waits(version: int, at: datetime) -> tuple[waiting.Backlog, waiting.Reply]:
    """What waits, and how soon it is answered."""
    store, fresh = live.store(), asks.fresh(version, at)
    return waiting.backlog(store, Filters(), fresh.through), waiting.reply(store, Filters(), fresh.last_day)


@cached(VIEWS)
def log(version: int, surge: Surge) -> pd.DataFrame:
    """What was noted of a surge, the newest first."""
    return notes.on(notes.noted(live.store()), surge)[::-1]


def note(surge: Surge, action: str, value: str, who: str) -> None:
    """Write a note down, under their own address where somebody signed in; every open page is told of it.

    Raises BadNote, NotAllowed, NotLogged.
    """
    rights.does("acknowledge", "changed", f"{told_access.surge(surge)}: {action}")
    notes.note(live.server().store, surge, action, value, rights.signed(who), clock.now())


def warm(version: int) -> None:
    """Answer what most viewers of the surges page will ask of a new version."""
    if not asks.fresh(version, clock.hour()).empty:
        queue(View.of(version, Filters(), 0), last_day(version))


def _row(view: View, through: date, surge: Surge) -> Any:
    return next(entry.row for entry in queue(view, through) if entry.surge == surge)
