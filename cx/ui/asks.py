"""Asking, once for all viewers: one cached answer for each store version, view and language.

A version is the key to everything: nothing is ever invalidated, a new version asks anew. What is asked late, between
a commit and its version's arrival on the page, may already count the new rows; the arrival mends it within a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from cx import charts, clock, reference, words
from cx.access import person
from cx.engine.asking import Elsewhere
from cx.errors import NotAllowed
from cx.folders import Folders
from cx.forecast import Forecast
from cx.kpis import kpi
from cx.model import DIMENSIONS
from cx.query import Filters
from cx.questions import actions as roadmap
from cx.questions import counts, exports, freshness
from cx.questions.crossing import singles_out
from cx.questions.freshness import Freshness
from cx.questions.headline import Headline, headline
from cx.questions.health import Health, SoFar, Tile
from cx.telling import formulas, plots, records, shapes
from cx.telling import week as in_words
from cx.ui import live, rights
from cx.ui.keeping import cached
from cx.ui.table import Table
from cx.ui.tiles import written
from cx.words import tn

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
    edited: reference.Edited
    language: str

    @classmethod
    def of(cls, version: int, filters: Filters, weeks: int) -> View:
        """This moment's view of a store version. Raises NotAllowed where the filters would single people out for somebody who
        may see counts only."""
        if (
            filters.chosen()
            and not rights.may("single")
            and few(version, filters, settings().small_samples.hide)
        ):
            raise NotAllowed(
                tn("What is left with these filters, or left out by them, is fewer than {n} customer. Choose more values, or "
                   "fewer filters.",
                   "What is left with these filters, or left out by them, is fewer than {n} customers. Choose more values, or "
                   "fewer filters.", settings().small_samples.hide)
            )  # fmt: skip
        return cls(version, filters, weeks, clock.hour(), _edited(), words.language())


def warm(version: int) -> None:
    """Answer what most viewers will ask of a new version, before they are told of it."""
    if fresh(version, clock.hour()).empty:
        return
    view = View.of(version, Filters(), DEFAULT_WEEKS)
    choices(version)
    written_strips(view)
    if week(view)[0]:
        said(view, clock.now().date())
    trend(view, DEFAULT_MEASURE)
    heading(view, DEFAULT_MEASURE, clock.now().date())
    movers(view, DEFAULT_MEASURE, DIMENSIONS[0])
    reasons(view)


@cached(VIEWS)
def fresh(version: int, at: datetime) -> Freshness:
    """Through when the data run."""
    return freshness.freshness(live.store(), at)


@cached(VIEWS)
def few(version: int, filters: Filters, least: int) -> bool:
    """Whether these filters leave fewer customers than `least` on one side."""
    return singles_out(live.store(), filters, least)


@cached(VIEWS)
def sources(version: int, at: datetime, language: str) -> Table:
    """Each source and the newest moment that it has delivered, the one that delivered last first."""
    words.use(language)
    fresh_ = fresh(version, at)
    return Table.of(records.source_columns(), records.source_rows(fresh_.sources, fresh_.now))


def elsewhere() -> Elsewhere | None:
    """The interactions that lie with the engine which counted them. None for whom only some rows are: theirs are in a store
    that serves nothing of it."""
    return Elsewhere.of(live.store(), Folders.default())


def counting() -> bool:
    """Whether the store's figures wait to be counted anew."""
    return live.store().counting


@cached(VIEWS)
def choices(version: int) -> dict[str, list[str]]:
    """The values that each filter offers."""
    return counts.choices(live.store())


@cached(4)
def tables(edited: reference.Edited, language: str) -> reference.Tables:
    """The tables that a person edits, as they stand, with what is wrong with them in this language."""
    words.use(language)
    return reference.tables(Folders.default().reference).seen_with(person().rows)


def campaign_names() -> dict[str, str]:
    """The names of campaigns by their ids, as campaigns.csv says them now."""
    table = tables(_edited(), words.language()).campaigns
    return dict(zip(table["id"], table["name"], strict=True))


def settings() -> reference.Settings:
    """What the company decided for itself, as settings.toml says it now."""
    return tables(_edited(), words.language()).settings


@cached(VIEWS)
def health(view: View) -> Health:
    """The weekly health of a view."""
    told = tables(view.edited, view.language)
    return Health(
        live.store(),
        view.filters,
        fresh(view.version, view.at),
        told.targets,
        told.settings,
        view.weeks,
    )


@cached(VIEWS)
def week(view: View) -> tuple[list[Tile], Headline]:
    """The tiles and the headline of a view."""
    answers = health(view)
    tiles = answers.tiles()
    return tiles, headline(answers, tiles)


@cached(VIEWS)
def strips(view: View) -> tuple[list[shapes.Tile], list[shapes.Tile]]:
    """The tiles of a view in words and numbers: those of the headline measures, and those of all others."""
    words.use(view.language)
    return in_words.strips(week(view)[0])


def standing(view: View, name: str) -> list[str]:
    """The figures of one measure in the week, as a sentence (Markdown)."""
    return [formulas.standing(tile) for tile in week(view)[0] if tile.kpi.name == name]


@cached(VIEWS)
def written_strips(view: View) -> tuple[str, str]:
    """The same as the browser draws them."""
    first, rest = strips(view)
    return written(first), written(rest)


@cached(VIEWS)
def said(view: View, today: date) -> tuple[str, str]:
    """The headline of a view that has tiles, and its sentences (Markdown)."""
    words.use(view.language)
    tiles, told = week(view)
    return in_words.title(told, tiles[0].week, today), in_words.summary(told)


@cached(SPECS)
def so_far(view: View, name: str) -> SoFar | None:
    """The running week of one measure."""
    return health(view).so_far(kpi(name))


@cached(SPECS)
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
        plots.annotated(told.annotations, view.filters.product),
    )


@cached(SPECS)
def ahead(view: View, name: str) -> Forecast | None:
    """Where one measure is heading."""
    return health(view).ahead(kpi(name))


@cached(SPECS)
def heading(view: View, name: str, today: date) -> list[str]:
    """Sentences on where one measure is heading, and on its running week where there is enough of it (Markdown)."""
    words.use(view.language)
    measure, running = kpi(name), so_far(view, name)
    told = [in_words.pace(measure, ahead(view, name), health(view).targets(measure), today)]
    return told if running is None else [*told, in_words.so_far(measure, running)]


@cached(SPECS)
def movers(view: View, name: str, dimension: str) -> dict[str, Any] | None:
    """What moved one measure by one dimension, as a frozen chart; None where there is nothing to compare."""
    words.use(view.language)
    measure = kpi(name)
    split = health(view).movers(measure, dimension)
    if split.empty:
        return None
    return charts.movers(plots.movers(measure, dimension, split), plots.movers_titles(dimension))


@cached(VIEWS)
def complaints(view: View) -> pd.DataFrame:
    """What customers complained about in the week, and in the one before."""
    return health(view).reasons()


@cached(VIEWS)
def reasons(view: View) -> Table:
    """The same in words, the commonest first."""
    words.use(view.language)
    return Table.of(in_words.reason_columns(), in_words.reason_rows(complaints(view)))


@cached(4)
def arrivals(version: int) -> pd.DataFrame:
    """The exports that arrived."""
    return exports.arrivals(live.store())


@cached(VIEWS, needs="undo")
def refusals(version: int, file_id: int) -> pd.DataFrame:
    """The refused rows of one export."""
    return exports.refusals(live.store(), file_id)


def _edited() -> reference.Edited:
    return reference.edited(Folders.default().reference)
