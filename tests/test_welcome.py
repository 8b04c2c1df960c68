"""The first visit: the demo company at a click, once for all who click, and a failure in words."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from cx.folders import Folders
from cx.ui import demo_making, live
from cx.ui.demo_making import making
from tests.given import MONDAY, land, row
from tests.test_pages import PATIENCE_SECONDS, opened
from tests.test_pages import empty as empty


def ended(folders: Folders) -> None:
    """Wait until the command has ended."""
    until = time.monotonic() + PATIENCE_SECONDS
    while making(folders).progress().phase == "making" and time.monotonic() < until:
        time.sleep(0.1)


def told(app: AppTest) -> list[str]:
    return [element.proto.text for element in app.get("progress")]


def test_the_demo_company_is_made_once_however_many_click(empty: Folders) -> None:
    one, other = opened("pages/surges.py"), opened("pages/data.py")
    one.button(key="make-demo").click().run()
    begun = making(empty)._process
    other.button(key="make-demo").click().run()
    assert making(empty)._process is begun
    assert told(other) == ["Making two years of a demo company. This takes some ten seconds."]
    ended(empty)
    exports = len([*empty.inbox.iterdir()])
    assert exports > 10
    assert told(one.run()) == [f"The demo company is made. 0 of its {exports} exports have been taken in."]
    next(empty.inbox.iterdir()).unlink()
    assert told(one.run()) == [f"The demo company is made. 1 of its {exports} exports have been taken in."]


def test_a_demo_company_that_cannot_be_made_is_told_and_can_be_tried_again(empty: Folders) -> None:
    (empty.root / "demo").write_text("a file where its folder belongs")
    app = opened()
    app.button(key="make-demo").click().run()
    ended(empty)
    app.run()
    assert not app.exception
    assert app.error[0].value.startswith("The demo company could not be made: NotADirectoryError")
    assert app.button(key="make-demo").label == "Try again"


def test_a_command_that_found_nothing_to_do_is_quoted(
    empty: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    (empty.root / "demo").mkdir()
    (empty.root / "demo" / "made.json").write_text('{"week": "2020-01-06", "seed": 1}')
    monkeypatch.setattr(demo_making, "GRACE_SECONDS", 0.0)
    app = opened()
    app.button(key="make-demo").click().run()
    ended(empty)
    assert "A demo company made in another week" in app.run().error[0].value


def test_exports_of_which_nothing_could_be_used_are_told(empty: Folders) -> None:
    land(live.server().store, empty, [row(csat=9)], now=MONDAY + timedelta(days=9.5))
    app = opened()
    assert app.title[0].value == "No data yet"
    assert "no row of them is in the figures" in app.warning[0].value
