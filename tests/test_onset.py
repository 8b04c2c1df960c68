"""When a change began."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cx.onset import LEAST_DAYS, onset


@pytest.mark.parametrize(
    ("values", "weights", "sign", "began"),
    [
        ([1, 1, 1, 1, 5, 5, 5], [10] * 7, 1, 4),
        ([9, 9, 2, 2, 2, 2], [10] * 6, -1, 2),
        ([1, 1, 1, 1], [10] * 4, 1, None),
        ([0, 0, 0, 9, 9], [0] * 5, 1, 3),
        ([1, 2, 3], [10] * 3, 1, None),
        ([], [], 1, None),
        ([1, 1, 5, 5], [10] * 4, -1, None),
        ([9, 9, 9, 4, 4, 6, 6], [10] * 7, 1, None),
        ([6, 6, 6, 2, 2, 9, 9], [10] * 7, 1, 5),
    ],
)
def test_onset(values: list[float], weights: list[float], sign: float, began: int | None) -> None:
    assert onset(np.array(values, float), np.array(weights, float), sign) == began


@given(st.integers(LEAST_DAYS, 12), st.integers(LEAST_DAYS, 12), st.floats(0.1, 0.9), st.floats(0.1, 0.9))
def test_a_clean_step_is_found_where_it_is(before: int, after: int, low: float, high: float) -> None:
    weights = np.full(before + after, 50.0)
    numerators = weights * np.repeat([low, high], [before, after])
    if abs(high - low) > 1e-6:
        assert onset(numerators, weights, high - low) == before
