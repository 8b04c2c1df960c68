from math import isnan, nan

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cx import stats
from cx.kpis import KPIS
from cx.movers import COLUMNS, split
from cx.stats import SmallSamples
from cx.telling import plots

NPS, CSAT, CES, RATE, FRT, P90, ORDERS = (
    KPIS[name]
    for name in ("nps", "csat", "ces", "complaint_rate", "first_response", "first_response_p90", "orders")
)
LAW = settings(max_examples=8, deadline=None)


def frame(kpi, rows):
    return pd.DataFrame(rows, columns=["group", *kpi.parts])


def whole(kpi, parts):
    return stats.estimate(kpi, parts[[*kpi.parts]].sum().to_frame().T)["value"].iloc[0]


def row(got, group):
    return got[got["group"] == group].iloc[0]


def adds_up(got, change):
    assert np.allclose(got["rate"] + got["mix"], got["total"], atol=1e-9)
    scale = max(1, got["total"].abs().max()) if len(got) else 1
    assert got["total"].sum() == pytest.approx(change, abs=1e-9 * scale)


def test_simpson_every_group_improves_and_the_whole_gets_worse():
    before = frame(CSAT, [("web", 90, 100), ("phone", 5, 10)])
    now = frame(CSAT, [("web", 19, 20), ("phone", 54, 90)])
    got = split(CSAT, before, now)
    web, phone = row(got, "web"), row(got, "phone")
    # Weights of phone 1/11 -> 9/11, of web 10/11 -> 2/11; the whole 86.36 % -> 66.36 %, on the mean 76.36 %.
    assert phone["rate"] == pytest.approx(10 * 5 / 11)
    assert web["rate"] == pytest.approx(5 * 6 / 11)
    assert phone["mix"] == pytest.approx(8 / 11 * (55 - 840 / 11))
    assert web["mix"] == pytest.approx(-8 / 11 * (92.5 - 840 / 11))
    assert (got["rate"] > 0).all()
    assert (got["mix"] < 0).all()
    assert got["total"].sum() == pytest.approx(-20)
    assert list(got) == COLUMNS


PART = st.integers(0, 60)


@st.composite
def periods(draw, kpi):
    """Two periods of a few groups, some of them absent, with parts that could have been counted."""

    def one():
        a, b, c = draw(PART), draw(PART), draw(PART)
        return {
            "share": (a, a + b), "balance": (a, b, a + b + c), "mean": (a + b, a + b, a + b + c),
            "rate": (a, (b + c) * 1.7), "total": (a * 1.1,),
        }[kpi.family]  # fmt: skip

    groups = st.lists(st.sampled_from("abcdef"), unique=True, min_size=1)
    return tuple(frame(kpi, [(group, *one()) for group in draw(groups)]) for _ in "ab")


@pytest.mark.parametrize("kpi", [NPS, CSAT, CES, RATE, ORDERS])
@LAW
@given(data=st.data(), hide=st.sampled_from([0, 5, 40]))
def test_parts_add_up_to_the_change_of_the_whole(kpi, data, hide):
    before, now = data.draw(periods(kpi))
    change = whole(kpi, now) - whole(kpi, before)
    assume(not isnan(change))
    got = split(kpi, before, now, SmallSamples(hide=hide))
    adds_up(got, change)
    assert got["total"].abs().is_monotonic_decreasing
    back = split(kpi, now, before, SmallSamples(hide=hide))
    if hide == 0:
        assert np.allclose(
            back.set_index("group")["rate"], -got.set_index("group")["rate"].reindex(back["group"]), atol=1e-8
        )


@LAW
@given(data=st.data())
def test_a_rate_whose_base_all_groups_share_moves_without_mix(data):
    before, now = (part.drop(columns="exposure") for part in data.draw(periods(RATE)))
    got = split(RATE, before, now, base=(500, 750))
    adds_up(got, 1000 * (now["complaints"].sum() / 750 - before["complaints"].sum() / 500))
    assert (got["mix"] == 0).all()


@st.composite
def histograms(draw):
    row = st.tuples(st.sampled_from("abc"), st.integers(0, 40), st.integers(1, 30))
    rows = st.lists(row, min_size=1, max_size=12, unique_by=lambda cell: cell[:2])
    return pd.DataFrame(draw(rows), columns=["group", "bin", "n"])


@pytest.mark.parametrize("kpi", [FRT, P90])
@LAW
@given(before=histograms(), now=histograms(), hide=st.sampled_from([0, 5]))
def test_parts_of_a_quantile_add_up_to_its_change(kpi, before, now, hide):
    ends = [stats.quantile(hist, kpi.quantile).value for hist in (before, now)]
    got = split(kpi, before, now, SmallSamples(hide=hide))
    adds_up(got, ends[1] - ends[0])
    back = split(kpi, now, before, SmallSamples(hide=0)).set_index("group")
    there = split(kpi, before, now, SmallSamples(hide=0)).set_index("group")
    assert np.allclose(back["mix"], -there["mix"].reindex(back.index), atol=1e-9)
    if ends[0] == ends[1]:
        assert (got[["rate", "mix", "total"]] == 0).all(axis=None)


def test_a_slower_group_lifts_the_median_by_its_rate_and_more_of_a_slow_group_by_its_mix():
    fast, slow, slower = 300, 500, 520
    before = pd.DataFrame([("bot", fast, 60), ("phone", slow, 40)], columns=["group", "bin", "n"])
    change = np.expm1((slow + 0.5) / 100) - np.expm1((fast + 0.5) / 100)
    mixed = split(FRT, before, before.assign(n=[40, 60]))
    assert mixed["rate"].abs().max() == pytest.approx(0)
    assert mixed["mix"].sum() == pytest.approx(change)
    moved = split(
        FRT, before, pd.DataFrame([("bot", slower, 60), ("phone", slow, 40)], columns=["group", "bin", "n"])
    )
    assert row(moved, "bot")["rate"] == pytest.approx(np.expm1(5.205) - np.expm1(3.005))
    assert row(moved, "bot")["verdict"] == "real"


