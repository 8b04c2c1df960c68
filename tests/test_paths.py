"""The law of ways: the visits that the store keeps are what a plain walk through each customer's events finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cx.journey import LEFT, OPEN, Journey, Stage
from cx.query import Filters
from cx.questions.behind import Cell, Step, behind
from cx.questions.funnel import Period
from cx.questions.paths import choices, links, returning, ways
from cx.rollups.paths import MOST_STEPS, positions
from cx.store import Store
from tests.conftest import answer
from tests.given import MONDAY, SHORT_STAGES, land, row

PAUSE = 2
SHORT = Journey(
    (Stage("see"), Stage("try"), Stage("ask", optional=True, kinds=("contact",)), Stage("buy", kinds=("order",))),
    pause_days=PAUSE,
)  # fmt: skip
FIRST = MONDAY.date()
THROUGH = FIRST + timedelta(days=9)
SHOWN = 4
"""Steps that the links are followed for in these tests; fewer than a visit may have."""


class Event(NamedTuple):
    """What one customer did: at a stage, so many quarters of a day after MONDAY, by a channel or none."""

    customer: str
    stage: str
    quarter: int
    channel: str | None

    @property
    def at(self) -> datetime:
        return MONDAY + timedelta(days=self.quarter / 4)


class Visit(NamedTuple):
    """What is kept of a visit."""

    day: str
    last_day: str
    channel: str | None
    next_channel: str | None
    channels: int
    steps: int
    path: tuple[str, ...]
    contacts: int
    orders: int


@pytest.fixture(scope="module")
def own_journey() -> str:
    return f"pause_days = {PAUSE}\n{SHORT_STAGES}"


def landed(emptied: Any, events: Iterable[Event]) -> Store:
    store, folders = emptied()
    land(store, folders, [_row(number, event) for number, event in enumerate(events)],
         now=MONDAY + timedelta(days=30))  # fmt: skip
    return store


def _row(number: int, event: Event) -> dict[str, Any]:
    kind = {"ask": "contact", "buy": "order"}.get(event.stage, "visit")
    stage = {} if kind != "visit" else {"stage": event.stage}
    told = {"interaction_id": f"{number:03d}", "customer_id": event.customer, "channel": event.channel}
    order = {"order_id": f"{event.customer}-{event.quarter}"} if kind == "order" else {}
    return row(kind, event.quarter / 4, **told, **stage, **order)


def walked(events: Iterable[Event]) -> list[Visit]:
    """The visits, one event after the other."""
    found, customers = [], {}
    for number, event in enumerate(events):
        customers.setdefault(event.customer, []).append(
            (event.at, SHORT.ids.index(event.stage), number, event)
        )
    for mine in customers.values():
        visit: list[Event] = []
        for _, _, _, event in sorted(mine):
            if visit and event.at > visit[-1].at + timedelta(days=PAUSE):
                found.append(_visit(visit))
                visit = []
            visit.append(event)
        found.append(_visit(visit))
    return sorted(found, key=repr)


def _visit(events: list[Event]) -> Visit:
    own, used = events[0].channel, [event.channel for event in events if event.channel]
    path = [
        event.stage
        for place, event in enumerate(events)
        if not place or events[place - 1].stage != event.stage
    ]
    turns = [channel for channel in used if own and channel != own]
    orders = {(event.customer, event.quarter) for event in events if event.stage == "buy"}
    return Visit(
        events[0].at.date().isoformat(), events[-1].at.date().isoformat(), own, turns[0] if turns else None,
        len(set(used)), len(path), tuple(path[:MOST_STEPS]), sum(event.stage == "ask" for event in events), len(orders),
    )  # fmt: skip


def kept(store: Store) -> list[Visit]:
    """The visits as the store keeps them."""
    sql = """
