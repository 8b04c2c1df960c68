from dataclasses import replace
from math import exp, log

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cx import surges
from cx.surges import EVERY, LEAST_SELLING_DAYS, Panel, baseline, learn, newest, scan
from tests.bench import surges as bench

LAW = settings(max_examples=8, deadline=None)
START = pd.Timestamp("2024-01-01")
LAGGED = surges.KERNELS[surges.LAG_MEANS.index(7.0)]


def company(products=8, days=300, units=200.0, rates=(0.02, 0.01), seed=2, kernel=LAGGED):
    """Steady sales, complaints that follow them by a week; `units` is one number or an array [product, day]."""
    rng = np.random.default_rng(seed)
    sold = np.broadcast_to(np.asarray(units, float), (products, days)).copy()
    padded = np.concatenate([np.repeat(sold[:, :1], surges.LAG_DAYS - 1, 1), sold], axis=1)
    exposed = np.array([np.convolve(row, kernel)[surges.LAG_DAYS - 1 :][:days] for row in padded])
    complaints = rng.poisson(exposed[:, None] * np.array(rates)[:, None])
    names = tuple(f"p{n}" for n in range(products)), tuple(f"r{n}" for n in range(len(rates)))
    return Panel(pd.date_range(START, periods=days), *names, complaints, sold, np.zeros(days, bool))


def more(panel, factor, products, reasons, first, last, seed=3):
    """The panel with a true surge: complaints at so many times their rate from one day to before another."""
    part = np.ix_(products, reasons, range(first, last))
    complaints = panel.complaints.copy()
    complaints[part] += np.random.default_rng(seed).poisson((factor - 1) * panel.complaints[part].mean(2, keepdims=True), complaints[part].shape)
    return replace(panel, complaints=complaints)


def sold(panel, factor, products, first, last):
    units = panel.units.copy()
    units[products, first:last] *= factor
    return company(units=units, products=len(panel.products), days=len(panel.days))


def day(n):
    return START + pd.Timedelta(days=n)


def found(panel, first=150):
    return surges.surges(scan(panel, day(first)))


def test_a_quiet_company_has_no_surge():
    assert found(company()).empty


def test_more_sales_alone_are_no_surge():
    assert found(sold(company(), 5, [0, 3], 220, 234)).empty


def test_a_quality_problem_is_found_within_a_week_with_its_reason():
    got = found(more(company(), 3, [2], [1], 240, 300), 200)
    assert got[["product", "reason"]].to_numpy().tolist() == [["p2", "r1"]]
    (row,) = got.itertuples()
    assert day(240) <= row.alarm_day <= day(247)
    assert abs((row.onset - day(240)).days) <= 3
    assert row.observed > row.hi > row.expected > row.lo
    assert row.excess_lo <= row.excess <= row.excess_hi


def test_a_problem_amid_a_campaign_is_told_from_its_volume():
    got = found(more(sold(company(), 4, [2, 5], 230, 244), 3, [2], [0], 236, 260))
    assert set(zip(got["product"], got["reason"], strict=True)) == {("p2", "r0")}


@pytest.mark.parametrize("shut", [False, True])
def test_the_week_has_its_own_rhythm(shut):
    panel = company(products=6, rates=(0.05, 0.03))
    complaints = panel.complaints.copy()
    sundays = np.flatnonzero(panel.days.dayofweek == surges.SUNDAY)[:-1]
    if shut:
        complaints[:, :, sundays + 1] += complaints[:, :, sundays]
        complaints[:, :, sundays] = 0
    else:
        complaints[:, :, sundays] *= 3
    assert found(replace(panel, complaints=complaints), 100).empty


@pytest.mark.parametrize(("shut", "kind"), [(True, surges.SUNDAY), (False, 2)])
def test_a_named_day_is_a_sunday_only_if_the_desk_was_shut(shut, kind):
    panel = company()
    complaints = panel.complaints.copy()
    complaints[:, :, panel.days.dayofweek == surges.SUNDAY] = 0
    holiday = 205
    assert panel.days[holiday].dayofweek == 2
    if shut:
        complaints[:, :, holiday] = 0
    named = replace(panel, complaints=complaints, holidays=np.arange(300) == holiday)
    assert named.day_types[holiday] == kind
    assert named.day_types[holiday + 1] == (surges.MONDAY if shut else 3)


def test_a_reason_that_surges_everywhere_is_one_entry():
    got = found(more(company(products=20), 2.5, range(20), [0], 250, 262), 200)
    assert got[["product", "reason"]].to_numpy().tolist() == [[EVERY, "r0"]]
    assert day(250) <= got["alarm_day"][0] <= day(256)


def test_small_counts_need_more_than_one_complaint():
    quiet = company(products=30, units=20.0, rates=(0.001, 0.002))
    assert len(found(quiet)) <= 1
    complaints = quiet.complaints.copy()
    complaints[4, 0, 260:265] += 1
    got = found(replace(quiet, complaints=complaints), 250)
    assert ("p4", "r0") in set(zip(got["product"], got["reason"], strict=True))


