"""The funnel against windowFunnel of ClickHouse: the same events, the same rule, and to the last customer the same counts.

Wants the packages of requirements-bench.txt; where they are missing it is skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import numpy as np
import pandas as pd
import pytest

from cx.folders import Folders
from cx.ingest import take_in
from cx.journey import DEFAULT
from cx.query import Filters
from cx.questions.funnel import Period, funnel
from cx.store import Store

chdb = pytest.importorskip("chdb", reason="needs ClickHouse: pip install -r requirements-bench.txt")

EVENTS, CUSTOMERS = 200_000, 15_000
FIRST, LAST = date(2025, 1, 1), date(2025, 7, 31)
CHANNELS = ("web", "app", "store", "phone")
WHOLE = Period(FIRST, LAST, LAST)
SPRING = Period(date(2025, 3, 3), date(2025, 4, 13), LAST)

DAY = 86_400_000_000
"""A day in the microseconds that both engines are given."""

REQUIRED = [DEFAULT.ids[place] for place in DEFAULT.required]


def chain_of(optional: int) -> list[str]:
    """The stages that must be passed in order to reach an optional one."""
    return [DEFAULT.ids[place] for place in DEFAULT.required if place < optional] + [DEFAULT.ids[optional]]


@pytest.fixture(scope="module")
def events() -> pd.DataFrame:
    """A few customers do a lot; a third of the times lie on the hour, so that many of a customer's are the same."""
    rng = np.random.default_rng(23)
    customer = (CUSTOMERS * rng.random(EVENTS) ** 2.5).astype(np.int64)
    burst = rng.integers(0, 6, EVENTS) * 37 + customer * 7919 % 31
    at = ((burst + rng.gamma(1.5, 8.0, EVENTS)) * DAY).astype(np.int64) % (((LAST - FIRST).days + 1) * DAY)
    hour = DAY // 24
    at = np.where(rng.random(EVENTS) < 1 / 3, at // hour * hour, at // 1_000_000 * 1_000_000)
    stage = rng.choice(DEFAULT.ids, EVENTS, p=[0.28, 0.22, 0.16, 0.12, 0.09, 0.07, 0.06])
    started = pd.Timestamp(FIRST).value // 1000
    return pd.DataFrame(
        {
            "source": "test",
            "interaction_id": np.arange(EVENTS).astype(str),
            "occurred_at": (started + at).astype("datetime64[us]"),
            "customer_id": np.char.add("c", customer.astype(str)),
            "kind": "visit",
            "stage": stage,
            "channel": rng.choice(CHANNELS, EVENTS, p=[0.5, 0.3, 0.15, 0.05]),
        }
    )


@pytest.fixture(scope="module")
def landed(events: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folders = Folders(tmp_path_factory.mktemp("clickhouse")).make()
    store = Store.open(folders.store)
    path = folders.root / "events.parquet"
    events.to_parquet(path)
    report = take_in(store, folders, path, now=datetime(2025, 8, 2))
    assert report.rows_kept == EVENTS
    yield store
    store.close()


def clickhouse(
    events: pd.DataFrame,
    period: Period,
    chain: list[str],
    channel: str = "",
    finely: str = "",
    mode: str = "",
) -> list[int]:
    """Customers by how far they came along a chain: at least one stage, at least two, and so on.

    Openings of the period alone are handed over, and everything else up to the end of the last one's window. Times
    are whole microseconds, so that no window is rounded. Equal times need no help: ClickHouse sorts by time, then by
    the place of the stage among its arguments, which is our own rule. `finely` sets them apart by hand instead: it is
    added to a time counted in sixteenths, and the window has room for it, so that what lies at its end stays within.
    """
    last = period.counted_to(DEFAULT)
    first, end = (datetime.combine(day, time.min) for day in (period.first, last + timedelta(days=1)))
    at, opens = events["occurred_at"], events["stage"] == chain[0]
    opened = opens & (at < end) & events["channel"].isin([channel] if channel else CHANNELS)
    within = at < end + timedelta(days=DEFAULT.window_days)
    asked = events[(at >= first) & (opened | (~opens & within))]
    table = asked[["customer_id", "stage"]].assign(at=asked["occurred_at"].astype("int64"))
    stages = ", ".join(f"stage = '{stage}'" for stage in chain)
    sql = f"""
select {", ".join(f"countIf(level >= {n})" for n in range(1, len(chain) + 1))}
from (
  select windowFunnel({16 * DEFAULT.window_days * DAY + 15}{mode})(toUInt64(16 * at + {finely or 0}), {stages}) as level
  from Python(table) group by customer_id
)"""
    assert len(table)
    return [int(number) for number in str(chdb.query(sql, "CSV")).split(",")]


@pytest.mark.parametrize("channel", ["", "web", "phone"])
@pytest.mark.parametrize("period", [WHOLE, SPRING], ids=["seven months", "six weeks"])
def test_the_funnel_counts_what_clickhouse_counts(
    landed: Store, events: pd.DataFrame, period: Period, channel: str
) -> None:
    told = funnel(landed, DEFAULT, Filters(channel=(channel,) if channel else ()), period)
    optional = [n for n, stage in enumerate(DEFAULT.stages) if stage.optional]
    reached = told.stages["reached"].astype(int)
    assert told.entered == reached[0] > 300
    assert reached[list(DEFAULT.required)].tolist() == clickhouse(events, period, REQUIRED, channel)
    for n in optional:
        assert reached[n] == clickhouse(events, period, chain_of(n), channel)[-1]
    assert reached.min() > 0


def test_ties_are_many_and_settled_by_stage(events: pd.DataFrame) -> None:
    """Set apart in the order of the stages, ties change nothing; set apart the other way or passed over, they cost."""
    place = f"indexOf({REQUIRED}, stage)"
    plain = clickhouse(events, WHOLE, REQUIRED)
    assert clickhouse(events, WHOLE, REQUIRED, finely=place) == plain
    for other in ({"finely": f"15 - {place}"}, {"mode": ", 'strict_increase'"}):
        assert clickhouse(events, WHOLE, REQUIRED, **other)[-1] < plain[-1]
