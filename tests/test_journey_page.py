"""The journey page as a viewer's script runs it: its figures against pandas, its links, and stores that hold little."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from cx.folders import Folders
from cx.journey import DEFAULT
from cx.ui import filters, live
from cx.ui.parts import MORE, SHOWN
from cx.words import day, number
from tests.conftest import DemoCompany, close
from tests.given import MONDAY, land, row
from tests.test_health import rows_of
from tests.test_pages import opened, shown, words

DAY = timedelta(days=1)
WEEKS = 13
CARDS = {
    "funnel": ["From stage to stage", "Who gets how far"],
    "ideal": ["Today's journey against the ideal one"],
    "touchpoints": ["Touchpoints of Discover", "Pain points of Discover"],
    "paths": ["The ways that customers take", "What customers who bought again did differently"],
    "channels": [
        "Where customers are", "Mobile against desktop", "Changing channel", "How often customers need support",
    ],
    "return": ["Churn and return", "Cohorts by the month of their first order"],
}  # fmt: skip


def page(**query: Any) -> AppTest:
    return opened("pages/journey.py", **query)


def headers(app: AppTest) -> list[str]:
    return [header.value for header in app.header]


@pytest.mark.parametrize("view", [*filters.VIEWS])
def test_each_view_shows_its_cards(company: DemoCompany, view: str) -> None:
    assert headers(page(view=view)) == CARDS[view]


class Known:
    """What the files say of customers' journeys, counted without the product: the last days, and each one's log."""

    def __init__(self, company: DemoCompany) -> None:
        rows = rows_of(company)
        kinds = {kind: stage.id for stage in DEFAULT.stages for kind in stage.kinds}
        silent = (rows["kind"] == "survey") & rows[["csat", "nps", "ces"]].isna().all(axis=1)
        rows = rows[~silent].assign(stage=rows["stage"].fillna(rows["kind"].map(kinds)))
        newest = rows.groupby("stage")["day"].max()[lambda days: days.index.isin(DEFAULT.ids[1:])]
        self.last = min([rows["day"].max() - DAY, *newest]).date()
        self.first = self.last - timedelta(days=7 * WEEKS - 1)
        self.counted = self.last - timedelta(days=DEFAULT.window_days)
        self.begun = self.first - timedelta(days=DEFAULT.window_days)
        rows = rows[rows["customer_id"].notna()]
        rank = {stage: place for place, stage in enumerate(DEFAULT.ids)}
        rows = rows.assign(rank=rows["stage"].map(rank))
        order = ["customer_id", "occurred_at", "rank", "source", "interaction_id"]
        self.rows = rows.sort_values(order, na_position="last")

    def reached(self) -> dict[str, int]:
        """Customers who reached each stage that all pass, with the best of their attempts; '' is the too young."""
        found = dict.fromkeys(["", *DEFAULT.ids], 0)
        for mine in self._by_customer("stage", "occurred_at"):
            times: dict[str, list[datetime]] = {}
            for stage, at in mine:
                times.setdefault(stage, []).append(at)
            opened_ = [at for at in times.get("discover", []) if self.begun <= at.date() <= self.last]
            counted = [at for at in opened_ if at.date() <= self.counted]
            found[""] += bool(opened_) and not counted
            best = max((_level(times, at) for at in counted), default=0)
            for place in DEFAULT.required[:best]:
                found[DEFAULT.ids[place]] += 1
        return found

    def visits(self) -> pd.DataFrame:
        """What was done in the visits begun in the period, each with its visit and whether it went back."""
        rows = self.rows[self.rows["rank"].notna()]
        whose = rows["customer_id"]
        begins = ~(rows.groupby(whose)["occurred_at"].diff() <= timedelta(days=DEFAULT.pause_days))
        rows = rows.assign(visit=begins.cumsum())
        begun = rows.groupby("visit")["day"].transform("first").dt.date
        back = rows.groupby("visit")["rank"].diff() < 0
        return rows.assign(back=back)[(begun >= self.first) & (begun <= self.last)]

    def churn(self) -> tuple[int, int]:
        """Customers there on the day before the period, and those of them lost in it."""
        stood = lost = 0
        for mine in self._by_customer(
            "kind", "day", rows=self.rows[self.rows["kind"].isin(["order", "cancel"])]
        ):
            for since, until in _spells([(kind, at.date()) for kind, at in mine]):
                there = since < self.first <= until
                stood, lost = stood + there, lost + (there and until <= self.last)
        return stood, lost

    def _by_customer(self, *names: str, rows: pd.DataFrame | None = None) -> Iterator[list[tuple[Any, ...]]]:
        table = self.rows if rows is None else rows
        told = zip(table["customer_id"], *(table[name] for name in names), strict=True)
        for _, mine in groupby(told, key=itemgetter(0)):
            yield [each[1:] for each in mine]


def _spells(moves: list[tuple[str, date]]) -> Iterator[tuple[date, date]]:
    """The times as a customer: from an order to the day on which the customer is lost, by then or by leaving."""
    spell: tuple[date, date] | None = None
    for kind, today in moves:
        if kind == "cancel":
            spell = spell and (spell[0], min(spell[1], today))
            left = True
            continue
        if spell and (left or today > spell[1]):
            yield spell
            spell = None
        spell, left = (spell[0] if spell else today, today + timedelta(days=DEFAULT.lost_days)), False
    if spell:
        yield spell


def _level(times: dict[str, list[datetime]], opened_: datetime) -> int:
    """How many of the stages that all pass an attempt reaches, the first among them."""
    at = opened_
    for level, place in enumerate(DEFAULT.required[1:], start=1):
        there = times.get(DEFAULT.ids[place], [])
        nth = bisect_left(there, at)
        if nth == len(there) or there[nth] > opened_ + timedelta(days=DEFAULT.window_days):
            return level
        at = there[nth]
    return len(DEFAULT.required)


@pytest.fixture(scope="module")
def known(company: DemoCompany) -> Known:
    return Known(company)


def test_the_funnel_tells_what_the_files_hold(company: DemoCompany, known: Known) -> None:
    app, reached = page(), known.reached()
    came = f"{number(reached['discover'])} customers came in from {day(known.begun, year=True)} to {day(known.counted, year=True)}."
    assert f"{came} {number(reached[''])} more are too young" in words(app)
    table = shown(app, "funnel")
    required = [DEFAULT.ids[place] for place in DEFAULT.required]
    assert {stage: table[stage]["reached"]["text"] for stage in required} == {
        stage: number(reached[stage]) for stage in required
    }
    assert (
        table["research"]["conversion"]["text"]
        == f"{number(100 * reached['research'] / reached['discover'], 1)}%"
    )
    worst, before = _worst(app), dict(zip(required[1:], required, strict=False))
    lost = reached[before[worst]] - reached[worst]
    assert f"{number(lost)} of {number(reached[before[worst]])}" in words(app)


def _worst(app: AppTest) -> str:
    return app.title[0].value.rpartition(" and ")[2].lower()


def test_the_share_of_visits_that_go_back_is_that_of_the_files(company: DemoCompany, known: Known) -> None:
    back = known.visits().groupby("visit")["back"].any()
    told = f"{number(len(back))} visits to the journey; {number(100 * back.mean(), 1)}% go back"
    assert told in words(page(view="paths"))


def test_customers_by_channel_are_those_of_the_files(company: DemoCompany, known: Known) -> None:
    by_channel = known.visits().groupby("channel")["customer_id"].nunique()
    table = shown(page(view="channels"), "presence")
    assert {name: cells["customers"]["text"] for name, cells in table.items()} == {
        name: number(n) for name, n in by_channel.items()
    }


def test_churn_is_that_of_the_files(company: DemoCompany, known: Known) -> None:
    stood, lost = known.churn()
    told = shown(page(view="return"), "kept")["churn"]
    assert told["counted"]["text"] == f"{number(lost)} lost of {number(stood)} there at the start"
    assert told["value"]["text"] == f"{number(100 * lost / stood, 1)}%"


def test_the_link_holds_the_period_the_filters_and_the_comparison(company: DemoCompany) -> None:
    app = page(span="26", region="North", against="groups", group_by="channel", a="app", b="web", by="device")
    assert app.multiselect(key="choose_region").value == ["North"]
    assert [app.selectbox(key=f"choose_{name}").value for name in ("group_by", "a", "b")] == [
        "channel",
        "app",
        "web",
    ]
    assert "app, with web beneath in grey. Differences are app less web." in words(app)
    assert {cells["change"]["note"] for name, cells in shown(app, "funnel").items() if name != "discover"} <= {
        "Real", "Noise", "Too few",
    }  # fmt: skip
    assert "Mobile" in {cells["group"]["text"] for cells in shown(app, "breakdown").values()}
    everyone = shown(page(span="26"), "funnel")["discover"]["reached"]["text"]
    north = shown(page(span="26", region="North"), "funnel")["discover"]["reached"]["text"]
    assert int(north.replace(",", "")) < int(everyone.replace(",", ""))


def test_a_comparison_with_the_period_before_names_its_days(company: DemoCompany, known: Known) -> None:
    before = known.begun - DAY
    begun = before - (known.counted - known.begun)
    told = f"who came in from {day(begun, year=True)} to {day(before, year=True)}, as many days as are counted now"
    assert told in words(page(against="before"))


@pytest.mark.parametrize(
    ("query", "header"),
    [
        ({"open": ["stage", "research"]}, "The interactions behind Research"),
        ({"view": "ideal", "open": ["stage", "purchase"]}, "The interactions behind Purchase"),
        ({"view": "paths", "open": ["step", "1\x1fdiscover\x1fresearch"]}, "The interactions behind Discover → Research"),
        ({"view": "paths", "open": ["step", "2\x1fresearch\x1f"]}, "The interactions behind Research at step 2"),
        ({"view": "paths", "open": ["step", "3\x1fleft\x1f"]}, "The interactions behind Left at step 3"),
        ({"view": "paths", "open": ["step", "3\x1fopen\x1f"]}, "The interactions behind Under way at step 3"),
        ({"view": "touchpoints", "stage_of": "purchase", "open": ["place", "checkout\x1fweb"]}, "The interactions behind checkout \\(web\\)"),
        ({"view": "return", "open": ["cell", "2025-12-01/1"]}, "The interactions behind Dec 2025, 1 month later"),
    ],
)  # fmt: skip
def test_a_link_to_a_figure_opens_what_stands_behind_it(
    company: DemoCompany, query: dict[str, Any], header: str
) -> None:
    app = page(**query)
    assert header in headers(app)
    rows = shown(app, "behind")
    assert 0 < len(rows) <= SHOWN
    assert "@" not in json.dumps(rows)


@pytest.mark.parametrize(
    ("view", "opened_"),
    [
        ("funnel", ["stage", "gone"]),
        ("funnel", ["stage"]),
        ("funnel", ["gone", "research"]),
        ("touchpoints", ["place", "gone"]),
        ("touchpoints", ["place", "gone\x1fweb"]),
        ("paths", ["step", "gone"]),
        ("paths", ["step", "1\x1fgone\x1fresearch"]),
        ("paths", ["step", "1\x1fdiscover\x1fgone"]),
        ("paths", ["step", "99\x1fdiscover\x1fresearch"]),
        ("return", ["cell", "gone"]),
        ("return", ["cell", "2025-12-01/9999999"]),
        ("return", ["cell", "1999-01-01/1"]),
    ],
)
def test_a_link_to_what_is_gone_opens_nothing(company: DemoCompany, view: str, opened_: list[str]) -> None:
    assert headers(page(view=view, open=opened_)) == CARDS[view]


def test_behind_a_stage_of_two_groups_stand_those_of_the_first(company: DemoCompany) -> None:
    app = page(
        against="groups", group_by="channel", a="app", b="web", open=["stage", "research"], whose="reached"
    )
    entered: dict[str, str] = {}
    for cells in shown(app, "behind").values():  # each customer's in order
        entered.setdefault(cells["when"]["note"], cells["what"]["note"].split(" · ")[1])
    assert {*entered.values()} == {"app"}


def test_more_of_the_interactions_are_shown_at_a_click(company: DemoCompany) -> None:
    app = page(open=["stage", "research"], whose="reached")
    assert len(shown(app, "behind")) == SHOWN
    app.button(key="more-behind-reached-research").click().run()
    assert len(shown(app, "behind")) == SHOWN + MORE


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folders]:
    """The product over folders of its own, ninety days after MONDAY."""
    monkeypatch.setenv("CX_DATA", str(tmp_path))
    monkeypatch.setenv("CX_NOW", NOW.isoformat())
    yield Folders(tmp_path).make()
    close()


NOW = MONDAY + timedelta(days=90)
HOSTILE = (
    "![x](http://h.example/p.png) **b** `c` $y$ :red[r] # h",
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "-",
    "all",
    "x" * 300,
    "خرید و فروش \u202e",
)


def walk(customer: str | None, start: float, **columns: Any) -> list[dict[str, Any]]:
    """One customer's way through every stage."""
    whose = {"customer_id": customer, **columns}
    visits = [
        row("visit", start + n / 8, stage=stage, **whose)
        for n, stage in enumerate(("discover", "research", "compare"))
    ]
    return [
        *visits,
        row("order", start + 1, **whose),
        row("contact", start + 2, **{"channel": "phone", **whose}),
    ]


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        pytest.param([row("visit", 80, customer_id="a")], "No journeys yet", id="one visit"),
        pytest.param([row("order", n, customer_id=f"{n}") for n in range(40)], "No journeys yet", id="orders, and nobody came in"),
        pytest.param([told for n in range(40) for told in walk(None, n)], "No journeys yet", id="nobody is known"),
        pytest.param([*walk("a", 70), row("visit", 85)], "Nobody has had the time for the whole journey yet", id="all too young"),
    ],
)  # fmt: skip
def test_a_store_that_holds_little_is_no_crash(
    empty: Folders, rows: list[dict[str, Any]], title: str
) -> None:
    land(live.server().store, empty, rows, now=NOW)
    for view in filters.VIEWS:
        app = page(view=view, against="before")
        assert app.title[0].value == title
        assert headers(app)


