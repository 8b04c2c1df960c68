"""The interactions behind figures that an engine counted are asked of it, and are those that stand behind the same figures here.

Wants the packages of requirements-bench.txt; where they are missing it is skipped.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("pysail", reason="needs an engine: pip install -r requirements-bench.txt")
pytest.importorskip("pyspark", reason="needs the engine's client: pip install -r requirements-bench.txt")

from cx.access import Person, acting_as
from cx.engine import asking, command, running
from cx.engine.asking import Elsewhere
from cx.engine.errors import EngineError, OutOfTouch
from cx.engine.settings import Settings
from cx.folders import Folders
from cx.ingest import forget, take_in
from cx.journey import DEFAULT, LEFT, OPEN
from cx.limited import Limits
from cx.query import Filters, Query
from cx.questions.behind import Behind, Cell, Figure, Place, Raised, Reached, Step, behind, raised
from cx.questions.funnel import Period
from cx.store import Store
from cx.ui import asks
from tests import odd
from tests.conftest import NAMES, close
from tests.sail import free_port, sailing
from tests.test_engine import NOW, counted_here, quiet
from tests.test_journey_page import page
from tests.test_pages import shown, words

TODAY = datetime(2025, 5, 2)
"""When the pages are looked at."""
PERIOD = Period(date(2025, 3, 1), date(2025, 4, 30), date(2025, 4, 30))
TOML = '[engine]\naddress = "{address}"\nraw = "{raw}"\nrollups = "{rollups}"\ntimeout_seconds = {seconds}\n'
BROKEN = odd.PRODUCTS[4]
"""A name that would break out of a literal that nobody guards."""


@dataclass
class Both:
    """The same exports counted here and by the engine, and the stores of both."""

    settings: Settings
    folders: Folders
    here: Store
    there: Store

    def elsewhere(self, store: Store | None = None, folders: Folders | None = None) -> Elsewhere:
        found = Elsewhere.of(store or self.there, folders or self.folders)
        assert found is not None
        return found

    def settled(self, root: Path, **changed: Any) -> Folders:
        """Folders whose settings name this engine, or another one."""
        told = {
            "address": self.settings.address,
            "raw": self.settings.raw,
            "rollups": self.settings.rollups,
            "seconds": 30,
        }
        folders = Folders(root).make()
        (root / "cx.toml").write_text(TOML.format(**{**told, **changed}), encoding="utf-8")
        return folders

    def copied(self, root: Path) -> Folders:
        """The engine's store in folders of its own."""
        folders = self.settled(root)
        with self.there.copied(folders.store):
            pass
        return folders


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    root = tmp_path_factory.mktemp("behind")
    odd.write(root / "raw", 7)
    for number, path in enumerate(sorted((root / "raw").rglob("*.*"))):
        os.utime(path, (1_740_000_000 + number, 1_740_000_000 + number))
    with sailing() as sail:
        settings = Settings("spark", sail.address, str(root / "raw"), str(root / "rollups"), 30, 2)
        here = Folders(root / "here").make()
        counted_here(here, root / "raw")
        made = Both(
            settings,
            Folders(root / "there"),
            Store.open(here.store),
            Store.open(here.store.with_name("none.duckdb")),
        )
        made.there.close()
        there = made.settled(root / "there")
        command.serve(settings, there, running.make(settings, there, NOW, quiet), quiet)
        made.there = Store.open(there.store)
        yield made
        made.here.close()
        made.there.close()


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> Iterator[None]:
    asking._out_of_reach.clear()
    yield
    asking._out_of_reach.clear()


def named(store: Store, told: Behind) -> pd.DataFrame:
    """The rows with customers by pseudonym, for numbers are each store's own; without words, which the engine does not keep."""
    known = store.run(Query("customers", "select customer_no, customer_id from customers"))
    by_number = dict(zip(known["customer_no"], known["customer_id"], strict=True))
    return told.rows.assign(customer=told.rows["customer"].map(by_number)).drop(columns="text")


