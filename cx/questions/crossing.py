"""Whether filters single people out: for those who may see counts and no single interactions.

A choice cuts the rows in parts: inside or outside of what is chosen of each dimension; and within, by each value that is
chosen. Where every part has no customer at all or enough of them, so has everything that is left when the answer to one
allowed choice is taken from the answer to a wider one. So nobody is found by asking again with one filter more or less.
"""

from __future__ import annotations

from cx.query import Filters, Query
from cx.store import Store

COLUMNS = {"campaign": "campaign_id"}
"""What interactions call a dimension, where that is another name."""


def singles_out(store: Store, filters: Filters, least: int) -> bool:
    """Whether the choice leaves a part, inside or outside of it, of fewer customers than `least` and more than none.

    Rows that tell of no customer are nobody's, and not counted.
    """
    chosen = filters.chosen()
    return bool(chosen) and bool(store.run(_few(chosen, least))["few"].iloc[0])


def _few(chosen: dict[str, tuple[str, ...]], least: int) -> Query:
    """Whether there is such a part: the rows are marked by what is inside, and counted by these marks and by each value."""
    marks = [
        f"coalesce(list_contains($f_{name}, {COLUMNS.get(name, name)}), false) as in_{name}"
        for name in chosen
    ]
    values = [f"{COLUMNS.get(name, name)} as v_{name}" for name in chosen]
    inside = " and ".join(f"in_{name}" for name in chosen)
    parts = [
        f"select count(distinct customer_no) as n from marked group by {', '.join(f'in_{name}' for name in chosen)}"
    ]
    parts += [
        f"select count(distinct customer_no) from marked where {inside} group by v_{name}" for name in chosen
    ]
    sql = f"""
with marked as (select customer_no, {", ".join([*marks, *values])} from interactions)
select coalesce(bool_or(n between 1 and $least - 1), false) as few from ({" union all ".join(parts)}) parts"""
    return Query(
        "filters that single people out",
        sql,
        {f"f_{name}": [*told] for name, told in chosen.items()} | {"least": least},
    )
