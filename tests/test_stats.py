from math import ceil, inf, isnan, nan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from statsmodels.stats.proportion import proportion_confint

from cx import rollups, stats
from cx.kpis import KPIS
from cx.stats import Estimate, SmallSamples, change, estimate, quantile, quantiles, shown, target

NPS, CSAT, CES, RATE, FRT, ORDERS = (
    KPIS[name] for name in ("nps", "csat", "ces", "complaint_rate", "first_response", "orders")
)
SOME = st.integers(0, 400)
LAW = settings(max_examples=60, deadline=None)


def one(kpi, *parts):
    frame = pd.DataFrame([parts], columns=list(kpi.parts), dtype=float)
    return Estimate(*estimate(kpi, frame).iloc[0])


def many(kpi, *parts):
    frame = pd.DataFrame(dict(zip(kpi.parts, parts, strict=True)))
    return list(estimate(kpi, frame).itertuples(index=False))


def histogram(seconds):
    bins, n = np.unique(np.floor(stats.BINS_PER_E * np.log1p(seconds)).astype(int), return_counts=True)
    return pd.DataFrame({"bin": bins, "n": n})


@pytest.mark.parametrize(
    ("kpi", "parts", "value", "lo", "hi", "digits"),
    [
        (NPS, (25, 10, 50), 30, 7.30, 49.30, 2),
        (NPS, (5, 2, 10), 30, -19.05, 65.20, 2),
        (NPS, (200, 80, 400), 30, 22.15, 37.40, 2),
        (NPS, (500, 200, 1000), 30, 25.08, 34.74, 2),
        (NPS, (10, 0, 10), 100, 47.50, 100, 2),
        (CSAT, (43, 50), 86, 73.81, 93.05, 2),
        (CSAT, (8, 10), 80, 49.02, 94.33, 2),
        (CSAT, (0, 10), 0, 0, 27.75, 2),
        (CSAT, (430, 500), 86, 82.68, 88.77, 2),
        (RATE, (0, 500), 0, 0, 7.378, 3),
        (RATE, (4, 1000), 4, 1.090, 10.242, 3),
        (RATE, (18, 4200), 4.286, 2.540, 6.773, 3),
        (RATE, (120, 9000), 13.333, 11.055, 15.943, 3),
    ],
)
def test_published_vectors(kpi, parts, value, lo, hi, digits):
    got = one(kpi, *parts)
    assert [round(x, digits) for x in (got.value, got.lo, got.hi)] == [
        round(x, digits) for x in (value, lo, hi)
    ]


def test_an_estimate_agrees_with_scipy():
    share = scipy_stats.binomtest(37, 90).proportion_ci(method="wilson")
    assert one(CSAT, 37, 90)[1:3] == pytest.approx((100 * share.low, 100 * share.high))
    rate = scipy_stats.gamma.ppf([0.025, 0.975], [18, 19]) / 4200 * 1000
    assert one(RATE, 18, 4200)[1:3] == pytest.approx(tuple(rate))
    scores = np.array([1, 4, 7, 7, 6, 2, 5])
    t = scipy_stats.ttest_1samp(scores, 0).confidence_interval()
    assert one(CES, scores.sum(), (scores**2).sum(), 7)[1:3] == pytest.approx((t.low, t.high))


@pytest.mark.parametrize("kpi", [kpi for kpi in KPIS.values() if kpi.family not in ("quantile", "total")])
def test_a_ratio_over_nothing_is_no_data(kpi):
    for nothing in (0.0, nan):
        got = one(kpi, *[nothing] * len(kpi.parts))
        assert np.isnan([got.value, got.lo, got.hi]).all()
        assert got.n == got.base == 0
        assert shown(got.base) == "no data"


def test_one_answer_has_a_mean_but_no_interval_and_equal_answers_have_one_of_no_width():
    assert one(CES, 7, 49, 1)[:2] == (7, pytest.approx(nan, nan_ok=True))
    assert one(CES, 21, 147, 3)[:3] == (7, 7, 7)


def test_a_total_is_its_sum_without_an_interval():
    got = one(ORDERS, 12)
    assert (got.value, got.n, got.base) == (12, 12, inf)
    assert isnan(got.lo)
    assert one(ORDERS, 0).value == 0


