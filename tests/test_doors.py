"""The front doors: what each means, where it leads, and that it changes the start and the order and no number."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from cx.folders import PROJECT
from cx.kpis import KPIS
from cx.ui import doors, filters
from tests.conftest import DemoCompany
from tests.test_links import chosen, opened


@pytest.mark.parametrize("door", doors.DOORS)
def test_a_door_leads_to_pages_that_are_there_and_chooses_what_they_offer(door: str) -> None:
    told = doors.DOORS[door]
    assert {*told.pages} <= {*doors.PLACES}
    assert all((PROJECT / doors.file(name)).exists() for name in doors.PLACES)
    offered = {
        "weeks": map(str, filters.PERIODS),
        "span": map(str, filters.SPANS),
        "view": filters.VIEWS,
        "part": filters.PARTS,
        "measure": KPIS,
    }
    for name, values in told.chosen.items():
        assert set(values) <= set(offered.get(name, values))


@pytest.mark.parametrize(
    ("door", "title"),
    [
        ("executive", "Customer experience slipped last week"),
        ("support", "Aroma One: complaints about leaks are surging"),
        ("marketing", "One for Everyone sold more, and"),
    ],
)
def test_each_starts_on_its_page_with_its_filters(company: DemoCompany, door: str, title: str) -> None:
    app = opened(f"/?door={door}")
    assert app.title[0].value.startswith(title)
    told = {
        name: list(values) if len(values) > 1 else values[0]
        for name, values in doors.DOORS[door].chosen.items()
    }
    assert app.query_params == {"door": door, **told}
    assert not app.toast


def test_a_link_with_more_than_a_door_stays_where_it_is(company: DemoCompany) -> None:
    app = opened("/?door=support&weeks=26")
    assert app.title[0].value == "Customer experience slipped last week"
    assert chosen(app, "weeks") == "26"


def test_an_unknown_door_is_none(company: DemoCompany) -> None:
    app = opened("/?door=cellar")
    assert app.title[0].value == "Customer experience slipped last week"
    assert app.session_state["door"] == ""
    assert [told.value.partition(": ")[2] for told in app.toast] == ["door=cellar"]


def figures(app: AppTest) -> list[str]:
    return [told.value for kind in (app.title, app.caption, app.markdown) for told in kind]


def test_a_door_changes_no_number(company: DemoCompany) -> None:
    query = "weeks=26&measure=nps&part=week"
    plain = figures(opened(f"/?{query}"))
    through = figures(opened(f"/?{query}&door=marketing"))
    assert [told for told in through if "order of its pages" not in told] == plain
