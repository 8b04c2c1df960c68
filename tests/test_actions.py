"""The roadmap: what is late, and whether a measure moved after what was done, held against pandas over the demo's files."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from math import nan
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cx import aims, reference
from cx.before_after import Pair, moved, scatter
from cx.folders import Folders
from cx.kpis import KPIS, kpi
from cx.query import Filters
from cx.questions import actions as asking
from cx.questions.actions import Effect, actions, effects, late, windows
from cx.questions.freshness import freshness
from cx.stats import Estimate, SmallSamples, estimate
from cx.store import Store
from tests.conftest import DemoCompany
from tests.given import MONDAY, land, row
from tests.test_health import rows_of, share

CSAT, REPLY, COMPLAINTS, ORDERS = (
    KPIS[name] for name in ("csat", "first_response", "complaint_rate", "orders")
)
LIMITS = SmallSamples()
TODAY = date(2026, 3, 11)


def told(**cells):
    """One action, as the table has it."""
    given = {"what": "Ask less", "owner": "", "department": "", "channel": "", "start": date(2026, 1, 5), "due": date(2026, 1, 18),
             "kpi": "csat", "target": nan, "cost": nan, "state": "done", "done_on": None, **cells}  # fmt: skip
    if given["state"] == "done":
        given["done_on"] = given["done_on"] or given["due"]
    return actions(pd.DataFrame([given]))[0]


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ({"state": "running", "due": date(2026, 3, 10)}, [("overdue", 1)]),
        ({"state": "running", "due": TODAY}, []),
        ({"state": "planned", "due": date(2026, 3, 1)}, [("overdue", 10)]),
        ({"state": "planned", "start": date(2026, 3, 9), "due": date(2026, 4, 1)}, [("not started", 2)]),
        ({"state": "planned", "start": TODAY, "due": date(2026, 4, 1)}, []),
        ({"state": "done"}, []),
        ({"state": "stopped"}, []),
    ],
)
def test_what_is_late(cells, found):
    assert [(one.why, one.days) for one in late([told(**cells)], TODAY)] == found


def test_the_longest_late_comes_first():
    some = [told(state="running", due=date(2026, 3, day)) for day in (9, 2, 5)]
    assert [one.days for one in late(some, TODAY)] == [9, 6, 2]


@pytest.mark.parametrize(
    ("since", "through", "found"),
    [
        pytest.param(date(2025, 1, 1), date(2026, 3, 10), (date(2025, 11, 17), date(2026, 1, 19), 49), id="as long as the after side is"),
        pytest.param(date(2025, 11, 25), date(2026, 6, 1), (date(2025, 12, 1), date(2026, 1, 19), 35), id="as long as the before side is"),
        pytest.param(date(2025, 1, 1), date(2027, 1, 1), (date(2025, 10, 13), date(2026, 1, 19), 84), id="twelve weeks at most"),
        pytest.param(date(2025, 1, 1), date(2026, 2, 15), (date(2025, 12, 8), date(2026, 1, 19), 28), id="four weeks at least"),
        pytest.param(date(2025, 1, 1), date(2026, 2, 14), None, id="too early"),
        pytest.param(date(2025, 12, 20), date(2027, 1, 1), None, id="nothing before"),
    ],
)  # fmt: skip
def test_the_windows(since, through, found):
    span = windows(told(), since, through)
    assert (span and (span.before, span.after, span.days)) == found


def of(measure, *parts):
    (found,) = estimate(measure, pd.DataFrame([dict(zip(measure.parts, parts, strict=True))])).itertuples(
        index=False
    )
    return Estimate(*found)


def pair(before, after, n=1000):
    return Pair(of(CSAT, before, n), of(CSAT, after, n))


@pytest.mark.parametrize(
    ("here", "control", "amount", "verdict", "good"),
    [
        (pair(700, 800), None, 10, "real", True),
        (pair(800, 700), None, -10, "real", False),
        (pair(700, 705), None, 0.5, "noise", True),
        (pair(700, 800), pair(600, 700), 0, "noise", None),
        (pair(700, 700), pair(700, 600), 10, "real", True),
        (pair(700, 800), pair(600, 800), -10, "real", False),
        (pair(3, 4, 5), None, 20, "too few", True),
    ],
)
def test_a_change_beyond_what_moved_anyway(here, control, amount, verdict, good):
    found = moved(CSAT, here, control)
    assert found.amount == pytest.approx(amount, abs=1e-9)
    assert (found.verdict, found.good) == (verdict, good)


def test_a_difference_of_differences_has_the_interval_of_all_four():
    """Near the middle Wilson's bounds are the plain ones: 1.96 times the root of four variances."""
    n, found = 10_000, moved(CSAT, pair(5000, 5200, 10_000), pair(5000, 5100, 10_000))
    half = 196 * np.sqrt(sum(p * (1 - p) / n for p in (0.5, 0.52, 0.5, 0.51)))
    assert (found.lo, found.hi) == pytest.approx((1 - half, 1 + half), rel=0.01)