FIGURES = [
    pytest.param(Reached(0, False), {}, id="all who came in"),
    pytest.param(Reached(2, False), {}, id="who reached a stage"),
    pytest.param(Reached(1, True), {}, id="who did not"),
    pytest.param(Reached(0, False), {"product": (BROKEN, "茶壶"), "region": ("سمنان", "north")}, id="of some products and regions"),
    pytest.param(Step(1, "discover", "research"), {}, id="a step"),
    pytest.param(Step(1, "support", LEFT), {}, id="leaving"),
    pytest.param(Step(2, "support", OPEN), {}, id="under way"),
    pytest.param(Cell(date(2025, 3, 1), 1), {}, id="a cohort"),
    pytest.param(Place("discover", "سبد", "web"), {}, id="a touchpoint"),
    pytest.param(Place("support", "", "phone"), {}, id="a touchpoint that rows leave empty"),
    pytest.param(Place("support", "", "phone"), {"product": (BROKEN, "قوری"), "segment": ("新",)}, id="a touchpoint, for some"),
]  # fmt: skip


@pytest.mark.parametrize(("figure", "filters"), FIGURES)
def test_behind_a_figure_stand_the_same_rows_in_the_same_order(
    both: Both, figure: Figure, filters: dict[str, tuple[str, ...]]
) -> None:
    chosen = Filters(**filters)
    here = behind(both.here, DEFAULT, chosen, PERIOD, figure)
    there = behind(both.there, DEFAULT, chosen, PERIOD, figure, both.elsewhere())
    pd.testing.assert_frame_equal(named(both.there, there), named(both.here, here))
    assert len(here.rows)
    assert (here.served, there.served) == (None, both.elsewhere().served)
    assert there.rows["text"].isna().all()


@pytest.mark.parametrize("product", ["", "قوری", BROKEN])
def test_behind_a_surge_stand_the_same_complaints(both: Both, product: str) -> None:
    told = Raised(product, "دیر", date(2025, 3, 5), date(2025, 4, 20))
    here, there = raised(both.here, told), raised(both.there, told, both.elsewhere())
    pd.testing.assert_frame_equal(named(both.there, there), named(both.here, here))
    assert len(here.rows)


