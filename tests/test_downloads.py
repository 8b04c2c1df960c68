"""What stands behind a card leaves it as it is: as CSV, Excel and Parquet, with the SQL that was asked for it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from io import BytesIO, StringIO
from math import inf, nan
from typing import Any, NamedTuple

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cx import downloads
from cx.kpis import KPIS, Kpi, kpi
from cx.query import Answered, Query, overheard
from cx.stats import Estimate
from cx.store import Store
from cx.telling import formulas, plots, tabled
from cx.ui import keeping, menu
from cx.ui.frame import Frame
from tests.test_charts import trend, weeks
from tests.test_pages import opened

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
RISKY = st.builds(str.__add__, st.sampled_from("=+-@\t\r"), TEXTS)


def sheet(written: bytes) -> list[list[Any]]:
    return [[*row] for row in openpyxl.load_workbook(BytesIO(written)).active]


@given(st.lists(TEXTS | RISKY, min_size=1, max_size=6))
@settings(max_examples=60)
def test_whatever_a_text_begins_with_no_spreadsheet_runs_it(texts: list[str]) -> None:
    rows = pd.DataFrame({"text": texts})
    cells = [line[0] for line in csv.reader(StringIO(downloads.csv(rows).decode("utf-8-sig"), newline=""))][
        1:
    ]
    assert [cell.removeprefix("'") if text[:1] in "=+-@\t\r" and text else cell for cell, text in zip(cells, texts, strict=True)] == texts  # fmt: skip
    assert not [cell for cell in cells if cell[:1] and cell[0] in "=+-@\t\r"]
    assert {cell.data_type for row in sheet(downloads.excel(rows, "x"))[1:] for cell in row} <= {"s", "n"}
    assert [*pd.read_parquet(BytesIO(downloads.parquet(rows)))["text"]] == texts


def test_numbers_days_and_gaps_are_themselves_in_every_file() -> None:
    rows = pd.DataFrame(
        {
            "n": [1, 2],
            "value": [0.5, nan],
            "base": [inf, 3.0],
            "on": [date(2026, 3, 2)] * 2,
            "ok": [True, False],
        }
    )
    read = pd.read_csv(BytesIO(downloads.csv(rows)))
    assert [*read["n"]] == [1, 2]
    assert read["value"].isna().tolist() == [False, True]
    assert [cell.value for cell in sheet(downloads.excel(rows, "x"))[1]][:3] == [1, 0.5, None]
    assert sheet(downloads.excel(rows, "x"))[2][1].value is None
    assert sheet(downloads.excel(rows, "x"))[1][3].is_date
    assert pd.read_parquet(BytesIO(downloads.parquet(rows))).dtypes["value"] == "float64"


@pytest.mark.parametrize("name", ["a/b: [c]*?", "", "x" * 50, "'"])
def test_a_sheet_can_be_named_after_any_card(name: str) -> None:
    assert openpyxl.load_workbook(BytesIO(downloads.excel(pd.DataFrame({"a": [1]}), name))).sheetnames


class Pair(NamedTuple):
    left: Estimate
    right: float


@dataclass
class Found:
    kpi: Kpi
    names: tuple[str, ...]
    pair: Pair
    days: pd.DataFrame


def test_answers_of_any_shape_are_a_flat_table() -> None:
    told = Found(kpi("csat"), ("a", "b"), Pair(Estimate(1, 0, 2, 3, 3), 4.0), pd.DataFrame({"day": [1]}))
    (row,) = downloads.table([told]).to_dict("records")
    estimate = {
        "pair_left_value": 1,
        "pair_left_lo": 0,
        "pair_left_hi": 2,
        "pair_left_n": 3,
        "pair_left_base": 3,
    }
    assert row == {"kpi": "csat", "names": "a; b", **estimate, "pair_right": 4.0}
    assert downloads.table({"one": Pair(Estimate(1, 0, 2, 3, 3), 4.0)}, "who")["who"].tolist() == ["one"]
    assert [*downloads.table([{"who": "us", "": Pair(Estimate(1, 0, 2, 3, 3), 4.0)}])][:2] == [
        "who",
        "left_value",
    ]
    assert downloads.table([]).empty


def test_lists_within_a_cell_can_be_downloaded() -> None:
    rows = pd.DataFrame(
        {"reasons": [[("late", 2), ("broken", 1)], []], "spark": [np.array([1, 2]), np.array([])]}
    )
    assert "late 2; broken 1" in downloads.csv(rows).decode("utf-8-sig")
    assert downloads.parquet(rows)
    assert downloads.excel(rows, "x")


@pytest.mark.parametrize("name", KPIS)
def test_every_measure_says_its_formula_by_the_names_of_its_parts(name: str) -> None:
    told = formulas.formula(kpi(name))
    assert f"`{kpi(name).parts[0]}`" in told
    assert f"`{kpi(name).parts[-1]}`" in told


def test_an_answer_that_is_used_again_says_again_what_was_asked(store: Store) -> None:
    one, two = Query("one", "select 1 as n"), Query("two", "select $n as n", {"n": 2})

    @keeping.cached(4)
    def inner() -> int:
        return int(store.run(one)["n"].iloc[0])

    @keeping.cached(4)
    def outer(n: int) -> int:
        return inner() + int(store.run(two)["n"].iloc[0]) + n

    for _ in range(2):
        assert [*keeping.asked(lambda: outer(0), inner)] == [one, two]
    kept = Answered(lambda: store.run(one))
    with overheard() as asked:
        kept.told()
        kept.told()
    assert asked == [one]


def test_a_charts_table_says_what_its_tooltips_say_the_newest_first() -> None:
    rows = weeks([50.0, 51.0, 52.0]).assign(value_text=["50", "51", "52"])
    columns, told = tabled.of_chart(trend(rows))
    assert [column["label"] for column in columns] == ["week", "value", "range", "n"]
    assert [row["cells"]["value_text"]["text"] for row in told] == ["52", "51", "50"]
    assert tabled.in_words(columns, told)["value"].tolist() == ["52", "51", "50"]


@pytest.fixture
def framed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Frame]]:
    """The cards that the script of a page has drawn since it began."""
    found: list[Frame] = []
    monkeypatch.setattr(menu, "menu", found.append)
    return found


PAGES = [
    pytest.param("weekly_health", {"part": "loyalty"}, 4, id="loyalty"),
    pytest.param("weekly_health", {"part": "actions"}, 3, id="actions"),
    pytest.param("surges", {}, 2, id="surges"),
    pytest.param("campaigns", {"opened": "K09", "beside": "K09"}, 9, id="campaigns"),
    pytest.param("benchmarks", {}, 5, id="benchmarks"),
    pytest.param("journey", {"view": "funnel"}, 2, id="funnel"),
    pytest.param("journey", {"view": "touchpoints"}, 2, id="touchpoints"),
    pytest.param("journey", {"view": "channels"}, 4, id="channels"),
    pytest.param("journey", {"view": "return"}, 2, id="return"),
    pytest.param("data", {}, 3, id="data"),
]


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize(("page", "link", "least"), PAGES)
def test_the_rows_of_every_card_download(
    page: str, link: dict[str, str], least: int, framed: list[Frame]
) -> None:
    opened(f"pages/{page}.py", **link)
    here = [
        frame
        for frame in framed
        if page == "weekly_health" or frame.name not in ("trend", "movers", "reasons")
    ]
    assert len(here) >= least
    for frame in here:
        assert frame.offered
        rows = downloads.table(frame.offered())
        for written in (downloads.csv(rows), downloads.excel(rows, frame.title), downloads.parquet(rows)):
            assert written, frame.name
        explains = [*frame.computed(), *frame.measures, *frame.asked()]
        assert explains or frame.name in ("late", "plan", "notes"), frame.name


@pytest.mark.usefixtures("company")
def test_the_menu_of_a_trend_holds_its_definition_and_its_sql_once_it_is_opened() -> None:
    app = opened(region="North")
    assert not app.code
    app.session_state["more-trend"] = True
    app.run()
    told = "\n".join(one.value for one in app.markdown)
    assert "**This week**: " in told
    assert plots.label(kpi("csat")) in told
    (sql,) = [block.value for block in app.code]
    assert "csat_satisfied" in sql
    assert "-- $f_region = ['North']" in sql
    labels = [button.label for button in app.get("download_button")]
    assert labels[-5:] == ["CSV", "Excel", "Parquet", "PNG", "SVG"]
