"""Each touched customer's interactions in order: what every fold by customer starts from.

The store finds, numbers and sorts them; from there a fold is a few passes over arrays, as each row's next order, visit
or contact is a matter of places. Customers are walked in batches, so that any number of them takes the same memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cx.journey import Journey
from cx.model import JOURNEY_DIMENSIONS, OURS

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

NONE = -(2**31)
"""Stands for nothing among days and other whole numbers."""
SECOND, DAY = 1_000_000, 86_400_000_000
"""In microseconds, as times are told."""

NEVER = "date '1900-01-01'"
"""In SQL the day of what was not: a day before all others, so that to be before something needs no second look."""

BATCH = 400_000
"""Interactions that are walked at once, as near as whole customers allow; they take some 250 bytes each."""
_FEW_BATCHES, _GROWN = 5, 10
"""With more of them, as each looks for its customers among all interactions, batches grow to so many times the size."""
_FEW = 20_000
"""Customers that are walked in one batch without counting what they did."""


class Executes(Protocol):
    """The part of a database cursor that a refresh needs."""

    def execute(self, query: str, parameters: Any = None) -> Any:
        """Run one statement with bound values."""

    def register(self, view_name: str, python_object: object) -> Any:
        """Let statements read a table of ours under a name."""

    def unregister(self, view_name: str) -> Any:
        """Forget that name."""


SILENT = "(kind = 'survey' and csat is null and nps is null and ces is null)"
"""A survey that was not answered: nothing that a customer did."""

NAMED = (
    "kind", "source", "stage", "channel", "touchpoint", "product", "segment", "region", "campaign", "device", "reason",
    "order_id",
)  # fmt: skip
"""The columns that are walked as numbers, each the place of a name; -1 is none."""

# What a customer was asked and did not answer is nothing that the customer did. Rows that name no stage stand at the
# stage of their kind; `position` is that of the stage in the journey, empty where the journey does not have it.
_GATHERED = f"""
create or replace temp table gathered as
select i.customer_no, i.occurred_at, i.interaction_id, coalesce(i.stage, k.stage) as stage, s.position, i.kind, i.source,
  i.channel, i.touchpoint, i.product, i.segment, i.region, i.campaign_id as campaign, i.device, i.reason, i.order_id,
  i.amount, i.csat, i.nps, i.would_forgive, i.would_trust
from interactions i
join touched t on t.customer_no = i.customer_no
left join stage_of_kind k on k.of_kind = i.kind
left join stages s on s.stage = coalesce(i.stage, k.stage)
where i.brand = '{OURS}' and not {SILENT} and i.customer_no >= $first and i.customer_no <= $last"""

_NAMES = """
create or replace temp table names_of_{name} as
select {name}, cast(row_number() over (order by {name}) - 1 as integer) as place
from (select distinct {name} from gathered where {name} is not null)"""

# In an order that ties cannot upset; numbers of sources are in the order of their names.
_WALKED = f"""
select g.customer_no, g.occurred_at, coalesce(g.position, -1) as position,
  {", ".join(f"coalesce(n_{name}.place, -1) as {name}" for name in NAMED)},
  coalesce(g.amount, 0) as amount, coalesce(g.csat, -1) as csat, coalesce(g.nps, -1) as nps,
  coalesce(cast(g.would_forgive as integer), -1) as would_forgive,
  coalesce(cast(g.would_trust as integer), -1) as would_trust
from gathered g
{" ".join(f"left join names_of_{name} n_{name} on n_{name}.{name} = g.{name}" for name in NAMED)}
order by g.customer_no, g.occurred_at, g.position nulls last, n_source.place, g.interaction_id"""

_STAGES = """
create or replace temp table stages as
select unnest($stages) as stage, unnest($positions) as position"""

_STAGE_OF_KIND = """
create or replace temp table stage_of_kind as
select unnest($kinds) as of_kind, unnest($stages) as stage"""

_COUNTED = """
select i.customer_no // 256 as few, count(*) as n
from interactions i join touched t on t.customer_no = i.customer_no group by all order by all"""


@dataclass(frozen=True, slots=False)
class Walk:
    """Interactions of some customers, by customer and within each in order; every array has one entry for each.

    at: microseconds; day: days since 1970; place: counts a customer's interactions, on from those that have left;
    position: of the stage in the journey, -1 where the journey does not have it. Columns of NAMED are numbers that
    `names` tells.
    """

    columns: dict[str, Any]
    names: dict[str, pa.Array]
    placed: int

    def __getitem__(self, name: str) -> Any:
        """A column by its name."""
        return self.columns[name]

    def __len__(self) -> int:
        return len(self.customer)

    @cached_property
    def customer(self) -> Any:
        """The customer's number."""
        return self.columns["customer_no"]

    @cached_property
    def at(self) -> Ints:
        """The moment, in microseconds since 1970."""
        at: Ints = self.columns["occurred_at"].astype("datetime64[us]").astype(np.int64)
        return at

    @cached_property
    def day(self) -> Ints:
        """The day, counted since 1970."""
        return self.at // DAY

    @cached_property
    def starts(self) -> Ints:
        """Where each customer begins."""
        return firsts(self.customer)

    @cached_property
    def number(self) -> Ints:
        """The customers counted from 0."""
        return np.repeat(np.arange(len(self.starts)), np.diff(self.starts, append=len(self)))

    @cached_property
    def begin(self) -> Ints:
        """Where the customer of each interaction begins."""
        return self.starts[self.number]

    @cached_property
    def end(self) -> Ints:
        """Where the next customer begins."""
        return np.append(self.starts[1:], len(self))[self.number]

    def kind(self, *kinds: str) -> Flags:
        """Which are of one of these kinds."""
        known = self.names["kind"].to_pylist()
        told: Flags = np.isin(self["kind"], [known.index(kind) for kind in kinds if kind in known])
        return told

    def place(self, rows: Any) -> Ints:
        """The places of these interactions among all of their customer."""
        places: Ints = rows - self.begin[rows] + 1 + self.placed
        return places

    def next(self, told: Flags, rows: Any, after: int = 0) -> Ints:
        """The first interaction of which something holds, from each of these on or so many after; len(self) is none."""
        here = np.append(np.flatnonzero(told), len(self))
        found = here[np.searchsorted(here[:-1], rows + after)]
        return np.where(found < self.end[rows], found, len(self))

    def last(self, told: Flags, rows: Any) -> Ints:
        """The last one before each of these, -1 is none."""
        here = np.append(-1, np.flatnonzero(told))
        found = here[np.searchsorted(here, rows) - 1]
        return np.where(found >= self.begin[rows], found, -1)

    def text(self, name: str, rows: Any) -> pa.Array:
        """The names of a column of NAMED at these interactions; -1 among the rows, and what names none, is empty."""
        known = np.where(rows >= 0, self[name][rows], -1)
        return pa.DictionaryArray.from_arrays(
            pa.array(known.astype(np.int32), mask=known < 0), self.names[name]
        )

    def texts(
        self, rows: Any, names: tuple[str, ...] = JOURNEY_DIMENSIONS, prefix: str = ""
    ) -> dict[str, pa.Array]:
        """The same for several columns."""
        return {f"{prefix}{name}": self.text(name, rows) for name in names}