def test_no_more_than_what_is_shown_comes_from_the_engine(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cx.questions.behind.SHOWN", 3)
    told = behind(both.there, DEFAULT, Filters(), PERIOD, Place("support", "", "phone"), both.elsewhere())
    assert (len(told.rows), told.more) == (3, True)


@settings(max_examples=12)
@given(st.text(alphabet=st.sampled_from("a'\"\\\n;-%_$:{}`\u2028é"), max_size=12))
def test_no_value_breaks_out_of_what_it_is_compared_with(both: Both, said: str) -> None:
    found = both.elsewhere().run(
        Query(
            "said",
            "select i.customer_no as customer, $said as reason from interactions i limit 1",
            {"said": said},
        )
    )
    assert found["reason"].tolist() == [said]


def test_what_landed_here_since_stands_among_them(both: Both, tmp_path: Path) -> None:
    folders = both.copied(tmp_path / "data")
    store, export = Store.open(folders.store), tmp_path / "new.csv"
    export.write_text(
        "source,interaction_id,occurred_at,kind,channel,reason,customer_id\ndesk,n1,2025-05-01 09:00:00,complaint,web,late,c1\n"
    )
    take_in(store, folders, export, now=NOW)
    told = Raised("", "late", date(2025, 3, 1), date(2025, 5, 1))
    found = raised(store, told, both.elsewhere(store, folders))
    alone = raised(
        store, Raised("", "late", date(2025, 5, 1), date(2025, 5, 1)), both.elsewhere(store, folders)
    )
    store.close()
    assert len(found.rows) == len(raised(both.here, told).rows) + 1
    assert found.rows["occurred_at"].is_monotonic_decreasing
    assert (alone.rows["source"].tolist(), alone.served) == (["desk"], None)


def test_who_was_forgotten_since_is_not_told(both: Both, tmp_path: Path) -> None:
    folders = both.copied(tmp_path / "data")
    store, told = Store.open(folders.store), Raised("", "late", date(2025, 3, 1), date(2025, 4, 30))
    before = raised(store, told, both.elsewhere(store, folders)).rows
    known = store.run(Query("customers", "select customer_no, customer_id from customers")).itertuples(
        index=False
    )
    number, name = next(
        (number, NAMES[who]) for number, who in known if number in set(before["customer"]) and who in NAMES
    )
    forget(store, folders, name)
    after = raised(store, told, both.elsewhere(store, folders)).rows
    everyone = behind(
        store, DEFAULT, Filters(), PERIOD, Reached(0, False), both.elsewhere(store, folders)
    ).rows
    store.close()
    assert (
        after["customer"].isna().sum()
        == before["customer"].isna().sum() + (before["customer"] == number).sum()
    )
    assert after.loc[after["customer"].isna(), ["csat", "nps"]].isna().all(axis=None)
    assert number not in {*after["customer"], *everyone["customer"]}


def test_what_the_rules_of_privacy_let_leave_is_not_asked_for(
    both: Both, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = both.settled(tmp_path)
    (folders.reference / "settings.toml").write_text("[privacy]\nkeep_rows_days = 30\n")
    monkeypatch.setenv("CX_NOW", "2025-05-10")
    found = behind(
        both.there, DEFAULT, Filters(), PERIOD, Place("support", "", "phone"), both.elsewhere(folders=folders)
    ).rows
    assert found["occurred_at"].min() >= pd.Timestamp(2025, 4, 1)
    assert len(found)


# What cannot be had is said.

FIGURE = Place("support", "", "phone")


def refused(both: Both, folders: Folders) -> EngineError:
    with pytest.raises(EngineError, match="lie with the engine that counted them") as error:
        behind(both.there, DEFAULT, Filters(), PERIOD, FIGURE, both.elsewhere(folders=folders))
    return error.value


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({"address": "sc://127.0.0.1:1"}, "Start the Spark Connect server, or correct 'address'", id="a server that is down"),
        pytest.param({"rollups": "/no/such/folder"}, "is no longer in /no/such/folder. Run python -m cx rebuild", id="a version that is gone"),
        pytest.param({"address": ""}, "The engine needs 'address': write it into", id="no engine that is named"),
        pytest.param({"seconds": 0}, "timeout_seconds = 0: write whole seconds", id="settings that cannot be"),
    ],
)  # fmt: skip
def test_what_keeps_the_engine_from_answering_is_said(
    both: Both, tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    assert said in str(refused(both, both.settled(tmp_path, **changed)))


def test_a_plain_installation_says_what_to_install(
    both: Both, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    assert "pip install -r requirements-spark.txt" in str(refused(both, both.settled(tmp_path)))


def test_an_engine_that_is_out_of_reach_is_not_waited_for_twice(both: Both, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        folders = both.settled(tmp_path, address=f"sc://127.0.0.1:{silent.getsockname()[1]}", seconds=1)
        took = []
        for _ in range(2):
            started = time.monotonic()
            assert "does not answer within 1 s" in str(refused(both, folders))
            took.append(time.monotonic() - started)
    assert took[1] < took[0] / 5


def test_an_answer_that_takes_too_long_says_what_to_change(
    both: Both, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = asking._told
    monkeypatch.setattr(asking, "_told", lambda *args: time.sleep(2) or told(*args))
    said = refused(both, both.settled(tmp_path, seconds=1))
    assert isinstance(said, OutOfTouch)
    assert "did not answer within 1 s (timeout_seconds in cx.toml)" in str(said)


# On the page.


@pytest.fixture
def served(both: Both, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folders]:
    """The product over the engine's store."""
    folders = both.copied(tmp_path / "data")
    monkeypatch.setenv("CX_DATA", str(folders.root))
    monkeypatch.setenv("CX_NOW", TODAY.isoformat())
    yield folders
    close()


def test_the_page_says_that_they_are_from_the_engine(both: Both, served: Folders) -> None:
    app = page(open=["stage", "research"], whose="reached")
    assert (
        f"Those through 30 April 2025 are from the engine (version {both.elsewhere().served.name})"
        in words(app)
    )
    assert shown(app, "behind")


def test_the_rest_of_the_page_stands_where_the_engine_is_down(both: Both, served: Folders) -> None:
    both.settled(served.root, address=f"sc://127.0.0.1:{free_port()}")
    app = page(open=["stage", "research"], whose="reached")
    assert [error.value for error in app.error if "Start the Spark Connect server" in error.value]
    assert shown(app, "funnel")
    assert shown(app, "breakdown")


def test_who_sees_some_rows_is_told_nothing_that_the_engine_has(both: Both, served: Folders) -> None:
    limited = Person("ana@example.com", "analyst", Filters(region=("north",)))
    with acting_as(limited):
        assert asks.elsewhere() is None
    assert asks.elsewhere() is not None
    assert Elsewhere.of(Limits(both.there).store(limited.rows), served) is None
