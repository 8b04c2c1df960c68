"""The journey page in a real browser: choosing by click and by key, an export that lands, a phone, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from cx import reference, words
from cx.folders import Folders
from cx.ui import filters
from tests.conftest import DemoCompany
from tests.e2e.browser import DESKTOP, PHONE, card, needs_browser
from tests.e2e.test_weekly_health import drop
from tests.given import frame, row

pytestmark = needs_browser

WHOLE = """
() => {
  const hosts = [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")];
  const rows = hosts.flatMap((host) => [...(host.shadowRoot?.querySelectorAll("tbody tr") ?? [])]);
  return rows.filter((line) => line.offsetHeight > 10).length >= 10 && !!document.querySelector(".st-key-head h1");
}
"""
COUNT_BLANKS = f"""
() => {{
  const whole = {WHOLE};
  window.blanks = 0;
  const frame = () => {{ if (!whole()) window.blanks += 1; requestAnimationFrame(frame); }};
  frame();
}}
"""


@pytest.fixture
def page(opened: Page) -> Iterator[Page]:
    """The one page, on the funnel, as wide afterwards as it was."""
    shown(opened, "funnel")
    opened.wait_for_function(WHOLE)
    yield opened
    opened.set_viewport_size(DESKTOP)  # type: ignore[arg-type]


def shown(page: Page, view: str) -> None:
    page.goto(f"/journey?view={view}")
    expect(card(page, {"channels": "support", "return": "cohorts"}.get(view, view))).to_be_visible()


def stage(page: Page, name: str) -> Locator:
    return card(page, "funnel").locator("tbody tr", has=page.locator(f"[data-id={name}]"))


def number(page: Page, name: str) -> int:
    return int(stage(page, name).locator("td .text").first.inner_text().replace(",", ""))


def test_a_click_on_a_stage_opens_its_interactions_and_another_closes_them(page: Page) -> None:
    stage(page, "compare").click()
    behind = card(page, "behind")
    expect(behind.get_by_role("heading", level=2)).to_have_text("The interactions behind Compare")
    expect(behind.get_by_role("button", name="Download CSV")).to_be_visible()
    behind.get_by_text("Reached Compare").click()
    expect(behind).to_contain_text("The first 1,000 interactions; there are more.")
    download = behind.locator(".st-key-download-reached-compare").get_by_role("button", name="Download CSV")
    with page.expect_download() as landing:
        download.click()
    assert landing.value.suggested_filename == "reached-compare.csv"
    assert landing.value.path().read_bytes().count(b"\n") == 1001
    stage(page, "compare").click()
    expect(behind).to_have_count(0)


def test_the_keyboard_alone_opens_a_stage(page: Page) -> None:
    button = stage(page, "purchase").locator("[data-id=purchase]")
    button.focus()
    page.keyboard.press("Enter")
    expect(card(page, "behind").get_by_role("heading", level=2)).to_have_text(
        "The interactions behind Purchase"
    )
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-pressed", "true")


def test_back_undoes_the_last_choice(page: Page) -> None:
    stage(page, "research").click()
    expect(card(page, "behind")).to_be_visible()
    page.get_by_text("Ideal", exact=True).click()
    expect(card(page, "ideal")).to_be_visible()
    page.go_back()
    expect(card(page, "funnel")).to_be_visible()
    expect(card(page, "ideal")).to_have_count(0)
    expect(card(page, "behind")).to_be_visible()
    page.go_back()
    expect(card(page, "behind")).to_have_count(0)
    # The table of before may stand beside the new one for a moment.
    expect(stage(page, "research").locator("[aria-pressed=true]")).to_have_count(0)
    expect(stage(page, "research").locator("[aria-pressed=false]")).to_have_count(1)


@pytest.mark.parametrize("view", [*filters.VIEWS])
def test_no_view_scrolls_sideways_on_a_phone(page: Page, view: str) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    shown(page, view)
    for block in (page.locator("html"), page.locator("[data-testid=stMain]")):
        assert block.evaluate("block => block.scrollWidth - block.clientWidth") <= 0


def test_an_ideal_that_a_person_edits_in_its_file_is_shown_on_the_open_page(
    page: Page, folders: Folders
) -> None:
    shown(page, "ideal")
    gap = card(page, "ideal").locator("tbody tr", has=page.locator("[data-id=research]"))
    expect(gap).to_contain_text("ideal 75.0%")
    table = reference.ideal(folders.reference)
    table.loc[table["stage"] == "research", "conversion"] = 99.0
    reference.write_ideal(folders.reference, table)
    expect(gap).to_contain_text("ideal 99.0%")


def test_an_export_that_lands_changes_the_open_page(
    page: Page, folders: Folders, demo_company: DemoCompany
) -> None:
    before = number(page, "discover")
    at = demo_company.now - timedelta(days=50)
    visits = [
        row("visit", source="new", occurred_at=at, stage="discover", customer_id=f"new {n}")
        for n in range(200)
    ]
    page.evaluate(COUNT_BLANKS)
    drop(frame(visits), folders.inbox)
    text = stage(page, "discover").locator("td .text").first
    expect(text).to_have_text(words.number(before + 200))
    assert page.evaluate("window.blanks") == 0
