"""Asking for the surges page, once for all viewers: one cached answer for each version, as `asks` does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
import streamlit as st

from cx import clock, notes, salient, words
from cx.expected import against_expected
from cx.notes import Surge
from cx.query import Filters
from cx.questions import behind as behind_
from cx.questions import surging, waiting
from cx.questions.surging import Around, Watch
from cx.ui import asks, live
from cx.ui.asks import SPECS, VIEWS, View
from cx.ui.telling import surges as told_surges

SAME_DAYS = 14
"""An onset may be put some days earlier or later as days go by: notes on one so near are notes on the same surge."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One surge of the queue: the detector's row, what surrounds it, the campaigns that fit, and what was noted (the
    latest value of each action, with who and when)."""

    row: Any
    around: Around
    campaigns: tuple[str, ...]
    noted: dict[str, Any]

    @property
    def surge(self) -> Surge:
        """Which surge it is."""
        return Surge(self.row.product, self.row.reason, pd.Timestamp(self.row.onset).date())

    @property
    def muted(self) -> bool:
        """Whether somebody muted it until a day that has not passed."""
        until = self.noted["mute"].value if "mute" in self.noted else ""
        return bool(until) and date.fromisoformat(until) >= clock.now().date()


def last_day(version: int) -> date:
    """The last day that is complete."""
    return asks.fresh(version, clock.hour()).last_day


@st.cache_resource(max_entries=4, show_spinner=False)
def watch(version: int, through: date) -> Watch:
    """What the detector says."""
    return surging.watch(live.server().store, through)


@st.cache_resource(max_entries=VIEWS, show_spinner=False)
def queue(view: View, through: date) -> list[Entry]:
    """The surges, what to do first on top; muted ones last."""
    store, told = live.server().store, watch(view.version, through)
    campaigns = asks.tables(view.edited, view.language).campaigns
    fits, log = surging.fitting(told, campaigns), notes.noted(store)
    names = dict(zip(campaigns["id"], campaigns["name"], strict=True))
    entries = [
        Entry(row, surging.around(store, row), tuple(names[name] for name in fit), _latest(log, row))
        for row, fit in zip(told.found.itertuples(), fits, strict=True)
    ]
    return sorted(entries, key=lambda entry: entry.muted)


@st.cache_resource(max_entries=SPECS, show_spinner=False)
def picture(view: View, through: date, surge: Surge) -> dict[str, Any]:
    """The days of a surge against what was expected, as a frozen chart."""
    words.use(view.language)
    entry = next(entry for entry in queue(view, through) if entry.surge == surge)
    days = surging.daily(watch(view.version, through), entry.row)
    steps, shades, onset = told_surges.days(
        days, asks.tables(view.edited, view.language).campaigns, entry.row
    )
    return against_expected(
        steps, shades, told_surges.titles(), told_surges.written, told_surges.DAY, onset, told_surges.began()
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
    return against_expected(
        told_surges.hours(hours, through), (), told_surges.hour_titles(), told_surges.written, 1.0
    )


@st.cache_resource(max_entries=VIEWS, show_spinner=False)
def waits(version: int, at: datetime) -> tuple[waiting.Backlog, waiting.Reply]:
    """What waits, and how soon it is answered."""
    store, fresh = live.server().store, asks.fresh(version, at)
    return waiting.backlog(store, Filters(), fresh.through), waiting.reply(store, Filters(), fresh.last_day)


@st.cache_resource(max_entries=VIEWS, show_spinner=False)
def log(version: int, surge: Surge) -> pd.DataFrame:
    """What was noted of a surge, the newest first."""
    return _of(notes.noted(live.server().store), surge.product, surge.reason, surge.onset)[::-1]


def note(surge: Surge, action: str, value: str, who: str) -> None:
    """Write a note down; every open page is told of it."""
    notes.note(live.server().store, surge, action, value, who, clock.now())


def warm(version: int) -> None:
    """Answer what most viewers of the surges page will ask of a new version."""
    if not asks.fresh(version, clock.hour()).empty:
        queue(View.of(version, Filters(), 0), last_day(version))


def _row(view: View, through: date, surge: Surge) -> Any:
    return next(entry.row for entry in queue(view, through) if entry.surge == surge)


def _of(log: pd.DataFrame, product: str, reason: str, onset: date) -> pd.DataFrame:
    near = [abs((noted - onset).days) <= SAME_DAYS for noted in log["onset"]]
    return log[
        (log["product"] == product) & (log["reason"] == reason) & pd.Series(near, index=log.index, dtype=bool)
    ]


def _latest(log: pd.DataFrame, row: Any) -> dict[str, Any]:
    mine = _of(log, row.product, row.reason, pd.Timestamp(row.onset).date())
    return {noted.action: noted for noted in mine.itertuples()}
