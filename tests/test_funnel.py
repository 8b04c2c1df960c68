"""The funnel law: what the store counts is what a plain walk through each customer's events finds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from math import isclose, isnan
from statistics import median_low
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cx.journey import DEFAULT, Journey, Stage
from cx.query import Filters
from cx.questions.funnel import Funnel, Period, breakdown, differences, funnel
from cx.store import Store
from tests.given import MONDAY, SHORT_STAGES, land, row

WINDOW = 3
SHORT = Journey(
    (
        Stage("see"),
        Stage("try"),
        Stage("ask", optional=True, kinds=("contact",)),
        Stage("buy", kinds=("order",)),
    ),
    window_days=WINDOW,
)
"""A short journey in which to ask is optional."""

CHAINS = {1: ("see", "try"), 2: ("see", "try", "ask"), 3: ("see", "try", "buy")}
"""For each later stage the stages that must be passed in order to reach it."""

FIRST = MONDAY.date()
PERIOD = Period(FIRST, FIRST + timedelta(days=5), FIRST + timedelta(days=7))


class Event(NamedTuple):
    """A customer at a stage."""

    at: datetime
    stage: str
    channel: str

    @property
    def place(self) -> tuple[datetime, int]:
        """By time, then stage."""
        return self.at, SHORT.ids.index(self.stage)


Opens = Callable[[Event], bool]


def opens(days: range, channel: str | None) -> Opens:
    """Whether an event opens an attempt that counts: at the first stage, on these days, by this channel."""
    return lambda event: (
        event.stage == "see" and (event.at.date() - FIRST).days in days and channel in (None, event.channel)
    )


SHORT_TOML = f"window_days = {WINDOW}\n{SHORT_STAGES}"


@pytest.fixture(scope="module")
def own_journey() -> str:
    return SHORT_TOML


def visit(customer: str, stage: str, days: float, **columns: Any) -> dict[str, Any]:
    """A customer at a stage; orders and contacts name none, so that the one of their kind is theirs."""
    if stage in ("buy", "ask"):
        return row("order" if stage == "buy" else "contact", days, customer_id=customer, **columns)
    return row("visit", days, customer_id=customer, stage=stage, **columns)


def level(events: list[Event], chain: tuple[str, ...], opens: Opens) -> int:
    """How far the best attempt came, as ClickHouse walks it: one pass, latest openings first."""
    started: list[datetime | None] = [None] * len(chain)
    best = 0
    for event in sorted(events, key=lambda event: event.place):
        if event.stage not in chain:
            continue
        place = chain.index(event.stage)
        if place == 0 and opens(event):
            started[0], best = event.at, max(best, 1)
        opened = started[place - 1] if place else None
        if opened is not None and event.at <= opened + timedelta(days=WINDOW):
            started[place], best = opened, max(best, place + 1)
    return best


def seconds(events: list[Event], chain: tuple[str, ...], opens: Opens) -> float | None:
    """Seconds from the stage before to the last of the chain, in the first attempt that came so far."""
    ordered = sorted(events, key=lambda event: event.place)
    for start, opening in enumerate(ordered):
        if not opens(opening):
            continue
        rest, times = ordered[start + 1 :], [opening.at]
        for wanted in chain[1:]:
            found = next((i for i, event in enumerate(rest) if event.stage == wanted), None)
            if found is None or rest[found].at > opening.at + timedelta(days=WINDOW):
                break
            times.append(rest[found].at)
            rest = rest[found + 1 :]
        if len(times) == len(chain):
            return (times[-1] - times[-2]).total_seconds()
    return None


LOGS = st.lists(
    st.tuples(
        st.sampled_from("abcde"),
        st.sampled_from(SHORT.ids),
        st.integers(0, 8 * 4),
        st.sampled_from(["web", "app"]),
    ),
    min_size=1,
    max_size=40,
)
"""Events on a grid of six hours, so that ties and exact window ends are common."""


@settings(max_examples=15, deadline=None, suppress_health_check=[*HealthCheck])
@given(LOGS)
def test_funnel_law(emptied: Any, log: list[tuple[str, str, int, str]]) -> None:
    store, folders = emptied()
    land(
        store,
        folders,
        [visit(who, stage, quarter / 4, channel=channel) for who, stage, quarter, channel in log],
    )
    walked: dict[str, list[Event]] = {}
    for who, stage, quarter, channel in log:
        walked.setdefault(who, []).append(Event(MONDAY + timedelta(days=quarter / 4), stage, channel))
    for channel in (None, "web"):
        told = funnel(store, SHORT, Filters(channel=(channel,) if channel else ()), PERIOD)
        holds(told, [*walked.values()], channel)


def holds(told: Funnel, customers: list[list[Event]], channel: str | None) -> None:
    """Hold a funnel to a walk through each customer's events."""
    old = opens(range((PERIOD.counted_to(SHORT) - FIRST).days + 1), channel)
    whole = opens(range(6), channel)
    came = [events for events in customers if any(map(whole, events))]
    assert told.entered == sum(any(map(old, events)) for events in customers)
    assert told.everyone == len(came)
    for n, chain in CHAINS.items():
        reached = sum(level(events, chain, old) == len(chain) for events in customers)
        assert told.stages["reached"][n] == reached
        times = [s for events in customers if (s := seconds(events, chain, old)) is not None]
        assert len(times) == reached
        found = told.row(n, "median").value
        assert isnan(found) if not times else isclose(found + 1, median_low(sorted(times)) + 1, rel_tol=0.006)
        if n != SHORT.required[-1]:
            continue
        there = [[event.place for event in events if event.stage == chain[-1]] for events in came]
        opened = [min(event.place for event in events if whole(event)) for events in came]
        assert told.stages["ever"][n] == sum(map(bool, there))
        early = sum(bool(places) and max(places) < first for places, first in zip(there, opened, strict=True))
        assert told.stages["early"][n] == early


