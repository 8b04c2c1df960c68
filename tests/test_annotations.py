"""What people write down of what happened: kept in a file, drawn where it matters, seen by everyone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from cx import marks, reference
from cx.errors import BadReference
from cx.reference import Annotation
from cx.telling import plots
from cx.ui import asks, live
from cx.ui.asks import View
from cx.vega import DAY_MS, moment
from tests.conftest import DemoCompany
from tests.test_charts import trend, weeks
from tests.test_pages import opened

STRIKE = Annotation(date(2026, 2, 2), date(2026, 2, 15), "Courier on strike", "", "Ann")
PRICE = Annotation(date(2026, 2, 20), date(2026, 2, 20), "Price raised", "Aroma One", "Mai")


def test_what_is_written_down_is_read_again_the_earliest_first(tmp_path: Path) -> None:
    assert reference.annotated(tmp_path) == []
    reference.annotate(tmp_path, PRICE)
    reference.annotate(tmp_path, STRIKE)
    assert reference.annotated(tmp_path) == [STRIKE, PRICE]
    assert reference.tables(tmp_path).annotations == (STRIKE, PRICE)
    reference.unannotate(tmp_path, STRIKE)
    reference.unannotate(tmp_path, STRIKE)
    assert reference.annotated(tmp_path) == [PRICE]


def test_of_two_that_are_alike_one_is_taken_out_and_a_persons_own_columns_stay(tmp_path: Path) -> None:
    path = tmp_path / "annotations.csv"
    path.write_text("on,until,text,product,who,ticket\n" + "2026-02-20,,Price raised,Aroma One,Mai,7\n" * 2)
    reference.unannotate(tmp_path, PRICE)
    reference.annotate(tmp_path, STRIKE)
    assert path.read_text().splitlines()[0].endswith("ticket")
    assert pd.read_csv(path, dtype=str)["ticket"].tolist()[0] == "7"
    assert reference.annotated(tmp_path) == [STRIKE, PRICE]


def test_many_may_write_at_once(tmp_path: Path) -> None:
    several = [PRICE._replace(text=f"Change {n}") for n in range(12)]
    with ThreadPoolExecutor(6) as pool:
        [*pool.map(lambda one: reference.annotate(tmp_path, one), several)]
    assert sorted(reference.annotated(tmp_path)) == sorted(several)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        pytest.param({"text": " "}, "Write what happened", id="no text"),
        pytest.param({"who": ""}, "Write your name", id="no name"),
        pytest.param({"until": date(2026, 2, 1)}, "lies before", id="ends before it begins"),
    ],
)
def test_what_says_nothing_is_not_kept(tmp_path: Path, changed: dict[str, object], says: str) -> None:
    with pytest.raises(BadReference, match=says):
        reference.annotate(tmp_path, PRICE._replace(**changed))
    assert not (tmp_path / "annotations.csv").exists()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        pytest.param("soon,,x,,Ann", "row 1, column on: 'soon' is not a day", id="no day"),
        pytest.param("2026-02-02,2026-02-01,x,,Ann", "row 1, column until", id="until before on"),
        pytest.param("2026-02-02,,,,Ann", "row 1, column text: '' is empty", id="no text"),
    ],
)
def test_a_row_that_cannot_be_understood_is_named_and_nothing_is_overwritten(
    tmp_path: Path, line: str, says: str
) -> None:
    written = f"on,until,text,product,who\n{line}\n"
    (tmp_path / "annotations.csv").write_text(written)
    with pytest.raises(BadReference, match=says):
        reference.annotated(tmp_path)
    with pytest.raises(BadReference):
        reference.annotate(tmp_path, PRICE)
    assert (tmp_path / "annotations.csv").read_text() == written
    assert says in reference.tables(tmp_path).problems[0]


@pytest.mark.parametrize(
    ("products", "texts"),
    [
        pytest.param((), ["Courier on strike", "Price raised"], id="everything"),
        pytest.param(
            ("Aroma One", "Jug"), ["Courier on strike", "Price raised"], id="its product among others"
        ),
        pytest.param(("Jug",), ["Courier on strike"], id="another product"),
    ],
)
def test_a_products_note_stands_where_the_product_is_shown(
    products: tuple[str, ...], texts: list[str]
) -> None:
    told = plots.annotated([STRIKE, PRICE], products)
    assert told["text"].tolist() == texts
    assert told["told"].iloc[0] == "2 February 2026 to 15 February 2026, Ann"


def test_a_note_is_cut_to_the_days_of_the_chart() -> None:
    told = plots.annotated([STRIKE, PRICE], ())
    span = (moment(date(2026, 2, 9)), moment(date(2026, 2, 20)))
    assert marks.happened(told, span, "place") == [
        {
            "place": span[0],
            "ends": moment(STRIKE.until) + DAY_MS,
            "text": STRIKE.text,
            "told": told["told"].iloc[0],
        }
    ]
    assert marks.happened(None, span, "place") == []


def test_a_trend_without_notes_has_no_trace_of_them() -> None:
    assert "annotations" not in trend(weeks([50.0, 51.0]))["datasets"]


def note(app: AppTest, text: str, who: str) -> None:
    app.session_state["annotations"] = True
    app.run()
    app.text_input(key="annotation-text").set_value(text)
    app.text_input(key="annotation-who").set_value(who)
    next(button for button in app.button if button.label == "Write it down").click().run()
    assert not app.exception


def drawn(view: View) -> list[str]:
    """The notes on the trend of this view."""
    data = asks.trend(view, "csat")["datasets"].get("annotations")
    return [] if data is None else data["text"].to_pylist()


def test_a_note_that_one_viewer_writes_stands_on_the_chart_of_all(company: DemoCompany) -> None:
    app, store = opened(), live.server().store
    before, edits = store.version, live.server().edits
    note(app, "Moved to *another* desk", "Ann")
    assert (store.version, live.server().edits) == (before, edits + 1)  # which is told to every open page
    view = View.of(store.version, asks.Filters(), 52)
    assert drawn(view) == ["Moved to *another* desk"]
    app.session_state["annotations"] = True
    app.run()
    assert app.text_input(key="annotation-text").value == ""
    other = opened()
    other.session_state["annotations"] = True
    other.run()
    assert any("Moved to \\*another\\* desk" in one.value for one in other.markdown)
    next(button for button in other.button if button.label == "Delete").click().run()
    assert drawn(View.of(store.version, asks.Filters(), 52)) == []


def test_a_note_does_not_wait_for_an_export_that_lands(company: DemoCompany) -> None:
    app = opened()
    with live.server().store.transaction(aside=True):
        note(app, "Written meanwhile", "Ann")
    assert "Written meanwhile" in drawn(View.of(live.server().version, asks.Filters(), 52))


def test_a_note_without_a_name_is_asked_for_it_and_keeps_what_was_typed(company: DemoCompany) -> None:
    app = opened()
    note(app, "Something", "")
    assert "Write your name as well" in app.error[0].value
    assert app.text_input(key="annotation-text").value == "Something"