def test_a_launch_is_not_scored_before_it_has_sold_for_six_weeks():
    units = np.full((8, 300), 200.0)
    units[1, :200] = 0
    judged = scan(company(units=units), day(150))
    scored = judged.scored[:, 1].any(1)
    born = scored.argmax() + 150
    assert LEAST_SELLING_DAYS - 1 <= born - 200 <= LEAST_SELLING_DAYS + 5
    assert not judged.alarm[:, 1].any()


def test_a_stock_out_and_the_sales_after_it_are_no_surge():
    panel = company()
    units = panel.units.copy()
    units[2, 200:215] = 0
    units[2, 215:220] *= 3
    assert found(company(units=units)).empty


def test_a_product_that_nobody_ever_bought_says_nothing():
    units = np.full((8, 300), 200.0)
    units[5] = 0
    judged = scan(company(units=units), day(150))
    assert not judged.scored[:, 5].any()
    assert np.isfinite(judged.evidence).all()
    nothing = replace(company(), complaints=np.zeros((8, 2, 300), int), units=np.zeros((8, 300)))
    assert found(nothing).empty


@pytest.mark.parametrize("with_units", [True, False])
def test_the_first_day_of_counting_is_no_surge(with_units):
    panel = company(days=330)
    complaints = panel.complaints.copy()
    complaints[3, :, :230] = 0
    late = replace(panel, complaints=complaints, units=panel.units if with_units else None)
    judged = scan(late, day(150))
    assert not judged.scored[: 230 + LEAST_SELLING_DAYS - 150 - 1, 3].any()
    assert surges.surges(judged).empty


def test_without_units_a_surge_is_one_against_constant_exposure():
    got = found(replace(more(company(), 3, [2], [1], 240, 260), units=None))
    assert got[["product", "reason"]].to_numpy().tolist() == [["p2", "r1"]]
    lags = learn(replace(company(), units=None))
    assert not lags.learned.any() and np.isnan(lags.days).all() and (lags.beta == 0).all()


def test_days_that_are_not_complete_are_dropped():
    panel = company()
    rows = long(panel)
    kept = surges.from_counts(rows, rows[["day", "product", "units"]], until=day(297))
    assert kept.days[-1] == day(296)
    assert scan(kept, day(290)).days[-1] == day(296)


def long(panel):
    at = np.indices(panel.complaints.shape).reshape(3, -1)
    return pd.DataFrame(
        {
            "day": panel.days[at[2]],
            "product": np.array(panel.products)[at[0]],
            "reason": np.array(panel.reasons)[at[1]],
            "complaints": panel.complaints.ravel(),
            "units": panel.units[at[0], at[2]],
        }
    )


def test_a_panel_fills_the_grid():
    complaints = pd.DataFrame({"day": [day(0), day(3)], "product": ["b", "a"], "reason": ["late", "broken"], "complaints": [2, 5]})
    units = pd.DataFrame({"day": [day(1)], "product": ["c"], "units": [7.0]})
    got = surges.from_counts(complaints, units, [day(2)])
    assert (got.products, got.reasons, len(got.days)) == (("a", "b", "c"), ("broken", "late"), 4)
    assert got.complaints[0, 0].tolist() == [0, 0, 0, 5]
    assert got.complaints[1, 1].tolist() == [2, 0, 0, 0]
    assert got.units[2].tolist() == [0, 7, 0, 0]
    assert got.holidays.tolist() == [False, False, True, False]
    panel = company(days=60)
    again = surges.panel(long(panel).sample(frac=1, random_state=1))
    assert (again.complaints == panel.complaints).all() and (again.units == panel.units).all()


@pytest.mark.parametrize("mean", [2.0, 7.0, 14.0])
def test_the_lag_is_learned_from_sales_that_move(mean):
    rng = np.random.default_rng(4)
    units = 200 * np.exp(np.repeat(rng.normal(0, 0.7, (12, 40)), 10, axis=1))
    panel = company(12, 400, units, (0.03, 0.02), kernel=surges.KERNELS[surges.LAG_MEANS.index(mean)])
    lags = learn(panel)
    assert lags.learned.all()
    assert (lags.days == mean).all() and (lags.beta == 1).all()
    assert not learn(panel, day(100)).learned.any()


def test_more_is_needed_to_learn_a_lag_than_a_few_complaints():
    lags = learn(company(units=5.0, rates=(0.02, 0.0001)))
    assert lags.learned.tolist() == [False, False] or lags.learned.tolist() == [True, False]
    assert lags.frame()["days"].isna()[1]


def test_the_states_of_a_surge():
    panel = more(company(days=330), 4, [2], [1], 240, 262)
    judged = {at: surges.surges(scan(panel, day(200), day(at))) for at in (244, 248, 268, 290)}
    (alarm,) = judged[290]["alarm_day"]
    state = {at: found["state"].tolist() for at, found in judged.items()}
    assert surges.surges(scan(panel, day(200), alarm))["state"].tolist() == ["new"]
    assert state[248] in (["growing"], ["new"]) and state[268] == ["easing"] and state[290] == ["over"]


