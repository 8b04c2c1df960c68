"""Asking for the campaigns page, once for all viewers: one cached answer for each version, as `asks` does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from cx import words
from cx.expected import against_expected
from cx.lift import Memory
from cx.query import Query
from cx.questions import brought, campaigns
from cx.questions.brought import Phase, Set
from cx.questions.campaigns import League, Result
from cx.questions.carrying import Scope
from cx.questions.since_start import since_start
from cx.side_by_side import side_by_side
from cx.stats import SmallSamples
from cx.ui import asks, live
from cx.ui.asks import SPECS, VIEWS, View
from cx.ui.telling import beside as told_beside
from cx.ui.telling import campaign as told_campaign
from cx.ui.telling import campaigns as told_campaigns
from cx.ui.telling.values import written
from cx.words import number


@dataclass(frozen=True, slots=True)
class Opened:
    """One campaign in depth: what each of its cards shows, and the queries behind them."""

    scope: Scope
    phases: dict[str, Phase]
    segments: pd.DataFrame
    channels: pd.DataFrame
    ratings: dict[str, Set]
    again: dict[int, Set]
    asked: tuple[Query, ...]


def limits(view: View) -> SmallSamples:
    """Below which counts a figure is hidden, or called small."""
    return asks.tables(view.edited, view.language).settings.small_samples


_MEMORY = Memory()
"""What campaigns were last judged by. It goes by content, so no cache that is emptied need hold it."""


def league(view: View, through: date) -> League | None:
    """All campaigns, judged: the same under any filter and at any hour."""
    return _judged(view.version, view.edited, view.language, through)


@st.cache_resource(max_entries=4, show_spinner=False)
def _judged(version: int, edited: tuple[object, ...], language: str, through: date) -> League | None:
    tables = asks.tables(edited, language)
    costs, small = tables.settings.costs, tables.settings.small_samples
    return campaigns.league(live.server().store, tables.campaigns, costs, through, small, _MEMORY)


@st.cache_resource(max_entries=SPECS, show_spinner=False)
def sales(view: View, through: date, campaign: str) -> dict[str, Any]:
    """Units sold around a campaign against what would have been sold without it, as a frozen chart."""
    words.use(view.language)
    told, result = _of(view, through, campaign)
    steps = told_campaign.sales(campaigns.picture(told, result), result)
    shade, titles = told_campaign.shade(result), told_campaign.sales_titles()
    return against_expected(steps, shade, titles, written, told_campaign.DAY)


@st.cache_resource(max_entries=SPECS, show_spinner=False)
def complaints(view: View, through: date, campaign: str) -> dict[str, Any]:
    """Complaints for each 1,000 units around a campaign, on the same days, as a frozen chart."""
    words.use(view.language)
    _, result = _of(view, through, campaign)
    days = campaigns.complaints(live.server().store, result, through)
    steps = told_campaign.complaints(days, result)
    shade, titles = told_campaign.shade(result), told_campaign.complaint_titles()
    return against_expected(steps, shade, titles, written, told_campaign.DAY)


@st.cache_resource(max_entries=VIEWS, show_spinner=False)
def opened(view: View, through: date, campaign: str) -> Opened:
    """Everything that is told of a campaign that has begun."""
    _, result = _of(view, through, campaign)
    store, small = live.server().store, limits(view)
    scope, journey = brought.scope(store, result.campaign, through), store.journey
    return Opened(
        scope,
        brought.phases(store, scope),
        brought.segments(store, scope, small),
        brought.channels(store, journey, scope),
        brought.ratings(store, scope, small),
        brought.again(store, journey, scope, small) if journey else {},
        brought.asked(scope, journey),
    )


@st.cache_resource(max_entries=VIEWS, show_spinner=False)
def beside(view: View, through: date, chosen: tuple[str, ...]) -> pd.DataFrame:
    """Several campaigns on the days since each began."""
    told = league(view, through)
    assert told is not None, "campaigns are chosen from the league"
    return since_start(live.server().store, told, chosen)


@st.cache_resource(max_entries=SPECS, show_spinner=False)
def lines(view: View, through: date, chosen: tuple[str, ...], measure: str) -> dict[str, Any]:
    """One measure ('percent' or 'rate') of several campaigns, as a frozen chart."""
    words.use(view.language)
    told = league(view, through)
    assert told is not None, "campaigns are chosen from the league"
    drawn = told_beside.lines(beside(view, through, chosen), measure, told_campaigns.names(told.results))
    percent = measure == "percent"
    titles = told_beside.line_titles()
    return side_by_side(drawn, titles, _percent if percent else written, 0.0 if percent else None)


def _percent(amount: float) -> str:
    return f"{number(amount)}%"


def _of(view: View, through: date, campaign: str) -> tuple[League, Result]:
    told = league(view, through)
    assert told is not None, "a campaign is opened from the league"
    return told, told.of(campaign)
