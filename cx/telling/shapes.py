"""The shapes of what a page shows, in words and numbers that are ready to be read: the tiles, and the cells of tables."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

Kind = Literal["text", "prose", "number", "bar", "chip", "heat", "spark"]
Tone = Literal["good", "bad", "neutral"]
FootTone = Literal["good", "bad", "warn", "neutral"]


class Tile(TypedDict):
    """One key figure, in words and numbers that are ready to be shown.

    `chip` carries the sign of the change in words or an arrow, `tone` its colour; `spark`, `lo` and `hi` are of one
    length, None being a week without a value; `aria` says in words what the colour says. Where too few answered,
    `hidden` is true and `value` says so in words.
    """

    id: str
    label: str
    value: str
    unit: str
    chip: str
    tone: Tone
    range: str
    foot: str
    foot_tone: FootTone
    aria: str
    spark: list[float | None]
    lo: list[float | None]
    hi: list[float | None]
    target: float | None
    hidden: NotRequired[bool]


class Column(TypedDict):
    """One column and how its cells are drawn; `note` explains it on hover, `main` makes its figures stand out.

    Prose is read from its start on a phone too, where other texts stand at the end of their line.
    A table with a heat column stays a grid on a phone and scrolls inside itself; any other becomes a list there.
    """

    id: str
    label: str
    kind: Kind
    note: NotRequired[str]
    main: NotRequired[bool]


class Cell(TypedDict, total=False):
    """One cell, in words and numbers that are ready to be shown; one without text, share and spark is blank.

    `note` is a small second line. Lengths run from 0 to 1 of the column's scale: `share` is the bar or the strength
    of heat, `lo` and `hi` its interval, `other` a second bar to compare with. `spark` runs through time to now, on a
    scale from zero to its own most, None being a week without a value. `tone` colours the text or the chip, and `aria`
    says in words what colour, length and line say. With an `id` the cell itself can be chosen.
    """

    text: str
    note: str
    share: float
    lo: float
    hi: float
    other: float
    spark: list[float | None]
    tone: Tone
    aria: str
    id: str


_SEPARATOR = "\x1f"


def row_id(*parts: object) -> str:
    """One id out of several parts, as a link can carry it; `parts_of` takes it apart."""
    return _SEPARATOR.join(map(str, parts))


def parts_of(row: str) -> list[str]:
    """The parts that `row_id` made an id of."""
    return row.split(_SEPARATOR)


class Row(TypedDict):
    """One row: its cells by the ids of their columns, of which the first is the row's header.

    `tone` colours its bars, `muted` greys its words, and a `choosable` row is chosen by a click anywhere on it.
    """

    id: str
    cells: dict[str, Cell]
    tone: NotRequired[Tone]
    muted: NotRequired[bool]
    choosable: NotRequired[bool]