def test_no_complaint_over_many_units_is_a_good_estimate_and_over_few_is_hidden():
    assert shown(one(RATE, 0, 5000).base) == "ok"
    assert shown(one(RATE, 3, 4.5).base) == "hidden"


def test_an_estimate_keeps_the_index_and_refuses_a_quantile():
    frame = pd.DataFrame({"csat_satisfied": [1, 2], "csat_answers": [2, 2]}, index=["a", "b"])
    assert list(estimate(CSAT, frame).index) == ["a", "b"]
    with pytest.raises(ValueError, match="first_response"):
        estimate(FRT, frame)


@LAW
@given(SOME, SOME, SOME)
def test_the_interval_holds_the_value_and_stays_within_the_scale(a, b, c):
    n = a + b + c
    if n == 0:
        return
    for got, low, high in (
        (one(NPS, a, b, n), -100, 100),
        (one(CSAT, a, n), 0, 100),
        (one(RATE, a, n), 0, inf),
    ):
        assert low <= got.lo <= got.value <= got.hi <= high


@LAW
@given(SOME, SOME, SOME)
def test_swapping_promoters_and_detractors_turns_the_sign(a, b, c):
    n = a + b + c + 1
    there, back = one(NPS, a, b, n), one(NPS, b, a, n)
    assert (there.value, there.lo, there.hi) == pytest.approx((-back.value, -back.hi, -back.lo))
    yes, no = one(CSAT, a, n), one(CSAT, n - a, n)
    assert (yes.lo, yes.hi) == pytest.approx((100 - no.hi, 100 - no.lo))


@LAW
@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 60), st.integers(2, 9))
def test_fewer_answers_make_a_wider_interval(a, b, c, times):
    n = a + b + c
    for kpi, parts in (
        (NPS, (a, b, n)),
        (CSAT, (a, n)),
        (RATE, (a, n)),
        (CES, (3 * n + a, 9 * n + 7 * a, n + 2)),
    ):
        few, lots = one(kpi, *parts), one(kpi, *(times * x for x in parts))
        # A balance is clamped at the ends of its scale, which may make the interval of few answers the shorter one.
        if kpi is not NPS or max(abs(few.lo), abs(few.hi)) < 100:
            assert few.hi - few.lo > lots.hi - lots.lo


def test_a_share_of_fractions_that_rounds_above_one_still_has_an_interval():
    got = one(CSAT, 0.1 + 0.2, 0.3)
    assert not isnan(got.lo + got.hi)


def test_bins_are_those_of_the_rollups():
    assert stats.BINS_PER_E == rollups.BINS_PER_E


@LAW
@given(st.lists(st.floats(0, 1e7), min_size=1, max_size=150), st.sampled_from([0.5, 0.9]))
def test_a_quantile_is_the_order_statistic_to_within_its_bin(seconds, q):
    got = quantile(histogram(seconds), q)
    exact = sorted(seconds)[ceil(len(seconds) * q - 1e-9) - 1]
    assert 1 + got.value == pytest.approx(1 + exact, rel=0.006)
    assert got.n == len(seconds)
    assert isnan(got.lo) == (len(seconds) < (6 if q == 0.5 else 36))
    assert isnan(got.lo) or got.lo <= exact <= got.hi * (1 + 1e-12)


@pytest.mark.parametrize(
    ("n", "q", "lower", "upper"), [(6, 0.5, 1, 6), (20, 0.5, 6, 15), (100, 0.5, 40, 61), (36, 0.9, 29, 36)]
)
def test_the_ranks_are_those_of_the_tables_of_order_statistics(n, q, lower, upper):
    got = quantile(pd.DataFrame({"bin": range(1, n + 1), "n": 1}), q)
    assert (100 * np.log1p(got.lo), 100 * np.log1p(got.hi) - 1) == pytest.approx((lower, upper))


def test_quantiles_are_one_quantile_a_group():
    rng = np.random.default_rng(1)
    groups = {(week, team): rng.lognormal(5, 1, 4 + 30 * week) for week in range(4) for team in ("a", None)}
    hist = pd.concat([histogram(s).assign(week=w, team=t) for (w, t), s in groups.items()]).sample(
        frac=1, random_state=1
    )
    got = quantiles(hist, ["week", "team"], 0.5)
    assert len(got) == len(groups)
    for row in got.itertuples():
        alone = quantile(histogram(groups[row.week, row.team if isinstance(row.team, str) else None]), 0.5)
        assert (row.value, row.lo, row.hi, row.n, row.base) == pytest.approx(tuple(alone), nan_ok=True)


