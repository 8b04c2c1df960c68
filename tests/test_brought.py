"""One campaign in depth: each figure beside the same one out of the files, and every odd campaign told in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cx import reference, stats
from cx.folders import Folders
from cx.journey import DEFAULT
from cx.kpis import KPIS
from cx.questions import brought
from cx.questions.campaigns import League, league
from cx.questions.carrying import Scope
from cx.questions.since_start import since_start
from cx.reference import Costs
from cx.stats import SmallSamples
from cx.store import Store
from tests.conftest import DemoCompany, close
from tests.given import MONDAY, NOW, as_kept, land, row
from tests.test_pages import opened, words

LIMITS = SmallSamples()


@pytest.fixture(scope="module")
def exports(demo_company: DemoCompany) -> pd.DataFrame:
    rows = pd.concat([pd.read_parquet(path) for path in demo_company.demo.exports], ignore_index=True)
    ours = rows[rows["brand"].fillna("ours") == "ours"]
    return as_kept(ours).assign(day=ours["occurred_at"].dt.date)


@pytest.fixture(scope="module", params=["K08", "K09"])
def told(request: pytest.FixtureRequest, demo_store: Store, demo_company: DemoCompany) -> Scope:
    table = reference.campaigns(demo_company.folders.reference)
    campaign = next(each for each in table.itertuples() if each.id == request.param)
    return brought.scope(demo_store, campaign, demo_company.now.date() - timedelta(days=1))


def carried(exports: pd.DataFrame, told: Scope, around: int) -> pd.DataFrame:
    near = exports["day"].between(told.first - timedelta(days=around), told.last + timedelta(days=around))
    return exports[near & (exports["campaign_id"] == told.campaign.id)]


def test_the_response_by_channel(demo_store: Store, exports: pd.DataFrame, told: Scope) -> None:
    assert told.by_id
    mine = carried(exports, told, 28)
    table = brought.channels(demo_store, DEFAULT, told).set_index("channel")
    for kind, column in (("visit", "visits"), ("signup", "signups")):
        counts = mine[mine["kind"] == kind]["channel"].value_counts()
        assert table[column].to_dict() == {channel: counts.get(channel, 0) for channel in table.index}
    orders = mine[mine["kind"] == "order"]
    assert table["orders"].to_dict() == {
        channel: orders[orders["channel"] == channel]["order_id"].nunique() for channel in table.index
    }
    assert table["revenue"].sum() == pytest.approx(orders["amount"].sum())


def test_the_segments_reached(demo_store: Store, exports: pd.DataFrame, told: Scope) -> None:
    table = brought.segments(demo_store, told, LIMITS).set_index("segment")
    orders = carried(exports, told, 28).query("kind == 'order'")
    for segment, one in table.iterrows():
        mine = orders[orders["segment"].fillna("") == segment]["order_id"].nunique()
        assert one["orders"] == mine
        assert one["now"].lo <= one["now"].value <= one["now"].hi
    sold = exports[
        (exports["kind"] == "order")
        & exports["day"].between(told.first - timedelta(days=84), told.first - timedelta(days=1))
    ]
    lines = sold.groupby(["order_id", "day"])["product"].transform("size")
    share = (1 / lines)[sold["product"].isin(told.products)].groupby(sold["segment"].fillna("")).sum()
    expected = {segment: pytest.approx(100 * share[segment] / share.sum()) for segment in table.index}
    assert {segment: one["usual"].value for segment, one in table.iterrows()} == expected


def test_what_its_buyers_said_later(demo_store: Store, exports: pd.DataFrame, told: Scope) -> None:
    orders = exports[
        (exports["kind"] == "order")
        & exports["customer_id"].notna()
        & exports["day"].between(told.first, told.last)
    ]
    its = orders[orders["campaign_id"] == told.campaign.id].groupby("customer_id")["occurred_at"].min()
    others = orders[~orders["customer_id"].isin(its.index)].groupby("customer_id")["occurred_at"].min()
    found = brought.ratings(demo_store, told, LIMITS)
    for since, side in ((its, "brought"), (others, "others")):
        later = exports[exports["customer_id"].isin(since.index) & (exports["day"] <= told.through)]
        after = later["occurred_at"] - later["customer_id"].map(since)
        later = later[(after > timedelta(0)) & (after <= timedelta(days=28))]
        csat, nps = later["csat"].dropna(), later["nps"].dropna()
        assert getattr(found["csat"], side)[0::3] == pytest.approx((100 * (csat >= 4).mean(), len(csat)))
        assert getattr(found["nps"], side)[0::3] == pytest.approx(
            (100 * ((nps >= 9).mean() - (nps <= 6).mean()), len(nps))
        )
    assert found["csat"].change == stats.change(
        KPIS["csat"], found["csat"].brought, found["csat"].others, LIMITS
    )


def test_who_ordered_again(demo_store: Store, exports: pd.DataFrame, told: Scope) -> None:
    lines = exports[(exports["kind"] == "order") & exports["customer_id"].notna()].sort_values(
        ["occurred_at", "interaction_id"]
    )
    orders = lines.drop_duplicates(["customer_id", "order_id"])
    first = orders.drop_duplicates("customer_id").set_index("customer_id")
    second = (
        orders[orders.duplicated("customer_id")]
        .drop_duplicates("customer_id")
        .set_index("customer_id")["day"]
    )
    new = first[(first["day"] >= told.first) & (first["day"] <= told.last)]
    gap = (pd.to_datetime(second.reindex(new.index)) - pd.to_datetime(new["day"])).dt.days
    its = new["campaign_id"] == told.campaign.id
    for days, found in brought.again(demo_store, DEFAULT, told, LIMITS).items():
        old = new["day"] <= told.through - timedelta(days=days)
        for side, mine in (("brought", its), ("others", ~its)):
            one = getattr(found, side)
            assert one.n == (mine & old).sum()
            if one.n:
                assert one.value == pytest.approx(100 * (gap[mine & old] <= days).mean())
        assert found.too_young == (its & ~old).sum()


def test_before_during_and_after(demo_store: Store, exports: pd.DataFrame, told: Scope) -> None:
    mine = exports[exports["product"].isin(told.products)]
    ends = told.campaign.ends_on
    spans = {"before": (told.first - timedelta(days=28), told.first - timedelta(days=1)), "during": (told.first, ends),
             "after": (ends + timedelta(days=1), ends + timedelta(days=28))}  # fmt: skip
    for name, phase in brought.phases(demo_store, told).items():
        first, last = spans[name][0], min(spans[name][1], told.through)
        rows = mine[mine["day"].between(first, last)]
        days = (last - first).days + 1
        assert (phase.days, phase.of) == (days, (spans[name][1] - spans[name][0]).days + 1)
        sold = rows[rows["kind"] == "order"]
        assert phase.measures["units"].value == pytest.approx(sold["units"].sum() / days)
        assert phase.measures["revenue"].value == pytest.approx(sold["amount"].sum() / days)
        csat = rows["csat"].dropna()
        assert phase.measures["csat"].value == pytest.approx(100 * (csat >= 4).mean())
        assert phase.measures["complaint_rate"].n == (rows["kind"] == "complaint").sum()


@pytest.fixture(scope="module")
def judged(demo_store: Store, demo_company: DemoCompany) -> League:
    table = reference.campaigns(demo_company.folders.reference)
    found = league(demo_store, table, Costs(), demo_company.now.date() - timedelta(days=1))
    assert found is not None
    return found


def test_lines_since_the_start(demo_store: Store, judged: League, exports: pd.DataFrame) -> None:
    table = since_start(demo_store, judged, ("K08", "K09"))
    for name, mine in table.groupby("campaign"):
        campaign = judged.of(str(name)).campaign
        assert mine["since"].tolist() == list(range(28))
        assert (mine["lo"] <= mine["percent"]).all()
        assert (mine["percent"] <= mine["hi"]).all()
        of_products = exports[exports["product"].isin(campaign.products.split(";"))]
        last = campaign.starts_on + timedelta(days=27)
        complained = of_products[
            (of_products["kind"] == "complaint") & of_products["day"].between(campaign.starts_on, last)
        ]
        assert mine["n"].iloc[-1] == len(complained)
        units = of_products[of_products["kind"] == "order"].groupby("day")["units"].sum()
        exposed = sum(
            units.get(campaign.starts_on + timedelta(days=day - back), 0) / 14
            for day in range(28)
            for back in range(14)
        )
        assert mine["rate"].iloc[-1] == pytest.approx(1000 * len(complained) / exposed)


THROUGH = MONDAY.date() + timedelta(days=8)
CAMPAIGNS = """id,name,channel,products,starts_on,ends_on,cost,goal
one,First light,web,Lamp,2026-01-12,2026-01-25,100,
two,Second light,web,Lamp,2026-01-19,2026-02-01,100,
all,Everything,web,,2025-12-01,2025-12-07,,
typo,Typo,web,Lmap,2026-01-05,2026-01-11,50,
soon,To come,web,Lamp,2026-04-01,2026-04-10,10,
now,Running,web,Sofa,2026-03-05,2026-03-20,10,
"""


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """Half a year of two products, without a campaign's id in any row, and campaigns of every odd kind."""
    folders = Folders(tmp_path_factory.mktemp("odd")).make()
    (folders.reference / "campaigns.csv").write_text(CAMPAIGNS, encoding="utf-8")
    chance = np.random.default_rng(3)
    rows = []
    for day in range(-180, 9):
        for product in ("Lamp", "Sofa"):
            for n in range(chance.poisson(8)):
                who = f"c{chance.integers(400)}"
                rows.append(
                    row(
                        "order",
                        day + n / 20,
                        product=product,
                        customer_id=who,
                        csat=int(chance.integers(1, 6)),
                    )
                )
    store = Store.open(folders.store)
    land(store, folders, rows)
    store.close()
    return folders


