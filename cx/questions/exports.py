"""What arrived: every export with what was kept and refused, and the refused rows."""

from __future__ import annotations

import pandas as pd

from cx.query import Query
from cx.store import Store

SHOWN = 200
"""The newest exports, and the refused rows of one export, that a page shows at most."""


def arrivals(store: Store) -> pd.DataFrame:
    """The newest exports: file_id, name, format, arrived_at, rows_read, rows_kept, rows_superseded, rows_refused, reason.

    The reason is empty but for exports that were set aside whole.
    """
    sql = """
select file_id, name, format, arrived_at, rows_read, rows_kept, rows_superseded, rows_refused, reason
from files order by arrived_at desc, file_id desc limit $shown"""
    return store.run(Query("exports that arrived", sql, {"shown": SHOWN})).fillna({"reason": ""})


def refusals(store: Store, file_id: int) -> pd.DataFrame:
    """The refused rows of one export: file_row, column_name, value, rule."""
    sql = """
select file_row, column_name, value, rule from refusals
where file_id = $file_id order by file_row, column_name limit $shown"""
    return store.run(Query("refused rows", sql, {"file_id": file_id, "shown": SHOWN})).fillna({"value": ""})
