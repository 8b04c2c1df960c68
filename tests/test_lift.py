"""What a campaign really brought: known effects, laws, coverage."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx import lift
from cx.folders import PROJECT

DAYS = pd.date_range("2025-01-01", periods=240)
BENCH = PROJECT.parent / "shared" / "surgebench" / "bench.py"
BY_DAY = np.array([1.0, 1.0, 1.1, 1.1, 1.3, 0.8, 0.6])


def names(count):
    return [f"p{place:02d}" for place in range(count)]


def usual(count=12, seed=3, size=60.0):
    """Units of products that share weekdays and a slow wave, as plain counts."""
    chance = np.random.default_rng(seed)
    wave = np.exp(np.cumsum(chance.normal(0, 0.02, len(DAYS))))
    return chance.poisson(size * np.linspace(0.5, 2, count)[:, None] * wave * BY_DAY[DAYS.dayofweek]).astype(
        float
    )


def campaign(name="c", start=150, length=10, sells=("p00", "p01")):
    return name, DAYS[0] + pd.Timedelta(days=start), DAYS[0] + pd.Timedelta(days=start + length - 1), sells


def table(*rows):
    return pd.DataFrame(rows, columns=["id", "start", "end", "products"])


def told(units, *rows, days=DAYS, holidays=()):
    found = lift.lifts(lift.study(days, names(len(units)), units, table(*rows), holidays))
    return found.set_index("id", drop=False)


def boosted(units, products, start, length, factor):
    out = units.copy()
    out[products, start : start + length] = np.round(out[products, start : start + length] * factor)
    return out


@pytest.mark.parametrize(("factor", "real"), [(1.0, False), (1.6, True), (2.5, True), (0.6, True)])
def test_a_known_effect_is_covered(factor, real):
    units = usual()
    row = told(boosted(units, [0, 1], 150, 10, factor), campaign()).loc["c"]
    truth = (factor - 1) * units[:2, 150:160].sum()
    assert row.lift_lo <= truth <= row.lift_hi
    assert (row.lift_lo > 0 or row.lift_hi < 0) == real
    assert row.percent_lo <= 100 * (factor - 1) <= row.percent_hi
    assert row.observed == pytest.approx(row.counterfactual + row.lift)
    assert row.controls == 10
    assert not row.unidentified


def test_without_noise_the_counterfactual_is_what_was_taken_away():
    units = np.outer(np.linspace(500, 2000, 8), BY_DAY[DAYS.dayofweek] * np.linspace(1, 1.4, len(DAYS)))
    study = lift.study(DAYS, names(8), boosted(units, [0], 150, 10, 1.5), table(campaign(sells=("p00",))))
    day = lift.counterfactual(study, "c").set_index("day").loc[DAYS[150:160]]
    assert day["expected"].to_numpy() == pytest.approx(units[0, 150:160], rel=0.01)
    assert ((day["lo"] < day["expected"]) & (day["expected"] < day["hi"])).all()


def test_the_picture_has_its_phases():
    frame = lift.counterfactual(lift.study(DAYS, names(12), usual(), table(campaign())), "c")
    assert frame["phase"].value_counts()[["during", "after"]].tolist() == [10, lift.AFTERMATH]
    assert frame["phase"].drop_duplicates().tolist() == ["before", "during", "after", "later"]
    outside = frame[frame["phase"].isin(["before", "later"])]
    assert outside["observed"].between(outside["lo"], outside["hi"]).mean() > 0.85


def test_nothing_is_known_of_a_campaign_that_is_not_there():
    with pytest.raises(KeyError, match="other"):
        lift.counterfactual(lift.study(DAYS, names(12), usual(), table(campaign())), "other")


def test_two_campaigns_in_the_same_days_cannot_be_told_apart():
    found = told(boosted(usual(), [0, 1], 150, 10, 2), campaign("a"), campaign("b"))
    assert found["unidentified"].all()
    assert found["with_whom"].tolist() == [("b",), ("a",)]
    assert lift.verdict(found.loc["a"]) == "cannot be told apart"


def test_two_campaigns_that_share_some_days_are_told_apart():
    units = boosted(boosted(usual(), [0, 1], 140, 14, 2), [0, 1], 148, 14, 1.5)
    found = told(units, campaign("a", 140, 14), campaign("b", 148, 14))
    assert not found["unidentified"].any()
    assert found["percent_lo"].loc["a"] <= 100 <= found["percent_hi"].loc["a"]
    assert found["percent_lo"].loc["b"] <= 50 <= found["percent_hi"].loc["b"]


def test_a_stock_out_is_no_negative_lift():
    units = boosted(usual(), [0], 152, 8, 0.02)
    row = told(units, campaign(sells=("p00", "p01"))).loc["c"]
    assert row.lift_lo <= 0 <= row.lift_hi
    assert "stock-out" in row.notes
    assert row.left_out >= 6


def test_a_launch_is_no_control():
    units = usual()
    units[5, :100] = 0
    row = told(units, campaign()).loc["c"]
    assert row.controls == 9
    assert "launch" not in row.notes
    assert "launch" in told(units, campaign(sells=("p05",))).loc["c"].notes


@pytest.mark.parametrize(
    ("start", "length", "note"),
    [(236, 10, "running"), (222, 10, "aftermath open"), (300, 5, "not started")],
)
def test_it_is_too_early_to_say(start, length, note):
    row = told(usual(), campaign(start=start, length=length)).loc["c"]
    assert note in row.notes
    assert np.isnan(row.lift) == (note == "not started")
    assert lift.verdict(row) == "too early to say"


@pytest.mark.parametrize(
    ("start", "sells", "note"),
    [(20, ("p00",), "few days before"), (5, ("nobody",), "no sales"), (150, (), "no controls")],
)
def test_what_is_missing_is_noted(start, sells, note):
    assert note in told(usual(), campaign(start=start, sells=sells)).loc["c"].notes


def test_a_dip_after_the_campaign_is_its_aftermath():
    units = boosted(boosted(usual(), [0, 1], 150, 10, 1.8), [0, 1], 160, 10, 0.8)
    row = told(units, campaign()).loc["c"]
    assert row.aftermath_hi < 0
    assert row.aftermath_lo <= -0.2 * usual()[:2, 160:170].sum() <= row.aftermath_hi


def test_an_outcome_without_products_has_its_own_days_as_control():
    visits = usual(count=1, size=400)
    row = told(boosted(visits, [0], 150, 10, 1.7), campaign(sells=()), holidays=[DAYS[50]]).loc["c"]
    assert row.percent_lo <= 70 <= row.percent_hi
    assert row.lift_lo > 0
    assert "no controls" in row.notes


def test_no_campaign_no_row_and_wrong_shapes_are_told():
    assert told(usual()).empty
    with pytest.raises(ValueError, match="12"):
        lift.study(DAYS, names(11), usual(), table())
    with pytest.raises(ValueError, match="in a row"):
        lift.study(DAYS[::2], names(12), usual()[:, ::2], table())


ROWS = (
    campaign("a", 100, 7),
    campaign("b", 150, 10, ("p01", "p02", "p03")),
    campaign("c", 153, 12, ("p02", "p07")),
)
NUMBERS = ["lift", "lift_lo", "lift_hi", "observed", "counterfactual", "aftermath"]


@pytest.mark.parametrize("factor", [0.01, 7.5, 1000.0])
def test_a_lift_scales_with_its_outcome(factor):
    units = boosted(usual(), [1, 2, 3], 150, 10, 1.5)
    one, other = told(units, *ROWS), told(factor * units, *ROWS)
    assert other[NUMBERS].to_numpy() == pytest.approx(factor * one[NUMBERS].to_numpy(), rel=1e-3)
    assert other["percent"].to_numpy() == pytest.approx(one["percent"].to_numpy(), rel=1e-3)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_products_and_campaigns_changes_nothing(seed):
    units, chance = boosted(usual(), [1, 2, 3], 150, 10, 1.5), np.random.default_rng(seed)
    order, mixed = chance.permutation(12), [ROWS[place] for place in chance.permutation(3)]
    study = lift.study(DAYS, [names(12)[place] for place in order], units[order], table(*mixed))
    pd.testing.assert_frame_equal(lift.lifts(study), told(units, *ROWS).reset_index(drop=True))


def test_intervals_cover_what_was_put_in():
    chance, held, count = np.random.default_rng(11), 0, 0
    for seed in range(6):
        units, rows, truth = usual(20, seed), [], {}
        for number in range(6):
            start, length, product = (
                70 + 24 * number,
                int(chance.integers(4, 15)),
                int(chance.integers(0, 20)),
            )
            before = units[product, start : start + length].sum()
            units = boosted(units, [product], start, length, 1 + chance.choice([0, 0.3, 1.0]))
            truth[str(number)] = units[product, start : start + length].sum() - before
            rows.append(campaign(str(number), start, length, (names(20)[product],)))
        found = told(units, *rows)
        held += sum(row.lift_lo <= truth[row.id] <= row.lift_hi for row in found.itertuples())
        count += len(found)
    assert 0.88 <= held / count <= 1


def complaining(units, seed=5):
    """Complaints [product, reason, day] that follow the units of the week before, at 4 % and 1 %."""
    chance = np.random.default_rng(seed)
    week = np.stack([np.convolve(row, np.ones(7) / 7)[: len(row)] for row in units])
    return chance.poisson(np.array([0.04, 0.01])[:, None] * week[:, None]).astype(float)


def beyond(complaints, units, *rows, exposed=None):
    found = lift.excess(DAYS, names(len(units)), ["late", "broken"], complaints, units, table(*rows), exposed)
    return found.assign(reason=found["reason"].fillna("all")).set_index("reason")


@pytest.mark.parametrize("factor", [1.0, 2.5])
def test_complaints_that_the_units_explain_are_no_excess(factor):
    units = boosted(usual(), [0, 1], 150, 10, factor)
    found = beyond(complaining(units), units, campaign())
    assert ((found["lo"] <= 0) & (found["hi"] >= 0)).all()
    assert found["observed"].loc["all"] == found["observed"].drop("all").sum()


@pytest.mark.parametrize("handed", [True, False])
def test_complaints_beyond_the_units_are_found_with_their_reason(handed):
    units = usual()
    complaints = complaining(units)
    complaints[:2, 1, 154:172] += 5
    found = beyond(complaints, units, campaign(), exposed=np.repeat(units[:, None], 2, 1) if handed else None)
    assert found["lo"].loc["broken"] > 0
    assert found["lo"].loc["late"] <= 0
    assert found["lo"].loc["all"] <= 180 <= found["hi"].loc["all"]
    assert found["complete"].all()


def test_a_longer_lag_is_learned():
    units = boosted(usual(), [0, 1], 150, 5, 4)
    soon = complaining(units)
    peaks = [lift.exposure(units, np.roll(soon, shift, axis=2))[0, 0, 150:].argmax() for shift in (0, 12)]
    assert peaks[1] > peaks[0]


@pytest.mark.parametrize(
    ("lift_lo", "excess_lo", "unidentified", "notes", "said"),
    [
        (5, -1, False, (), "more orders"),
        (5, 1, False, ("stock-out",), "both"),
        (-5, 1, False, (), "worse product"),
        (-5, -1, False, (), "no effect seen"),
        (-5, None, False, (), "no effect seen"),
        (5, None, True, (), "cannot be told apart"),
        (5, 1, True, ("running",), "too early to say"),
        (5, -1, False, ("running",), "too early to say"),
        (5, 1, False, ("running",), "both"),
        (-5, 1, False, ("aftermath open",), "worse product"),
        (float("nan"), 1, False, ("too few days",), "worse product"),
        (float("nan"), float("nan"), False, ("not started",), "too early to say"),
        (float("nan"), None, False, ("too few days",), "too early to say"),
    ],
)
def test_verdict(lift_lo, excess_lo, unidentified, notes, said):
    row = {"lift": 9, "lift_lo": lift_lo, "unidentified": unidentified, "notes": notes}
    complaints = None if excess_lo is None else {"excess": 9, "lo": excess_lo, "complete": True}
    assert lift.verdict(row, complaints) == said


@pytest.mark.parametrize(
    ("excess", "lo", "judged", "said"),
    [(13, 1, 1, "worse product"), (13, 1, 10, "no effect seen"), (128, 106, 10, "worse product"), (128, 106, 500, "worse product")],
)  # fmt: skip
def test_more_campaigns_judged_at_once_need_more_evidence(excess, lo, judged, said):
    row = {"lift": 1, "lift_lo": -1, "unidentified": False, "notes": ()}
    assert lift.verdict(row, {"excess": excess, "lo": lo, "complete": True}, judged) == said


def test_of_ten_campaigns_that_did_nothing_few_are_blamed():
    chance = np.random.default_rng(4)
    row = {"lift": 0, "lift_lo": -1, "unidentified": False, "notes": ()}
    blamed = 0
    for _ in range(2000):
        excess = chance.normal(size=10)
        said = {lift.verdict(row, {"excess": one, "lo": one - 1.96, "complete": True}, 10) for one in excess}
        blamed += "worse product" in said
    assert 0.01 < blamed / 2000 < 0.04


def test_complaints_may_still_come():
    row = {"lift": 9, "lift_lo": 5, "unidentified": False, "notes": ()}
    assert lift.verdict(row, {"excess": 2, "lo": -1, "complete": False}) == "too early to say"
    assert lift.verdict(row, {"excess": 2, "lo": 1, "complete": False}) == "both"


def test_the_lags_are_those_of_the_exposure():
    units = boosted(usual(), [0, 1], 150, 5, 4)
    soon = complaining(units)
    late = np.roll(soon, 12, axis=2)
    learned = lift.lags(units, late)
    assert np.array_equal(lift.exposure(units, late), lift.exposure(units, late, learned))
    assert learned.medians[0] > lift.lags(units, soon).medians[0]


@pytest.mark.skipif(not BENCH.exists(), reason="the bench of known truth is not beside the project")
def test_the_bench_finds_lifts_covered():
    bench, adapter = (
        _module("surgebench", BENCH),
        _module("campaigns", Path(__file__).parent / "bench" / "campaigns.py"),
    )
    shares, errors, counts = [], [], []
    for seed in (2101, 2102):
        score = bench.evaluate(adapter.adapter, bench.PRESETS["subset"], seed)["lift"]["lift_all"]
        shares.append(score["coverage"])
        errors.append(score["rmse_pp"] ** 2)
        counts.append(score["n"])
    assert np.average(shares, weights=counts) >= 0.88
    assert np.average(errors, weights=counts) ** 0.5 <= 13


def _module(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