@pytest.fixture
def odd_store(odd: Folders) -> Iterator[Store]:
    store = Store.open(odd.store)
    yield store
    store.close()


def test_odd_campaigns_are_judged(odd: Folders, odd_store: Store) -> None:
    table = reference.campaigns(odd.reference)
    found = league(odd_store, table, Costs(), THROUGH)
    assert found is not None
    assert {told.campaign.id: told.met for told in found.results} == {
        "one": ("Second light",), "two": ("First light",), "all": (), "typo": (), "soon": (), "now": ()
    }  # fmt: skip
    notes = {told.campaign.id: told.lifts["units"]["notes"] for told in found.results}
    assert notes["typo"] == ("no sales",)
    assert notes["soon"] == ("not started",)
    assert "running" in notes["now"]
    assert {told.verdict for told in found.results if told.campaign.id in ("soon", "now")} == {
        "too early to say"
    }
    assert since_start(odd_store, found, ("typo", "soon")).empty


@pytest.mark.parametrize(("name", "by_id", "alone"), [("one", False, False), ("all", False, True)])
def test_without_ids_buyers_of_its_products_stand_for_it(
    odd: Folders, odd_store: Store, name: str, by_id: bool, alone: bool
) -> None:
    campaign = next(each for each in reference.campaigns(odd.reference).itertuples() if each.id == name)
    told = brought.scope(odd_store, campaign, THROUGH)
    assert (told.by_id, told.alone) == (by_id, alone)
    assert brought.channels(odd_store, DEFAULT, told).empty
    assert brought.segments(odd_store, told, LIMITS)["orders"].sum() > 0
    others = brought.again(odd_store, DEFAULT, told, LIMITS)[30].others
    assert (others.n == 0) == alone


