"""The rows that some people may see, in a store of their own.

What is not to be seen is not there: no question, page, download, drill-down or brief can forget a condition. The store is held
in memory alone, so that nothing of it is left behind on disk, and every number is computed from its rows as the whole
store's numbers are from all. It follows the whole store by what changed: rows that came, left or say something else.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, NamedTuple

import pyarrow as pa

from cx import rollups
from cx.journey import DEFAULT, Journey, from_told
from cx.model import KEPT
from cx.query import Filters, where
from cx.store import Cursor, Store

_COLUMNS = (*KEPT, "customer_no", "file_id", "file_row")
_NAMES = ", ".join(_COLUMNS)
_PLACE = "file_id, file_row"
"""What tells rows apart: whatever replaces a row comes from another file, or stands elsewhere in it."""

_MARKED = f"select {_PLACE}, hash({_NAMES}) as said from interactions where "

_GONE = f"""
create or replace temp table gone as
select i.rowid as place, cast(i.occurred_at as date) as day, i.source, i.customer_no
from (select rowid, *, hash({_NAMES}) as said from interactions) i anti join marked using ({_PLACE}, said)"""

_MISSING = f"""
select {_PLACE} from marked anti join (select {_PLACE}, hash({_NAMES}) as said from interactions) held using ({_PLACE}, said)"""

_FETCHED = f"select {_NAMES} from interactions semi join missing using ({_PLACE})"

_THEIRS = """
select customer_no, customer_id from customers
where customer_no in (select customer_no from interactions semi join missing using (file_id, file_row))"""

_TOUCHED = """
create or replace temp table touched as
select distinct customer_no from (select customer_no from gone union all select customer_no from fetched) moved
where customer_no is not null"""

_DAYS = "select day from gone union select cast(occurred_at as date) from fetched order by all"
_SOURCES = "select source from gone union select source from fetched order by all"

_MOVED = (
    "delete from interactions where rowid in (select place from gone)",
    f"insert into interactions ({_NAMES}) select {_NAMES} from fetched",
    "insert into customers select * from theirs anti join customers using (customer_no)",
    "delete from surge_log",
    "insert into surge_log select * from noted",
    "delete from customers where customer_no not in (select customer_no from interactions where customer_no is not null)",
)

_NOTES = "select * from surge_log where $all or list_contains($products, product) order by noted_at"

MOST_STORES = 16
"""How many choices of rows are held in memory at once."""


class Limited:
    """A store of the rows that these filters choose, kept as the whole one is. Safe to use from many threads."""

    def __init__(self, whole: Store, rows: Filters) -> None:
        self._whole, self._rows = whole, rows
        self._following = threading.Lock()
        self._followed: int | None = None
        self._store = Store.in_memory(whole)

    def store(self) -> Store:
        """The store, with what the whole one holds by now."""
        with self._following:
            if self._followed != self._whole.version:
                self._followed = self._follow()
        return self._store

    def _follow(self) -> int:
        chosen, products = where(self._rows), [*self._rows.product]
        with self._whole.moment() as theirs, self._store.transaction() as own:
            version, journey = theirs.execute("select version, journey from meta").fetchall()[0]
            own.register("marked", _asked(theirs, _MARKED + chosen.sql, chosen.values))
            own.execute(_GONE)
            theirs.register("missing", _asked(own, _MISSING))
            own.register("fetched", _asked(theirs, _FETCHED))
            own.register("theirs", _asked(theirs, _THEIRS))
            own.register("noted", _asked(theirs, _NOTES, {"all": not products, "products": products}))
            _move(own, from_told(journey) if journey else DEFAULT)
        return int(version)


class Seen(NamedTuple):
    """What somebody sees: a store that holds these rows alone, of which no choice is all."""

    store: Store
    rows: Filters = Filters()


class Limits:
    """The stores of all who see only some rows: one for each choice of rows, made when it is first asked for."""

    def __init__(self, whole: Store) -> None:
        self._whole = whole
        self._stores: dict[Filters, Limited] = {}
        self._choosing = threading.Lock()

    def seen(self, rows: Filters) -> Seen:
        """What is seen where only these rows are; the whole store where nothing is chosen."""
        return Seen(self.store(rows), rows) if rows.chosen() else Seen(self._whole, rows)

    def store(self, rows: Filters) -> Store:
        """The store of these rows, as the whole one is now. Those longest unasked are let go of beyond MOST_STORES."""
        with self._choosing:
            found = self._stores.pop(rows, None) or Limited(self._whole, rows)
            self._stores[rows] = found
            while len(self._stores) > MOST_STORES:
                del self._stores[next(iter(self._stores))]  # closed when nobody asks it any more
        return found.store()


def _asked(cursor: Cursor, sql: str, values: Mapping[str, Any] | None = None) -> pa.Table:
    return cursor.sql(sql, params=dict(values) if values else None).to_arrow_table()


def _move(own: Cursor, journey: Journey) -> None:
    """Take over what changed, and count it."""
    own.execute(_TOUCHED)
    days, sources = (_first(own, sql) for sql in (_DAYS, _SOURCES))
    for statement in _MOVED:
        own.execute(statement)
    rollups.refresh(own, days, sources, journey)
    for table in ("gone", "touched"):
        own.execute(f"drop table if exists {table}")


def _first(own: Cursor, sql: str) -> list[Any]:
    return [value for (value,) in own.execute(sql).fetchall()]
