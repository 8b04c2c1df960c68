"""A believable company with known truths, made from a seed: exports, reference tables and what is true of them.

    company   what it sells, to whom, and what is said of it
    story     the calendar, the campaigns, the surges: the truths
    market    customers and their orders
    support   contacts and complaints, by lagged exposure
    journey   visits, deliveries, returns, surveys, reviews, leaving
    rows      numbers to names; scores and words
    exports   Parquet files, as each system would have written them
    reference campaigns, targets, benchmarks, truths
    live      one more small export, now

Nothing is placed by hand: every row is a draw from a rate, and the rates are the truth.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from cx.demo import exports, reference
from cx.demo.live import trickle
from cx.demo.story import Calendar, story
from cx.demo.world import SEED, world
from cx.words import t

__all__ = ["SEED", "Demo", "found", "install_reference", "make", "trickle"]

Progress = Callable[[str, float], None]
"""Told a phase in words and how much is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What was made: the exports, oldest first within a source; the reference tables; the truths; the interactions."""

    folder: Path
    exports: tuple[Path, ...]
    reference: tuple[Path, ...]
    truths: Path
    interactions: int


def make(folder: Path, through: datetime, seed: int = SEED, progress: Progress | None = None) -> Demo:
    """Write two years of a demo company that end at `through` (UTC) into the folder, replacing an earlier demo.

    The same seed and the same `through` give the same bytes.
    """
    told = story(Calendar.until(through))
    tell = progress or (lambda phase, done: None)
    tell(t("Living two years of a company"), 0.0)
    sources = world(seed, told)
    target = folder / "exports"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    paths: list[Path] = []
    for done, (source, rows) in enumerate(sources.items()):
        tell(t("Writing its exports"), 0.5 + 0.5 * done / len(sources))
        paths += exports.write(rows, source, told.calendar, target)
    tables = reference.write(told, folder / "reference", seed)
    reference.write_truths(told, folder / "truths.json", seed)
    (folder / "made.json").write_text(json.dumps(_made(through, seed)), encoding="utf-8")
    tell(t("The demo company is ready"), 1.0)
    there = sum(int((rows["at"] <= told.calendar.end).sum()) for rows in sources.values())
    return Demo(folder, tuple(paths), tuple(tables), folder / "truths.json", there)


def found(folder: Path, through: datetime, seed: int = SEED) -> Literal["none", "same", "another"]:
    """Whether a demo is in the folder: the one that `make` would only let grow, or that of another week or seed.

    Two of them in one store would mix two worlds whose rows share their ids.
    """
    try:
        there = json.loads((folder / "made.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return "none"
    return "same" if there == _made(through, seed) else "another"


def _made(through: datetime, seed: int) -> dict[str, object]:
    return {"week": Calendar.until(through).monday.isoformat(), "seed": seed}


def install_reference(made: Demo, target: Path) -> list[str]:
    """Copy the demo's reference tables to where the product reads them; a table that a person edited stays.

    Returns the names of those that were copied.
    """
    before = made.folder / "installed"
    before.mkdir(exist_ok=True)
    target.mkdir(parents=True, exist_ok=True)
    copied = []
    for path in made.reference:
        there, ours = target / path.name, before / path.name
        if not there.exists() or (ours.exists() and there.read_bytes() == ours.read_bytes()):
            shutil.copyfile(path, there)
            shutil.copyfile(path, ours)
            copied.append(path.name)
    return copied
