"""What is kept of customers: how many have a pseudonym, refused consent, were forgotten, and through which days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from cx.query import Query
from cx.store import Store


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows in all, those whose customer refused consent, rows with words; customers known by a pseudonym and forgotten.

    `since` is the first day of which interactions are kept, None where all are.
    """

    rows: int
    refused: int
    texts: int
    customers: int
    forgotten: int
    since: date | None


_KEPT = """
select count(*) as rows, count(case when consent = false then 1 end) as refused, count(text) as texts,
  (select count(*) from customers) as customers, (select count(*) from forgotten) as forgotten,
  (select kept_from from meta) as since
from interactions"""


def kept(store: Store) -> Kept:
    """What is kept now."""
    row = store.run(Query("what is kept of customers", _KEPT)).iloc[0]
    since = None if pd.isna(row["since"]) else row["since"].date()
    return Kept(
        int(row["rows"]),
        int(row["refused"]),
        int(row["texts"]),
        int(row["customers"]),
        int(row["forgotten"]),
        since,
    )
