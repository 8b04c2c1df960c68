"""The tables that a person edits, in data/reference/: campaigns, targets, benchmarks, the journey and its ideal,
settings.

A file that is missing is an empty table; a row that cannot be understood is an error that names the file, the row,
the column and the value, so that nobody looks at a page that quietly left it out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date
from math import inf, isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pandas as pd

from cx import gaps
from cx.errors import BadReference, CxError, UnknownName, hint
from cx.journey import DEFAULT, BadJourney, Journey, from_table
from cx.kpis import BENCHMARKED, kpi
from cx.stats import SmallSamples
from cx.words import enumeration, t

T = TypeVar("T")

CAMPAIGNS = {"id": str, "name": str, "channel": str, "products": str, "starts_on": date, "ends_on": date,
             "cost": float, "goal": str}  # fmt: skip
TARGETS = {"metric": str, "from": date, "value": float, "owner": str}
IDEAL = {"stage": str, "conversion": float, "days": float, "satisfaction": float}
BENCHMARKS = {"metric": str, "competitor": str, "period": str, "value": float, "n": float, "margin": float,
              "method": str, "source": str, "licence": str, "retrieved_on": date, "industry": str}  # fmt: skip
OPEN = {"value", "n", "margin", "industry"}
"""What a benchmark may leave empty. A value that is not there is not a zero."""
SAME_BENCHMARK = ["metric", "competitor", "period", "source"]
OPTIONAL = {"channel", "products", "cost", "goal", "owner", "conversion", "days", "satisfaction"}


@dataclass(frozen=True, slots=True)
class Costs:
    """What complaints cost and sales bring, in money and shares (0 to 1), as a campaign's net result counts them.

    contact: one complaint handled. refund_rate: the share of complaints that end in a refund of the product's price.
    margin: the share of revenue that counts as a gain.
    """

    contact: float = 8.0
    refund_rate: float = 0.25
    margin: float = 1.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What a company decides for itself, in settings.toml; every entry has a default."""

    small_samples: SmallSamples = field(default_factory=SmallSamples)
    costs: Costs = field(default_factory=Costs)
    industry: str = ""


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
        told(campaigns, _empty(CAMPAIGNS)),
        told(targets, _empty(TARGETS)),
        told(journey, DEFAULT),
        told(ideal, _empty(IDEAL)),
        told(settings, Settings()),
        benchmarks=told(benchmarks, _empty(BENCHMARKS)),
        problems=tuple(problems),
    )


def campaigns(folder: Path) -> pd.DataFrame:
    """The campaigns, by start: id, name, channel, products (';' between them), starts_on, ends_on, cost, goal."""
    path = folder / "campaigns.csv"
    frame = _table(path, CAMPAIGNS)
    for row, (start, end) in enumerate(zip(frame["starts_on"], frame["ends_on"], strict=True), start=1):
        if end < start:
            raise _bad(path, row, "ends_on", end, t("is before starts_on; swap them or mend the date"))
    return frame.sort_values("starts_on", ignore_index=True)


def products(told: object) -> tuple[str, ...]:
    """The products that a cell names, with ';' between them; an empty one names none."""
    return tuple(part.strip() for part in str(told or "").split(";") if part.strip())


def targets(folder: Path) -> pd.DataFrame:
    """The targets, by the day they hold from: metric (a KPI's name), from, value (in the KPI's unit), owner."""
    path = folder / "targets.csv"
    frame = _table(path, TARGETS)
    for row, metric in enumerate(frame["metric"], start=1):
        try:
            kpi(metric)
        except CxError as error:
            raise _bad(path, row, "metric", metric, str(error)) from error
    return frame.sort_values("from", ignore_index=True)


def benchmarks(folder: Path) -> pd.DataFrame:
    """Figures of others, by period: see BENCHMARKS. value is in the KPI's unit (durations in seconds), margin half the width
    of its 95 % interval. A later row of the same measure, competitor, period and source replaces an earlier one."""
    return sound_benchmarks(folder / "benchmarks.csv")


def sound_benchmarks(path: Path) -> pd.DataFrame:
    """The benchmarks of this file. Raises BadReference, which names file, row, column and value."""
    frame = _table(path, BENCHMARKS, OPEN)
    for row, told in enumerate(frame.itertuples(), start=1):
        if wrong := _wrong_benchmark(told):
            raise _bad(path, row, wrong[0], getattr(told, wrong[0]), wrong[1])
    kept = frame.drop_duplicates(SAME_BENCHMARK, keep="last")
    return kept.sort_values(["period", "metric", "competitor"], kind="stable", ignore_index=True)


def _wrong_benchmark(told: Any) -> tuple[str, str] | None:
    """The column that is wrong and what is wrong with it; None where the row is sound."""
    if told.metric not in BENCHMARKED:
        return "metric", str(UnknownName("measure", told.metric, BENCHMARKED))
    try:
        gaps.period(told.period)
    except ValueError:
        return "period", t("is no period; write it like 2026, 2026-H1, 2026-Q3 or 2026-05")
    low, high = gaps.bounds(BENCHMARKED[told.metric])
    if pd.notna(told.value) and not low <= told.value <= high:
        return "value", t("is out of range; this measure runs from {low} to {high}", low=f"{low:g}", high=f"{high:g}")  # fmt: skip
    if pd.notna(told.n) and told.n < 1:
        return "n", t("is no number of answers; leave it empty where it is not known")
    if pd.notna(told.margin) and told.margin < 0:
        return "margin", t("is below 0; give half the width of the 95 % interval")
    return None


