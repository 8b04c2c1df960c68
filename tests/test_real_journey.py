"""A journey that no one here made: leads and closed deals of a marketplace, from two CSV files to the page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from cx import reference
from cx.folders import Folders
from cx.ingest import take_in
from cx.query import Filters
from cx.questions.funnel import Funnel, Period, breakdown, funnel
from cx.questions.touchpoints import through
from cx.store import Store
from tests.conftest import close
from tests.test_pages import opened, words
from tests.test_real_exports import MAPPINGS, real

JOURNEY = """
window_days = 180

[[stage]]
id = "lead"
name = "Lead"

[[stage]]
id = "deal"
name = "Deal"
"""
NOW = datetime(2018, 11, 20)
TWO_YEARS = timedelta(days=2 * 364)
DEALS_BY_ORIGIN = {
    "organic search": (2296, 271),
    "paid search": (1586, 195),
    "social": (1350, 75),
    "email": (493, 15),
}


@pytest.fixture(scope="module")
def marketplace(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """The two files, taken in; the store is closed again."""
    files = [real(f"olist_marketing_funnel/{name}.csv") for name in ("leads", "deals")]
    folders = Folders(tmp_path_factory.mktemp("olist")).make()
    shutil.copytree(MAPPINGS, folders.reference / "mappings")
    (folders.reference / "journey.toml").write_text(JOURNEY)
    store = Store.open(folders.store)
    reports = [take_in(store, folders, path, NOW) for path in files]
    store.close()
    assert [report.rows_kept for report in reports] == [8000, 842]
    return folders


@pytest.fixture
def store(marketplace: Folders) -> Iterator[Store]:
    opened_ = Store.open(marketplace.store)
    yield opened_
    opened_.close()


@pytest.fixture(scope="module")
def joined() -> pd.DataFrame:
    """Each lead with its deal, as pandas reads the two files: lead, deal (or nothing), origin, days between."""
    leads, deals = (pd.read_csv(real(f"olist_marketing_funnel/{name}.csv")) for name in ("leads", "deals"))
    table = leads.merge(deals, "left", "mql_id").rename(
        columns={"first_contact_date": "lead", "won_date": "deal"}
    )
    table[["lead", "deal"]] = table[["lead", "deal"]].apply(pd.to_datetime)
    return table.assign(days=(table["deal"] - table["lead"]) / timedelta(days=1))


def period(store: Store, folders: Folders) -> Period:
    last = through(store, reference.journey(folders.reference))
    assert last is not None
    return Period(last - TWO_YEARS, last, last)


def told(store: Store, folders: Folders, **filters: tuple[str, ...]) -> Funnel:
    return funnel(store, reference.journey(folders.reference), Filters(**filters), period(store, folders))


def test_all_leads_and_all_deals(store: Store, marketplace: Folders, joined: pd.DataFrame) -> None:
    whole = told(store, marketplace)
    deal = whole.stages.iloc[1]
    assert (whole.everyone, deal["ever"], deal["early"]) == (8000, 842, 1)
    assert (len(joined), joined["deal"].notna().sum(), (joined["days"] < 0).sum()) == (8000, 842, 1)
    assert round(100 * deal["ever"] / whole.everyone, 3) == 10.525
    median = joined.loc[joined["days"] >= 0, "days"].median()
    assert deal["late"] / 86400 == pytest.approx(median, rel=0.01)
    assert int(deal["late"] // 86400) == int(median) == 14


def test_late_leads_are_too_young(store: Store, marketplace: Folders, joined: pd.DataFrame) -> None:
    whole = told(store, marketplace)
    last = period(store, marketplace).counted_to(reference.journey(marketplace.reference))
    old = joined[joined["lead"].dt.date <= last]
    assert last == date(2018, 11, 13) - timedelta(days=180)
    assert (whole.entered, whole.too_young) == (len(old), 8000 - len(old))
    assert whole.too_young > 0
    assert whole.stages["reached"][1] == old["days"].between(0, 180).sum()
    times = old.loc[old["days"].between(0, 180), "days"]
    assert whole.row(1, "median").value / 86400 == pytest.approx(times.median(), rel=0.02)


def test_by_origin(store: Store, marketplace: Folders, joined: pd.DataFrame) -> None:
    journey = reference.journey(marketplace.reference)
    table = breakdown(store, journey, Filters(), period(store, marketplace), "channel").set_index("group")
    found = {origin: (row["everyone"], row["ever"]) for origin, row in table.iterrows()}
    assert {origin: found[origin] for origin in DEALS_BY_ORIGIN} == DEALS_BY_ORIGIN
    by_pandas = (
        joined.assign(origin=joined["origin"].fillna("")).groupby("origin")["deal"].agg(["size", "count"])
    )
    assert found == {origin: (row["size"], row["count"]) for origin, row in by_pandas.iterrows()}
    email = told(store, marketplace, channel=("email",))
    assert (email.everyone, email.stages["ever"][1]) == DEALS_BY_ORIGIN["email"]


@pytest.fixture
def page(marketplace: Folders, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("CX_DATA", str(marketplace.root))
    monkeypatch.setenv("CX_NOW", NOW.isoformat())
    yield opened("pages/journey.py", span="104")
    close()


def test_the_page_tells_it(page: AppTest) -> None:
    assert page.title[0].value == "Customers stumble most between Lead and Deal"
    text = words(page)
    assert "842 of all 8,000 customers who came in were at Deal (10.5%): 1 only before they came in" in text
    assert "half of the others within 14." in text
    assert "more are too young: the 180 days of their window have not run out." in text


def test_mappings_stand_in_the_docs() -> None:
    told_there = (Path(__file__).parents[1] / "docs" / "journey.md").read_text(encoding="utf-8")
    for name in ("olist_leads", "olist_deals"):
        mapping = (MAPPINGS / f"{name}.toml").read_text(encoding="utf-8")
        assert mapping.partition("\n")[2].strip() in told_there
