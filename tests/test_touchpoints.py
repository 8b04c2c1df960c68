"""Touchpoints: what the store says of each is what a plain walk through the log says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from math import isnan
from typing import Any, NamedTuple

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cx import rollups
from cx.folders import Folders
from cx.journey import DEFAULT, Journey, Stage
from cx.query import Filters
from cx.questions import touchpoints as asked
from cx.rollups.touchpoints import ATTRIBUTION_DAYS
from cx.store import Store
from tests.conftest import DemoCompany, answer, everything
from tests.given import MONDAY, land, row
from tests.test_health import rows_of

FIRST, LAST = MONDAY.date(), MONDAY.date() + timedelta(days=27)
LATER = MONDAY + timedelta(days=60)

Row = dict[str, Any]
Place = tuple[str, str, str]


class Traced(NamedTuple):
    """A contact, and the row that it is traced back to."""

    contact: Row
    behind: Row | None


def told(store: Store, filters: Filters | None = None, **bounds: date) -> dict[Place, Any]:
    """The touchpoints by place, in the order in which they stand."""
    table = asked.touchpoints(
        store, DEFAULT, filters or Filters(), bounds.get("first", FIRST), bounds.get("last", LAST)
    )
    return {(found.stage, found.touchpoint, found.channel): found for found in table.itertuples()}


def visit(days: float = 0, stage: str = "compare", touchpoint: str = "page", **columns: Any) -> Row:
    return row("visit", days, **{"stage": stage, "touchpoint": touchpoint, "channel": "web", **columns})


def answers(
    n: int, happy: int, touchpoint: str, channel: str, stage: str = "deliver", **columns: Any
) -> list[Row]:
    """So many answered surveys at a touchpoint, of which so many are content."""
    place = {"stage": stage, "touchpoint": touchpoint, "channel": channel}
    return [row("survey", csat=5 if at < happy else 1, **place, **columns) for at in range(n)]


# --- a plain walk ---


def stage_of(given_row: Row) -> str | None:
    kinds = {kind: stage.id for stage in DEFAULT.stages for kind in stage.kinds}
    stage: str | None = given_row.get("stage") or kinds.get(given_row["kind"])
    return stage


def place_of(given_row: Row) -> Place:
    return stage_of(given_row) or "", given_row.get("touchpoint") or "", given_row.get("channel") or ""


def silent(given_row: Row) -> bool:
    return given_row["kind"] == "survey" and all(
        given_row.get(name) is None for name in ("csat", "nps", "ces")
    )


def helps(given_row: Row) -> bool:
    return given_row["kind"] in ("contact", "complaint")


def leads(given_row: Row) -> bool:
    """Whether a contact may be traced back to this."""
    return not silent(given_row) and not helps(given_row) and given_row["kind"] != "return"


def in_order(rows: Iterable[Row]) -> list[Row]:
    def key(given_row: Row) -> tuple[datetime, int, str]:
        stage = stage_of(given_row)
        at = DEFAULT.ids.index(stage) if stage in DEFAULT.ids else 99
        return given_row["occurred_at"], at, given_row["interaction_id"]

    return sorted(rows, key=key)


def walked(rows: list[Row]) -> list[Traced]:
    """Every contact of a known customer with what it is traced back to."""
    found = []
    for customer in {given_row.get("customer_id") for given_row in rows} - {None}:
        last: Row | None = None
        for given_row in in_order(one for one in rows if one.get("customer_id") == customer):
            if helps(given_row):
                near = last and given_row["occurred_at"] - last["occurred_at"] <= timedelta(
                    days=ATTRIBUTION_DAYS
                )
                found.append(Traced(given_row, last if near else None))
            last = given_row if leads(given_row) else last
    return found


def within(given_row: Row) -> bool:
    return bool(FIRST <= given_row["occurred_at"].date() <= LAST)


def expected(rows: list[Row]) -> dict[Place, dict[str, Any]]:
    """Some figures of every place, counted one by one."""
    traced = [(place_of(t.behind), t.contact) for t in walked(rows) if t.behind and within(t.contact)]
    here: dict[Place, list[Row]] = {}
    for given_row in filter(within, rows):
        if not (
            silent(given_row) and given_row.get("sentiment") is None and given_row.get("goal_reached") is None
        ):
            here.setdefault(place_of(given_row), []).append(given_row)
    return {place: figures(place, own, traced) for place, own in here.items()}


def figures(place: Place, own: list[Row], traced: list[tuple[Place, Row]]) -> dict[str, Any]:
    after = [contact for behind, contact in traced if behind == place]
    raised = [r for r in own if helps(r)] + [r for r in after if place_of(r) != place]
    scores = [r["csat"] for r in own if r.get("csat") is not None]
    moods = [r["sentiment"] for r in own if r.get("sentiment") is not None]
    gaps = [r["csat"] - r["expectation"] for r in own if None not in (r.get("csat"), r.get("expectation"))]
    efforts = [r["ces"] for r in own if r.get("ces") is not None]
    goals = [r for r in own if r.get("goal") is not None and r.get("goal_reached") is not None]
    return {
        "interactions": sum(not silent(r) for r in own),
        "csat": ratio(100 * sum(score >= 4 for score in scores), len(scores)),
        "ces": ratio(sum(efforts), len(efforts)),
        "sentiment": ratio(100 * (moods.count("positive") - moods.count("negative")), len(moods)),
        "gap": ratio(sum(gaps), len(gaps)),
        "contact_rate": ratio(
            1000 * len(after), sum(leads(r) and r.get("customer_id") is not None for r in own)
        ),
        "reasons": ranked(Counter(r["reason"] for r in raised if r.get("reason"))),
        "goals": [
            (goal, n, 100 * sum(r["goal_reached"] for r in goals if r["goal"] == goal) / n)
            for goal, n in ranked(Counter(r["goal"] for r in goals))
        ],
    }


def ratio(amount: float, n: int) -> float | None:
    return round(amount / n, 6) if n else None


def ranked(counted: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))[: asked.TOP]


def known(value: float) -> float | None:
    return None if isnan(value) else round(value, 6)


EVENT = st.builds(
    row,
    kind=st.sampled_from(
        ["visit", "order", "contact", "complaint", "survey", "survey", "return", "delivery"]
    ),
    days=st.sampled_from([-3, -0.5, 0, 1, 3.5, 4, 7, 8, 10.5, 27.9, 28.1]),
    customer_id=st.sampled_from(["a", "a", "b", None]),
    stage=st.sampled_from(["deliver", "loyalty", "elsewhere"]),
    touchpoint=st.sampled_from(["desk", None]),
    channel=st.sampled_from(["web", "phone"]),
    product=st.sampled_from(["Lamp", "Desk"]),
    reason=st.sampled_from(["broken", "late", "odd", "dear"]),
    order_id=st.sampled_from(["o1", "o2"]),
    csat=st.sampled_from([None, None, 2, 4]),
    ces=st.sampled_from([None, None, 3, 7]),
    expectation=st.sampled_from([None, 3]),
    sentiment=st.sampled_from([None, "positive", "negative", "neutral"]),
    goal=st.sampled_from([None, "find", "buy"]),
    goal_reached=st.sampled_from([None, True, False]),
)


@settings(max_examples=6, deadline=None, suppress_health_check=[*HealthCheck])
@given(st.lists(EVENT, min_size=1, max_size=40))
def test_figures_are_those_of_a_plain_walk(emptied: Any, rows: list[Row]) -> None:
    store, folders = emptied()
    for given_row in rows[::3]:  # as many rows name no stage as do
        if given_row["kind"] != "visit":
            given_row["stage"] = None
    land(store, folders, rows, now=LATER)
    found = {
        place: {
            "interactions": one.interactions,
            **{name: known(getattr(one, f"{name}_value")) for name in asked.MEASURES},
            "reasons": one.reasons,
            "goals": one.goals,
        }
        for place, one in told(store).items()
    }
    assert found == expected(rows)


@settings(max_examples=3, deadline=None, suppress_health_check=[*HealthCheck])
@given(st.lists(EVENT, min_size=1, max_size=20), st.lists(EVENT, max_size=20), st.data())
def test_replaced_rows_leave_what_a_rebuild_would(
    emptied: Any, rows: list[Row], others: list[Row], data: st.DataObject
) -> None:
    store, folders = emptied()
    land(store, folders, [{**one, "updated_at": MONDAY} for one in rows], now=LATER)
    replaced = [
        {**other, "interaction_id": one["interaction_id"], "updated_at": MONDAY + timedelta(days=1)}
        for one, other in zip(rows, others, strict=False)
        if data.draw(st.booleans())
    ]
    if replaced:
        land(store, folders, replaced, now=LATER)
    left = everything(store)
    with store.transaction() as cursor:
        rollups.rebuild(cursor, DEFAULT)
    assert everything(store) == left


# --- what a contact is traced back to ---

WEEK = float(ATTRIBUTION_DAYS)
ORDER = row("order", 1, customer_id="a", channel="web", touchpoint="checkout")
ASKED = {"customer_id": "a", "channel": "phone"}


@pytest.mark.parametrize(
    ("before", "contact", "traced"),
    [
        ([ORDER], row(days=1 + WEEK, **ASKED), "checkout"),
        ([ORDER], row(days=1 + WEEK + 1 / 86400, **ASKED), None),
        ([ORDER], row(days=0.5, **ASKED), None),
        ([ORDER], row(days=2, **{**ASKED, "customer_id": "b"}), None),
        ([ORDER, visit(2, customer_id="a")], row(days=3, **ASKED), "page"),
        ([ORDER, visit(2, customer_id="a", touchpoint=None)], row(days=3, **ASKED), None),
        ([ORDER, row("return", 2, customer_id="a", order_id="o")], row(days=3, **ASKED), "checkout"),
        ([ORDER, row("complaint", 2, **ASKED)], row(days=3, **ASKED), "checkout"),
        ([ORDER, row("survey", 2, customer_id="a", touchpoint="mail")], row(days=3, **ASKED), "checkout"),
        ([ORDER, row("survey", 2, customer_id="a", touchpoint="mail", nps=3)], row(days=3, **ASKED), "mail"),
        ([ORDER, row("review", 2, customer_id="a", brand="Rival", csat=1)], row(days=3, **ASKED), "checkout"),
        ([row("order", 1, customer_id="a")], row(days=1, **ASKED, stage="support"), None),
    ],
)  # fmt: skip
def test_a_contact_is_traced_back(
    store: Store, folders: Folders, before: list[Row], contact: Row, traced: str | None
) -> None:
    land(store, folders, [*before, contact], now=LATER)
    sql = f"select from_touchpoint from r_contacts where day = date '{contact['occurred_at'].date()}' and reason is null"
    assert answer(store, sql) == [(traced,)]


def test_a_contact_without_a_customer_is_traced_to_nothing(store: Store, folders: Folders) -> None:
    land(store, folders, [row("order", 1, channel="web"), row(days=2)])
    assert answer(store, "select * from r_contacts") == []
    assert told(store)["purchase", "", "web"].contact_rate_base == 0


def test_the_contact_rate_is_over_what_known_customers_did(store: Store, folders: Folders) -> None:
    rows = [row("order", 1, customer_id=f"c{n}", channel="web") for n in range(40)]
    rows += [row(days=2, customer_id=f"c{n}") for n in range(2)] + [row("order", 1, channel="web")]
    land(store, folders, rows)
    sold, called = told(store)["purchase", "", "web"], told(store)["support", "", "phone"]
    assert (sold.interactions, sold.contact_rate_n, sold.contact_rate_base) == (41, 2, 40)
    assert sold.contact_rate_value == pytest.approx(50)
    assert (round(sold.contact_rate_lo, 3), round(sold.contact_rate_hi, 3)) == (6.055, 180.617)
    assert isnan(called.contact_rate_value)  # who calls for help is not at fault for the call


def test_nothing_named_is_a_group_of_its_own(store: Store, folders: Folders) -> None:
    land(store, folders, [row("survey", csat=5), row("survey", csat=1, stage="deliver")])
    assert {place: one.csat_value for place, one in told(store).items()} == {
        ("", "", ""): 100,
        ("deliver", "", ""): 0,
    }


# --- who is unhappy ---


def test_a_small_unhappy_channel_stands_before_a_large_happy_one(store: Store, folders: Folders) -> None:
    rows = [
        *answers(400, 360, "courier", "web"),
        *answers(20, 8, "courier", "store"),
        *answers(60, 40, "locker", "app"),
    ]
    land(store, folders, rows)
    table = list(told(store).items())
    assert [(place[1:], one.unhappy) for place, one in table] == [
        (("courier", "store"), True),
        (("locker", "app"), True),
        (("courier", "web"), False),
    ]
    worst = table[0][1]
    assert worst.apart == pytest.approx(40 - 100 * 400 / 460)
    assert worst.apart < worst.apart_hi < 0


@pytest.mark.parametrize(
    ("rows", "judged_by", "unhappy"),
    [
        (answers(20, 17, "courier", "store"), "csat", False),
        (answers(20, 20, "courier", "store"), "csat", False),
        (answers(9, 0, "courier", "store"), "", False),
        (answers(10, 0, "courier", "store"), "csat", True),
        (answers(30, 0, "courier", "store", stage="loyalty"), "", False),
        ([visit(stage="deliver", touchpoint="courier", channel="store", sentiment="negative")] * 1, "", False),
        ([visit(stage="deliver", touchpoint="courier", channel="store", sentiment=s)
          for s in ["negative"] * 20 + ["positive"] * 4], "sentiment", True),
    ],
)  # fmt: skip
def test_who_is_unhappy(
    store: Store, folders: Folders, rows: list[Row], judged_by: str, unhappy: bool
) -> None:
    happy = answers(200, 180, "courier", "web", sentiment="positive")
    land(store, folders, [*happy, *rows])
    one = told(store)[rows[0]["stage"], "courier", "store"]
    assert (one.judged_by, one.unhappy) == (judged_by, unhappy)


def test_filters_narrow_and_others_are_left_aside(store: Store, folders: Folders) -> None:
    rows = [visit(customer_id="a", segment="Home"), row("order", 1, customer_id="b", segment="Office"),
            row(days=2, customer_id="a"), row(days=2, customer_id="b")]  # fmt: skip
    land(store, folders, rows)
    home = told(store, Filters(segment=("Home",), region=("North",), device=("mobile",)))
    assert [(place[0], one.contact_rate_n) for place, one in home.items()] == [("compare", 1)]
    assert list(told(store, Filters(channel=("phone",)))) == [("support", "", "phone")]
    assert told(store, last=FIRST).keys() == {("compare", "page", "web")}


# --- stages ---


def test_stages_add_up_their_touchpoints(store: Store, folders: Folders) -> None:
    land(store, folders, [*answers(30, 10, "courier", "web"), *answers(10, 10, "locker", "app"),
                          row("visit", stage="elsewhere")])  # fmt: skip
    table = asked.stages(store, DEFAULT, Filters(), FIRST, LAST)
    assert table["stage"].tolist() == [*DEFAULT.ids, "elsewhere"]
    (deliver,) = table[table["stage"] == "deliver"].itertuples()
    assert (deliver.interactions, deliver.csat_value, deliver.csat_n) == (40, 50, 40)
    assert table[table["stage"] == "loyalty"]["csat_value"].isna().all()


def test_pain_points_of_a_stage_count_each_contact_once(store: Store, folders: Folders) -> None:
    at_home = {"stage": "deliver", "touchpoint": "courier", "customer_id": "a"}
    rows = [
        row("delivery", 28, order_id="o", **at_home),
        row("complaint", 29, **{**at_home, "reason": "late"}),  # at the stage and traced back to it
        row("complaint", 30, customer_id="a", reason="late"),  # traced back to it
        row("complaint", 30, customer_id="b", reason="late"),  # neither
        row("contact", 31, **{**at_home, "customer_id": None}),  # at the stage, for no reason told
        row("complaint", 2, **{**at_home, "reason": "broken"}),  # in the period before
        row("complaint", -0.5, **{**at_home, "reason": "broken"}),  # before that
    ]
    land(store, folders, rows, now=LATER)
    then = FIRST + timedelta(days=28), LAST + timedelta(days=28)
    table = asked.reasons(store, Filters(), "deliver", *then)
    assert table.to_dict("list") == {
        "reason": ["late", "", "broken"],
        "n": [2, 1, 0],
        "share": [pytest.approx(200 / 3), pytest.approx(100 / 3), 0],
        "before": [0, 0, 1],
    }


def test_stages_that_the_journey_does_not_name(store: Store, folders: Folders) -> None:
    land(store, folders, [visit(), *[visit(stage="Cart")] * 1, visit(stage="Cart"), row("survey", nps=9)])
    short = Journey((Stage("discover"), Stage("compare")))
    for journey in (DEFAULT, short):
        table = asked.unknown_stages(store, journey)
        assert list(table.itertuples(index=False, name=None)) == [("Cart", 2), ("", 1)]


@pytest.mark.parametrize(
    ("days", "through"),
    [
        ({}, None),
        ({"discover": 50}, 49),
        ({"discover": 50, "purchase": 50, "deliver": 47}, 47),
        ({"discover": 20, "purchase": 50, "deliver": 50}, 49),
        ({"discover": 50, "purchase": 50, "elsewhere": 20}, 49),
        ({"discover": 50, "purchase": 50, "deliver": -40}, 49),
        ({"discover": 50, "purchase": 50, "deliver": -39}, -39),
    ],
)
def test_through_the_last_day_that_every_later_stage_delivered(
    store: Store, folders: Folders, days: dict[str, int], through: int | None
) -> None:
    if days:
        land(store, folders, [visit(day, stage=stage) for stage, day in days.items()], now=LATER)
    wanted = None if through is None else FIRST + timedelta(days=through)
    assert asked.through(store, DEFAULT) == wanted


def test_nothing_in_the_period_is_empty(store: Store) -> None:
    assert told(store) == {}
    assert asked.stages(store, DEFAULT, Filters(), FIRST, LAST)["interactions"].tolist() == [0] * 7
    assert asked.reasons(store, Filters(), "deliver", FIRST, LAST).empty
    assert asked.unknown_stages(store, DEFAULT).empty


def test_the_demo_company_by_touchpoint(demo_company: DemoCompany) -> None:
    first, last = date(2026, 2, 9), date(2026, 3, 8)
    rows = rows_of(demo_company)
    rows = rows[rows["day"].dt.date.between(first, last)]
    unanswered = (rows["kind"] == "survey") & rows[["csat", "nps", "ces"]].isna().all(axis=1)
    rows = rows.fillna({"stage": "", "touchpoint": "", "channel": ""})[~unanswered]
    wanted = rows.groupby(["stage", "touchpoint", "channel"]).agg(
        interactions=("kind", "size"),
        csat_n=("csat", "count"),
        csat_value=("csat", lambda scores: 100 * (scores.dropna() >= 4).mean()),
    )
    store = Store.open(demo_company.folders.store)
    table = asked.touchpoints(store, DEFAULT, Filters(), first, last)
    store.close()
    found = table.set_index(["stage", "touchpoint", "channel"])[list(wanted.columns)].sort_index()
    pd.testing.assert_frame_equal(found, wanted.sort_index(), check_dtype=False, check_index_type=False)
    rates = dict(zip(table["touchpoint"] + " " + table["channel"], table["contact_rate_value"], strict=True))
    assert rates["checkout web"] > rates["product page web"]
