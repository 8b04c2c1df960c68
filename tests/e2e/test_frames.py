"""The menu of a card and the notes on a trend, in a real browser: by keyboard, on a phone, and seen by another viewer."""

from __future__ import annotations

from io import BytesIO

import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser import DESKTOP, PHONE, card, needs_browser

pytestmark = needs_browser

PLACES = """
(cards) => cards.map((card) => {
  const heading = document.createRange();
  heading.selectNodeContents(card.querySelector("h2"));
  const [title, button, edge] = [heading, card.querySelector("[class*='st-key-menu-'] button"), card]
    .map((one) => one.getBoundingClientRect());
  return { card: card.className, apart: button.left - title.right, lines: title.height / 24,
           from_end: edge.right - button.right, above: button.top - edge.top };
})
"""
WITH_MENU = "[class*='st-key-card-']:has([class*='st-key-menu-'] button)"


@pytest.fixture(scope="module")
def page(looking: Page) -> Page:
    looking.goto("/")
    expect(card(looking, "trend").locator("canvas")).to_be_visible()
    expect(menu(looking, "reasons")).to_be_visible()
    return looking


def menu(page: Page, name: str) -> Locator:
    return card(page, name).locator(f".st-key-more-{name} button")


def inside(page: Page, name: str) -> Locator:
    return page.locator(f".st-key-told-{name}")


def opened_by_keyboard(page: Page, name: str) -> Locator:
    menu(page, name).focus()
    page.keyboard.press("Enter")
    expect(inside(page, name)).to_be_visible()
    return inside(page, name)


def test_the_menu_opens_by_keyboard_and_gives_the_rows_and_the_picture(page: Page) -> None:
    expect(menu(page, "trend")).to_have_accessible_name("More about Satisfaction (CSAT)")
    told = opened_by_keyboard(page, "trend")
    expect(told).to_contain_text("This week")
    expect(told.locator("code", has_text="csat_satisfied").last).to_be_visible()
    files = {}
    for label in ("CSV", "SVG"):
        with page.expect_download() as landing:
            told.get_by_role("button", name=label).click()
        files[landing.value.suggested_filename] = landing.value.path().read_bytes()
    assert [*files] == ["trend-csat.csv", "trend-csat.svg"]
    assert {"week", "value", "lo", "hi", "n"} <= {*pd.read_csv(BytesIO(files["trend-csat.csv"]))}
    assert files["trend-csat.svg"].startswith(b"<svg")


def test_a_chart_is_a_table_for_who_asks_for_it_until_it_is_switched_back(page: Page) -> None:
    switch = inside(page, "trend").get_by_text("Show as table")
    switch.click()
    rows = card(page, "trend").get_by_role("row")
    expect(card(page, "trend").get_by_role("columnheader").first).to_have_text("Week of")
    assert rows.count() > 40
    page.keyboard.press("Escape")
    expect(inside(page, "trend")).to_have_count(0)
    expect(card(page, "trend").get_by_role("columnheader").first).to_be_visible()
    opened_by_keyboard(page, "trend").get_by_text("Show as table").click()
    expect(card(page, "trend").locator("canvas")).to_be_visible()
    page.keyboard.press("Escape")


def test_a_note_reaches_another_viewer_within_seconds(page: Page) -> None:
    other = page.context.new_page()
    other.goto("/")
    for viewer in (page, other):
        viewer.get_by_role("button", name="Notes", exact=True).click()
    form, theirs = (inside(viewer, "annotations") for viewer in (page, other))
    expect(theirs.get_by_role("button", name="Write it down")).to_be_visible()
    form.get_by_label("What happened").fill("Price raised")
    form.get_by_label("Your name").fill("Ann")
    form.get_by_role("button", name="Write it down").click()
    expect(form.get_by_role("button", name="Delete")).to_be_visible()
    expect(theirs).to_contain_text("Price raised")
    form.get_by_role("button", name="Delete").click()
    expect(theirs).not_to_contain_text("Price raised")
    page.keyboard.press("Escape")
    other.close()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_menu_stands_at_the_end_of_the_headings_line(page: Page, size: dict[str, int]) -> None:
    page.set_viewport_size(size)  # type: ignore[arg-type]
    cards = page.locator(WITH_MENU)
    expect(cards).to_have_count(3)
    for place in cards.evaluate_all(PLACES):
        assert place["apart"] > 0, place
        assert place["lines"] < 1.5, place
        assert 0 < place["from_end"] < 24, place
        assert 0 < place["above"] < 24, place
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
