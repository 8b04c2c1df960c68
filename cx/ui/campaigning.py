"""Asking for the campaigns page, once for all viewers: one cached answer for each version, as `asks` does it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from cx import clock, words
from cx.expected import against_expected
from cx.lift import Memory
from cx.query import Filters, Query
from cx.questions import brought, campaigns
from cx.questions.brought import Phase, Set
from cx.questions.campaigns import League, Result
from cx.questions.carrying import Scope
from cx.questions.since_start import since_start
from cx.reference import products
from cx.side_by_side import side_by_side
from cx.stats import SmallSamples
from cx.telling import beside as told_beside
from cx.telling import campaign as told_campaign
from cx.telling import campaigns as told_campaigns
from cx.telling import plots
from cx.telling.values import written
from cx.ui import asks, live
from cx.ui.asks import SPECS, VIEWS, View
from cx.ui.keeping import cached, seen_by
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


_MEMORIES: dict[str, Memory] = defaultdict(Memory)
"""What campaigns were last judged by, of those who see the same rows. It goes by content, so no cache that is emptied need
hold it."""


def league(view: View, through: date) -> League | None:
    """All campaigns, judged: the same under any filter and at any hour."""
    return _judged(view.version, view.edited, view.language, through)


def warm(version: int) -> None:
    """Judge the campaigns: what is remembered of it makes those of later versions quick."""
    fresh = asks.fresh(version, clock.hour())
    if not fresh.empty:
        league(View.of(version, Filters(), 0), fresh.last_day)


@cached(4)
def _judged(version: int, edited: tuple[object, ...], language: str, through: date) -> League | None:
    tables = asks.tables(edited, language)
    costs, small = tables.settings.costs, tables.settings.small_samples
    return campaigns.league(live.store(), tables.campaigns, costs, through, small, _MEMORIES[seen_by()])


def days(view: View, through: date, campaign: str) -> pd.DataFrame:
    """Units sold on each day around a campaign, and what would have been sold without it."""
    return campaigns.picture(*_of(view, through, campaign))


@cached(SPECS)
def complained(view: View, through: date, campaign: str) -> pd.DataFrame:
    """Complaints for each 1,000 units on the same days."""
    _, result = _of(view, through, campaign)
    return campaigns.complaints(live.store(), result, through)


@cached(SPECS)
def sales(view: View, through: date, campaign: str) -> dict[str, Any]:
    """Units sold around a campaign against what would have been sold without it, as a frozen chart."""
    words.use(view.language)
    _, result = _of(view, through, campaign)
    steps = told_campaign.sales(days(view, through, campaign), result)
    shade, titles = told_campaign.shade(result), told_campaign.sales_titles() | plots.annotation_titles()
    return against_expected(
        steps, shade, titles, written, told_campaign.DAY, annotations=_noted(view, result)
    )


@cached(SPECS)
def complaints(view: View, through: date, campaign: str) -> dict[str, Any]:
    """Complaints for each 1,000 units around a campaign, on the same days, as a frozen chart."""
    words.use(view.language)
    _, result = _of(view, through, campaign)
    steps = told_campaign.complaints(complained(view, through, campaign), result)
    shade, titles = told_campaign.shade(result), told_campaign.complaint_titles() | plots.annotation_titles()
    return against_expected(
        steps, shade, titles, written, told_campaign.DAY, annotations=_noted(view, result)
    )


@cached(VIEWS)
def opened(view: View, through: date, campaign: str) -> Opened:
    """Everything that is told of a campaign that has begun."""
    _, result = _of(view, through, campaign)
    store, small = live.store(), limits(view)
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


@cached(VIEWS)
def beside(view: View, through: date, chosen: tuple[str, ...]) -> pd.DataFrame:
    """Several campaigns on the days since each began."""
    told = league(view, through)
    assert told is not None, "campaigns are chosen from the league"
    return since_start(live.store(), told, chosen)


@cached(SPECS)
def lines(view: View, through: date, chosen: tuple[str, ...], measure: str) -> dict[str, Any]:
    """One measure ('percent' or 'rate') of several campaigns, as a frozen chart."""
    words.use(view.language)
    told = league(view, through)
    assert told is not None, "campaigns are chosen from the league"
    drawn = told_beside.lines(beside(view, through, chosen), measure, told_campaigns.names(told.results))
    percent = measure == "percent"
    titles = told_beside.line_titles()
    return side_by_side(drawn, titles, _percent if percent else written, 0.0 if percent else None)


def _noted(view: View, result: Result) -> pd.DataFrame:
    """What happened to a campaign's products."""
    told = asks.tables(view.edited, view.language).annotations
    return plots.annotated(told, products(result.campaign.products))


def _percent(amount: float) -> str:
    return f"{number(amount)}%"


def _of(view: View, through: date, campaign: str) -> tuple[League, Result]:
    told = league(view, through)
    assert told is not None, "a campaign is opened from the league"
    return told, told.of(campaign)
