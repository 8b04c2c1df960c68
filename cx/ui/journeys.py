"""Asking for the journey page, once for all viewers: one cached answer for each view, as `asks` does it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pandas as pd

from cx import sankey, words
from cx.journey import DEFAULT, Journey
from cx.model import JOURNEY_DIMENSIONS
from cx.query import Filters
from cx.questions import behind as behind_
from cx.questions import channels, ideal, paths, returning, touchpoints
from cx.questions import funnel as funnels
from cx.questions.funnel import Comparison, Funnel, Period
from cx.stats import Estimate, SmallSamples
from cx.telling import access as told_access
from cx.telling import ways as told_ways
from cx.ui import asks, live, rights
from cx.ui.asks import SPECS, VIEWS, View
from cx.ui.keeping import cached
from cx.vega import Spec
from cx.ways import still as still_ways


@dataclass(frozen=True, slots=True)
class Paths:
    """Ways through the journey: how many visits, the share that goes back, their links, the picture of them, and one that
    can leave the page."""

    visits: int
    returning: Estimate
    links: pd.DataFrame
    picture: dict[str, Any]
    still: Spec


@dataclass(frozen=True, slots=True)
class Channels:
    """Where customers are, how they hop, on which devices, and how often they need support."""

    presence: pd.DataFrame
    hops: channels.Hops
    devices: channels.Devices
    support: channels.Support


@dataclass(frozen=True, slots=True)
class Returning:
    """Churn in the period and in the one before, repeat purchase, and the cohorts."""

    now: pd.Series
    before: pd.Series
    repeat: pd.Series
    cohorts: pd.DataFrame


@cached(VIEWS)
def journey(version: int) -> Journey:
    """The journey that this version's rollups were folded for."""
    return live.store().journey or DEFAULT


@cached(VIEWS)
def through(version: int) -> date | None:
    """The last day of which the whole journey is known; None where there is nothing."""
    return touchpoints.through(live.store(), journey(version))


@cached(VIEWS)
def choices(version: int) -> dict[str, list[str]]:
    """The values that each filter of the journey page offers."""
    found = {**asks.choices(version), **paths.choices(live.store())}
    return {name: found[name] for name in JOURNEY_DIMENSIONS}


@cached(VIEWS)
def unknown_stages(version: int) -> pd.DataFrame:
    """Stages that interactions name and the journey does not: stage, n."""
    return touchpoints.unknown_stages(live.store(), journey(version))


def period(view: View) -> Period:
    """The days that a view looks at."""
    last = through(view.version)
    assert last is not None, "the page greets before it asks"
    return Period(last - timedelta(days=7 * view.weeks - 1), last, last)


def begun(view: View) -> Period:
    """The days in which a view's journeys began: as many as it looks at have had their window, and younger ones follow."""
    days = period(view)
    window = timedelta(days=journey(view.version).window_days)
    return replace(days, first=days.first - window)


@cached(SPECS)
def funnel(view: View, compared: Comparison) -> tuple[Funnel, Funnel | None]:
    """The funnel of a view, and what it is set beside."""
    if compared.against == "groups":
        one, other = (_of(view, compared.dimension, value) for value in (compared.one, compared.other))
        return _funnel(view, one), _funnel(view, other)
    now = _funnel(view, view.filters)
    if compared.against != "before":
        return now, None
    told = begun(view).before(journey(view.version))
    return now, funnels.funnel(live.store(), journey(view.version), view.filters, told)


def stages(view: View, compared: Comparison) -> pd.DataFrame:
    """The stages of the funnel, and of what it is set beside, as they are downloaded."""
    now, other = funnel(view, compared)
    if other is None:
        return now.stages
    sides = {"shown": now.stages, "beside": other.stages}
    return pd.concat(sides, names=["side"]).reset_index("side").reset_index(drop=True)


def shown(view: View, compared: Comparison) -> View:
    """The view of those whom the funnel shows: the first of two groups, or everyone in view."""
    if compared.against != "groups":
        return view
    return replace(view, filters=_of(view, compared.dimension, compared.one))


@cached(SPECS)
def breakdown(view: View, dimension: str) -> pd.DataFrame:
    """The funnel by the values of one dimension."""
    return funnels.breakdown(live.store(), journey(view.version), view.filters, begun(view), dimension)


