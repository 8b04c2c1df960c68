"""What a store is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd

from cx.query import Query
from cx.store import LONGEST_SECONDS, Store


@contextmanager
def recorded(store: Store) -> Iterator[list[Query]]:
    """What the store is asked within the block; it answers as ever."""
    asked: list[Query] = []
    answer = store.run

    def noted(query: Query, limit: float = LONGEST_SECONDS) -> pd.DataFrame:
        asked.append(query)
        return answer(query, limit)

    store.run = noted  # type: ignore[method-assign]
    try:
        yield asked
    finally:
        del store.run
