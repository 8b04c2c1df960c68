"""The verdict on a week: what moved beyond noise, what misses its target, and where the change began."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pandas as pd

from cx import movers, stats
from cx.kpis import Kpi
from cx.model import DIMENSIONS
from cx.onset import onset
from cx.query import Filters
from cx.questions.counts import count
from cx.questions.health import WEEK, Health, Tile, histogram, reasons

ORIGIN_DAYS = 28
"""How far back from the week's end the day is sought on which a change began."""
SOUGHT = 2
"""Of how many changes the origin is sought; the one that is most concentrated is told."""

Tone = Literal["slipped", "improved", "mixed", "steady", "unknown"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a change is concentrated: the group of a dimension, its share of the change, since when, and why."""

    kpi: Kpi
    dimension: str
    group: str
    share: float
    began: date | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """A candidate for an origin; `excess` is its share of the change beyond its usual share of the volume."""

    tile: Tile
    dimension: str
    group: str
    share: float
    excess: float


@dataclass(frozen=True, slots=True)
class Headline:
    """What an executive should know first: names of the measures that moved beyond noise or miss their target."""

    tone: Tone
    compared: int
    worse: tuple[str, ...]
    better: tuple[str, ...]
    missed: tuple[str, ...]
    origin: Origin | None


def headline(health: Health, tiles: list[Tile]) -> Headline:
    """What moved beyond noise among the headline measures, what misses its target, and where it began."""
    judged = [tile for tile in tiles if tile.kpi.headline and tile.change.verdict in ("real", "noise")]
    worse = [tile for tile in judged if tile.moved and tile.change.good is False]
    better = [tile for tile in judged if tile.moved and tile.change.good]
    missed = [tile for tile in tiles if tile.kpi.headline and tile.target and tile.target.status == "missed"]
    return Headline(
        tone=_verdict(len(judged), len(worse), len(better)),
        compared=len(judged),
        worse=_names(worse),
        better=_names(better),
        missed=_names(missed),
        origin=_origin(health, _clearest(worse or better)),
    )


def _origin(health: Health, tiles: list[Tile]) -> Origin | None:
    """The group in which one of these changes sits most: its share of the change, beyond its usual share of n."""
    found = [
        place for tile in tiles for dimension in DIMENSIONS for place in _places(health, tile, dimension)
    ]
    if not found:
        return None
    place = max(found, key=lambda place: place.excess)
    narrowed = replace(health.filters, **{place.dimension: (place.group,)})
    worse = place.tile.change.good is False
    return Origin(
        place.tile.kpi,
        place.dimension,
        place.group,
        place.share,
        began=_began(health, place.tile, narrowed),
        reasons=_growing(reasons(health.store, narrowed, health.week)) if worse else (),
    )


def _places(health: Health, tile: Tile, dimension: str) -> Iterator[_Place]:
    """The groups of a dimension that changed beyond noise and carry more of the change than of the volume."""
    split = health.movers(tile.kpi, dimension)
    whole = split["total"].sum()
    volume = split["n_before"] / (split["n_before"].sum() or np.nan)
    for row, usual in zip(split.itertuples(), volume, strict=True):
        share = float(row.total / whole) if whole else 0.0
        if (
            isinstance(row.group, str)
            and row.group
            and row.verdict == "real"
            and share > usual
            and len(split) > 1
        ):
            yield _Place(tile, dimension, row.group, share, share - float(usual))


def _began(health: Health, tile: Tile, filters: Filters) -> date | None:
    kpi = tile.kpi
    last = health.week + timedelta(days=6)
    first = last - timedelta(days=ORIGIN_DAYS - 1)
    daily = count(health.store, filters, "day", first, last)
    if kpi.family == "quantile":
        before = health.row_of(kpi, health.week - WEEK).value
        numerators, weights, days = _slower(histogram(daily, kpi), float(before))
    else:
        parts = daily.of(kpi)
        numerators, weights = movers.ratio(kpi, parts)
        days = pd.to_datetime(parts["key"]).dt.date.tolist()
    at = onset(numerators, weights, tile.change.amount)
    return days[at] if at is not None else None


def _growing(table: pd.DataFrame) -> tuple[str, ...]:
    """The reasons that grew beyond chance: the one that grew most, and another that grew at least half as much."""
    growth = table["now"] - table["before"]
    beyond = (growth > 1.96 * np.sqrt(table["now"] + table["before"])) & (growth >= growth.max() / 2)
    grown = table.assign(growth=growth)[beyond & (table["reason"] != "")]
    return tuple(grown.sort_values("growth", ascending=False)["reason"].head(2))


def _clearest(tiles: list[Tile]) -> list[Tile]:
    """The few changes that lie furthest outside of noise: size over half the width of the interval."""

    def clarity(tile: Tile) -> float:
        return abs(tile.change.amount) / max(tile.change.hi - tile.change.lo, 1e-12)

    return sorted(tiles, key=clarity, reverse=True)[:SOUGHT]


def _names(tiles: list[Tile]) -> tuple[str, ...]:
    return tuple(tile.kpi.name for tile in tiles)


def _verdict(judged: int, worse: int, better: int) -> Tone:
    if not judged:
        return "unknown"
    if worse and better:
        return "mixed"
    return "slipped" if worse else "improved" if better else "steady"


def _slower(hist: pd.DataFrame, than: float) -> tuple[np.ndarray, np.ndarray, list[date]]:
    """By day: how many took longer than `than` seconds, and how many there were."""
    slow = hist["n"].where(stats.seconds(hist["bin"]) > than, 0)
    daily = pd.DataFrame({"day": pd.to_datetime(hist["group"]).dt.date, "slow": slow, "n": hist["n"]})
    summed = daily.groupby("day").sum()
    return summed["slow"].to_numpy(float), summed["n"].to_numpy(float), summed.index.tolist()
