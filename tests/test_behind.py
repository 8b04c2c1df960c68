"""The interactions behind a figure are those that it was counted from, masked and no more than a thousand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from cx.folders import Folders
from cx.journey import DEFAULT, LEFT
from cx.query import Filters
from cx.questions.behind import SHOWN, Behind, Cell, Figure, Place, Reached, Step, behind
from cx.questions.funnel import Period, funnel
from cx.questions.paths import links, ways
from cx.store import Store
from tests.given import MONDAY, land, row

FIRST = MONDAY.date()
PERIOD = Period(FIRST, FIRST + timedelta(days=20), FIRST + timedelta(days=60))


def told(store: Store, figure: Figure, **filters: Any) -> Behind:
    return behind(store, DEFAULT, Filters(**filters), PERIOD, figure)


def at(customer: str, stage: str, days: float, **columns: Any) -> dict[str, Any]:
    return row("visit", days, customer_id=customer, stage=stage, **columns)


WALKS = [
    at("goes on", "discover", 1),
    at("goes on", "research", 2),
    at("goes on", "loyalty", 50),
    at("stops", "discover", 1),
    at("stops", "support", 3),
    at("never opened", "research", 2),
]


@pytest.mark.parametrize(
    ("figure", "stages"),
    [
        pytest.param(Reached(1, lost=False), ["discover", "research"], id="those who reached a stage, in the window"),
        pytest.param(Reached(1, lost=True), ["discover", "support"], id="those who did not"),
        pytest.param(Reached(2, lost=True), ["discover", "research"], id="lost later"),
        pytest.param(Reached(0, lost=False), ["discover", "research", "discover", "support"], id="all who came in"),
        pytest.param(Step(1, "discover", "research"), ["discover", "research"], id="a step"),
        pytest.param(Step(2, "support", LEFT), ["discover", "support"], id="leaving"),
        pytest.param(Step(1, "research", ""), ["research"], id="a node"),
        pytest.param(Place("support", "", ""), ["support"], id="a touchpoint"),
    ],
)  # fmt: skip
def test_behind_a_figure(store: Store, folders: Folders, figure: Figure, stages: list[str]) -> None:
    land(store, folders, WALKS)
    assert sorted(told(store, figure).rows["stage"]) == sorted(stages)


def test_behind_a_cohort_stand_those_who_came_back(store: Store, folders: Folders) -> None:
    orders = [row("order", days, customer_id=customer) for customer, days in (("a", 1), ("a", 40), ("b", 2))]
    land(store, folders, [*orders, row("contact", 41, customer_id="a"), row("contact", 41, customer_id="b")],
         now=MONDAY + timedelta(days=90))  # fmt: skip
    found = told(store, Cell(date(2026, 3, 1), 1)).rows
    assert found["kind"].tolist() == ["order", "contact"]
    assert found["customer"].nunique() == 1


def test_texts_are_masked_and_nobody_is_named(store: Store, folders: Folders) -> None:
    said = "Write to ann.lee@mail.example.com or call +39 02 1234 5678, order 12345, thanks"
    land(store, folders, [at("ann@example.com", "discover", 1, text=said)])
    found = told(store, Reached(0, lost=False)).rows
    assert found["text"].tolist() == ["Write to [EMAIL] or call [PHONE], order 12345, thanks"]
    assert "ann@example.com" not in found.to_csv()


def test_no_more_than_a_thousand(store: Store, folders: Folders) -> None:
    land(store, folders, [at(f"{i}", "discover", 1) for i in range(SHOWN + 1)])
    for figure in (Reached(0, lost=False), Place("discover", "", "")):
        found = told(store, figure)
        assert (len(found.rows), found.more) == (SHOWN, True)


def test_as_many_customers_stand_behind_a_figure_as_it_counts(store: Store, folders: Folders) -> None:
    stages = ("discover", "research", "compare")
    walks = [at(f"{i}", stage, 1 + n, channel="web" if i % 2 else "app")
             for i in range(40) for n, stage in enumerate(stages[: 1 + i % 3])]  # fmt: skip
    land(store, folders, walks)
    only = Filters(channel=("web",))
    counted = funnel(store, DEFAULT, only, PERIOD).stages
    for n in range(3):
        found = told(store, Reached(n, lost=False), channel=("web",))
        assert found.rows["customer"].nunique() == counted["reached"][n]
        if n:
            lost = told(store, Reached(n, lost=True), channel=("web",))
            assert lost.rows["customer"].nunique() == counted["lost"][n]
    taken = ways(store, DEFAULT, only, PERIOD.first, PERIOD.last, PERIOD.through)
    for link in links(DEFAULT, taken, 6).itertuples():
        found = told(store, Step(link.step, link.origin, link.target), channel=("web",))
        assert found.rows["customer"].nunique() == link.n
