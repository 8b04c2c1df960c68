"""Asking, once for all viewers: one cached answer for each store version, view and language.

A version is the key to everything: nothing is ever invalidated, a new version asks anew. What is asked late, between
a commit and its version's arrival on the page, may already count the new rows; the arrival mends it within a second.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
import streamlit as st

from cx import charts, clock, reference, words
from cx.folders import Folders
from cx.forecast import Forecast
from cx.kpis import kpi
from cx.model import DIMENSIONS
from cx.query import Filters
from cx.questions import actions as roadmap
from cx.questions import counts, exports, freshness
from cx.questions.freshness import Freshness
from cx.questions.headline import Headline, headline
from cx.questions.health import Health, SoFar, Tile
from cx.ui import live, tiles
from cx.ui.telling import plots
from cx.ui.telling import week as in_words

VIEWS, SPECS = 64, 512
"""How many answers are kept: of whole views, and of single charts."""

DEFAULT_WEEKS = 52
DEFAULT_SPAN = 13
DEFAULT_MEASURE = "csat"


@dataclass(frozen=True, slots=True)
class View:
    """Everything that an answer depends on; `at` is the clock to the hour, `edited` tells the reference files."""

    version: int
    filters: Filters
    weeks: int
    at: datetime
    edited: tuple[object, ...]
    language: str

    @classmethod
    def of(cls, version: int, filters: Filters, weeks: int) -> View:
        """This moment's view of a store version."""
        return cls(version, filters, weeks, clock.hour(), _edited(), words.language())


BY_TEXT: dict[str | type[Any], Callable[[Any], Any]] = {View: repr, tuple: repr}
"""How caches tell views apart: by their text. Streamlit's own way copies each one field by field, at every look-up."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What journeys are set beside: '' for nothing, 'before' for the period before, 'groups' for two values."""

    against: str
    dimension: str = ""
    one: str = ""
    other: str = ""


def warm(version: int) -> None:
    """Answer what most viewers will ask of a new version, before they are told of it."""
    if fresh(version, clock.hour()).empty:
        return
    view = View.of(version, Filters(), DEFAULT_WEEKS)
    choices(version)
    strips(view)
    trend(view, DEFAULT_MEASURE)
    heading(view, DEFAULT_MEASURE, clock.now().date())
    movers(view, DEFAULT_MEASURE, DIMENSIONS[0])
    complaints(view)


@st.cache_resource(max_entries=VIEWS, show_spinner=False)
def fresh(version: int, at: datetime) -> Freshness:
    """Through when the data run."""
    return freshness.freshness(live.server().store, at)


def counting() -> bool:
    """Whether the store's figures wait to be counted anew."""
    return live.server().store.counting


@st.cache_resource(max_entries=VIEWS, show_spinner=False)
def choices(version: int) -> dict[str, list[str]]:
    """The values that each filter offers."""
    return counts.choices(live.server().store)


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=BY_TEXT)
def tables(edited: tuple[object, ...], language: str) -> reference.Tables:
    """The tables that a person edits, as they stand, with what is wrong with them in this language."""
    words.use(language)
    return reference.tables(Folders.default().reference)


def campaign_names() -> dict[str, str]:
    """The names of campaigns by their ids, as campaigns.csv says them now."""
    table = tables(_edited(), words.language()).campaigns
    return dict(zip(table["id"], table["name"], strict=True))


def settings() -> reference.Settings:
    """What the company decided for itself, as settings.toml says it now."""
    return tables(_edited(), words.language()).settings


@st.cache_resource(max_entries=VIEWS, show_spinner=False, hash_funcs=BY_TEXT)
def health(view: View) -> Health:
    """The weekly health of a view."""
    told = tables(view.edited, view.language)
    return Health(
        live.server().store,
        view.filters,
        fresh(view.version, view.at),
        told.targets,
        told.settings,
        view.weeks,
    )


@st.cache_resource(max_entries=VIEWS, show_spinner=False, hash_funcs=BY_TEXT)
def week(view: View) -> tuple[list[Tile], Headline]:
    """The tiles and the headline of a view."""
    answers = health(view)
    tiles = answers.tiles()
    return tiles, headline(answers, tiles)


@st.cache_resource(max_entries=VIEWS, show_spinner=False, hash_funcs=BY_TEXT)
def strips(view: View) -> tuple[list[tiles.Tile], list[tiles.Tile]]:
    """The tiles of a view in words and numbers: those of the headline measures, and those of all others."""
    words.use(view.language)
    return in_words.strips(week(view)[0])


@st.cache_resource(max_entries=SPECS, show_spinner=False, hash_funcs=BY_TEXT)
def so_far(view: View, name: str) -> SoFar | None:
    """The running week of one measure."""
    return health(view).so_far(kpi(name))


@st.cache_resource(max_entries=SPECS, show_spinner=False, hash_funcs=BY_TEXT)
def trend(view: View, name: str) -> dict[str, Any]:
    """The trend of one measure as a frozen chart."""
    words.use(view.language)
    measure = kpi(name)
    frame, size, written = plots.trend(measure, health(view).trend(measure))
    told = tables(view.edited, view.language)
    return charts.trend(
        frame,
        told.campaigns,
        plots.targets(measure, health(view).targets(measure), size),
        plots.trend_titles(),
        written,
        plots.actions(measure, roadmap.actions(told.actions)),
        plots.forecast(ahead(view, name), size),
    )


@st.cache_resource(max_entries=SPECS, show_spinner=False, hash_funcs=BY_TEXT)
def ahead(view: View, name: str) -> Forecast | None:
    """Where one measure is heading."""
    return health(view).ahead(kpi(name))


@st.cache_resource(max_entries=SPECS, show_spinner=False, hash_funcs=BY_TEXT)
def heading(view: View, name: str, today: date) -> list[str]:
    """Sentences on where one measure is heading, and on its running week where there is enough of it (Markdown)."""
    words.use(view.language)
    measure, running = kpi(name), so_far(view, name)
    told = [in_words.pace(measure, ahead(view, name), health(view).targets(measure), today)]
    return told if running is None else [*told, in_words.so_far(measure, running)]


@st.cache_resource(max_entries=SPECS, show_spinner=False, hash_funcs=BY_TEXT)
def movers(view: View, name: str, dimension: str) -> dict[str, Any] | None:
    """What moved one measure by one dimension, as a frozen chart; None where there is nothing to compare."""
    words.use(view.language)
    measure = kpi(name)
    split = health(view).movers(measure, dimension)
    if split.empty:
        return None
    return charts.movers(plots.movers(measure, dimension, split), plots.movers_titles(dimension))


@st.cache_resource(max_entries=VIEWS, show_spinner=False, hash_funcs=BY_TEXT)
def complaints(view: View) -> pd.DataFrame:
    """What customers complained about in the week, and in the one before."""
    return health(view).reasons()


@st.cache_resource(max_entries=4, show_spinner=False)
def arrivals(version: int) -> pd.DataFrame:
    """The exports that arrived."""
    return exports.arrivals(live.server().store)


@st.cache_resource(max_entries=VIEWS, show_spinner=False)
def refusals(version: int, file_id: int) -> pd.DataFrame:
    """The refused rows of one export."""
    return exports.refusals(live.server().store, file_id)


def _edited() -> tuple[object, ...]:
    """Name, time and size of every reference file: any edit, and any file that came or went, makes another."""
    found = []
    for path in sorted(Folders.default().reference.glob("*.*")):
        with suppress(OSError):  # an editor may just be swapping it
            about = path.stat()
            found.append((path.name, about.st_mtime_ns, about.st_size))
    return tuple(found)
