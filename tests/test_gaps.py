"""Gaps between companies: intervals from published figures, what is not compared, the leader, the industry, the pace."""

from __future__ import annotations

from datetime import date, timedelta
from math import inf, isnan, nan

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cx import gaps
from cx.gaps import Compared, Figure, Period, Standing
from cx.kpis import BENCHMARKED, KPIS, Kpi
from cx.model import OURS
from cx.stats import Change, Estimate, SmallSamples, estimate

LIMITS = SmallSamples()
SINCE = date(2026, 1, 1)
NPS, CSAT, REPLY, RATE = (BENCHMARKED[name] for name in ("nps", "csat", "first_response", "complaint_rate"))


def figure(kpi: Kpi, value: float, name: str = "Rival", period: str = "2026-Q1", **told: object) -> Figure:
    n, margin = (told.pop(part, nan) for part in ("n", "margin"))
    method = told.pop("method", gaps.method_of(kpi))
    return Figure(name, gaps.period(period), gaps.published(kpi, value, n, margin), method, **told)  # type: ignore[arg-type]


def beside(kpi: Kpi, theirs: Figure, ours: float, n: float = 1000, industry: str = "") -> Compared:
    return gaps.compare(kpi, theirs, gaps.published(kpi, ours, n, nan), SINCE, industry, LIMITS)


def stands(kpi: Kpi, ours: float, *figures: Figure, industry: str = "") -> Standing:
    found = gaps.standing(kpi, [beside(kpi, each, ours, industry=industry) for each in figures], LIMITS)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-H2", date(2026, 7, 1), date(2026, 12, 31)),
        ("2026-Q1", date(2026, 1, 1), date(2026, 3, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2025-12", date(2025, 12, 1), date(2025, 12, 31)),
    ],
)
def test_a_period_is_its_days(text: str, first: date, last: date) -> None:
    assert gaps.period(text) == Period(text, first, last)


@pytest.mark.parametrize("text", ["", "Q1 2026", "2026-Q5", "2026-13", "2026-00", "26", "2026-03-01"])
def test_what_is_no_period(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        gaps.period(text)


@pytest.mark.parametrize(
    ("kpi", "value", "n", "margin", "lo", "hi"),
    [
        (CSAT, 86.0, 50, nan, 73.81, 93.05),  # Wilson 43 of 50
        (CSAT, 80.0, 10, nan, 49.02, 94.33),  # Wilson 8 of 10
        (CSAT, 0.0, 10, nan, 0.0, 27.75),
        (NPS, 100.0, 10, nan, 47.50, 100.0),  # as promoters 10/0/0
        (RATE, 4.0, 1000, nan, 1.090, 10.242),  # Poisson 4 of 1000
        (RATE, 0.0, 500, nan, 0.0, 7.378),
        (CSAT, 80.0, nan, 3.0, 77.0, 83.0),
        (CSAT, 80.0, 900, 3.0, 77.0, 83.0),  # a margin that is told is the interval
        (REPLY, 1900.0, nan, 240.0, 1660.0, 2140.0),
        (REPLY, 1900.0, 400, nan, nan, nan),  # a median without its margin has none
        (CSAT, 80.0, nan, nan, nan, nan),
    ],
)
def test_the_interval_of_a_published_figure(
    kpi: Kpi, value: float, n: float, margin: float, lo: float, hi: float
) -> None:
    told = gaps.published(kpi, value, n, margin)
    assert (told.value, told.lo, told.hi) == pytest.approx((value, lo, hi), abs=0.006, nan_ok=True)


@given(
    n=st.integers(4, 3000),
    promoters=st.floats(0, 1),
    detractors=st.floats(0, 1),
)
@settings(max_examples=60, deadline=None)
def test_an_nps_of_n_answers_is_never_told_more_exactly_than_it_is(
    n: int, promoters: float, detractors: float
) -> None:
    plus = round(n * promoters)
    minus = round((n - plus) * detractors)
    value = 100 * (plus - minus) / n
    widest = gaps.published(NPS, value, n, nan)
    (row,) = estimate(NPS, pd.DataFrame([dict(zip(NPS.parts, (plus, minus, n), strict=True))])).itertuples()
    assert widest.lo <= row.lo + 1e-9
    assert widest.hi >= row.hi - 1e-9


def test_a_gap_of_shares_has_the_interval_that_newcombe_published() -> None:
    """56 of 70 against 48 of 80, method 10 of Newcombe 1998: 0.2, 0.0524 to 0.3339."""
    told = beside(CSAT, figure(CSAT, 60.0, n=80), 80.0, n=70)
    assert (told.gap.amount, told.gap.lo, told.gap.hi) == pytest.approx((20.0, 5.24, 33.39), abs=0.005)
    assert gaps.stand(told.gap) == "ahead"


def test_margins_add_up_as_independent_errors_do() -> None:
    ours = Estimate(50.0, 47.0, 53.0, gaps.MANY, inf)
    told = gaps.compare(CSAT, figure(CSAT, 55.0, margin=4.0), ours, SINCE, "", LIMITS)
    assert (told.gap.amount, told.gap.lo, told.gap.hi) == pytest.approx((-5.0, -10.0, 0.0))


@pytest.mark.parametrize(
    ("kpi", "ours", "theirs", "stand"),
    [
        (CSAT, 80.0, 70.0, "ahead"),
        (CSAT, 70.0, 80.0, "behind"),
        (CSAT, 80.0, 80.5, "not told apart"),
        (RATE, 20.0, 60.0, "ahead"),
        (RATE, 60.0, 20.0, "behind"),
    ],
)
def test_ahead_and_behind_follow_which_way_is_better(
    kpi: Kpi, ours: float, theirs: float, stand: str
) -> None:
    assert gaps.stand(beside(kpi, figure(kpi, theirs, n=1000), ours).gap) == stand


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"n": 900}, ""),
        ({"n": 900, "method": "Top two of five, mail survey"}, ""),
        ({"n": 900, "method": "mean of 1 to 5"}, "method"),
        ({"n": 900, "method": "top two of five hundred"}, "method"),
        ({"n": 900, "method": "ACSI index of 0 to 100"}, "method"),
        ({"n": 900, "industry": "grocery"}, "industry"),
        ({"n": 900, "industry": "Home Coffee"}, ""),
        ({"n": 9}, "small"),
        ({"n": 900, "period": "2025-Q4"}, "old"),
    ],
)
def test_what_is_not_compared_says_why(told: dict[str, object], why: str) -> None:
    found = beside(CSAT, figure(CSAT, 70.0, **told), 80.0, industry="home coffee")  # type: ignore[arg-type]
    assert found.why == why
    assert (gaps.stand(found.gap) == "ahead") == (why in ("", "old"))  # an old gap still counts for the trend


