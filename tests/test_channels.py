"""Channels: distinct customers, hops, devices and support are those of a plain count over the log."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from math import isnan
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cx.folders import Folders
from cx.journey import DEFAULT
from cx.query import Filters
from cx.questions import channels
from cx.store import Store
from tests.conftest import DemoCompany
from tests.given import MONDAY, land, row
from tests.test_health import rows_of

FIRST, LAST = MONDAY.date(), MONDAY.date() + timedelta(days=6)
LATER = MONDAY + timedelta(days=60)
ALL = Filters()

Row = dict[str, Any]


def visit(customer: str | None, channel: str | None, days: float = 0, **columns: Any) -> Row:
    return row("visit", days, customer_id=customer, channel=channel, **columns)


# --- a plain walk ---


def visits_of(rows: list[Row]) -> list[list[Row]]:
    """Each customer's rows in order, cut where nothing happened for longer than the journey's pause."""
    found: list[list[Row]] = []
    for customer in {one["customer_id"] for one in rows} - {None}:
        last = None
        for one in sorted(
            (one for one in rows if one["customer_id"] == customer),
            key=lambda one: (one["occurred_at"], DEFAULT.ids.index(stage_of(one)), one["interaction_id"]),
        ):
            if last is None or one["occurred_at"] - last > timedelta(days=DEFAULT.pause_days):
                found.append([])
            found[-1].append(one)
            last = one["occurred_at"]
    return found


def stage_of(one: Row) -> str:
    kinds = {kind: stage.id for stage in DEFAULT.stages for kind in stage.kinds}
    return str(one.get("stage") or kinds[one["kind"]])


def used(visit: list[Row]) -> list[str]:
    """The channels of a visit in the order in which they were first used."""
    return list(dict.fromkeys(one["channel"] for one in visit if one["channel"] is not None))


def expected(rows: list[Row]) -> dict[str, Any]:
    begun = [v for v in visits_of(rows) if FIRST <= v[0]["occurred_at"].date() <= LAST]
    here = {(one["customer_id"], one["channel"]) for v in begun for one in v if one["channel"]}
    turns = Counter(tuple(used(v)[:2]) for v in begun if v[0]["channel"] and len(used(v)) > 1)
    ordered = Counter(v[0].get("device") or "" for v in begun if any(one["kind"] == "order" for one in v))
    return {
        "customers": dict(Counter(channel for _, channel in here)),
        "active": len({v[0]["customer_id"] for v in begun}),
        "visits": len(begun),
        "hopped": sum(len(used(v)) > 1 for v in begun),
        "turns": dict(turns),
        "devices": {
            device: (n, ordered[device])
            for device, n in Counter(v[0].get("device") or "" for v in begun).items()
        },
    }


EVENT = st.builds(
    row,
    kind=st.sampled_from(["visit", "order", "contact"]),
    days=st.sampled_from([-15, -14, -1, 0, 0.5, 3, 6.9, 7.1, 14.5, 17.1, 21, 30]),
    customer_id=st.sampled_from(["a", "b", "c", None]),
    channel=st.sampled_from(["web", "phone", "store"]),
    device=st.sampled_from(["mobile", "desktop", None]),
)


@settings(max_examples=6, deadline=None, suppress_health_check=[*HealthCheck])
@given(st.lists(EVENT, min_size=1, max_size=30), st.booleans())
def test_figures_are_those_of_a_plain_walk(emptied: Any, rows: list[Row], unplaced: bool) -> None:
    store, folders = emptied()
    for one in rows[::4] if unplaced else []:
        if one["kind"] != "contact":
            one["channel"] = None
    land(store, folders, rows, now=LATER)
    wanted = expected(rows)
    here = channels.presence(store, ALL, FIRST, LAST)
    hops = channels.hops(store, ALL, FIRST, LAST)
    devices = channels.devices(store, ALL, FIRST, LAST).table
    assert dict(zip(here["channel"], here["customers"], strict=True)) == wanted["customers"]
    assert set(here["active"]) <= {wanted["active"]}
    assert hops.row.n == wanted["visits"]
    assert isnan(hops.row.value) or hops.row.value == pytest.approx(100 * wanted["hopped"] / wanted["visits"])
    assert {(t.channel, t.next_channel): t.visits for t in hops.turns.itertuples()} == wanted["turns"]
    assert {d.device: (d.visits, d.ordered) for d in devices.itertuples()} == wanted["devices"]


# --- boundaries ---


def test_a_customer_counts_once_in_each_channel_and_once_in_all(store: Store, folders: Folders) -> None:
    rows = [visit("a", "web", day) for day in (0, 2, 5)] + [
        visit("a", "app", 1),
        visit("b", "web"),
        visit("c", None),
    ]
    land(store, folders, [*rows, visit(None, "web")])
    table = channels.presence(store, ALL, FIRST, LAST)
    assert table[["channel", "customers", "active"]].values.tolist() == [["web", 2, 3], ["app", 1, 3]]
    assert table["value"].round(2).tolist() == [66.67, 33.33]
    assert ((table["lo"] < table["value"]) & (table["value"] < table["hi"])).all()


def test_a_visit_belongs_to_the_day_on_which_it_began(store: Store, folders: Folders) -> None:
    land(store, folders, [visit("a", "web", -0.5), visit("a", "app", 1)])
    assert channels.presence(store, ALL, FIRST, LAST).empty
    before = channels.presence(store, ALL, FIRST - timedelta(days=1), FIRST)
    assert sorted(before["channel"]) == ["app", "web"]


def test_turns_are_from_the_first_channel_to_the_next_other_one(store: Store, folders: Folders) -> None:
    rows = [visit("a", c, n / 10) for n, c in enumerate(("web", "web", None, "app", "store"))]
    rows += [
        visit("b", "web"),
        visit("b", "app", 1),
        visit("c", "store"),
        visit("d", "app"),
        visit("d", "web", 1),
    ]
    land(store, folders, rows)
    hops = channels.hops(store, ALL, FIRST, LAST)
    assert (hops.row.value, hops.row.n) == (75, 4)
    assert hops.turns.round(2).values.tolist() == [["web", "app", 2, 66.67], ["app", "web", 1, 33.33]]


def buyers(device: str, n: int, bought: int) -> list[Row]:
    """So many customers on a device, of whom so many order."""
    seen = [visit(f"{device}{at}", "web", device=device) for at in range(n)]
    return seen + [row("order", 1, customer_id=f"{device}{at}", channel="web") for at in range(bought)]


@pytest.mark.parametrize(
    ("rows", "amount", "verdict"),
    [
        (buyers("mobile", 60, 6) + buyers("desktop", 60, 30), -40, "real"),
        (buyers("mobile", 60, 28) + buyers("desktop", 60, 31), -5, "noise"),
        (buyers("mobile", 9, 0) + buyers("desktop", 60, 60), -100, "too few"),
        (buyers("desktop", 60, 60), None, "too few"),
    ],
)
def test_mobile_against_desktop(
    store: Store, folders: Folders, rows: list[Row], amount: float | None, verdict: str
) -> None:
    land(store, folders, rows)
    change = channels.devices(store, ALL, FIRST, LAST).change
    assert change.verdict == verdict
    assert isnan(change.amount) if amount is None else change.amount == pytest.approx(amount)


def test_filters_keep_the_visits_that_began_there(store: Store, folders: Folders) -> None:
    land(store, folders, [visit("a", "web"), visit("a", "app", 1), visit("b", "app", region="North")])
    web = channels.presence(store, Filters(channel=("web",), stage=("purchase",)), FIRST, LAST)
    assert sorted(web["channel"]) == ["app", "web"]
    assert set(web["active"]) == {1}
    north = channels.hops(store, Filters(region=("North",)), FIRST, LAST)
    assert (north.row.value, north.row.n) == (0, 1)


def test_support_against_the_equally_long_period_before(store: Store, folders: Folders) -> None:
    rows = [row("order", day, channel="web") for day in (-1, 1) for _ in range(100)]
    rows += [row(days=-1, channel="phone") for _ in range(60)] + [
        row(days=1, channel="phone") for _ in range(20)
    ]
    rows += [
        row(days=day, channel="chat", handled_by="bot", escalated=n < 5) for day in (-1, 1) for n in range(20)
    ]
    land(store, folders, [*rows, row(days=-7.5, channel="phone")])
    found = channels.support(store, Filters(campaign=("spring",)), FIRST, LAST)
    whole = {one.kpi: one for one in found.whole.itertuples()}
    assert (whole["contact_rate"].value, whole["contact_rate"].before) == (400, 800)
    assert (whole["contact_rate"].amount, whole["contact_rate"].verdict, whole["contact_rate"].good) == (
        pytest.approx(-50), "real", True,
    )  # fmt: skip
    assert (whole["containment"].value, whole["bot_escalation"].value) == (75, 25)
    by_channel = {(one.kpi, one.key): one for one in found.by_channel.itertuples()}
    assert by_channel["contact_rate", "phone"].verdict == "real"
    assert by_channel["contact_rate", "chat"].verdict == "noise"
    assert by_channel["bot_escalation", "chat"].n == 20
    assert ("bot_escalation", "phone") not in by_channel


def test_support_says_what_is_new_and_what_is_gone(store: Store, folders: Folders) -> None:
    rows = [row("order", day, channel="web") for day in (-1, 1) for _ in range(100)]
    rows += [row(days=-1, channel="phone"), row(days=1, channel="chat")]
    land(store, folders, rows)
    table = channels.support(store, ALL, FIRST, LAST).by_channel.set_index("key")
    assert (table.loc["chat", "kind"], table.loc["phone", "amount"]) == ("new", -100)


def test_nothing_in_the_period_is_empty(store: Store) -> None:
    assert channels.presence(store, ALL, FIRST, LAST).empty
    assert isnan(channels.hops(store, ALL, FIRST, LAST).row.value)
    assert channels.devices(store, ALL, FIRST, LAST).change.kind == "none"
    assert channels.support(store, ALL, FIRST, LAST).whole.empty


def test_the_demo_company_by_channel(demo_company: DemoCompany) -> None:
    first, last = date(2026, 2, 9), date(2026, 3, 8)
    rows = rows_of(demo_company)
    silent = (rows["kind"] == "survey") & rows[["csat", "nps", "ces"]].isna().all(axis=1)
    rows = rows[rows["customer_id"].notna() & ~silent].sort_values(
        ["customer_id", "occurred_at"], kind="stable"
    )
    pause = rows.groupby("customer_id")["occurred_at"].diff().dt.days
    begins = rows.groupby("customer_id")["occurred_at"].diff() > "14 days"
    rows = rows.assign(visit=(begins | pause.isna()).cumsum())
    begun = rows.groupby("visit")["day"].transform("min").dt.date.between(first, last)
    wanted = rows[begun].groupby("channel")["customer_id"].nunique().to_dict()
    store = Store.open(demo_company.folders.store)
    here = channels.presence(store, ALL, first, last)
    hops = channels.hops(store, ALL, first, last)
    store.close()
    assert dict(zip(here["channel"], here["customers"], strict=True)) == wanted
    assert here["active"].iloc[0] == rows[begun]["customer_id"].nunique()
    hopped = rows[begun].groupby("visit")["channel"].nunique() > 1
    assert hops.row.n == len(hopped)
    assert hops.row.value == pytest.approx(100 * hopped.mean())