@cached(VIEWS)
def gaps(view: View) -> list[ideal.StageGap]:
    """Today's journey against the ideal one."""
    shape, days = journey(view.version), period(view)
    felt = touchpoints.stages(live.store(), shape, view.filters, days.first, days.last)
    aims = asks.tables(view.edited, view.language).ideal
    return ideal.gaps(shape, aims, funnel(view, Comparison(""))[0], felt)


@cached(VIEWS)
def touched(view: View) -> pd.DataFrame:
    """Every touchpoint of every stage."""
    days = period(view)
    store, shape = live.store(), journey(view.version)
    return touchpoints.touchpoints(store, shape, view.filters, days.first, days.last, _limits(view))


@cached(SPECS)
def pains(view: View, stage: str) -> pd.DataFrame:
    """What customers raise about a stage."""
    days = period(view)
    return touchpoints.reasons(live.store(), view.filters, stage, days.first, days.last)


@cached(VIEWS)
def ways(view: View) -> Paths:
    """The ways through the journey."""
    words.use(view.language)
    shape, days = journey(view.version), period(view)
    taken = paths.ways(live.store(), shape, view.filters, days.first, days.last, days.through)
    links = paths.links(shape, taken, sankey.STEPS)
    drawn, rtl = told_ways.drawn(shape, links), words.right_to_left()
    picture, still = sankey.options(drawn, {"alt": told_ways.alt()}, rtl), still_ways(drawn, rtl)
    return Paths(int(taken["visits"].sum()), paths.returning(shape, taken), links, picture, still)


@cached(VIEWS)
def habits(view: View) -> pd.DataFrame:
    """What customers who bought again met, beside those who did not."""
    shape, days = journey(view.version), period(view)
    return returning.habits(live.store(), shape, view.filters, days.through, limits=_limits(view))


@cached(VIEWS)
def of_channels(view: View) -> Channels:
    """Where customers are."""
    store, days = live.store(), period(view)
    asked, limits = (store, view.filters, days.first, days.last), _limits(view)
    return Channels(
        channels.presence(*asked),
        channels.hops(*asked),
        channels.devices(*asked, limits),
        channels.support(*asked, limits),
    )


@cached(VIEWS)
def kept(view: View) -> Returning:
    """Who comes back."""
    store, shape, days = live.store(), journey(view.version), period(view)
    back = days.last - days.first + timedelta(days=1)
    now, before = (
        returning.churn(store, shape, view.filters, days.first - shift, days.last - shift, days.through).iloc[
            0
        ]
        for shift in (timedelta(0), back)
    )
    repeat = returning.repeat_purchase(store, shape, view.filters, days.through).iloc[0]
    return Returning(now, before, repeat, returning.cohorts(store, view.filters, days.through))


def figures(view: View) -> pd.DataFrame:
    """Churn in both periods and repeat purchase, as they are downloaded."""
    told = kept(view)
    return pd.DataFrame(
        {"period": told.now, "period_before": told.before, "repeat_purchase": told.repeat}
    ).T.reset_index(names="what")


def behind(view: View, figure: behind_.Figure) -> behind_.Behind:
    """The interactions behind a figure. Raises NotAllowed, NotLogged."""
    rights.saw(told_access.figure(figure, view.filters))
    return _behind(view, figure)


@cached(VIEWS, needs="single")
def _behind(view: View, figure: behind_.Figure) -> behind_.Behind:
    days = begun(view) if isinstance(figure, behind_.Reached) else period(view)
    return behind_.behind(live.store(), journey(view.version), view.filters, days, figure, asks.elsewhere())


def warm(version: int) -> None:
    """Answer what most viewers of the journey page will ask of a new version."""
    if through(version) is None:
        return
    view = View.of(version, Filters(), asks.DEFAULT_SPAN)
    choices(version)
    gaps(view)
    breakdown(view, JOURNEY_DIMENSIONS[0])


def _funnel(view: View, filters: Filters) -> Funnel:
    return funnels.funnel(live.store(), journey(view.version), filters, begun(view))


def _limits(view: View) -> SmallSamples:
    return asks.tables(view.edited, view.language).settings.small_samples


def _of(view: View, dimension: str, value: str) -> Filters:
    return replace(view.filters, **{dimension: (value,)})
