"""The tables that a person edits, in data/reference/: campaigns, targets, actions, annotations, benchmarks, the journey and its
ideal, settings.

A file that is missing is an empty table; a row that cannot be understood is an error that names the file, the row,
the column and the value, so that nobody looks at a page that quietly left it out.

    reading     how a table is read and written
    events      campaigns
    roadmap     targets and actions
    annotations what happened, as people write it down
    market      benchmarks
    stages      the journey and its ideal
    deciding    settings
    alerts      the rules of alerts.toml, of which each key is read by rule_keys
    views       the views that viewers saved
    edits       whether someone edited one of them
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pandas as pd

from cx.errors import BadReference
from cx.journey import DEFAULT, Journey
from cx.query import Filters
from cx.reference.annotations import (
    ANNOTATIONS,
    LONGEST_TEXT,
    Annotation,
    annotate,
    annotated,
    unannotate,
)
from cx.reference.deciding import Costs, Privacy, Settings, settings
from cx.reference.edits import Edited, edited
from cx.reference.events import CAMPAIGNS, campaigns, products
from cx.reference.market import BENCHMARKS, OPEN, SAME_BENCHMARK, benchmarks, sound_benchmarks
from cx.reference.reading import empty
from cx.reference.roadmap import (
    ACTIONS,
    STATES,
    TARGETS,
    actions,
    seen,
    targets,
    write_actions,
    written_actions,
)
from cx.reference.stages import IDEAL, ideal, journey, write_ideal
from cx.reference.views import (
    LONGEST_NAME,
    VIEWS,
    VIEWS_FILE,
    SavedView,
    delete_view,
    rename_view,
    save_view,
    views,
)

__all__ = [
    "ACTIONS", "ANNOTATIONS", "BENCHMARKS", "CAMPAIGNS", "IDEAL", "LONGEST_NAME", "LONGEST_TEXT", "OPEN", "SAME_BENCHMARK", "STATES", "TARGETS", "VIEWS", "VIEWS_FILE",
    "Annotation", "Costs", "Edited", "Privacy", "SavedView", "Settings", "Tables", "actions", "annotate", "annotated", "benchmarks", "campaigns", "delete_view", "edited", "ideal", "journey",
    "products", "rename_view", "save_view", "seen", "settings", "sound_benchmarks", "tables", "targets", "unannotate", "views", "write_actions", "write_ideal", "written_actions",
]  # fmt: skip

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tables:
    """All tables as far as they can be read, and for each that cannot be what is wrong with it."""

    campaigns: pd.DataFrame
    targets: pd.DataFrame
    journey: Journey
    ideal: pd.DataFrame
    settings: Settings
    problems: tuple[str, ...]
    benchmarks: pd.DataFrame
    actions: pd.DataFrame
    annotations: tuple[Annotation, ...]

    def seen_with(self, rows: Filters) -> Tables:
        """The tables for whom only these rows are: without what is of other products or segments alone."""
        told, wanted, segments = self, {*rows.product}, {*rows.segment}
        if wanted:
            ours = [not its or bool(wanted & {*its}) for its in map(products, told.campaigns["products"])]
            noted = tuple(one for one in told.annotations if one.touches(rows.product))
            told = replace(told, campaigns=told.campaigns[ours], annotations=noted)
        if segments:
            its = told.targets["segment"].fillna("")
            told = replace(told, targets=told.targets[its.isin({*segments, ""})])
        return told


def tables(folder: Path) -> Tables:
    """Read everything; a table that cannot be understood is left empty and told among the problems."""
    problems: list[str] = []

    def told(read: Callable[[Path], T], instead: T) -> T:
        try:
            return read(folder)
        except BadReference as error:
            problems.append(str(error))
            return instead

    return Tables(
        told(campaigns, empty(CAMPAIGNS)),
        told(targets, empty(TARGETS)),
        told(journey, DEFAULT),
        told(ideal, empty(IDEAL)),
        told(settings, Settings()),
        benchmarks=told(benchmarks, empty(BENCHMARKS)),
        actions=told(actions, empty(ACTIONS)),
        annotations=tuple(told(annotated, [])),
        problems=tuple(problems),
    )