def test_a_missing_value_is_not_a_zero() -> None:
    found = beside(CSAT, figure(CSAT, nan, n=900), 80.0)
    assert (found.why, isnan(found.gap.amount)) == ("missing", True)
    standing = stands(CSAT, 80.0, figure(CSAT, nan, n=900), figure(CSAT, 70.0, "Other", n=900))
    assert standing.industry.value == 70.0


def test_none_of_ours_is_no_gap() -> None:
    found = gaps.compare(CSAT, figure(CSAT, 70.0, n=900), gaps.NOTHING, SINCE, "", LIMITS)
    assert found.why == "not ours"


def test_without_n_or_margin_nothing_is_told_apart() -> None:
    found = beside(CSAT, figure(CSAT, 20.0), 80.0)
    assert (found.gap.amount, gaps.stand(found.gap)) == (60.0, "not judged")


def test_the_leader_is_the_best_of_all_us_included() -> None:
    rivals = [figure(CSAT, value, name, n=900) for name, value in (("A", 70.0), ("B", 85.0), ("C", 60.0))]
    standing = stands(CSAT, 80.0, *rivals)
    assert (standing.leader, gaps.stand(standing.to_leader)) == ("B", "behind")
    assert standing.industry.value == pytest.approx((70 + 85 + 60) / 3)
    standing = stands(CSAT, 90.0, *rivals)
    assert (standing.leader, standing.to_leader.amount) == (OURS, pytest.approx(5.0))
    lower = stands(
        RATE, 40.0, *(figure(RATE, value, name, n=9000) for name, value in (("A", 30.0), ("B", 50.0)))
    )
    assert lower.leader == "A"


def test_an_industry_of_one_company_has_no_peers() -> None:
    alone = stands(CSAT, 80.0, figure(CSAT, 76.9, "Index", n=900, method="ACSI index"))
    assert (alone.peers, isnan(alone.industry.value), alone.leader) == (0, True, "")
    assert gaps.stand(alone.to_industry) == "not judged"
    other = figure(CSAT, 70.0, n=900, industry="grocery")
    assert gaps.standing(CSAT, [beside(CSAT, other, 80.0, industry="coffee")], LIMITS) is None


