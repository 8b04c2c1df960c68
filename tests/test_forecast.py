"""Where a measure is heading: the band holds what comes as often as it says, and nothing is foretold from too little."""

from __future__ import annotations

from datetime import date, timedelta
from math import isnan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cx import reference
from cx.forecast import SHORTEST, ends, forecast, told_of
from cx.kpis import KPIS
from cx.query import Filters
from cx.questions.freshness import freshness
from cx.questions.health import Health
from cx.store import Store
from tests.conftest import DemoCompany

MONDAY = date(2025, 1, 6)
WEEK = timedelta(weeks=1)
CSAT, NPS, REPLY, ORDERS, BOTS = (
    KPIS[name] for name in ("csat", "nps", "first_response", "orders", "bot_escalation")
)


def weeks(values, half=3.0, unfinished=0):
    value = np.asarray(values, dtype=float)
    told = {
        "week": [MONDAY + WEEK * i for i in range(len(value))],
        "value": value,
        "lo": value - half,
        "hi": value + half,
    }
    return pd.DataFrame(told).assign(finished=[i < len(value) - unfinished for i in range(len(value))])


def until(known: int, ahead: int) -> date:
    return MONDAY + WEEK * (known - 1 + ahead)


@pytest.mark.parametrize(
    ("values", "unfinished"),
    [
        ([], 0),
        ([80.0], 0),
        ([80.0] * (SHORTEST - 1), 0),
        ([80.0] * SHORTEST, 1),
        ([80.0] * 20 + [np.nan] * 9, 0),
    ],
)
def test_too_little_is_not_foretold(values, unfinished):
    assert forecast(CSAT, weeks(values, unfinished=unfinished), until(len(values) + 5, 8)) is None


def test_nothing_is_ahead_of_what_is_known():
    assert forecast(CSAT, weeks([80.0] * 20), until(20, 0)) is None


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (date(2026, 11, 18), (date(2026, 11, 30), date(2026, 12, 31))),
        (date(2026, 12, 31), (date(2026, 12, 31), date(2026, 12, 31))),
        (date(2024, 2, 1), (date(2024, 2, 29), date(2024, 3, 31))),
    ],
)
def test_periods_end_with_the_month_and_the_quarter(day, told):
    assert ends(day) == told


@pytest.mark.parametrize(
    ("chance", "word"), [(0.9, "likely"), (0.1, "unlikely"), (0.5, "open"), (float("nan"), "")]
)
def test_a_chance_has_a_word(chance, word):
    assert told_of(chance) == word


@pytest.mark.parametrize(
    ("kpi", "good", "bad"), [(CSAT, 70, 90), (REPLY, 120, 60)], ids=["higher is better", "lower is better"]
)
def test_an_easy_target_is_likely_and_a_hard_one_is_not(kpi, good, bad):
    told = forecast(kpi, weeks([80, 81, 79, 80, 82, 80, 79, 81, 80, 80, 81, 79]), until(12, 6))
    day = until(12, 6)
    assert told.chance(day, good) > 0.95
    assert told.chance(day, bad) < 0.05


def test_where_neither_way_is_better_no_target_is_likely():
    told = forecast(BOTS, weeks([30.0, 31, 29] * 5), until(15, 4))
    assert isnan(told.chance(until(15, 4), 30))


def test_after_one_strange_week_the_band_spans_both_and_after_more_it_does_not():
    """One week cannot tell a slip from a fall; four weeks can."""
    calm = [80.0, 81, 79, 80, 82, 78, 80, 81, 79, 80, 81, 79, 80, 80, 79, 81]
    one = forecast(CSAT, weeks([*calm, 60.0]), until(17, 4)).weeks.iloc[-1]
    four = forecast(CSAT, weeks([*calm, 60.0, 61, 60, 59]), until(20, 4)).weeks.iloc[-1]
    assert one["lo"] < 62 < 78 < one["hi"]
    assert four["hi"] < 75


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0, 100), min_size=8, max_size=40), st.sampled_from([CSAT, NPS, REPLY, ORDERS]))
def test_every_band_is_ordered_and_within_what_the_measure_can_be(values, kpi):
    told = forecast(kpi, weeks(values), until(len(values), 5))
    rows = told.weeks[["lo", "lo80", "value", "hi80", "hi"]].to_numpy()
    low, high = {"csat": (0, 100), "nps": (-100, 100)}.get(kpi.name, (0, np.inf))
    assert np.isfinite(rows).all()
    assert (np.diff(rows, axis=1) >= -1e-9).all()
    assert (rows >= low).all()
    assert (rows <= high).all()


def worlds(kind: str, rng: np.random.Generator, n: int) -> tuple[np.ndarray, float]:
    """A level as the years go by, and the half-width of what is counted of it."""
    steps = np.arange(n)
    return {
        "still": (np.full(n, 60.0), 4.0),
        "wandering": (60 + np.cumsum(rng.normal(0, 0.7, n)), 3.0),
        "rising": (50 + 0.15 * steps + np.cumsum(rng.normal(0, 0.2, n)), 3.0),
        "with a season": (60 + 6 * np.sin(2 * np.pi * steps / 52.18 + rng.uniform(0, 6)), 3.0),
    }[kind]


@pytest.mark.parametrize(
    ("kind", "known"),
    [("still", 12), ("still", 52), ("wandering", 52), ("rising", 52), ("with a season", 110)],
)
def test_the_band_holds_what_comes_as_often_as_it_says(kind, known):
    rng, hits, n, ahead = np.random.default_rng(11), [], 90, 8
    for _ in range(n):
        level, half = worlds(kind, rng, known + ahead)
        seen = level + rng.normal(0, half / 1.96, known + ahead)
        told = forecast(CSAT, weeks(seen[:known], half), until(known, ahead)).weeks
        late = told.iloc[[3, 7]]
        truth = seen[[known + 3, known + 7]]
        hits.append(
            [(late[lo] <= truth) & (truth <= late[hi]) for lo, hi in (("lo", "hi"), ("lo80", "hi80"))]
        )
    in95, in80 = np.array(hits, dtype=float).mean(axis=(0, 2))
    assert in95 >= 0.90
    assert 0.72 <= in80 <= 0.95


def test_what_it_foretold_of_the_demo_company_came_true_as_often_as_it_said(demo_company: DemoCompany):
    """From every sixth week on, each measure to come; the last weeks hold the surge that nobody could foresee."""
    store = Store.open(demo_company.folders.store)
    health = Health(store, Filters(), freshness(store, demo_company.now), reference.targets(demo_company.folders.reference),
                    reference.Settings(), 104)  # fmt: skip
    hits = []
    for kpi in KPIS.values():
        known = health.trend(kpi).query("finished")
        for cut in range(30, len(known) - 3, 12):
            told = forecast(kpi, known.iloc[:cut], known["week"].iloc[cut - 1] + 8 * WEEK)
            came = (
                told.weeks.merge(known[["week", "value"]], on="week", suffixes=("", "_came"))["value_came"]
                if told
                else ()
            )
            for row, value in zip(told.weeks.itertuples() if told else (), came, strict=False):
                hits.append((row.lo <= value <= row.hi, row.lo80 <= value <= row.hi80))
    store.close()
    in95, in80 = np.mean(hits, axis=0)
    assert len(hits) > 500
    assert in95 >= 0.92
    assert 0.76 <= in80 <= 0.93
