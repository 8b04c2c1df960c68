"""The parts behind each measure: given these interactions, this value and this n."""

from datetime import date
from typing import Any

import pytest

from cx.folders import Folders
from cx.kpis import KPIS, kpi
from cx.query import Filters
from cx.questions import counts
from cx.store import Store
from tests.given import land, row

WEEK = date(2026, 3, 2), date(2026, 3, 8)


def value_of(
    store: Store, name: str, filters: Filters | None = None, key: str = "all"
) -> dict[str, tuple[float, float]]:
    told = counts.count(store, filters or Filters(), key, *WEEK).estimates(kpi(name))
    return {r.key: (round(r.value, 4), r.n) for r in told.itertuples()}


def scores(name: str, values: list[int]) -> list[dict[str, Any]]:
    return [row("survey", **{name: value}) for value in values]


CASES: list[tuple[str, list[dict[str, Any]], float, float]] = [
    ("nps", scores("nps", [10, 9, 8, 7, 6, 0]), 0.0, 6),
    ("nps", [*scores("nps", [10, 10, 3]), row("survey"), row("survey")], 33.3333, 3),
    ("csat", scores("csat", [5, 4, 3, 1]), 50.0, 4),
    ("ces", scores("ces", [7, 5, 6]), 6.0, 3),
    ("detractors", scores("nps", [10, 6, 0, 8]), 50.0, 4),
    (
        "response_rate",
        [*scores("csat", [5]), row("survey"), row("contact", asked=True), row("contact")],
        33.3333,
        3,
    ),
    ("fcr", [row(resolved_first_contact=x) for x in (True, True, False, None)], 66.6667, 3),
    ("contact_rate", [row(), row("complaint"), *[row("order") for _ in range(4)]], 500.0, 2),
    ("bot_escalation", [row(handled_by="bot", escalated=x) for x in (True, False, None, False)], 25.0, 4),
    ("goal_completion", [row("visit", goal="buy", goal_reached=x) for x in (True, False)], 50.0, 2),
    (
        "findability",
        [row("visit", goal=g, goal_reached=x) for g, x in (("find", True), ("buy", False))],
        100.0,
        1,
    ),
    (
        "sentiment",
        [row(sentiment=s) for s in ("positive", "negative", "negative", "neutral", None)],
        -25.0,
        4,
    ),
    (
        "sentiment_coverage",
        [row(text="a", sentiment="neutral"), row(text="b"), row(sentiment="neutral")],
        50.0,
        2,
    ),
    (
        "expectation_gap",
        [row("survey", csat=c, expectation=e) for c, e in ((5, 4), (2, 5), (3, 3))],
        -0.6667,
        3,
    ),
    ("expectation_gap", [row("survey", csat=5), row("survey", csat=4, expectation=2)], 2.0, 1),
    ("referral_rate", [row("order", referred=x) for x in (True, False, None, False)], 25.0, 4),
    ("orders", [row("order", order_id="a", product=p) for p in "xyz"] + [row("order")], 2.0, 2),
    ("units", [row("order", units=3), row("order", units=2), row("return", order_id="a", units=1)], 5.0, 5),
    ("revenue", [row("order", amount=12.5), row("order", amount=7.5)], 20.0, 20),
]


@pytest.mark.parametrize(("name", "rows", "value", "n"), CASES)
def test_measure(
    store: Store, folders: Folders, name: str, rows: list[dict[str, Any]], value: float, n: float
) -> None:
    land(store, folders, rows)
    assert value_of(store, name)["all"] == (pytest.approx(value, abs=1e-3), pytest.approx(n))


def test_every_measure_is_tried() -> None:
    elsewhere = {
        "containment",
        "complaint_rate",
        "first_response",
        "first_response_p90",
        "resolution",
        "resolution_p90",
    }
    assert {name for name, *_ in CASES} | elsewhere == set(KPIS)


def test_a_competitor_never_counts_in_our_own_measures(store: Store, folders: Folders) -> None:
    land(store, folders, [row("review", brand="ours", csat=5), row("review", brand="Rival", csat=1)])
    assert value_of(store, "csat")["all"] == (100.0, 1)


@pytest.mark.parametrize(
    ("again", "contained"),
    [
        ({"days": 0.9, "customer_id": "a"}, 0.0),
        ({"days": 1.4, "customer_id": "a"}, 0.0),
        ({"days": 1.6, "customer_id": "a"}, 100.0),
        ({"days": 0.9, "customer_id": "b"}, 100.0),
    ],
)
def test_containment_ends_with_another_contact_within_a_day(
    store: Store, folders: Folders, again: dict[str, Any], contained: float
) -> None:
    land(store, folders, [row(handled_by="bot", customer_id="a")])
    land(store, folders, [row(handled_by="human", **again)])
    assert value_of(store, "containment")["all"] == (contained, 1)


def test_an_escalated_contact_is_not_contained(store: Store, folders: Folders) -> None:
    land(store, folders, [row(handled_by="self_service", escalated=x) for x in (True, False)])
    assert value_of(store, "containment")["all"] == (50.0, 2)


def test_complaints_are_set_against_units_of_the_fourteen_days_before(store: Store, folders: Folders) -> None:
    # 140 units a fortnight before the week's last day: 10 of them are exposed on each of the week's days but none after.
    land(
        store,
        folders,
        [row("order", days=-7 + 0.1, units=140), row("complaint", days=0.2), row("complaint", days=6.2)],
    )
    assert value_of(store, "complaint_rate")["all"] == (pytest.approx(1000 * 2 / 70, abs=1e-3), 2)


def test_a_rate_by_channel_keeps_the_whole_base(store: Store, folders: Folders) -> None:
    orders = [row("order", channel="web") for _ in range(10)]
    land(store, folders, [*orders, row(channel="phone"), row(channel="web"), row(channel="web")])
    assert value_of(store, "contact_rate", key="channel") == {"phone": (100.0, 1), "web": (200.0, 2)}
    assert value_of(store, "contact_rate", Filters(channel=("phone",)))["all"] == (100.0, 1)


def test_a_rate_by_product_divides_by_that_product(store: Store, folders: Folders) -> None:
    orders = [row("order", product=p) for p in ("Lamp", "Lamp", "Desk")]
    land(store, folders, [*orders, row(product="Lamp"), row(product="Desk")])
    assert value_of(store, "contact_rate", key="product") == {"Desk": (1000.0, 1), "Lamp": (500.0, 1)}


@pytest.mark.parametrize("name", ["first_response", "resolution"])
def test_a_median_is_right_to_half_a_percent(store: Store, folders: Folders, name: str) -> None:
    seconds = [60.0 * minute**2 for minute in range(1, 42)]
    land(store, folders, [row(**{f"{name}_seconds": value}) for value in seconds])
    median, n = value_of(store, name)["all"]
    assert n == 41
    assert median == pytest.approx(60.0 * 21**2, rel=0.005)


def test_filters_narrow(store: Store, folders: Folders) -> None:
    land(store, folders, [row(csat=5, region="North"), row(csat=1, region="South"), row(csat=1)])
    assert value_of(store, "csat", Filters(region=("North",)))["all"] == (100.0, 1)
    assert value_of(store, "csat", key="region") == {"": (0.0, 1), "North": (100.0, 1), "South": (0.0, 1)}