def ideal(folder: Path) -> pd.DataFrame:
    """The ideal journey: stage, conversion (from the stage before, in %), days (the median), satisfaction (CSAT in %)."""
    return _sound_ideal(folder, folder / "ideal.csv")


def _sound_ideal(folder: Path, path: Path) -> pd.DataFrame:
    frame = _table(path, IDEAL)
    known = _stages(folder)
    for row, stage in enumerate(frame["stage"], start=1):
        if known and stage not in known:
            raise _bad(path, row, "stage", stage, t("is no stage of the journey.") + hint(str(stage), known))
        if stage in [*frame["stage"]][: row - 1]:
            raise _bad(path, row, "stage", stage, t("stands in it twice; keep one row"))
    for name, most in (("conversion", 100.0), ("days", inf), ("satisfaction", 100.0)):
        for row, value in enumerate(frame[name], start=1):
            if not pd.isna(value) and not 0 <= value <= most:
                raise _bad(path, row, name, value, t("is out of range; percentages run from 0 to 100"))
    return frame


def _stages(folder: Path) -> tuple[str, ...]:
    """The stages' ids; none where the journey itself cannot be read, which is told in its own place."""
    try:
        return journey(folder).ids
    except BadReference:
        return ()


def write_ideal(folder: Path, table: pd.DataFrame) -> None:
    """Replace the ideal journey by this one. Raises BadReference, and leaves the file as it is, where it is unsound."""
    kept = table[list(IDEAL)].dropna(how="all", subset=list(IDEAL)[1:])
    try:
        with TemporaryDirectory(dir=folder, prefix=".") as drafts:
            draft = Path(drafts) / "ideal.csv"
            kept.to_csv(draft, index=False, lineterminator="\n")
            _sound_ideal(folder, draft)
            draft.replace(folder / draft.name)
    except OSError as error:
        raise BadReference(
            t("{file} cannot be written: {reason}", file="ideal.csv", reason=error.strerror)
        ) from error


def journey(folder: Path) -> Journey:
    """The company's journey in journey.toml, or the usual one where there is no such file. Raises BadReference."""
    path = folder / "journey.toml"
    if not path.exists():
        return DEFAULT
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        return from_table(told)
    except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError, BadJourney) as error:
        raise BadReference(t("{file} cannot be read: {reason}", file=path.name, reason=error)) from error


def settings(folder: Path) -> Settings:
    """The settings. Raises BadReference where settings.toml is not TOML or names an unknown limit."""
    path = folder / "settings.toml"
    if not path.exists():
        return Settings()
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        limits, costs = told.get("small_samples", {}), told.get("costs", {})
        if wrong := [name for name, limit in limits.items() if type(limit) is not int or limit < 0]:
            raise TypeError(t("{names} must be whole numbers", names=enumeration(wrong)))
        if wrong := [
            name for name, cost in costs.items() if type(cost) not in (int, float) or not 0 <= cost < inf
        ]:
            raise TypeError(t("{names} must be numbers from 0 on", names=enumeration(wrong)))
        if not isinstance(industry := told.get("industry", ""), str):
            raise TypeError(t("{names} must be a text", names="industry"))
        return Settings(SmallSamples(**limits), Costs(**costs), industry)
    except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError, TypeError, AttributeError) as error:
        raise BadReference(t("{file} cannot be read: {reason}", file=path.name, reason=error)) from error


def _table(path: Path, columns: dict[str, type], optional: Collection[str] = OPTIONAL) -> pd.DataFrame:
    if not path.exists():
        return _empty(columns)
    try:
        raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise BadReference(t("{file} cannot be read: {reason}", file=path.name, reason=error)) from error
    missing = [name for name in columns if name not in raw.columns and name not in optional]
    if missing:
        raise BadReference(
            t(
                "{file} has no column {columns}; add it to the header.",
                file=path.name,
                columns=", ".join(missing),
            )
        )
    return pd.DataFrame({name: _column(path, raw, name, kind, optional) for name, kind in columns.items()})


def _empty(columns: dict[str, type]) -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in columns})


def _column(path: Path, raw: pd.DataFrame, name: str, kind: type, optional: Collection[str]) -> list[object]:
    cells = raw[name] if name in raw.columns else [""] * len(raw)
    parser, open_ = _PARSERS[kind], name in optional
    return [_cell(path, row, name, cell.strip(), parser, open_) for row, cell in enumerate(cells, start=1)]


def _cell(
    path: Path,
    row: int,
    name: str,
    cell: str,
    parser: tuple[Callable[[str], object], str],
    may_be_empty: bool,
) -> object:
    parse, wanted = parser
    if not cell:
        if may_be_empty:
            return None if parse is not str else ""
        raise _bad(path, row, name, cell, t("is empty; fill it in"))
    try:
        return parse(cell)
    except ValueError as error:
        raise _bad(path, row, name, cell, t(wanted)) from error


def _finite(cell: str) -> float:
    value = float(cell)
    if not isfinite(value):
        raise ValueError(cell)
    return value


_PARSERS: dict[type, tuple[Callable[[str], object], str]] = {
    str: (str, ""),
    float: (_finite, "is not a number; write it like 82.5"),
    date: (date.fromisoformat, "is not a day; write it like 2026-03-31"),
}


def _bad(path: Path, row: int, column: str, value: object, reason: str) -> BadReference:
    return BadReference(
        t("{file}, row {row}, column {column}: '{value}' {reason}", file=path.name, row=row, column=column,
          value=value, reason=reason)
    )  # fmt: skip
