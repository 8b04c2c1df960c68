"""Figures as cells: with their interval, honest where they are few, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from math import nan
from typing import Any

import pandas as pd
import pytest

from cx.downloads import csv as csv_of
from cx.journey import DEFAULT
from cx.questions.channels import Support
from cx.questions.funnel import CONVERSION
from cx.stats import Change, Estimate, SmallSamples
from cx.telling import cells, funnel, ways
from cx.telling.shapes import Row
from cx.ui import table

LIMITS = SmallSamples()


def share(base: float, value: float = 61.64) -> Estimate:
    return Estimate(value, 58.0, 65.0, base, base)


@pytest.mark.parametrize(
    ("row", "text", "note"),
    [
        pytest.param(share(400), "61.6%", "58.0 to 65.0%", id="enough"),
        pytest.param(share(29), "61.6%", "58.0 to 65.0% · small sample", id="few"),
        pytest.param(share(9), "–", "Too few", id="too few for a score"),
        pytest.param(share(4), "–", "Too few", id="too few to be shown"),
        pytest.param(share(0), "–", "", id="nobody"),
        pytest.param(share(400, nan), "–", "", id="no value"),
        pytest.param(Estimate(61.64, nan, nan, 400, 400), "61.6%", "", id="no interval"),
    ],
)
def test_a_value_is_shown_as_far_as_its_base_lets_it(row: Estimate, text: str, note: str) -> None:
    cell = cells.estimate(CONVERSION, row, row.base, LIMITS)
    assert (cell["text"], cell.get("note", "")) == (text, note)


@pytest.mark.parametrize(
    ("moved", "text", "note", "tone"),
    [
        (Change(-3.2, -5, -1, "points", "real", False), "▼ 3.2 pts", "Real", "bad"),
        (Change(3.2, 1, 5, "points", "real", True), "▲ 3.2 pts", "Real", "good"),
        (Change(3.2, 1, 5, "points", "real", None), "▲ 3.2 pts", "Real", "neutral"),
        (Change(3.2, -1, 5, "points", "noise", True), "▲ 3.2 pts", "Noise", "neutral"),
        (Change(3.2, -9, 5, "points", "too few", True), "▲ 3.2 pts", "Too few", "neutral"),
        (Change(0.01, -1, 1, "points", "noise", True), "No change", "Noise", "neutral"),
        (Change.unknown(), "–", "Too few", "neutral"),
    ],
)
def test_a_change_is_real_noise_or_too_few_in_words(moved: Change, text: str, note: str, tone: str) -> None:
    cell = cells.moved(CONVERSION, moved)
    assert (cell["text"], cell["note"], cell["tone"]) == (text, note, tone)


def test_a_bar_is_as_long_as_its_share() -> None:
    cell = cells.bar(cells.count(1234), 61.64, 58, 65)
    assert cell["text"] == "1,234"
    assert (cell["share"], cell["lo"], cell["hi"]) == pytest.approx((0.6164, 0.58, 0.65))
    assert "share" not in cells.bar(cells.count(nan), nan, nan, nan)


FORMULAS = ["=1+1", "+1", "-1", "@sum(A1)", "\t=1", "\r=1"]


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("type_", ["object", "string", "str"])
def test_no_text_runs_as_a_formula(text: str, type_: str) -> None:
    frame = pd.DataFrame({"text": pd.Series([text, None], dtype=type_)})
    lines = [*csv.reader(StringIO(csv_of(frame).decode("utf-8-sig"), newline=""))]
    assert lines == [["text"], [f"'{text}"], [""]]


def test_a_text_stays_in_its_cell() -> None:
    """A spreadsheet begins a row at a lone carriage return, too, where it does not stand in quotes."""
    written = csv_of(pd.DataFrame({"text": ["gone\r=1"]})).decode("utf-8-sig")
    assert written.splitlines(keepends=True)[1:] == ['"gone\r', '=1"\n']


def test_a_csv_keeps_numbers_and_every_script() -> None:
    frame = pd.DataFrame({"customer": [-3], "csat": [4], "text": ['خوب, "sehr" gut\nok'], "none": [None]})
    written = csv_of(frame)
    assert written.startswith(b"\xef\xbb\xbf")
    assert pd.read_csv(BytesIO(written)).iloc[0].tolist()[:3] == [-3, 4, 'خوب, "sehr" gut\nok']


def drawn(rows: list[Row]) -> list[dict[str, Any]]:
    """As the browser gets them; two rows of one id are a ValueError."""
    return table.drawn([{"id": "channel", "label": "", "kind": "text"}], rows, choosing=False)


def support_of(*names: str) -> pd.DataFrame:
    told = {"kpi": "contact_rate", "value": 100.0, "lo": 90.0, "hi": 110.0, "n": 50.0, "base": 500.0, "before": 1.0,
            "amount": 1.0, "amount_lo": 0.0, "amount_hi": 2.0, "kind": "percent", "verdict": "noise", "good": None}  # fmt: skip
    return pd.DataFrame([{**told, "key": name} for name in names])


def test_a_channel_may_be_called_what_the_page_calls_others() -> None:
    rows = ways.support_rows(Support(support_of("all"), support_of("all", "", "-")), LIMITS)
    assert [row["cells"]["channel"]["text"] for row in rows] == ["All channels", "all", "Not stated", "-"]
    assert len(drawn(rows)) == 4


def test_groups_and_reasons_may_be_called_anything() -> None:
    later = range(1, len(DEFAULT.stages))
    counts = {f"{name}_{n}": 0.0 for n in later for name in ("reached", "value", "lo", "hi")}
    groups = pd.DataFrame(
        [{"group": name, "entered": 50, "everyone": 50, "ever": 0, **counts} for name in ("", "-", "all")]
    )
    assert len(drawn(funnel.breakdown_rows(DEFAULT, "channel", groups, LIMITS, {}))) == 3
    reasons = pd.DataFrame({"reason": ["", "-"], "n": [2, 1], "before": [0, 0], "share": [67.0, 33.0]})
    assert len(drawn(ways.pain_rows(reasons))) == 2