def walks(cursor: Executes, journey: Journey, placed: int = 0) -> Iterator[Walk]:
    """Walk the customers in the table `touched`; so many places are taken in each one's order."""
    cursor.execute(_STAGES, {"stages": list(journey.ids), "positions": list(range(len(journey.ids)))})
    cursor.execute(
        _STAGE_OF_KIND, {"kinds": [*journey.stage_of_kind], "stages": [*journey.stage_of_kind.values()]}
    )
    for first, last in _batches(cursor):
        cursor.execute(_GATHERED, {"first": first, "last": last})
        for name in NAMED:
            cursor.execute(_NAMES.format(name=name))
        names = {name: _names(cursor, name) for name in NAMED}
        found = cursor.execute(_WALKED).fetchnumpy()
        if len(found["customer_no"]):
            yield Walk(found, names, placed)
        del found
    for table in ("gathered", "stages", "stage_of_kind", *(f"names_of_{name}" for name in NAMED)):
        cursor.execute(f"drop table if exists {table}")


def _batches(cursor: Executes) -> list[tuple[int, int]]:
    """The first and the last customer of each batch."""
    count, first, last = cursor.execute(
        "select count(*), min(customer_no), max(customer_no) from touched"
    ).fetchall()[0]
    if count <= _FEW:
        return [(first, last)] if count else []
    found: list[tuple[int, int]] = []
    taken, begun = 0, 0
    counted = cursor.execute(_COUNTED).fetchall()
    most = min(max(BATCH, sum(n for _, n in counted) // _FEW_BATCHES), _GROWN * BATCH)
    for few, n in counted:
        if taken and taken + n > most:
            found.append((begun, 256 * few - 1))
            taken, begun = 0, 256 * few
        taken += n
    return [*found, (begun, last)]


def _names(cursor: Executes, name: str) -> pa.Array:
    told = cursor.execute(f"select {name} from names_of_{name} order by place").fetchall()
    return pa.array([value for (value,) in told], pa.string())


def firsts(*keys: Any) -> Ints:
    """Where runs of equal keys begin."""
    differs = np.zeros(len(keys[0]), bool)
    for key in keys:
        differs[1:] |= key[1:] != key[:-1]
    differs[:1] = True
    return np.flatnonzero(differs)


def running(values: Floats, starts: Ints) -> Floats:
    """The sum of each run's values up to each of them, added one after the other, so that no run knows of another."""
    so_far, lengths = values.copy(), np.diff(starts, append=len(values))
    longest = np.argsort(-lengths, kind="stable")
    starts, lengths = starts[longest], -lengths[longest]
    for step in range(1, -int(lengths.min(initial=0))):
        rows = starts[: np.searchsorted(lengths, -step)] + step
        so_far[rows] += so_far[rows - 1]
    return so_far


def write(cursor: Executes, table: str, columns: dict[str, Any], order: Any = None) -> None:
    """Write rows into a rollup, in this order. Days are counted since 1970."""
    rows = pa.table(
        {
            name: column if isinstance(column, pa.Array) else pa.array(column)
            for name, column in columns.items()
        }
    )
    cursor.register("folded", rows if order is None else rows.take(pa.array(order)))
    names = ", ".join(columns)
    cursor.execute(f"insert into {table} ({names}) select {names} from folded")
    cursor.unregister("folded")


def dates(days: Any) -> pa.Array:
    """Days as dates; NONE is empty."""
    return pa.array(days.astype(np.int32), mask=days == NONE).cast(pa.date32())


def numbers(values: Any) -> pa.Array:
    """Whole numbers; NONE is empty."""
    return pa.array(values, mask=values == NONE)


def columns(names: tuple[str, ...] = JOURNEY_DIMENSIONS, type_: str = "VARCHAR") -> str:
    """The columns of these names in a table's definition."""
    return ", ".join(f"{name} {type_}" for name in names)
