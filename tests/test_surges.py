from dataclasses import replace
from math import log

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cx import surges
from cx.surges import EVERY, LEAST_SELLING_DAYS, Panel, baseline, learn, newest, scan
from cx.surges.rates import spread_of
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
    complaints[part] += np.random.default_rng(seed).poisson(
        (factor - 1) * panel.complaints[part].mean(2, keepdims=True), complaints[part].shape
    )
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
    sundays = np.flatnonzero(panel.days.day_of_week == surges.SUNDAY)
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
    complaints[:, :, panel.days.day_of_week == surges.SUNDAY] = 0
    holiday = 205
    assert panel.days[holiday].day_of_week == 2
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
    complaints[4, 0, 260:266] += 1
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
    assert not lags.learned.any()
    assert np.isnan(lags.days).all()
    assert (lags.beta == 0).all()


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
    complaints = pd.DataFrame(
        {"day": [day(0), day(3)], "product": ["b", "a"], "reason": ["late", "broken"], "complaints": [2, 5]}
    )
    units = pd.DataFrame({"day": [day(1)], "product": ["c"], "units": [7.0]})
    got = surges.from_counts(complaints, units, [day(2)])
    assert (got.products, got.reasons, len(got.days)) == (("a", "b", "c"), ("broken", "late"), 4)
    assert got.complaints[0, 0].tolist() == [0, 0, 0, 5]
    assert got.complaints[1, 1].tolist() == [2, 0, 0, 0]
    assert got.units[2].tolist() == [0, 7, 0, 0]
    assert got.holidays.tolist() == [False, False, True, False]
    panel = company(days=60)
    again = surges.panel(long(panel).sample(frac=1, random_state=1))
    assert (again.complaints == panel.complaints).all()
    assert (again.units == panel.units).all()


@pytest.mark.parametrize("mean", [2.0, 7.0, 14.0])
def test_the_lag_is_learned_from_sales_that_move(mean):
    rng = np.random.default_rng(4)
    units = 200 * np.exp(np.repeat(rng.normal(0, 0.7, (12, 40)), 10, axis=1))
    panel = company(12, 400, units, (0.03, 0.02), kernel=surges.KERNELS[surges.LAG_MEANS.index(mean)])
    lags = learn(panel)
    assert lags.learned.all()
    assert (lags.days == mean).all()
    assert (lags.beta == 1).all()
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
    assert state[248] in (["growing"], ["new"])
    assert state[268] == ["easing"]
    assert state[290] == ["over"]


@pytest.mark.parametrize(
    ("product", "start", "ids"),
    [("p2", -6, ["c"]), ("p2", 1, ["c"]), ("p2", 9, []), ("p2", -40, []), ("p1", -6, [])],
)
def test_a_campaign_is_blamed_only_if_it_fits(product, start, ids):
    campaigns = pd.DataFrame({"campaign_id": ["c"], "start": [day(240 + start)], "products": [[product]]})
    surge = pd.DataFrame({"product": ["p2"], "reason": ["r1"], "onset": [day(240)], "alarm_day": [day(244)]})
    assert surges.attribution(surge, campaigns) == [ids]


def test_two_campaigns_that_fit_are_both_told_and_a_whole_reason_has_none():
    campaigns = pd.DataFrame(
        {"campaign_id": ["far", "near"], "start": [day(227), day(234)], "products": [["p2"]] * 2}
    )
    surge = pd.DataFrame({"product": ["p2", EVERY], "reason": "r1", "onset": day(240), "alarm_day": day(244)})
    assert surges.attribution(surge, campaigns) == [["near", "far"], []]


def test_the_campaign_whose_other_products_suffer_too_comes_first():
    campaigns = pd.DataFrame(
        {"campaign_id": ["alone", "with"], "start": [day(233), day(230)], "products": [["p2"], ["p2", "p3"]]}
    )
    surge = pd.DataFrame({"product": ["p2", "p3"], "reason": "r1", "onset": day(240), "alarm_day": day(244)})
    assert surges.attribution(surge, campaigns) == [["with", "alone"], ["with"]]
    assert surges.attribution(surge[:1], campaigns) == [["alone", "with"]]


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
    assert np.array_equal(short.evidence, full.evidence[:n])
    assert np.array_equal(short.expected, full.expected[:n])


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


