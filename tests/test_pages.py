"""The pages as a viewer's script runs them: with data, without, filtered, and with a broken reference table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from cx.folders import PROJECT, Folders
from cx.telling import values
from cx.ui import live
from tests.conftest import DemoCompany, close
from tests.given import MONDAY, land, row

PATIENCE_SECONDS = 60


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folders]:
    """The product over folders of its own, at a Wednesday noon."""
    monkeypatch.setenv("CX_DATA", str(tmp_path))
    monkeypatch.setenv("CX_NOW", (MONDAY + timedelta(days=9.5)).isoformat())
    yield Folders(tmp_path)
    close()


def opened(page: str = "pages/weekly_health.py", **query: str) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=PATIENCE_SECONDS)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    if page != "pages/weekly_health.py":
        app.switch_page(page).run()
    assert not app.exception, app.exception
    return app


def shown(app: AppTest, name: str) -> dict[str, Any]:
    """The rows of one table as the browser gets them, by their ids."""
    found = [element.proto for element in _leaves(app.main) if element.type == "bidi_component"]
    (told,) = [json.loads(proto.json) for proto in found if proto.id.endswith(f"-table-{name}")]
    return {line["id"]: line["cells"] for line in json.loads(told["table"])["rows"]}


def _leaves(block: Any) -> Iterator[Any]:
    for child in block.children.values():
        yield from _leaves(child) if hasattr(child, "children") else [child]


def words(app: AppTest) -> str:
    return "\n".join(
        element.value for kind in (app.title, app.markdown, app.caption, app.header) for element in kind
    )


@pytest.mark.parametrize("page", ["weekly_health", "data"])
def test_an_empty_store_greets_with_what_to_do_next(empty: Folders, page: str) -> None:
    app = opened(f"pages/{page}.py")
    assert app.title[0].value == "No data yet"
    assert [button.label for button in app.button] == ["Make the demo company"]
    assert len(app.file_uploader) == 1
    assert [block.value for block in app.code] == [str(empty.inbox)]
    assert [step.value[0] for step in app.subheader] == ["1", "2", "3"]


def test_the_demo_company_is_told_in_words(company: DemoCompany) -> None:
    app = opened()
    assert app.title[0].value == "Customer experience slipped last week"
    told = words(app)
    assert "Weekly CX health, week of 2 March 2026" in told
    assert "got worse by more than normal variation" in told
    assert "comes from **Aroma One**" in told
    assert "Complaints about leaks grew most." in told
    assert "The running week, 2 days so far" in told


def test_filters_stand_in_the_link_and_survive_a_change_of_page(company: DemoCompany) -> None:
    app = opened(region="North", weeks="26", split="stage")
    assert app.multiselect(key="choose_region").value == ["North"]
    app.switch_page("pages/data.py").run()
    app.switch_page("pages/weekly_health.py").run()
    assert not app.exception
    assert app.multiselect(key="choose_region").value == ["North"]
    assert app.query_params["region"] in ("North", ["North"])


def test_filters_that_leave_nothing_say_so(company: DemoCompany) -> None:
    app = opened()
    app.multiselect(key="choose_stage").set_value(["discover"])
    app.multiselect(key="choose_channel").set_value(["phone"]).run()
    assert not app.exception
    assert app.title[0].value == "Nothing matches these filters"


@pytest.mark.parametrize(
    ("days", "title"),
    [([0.5, 7.5], "Too little data to compare the week"), ([9.3], "No whole day of data yet")],
    ids=["one in the last week", "one today"],
)
def test_one_row_is_not_a_crash_and_not_a_score(empty: Folders, days: list[float], title: str) -> None:
    land(live.server().store, empty, [row(days=day, csat=5) for day in days], now=datetime(2026, 3, 11, 12))
    app = opened()
    assert app.title[0].value == title


def test_the_data_page_names_the_rows_that_were_refused(empty: Folders) -> None:
    store = live.server().store
    rows = [row(csat=5), row(csat=9), row("visit", stage=None)]
    land(store, empty, rows, now=datetime(2026, 3, 11, 12))
    app = opened("pages/data.py")
    assert [cells["column"]["text"] for cells in shown(app, "refused").values()] == ["csat", "stage"]


def test_a_broken_reference_table_is_named_and_the_page_still_opens(empty: Folders) -> None:
    store = live.server().store
    land(store, empty, [row(csat=5) for _ in range(40)], now=datetime(2026, 3, 11, 12))
    (empty.reference / "targets.csv").write_text(
        "metric,from,value,owner\ncsat,2026-01-01,lots,Ann\n", encoding="utf-8"
    )
    app = opened()
    assert "targets.csv, row 1, column value: 'lots' is not a number" in app.error[0].value


def test_names_from_an_export_are_shown_as_they_are(empty: Folders) -> None:
    assert values.plain_text("![x](http://h/p.png) $5") == r"\!\[x\]\(http\://h/p.png\) \$5"


def test_unknown_names_in_a_link_are_no_filters(company: DemoCompany) -> None:
    app = opened(region="Nowhere", weeks="7", measure="happiness", split="shoe size")
    assert app.title[0].value == "Customer experience slipped last week"
