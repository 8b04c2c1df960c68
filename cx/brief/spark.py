"""The small line in a tile: its weeks in grey, the last one marked in the tone of its change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from cx.telling.shapes import Tile

WIDTH, HEIGHT, EDGE = 132.0, 34.0, 4.0
Point = tuple[float, float]


def spark(tile: Tile, colours: Mapping[str, str]) -> str:
    """As SVG; `colours` of line, band, good, bad and neutral, as CSS knows colours. Empty where there is no value."""
    values = [value for value in tile["spark"] if value is not None]
    if not values:
        return ""
    # The band may leave the picture where it is wide: the line is what is read.
    low, high = min(values), max(values)
    spread = (high - low) or abs(high) or 1.0
    bounds = (low - 0.35 * spread, high + 0.35 * spread)
    line, lo, hi = (_places(tile[name], bounds) for name in ("spark", "lo", "hi"))  # type: ignore[literal-required]
    drawn = [_band(lo, hi, colours["band"]), *(_run(run, colours["line"]) for run in _runs(line))]
    if line[-1] is not None:
        x, y = line[-1]
        drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" style="fill:{colours[tile["tone"]]}"/>')
    size = f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}" width="{WIDTH:g}" height="{HEIGHT:g}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} aria-hidden="true">{"".join(drawn)}</svg>'


def _places(values: Sequence[float | None], bounds: tuple[float, float]) -> list[Point | None]:
    """Where the values stand, left to right and low to high, cut to the picture."""
    low, high = bounds
    step = (WIDTH - 2 * EDGE) / max(len(values) - 1, 1)
    shares = [None if value is None else min(max((value - low) / (high - low), 0.0), 1.0) for value in values]
    return [
        None if share is None else (EDGE + step * place, HEIGHT - EDGE - share * (HEIGHT - 2 * EDGE))
        for place, share in enumerate(shares)
    ]


def _runs(points: Sequence[Point | None]) -> list[list[Point]]:
    """The points that follow each other, a gap where there is none."""
    found: list[list[Point]] = [[]]
    for point in points:
        if point is not None:
            found[-1].append(point)
        elif found[-1]:
            found.append([])
    return [run for run in found if run]


def _run(run: Sequence[Point], colour: str) -> str:
    style = f"fill:none;stroke:{colour};stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round"
    return f'<path d="{_path(run)}" style="{style}"/>'


def _band(lo: Sequence[Point | None], hi: Sequence[Point | None], colour: str) -> str:
    """The interval of each pair of weeks that follow each other."""
    pairs = [*zip(lo, hi, strict=True)]
    areas = [
        [before[1], now[1], now[0], before[0]]
        for before, now in pairwise(pairs)
        if None not in (*before, *now)
    ]
    return "".join(f'<path d="{_path(area)}Z" style="fill:{colour}"/>' for area in areas)  # type: ignore[arg-type]


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
