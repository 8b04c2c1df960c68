"""What arrived: every export with what was kept, replaced and refused, and why."""

from __future__ import annotations

import pandas as pd

from cx.query import Query
from cx.store import Store

SHOWN = 200
"""The newest exports, and the refused rows of one export, that a page shows at most."""


def arrivals(store: Store) -> pd.DataFrame:
    """The newest exports: file_id, name, size, sha256, format, arrived_at, rows_read, rows_kept, rows_replaced, rows_same,
    rows_superseded, rows_refused, unused (columns), reason, undone_at and whole.

    The reason is empty but for exports that were set aside whole. `whole`: what it replaced was kept, for undo.
    """
    sql = """
select file_id, name, size, sha256, format, arrived_at, rows_read, rows_kept, coalesce(rows_replaced, 0) as rows_replaced,
  coalesce(rows_same, 0) as rows_same, rows_superseded, rows_refused, coalesce(unused, []) as unused,
  coalesce(reason, '') as reason, undone_at, rows_replaced is not null as whole
from files order by arrived_at desc, file_id desc limit $shown"""
    return store.run(Query("exports that arrived", sql, {"shown": SHOWN}))


def refusals(store: Store, file_id: int) -> pd.DataFrame:
    """The refused rows of one export: file_row, column_name, value, rule."""
    sql = """
select file_row, column_name, value, rule from refusals
where file_id = $file_id order by file_row, column_name limit $shown"""
    return store.run(Query("refused rows", sql, {"file_id": file_id, "shown": SHOWN})).fillna({"value": ""})


def reasons(store: Store, file_id: int, shown: int = 3) -> pd.DataFrame:
    """Why rows of one export were not kept, most rows first: column_name, rule, n, value (of the first), rows (so many)."""
    sql = """
select column_name, rule, max(total) as n, coalesce(min_by(value, place), '') as value, list(file_row order by place) as rows
from (
  select *, row_number() over (partition by column_name, rule order by file_row) as place,
    count(*) over (partition by column_name, rule) as total
  from refusals where file_id = $file_id
) where place <= $shown
group by column_name, rule order by n desc, column_name, rule"""
    return store.run(Query("why rows were not kept", sql, {"file_id": file_id, "shown": shown}))
