"""Fractions that add up to the same in whatever order, and to what they say: the cent is right, and three thirds are one."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from cx.rollups.daily import added

CENTS = some.integers(0, 10**9)
CONNECTION = duckdb.connect()
ANY = some.floats(0, allow_infinity=False)


def added_up(values: Sequence[float]) -> float:
    sql = f"select {added('revenue')} from (select unnest(cast($values as double[])) as revenue)"
    return float(CONNECTION.execute(sql, {"values": [*values]}).fetchall()[0][0])


@given(some.lists(CENTS, max_size=40))
def test_money_is_right_to_the_cent(cents: list[int]) -> None:
    assert added_up([each / 100 for each in cents]) == float(Fraction(sum(cents), 100))


@given(some.lists(ANY.filter(lambda value: value < 9e15), max_size=12), some.randoms(use_true_random=False))
@example([0.1, 0.2, 0.3, 1e14, 0.7], None)
def test_no_order_changes_a_sum(values: list[float], random: object) -> None:
    other = [*values]
    random.shuffle(other) if random else other.reverse()  # type: ignore[attr-defined]
    assert added_up(values) == added_up(other)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param([], 0.0, id="nothing"),
        pytest.param([1 / 3] * 3, 1.0, id="three lines of one order"),
        pytest.param([1 / 7] * 7 * 900, 900.0, id="many lines of many orders"),
        pytest.param([0.1] * 10, 1.0, id="dimes"),
        pytest.param([9e15, 0.5], 9e15, id="beyond what is counted exactly"),
        pytest.param([1.7976931348623157e308], 1.7976931348623157e308, id="the largest that there is"),
    ],
)
def test_what_it_adds_up_to(given: list[float], expected: float) -> None:
    assert added_up(given) == expected
