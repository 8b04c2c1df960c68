"""The tables that a person edits, in data/reference/: campaigns, targets, actions, benchmarks, the journey and its
ideal, settings.

A file that is missing is an empty table; a row that cannot be understood is an error that names the file, the row,
the column and the value, so that nobody looks at a page that quietly left it out.

    reading     how a table is read and written
    events      campaigns
    roadmap     targets and actions
    market      benchmarks
    stages      the journey and its ideal
    deciding    settings
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pandas as pd

from cx.errors import BadReference
from cx.journey import DEFAULT, Journey
from cx.reference.deciding import Costs, Privacy, Settings, settings
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

__all__ = [
    "ACTIONS", "BENCHMARKS", "CAMPAIGNS", "IDEAL", "OPEN", "SAME_BENCHMARK", "STATES", "TARGETS", "Costs", "Privacy", "Settings",
    "Tables", "actions", "benchmarks", "campaigns", "ideal", "journey", "products", "seen", "settings",
    "sound_benchmarks", "tables", "targets", "write_actions", "write_ideal", "written_actions",
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
        problems=tuple(problems),
    )
