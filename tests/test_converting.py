"""The lift in conversion: counted as a plain walk counts it, honest about chance, and silent where it is too early."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cx import reference
from cx.journey import DEFAULT, Journey, Stage
from cx.questions.converting import Converted, conversions, converts, from_counts
from cx.stats import SmallSamples
from cx.store import Store
from tests.conftest import DemoCompany

DAYS = pd.date_range("2025-01-01", periods=400)
WITHIN, WINDOW, PULL, AROUND, AFTERMATH = 7, 30, 20, 56, 10


def told(*rows: tuple[str, int, int, tuple[str, ...]]) -> pd.DataFrame:
    table = [
        (name, DAYS[0] + timedelta(days=a), DAYS[0] + timedelta(days=b), sells) for name, a, b, sells in rows
    ]
    return pd.DataFrame(table, columns=["id", "start", "end", "products"])


def counts(n: Any, rate: Any, seed: int = 5, spread: float = 0.0) -> pd.DataFrame:
    """Attempts of one product a day; each day's own rate strays by so much."""
    chance = np.random.default_rng(seed)
    n = np.broadcast_to(n, len(DAYS)).astype(int)
    rates = np.clip(np.broadcast_to(rate, len(DAYS)) * np.exp(chance.normal(0, spread, len(DAYS))), 0, 1)
    return pd.DataFrame({"day": DAYS, "product": "Lamp", "n": n, "k": chance.binomial(n, rates)})


def judged(table: pd.DataFrame, campaigns: pd.DataFrame, through: int = 399) -> dict[str, Converted]:
    seen = table[table["day"] <= DAYS[through]]
    return from_counts(seen, campaigns, DAYS[through].date(), WITHIN, SmallSamples())


def test_intervals_hold_no_lift_where_there_is_none() -> None:
    """Rates stray from week to week by more than counting alone; 95 % intervals may miss a few of 120."""
    held, widened = [], []
    for seed in range(24):
        weeks = np.repeat(np.random.default_rng(seed).normal(0, 0.25, 58), 7)[: len(DAYS)]
        campaigns = told(*((str(i), 70 + 60 * i, 83 + 60 * i, ("Lamp",)) for i in range(5)))
        for one in judged(counts(40, 0.2 * np.exp(weeks), seed), campaigns).values():
            held.append(one.change.lo <= 0 <= one.change.hi)
            widened.append(one.widened)
    assert 0.9 <= np.mean(held) <= 0.995
    assert np.mean(widened) > 1.2


@pytest.mark.parametrize(("times", "verdict"), [(1.0, "noise"), (1.6, "real"), (0.5, "real")])
def test_a_lift_is_seen(times: float, verdict: str) -> None:
    rate = np.full(len(DAYS), 0.2)
    rate[200:214] *= times
    one = judged(counts(60, rate), told(("a", 200, 213, ("Lamp",))))["a"]
    assert one.change.verdict == verdict
    assert one.change.lo <= 20 * (times - 1) <= one.change.hi


def test_weekdays_are_compared_with_their_own() -> None:
    """Weekends convert twice as well; a campaign on a weekend alone has lifted nothing."""
    rate = np.where(DAYS.dayofweek >= 5, 0.4, 0.2)
    saturday = int(np.flatnonzero(DAYS.dayofweek == 5)[30])
    one = judged(counts(200, rate), told(("a", saturday, saturday + 1, ("Lamp",))))["a"]
    assert one.usual.value == pytest.approx(40, abs=4)
    assert one.change.verdict == "noise"


@pytest.mark.parametrize(
    ("through", "n", "young"), [(399, 140, 0), (213, 70, 70), (206, 0, 70), (200, 0, 10), (190, 0, 0)]
)
def test_what_is_too_young_does_not_count(through: int, n: int, young: int) -> None:
    one = judged(counts(10, 0.2), told(("a", 200, 213, ("Lamp",))), through)["a"]
    assert (one.now.n, one.too_young) == (n, young)
    assert (one.change.verdict == "too few") == (n == 0)


@pytest.mark.parametrize(
    "campaign", [("a", -90, -80, ("Lamp",)), ("a", 900, 910, ("Lamp",)), ("a", 200, 210, ("Sofa",))]
)
def test_a_campaign_without_attempts_says_nothing(campaign: Any) -> None:
    one = judged(counts(10, 0.2), told(campaign))["a"]
    assert (one.now.n, one.too_young, one.change.verdict) == (0, 0, "too few")


def test_days_of_other_campaigns_are_no_base() -> None:
    rate = np.full(len(DAYS), 0.2)
    rate[150:190] = 0.9
    both = told(("a", 200, 213, ("Lamp",)), ("b", 150, 189, ()))
    assert judged(counts(50, rate), both)["a"].usual.value == pytest.approx(20, abs=3)
    other = told(("a", 200, 213, ("Lamp",)), ("b", 150, 189, ("Sofa",)))
    assert judged(counts(50, rate), other)["a"].usual.value > 40


