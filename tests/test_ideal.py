"""From today's journey to the ideal one: the gap at every stage, what is at stake in it, and the table that is edited."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scipy.stats import t as student

from cx import reference
from cx.errors import BadReference
from cx.folders import Folders
from cx.journey import DEFAULT
from cx.query import Filters
from cx.questions import touchpoints
from cx.questions.funnel import funnel
from cx.questions.ideal import StageGap, Stake, gaps
from cx.store import Store
from tests.given import land
from tests.test_funnel import PERIOD, SHORT, SHORT_TOML, visit

HEADER = "stage,conversion,days,satisfaction\n"
HALF = {40: (39.3, 60.7), 20: (35.2, 64.8)}
"""Wilson's 95 % intervals of a half of 80 and of 40, by hand."""


def aims(**stages: dict[str, float]) -> pd.DataFrame:
    """The ideal as the table holds it, by stage."""
    rows = [{"stage": stage, **told} for stage, told in stages.items()]
    return pd.DataFrame(rows, columns=[*reference.IDEAL])


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """80 see; 40 of them try a day later, 30 of these gladly; 10 ask; 20 buy, for 90 or 110."""
    folders = Folders(tmp_path_factory.mktemp("ideal")).make()
    (folders.reference / "journey.toml").write_text(SHORT_TOML)
    store = Store.open(folders.store)
    seen = [visit(f"{i}", "see", 0) for i in range(80)]
    tried = [visit(f"{i}", "try", 1, csat=5 if i < 30 else 1) for i in range(40)]
    asked = [visit(f"{i}", "ask", 1.5) for i in range(10)]
    bought = [visit(f"{i}", "buy", 2, amount=90.0 + i % 2 * 20) for i in range(20)]
    land(store, folders, seen + tried + asked + bought)
    yield store
    store.close()


def told(store: Store, ideal: pd.DataFrame) -> dict[str, StageGap]:
    """The gaps by stage, in the order in which they come."""
    felt = touchpoints.stages(store, SHORT, Filters(), PERIOD.first, PERIOD.last)
    found = gaps(SHORT, ideal, funnel(store, SHORT, Filters(), PERIOD), felt)
    return {SHORT.ids[gap.position]: gap for gap in found}


@pytest.mark.parametrize(
    ("stage", "measure", "ideal", "verdict"),
    [
        pytest.param("try", "conversion", 80, "behind", id="too few go on"),
        pytest.param("try", "conversion", 55, "near", id="as many as chance would give"),
        pytest.param("try", "conversion", 30, "ahead", id="more go on"),
        pytest.param("try", "days", 0.5, "behind", id="slower"),
        pytest.param("try", "days", 1, "near", id="as fast"),
        pytest.param("try", "days", 2, "ahead", id="faster"),
        pytest.param("try", "satisfaction", 90, "behind", id="unhappier"),
        pytest.param("try", "satisfaction", 75, "near", id="as happy"),
        pytest.param("try", "satisfaction", 50, "ahead", id="happier"),
        pytest.param("ask", "conversion", 60, "below", id="fewer take an optional stage"),
        pytest.param("ask", "conversion", 5, "above", id="more take an optional stage"),
        pytest.param("buy", "satisfaction", 80, "", id="nobody was asked"),
        pytest.param("buy", "conversion", None, "", id="no ideal"),
    ],
)
def test_a_measure_against_its_ideal(
    company: Store, stage: str, measure: str, ideal: float | None, verdict: str
) -> None:
    gap = getattr(told(company, aims(**{stage: {measure: ideal}}))[stage], measure)
    assert gap.verdict == verdict
    if verdict and measure == "conversion":
        current = {"try": 50, "ask": 25}[stage]
        assert (gap.current.value, gap.amount) == (current, current - ideal)


def test_at_stake_are_those_who_would_have_gone_on(company: Store) -> None:
    """Behind: 80 % of 80 less the half of them. Near: from none at all to what the lower end of the interval leaves."""
    found = told(company, aims(**{"try": {"conversion": 80}, "buy": {"conversion": 60}}))
    low, high = HALF[40]
    assert found["try"].customers == pytest.approx((24, (80 - high) * 0.8, (80 - low) * 0.8), abs=0.05)
    low, _ = HALF[20]
    assert found["buy"].customers == pytest.approx((4, 0, (60 - low) * 0.4), abs=0.05)


def test_the_revenue_at_stake_is_what_going_on_goes_along_with(company: Store) -> None:
    """Who bought brought 100, give or take the t interval of twenty orders of 90 and 110; who did not, nothing."""
    found = told(company, aims(**{"try": {"conversion": 80}, "buy": {"conversion": 60}}))
    half = student.ppf(0.975, 19) * sqrt(2000 / 19) / sqrt(20)
    most = found["buy"].customers.hi * (100 + half)
    assert found["buy"].revenue == pytest.approx((4 * 100, 0, most), rel=1e-6)
    assert found["try"].revenue.value == pytest.approx(24 * 50)


