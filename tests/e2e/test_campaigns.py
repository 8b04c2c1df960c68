"""The campaigns page in a real browser: one opened by a click, how it is computed, and several beside each other."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.browser import DESKTOP, PHONE, card, needs_browser

pytestmark = needs_browser


def test_a_campaign_opens_by_a_click_and_says_how_it_is_computed(looking: Page) -> None:
    looking.goto("/campaigns")
    expect(card(looking, "league").locator("tbody tr")).to_have_count(10)
    card(looking, "league").locator("[data-id=K09]").first.click()
    for name in ("sales", "complained", "excess", "phases", "later", "segments", "channels"):
        expect(card(looking, name)).to_be_visible()
    assert "opened=K09" in looking.url
    expect(card(looking, "phases").locator("tbody tr")).to_have_count(7)
    card(looking, "league").get_by_role("button", name="More about All campaigns").click()
    expect(looking.get_by_text("from r_attempts").first).to_be_visible()
    looking.keyboard.press("Escape")


def test_campaigns_stand_beside_each_other_by_their_link(looking: Page) -> None:
    looking.goto("/campaigns?beside=K09&beside=K08")
    expect(card(looking, "beside").locator("canvas")).to_have_count(2)
    expect(card(looking, "beside").locator("tbody tr")).to_have_count(2)
    looking.wait_for_load_state("networkidle")
    box = card(looking, "beside").get_by_role("combobox")
    box.press_sequentially("Bean")
    expect(looking.get_by_role("option", name="Bean Weeks")).to_be_visible()
    box.press("Enter")
    looking.wait_for_url("**beside=K0*&beside=K0*&beside=K0*")


def test_on_a_phone_nothing_is_wider_than_the_screen(looking: Page) -> None:
    looking.set_viewport_size(PHONE)  # type: ignore[arg-type]
    looking.goto("/campaigns?opened=K10&beside=K09&beside=K10")
    expect(card(looking, "beside").locator("canvas")).to_have_count(2)
    assert looking.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    looking.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
