"""The campaigns page in a real browser: one opened by a click, how it is computed, and several beside each other."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser import DESKTOP, PATIENCE_SECONDS, PHONE, needs_browser

pytestmark = needs_browser

WAIT = 1000 * PATIENCE_SECONDS


def card(page: Page, name: str) -> Locator:
    return page.locator(f".st-key-card-{name}")


def test_a_campaign_opens_by_a_click_and_says_how_it_is_computed(opened: Page) -> None:
    opened.goto("/campaigns")
    expect(card(opened, "league").locator("tbody tr")).to_have_count(10, timeout=WAIT)
    card(opened, "league").locator("[data-id=K09]").first.click()
    for name in ("sales", "complained", "excess", "phases", "later", "segments", "channels"):
        expect(card(opened, name)).to_be_visible(timeout=WAIT)
    assert "opened=K09" in opened.url
    expect(card(opened, "phases").locator("tbody tr")).to_have_count(7)
    card(opened, "league").get_by_role("button", name="How it is computed").click()
    expect(opened.get_by_text("from r_attempts").first).to_be_visible(timeout=WAIT)
    opened.keyboard.press("Escape")


def test_campaigns_stand_beside_each_other_by_their_link(opened: Page) -> None:
    opened.goto("/campaigns?beside=K09&beside=K08")
    expect(card(opened, "beside").locator("canvas")).to_have_count(2, timeout=WAIT)
    expect(card(opened, "beside").locator("tbody tr")).to_have_count(2)
    opened.wait_for_load_state("networkidle")
    box = card(opened, "beside").get_by_role("combobox")
    box.press_sequentially("Bean")
    expect(opened.get_by_role("option", name="Bean Weeks")).to_be_visible(timeout=WAIT)
    box.press("Enter")
    opened.wait_for_url("**beside=K0*&beside=K0*&beside=K0*", timeout=WAIT)


def test_on_a_phone_nothing_is_wider_than_the_screen(opened: Page) -> None:
    opened.set_viewport_size(PHONE)  # type: ignore[arg-type]
    opened.goto("/campaigns?opened=K10&beside=K09&beside=K10")
    expect(card(opened, "beside").locator("canvas")).to_have_count(2, timeout=WAIT)
    assert opened.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    opened.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