@pytest.mark.parametrize("ideal", [5, 30, 60])
def test_nothing_is_at_stake_where_a_stage_need_not_be_passed(company: Store, ideal: float) -> None:
    nothing = Stake(0, 0, 0)
    found = told(company, aims(ask={"conversion": ideal}))["ask"]
    assert (found.customers, found.revenue) == (nothing, nothing)


@pytest.mark.parametrize(
    ("ideal", "order"),
    [
        pytest.param({"try": 80, "buy": 60}, ["try", "buy", "see", "ask"], id="most revenue first"),
        pytest.param({"try": 51, "buy": 90}, ["buy", "try", "see", "ask"], id="not in the journey's order"),
        pytest.param({}, ["see", "try", "ask", "buy"], id="without an ideal in the journey's order"),
    ],
)
def test_what_costs_most_stands_first(company: Store, ideal: dict[str, float], order: list[str]) -> None:
    assert [*told(company, aims(**{stage: {"conversion": aim} for stage, aim in ideal.items()}))] == order


def test_without_data_there_is_no_gap(store: Store, folders: Folders) -> None:
    found = told(store, aims(**{"try": {"conversion": 80, "days": 1, "satisfaction": 90}}))
    for gap in found.values():
        assert {gap.conversion.verdict, gap.days.verdict, gap.satisfaction.verdict} == {""}
        assert gap.customers.value == gap.revenue.value == 0


def edited(*rows: dict[str, Any]) -> pd.DataFrame:
    """The editor's table: every later stage, with what was typed."""
    table = pd.DataFrame({"stage": DEFAULT.ids[1:]}).set_index("stage")
    for name in ("conversion", "days", "satisfaction"):
        table[name] = pd.Series({told["stage"]: told.get(name) for told in rows}, dtype=float)
    return table.reset_index()


def test_an_edited_ideal_is_read_as_it_was_written(tmp_path: Path) -> None:
    table = edited(
        {"stage": "purchase", "conversion": 62.5, "days": 1}, {"stage": "deliver", "satisfaction": 90}
    )
    reference.write_ideal(tmp_path, table)
    found = reference.ideal(tmp_path)
    assert found["stage"].tolist() == ["purchase", "deliver"]
    assert found.set_index("stage").loc["purchase"].tolist()[:2] == [62.5, 1]
    assert [path.name for path in tmp_path.iterdir()] == ["ideal.csv"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (edited({"stage": "purchase", "conversion": 140}), "ideal.csv, row 1, column conversion: '140.0' is out of range"),
        (edited({"stage": "purchase", "days": -1}), "column days: '-1.0' is out of range"),
        (edited({"stage": "research", "days": 1}, {"stage": "purchase", "satisfaction": 101}), "row 2, column satisfaction"),
        (pd.DataFrame({"stage": ["purchas"], "conversion": [1.0], "days": [None], "satisfaction": [None]}),
         "'purchas' is no stage of the journey. Did you mean 'purchase'?"),
    ],
)  # fmt: skip
def test_an_unsound_edit_leaves_the_file_as_it_was(tmp_path: Path, table: pd.DataFrame, said: str) -> None:
    sound = f"{HEADER}purchase,70.0,,\n"
    (tmp_path / "ideal.csv").write_text(sound)
    with pytest.raises(BadReference) as refused:
        reference.write_ideal(tmp_path, table)
    assert said in str(refused.value)
    assert (tmp_path / "ideal.csv").read_text() == sound
    assert [path.name for path in tmp_path.iterdir()] == ["ideal.csv"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("loyality,40,,\n", "ideal.csv, row 1, column stage: 'loyality' is no stage of the journey. Did you mean 'loyalty'?"),
        ("deliver,,,\ndeliver,80,,\n", "row 2, column stage: 'deliver' stands in it twice"),
        ("deliver,most,,\n", "column conversion: 'most' is not a number"),
        ("deliver,,,110\n", "column satisfaction: '110.0' is out of range"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_file_is_named(tmp_path: Path, rows: str, said: str) -> None:
    (tmp_path / "ideal.csv").write_text(HEADER + rows)
    with pytest.raises(BadReference) as refused:
        reference.ideal(tmp_path)
    assert said in str(refused.value)
    assert reference.tables(tmp_path).ideal.empty


def test_a_broken_journey_is_told_once_and_costs_no_ideal(tmp_path: Path) -> None:
    (tmp_path / "ideal.csv").write_text(f"{HEADER}purchase,70,,\n")
    (tmp_path / "journey.toml").write_text("[[stage]\n")
    found = reference.tables(tmp_path)
    assert found.ideal["stage"].tolist() == ["purchase"]
    assert len(found.problems) == 1
    assert found.problems[0].startswith("journey.toml cannot be read")