@pytest.mark.parametrize(
    ("steps", "reached"),
    [
        pytest.param([("see", 0), ("try", 1), ("buy", 2)], (1, 1, 0, 1), id="in order"),
        pytest.param([("see", 0), ("buy", 1), ("try", 2)], (1, 1, 0, 0), id="out of order"),
        pytest.param([("see", 0), ("try", 0), ("buy", 0)], (1, 1, 0, 1), id="all at one moment"),
        pytest.param([("see", 0), ("try", 1), ("buy", WINDOW)], (1, 1, 0, 1), id="at the window's end"),
        pytest.param([("see", 0), ("try", 1), ("buy", WINDOW + 0.01)], (1, 1, 0, 0), id="after the window"),
        pytest.param(
            [("see", 0), ("see", 1), ("try", 2), ("buy", WINDOW + 0.5)], (1, 1, 0, 1), id="a later attempt"
        ),
        pytest.param([("try", 0), ("buy", 1)], (0, 0, 0, 0), id="never opened"),
        pytest.param(
            [("see", 0), ("try", 1), ("ask", 1.5), ("buy", 2)], (1, 1, 1, 1), id="with the optional stage"
        ),
        pytest.param([("see", 0), ("ask", 0.5), ("try", 1)], (1, 1, 0, 0), id="the optional stage too early"),
    ],
)
def test_one_customer(emptied: Any, steps: list[tuple[str, float]], reached: tuple[int, ...]) -> None:
    store, folders = emptied()
    land(store, folders, [visit("a", stage, days) for stage, days in steps])
    told = funnel(store, SHORT, Filters(), PERIOD)
    assert tuple(told.stages["reached"].astype(int)) == reached


def many(n: int, buys: int, **columns: Any) -> list[dict[str, Any]]:
    """So many customers of whom some try and buy."""
    name = "-".join(map(str, columns.values()))
    seen = [visit(f"{name}{i}", "see", 0.2, **columns) for i in range(n)]
    tried = [visit(f"{name}{i}", stage, 1 + i / n) for i in range(buys) for stage in ("try", "buy")]
    return seen + tried


def told_by(store: Store, **filters: Any) -> Funnel:
    return funnel(store, SHORT, Filters(**filters), PERIOD)


def test_groups_side_by_side(emptied: Any) -> None:
    store, folders = emptied()
    land(
        store,
        folders,
        [*many(100, 50, channel="web"), *many(100, 20, channel="app"), *many(8, 7, channel="shop")],
    )
    table = breakdown(store, SHORT, Filters(), PERIOD, "channel").set_index("group")
    assert table.loc[["web", "app", "shop"], "entered"].tolist() == [100, 100, 8]
    assert table.loc[["web", "app", "shop"], "value_3"].tolist() == [50, 20, 87.5]
    web, app, shop = (told_by(store, channel=(name,)) for name in ("web", "app", "shop"))
    (real, few) = (differences(SHORT, group, web)[1]["conversion"] for group in (app, shop))
    assert (real.amount, real.verdict, real.good) == (-30, "real", False)
    assert few.verdict == "too few"
    assert differences(SHORT, web, web)[1]["conversion"].verdict == "noise"


def test_too_young_customers_are_counted_apart(emptied: Any) -> None:
    store, folders = emptied()
    land(store, folders, [visit("old", "see", 0), visit("young", "see", 5), visit("young", "try", 5.5)])
    told = funnel(store, SHORT, Filters(), PERIOD)
    assert (told.entered, told.too_young) == (1, 1)
    assert told.stages["reached"].tolist() == [1, 0, 0, 0]
    assert (told.everyone, told.stages["ever"][3]) == (2, 0)


def test_the_period_before_has_as_many_counted_days():
    before = PERIOD.before(SHORT)
    counted = PERIOD.counted_to(SHORT) - PERIOD.first
    assert (before.last, before.last - before.first) == (FIRST - timedelta(days=1), counted)
    assert before.counted_to(SHORT) == before.last


def test_what_a_customer_is_worth(emptied: Any) -> None:
    store, folders = emptied()
    buys = [visit(f"{i}", "buy", 2, amount=90.0 + i % 2 * 20) for i in range(20)]
    tries = [visit(f"{i}", "try", 1) for i in range(40)]
    land(store, folders, [visit(f"{i}", "see", 0) for i in range(80)] + tries + buys)
    worth = [told_by(store).row(n, "worth").value for n in (1, 3)]
    assert worth == [50, 100]


def test_an_empty_store_has_an_empty_funnel(store: Store) -> None:
    told = funnel(store, DEFAULT, Filters(), Period(date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)))
    assert (told.entered, told.too_young) == (0, 0)
    assert isnan(told.row(1, "conversion").value)
