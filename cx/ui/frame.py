"""What the menu of a card knows of it: the charts and tables that are drawn in it, and the numbers that `Frame.tell` adds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from cx.kpis import Kpi
from cx.query import Query
from cx.telling import tabled
from cx.telling.shapes import Column, Row
from cx.ui import keeping
from cx.vega import Spec

if TYPE_CHECKING:
    from cx.ui.asks import View

Rows = Callable[[], pd.DataFrame | Iterable[Any] | Mapping[Any, Any]]
"""Gives what a table or a chart rests on: a frame, or answers that `cx.downloads.table` makes one of."""


@dataclass(slots=True)
class Frame:
    """One card, and what its menu offers: set by `tell` and by the charts and tables that are drawn in it.

    `pictures` are those of what the card draws in another way than as a chart; `takes` is the right, if any, that downloading
    its rows takes beside that to download.
    """

    name: str
    title: str
    charts: dict[str, Spec] = field(default_factory=dict)
    pictures: list[Spec] = field(default_factory=list)
    tables: list[Rows] = field(default_factory=list)
    rows: Rows | None = None
    file: str = ""
    takes: tuple[str, ...] = ()
    view: View | None = None
    computed: Callable[[], Sequence[str]] = tuple
    measures: Sequence[Kpi] = ()
    asked: Callable[[], Sequence[Query]] = tuple
    also: Callable[[], None] | None = None

    def tell(
        self,
        view: View,
        rows: Rows | None = None,
        computed: Callable[[], Sequence[str]] = tuple,
        measures: Sequence[Kpi] = (),
        of: Sequence[Callable[[], object]] = (),
        asked: Sequence[Query] = (),
        file: str = "",
        also: Callable[[], None] | None = None,
    ) -> None:
        """Say what stands behind the card.

        `rows`: the numbers that it shows; `file`: what they are called where they are downloaded. `computed`: sentences
        (Markdown); `measures`: those whose definition and formula are told, and whose sources. `of`: calls for the answers that
        the card shows, whose queries are told after those of `asked`. `also`: draws what else the menu holds.
        """
        self.view, self.rows, self.file = view, rows or self.rows, file or self.file
        self.computed, self.measures, self.also = computed, measures, also
        self.asked = lambda: [*asked, *(query for query in keeping.asked(*of) if query not in asked)]

    @property
    def offered(self) -> Rows | None:
        """What is downloaded: the numbers, or else the words of the first table or chart."""
        spec = next(iter(self.charts.values()), None)
        drawn = None if spec is None else lambda: tabled.in_words(*tabled.of_chart(spec))
        return self.rows or next(iter(self.tables), drawn)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to offer."""
        return self.view is None and self.also is None and self.offered is None


_frame: ContextVar[Frame | None] = ContextVar("frame", default=None)


@contextmanager
def framing(frame: Frame) -> Iterator[None]:
    """What is drawn within the block stands in this card."""
    before = _frame.set(frame)
    try:
        yield
    finally:
        _frame.reset(before)


def charted(key: str, spec: Spec) -> None:
    """Say that a chart is drawn in the card."""
    if frame := _frame.get():
        frame.charts[key] = spec


def tabulated(columns: Sequence[Column], rows: Sequence[Row]) -> None:
    """Say that a table is drawn in the card."""
    if frame := _frame.get():
        frame.tables.append(lambda: tabled.in_words(columns, rows))


def rest_on(rows: Rows, file: str, *takes: str) -> None:
    """Say what numbers stand behind what is drawn in the card, what they are called where they are downloaded, and which
    rights that takes beside the one to download."""
    if frame := _frame.get():
        frame.rows, frame.file, frame.takes = rows, file, takes