def test_a_quantile_of_nothing_is_no_data():
    nothing = pd.DataFrame({"week": [], "bin": [], "n": []})
    assert isnan(quantile(nothing, 0.5).value)
    assert list(quantiles(nothing, ["week"], 0.5)) == ["week", "value", "lo", "hi", "n", "base"]
    assert quantiles(nothing, ["week"], 0.5).empty


@pytest.mark.parametrize(
    ("base", "told"),
    [
        (nan, "no data"),
        (0, "no data"),
        (4, "hidden"),
        (5, "too few"),
        (9, "too few"),
        (10, "small"),
        (30, "ok"),
        (inf, "ok"),
    ],
)
def test_what_may_be_shown(base, told):
    assert shown(base) == told


def test_the_limits_are_settings():
    assert shown(7, SmallSamples(hide=8)) == "hidden"


@pytest.mark.parametrize(
    ("kpi", "now", "before", "kind", "amount", "verdict", "good"),
    [
        (CSAT, (90, 100), (60, 100), "points", 30, "real", True),
        (CSAT, (61, 100), (60, 100), "points", 1, "noise", True),
        (CSAT, (9, 9), (60, 100), "points", 40, "too few", True),
        (CSAT, (60, 100), (0, 0), "none", nan, "too few", None),
        (KPIS["bot_escalation"], (90, 100), (60, 100), "points", 30, "real", None),
        (NPS, (80, 5, 100), (30, 40, 100), "points", 85, "real", True),
        (NPS, (50, 20, 100), (50, 20, 100), "points", 0, "noise", None),
        (CES, (7, 49, 1), (70, 500, 10), "points", 0, "too few", None),
        (RATE, (40, 1000), (10, 1000), "percent", 300, "real", False),
        (RATE, (4, 1000), (3, 1000), "percent", 100 / 3, "noise", False),
        (RATE, (40, 1000), (0, 1000), "new", nan, "real", False),
        (RATE, (1, 1000), (0, 1000), "new", nan, "noise", False),
        (RATE, (0, 1000), (40, 1000), "percent", -100, "real", True),
        (RATE, (0, 1000), (1, 1000), "percent", -100, "noise", True),
        (RATE, (0, 1000), (0, 1000), "percent", 0, "noise", None),
        (RATE, (0, 9), (1, 1000), "percent", -100, "too few", True),
        (ORDERS, (150,), (100,), "percent", 50, "no interval", True),
        (ORDERS, (3,), (0,), "new", nan, "no interval", True),
        (ORDERS, (0,), (3,), "percent", -100, "no interval", False),
        (ORDERS, (0,), (0,), "percent", 0, "no interval", None),
    ],
)
def test_a_change(kpi, now, before, kind, amount, verdict, good):
    got = change(kpi, one(kpi, *now), one(kpi, *before))
    assert (got.kind, got.verdict, got.good) == (kind, verdict, good)
    assert got.amount == pytest.approx(amount, nan_ok=True)


def test_a_change_of_shares_is_newcombes_hybrid_score_interval():
    got = change(CSAT, one(CSAT, 56, 70), one(CSAT, 48, 80))
    assert (got.lo, got.hi) == pytest.approx((5.24, 33.39), abs=0.01)


def test_a_row_of_a_frame_is_as_good_as_an_estimate():
    frame = pd.DataFrame({"csat_satisfied": [60, 90], "csat_answers": [100, 100]})
    before, now = (row for _, row in estimate(CSAT, frame).iterrows())
    assert change(CSAT, now, before) == change(CSAT, one(CSAT, 90, 100), one(CSAT, 60, 100))


@LAW
@given(SOME, SOME, SOME, SOME, st.integers(800, 1000), st.integers(800, 1000))
def test_turning_time_around_turns_the_change(a, b, c, d, n, m):
    for kpi, now, before in ((NPS, (a, b, n), (c, d, m)), (CSAT, (a, n), (b, m)), (RATE, (a, n), (b, m))):
        there, back = (change(kpi, one(kpi, *x), one(kpi, *y)) for x, y in ((now, before), (before, now)))
        assert there.verdict == back.verdict
        if kpi.change == "points":
            assert (there.lo, there.hi) == pytest.approx((-back.hi, -back.lo))
            assert there.lo <= there.amount <= there.hi