@pytest.mark.parametrize(
    ("product", "start", "ids"),
    [("p2", -6, ["c"]), ("p2", 1, ["c"]), ("p2", 9, []), ("p2", -40, []), ("p1", -6, [])],
)
def test_a_campaign_is_blamed_only_if_it_fits(product, start, ids):
    campaigns = pd.DataFrame({"campaign_id": ["c"], "start": [day(240 + start)], "products": [[product]]})
    surge = pd.DataFrame({"product": ["p2"], "reason": ["r1"], "onset": [day(240)], "alarm_day": [day(244)]})
    assert surges.attribution(surge, campaigns) == [ids]


def test_two_campaigns_that_fit_are_both_told_and_a_whole_reason_has_none():
    campaigns = pd.DataFrame({"campaign_id": ["far", "near"], "start": [day(227), day(234)], "products": [["p2"]] * 2})
    surge = pd.DataFrame({"product": ["p2", EVERY], "reason": "r1", "onset": day(240), "alarm_day": day(244)})
    assert surges.attribution(surge, campaigns) == [["near", "far"], []]


def test_what_was_kept_goes_on_as_if_all_were_walked():
    panel = more(company(), 3, [2], [1], 240, 260)
    whole, kept = scan(panel, day(150)), newest(baseline(panel, day(285)), panel)
    for name in ("expected", "evidence", "threshold", "spread_7", "window", "scored"):
        assert np.array_equal(getattr(whole, name)[-15:], getattr(kept, name)), name
    with pytest.raises(ValueError, match="later days"):
        newest(baseline(panel, day(300)), panel)


@LAW
@given(st.integers(130, 299), st.integers(1, 60))
def test_a_later_day_changes_nothing_before_it(last, later):
    panel = more(company(), 3, [2], [1], 140, 170)
    short, full = scan(panel, day(120), day(last)), scan(panel, day(120), day(last + later))
    n = len(short.days)
    assert np.array_equal(short.evidence, full.evidence[:n]) and np.array_equal(short.expected, full.expected[:n])


@LAW
@given(st.sampled_from([0.01, 0.5, 3.0, 1000.0]))
def test_the_unit_of_what_is_sold_does_not_matter(scale):
    panel = more(company(), 3, [2], [1], 240, 260)
    plain, scaled = scan(panel, day(200)), scan(replace(panel, units=panel.units * scale), day(200))
    assert np.allclose(plain.evidence, scaled.evidence, rtol=1e-6, atol=1e-8)


@LAW
@given(st.permutations(range(8)))
def test_the_order_of_products_does_not_matter(order):
    panel = more(company(), 3, [2], [1], 240, 260)
    mixed = replace(
        panel,
        products=tuple(panel.products[n] for n in order),
        complaints=panel.complaints[order],
        units=panel.units[order],
    )
    there, here = scan(panel, day(240)), scan(mixed, day(240))
    assert np.allclose(there.evidence[:, order], here.evidence[:, :-1], rtol=1e-9)


def test_the_evidence_of_one_series_in_plain_python():
    panel = more(company(products=1, days=120, rates=(0.03,)), 3, [0], [0], 100, 120)
    panel = replace(panel, units=None)
    judged = scan(panel, day(60))
    y, factors = panel.complaints[0, 0].tolist(), None
    for at in (80, 105, 113):
        gains = []
        for end in range(at, at - 14, -1):
            if end < LEAST_SELLING_DAYS - 1:
                break
            # The lag, and with it the day factors, are learned anew on days 14, 28, 56 and 112.
            learned_at = max(n for n in (14, 28, 56, 112) if n <= end)
            factors = learn(panel, day(learned_at)).factors[0]
            counted = exposed = 0.0
            for n in range(end - 13):
                fade = 0.5 ** ((end - 14 - n) / 60)
                assert not judged.alarm[: max(0, n - 60 + 14), 0, 0].any()
                counted += fade * y[n]
                exposed += fade * factors[n % 7]
            reason = (counted + 0.5) / exposed
            product = (counted + 1) / (reason * exposed + 1)
            rate = (1 + counted) / (1 / (reason * product) + exposed)
            mean = rate * factors[end % 7]
            inverse = plain_spread(judged, end) + plain_strangeness(factors, end)
            k = 1 / inverse
            gains.append(y[end] * log(2) - (y[end] + k) * log((k + 2 * mean) / (k + mean)))
            if end >= 60:
                assert judged.expected[end - 60, 0, 0] == pytest.approx(mean)
        sums = [sum(gains[: n + 1]) for n in range(len(gains))]
        assert judged.evidence[at - 60, 0, 0] == pytest.approx(max(sums), rel=1e-6)
