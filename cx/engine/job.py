"""One run: its session, where its version is made, and what it is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cx.engine import shapes, workers
from cx.engine.storage import Export, Place
from cx.journey import Journey

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Run:
    """One run: the session, where its version is made, what it is made of, and who hears of its progress."""

    session: Any
    target: Place
    exports: Sequence[Export]
    how: workers.Reading
    journey: Journey
    partitions: int
    progress: Progress

    def table(self, name: str) -> str:
        """The address of one of its tables."""
        return self.target.below(name).address

    def keep(self, frame: Any, name: str, view: str = "", by: str = "") -> Any:
        """Write rows, and let SQL see them as they were written."""
        writer = frame.write.mode("overwrite")
        (writer.partitionBy(by) if by else writer).parquet(self.table(name))
        kept = self.session.read.schema(frame.schema).parquet(
            self.table(name)
        )  # an engine may write no file for no row
        kept.createOrReplaceTempView(view or name)
        return kept

    def kept(self, place: Place, columns: dict[str, str]) -> Any:
        """The rows of a table that was written before, in these columns."""
        definition = shapes.definition(columns)
        if place.parquet() is None:
            return self.session.createDataFrame([], definition)
        return self.session.read.schema(definition).parquet(place.address).select(*columns)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """What a short question is answered."""
        found: list[dict[str, Any]] = self.session.sql(sql).toArrow().to_pylist()
        return found
