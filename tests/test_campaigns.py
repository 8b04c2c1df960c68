"""What campaigns brought: the demo's truths are found, and the money adds up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from cx import reference
from cx.folders import Folders
from cx.questions.campaigns import League, Result, complaints, league, picture
from cx.reference import Costs
from cx.store import Store
from tests.conftest import DemoCompany, close
from tests.given import NOW, land, row
from tests.test_pages import opened, words


@pytest.fixture(scope="module")
def judged(demo_store: Store, demo_company: DemoCompany) -> League:
    campaigns = reference.campaigns(demo_company.folders.reference)
    told = league(demo_store, campaigns, Costs(contact=10, refund_rate=0.5, margin=0.4),
                  demo_company.now.date() - timedelta(days=1))  # fmt: skip
    assert told is not None
    return told


def of(judged: League, campaign: str) -> Result:
    return next(result for result in judged.results if result.campaign.id == campaign)


def test_the_campaign_with_the_defect_sold_more_and_brought_its_complaints(
    judged: League, truths: Any
) -> None:
    told = of(judged, truths["defect"]["campaign"])
    assert told.lifts["units"]["lift_lo"] > 0
    assert told.excess["lo"] > 0
    assert told.reasons["reason"][0] == truths["defect"]["reason"]
    assert told.verdict == "both"
    assert {"running", "aftermath open"} & {*told.lifts["units"]["notes"]}


def test_the_campaign_that_only_sold_more_is_not_blamed(judged: League, truths: Any) -> None:
    told = of(judged, truths["volume_only"])
    assert told.lifts["units"]["lift_lo"] > 0
    assert told.excess["lo"] <= 0 <= told.excess["hi"]
    assert told.verdict == "more orders"


def test_most_lifts_hold_their_truth(judged: League, truths: Any) -> None:
    """The truth multiplies what would have been sold; 95 % intervals may miss one of ten campaigns, or two."""
    held = [
        of(judged, told["id"]).lifts["units"]["percent_lo"] <= 100 * (told["lift"] - 1) <= of(judged, told["id"]).lifts["units"]["percent_hi"]
        for told in truths["campaigns"]
    ]  # fmt: skip
    assert sum(held) >= len(held) - 2


def test_the_money_adds_up(judged: League, demo_company: DemoCompany) -> None:
    for told in judged.results:
        gain, cost, net = told.net.gain, told.net.complaints, told.net.net
        assert gain[0] == pytest.approx(0.4 * told.lifts["revenue"]["lift"])
        assert net[0] == pytest.approx(gain[0] - cost[0] - told.campaign.cost)
        assert net[1] <= net[0] <= net[2]


def test_what_is_drawn_is_what_was_sold(judged: League, demo_company: DemoCompany, demo_store: Store) -> None:
    told = judged.results[0]
    files = pd.concat([pd.read_parquet(path) for path in demo_company.demo.exports if "shop" in path.name])
    orders = files[(files["kind"] == "order") & files["product"].isin(told.campaign.products.split(";"))]
    by_day = orders.groupby(orders["occurred_at"].dt.date)["units"].sum()
    days = picture(judged, told)
    during = days[days["phase"] == "during"]
    assert during["observed"].tolist() == [by_day.get(day.date(), 0) for day in during["day"]]


def test_complaints_are_rated_as_everywhere(
    judged: League, demo_company: DemoCompany, demo_store: Store
) -> None:
    told = judged.results[0]
    files = pd.concat([pd.read_parquet(path) for path in demo_company.demo.exports])
    mine = files[files["product"].isin(told.campaign.products.split(";"))].assign(
        day=lambda rows: rows["occurred_at"].dt.normalize()
    )
    units = mine[mine["kind"] == "order"].groupby("day")["units"].sum()
    complained = mine[mine["kind"] == "complaint"].groupby("day").size()
    rates = complaints(demo_store, told, judged.through)
    assert len(rates) == len(pd.date_range(rates["day"].min(), rates["day"].max()))
    for one in rates.itertuples():
        exposed = units.reindex(pd.date_range(one.day - timedelta(days=13), one.day)).sum() / 14
        assert one.value == pytest.approx(1000 * complained.get(one.day, 0) / exposed)
        assert one.lo <= one.value <= one.hi


def test_the_lag_of_each_reason_and_the_queries_are_told(judged: League, truths: Any) -> None:
    """Half of the complaints of the demo's gamma lag come within 5 days; the lags learned lie on a coarse grid."""
    assert 2 <= judged.lags[truths["defect"]["reason"]] <= 9
    assert [query.name for query in judged.asked] == [
        "sales by day and product", "sign-ups by day", "complaints by day, product and reason", "conversion by day and product"
    ]  # fmt: skip


def test_without_campaigns_or_sales_there_is_no_league(store: Store, folders: Folders) -> None:
    none = reference.campaigns(folders.reference)
    assert league(store, none, Costs(), NOW.date()) is None
    land(store, folders, [row("order", 1)])
    assert league(store, none, Costs(), NOW.date()) is None


def test_the_page_tells_it(
    demo_company: DemoCompany, monkeypatch: pytest.MonkeyPatch, demo_store: Store, judged: League
) -> None:
    latest = judged.results[0]
    demo_store.close()
    monkeypatch.setenv("CX_DATA", str(demo_company.folders.root))
    monkeypatch.setenv("CX_NOW", demo_company.now.isoformat())
    app = opened("pages/campaigns.py", opened=latest.campaign.id)
    assert app.title[0].value.startswith(latest.campaign.name)
    text = words(app)
    assert "units more than would have been sold without it" in text
    assert "Its sales are judged by its own days before and after" in text
    assert "Half of the complaints that follow a sale come within" in text
    for card in (
        "Before, during and after",
        "The buyers that it brought",
        "Whom it reached",
        "How they answered",
    ):
        assert card in text
    app.session_state["more-league"] = True
    assert any("from r_attempts" in block.value for block in app.run().code)
    close()


def test_the_page_without_campaigns_says_what_to_do(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = Folders(tmp_path).make()
    store = Store.open(folders.store)
    land(store, folders, [row("order", 1), row("order", 2)])
    store.close()
    monkeypatch.setenv("CX_DATA", str(tmp_path))
    monkeypatch.setenv("CX_NOW", NOW.isoformat())
    app = opened("pages/campaigns.py")
    assert app.title[0].value == "No campaigns yet"
    assert "data/reference/campaigns.csv" in words(app)
    close()
