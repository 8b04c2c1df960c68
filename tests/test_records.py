"""What lies beneath the figures, row by row: single interactions, refused rows, the reasons of complaints and their weeks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from cx.telling import records, week

NOW = datetime(2026, 3, 11, 12)
EMPTY = dict.fromkeys(
    ("customer", "stage", "channel", "touchpoint", "product", "reason", "csat", "nps", "text", "source")
)


def interactions(*given: dict[str, Any]) -> pd.DataFrame:
    rows = [{"occurred_at": NOW - timedelta(days=1), "kind": "complaint", **EMPTY, **one} for one in given]
    return pd.DataFrame(rows).astype(dict.fromkeys(("customer", "csat", "nps"), "Int64"))


@pytest.mark.parametrize(
    ("given", "column", "expect"),
    [
        pytest.param({}, "when", {"text": "Tue 10 Mar, 12:00 UTC", "note": ""}, id="nobody known"),
        pytest.param({"customer": 4021}, "when", {"text": "Tue 10 Mar, 12:00 UTC", "note": "Customer 4021"}, id="a customer"),
        pytest.param({"stage": "support", "touchpoint": "desk"}, "what", {"text": "Complaint", "note": "Support · desk"}, id="where"),
        pytest.param({"product": "Mug", "reason": "leaks"}, "about", {"text": "Mug", "note": "leaks"}, id="product and reason"),
        pytest.param({"reason": "leaks"}, "about", {"text": "leaks", "note": ""}, id="a reason alone"),
        pytest.param({"csat": 2, "nps": 0}, "score", {"text": "CSAT 2 · NPS 0"}, id="both scores"),
        pytest.param({"text": "<b>It</b> leaks"}, "words", {"text": "<b>It</b> leaks"}, id="words as they are"),
    ],
)  # fmt: skip
def test_an_interaction_is_told_in_cells(given: dict[str, Any], column: str, expect: dict[str, str]) -> None:
    (row,) = records.rows(interactions(given), NOW)
    assert row["cells"][column] == expect


def test_columns_without_a_word_are_left_out() -> None:
    table = interactions({"reason": "leaks"}, {})
    assert [column["id"] for column in records.columns(table)] == ["when", "what", "about"]


def test_an_interaction_that_arrives_above_leaves_the_others_their_ids() -> None:
    before = interactions({"customer": 1}, {"customer": 1}, {"customer": 2})
    after = pd.concat([interactions({"customer": 3}), before])
    ids = [row["id"] for row in records.rows(before, NOW)]
    assert [row["id"] for row in records.rows(after, NOW)][1:] == ids
    assert len({*ids}) == 3


def test_a_reason_is_told_with_its_change_and_its_weeks() -> None:
    table = pd.DataFrame(
        {"reason": ["leaks", ""], "now": [9, 1], "before": [6, 0], "spark": [[0, 6, 9], [0, 0, 1]]}
    )
    leaks, unstated = week.reason_rows(table)
    assert leaks["cells"]["change"]["text"] == "+3 (+50 %)"
    assert leaks["cells"]["weeks"] == {"spark": [0, 6, 9], "aria": "Between 0 and 9 a week, 9 in the last."}
    assert unstated["cells"]["reason"]["text"] == "Not stated"
    assert unstated["cells"]["change"]["text"] == "new"