@pytest.mark.parametrize(
    ("stages", "condition"),
    [
        ((Stage("see"), Stage("buy")), None),
        ((Stage("buy", kinds=("order",)), Stage("use")), None),
        (
            (Stage("see"), Stage("ask", optional=True), Stage("try"), Stage("buy", kinds=("order",))),
            "exp(gap_2 / 100.0) - 1 + exp(gap_3 / 100.0) - 1 <= $within_seconds",
        ),
    ],
)
def test_the_stage_of_orders_is_the_journeys_own(stages: tuple[Stage, ...], condition: str | None) -> None:
    assert converts(Journey(stages)) == condition


def walked(demo: DemoCompany) -> pd.DataFrame:
    """Every attempt by a plain walk over the files: day, product, converted within 7 days."""
    rows = pd.concat([pd.read_parquet(path) for path in demo.demo.exports], ignore_index=True)
    asked_only = (rows["kind"] == "survey") & rows[["csat", "nps", "ces"]].isna().all(axis=1)
    known = (
        rows["customer_id"].notna()
        & (rows["brand"].fillna("ours") == "ours")
        & rows["consent"].fillna(True).astype(bool)
        & ~asked_only
    )
    place = {stage: place for place, stage in enumerate(DEFAULT.ids)}
    rows = rows[known].assign(stage=rows["stage"].fillna(rows["kind"].map(DEFAULT.stage_of_kind)))
    rows = rows.assign(place=rows["stage"].map(place)).sort_values(["occurred_at", "place"], kind="stable")
    rows = rows[rows["customer_id"].isin(rows[rows["place"] == 0]["customer_id"])]
    found = []
    for _, mine in rows[rows["place"] <= 3].groupby("customer_id"):
        events = list(zip(mine["occurred_at"], mine["place"], mine["product"], strict=True))
        for start, (at, stage, product) in enumerate(events):
            if stage:
                continue
            wanted, took = 1, None
            for later, other, _ in events[start + 1 :]:
                if later > at + timedelta(days=WINDOW):
                    break
                if other == wanted:
                    wanted, took = wanted + 1, later - at
                if wanted == 4:
                    break
            found.append((at.normalize(), product, wanted == 4 and took <= timedelta(days=WITHIN)))
    return pd.DataFrame(found, columns=["day", "product", "converted"])


def test_the_demo_converts_as_a_plain_walk_says(demo_store: Store, demo_company: DemoCompany) -> None:
    through = demo_company.now.date() - timedelta(days=1)
    table = reference.campaigns(demo_company.folders.reference)
    frame = pd.DataFrame({
        "id": table["id"], "start": pd.to_datetime(table["starts_on"]), "end": pd.to_datetime(table["ends_on"]),
        "products": [*map(reference.products, table["products"])],
    })  # fmt: skip
    found = conversions(demo_store, DEFAULT, frame, through, SmallSamples())
    attempts = walked(demo_company)
    for campaign in frame.itertuples():
        one, mine = found[campaign.id], attempts[attempts["product"].isin(campaign.products)]
        old = mine["day"].dt.date <= through - timedelta(days=WITHIN)
        during = mine["day"].between(campaign.start, campaign.end)
        assert (one.now.n, one.too_young) == (
            len(mine[during & old]),
            len(mine[during & ~old & (mine["day"].dt.date <= through)]),
        )
        assert one.now.value == pytest.approx(
            100 * mine[during & old]["converted"].mean(), abs=100 / one.now.n + 1e-9
        )
        assert one.usual.value == pytest.approx(usually(mine[old], campaign, frame), abs=0.5)


def usually(mine: pd.DataFrame, campaign: Any, frame: pd.DataFrame) -> float:
    """The rate that the attempts around let expect, weekday by weekday."""
    edge = timedelta(days=AROUND)
    around = mine["day"].between(campaign.start - edge, campaign.end + edge) & ~mine["day"].between(
        campaign.start, campaign.end
    )
    for other in frame.itertuples():
        if {*other.products} & {*campaign.products}:
            around &= ~mine["day"].between(other.start, other.end + timedelta(days=AFTERMATH))
    base, now = mine[around], mine[mine["day"].between(campaign.start, campaign.end)]
    overall = base["converted"].mean()
    rates = []
    for day in now["day"].dt.dayofweek:
        own = base[base["day"].dt.dayofweek == day]
        rates.append((own["converted"].sum() + PULL * overall) / (len(own) + PULL))
    return float(100 * np.mean(rates))


def test_a_store_without_attempts_has_no_conversion(store: Store) -> None:
    assert conversions(store, DEFAULT, told(("a", 1, 2, ())), date(2025, 6, 1), SmallSamples()) == {}
