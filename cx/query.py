"""Filters, and the only way from filters to SQL: every value is bound, none is pasted in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Query:
    """A named question to the store: SQL with $names, and the values bound to them."""

    name: str
    sql: str
    values: Mapping[str, object] = field(default_factory=dict)


_listening: ContextVar[list[Query] | None] = ContextVar("listening", default=None)


@contextmanager
def overheard() -> Iterator[list[Query]]:
    """The queries that are asked within the block, in their order and each once, to be shown beside what they answered."""
    asked: list[Query] = []
    before = _listening.set(asked)
    try:
        yield asked
    finally:
        _listening.reset(before)


def heard(*queries: Query) -> None:
    """Say that these are asked, or were asked for an answer that is used again; the store says it of each that it runs."""
    asked = _listening.get()
    if asked is not None:
        asked.extend(query for query in queries if query not in asked)


class Answered(Generic[T]):
    """An answer that is kept, with the queries that it took: whoever uses it again hears of them again."""

    def __init__(self, ask: Callable[[], T]) -> None:
        with overheard() as asked:
            self._answer = ask()
        self._asked = tuple(asked)

    def told(self) -> T:
        """The answer."""
        heard(*self._asked)
        return self._answer


@dataclass(frozen=True, slots=True)
class Filters:
    """The values chosen for each dimension; an empty choice is no filter at all. Hashable, so that it keys caches."""

    product: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    segment: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    stage: tuple[str, ...] = ()
    campaign: tuple[str, ...] = ()
    device: tuple[str, ...] = ()

    def only(self, dimensions: Iterable[str]) -> Filters:
        """The same filters, kept for these dimensions and dropped for the others."""
        kept = set(dimensions)
        return Filters(**{name: values for name, values in self.chosen().items() if name in kept})

    def chosen(self) -> dict[str, tuple[str, ...]]:
        """The dimensions that are filtered, with their values."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name)}


@dataclass(frozen=True, slots=True)
class Where:
    """A condition in SQL and the values bound in it. `sql` is 'true' where nothing is filtered."""

    sql: str
    values: dict[str, object]


def where(filters: Filters, first: date | None = None, last: date | None = None) -> Where:
    """The condition on a rollup's rows for these filters and these days (both inclusive)."""
    conditions: list[str] = []
    values: dict[str, object] = {}
    for name, chosen in filters.chosen().items():
        conditions.append(f"list_contains($f_{name}, {name})")
        values[f"f_{name}"] = list(chosen)
    for bound, operator, value in (("first_day", ">=", first), ("last_day", "<=", last)):
        if value is not None:
            conditions.append(f"day {operator} ${bound}")
            values[bound] = value
    return Where(" and ".join(conditions) or "true", values)


def midnight(day: date) -> datetime:
    """The moment at which a day begins: what moments of the table are compared with, so that its zone maps help."""
    return datetime.combine(day, time.min)