select cast(day as varchar), cast(last_day as varchar), channel, next_channel, len(string_split(nullif(used, ''), chr(31))), steps, way, contacts, orders
from r_visits"""
    rows = answer(store, sql)
    paths = [tuple(SHORT.ids[place] for place in positions(told[6])) for told in rows]
    return sorted(
        (
            Visit(*told[:4], told[4] or 0, told[5], path, *told[-2:])
            for told, path in zip(rows, paths, strict=True)
        ),
        key=repr,
    )


LOGS = st.lists(
    st.builds(
        lambda customer, stage, quarter, channel: Event(
            customer, stage, quarter, channel or ("web" if stage == "ask" else None)
        ),
        st.sampled_from("abc"),
        st.sampled_from(SHORT.ids),
        st.integers(0, 40),
        st.sampled_from(["web", "app", "store", None]),
    ),
    min_size=1,
    max_size=40,
)
"""Events on a grid of six hours, so that ties and pauses of exactly the allowed length are common."""


@settings(max_examples=8, deadline=None, suppress_health_check=[*HealthCheck])
@given(LOGS)
def test_visits_are_those_of_a_plain_walk(emptied: Any, log: list[Event]) -> None:
    store = landed(emptied, log)
    expected = walked(log)
    assert kept(store) == expected
    taken = ways(store, SHORT, Filters(), FIRST, THROUGH, THROUGH)
    resting = (THROUGH - timedelta(days=PAUSE)).isoformat()
    counted = Counter(
        (visit.path, visit.last_day > resting) for visit in expected if visit.day <= str(THROUGH)
    )
    assert {(way.path, way.open): way.visits for way in taken.itertuples()} == counted
    back = [any(map(_back, visit.path, visit.path[1:])) for visit in expected if visit.day <= str(THROUGH)]
    assert returning(SHORT, taken).n == len(back)
    if back:
        assert returning(SHORT, taken).value == pytest.approx(100 * sum(back) / len(back))
    flows_on(links(SHORT, taken, SHOWN).itertuples(), counted)


def _back(origin: str, target: str) -> bool:
    return SHORT.ids.index(target) < SHORT.ids.index(origin)


def flows_on(steps: Iterable[Any], counted: Counter[tuple[tuple[str, ...], bool]]) -> None:
    """What comes to a stage goes on from there or ends there, except at the last step that is shown."""
    into, out = Counter(), Counter()
    for step in steps:
        assert step.step < SHOWN
        assert step.back == (step.target in SHORT.ids and _back(step.origin, step.target))
        out[step.step, step.origin] += step.n
        into[step.step + 1, step.target] += step.n
    first = Counter({(1, path[0]): 0 for path, _ in counted})
    for (path, _), n in counted.items():
        first[1, path[0]] += n
    for node in into | first:
        step, stage = node
        if step < SHOWN and stage not in (LEFT, OPEN):
            assert out[node] == into[node] + first[node]
        else:
            assert out[node] == 0


@pytest.mark.parametrize(
    ("steps", "paths"),
    [
        pytest.param([("see", 0), ("try", PAUSE)], [("see", "try")], id="a pause of just the allowed length"),
        pytest.param([("see", 0), ("try", PAUSE + 0.25)], [("see",), ("try",)], id="a longer pause"),
        pytest.param([("see", 0), ("see", 1), ("see", 2), ("try", 2)], [("see", "try")], id="one stage again and again"),
        pytest.param([("buy", 0), ("see", 0)], [("see", "buy")], id="at one moment in the journey's order"),
        pytest.param([("see", 0), ("try", 1), ("see", 2)], [("see", "try", "see")], id="going back"),
        pytest.param([("see" if n % 2 else "try", n / 4) for n in range(10)], [("try", "see") * 4], id="more than are kept"),
        pytest.param([("elsewhere", 0), ("see", 1)], [("see",)], id="a stage that the journey does not have"),
        pytest.param([("see", 0), ("elsewhere", 2), ("try", 4)], [("see",), ("try",)], id="which bridges no pause"),
    ],
)  # fmt: skip
def test_one_customer(emptied: Any, steps: list[tuple[str, float]], paths: list[tuple[str, ...]]) -> None:
    store = landed(emptied, [Event("a", stage, int(days * 4), "web") for stage, days in steps])
    assert sorted(visit.path for visit in kept(store)) == sorted(paths)


@pytest.mark.parametrize(
    ("days", "end"),
    [
        pytest.param(9 - PAUSE, LEFT, id="the pause has just run out"),
        pytest.param(9 - PAUSE + 1, OPEN, id="it runs for a day yet"),
    ],
)
def test_who_may_yet_go_on_has_not_left(emptied: Any, days: int, end: str) -> None:
    store = landed(emptied, [Event("a", "see", days * 4, "web")])
    taken = ways(store, SHORT, Filters(), FIRST, THROUGH, THROUGH)
    assert [(link.origin, link.target, link.n) for link in links(SHORT, taken, SHOWN).itertuples()] == [
        ("see", end, 1)
    ]


def test_a_way_longer_than_is_kept_ends_nowhere(emptied: Any) -> None:
    """Its eighth step is known, and not whether it was the last."""
    log = [Event("a", "see" if n % 2 else "try", n, "web") for n in range(MOST_STEPS)]
    taken = ways(landed(emptied, log), SHORT, Filters(), FIRST, THROUGH, THROUGH)
    found = links(SHORT, taken, MOST_STEPS + 2)
    assert found["step"].tolist() == [*range(1, MOST_STEPS)]
    assert not {LEFT, OPEN} & {*found["target"]}


def test_a_visit_is_filtered_by_where_it_began(emptied: Any) -> None:
    log = [Event("a", "see", 0, "web"), Event("a", "buy", 1, "app"), Event("b", "see", 0, "app")]
    store = landed(emptied, log)
    told = {
        channel: [*ways(store, SHORT, Filters(channel=(channel,)), FIRST, THROUGH, THROUGH)["path"]]
        for channel in ("web", "app")
    }
    assert told == {"web": [("see", "buy")], "app": [("see",)]}


def test_behind_a_step_stand_the_visits_that_took_it_and_no_other(emptied: Any) -> None:
    """The first visit tries and leaves, the second buys, the third is not over."""
    stages = [("see", 0), ("try", 1), ("see", 12), ("buy", 13), ("see", 36)]
    store = landed(emptied, [Event("a", stage, quarter, "web") for stage, quarter in stages])
    period = Period(FIRST, THROUGH, THROUGH)

    def hours(step: int, origin: str, target: str) -> list[float]:
        found = behind(store, SHORT, Filters(), period, Step(step, origin, target)).rows["occurred_at"]
        return sorted((at - MONDAY) / timedelta(days=0.25) for at in found)

    assert hours(1, "see", "try") == hours(2, "try", LEFT) == [0, 1]
    assert hours(1, "see", "buy") == hours(2, "buy", "") == [12, 13]
    assert hours(3, LEFT, "") == [0, 1, 12, 13]
    assert hours(2, OPEN, "") == hours(1, "see", OPEN) == [36]


def test_behind_a_month_stands_nothing_of_the_next(emptied: Any) -> None:
    """An export that knows days alone puts everything at midnight."""
    store = landed(emptied, [Event("a", "buy", 0, "web"), Event("a", "buy", 4 * 30, "web")])
    found = behind(
        store, SHORT, Filters(), Period(FIRST, THROUGH, THROUGH), Cell(FIRST.replace(day=1), 0)
    ).rows
    assert found["occurred_at"].tolist() == [MONDAY]


def test_nothing_has_no_ways(emptied: Any) -> None:
    store, _ = emptied()
    taken = ways(store, SHORT, Filters(), FIRST, THROUGH, THROUGH)
    assert links(SHORT, taken, SHOWN).empty
    assert returning(SHORT, taken).n == 0
    assert choices(store) == {"campaign": [], "device": []}
