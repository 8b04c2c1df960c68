"""Asking for the surges page, once for all viewers: one cached answer for each version, as `asks` does it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pandas as pd
import streamlit as st

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
from cx.ui import asks, live
from cx.ui.asks import SPECS, VIEWS, View
from cx.ui.telling import surges as told_surges
from cx.ui.telling.values import written


def last_day(version: int) -> date:
    """The last day that is complete."""
    return asks.fresh(version, clock.hour()).last_day


@st.cache_resource(show_spinner=False)
def _memory() -> Memory:
    return Memory()


@st.cache_resource(max_entries=4, show_spinner=False)
def watch(version: int, through: date) -> Watch:
    """What the detector says."""
    return surging.watch(live.server().store, through, _memory())


@st.cache_resource(max_entries=VIEWS, show_spinner=False)
def queue(view: View, through: date) -> list[Entry]:
    """The surges, what to do first on top; muted ones last."""
    told, tables = watch(view.version, through), asks.tables(view.edited, view.language)
    return queue_.queue(live.server().store, told, tables.campaigns, view.at.date())


@st.cache_resource(max_entries=SPECS, show_spinner=False)
def picture(view: View, through: date, surge: Surge) -> dict[str, Any]:
    """The days of a surge against what was expected, as a frozen chart."""
    words.use(view.language)
    row = _row(view, through, surge)
    days = surging.daily(watch(view.version, through), row)
    steps, shades, onset = told_surges.days(days, asks.tables(view.edited, view.language).campaigns, row)
    return against_expected(
        steps, shades, told_surges.titles(), written, told_surges.DAY, onset, told_surges.began()
    )


@st.cache_resource(max_entries=SPECS, show_spinner=False)
def shares(view: View, through: date, surge: Surge, dimension: str) -> pd.DataFrame:
    """Where the complaints of a surge come from."""
    return surging.shares(live.server().store, _row(view, through, surge), dimension)


@st.cache_resource(max_entries=VIEWS, show_spinner=False)
def said(view: View, through: date, surge: Surge) -> list[salient.Salient]:
    """The words that stand out in what customers wrote."""
    now, before = surging.texts(live.server().store, _row(view, through, surge))
    here, there = ([salient.Text(*row) for row in table.itertuples(index=False)] for table in (now, before))
    return salient.salient(here, there)


@st.cache_resource(max_entries=VIEWS, show_spinner=False)
def behind(view: View, through: date, surge: Surge) -> behind_.Behind:
    """The complaints of a surge."""
    row = _row(view, through, surge)
    raised = behind_.Raised(surge.product, surge.reason, surge.onset, pd.Timestamp(row.last_day).date())
    return behind_.raised(live.server().store, raised)


@st.cache_resource(max_entries=VIEWS, show_spinner=False)
def today(version: int, at: datetime, language: str) -> dict[str, Any]:
    """The hours of the day that runs, as a frozen chart."""
    words.use(language)
    through = asks.fresh(version, at).through
    hours = waiting.hours(live.server().store, Filters(), through.date())
    return against_expected(told_surges.hours(hours, through), (), told_surges.hour_titles(), written, 1.0)


@st.cache_resource(max_entries=VIEWS, show_spinner=False)
def waits(version: int, at: datetime) -> tuple[waiting.Backlog, waiting.Reply]:
    """What waits, and how soon it is answered."""
    store, fresh = live.server().store, asks.fresh(version, at)
    return waiting.backlog(store, Filters(), fresh.through), waiting.reply(store, Filters(), fresh.last_day)


@st.cache_resource(max_entries=VIEWS, show_spinner=False)
def log(version: int, surge: Surge) -> pd.DataFrame:
    """What was noted of a surge, the newest first."""
    return notes.on(notes.noted(live.server().store), surge)[::-1]


def note(surge: Surge, action: str, value: str, who: str) -> None:
    """Write a note down; every open page is told of it. Raises BadNote."""
    notes.note(live.server().store, surge, action, value, who, clock.now())


def warm(version: int) -> None:
    """Answer what most viewers of the surges page will ask of a new version."""
    if not asks.fresh(version, clock.hour()).empty:
        queue(View.of(version, Filters(), 0), last_day(version))


def _row(view: View, through: date, surge: Surge) -> Any:
    return next(entry.row for entry in queue(view, through) if entry.surge == surge)
