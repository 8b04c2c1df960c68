"""Each touched customer's interactions in order, as a temporary table: what every fold by customer starts from."""

from __future__ import annotations

from typing import Any, Protocol

from cx.journey import Journey
from cx.model import JOURNEY_DIMENSIONS, OURS


class Executes(Protocol):
    """The part of a database cursor that a refresh needs."""

    def execute(self, query: str, parameters: Any = None) -> Any:
        """Run one statement with bound values."""


SILENT = "(kind = 'survey' and csat is null and nps is null and ces is null)"
"""A survey that was not answered: nothing that a customer did."""

# What a customer was asked and did not answer is nothing that the customer did. Rows that name no stage stand at the
# stage of their kind; `position` is that of the stage in the journey, empty where the journey does not have it.
# `place` counts a customer's interactions, in an order that ties cannot upset, on from those that have left.
_WALKED = f"""
create or replace temp table walked as
select i.customer_no,
  cast($placed + row_number() over (
    partition by i.customer_no order by i.occurred_at, s.position nulls last, i.source, i.interaction_id
  ) as integer) as place,
  i.occurred_at, cast(i.occurred_at as date) as day, i.kind, i.source, coalesce(i.stage, k.stage) as stage,
  s.position, i.channel, i.touchpoint, i.product, i.segment, i.region, i.campaign_id as campaign, i.device,
  i.order_id, i.amount, i.reason, i.csat, i.nps, i.would_forgive, i.would_trust
from interactions i
join touched t on t.customer_no = i.customer_no
left join stage_of_kind k on k.of_kind = i.kind
left join stages s on s.stage = coalesce(i.stage, k.stage)
where i.brand = '{OURS}' and not {SILENT}"""

_STAGES = """
create or replace temp table stages as
select unnest($stages) as stage, unnest($positions) as position"""

_STAGE_OF_KIND = """
create or replace temp table stage_of_kind as
select unnest($kinds) as of_kind, unnest($stages) as stage"""


def lay_out(cursor: Executes, journey: Journey, placed: int = 0) -> None:
    """Make the temporary table `walked` for the customers in `touched`; so many places are taken in each one's order."""
    cursor.execute(_STAGES, {"stages": list(journey.ids), "positions": list(range(len(journey.ids)))})
    cursor.execute(
        _STAGE_OF_KIND, {"kinds": [*journey.stage_of_kind], "stages": [*journey.stage_of_kind.values()]}
    )
    cursor.execute(_WALKED, {"placed": placed})


def clear(cursor: Executes) -> None:
    """Drop what `lay_out` made, and the list of customers that it was made for."""
    for table in ("walked", "stages", "stage_of_kind", "touched"):
        cursor.execute(f"drop table {table}")


def columns(names: tuple[str, ...] = JOURNEY_DIMENSIONS, type_: str = "VARCHAR") -> str:
    """The columns of these names in a table's definition."""
    return ", ".join(f"{name} {type_}" for name in names)