def test_a_group_that_came_or_went_has_no_rate_of_its_own():
    before = frame(CSAT, [("old", 20, 80), ("stays", 80, 100)])
    now = frame(CSAT, [("stays", 80, 100), ("new", 60, 60)])
    got = split(CSAT, before, now)
    assert got["rate"].abs().max() == pytest.approx(0)
    assert row(got, "new")["mix"] > 0
    assert row(got, "old")["mix"] > 0
    assert (row(got, "new")["n_before"], row(got, "new")["verdict"]) == (0, "too few")
    assert isnan(row(got, "new")["before"])


def test_complaints_on_a_product_of_which_none_was_sold_are_not_lost():
    before = frame(RATE, [("kept", 10, 1000), ("gone", 0, 0)])
    now = frame(RATE, [("kept", 10, 1000), ("gone", 5, 0)])
    assert row(split(RATE, before, now), "gone")["total"] == pytest.approx(5)


@pytest.mark.parametrize(
    ("sizes", "merged"),
    [
        ({"a": (50, 50), "b": (60, 60)}, 0),
        ({"a": (50, 50), "b": (60, 60), "c": (3, 60)}, 2),
        ({"a": (50, 50), "b": (60, 60), "c": (3, 4), "d": (4, 2)}, 2),
        ({"a": (50, 50), "b": (60, 60), "c": (1, 1), "d": (1, 1)}, 3),
        ({"a": (50, 50), "b": (0, 60), "c": (60, 0)}, 0),
        ({"a": (3, 3)}, 1),
    ],
)
def test_small_groups_stand_together_and_none_can_be_computed_from_the_total(sizes, merged):
    before, now = (frame(CSAT, [(g, n[i] // 2, n[i]) for g, n in sizes.items()]) for i in (0, 1))
    got = split(CSAT, before, now)
    others = got[got["group"].isna()]
    assert len(got) == len(sizes) - max(merged - 1, 0)
    assert others["groups"].tolist() == ([merged] if merged else [])
    if len(sizes) > merged:
        assert all(n >= 5 or n == 0 for n in [*got["n_before"], *got["n_now"]])
    assert not merged or others["group"].iloc[0] is None


def test_each_group_carries_the_verdict_on_its_own_change():
    before = frame(CSAT, [("a", 80, 100), ("b", 50, 100), ("c", 5, 8)])
    now = frame(CSAT, [("a", 55, 100), ("b", 52, 100), ("c", 3, 8)])
    got = split(CSAT, before, now)
    assert dict(zip(got["group"], got["verdict"], strict=True)) == {"a": "real", "b": "noise", "c": "too few"}
    assert got["group"].iloc[0] == "a"


def test_a_reason_that_is_new_is_told_although_there_was_none_before():
    before, now = frame(RATE, [("old", 20, nan)]), frame(RATE, [("old", 20, nan), ("cracked", 30, nan)])
    got = split(RATE, before, now, base=(2000, 2000))
    assert (row(got, "cracked")["total"], row(got, "cracked")["verdict"]) == (15, "real")


def test_a_group_without_a_name_is_a_group():
    before, now = frame(CSAT, [(None, 40, 80), ("a", 40, 80)]), frame(CSAT, [(None, 60, 80), ("a", 40, 80)])
    got = split(CSAT, before, now)
    assert got["groups"].tolist() == [1, 1]
    assert got["total"].iloc[0] == pytest.approx(12.5)


@pytest.mark.parametrize("kpi", [NPS, CSAT, CES, RATE])
def test_against_a_period_without_data_nothing_is_claimed(kpi):
    now = frame(kpi, [("a", *[40] * len(kpi.parts))])
    for before in (frame(kpi, []), frame(kpi, [("a", *[0] * len(kpi.parts))])):
        got = split(kpi, before, now)
        assert got["total"].isna().all()
        assert got["verdict"].tolist() == ["too few"]


def test_a_quantile_against_a_period_without_data_claims_nothing():
    now = pd.DataFrame({"group": ["a"], "bin": [300], "n": [40]})
    got = split(FRT, now.iloc[:0], now)
    assert got["total"].isna().all()
    assert got["now"].tolist() == [pytest.approx(stats.seconds(300))]
    assert split(FRT, now.iloc[:0], now.iloc[:0]).empty


def test_the_chart_has_one_bar_for_all_others_and_the_parts_still_add_up() -> None:
    names = [*"abcdefghi"[:5], None, *"fghi"]
    told = pd.DataFrame(
        {"group": pd.Series(names, dtype=object), "before": 50.0, "now": 60.0, "n_before": 9.0, "n_now": 9.0, "rate": range(10, 0, -1), "mix": 0.5,
         "verdict": "noise", "groups": [1] * 5 + [3] + [1] * 4}
    ).assign(total=lambda its: its["rate"] + its["mix"])  # fmt: skip
    drawn = plots.movers(CSAT, "product", told)
    assert drawn["group"].tolist() == [*"abcdefg", "All others"]
    assert drawn[["rate", "mix", "total"]].sum().tolist() == told[["rate", "mix", "total"]].sum().tolist()
    assert plots.movers(CSAT, "product", told.head(6))["group"].tolist() == [*"abcde", "All others"]
