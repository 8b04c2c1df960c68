"""What a brief says, in words and numbers that are ready to be set: nothing of it is markup, whatever it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from cx.telling.runs import Runs
from cx.telling.shapes import Cell, Tile
from cx.vega import Spec

MOST_SENTENCES = 5


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, and beneath it what it rests on: the number, n, its interval, and through when."""

    told: Runs
    evidence: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The chart: what it shows and means, for who cannot see it too, and its frozen specification."""

    title: str
    caption: str
    alt: str
    spec: Spec


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading of a column; `number` says that its cells are figures."""

    text: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A section: its name, what it comes to, of when it is where that is not the week's end, and its rows.

    Where there is no row, `empty` says so. `more` says what was left out.
    """

    title: str
    told: Runs
    headings: tuple[Heading, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str
    more: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Brief:
    """One page. `week` is its Monday, None where the store holds nothing; without figures only the sentences are there."""

    language: str
    rtl: bool
    week: date | None
    made: datetime
    above: str
    scope: str
    title: Runs
    sentences: tuple[Sentence, ...]
    tiles: tuple[Tile, ...]
    chart: Chart | None
    tables: tuple[Table, ...]
    foot: tuple[str, ...]