def plain_evidence(panel, factors):
    """Mean and evidence of the last day of one series without sales, day by day and sum by sum; no surge before it."""
    y, gains = panel.complaints[0, 0].tolist(), []
    for end in range(len(y) - 14, len(y)):
        fades = [0.5 ** ((end - 14 - n) / 60) for n in range(end - 13)]
        counted = sum(fade * y[n] for n, fade in enumerate(fades))
        exposed = sum(fade * factors[n % 7] for n, fade in enumerate(fades))
        reason = (counted + 0.5) / exposed
        prior = reason * (counted + 1) / (reason * exposed + 1)
        mean = (1 + counted) / (1 / prior + exposed) * factors[end % 7]
        lately = sum(factors) / 7 / (exposed / sum(fades))
        # How counts scatter is taken as it was learned by the day before.
        of_day, of_week = (float(part[0, 0]) for part in spread_of(baseline(panel, day(end))))
        k = 1 / (of_day + 0.6 * of_week + 1 / (1 + counted) + (0.25 * log(lately)) ** 2)
        gains.append(y[end] * log(2) - (y[end] + k) * log((k + 2 * mean) / (k + mean)))
    return mean, max(sum(gains[-n:]) for n in range(1, 15))


@pytest.mark.parametrize("at", [105, 111])
def test_the_evidence_of_one_series_in_plain_python(at):
    panel = more(company(products=1, days=112, rates=(0.03,)), 1.6, [0], [0], 104, 112)
    panel = replace(panel, units=None).until(day(at + 1))
    judged = scan(panel, day(60))
    assert not judged.alarm[:-8].any()
    mean, evidence = plain_evidence(panel, learn(panel, day(56)).factors[0].tolist())
    assert judged.expected[-1, 0, 0] == pytest.approx(mean)
    assert judged.evidence[-1, 0, 0] == pytest.approx(evidence)
    assert evidence > 0.1


@LAW
@given(st.floats(0.01, 500), st.floats(0.001, 3), st.floats(0.001, 0.999))
def test_chance_is_that_of_the_negative_binomial(expected, spread, q):
    k, mean, scatter = 1 / spread, np.array([expected]), np.array([spread])
    law = stats.nbinom(k, k / (k + expected))
    assert surges.quantile(q, mean, scatter)[0] == law.ppf(q)
    y = float(law.ppf(q))
    assert surges.mid_p(np.array([y]), mean, scatter)[0] == pytest.approx(
        law.sf(y) + law.pmf(y) / 2, rel=1e-6
    )


def test_a_gain_is_a_likelihood_ratio():
    y, mean, k = 7.0, 3.0, 4.0
    twice, once = (stats.nbinom(k, k / (k + m)).logpmf(y) for m in (2 * mean, mean))
    assert surges.gain(y, mean, k) == pytest.approx(twice - once)


@pytest.fixture(scope="module")
def scores():
    try:
        known = bench.load()
    except FileNotFoundError as missing:
        pytest.skip(str(missing))
    worlds = [known.simulate(known.PRESETS["subset"], seed) for seed in (61, 62)]
    return bench.measure(known, bench.PEERS, worlds)


@pytest.mark.parametrize(
    ("part", "name", "least", "most"),
    [
        ("own_operating_point", "fa_per_series_year", 0, 0.10),
        ("own_operating_point", "fa_in_volume_windows", 0, 0.10),
        ("own_operating_point", "sens_events", 0.78, 1),
        ("own_operating_point", "median_delay_all", 0, 7),
        ("own_operating_point", "precision", 0.65, 1),
        ("own_operating_point", "attr_accuracy", 0.82, 1),
        ("calibration", "p<=0.01", 0, 1.3),
        ("calibration", "p<=0.001", 0, 2),
        ("excess_interval", "coverage_in_events", 0.92, 0.98),
    ],
)
def test_the_bench(scores, part, name, least, most):
    assert least <= scores["the product"][part][name] <= most


def test_the_product_finds_more_than_the_common_rules_at_the_same_false_alarms(scores):
    ours, *others = (each["at_fa_0.1"]["sens_events"] for each in scores.values())
    assert ours > max(others)


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        pytest.param(lambda old: old, True, id="nothing"),
        pytest.param(lambda old: more(old, 6, [0], [0], 190, 200), True, id="the last days"),
        pytest.param(lambda old: more(old, 6, [0], [0], 60, 90), False, id="days of long ago"),
        pytest.param(lambda old: replace(old, products=(*old.products[:-1], "Z9")), False, id="a name"),
    ],
)
def test_a_memory_says_what_a_scan_says_and_forgets_what_changed(change, kept):
    panel, memory = company(products=3, days=200), surges.Memory()
    for days in (180, 188):
        memory.scan(panel.first(days), day(days - 40))
    remembered = memory._base
    changed = change(panel)
    told, expected = memory.scan(changed, day(160)), scan(changed, day(160))
    for name in ("complaints", "expected", "evidence", "alarm"):
        assert (getattr(told, name) == getattr(expected, name)).all(), name
    assert (memory._base is remembered) is kept