def test_a_rate_is_compared_by_its_ratio_and_a_sum_has_no_interval():
    here = Pair(of(COMPLAINTS, 100, 2000), of(COMPLAINTS, 80, 2000))
    control = Pair(of(COMPLAINTS, 100, 2000), of(COMPLAINTS, 160, 2000))
    assert moved(COMPLAINTS, here, control).amount == pytest.approx(100 * (0.8 / 1.6 - 1))
    sums = moved(ORDERS, Pair(of(ORDERS, 100), of(ORDERS, 150)))
    assert (sums.amount, sums.verdict) == (pytest.approx(50), "no interval")
    assert moved(COMPLAINTS, Pair(of(COMPLAINTS, 0, 2000), of(COMPLAINTS, 80, 2000))).kind == "none"


shares = st.integers(200, 800)


@given(shares, shares, st.integers(-150, 150))
def test_what_shifts_both_alike_is_taken_off(before, after, shift):
    """Whatever the year before did as well, by as many points, leaves the change of nothing."""
    plain = moved(CSAT, pair(before, after))
    both = moved(CSAT, pair(before, after), pair(before + shift, after + shift))
    assert both.amount == pytest.approx(0, abs=1e-9)
    assert both.hi - both.lo >= plain.hi - plain.lo - 1e-9


@pytest.mark.parametrize(("wander", "low", "high"), [(0.0, 1, 3.2), (6.0, 3, 40)])
def test_weeks_that_wander_more_than_their_counts_explain_widen_the_interval(wander, low, high):
    rng = np.random.default_rng(3)
    levels = np.clip(70 + rng.normal(0, wander, 12), 5, 95) / 100
    weeks = [of(CSAT, int(rng.binomial(400, level)), 400) for level in levels]
    assert low <= scatter(CSAT, weeks) <= high
    here = pair(700, 730)
    wide, tight = moved(CSAT, here._replace(scatter=4.0)), moved(CSAT, here)
    assert wide.hi - wide.lo == pytest.approx(2 * (tight.hi - tight.lo))


@pytest.fixture(scope="module")
def found(demo_company: DemoCompany) -> dict[str, Effect]:
    store = Store.open(demo_company.folders.store)
    table = actions(reference.actions(demo_company.folders.reference))
    told_ = effects(store, freshness(store, demo_company.now), table, LIMITS)
    store.close()
    return {one.action.what: one for one in told_}


def test_what_truly_moved_is_found_and_what_did_nothing_is_not(found, truths):
    worked, nothing = (found[truths["actions"][name]] for name in ("moved", "did_nothing"))
    assert (worked.verdict, worked.control, worked.narrowed) == ("better", "year", "chat")
    truth = 100 * (truths["remedy"]["multiplier"] - 1)
    assert worked.change.lo <= truth <= worked.change.hi < 0
    assert (nothing.verdict, nothing.control) == ("same", "year")
    assert found["Shorter survey after delivery"].verdict == "early"


def test_what_is_late_in_the_demo(demo_company: DemoCompany, truths):
    table = actions(reference.actions(demo_company.folders.reference))
    assert [one.action.what for one in late(table, demo_company.now.date())] == [truths["actions"]["late"]]


def in_window(rows: pd.DataFrame, first: date, days: int) -> pd.DataFrame:
    return rows[
        (rows["day"] >= pd.Timestamp(first)) & (rows["day"] < pd.Timestamp(first + timedelta(days=days)))
    ]


def test_before_and_after_are_what_pandas_finds_in_the_files(found, truths, demo_company: DemoCompany):
    rows = rows_of(demo_company)
    contacts = rows[rows["kind"].isin(["contact", "complaint"])]
    for name, channel, column, figure, tolerance in (
        ("moved", "chat", "first_response_seconds", lambda values: float(values.quantile(0.5)), 0.01),
        ("did_nothing", "phone", "resolved_first_contact", share, 1e-9),
    ):
        one = found[truths["actions"][name]]
        span = one.windows
        here = contacts[contacts["channel"] == channel]
        year = timedelta(days=364)
        firsts = (span.before, span.after, span.before - year, span.after - year)
        values = [
            figure(in_window(here, first, span.days)[column].dropna().astype(float)) for first in firsts
        ]
        assert (one.before.value, one.after.value) == pytest.approx(values[:2], rel=tolerance)
        before, after, before_then, after_then = values
        points = after - before - (after_then - before_then)
        ratio = 100 * (after / before / (after_then / before_then) - 1)
        expected = ratio if one.action.kpi.change == "percent" else points
        assert one.change.amount == pytest.approx(expected, abs=1.5 if name == "moved" else 1e-6)


def surveys(first: float, days: int, good: int, of_ten: int = 10, **columns):
    """So many surveys a day, of ten `good` satisfied."""
    return [row("survey", days=first + day + i / 20, csat=5 if i < good else 1, **columns)
            for day in range(days) for i in range(of_ten)]  # fmt: skip


