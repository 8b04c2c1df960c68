"""The weekly health of the demo company, held against pandas over its Parquet files and against its truths."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cx import reference
from cx.folders import Folders
from cx.kpis import KPIS, kpi
from cx.query import Filters
from cx.questions.freshness import freshness
from cx.questions.headline import _growing, headline
from cx.questions.health import Health
from cx.store import Store
from tests.conftest import DemoCompany
from tests.given import MONDAY, as_kept, land, row

WEEK = timedelta(weeks=1)


def rows_of(demo_company: DemoCompany) -> pd.DataFrame:
    """Every interaction of our own as it stands last, straight from the files; without consent nobody is named."""
    table = pd.concat([pd.read_parquet(path) for path in demo_company.demo.exports], ignore_index=True)
    table["updated_at"] = table["updated_at"].fillna(table["occurred_at"])
    table = table.sort_values("updated_at", kind="stable").drop_duplicates(
        ["source", "interaction_id"], keep="last"
    )
    table = table[table["brand"].fillna("ours") == "ours"]
    table = as_kept(table)
    day = table["occurred_at"].dt.normalize()
    return table.assign(day=day, week=(day - pd.to_timedelta(day.dt.weekday, unit="D")).dt.date)


@pytest.fixture(scope="module")
def rows(demo_company: DemoCompany) -> pd.DataFrame:
    return rows_of(demo_company)


@pytest.fixture(scope="module")
def health(demo_company: DemoCompany) -> Iterator[Health]:
    store = Store.open(demo_company.folders.store)
    yield ask(store, demo_company)
    store.close()


def ask(store: Store, company: DemoCompany, filters: Filters | None = None, weeks: int = 52) -> Health:
    folder = company.folders.reference
    told = reference.targets(folder), reference.settings(folder)
    return Health(store, filters or Filters(), freshness(store, company.now), *told, weeks)


def of_week(rows: pd.DataFrame, week: date) -> pd.DataFrame:
    return rows[rows["week"] == week]


def share(values: pd.Series) -> float:
    return 100 * float(values.astype(float).mean())


def balance(plus: pd.Series, minus: pd.Series) -> float:
    return 100 * float(plus.mean() - minus.mean())


def came_back(contacts: pd.DataFrame) -> pd.Series:
    """Whether the same customer had another contact within 24 hours, the long way round."""
    times = {customer: sorted(group) for customer, group in contacts.groupby("customer_id")["occurred_at"]}
    day = pd.Timedelta(days=1)
    answers = [
        any(at < other <= at + day for other in times.get(customer, ()))
        for customer, at in zip(contacts["customer_id"], contacts["occurred_at"], strict=True)
    ]
    return pd.Series(answers, index=contacts.index)


def exposure(rows: pd.DataFrame, days: pd.DatetimeIndex) -> float:
    """Units of the fourteen days up to each of these days, a fourteenth of them a day."""
    sold = rows[rows["kind"] == "order"].groupby("day")["units"].sum().astype(float)
    return sum(sold.reindex(pd.date_range(end=day, periods=14), fill_value=0.0).sum() / 14 for day in days)


def by_pandas(rows: pd.DataFrame, name: str, week: date) -> float:
    now = of_week(rows, week)
    contacts = now[now["kind"].isin(["contact", "complaint"])]
    orders = now[now["kind"] == "order"]
    scored = now["csat"].notna() | now["nps"].notna() | now["ces"].notna()
    nps, written = now["nps"].dropna().astype(int), now[now["text"].notna()]
    feeling = now["sentiment"].dropna()
    paired = now[now["csat"].notna() & now["expectation"].notna()]
    machines = contacts[contacts["handled_by"].isin(["bot", "self_service"])]
    bots = contacts[contacts["handled_by"] == "bot"]
    goals = now[now["goal"].notna() & now["goal_reached"].notna()]
    figures: dict[str, Any] = {
        "nps": lambda: balance(nps >= 9, nps <= 6),
        "csat": lambda: share(now["csat"].dropna() >= 4),
        "ces": lambda: float(now["ces"].dropna().astype(float).mean()),
        "fcr": lambda: share(contacts["resolved_first_contact"].dropna()),
        "first_response": lambda: float(contacts["first_response_seconds"].dropna().quantile(0.5)),
        "first_response_p90": lambda: float(contacts["first_response_seconds"].dropna().quantile(0.9)),
        "resolution": lambda: float(contacts["resolution_seconds"].dropna().quantile(0.5)),
        "resolution_p90": lambda: float(contacts["resolution_seconds"].dropna().quantile(0.9)),
        "complaint_rate": lambda: 1000 * (now["kind"] == "complaint").sum() / exposure(rows, pd.date_range(week, periods=7)),
        "detractors": lambda: share(nps <= 6),
        "response_rate": lambda: 100 * scored.sum() / (scored | now["asked"].fillna(False).astype(bool)).sum(),
        "contact_rate": lambda: 1000 * len(contacts) / orders["order_id"].nunique(),
        "containment": lambda: share(
            ~machines["escalated"].fillna(False).astype(bool)
            & ~came_back(rows[rows["kind"].isin(["contact", "complaint"])]).reindex(machines.index)
        ),
        "bot_escalation": lambda: share(bots["escalated"].fillna(False)),
        "goal_completion": lambda: share(goals["goal_reached"]),
        "findability": lambda: share(goals[goals["goal"] == "find"]["goal_reached"]),
        "sentiment": lambda: balance(feeling == "positive", feeling == "negative"),
        "sentiment_coverage": lambda: share(written["sentiment"].notna()),
        "expectation_gap": lambda: float((paired["csat"] - paired["expectation"]).astype(float).mean()),
        "referral_rate": lambda: 100 * orders[orders["referred"].fillna(False).astype(bool)]["order_id"].nunique()
        / orders["order_id"].nunique(),
        "orders": lambda: float(orders["order_id"].nunique()),
        "units": lambda: float(orders["units"].sum()),
        "revenue": lambda: float(orders["amount"].sum()),
    }  # fmt: skip
    return float(figures[name]())


@pytest.mark.parametrize("name", KPIS)
def test_every_measure_is_what_pandas_finds_in_the_files(
    health: Health, rows: pd.DataFrame, name: str
) -> None:
    tiles = {tile.kpi.name: tile for tile in health.tiles()}
    tolerance = 0.01 if KPIS[name].family == "quantile" else 1e-9
    for week in (health.week, health.week - WEEK):
        trend = health.trend(kpi(name)).set_index("week")
        assert trend.loc[week, "value"] == pytest.approx(by_pandas(rows, name, week), rel=tolerance)
    assert tiles[name].row.value == trend.loc[health.week, "value"]


def test_an_interval_is_wilsons_by_hand(health: Health, rows: pd.DataFrame) -> None:
    answers = of_week(rows, health.week)["csat"].dropna()
    n, p, z = len(answers), float((answers >= 4).mean()), 1.959963984540054
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    tile = next(tile for tile in health.tiles() if tile.kpi.name == "csat")
    assert (tile.row.lo, tile.row.hi, tile.row.n) == pytest.approx(
        (100 * (centre - half), 100 * (centre + half), n)
    )


def test_the_headline_tells_the_demo_companys_story(health: Health, demo_company: DemoCompany) -> None:
    truths = json.loads(demo_company.demo.truths.read_text(encoding="utf-8"))
    told = headline(health, health.tiles())
    assert told.tone == "slipped"
    assert {"csat", "complaint_rate"} <= set(told.worse)
    assert told.origin is not None
    assert (told.origin.dimension, told.origin.group) == ("product", truths["defect"]["product"])
    assert truths["defect"]["reason"] in told.origin.reasons
    began = date.fromisoformat(truths["defect"]["began"])
    assert told.origin.began is not None
    assert abs((told.origin.began - began).days) <= 5


@pytest.mark.parametrize("name", [name for name in KPIS if KPIS[name].family != "quantile"])
@pytest.mark.parametrize("dimension", ["product", "channel", "region"])
def test_what_moved_it_adds_up_to_the_change(health: Health, name: str, dimension: str) -> None:
    trend = health.trend(kpi(name)).set_index("week")["value"]
    split = health.movers(kpi(name), dimension)
    assert split["total"].sum() == pytest.approx(trend[health.week] - trend[health.week - WEEK], abs=1e-6)
    assert np.allclose(split["rate"] + split["mix"], split["total"])


def test_filters_ask_about_the_filtered_rows(demo_company: DemoCompany, rows: pd.DataFrame) -> None:
    product = json.loads(demo_company.demo.truths.read_text(encoding="utf-8"))["defect"]["product"]
    store = Store.open(demo_company.folders.store)
    narrowed = ask(store, demo_company, Filters(product=(product,)))
    answers = of_week(rows[rows["product"] == product], narrowed.week)["csat"].dropna()
    tile = next(tile for tile in narrowed.tiles() if tile.kpi.name == "csat")
    store.close()
    assert (tile.row.value, tile.row.n) == (pytest.approx(share(answers >= 4)), len(answers))


def test_the_running_week_is_kept_out_of_every_change(demo_company: DemoCompany) -> None:
    store = Store.open(demo_company.folders.store)
    health = ask(store, demo_company)
    trend = health.trend(kpi("csat"))
    running = trend[trend["week"] > health.week]
    assert len(running) == 1
    assert not running["finished"].any()
    assert set(running["verdict"]) == {""}
    assert all(tile.history["week"].max() == health.week for tile in health.tiles())
    store.close()


def test_the_running_week_so_far_is_its_whole_days(demo_company: DemoCompany, rows: pd.DataFrame) -> None:
    store = Store.open(demo_company.folders.store)
    health = ask(store, demo_company)
    told, drawn = health.so_far(kpi("complaint_rate")), health.trend(kpi("complaint_rate")).iloc[-1]
    store.close()
    days = pd.date_range(health.week + WEEK, periods=2)
    complaints = rows[(rows["kind"] == "complaint") & rows["day"].isin(days)]
    assert told is not None
    assert told.days == 2
    expected = 1000 * len(complaints) / exposure(rows, days)
    assert (told.now.value, drawn["value"]) == (pytest.approx(expected), pytest.approx(expected))


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("complaint_rate", [False, False, True]),
        ("orders", [False, True, True]),
        ("contact_rate", [False, True, True]),
    ],
)
def test_weeks_whose_orders_are_known_in_part_say_nothing(
    store: Store, folders: Folders, name: str, known: list[bool]
) -> None:
    """The first order is of a Tuesday: its week lacks a day, and exposure needs the thirteen days before as well."""
    days = [1.2 + i / 2 for i in range(44)]
    land(store, folders, [row("order", days=day) for day in days] + [row("complaint", days=day) for day in days],
         now=MONDAY + timedelta(days=30))  # fmt: skip
    fresh = freshness(store, MONDAY + timedelta(days=24))
    health = Health(store, Filters(), fresh, reference.targets(folders.reference), reference.Settings(), 13)
    trend = health.trend(kpi(name)).set_index("week")["value"]
    weeks = [MONDAY.date() + WEEK * i for i in range(3)]
    assert [not np.isnan(trend[week]) for week in weeks] == known


def test_a_view_of_nothing_has_no_tiles(demo_company: DemoCompany) -> None:
    store = Store.open(demo_company.folders.store)
    nothing = ask(store, demo_company, Filters(product=("no such product",)))
    tiles = nothing.tiles()
    store.close()
    assert tiles == []


@pytest.mark.parametrize(
    ("now", "before", "told"), [([7, 2], [2, 0], ()), ([40, 2], [2, 0], ("leaks",)), ([0, 0], [0, 0], ())]
)
def test_only_reasons_that_grew_beyond_chance_are_named(
    now: list[float], before: list[float], told: tuple[str, ...]
) -> None:
    assert _growing(pd.DataFrame({"reason": ["leaks", "late"], "now": now, "before": before})) == told


def test_filters_are_kept_apart_by_value() -> None:
    assert replace(Filters(), product=("a",)) != Filters()
    assert hash(Filters(product=("a",))) == hash(Filters(product=("a",)))