def test_the_industry_is_of_one_period() -> None:
    now, before = figure(CSAT, 70.0, "A", n=900, period="2026-Q2"), figure(CSAT, 90.0, "B", n=900)
    standing = stands(CSAT, 80.0, now, before)
    assert (standing.period.text, standing.peers, standing.industry.value) == ("2026-Q2", 1, 70.0)
    assert standing.leader == "B"


def test_the_newest_that_may_be_compared_stands_for_a_competitor() -> None:
    told = [
        figure(CSAT, 70.0, n=900, period="2026-Q1"),
        figure(CSAT, 72.0, n=900, period="2026-Q2"),
        figure(CSAT, 80.0, n=900, period="2026-Q3", method="mean of 1 to 5"),
    ]
    assert stands(CSAT, 80.0, *told).latest["Rival"].figure.told.value == 72.0


@given(
    values=st.lists(st.floats(5, 95), min_size=1, max_size=6),
    margins=st.lists(st.floats(0.5, 5), min_size=6, max_size=6),
)
def test_the_mean_of_companies_is_as_sure_as_independent_errors_allow(
    values: list[float], margins: list[float]
) -> None:
    told = [Estimate(v, v - m, v + m, gaps.MANY, inf) for v, m in zip(values, margins, strict=False)]
    mean = gaps.mean(told)
    expected = sum(m * m for _, m in zip(values, margins, strict=False)) ** 0.5 / len(values)
    assert mean.value == pytest.approx(sum(values) / len(values))
    assert (mean.value - mean.lo, mean.hi - mean.value) == pytest.approx((expected, expected))


def points(amounts: list[float], half: float = 1.0) -> list[tuple[date, Change]]:
    first = date(2026, 1, 1)
    return [
        (first + timedelta(days=30 * place), Change(each, each - half, each + half, "points", "real", None))
        for place, each in enumerate(amounts)
    ]


@pytest.mark.parametrize(
    ("amounts", "half", "way"),
    [
        ([-10, -8, -6, -4], 0.5, "closing"),
        ([10, 8, 6, 4], 0.5, "closing"),  # a lead that melts
        ([-4, -6, -8, -10], 0.5, "widening"),
        ([-10, -8, -6, -4], 20.0, "no trend"),  # too uncertain
        ([-10, -2, -11, -3], 0.5, "no trend"),  # too scattered, however exact each
        ([-5, -5, -5, -5], 0.5, "no trend"),
        ([-50, -49.9, -49.8, -49.7], 0.01, "not closing"),  # forty years
        ([-10, -8, -6], 0.5, "too short"),
        ([], 0.5, "too short"),
    ],
)
def test_where_a_gap_is_heading(amounts: list[float], half: float, way: str) -> None:
    assert gaps.pace(points(amounts, half)).way == way


def test_the_day_on_which_it_would_be_closed() -> None:
    found = gaps.pace(points([-10, -8, -6, -4]))
    assert found.trend == pytest.approx(2.0)
    assert found.closed_on == date(2026, 1, 1) + timedelta(days=150)


def test_the_error_of_the_trend_is_that_of_a_weighted_line() -> None:
    """Gaps known to +-1.96 each, a month apart: the slope's standard error is 1 / sqrt(5)."""
    found = gaps.pace(points([-10, -8, -6, -4], half=1.959964))
    assert (found.hi - found.lo) / 2 == pytest.approx(1.959964 / 5**0.5, rel=1e-4)


def test_gaps_without_intervals_are_judged_by_their_scatter() -> None:
    bare = [
        (day, Change(gap.amount, nan, nan, "points", "no interval", None))
        for day, gap in points([-10, -8.1, -6, -3.9])
    ]
    assert gaps.pace(bare).way == "closing"


def test_every_measure_that_can_be_compared_says_how_it_is_measured() -> None:
    assert {kpi.family for kpi in BENCHMARKED.values()} <= {"share", "balance", "mean", "rate", "quantile"}
    assert set(gaps.METHODS) <= set(BENCHMARKED)
    assert all(gaps.alike(kpi, f"{gaps.method_of(kpi)}, mail survey") for kpi in BENCHMARKED.values())
    assert "orders" in KPIS
    assert "orders" not in BENCHMARKED