SAID = {
    "one": ("It met Second light", "No order carries the campaign's id", "Nothing carries the campaign's id"),
    "all": ("there is nobody to compare with",),
    "typo": ("It sells Lmap, and no order of that is known",),
    "soon": ("It begins on 1 April 2026",),
    "now": ("It is still running.", "(4 of 16 days so far)"),
}


@pytest.mark.parametrize("name", SAID)
def test_the_page_tells_odd_campaigns_in_words(
    odd: Folders, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_DATA", str(odd.root))
    monkeypatch.setenv("CX_NOW", NOW.isoformat())
    app = opened("pages/campaigns.py", opened=name, beside="one")
    said = words(app)
    assert [sentence for sentence in SAID[name] if sentence not in said and "so far" not in sentence] == []
    assert "First light" in said
    close()


def test_a_first_day_of_data_is_enough_to_say_that_it_is_too_little(store: Store, folders: Folders) -> None:
    land(store, folders, [row("order", 0.1, campaign_id="a", customer_id="c1")])
    path = Path(folders.reference) / "campaigns.csv"
    path.write_text(
        "id,name,channel,products,starts_on,ends_on,cost,goal\na,A,web,Lamp,2026-03-02,2026-03-03,,\n",
        encoding="utf-8",
    )
    table = reference.campaigns(folders.reference)
    found = league(store, table, Costs(), date(2026, 3, 2))
    assert found is not None
    assert found.results[0].verdict == "too early to say"
    told: Any = brought.scope(store, found.results[0].campaign, date(2026, 3, 2))
    assert told.by_id
    assert brought.ratings(store, told, LIMITS)["csat"].change.verdict == "too few"
    assert brought.again(store, DEFAULT, told, LIMITS)[30].too_young == 1
