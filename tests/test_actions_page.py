"""The actions on the page: told, edited, saved, and never lost."""

from __future__ import annotations

import pytest

from cx import reference
from cx.errors import BadReference
from cx.folders import Folders
from cx.ui import live
from tests.conftest import DemoCompany
from tests.given import NOW, land, row
from tests.test_pages import empty, opened, words

__all__ = ["empty"]

HEADER = "what,owner,department,channel,start,due,kpi,target,cost,state,done_on\n"
LATE = f"{HEADER}Ask *less*,Ann,Care,,2026-01-05,2026-03-01,csat,80,100,running,\n"


def button(app, label):
    return next(one for one in app.button if one.label == label)


def headers(app) -> list[str]:
    return [header.value for header in app.header]


def test_the_demo_companys_roadmap_is_told(company: DemoCompany) -> None:
    app = opened(part="actions")
    assert {"What is late", "Did the measure move?", "The roadmap"} <= set(headers(app))
    assert "**1 action is late.** Of 3 finished actions, 1 moved their measure for the better." in words(app)


def test_the_trend_says_where_the_measure_is_heading(company: DemoCompany) -> None:
    told = words(opened())
    assert "Forecast: **" in told
    assert "by 31 March, target 78%: " in told


def test_a_segments_own_target_is_told_where_it_alone_is_chosen(company: DemoCompany) -> None:
    assert "target 80%" in words(opened(segment="Office"))
    assert "target 78%" in words(opened(segment="Home"))


def test_without_actions_the_page_says_how_to_begin(empty: Folders) -> None:
    land(live.server().store, empty, [row("survey", days=day / 8, csat=4) for day in range(70)], now=NOW)
    app = opened(part="actions")
    assert headers(app) == ["The roadmap"]
    assert "No action is written down yet." in words(app)
    assert "Too short to forecast: it takes 8 weeks." in words(opened())


@pytest.fixture
def late(empty: Folders) -> Folders:
    land(live.server().store, empty, [row("survey", days=day / 8, csat=4) for day in range(70)], now=NOW)
    (empty.reference / "actions.csv").write_text(LATE, encoding="utf-8")
    return empty


def test_saving_what_was_not_edited_keeps_every_action(late: Folders) -> None:
    app = opened(part="actions")
    assert "**1 action is late.** None is finished yet." in words(app)
    before = reference.actions(late.reference)
    button(app, "Save the actions").click().run()
    assert not app.exception
    assert not app.error
    assert reference.actions(late.reference).equals(before)


def test_what_changed_meanwhile_is_not_overwritten(late: Folders) -> None:
    app = opened(part="actions")
    path = late.reference / "actions.csv"
    draft = app.session_state["actions-draft"]
    path.write_text(LATE.replace("Ann", "Bea"), encoding="utf-8")
    with pytest.raises(BadReference, match="changed meanwhile"):
        reference.write_actions(late.reference, draft["table"], draft["since"])
    assert "Bea" in path.read_text(encoding="utf-8")
    app.run()
    assert app.session_state["actions-draft"]["since"] == reference.seen(late.reference)


def test_a_broken_file_is_told_and_cannot_be_edited_away(late: Folders) -> None:
    path = late.reference / "actions.csv"
    path.write_text(LATE.replace("running", "runing"), encoding="utf-8")
    app = opened(part="actions")
    assert "actions.csv, row 1, column state: 'runing'" in app.error[0].value
    assert "The file must be mended before it can be edited here." in words(app)
    assert "runing" in path.read_text(encoding="utf-8")


def test_a_hostile_name_is_shown_as_it_is(late: Folders) -> None:
    (late.reference / "actions.csv").write_text(
        LATE.replace("Ask *less*", "<script>alert(1)</script>"), encoding="utf-8"
    )
    assert "<script>" not in words(opened(part="actions"))