def test_who_was_at_the_end_only_before_is_told_so(empty: Folders) -> None:
    reviews = [row("review", at, customer_id=who, csat=5, brand="ours") for who, at in (("a", 1), ("b", 60))]
    rows = [*reviews, *walk("a", 10)]
    land(live.server().store, empty, rows, now=NOW)
    told = "1 of all 1 customers who came in were at Loyalty (100.0%), only before they came in."
    assert told in words(page())


def test_a_stage_that_the_journey_does_not_have_is_named(empty: Folders) -> None:
    land(
        live.server().store,
        empty,
        [*walk("a", 10), row("visit", 20, customer_id="a", stage="resarch")],
        now=NOW,
    )
    assert "stages that the journey does not have: 'resarch' (1)." in page().warning[0].value.replace(
        "\\", ""
    )


def test_a_broken_journey_is_told_among_the_problems_and_the_page_goes_on(empty: Folders) -> None:
    land(live.server().store, empty, walk("a", 10), now=NOW)
    (empty.reference / "journey.toml").write_text("[[stage]\n")
    app = page(view="ideal")
    assert [error.value.startswith("journey.toml cannot be read") for error in app.error] == [True]
    assert headers(app) == CARDS["ideal"]


def test_hostile_names_are_shown_as_they_are(empty: Folders) -> None:
    stages = "".join(f"[[stage]]\nid = {json.dumps(name)}\nname = {json.dumps(name)}\n" for name in HOSTILE)
    (empty.reference / "journey.toml").write_text(stages, encoding="utf-8")
    rows = [
        row(kind, 5 + n % 20 + place / 8, customer_id=f"{n}", stage=name, channel=name, touchpoint=name, product=name,
            segment=name, region=name, campaign_id=name, reason=name, goal=name, goal_reached=True, order_id=f"{n}", units=1,
            amount=1.0)
        for n in range(40) for place, name in enumerate(HOSTILE[: 1 + n % len(HOSTILE)])
        for kind in ("visit", "complaint", "order")
    ]  # fmt: skip
    report = land(live.server().store, empty, rows, now=NOW)
    assert report.rows_kept == len(rows)
    for view in filters.VIEWS:
        place, step = f"{HOSTILE[0]}\x1f{HOSTILE[0]}", f"1\x1f{HOSTILE[0]}\x1f{HOSTILE[1]}"
        told = {"touchpoints": ["place", place], "paths": ["step", step]}.get(view, ["stage", HOSTILE[0]])
        app = page(view=view, open=told, against="groups", group_by="region")
        assert "](http" not in words(app)
        assert "<script>" not in words(app)
        assert ("behind" in words(app)) == (view not in ("channels", "return"))