@pytest.mark.parametrize(
    ("kpi", "parts", "aim", "told"),
    [
        (CSAT, (90, 100), 80, "met"),
        (CSAT, (90, 100), 88, "near"),
        (CSAT, (70, 100), 85, "missed"),
        (RATE, (5, 1000), 20, "met"),
        (RATE, (50, 1000), 20, "missed"),
        (KPIS["bot_escalation"], (90, 100), 50, "missed"),
        (ORDERS, (100,), 100, "met"),
        (ORDERS, (99,), 100, "missed"),
        (CSAT, (0, 0), 80, "no data"),
    ],
)
def test_a_target(kpi, parts, aim, told):
    assert target(kpi, one(kpi, *parts), aim) == told


DRAWS = 3000


def _draws(name, rng):
    """Two periods without any change between them, as estimates, and the truth that both should hold."""
    if name == "share":
        return CSAT, 80, [many(CSAT, rng.binomial(120, 0.8, DRAWS), np.full(DRAWS, 120)) for _ in "ab"]
    if name == "balance":
        drawn = [rng.multinomial(120, [0.5, 0.3, 0.2], DRAWS).T for _ in "ab"]
        return NPS, 30, [many(NPS, p, d, np.full(DRAWS, 120)) for p, _, d in drawn]
    if name == "mean":
        drawn = [rng.choice(7, (60, DRAWS), p=[0.05, 0.05, 0.1, 0.1, 0.2, 0.25, 0.25]) + 1 for _ in "ab"]
        return CES, 5.1, [many(CES, d.sum(axis=0), (d**2).sum(axis=0), np.full(DRAWS, 60)) for d in drawn]
    if name == "rate":
        return RATE, 12, [many(RATE, rng.poisson(0.012 * 2500, DRAWS), np.full(DRAWS, 2500.0)) for _ in "ab"]
    hists = [
        pd.concat([histogram(rng.lognormal(7, 1, 80)).assign(key=i) for i in range(DRAWS // 3)]) for _ in "ab"
    ]
    return FRT, np.exp(7), [list(quantiles(h, ["key"], 0.5).itertuples(index=False)) for h in hists]


@pytest.mark.parametrize(
    ("name", "cover"),
    [("share", 0.94), ("balance", 0.94), ("mean", 0.935), ("rate", 0.95), ("quantile", 0.94)],
)
def test_by_simulation_intervals_cover_and_changes_are_seldom_real_by_chance(name, cover):
    kpi, truth, (now, before) = _draws(name, np.random.default_rng(7))
    covered = np.mean([row.lo <= truth <= row.hi for row in now + before])
    false = np.mean([change(kpi, a, b).verdict == "real" for a, b in zip(now, before, strict=True)])
    assert cover <= covered <= 0.985
    assert false <= 0.06


@given(st.integers(1, 10**7), st.sampled_from([0.1, 0.5, 0.9]), st.sampled_from([0.025, 0.975]))
@LAW
def test_the_rank_behind_a_quantile_is_that_of_the_binomial(n: int, q: float, p: float) -> None:
    assert stats._binomial(p, np.array([float(n)]), q) == scipy_stats.binom.ppf(p, n, q)


@given(SOME, SOME)
@LAW
def test_intervals_are_those_of_other_libraries(k: int, more: int) -> None:
    n = k + more
    share = one(CSAT, k, n)
    rate = one(RATE, k, max(n, 1))
    if n:
        lo, hi = proportion_confint(k, n, method="wilson")
        assert (share.lo, share.hi) == pytest.approx((100 * max(lo, 0), 100 * min(hi, 1)), abs=1e-9)
    exact = [scipy_stats.chi2.ppf(0.025, 2 * k) / 2 if k else 0.0, scipy_stats.chi2.ppf(0.975, 2 * k + 2) / 2]
    per = rate.value * max(n, 1) / k if k else rate.hi * max(n, 1) / exact[1]
    assert (rate.lo, rate.hi) == pytest.approx([per * bound / max(n, 1) for bound in exact], rel=1e-9)
