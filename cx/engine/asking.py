"""The interactions of the version that a store serves, asked of the engine: the store itself holds only their figures.

What is asked are the product's own queries of `interactions`, in the engine's dialect. Rows that the rules of privacy let
leave are not there for them either, and of who was forgotten since, nothing says that it was they.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from cx import clock, reference
from cx.engine import settings as settings_
from cx.engine import shapes, versions
from cx.engine.errors import EngineError, OutOfTouch
from cx.engine.session import connected, within
from cx.engine.settings import Settings
from cx.engine.storage import Place
from cx.errors import BadReference
from cx.folders import Folders
from cx.ingest.retention import kept_since
from cx.model import COLUMNS, CONSENTED, KEPT
from cx.query import Query, midnight
from cx.store import Cursor, Store
from cx.words import number, t

_TYPES = {name: COLUMNS[name].type for name in KEPT} | {"customer_no": "INTEGER"}
_NAMES = {"customer": "INTEGER", "since": "TIMESTAMP"}
"""What queries call columns that are no columns of interactions."""

_KNOWN = "select customer_no from customers where customer_no in (select unnest($numbers))"

RESTS_SECONDS = 30
"""So long an engine that was out of reach, or a query that took too long, is not tried again: each look would wait for it."""
_out_of_reach: dict[str, tuple[float, str]] = {}


@dataclass(frozen=True, slots=True)
class Served:
    """The version that a store serves, and the last day of any of its interactions."""

    name: str
    through: date

    @property
    def end(self) -> datetime:
        """The first moment of which it knows nothing."""
        return midnight(self.through + timedelta(days=1))


def tell(cursor: Cursor, name: str, through: date) -> None:
    """Have a store say which version it serves. A store that counts for itself has no such table."""
    cursor.execute("create or replace table served (version VARCHAR, through DATE)")
    cursor.execute("insert into served values ($name, $through)", {"name": name, "through": through})


def served(store: Store) -> Served | None:
    """The version that a store serves. None where it counts for itself, or holds in memory what somebody may see."""
    with store.moment() as cursor:
        there = cursor.execute("select count(*) from duckdb_tables() where table_name = 'served'").fetchall()
        told = cursor.execute("select version, through from served").fetchall() if there[0][0] else []
    return Served(*told[0]) if told else None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The interactions of the version that a store serves."""

    served: Served
    store: Store
    folders: Folders

    @classmethod
    def of(cls, store: Store, folders: Folders) -> Elsewhere | None:
        """Those behind the figures of a store; None where all that there are, are its own."""
        told = served(store)
        return cls(told, store, folders) if told else None

    def run(self, query: Query) -> pd.DataFrame:
        """The engine's answer to a query of `interactions`, without customers' words, as the store would give it.

        Raises EngineError, in words for whoever looks at the page: they wait for `timeout_seconds` of the settings.
        """
        try:
            return self._anonymous(self._frame(self._answer(query)))
        except EngineError as error:
            raise type(error)(
                t("These interactions lie with the engine that counted them, and could not be had. {reason}", reason=error)
            ) from error  # fmt: skip

    def _answer(self, query: Query) -> pa.Table:
        settings = settings_.read(self.folders).complete()
        place, sql = self._place(settings), _spoken(query)
        late = t("It did not answer within {seconds} s (timeout_seconds in {file}). Try again, choose fewer days or a filter, or give it more time.",
                 seconds=number(settings.timeout_seconds), file=settings_.FILE)  # fmt: skip
        first = self._first()
        with _remembered(sql), _reached(settings) as session:
            return within(settings, lambda: _told(session, place, first, sql), late)

    def _place(self, settings: Settings) -> Place:
        place = versions.folder(Place.at(settings.rollups), self.served.name).below(versions.INTERACTIONS)
        try:
            there = place.parquet() is not None
        except OSError as error:
            raise OutOfTouch(
                t("{place} cannot be reached: {reason}", place=place.address, reason=error)
            ) from error
        if not there:
            raise EngineError(
                t("Version {name}, which is shown here, is no longer in {place}. Run python -m cx rebuild.", name=self.served.name,
                  place=settings.rollups)
            )  # fmt: skip
        return place

    def _first(self) -> datetime | None:
        """The first moment of which interactions are shown, by the rules of privacy; None where all are."""
        try:
            privacy = reference.settings(self.folders.reference).privacy
        except BadReference as error:
            raise EngineError(str(error)) from error
        since = kept_since(privacy, clock.now().date())
        return midnight(since) if since else None

    def _frame(self, answer: pa.Table) -> pd.DataFrame:
        schema = shapes.arrow({name: {**_TYPES, **_NAMES}[name] for name in answer.column_names})
        with duckdb.connect() as desk:
            return desk.from_arrow(answer.cast(schema)).df()

    def _anonymous(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Words are not kept there; and who is no customer of the store any more was forgotten."""
        numbers = [int(one) for one in rows["customer"].dropna().unique()]
        with self.store.moment() as cursor:
            known = [one for (one,) in cursor.execute(_KNOWN, {"numbers": numbers}).fetchall()]
        gone = rows["customer"].notna() & ~rows["customer"].isin(known)
        told = rows.columns.intersection([*CONSENTED, "customer"])
        return rows.assign(**{name: rows[name].mask(gone) for name in told}).assign(text=None)


def _spoken(query: Query) -> str:
    try:
        from cx.engine import dialect  # only here: a plain installation has nothing of what it needs
    except ImportError as error:
        raise EngineError(
            t("The engine needs its client: pip install -r requirements-spark.txt ({reason})", reason=error)
        ) from error
    return dialect.spoken(query.sql, query.values, shapes.whole_numbers())


def _told(session: Any, place: Place, first: datetime | None, sql: str) -> pa.Table:
    rows = session.read.schema(shapes.definition(_TYPES)).parquet(place.address)
    shown = rows.where(f"occurred_at >= cast('{first}' as timestamp_ntz)") if first else rows
    shown.createOrReplaceTempView("interactions")
    return session.sql(sql).toArrow()


@contextmanager
def _reached(settings: Settings) -> Iterator[Any]:
    """A session with the engine."""
    with ExitStack() as leaving:
        with _remembered(settings.address):
            session = leaving.enter_context(connected(settings))
        yield session


@contextmanager
def _remembered(what: str) -> Iterator[None]:
    """Raise OutOfTouch at once where this was out of reach a moment ago; remember it where it is now."""
    now = time.monotonic()
    for known, (since, _) in [*_out_of_reach.items()]:
        if now - since > RESTS_SECONDS:
            _out_of_reach.pop(known, None)
    if what in _out_of_reach:
        raise OutOfTouch(_out_of_reach[what][1])
    try:
        yield
    except OutOfTouch as error:
        _out_of_reach[what] = (time.monotonic(), str(error))
        raise
