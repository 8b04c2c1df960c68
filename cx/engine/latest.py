"""Of each row the latest state, by the rule of cx.ingest.joining, and its customer's number."""

from __future__ import annotations

from typing import Any

from cx.engine import versions, workers
from cx.engine.job import Run
from cx.model import KEPT

IN_ORDER = "updated_at desc, said desc, file_no, file_row"
"""The first state in this order stands."""

LATEST = f"""
select * from (
  select *, row_number() over (partition by source, interaction_id order by {IN_ORDER}) as nth
  from checked where problem is null
) states where nth = 1"""

OF_FILE = ("file_no", "file_row", "said")
"""What is kept of each row besides, to decide later between it and another state."""

INTERACTIONS = {name: workers.CHECKED[name] for name in KEPT} | {"customer_no": "INTEGER"} | {
    name: workers.CHECKED[name] for name in OF_FILE
}  # fmt: skip
"""The columns of the interactions that a version keeps, with their types."""

CUSTOMERS = {"customer_no": "INTEGER", "customer_id": "VARCHAR"}
"""The columns of the customers that a version keeps, with their types."""

# Pseudonyms are hexadecimal digits: those of one beginning are numbered by themselves, in the order of all.
_NUMBERED = """
with known as (select distinct customer_id, substring(customer_id, 1, 3) as begins from {of} where customer_id is not null),
counted as (select begins, count(*) as n from known group by begins),
before as (
  select begins, coalesce(sum(n) over (order by begins rows between unbounded preceding and 1 preceding), 0) as n from counted
)
select cast({after} + b.n + row_number() over (partition by k.begins order by k.customer_id) as int) as customer_no, k.customer_id
from known k join before b on b.begins = k.begins"""


def numbered(of: str, after: int = 0) -> str:
    """SQL that numbers the customers of a table, from the one after `after` on."""
    return _NUMBERED.format(of=of, after=after)


def with_numbers(rows: str, customers: str) -> str:
    """SQL for these rows in the columns of INTERACTIONS, each with its customer's number."""
    cells = (f"c.{name}" if name == "customer_no" else f"l.{name}" for name in INTERACTIONS)
    return f"select {', '.join(cells)} from {rows} l left join {customers} c on c.customer_id = l.customer_id"


def joined(run: Run) -> Any:
    """Keep the latest state of each row of all exports, with its customer's number."""
    run.keep(run.session.sql(LATEST), f"{versions.WORK}/latest", "latest")
    run.keep(run.session.sql(numbered("latest")), "customers")
    return run.keep(run.session.sql(with_numbers("latest", "customers")), versions.INTERACTIONS)