@pytest.fixture
def effect_of(store: Store, folders: Folders):
    def ask(rows, now_days=100, **cells) -> Effect:
        now = MONDAY + timedelta(days=now_days)
        if rows:
            land(store, folders, rows, now=now)
        start = (MONDAY + timedelta(days=40)).date()
        given = {"start": start, "due": start + timedelta(days=6), **cells}
        (one,) = effects(store, freshness(store, now), [told(**given)], LIMITS) or (None,)
        return one

    return ask


def test_without_a_year_before_the_other_channels_are_taken_off(effect_of):
    everywhere = [*surveys(0, 40, 5, channel="web"), *surveys(40, 60, 7, channel="web")]
    chat = [*surveys(0, 40, 5, channel="chat"), *surveys(40, 60, 9, channel="chat")]
    one = effect_of(everywhere + chat, channel="chat", target=85.0)
    assert (one.control, one.verdict, one.narrowed, one.reached) == ("rest", "better", "chat", "met")
    assert one.change.amount == pytest.approx(20)


def test_of_the_whole_company_a_plain_change_says_that_seasons_are_not_in_it(effect_of):
    one = effect_of([*surveys(0, 40, 5), *surveys(40, 60, 3)], target=85.0)
    assert (one.control, one.verdict, one.reached) == ("none", "worse", "missed")
    assert one.change.amount == pytest.approx(-20)


@pytest.mark.parametrize(
    ("rows", "now_days", "verdict"),
    [
        pytest.param(surveys(0, 60, 5), 60, "early", id="the after window is not over"),
        pytest.param(surveys(20, 80, 5), 100, "no before", id="the data begin too late"),
        pytest.param([row("survey", days=1, csat=5), row("visit", days=99)], 100, "few", id="one answer"),
        pytest.param([*surveys(0, 100, 5)], 100, "same", id="nothing changed"),
    ],
)
def test_what_cannot_be_told_is_said(effect_of, rows, now_days, verdict):
    assert effect_of(rows, now_days).verdict == verdict


def test_a_rate_is_not_narrowed_by_the_channel_of_its_contacts(effect_of):
    sold = [row("order", days=day + i / 30) for day in range(100) for i in range(20)]
    complaints = [row("complaint", days=day + 0.5, channel="chat") for day in range(100)]
    days = {name: (MONDAY + timedelta(days=day)).date() for name, day in (("start", 50), ("due", 56))}
    one = effect_of(sold + complaints, kpi="complaint_rate", channel="chat", **days)
    assert (one.narrowed, one.verdict, one.control) == ("", "same", "none")


def test_no_data_and_no_actions(store: Store, effect_of):
    assert effect_of([]) is None
    assert effects(store, freshness(store, datetime(2026, 3, 11)), [], LIMITS) == []
    assert actions(reference.tables(Path("nowhere")).actions) == []
    assert asking.late([], TODAY) == []


AIMS = pd.DataFrame(
    [
        ("csat", date(2026, 1, 1), 75.0, ""),
        ("csat", date(2026, 2, 1), 77.0, "Office"),
        ("csat", date(2026, 3, 1), 79.0, ""),
    ],
    columns=["metric", "from", "value", "segment"],
).assign(owner="", floor=nan, stretch=nan)


@pytest.mark.parametrize(
    ("filters", "day", "value"),
    [
        (Filters(), date(2025, 12, 31), None),
        (Filters(), date(2026, 1, 1), 75),
        (Filters(), date(2026, 2, 28), 75),
        (Filters(), date(2026, 3, 1), 79),
        (Filters(segment=("Office",)), date(2026, 1, 15), 75),
        (Filters(segment=("Office",)), date(2026, 2, 1), 77),
        (Filters(segment=("Office",)), date(2026, 3, 9), 77),
        (Filters(segment=("Home",)), date(2026, 3, 9), 79),
        (Filters(segment=("Home", "Office")), date(2026, 3, 9), 79),
        (Filters(segment=("Office",), product=("Lamp",)), date(2026, 3, 9), 79),
    ],
)
def test_which_target_holds(filters, day, value):
    row = aims.at(aims.holding(AIMS, CSAT, filters), day)
    assert (None if row is None else row["value"]) == value


@pytest.mark.parametrize(
    ("satisfied", "floor", "stretch", "band"),
    [
        (950, 70, 90, "stretch"), (950, nan, nan, "met"), (850, 70, 90, "met"), (900, 70, 90, "met"), (800, 70, 90, "near"),
        (750, 70, 90, "held"), (720, 70, 90, "missed"), (650, 70, 90, "floor"), (650, nan, 90, "missed"),
    ],
)  # fmt: skip
def test_a_value_stands_to_its_bands(satisfied, floor, stretch, band):
    assert aims.band(CSAT, of(CSAT, satisfied, 1000), 80, floor, stretch) == band


def test_bands_turn_with_the_better_way():
    lately = of(COMPLAINTS, 700, 10_000)
    assert aims.band(COMPLAINTS, lately, 50, 60, 40) == "floor"
    assert aims.band(COMPLAINTS, lately, 90, 100, 80) == "stretch"
    assert kpi("complaint_rate").better == "down"
