"""The company's journey, and the ideal one."""

from __future__ import annotations

import tomllib
from math import inf
from pathlib import Path

import pandas as pd

from cx.errors import BadReference, hint
from cx.journey import DEFAULT, BadJourney, Journey, from_table
from cx.reference.reading import bad, replace, table
from cx.words import t

IDEAL = {"stage": str, "conversion": float, "days": float, "satisfaction": float}
_OPTIONAL = {"conversion", "days", "satisfaction"}


def ideal(folder: Path) -> pd.DataFrame:
    """The ideal journey: stage, conversion (from the stage before, in %), days (the median), satisfaction (CSAT in %)."""
    return _sound_ideal(folder, folder / "ideal.csv")


def _sound_ideal(folder: Path, path: Path) -> pd.DataFrame:
    frame = table(path, IDEAL, _OPTIONAL)
    known = _stages(folder)
    for row, stage in enumerate(frame["stage"], start=1):
        if known and stage not in known:
            raise bad(path, row, "stage", stage, t("is no stage of the journey.") + hint(str(stage), known))
        if stage in [*frame["stage"]][: row - 1]:
            raise bad(path, row, "stage", stage, t("stands in it twice; keep one row"))
    for name, most in (("conversion", 100.0), ("days", inf), ("satisfaction", 100.0)):
        for row, value in enumerate(frame[name], start=1):
            if not pd.isna(value) and not 0 <= value <= most:
                raise bad(path, row, name, value, t("is out of range; percentages run from 0 to 100"))
    return frame


def _stages(folder: Path) -> tuple[str, ...]:
    """The stages' ids; none where the journey itself cannot be read, which is told in its own place."""
    try:
        return journey(folder).ids
    except BadReference:
        return ()


def write_ideal(folder: Path, ideal: pd.DataFrame) -> None:
    """Replace the ideal journey by this one. Raises BadReference, and leaves the file as it is, where it is unsound."""
    kept = ideal[list(IDEAL)].dropna(how="all", subset=list(IDEAL)[1:])
    replace(folder, "ideal.csv", kept, lambda draft: _sound_ideal(folder, draft))


def journey(folder: Path) -> Journey:
    """The company's journey in journey.toml, or the usual one where there is no such file. Raises BadReference."""
    path = folder / "journey.toml"
    if not path.exists():
        return DEFAULT
    try:
        text = path.read_text(encoding="utf-8-sig")
        if not text.strip():  # as it also looks for a moment while an editor saves it
            raise BadJourney(t("it is empty; delete it to use the usual journey"))
        return from_table(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError, BadJourney) as error:
        raise BadReference(t("{file} cannot be read: {reason}", file=path.name, reason=error)) from error
