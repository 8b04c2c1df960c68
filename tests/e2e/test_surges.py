"""The surges page in a real browser: a defect lands in the inbox and stands in the queue of every open page, untouched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from cx.folders import Folders
from cx.store import Store
from tests.e2e.browser import PHONE, browsing, card, needs_browser, serving
from tests.e2e.test_weekly_health import drop
from tests.given import MONDAY, NOW, frame, land, row

pytestmark = needs_browser

PRODUCTS, REASONS = ("Lamp", "Kettle", "Chair"), ("broken", "late")
TEXTS = ("It arrived with a dent", "Nobody told me when it comes", "The colour is not as shown")
DAYS, DEFECT_DAYS = 150, 6
TODAY = (NOW - MONDAY).days
TITLE = "Lamp: complaints about broken are surging"


def sold(day: int) -> list[dict[str, Any]]:
    return [row("order", day + 0.4, product=product, units=30, amount=900.0) for product in PRODUCTS]


def complained(day: int, product: str, reason: str, n: int, **columns: Any) -> list[dict[str, Any]]:
    return [
        row("complaint", day + (at + 0.5) / n, product=product, reason=reason, customer_id=f"{day}-{at}", **columns)
        for at in range(n)
    ]  # fmt: skip


def history() -> list[dict[str, Any]]:
    """Steady sales, and complaints as chance has them, up to last midnight."""
    rng = np.random.default_rng(4)
    days = range(TODAY - DAYS, TODAY)
    orders = [one for day in days for one in sold(day)]
    complaints = [
        one
        for day in days
        for product in PRODUCTS
        for reason in REASONS
        for one in complained(day, product, reason, int(rng.poisson(1.5)), text=TEXTS[day % 3])
    ]
    return orders + complaints


def defect() -> list[dict[str, Any]]:
    """Of one product, more and more complaints about one reason up to last midnight."""
    days = range(TODAY - DEFECT_DAYS, TODAY)
    return [one for place, day in enumerate(days)
            for one in complained(day, "Lamp", "broken", 5 + 2 * place, text="The hinge snapped", channel="chat")]  # fmt: skip


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    folders = Folders(tmp_path_factory.mktemp("surging") / "data").make()
    store = Store.open(folders.store)
    assert land(store, folders, history()).rows_refused == 0
    store.close()
    return folders


@pytest.fixture(scope="module")
def browser(company: Folders) -> Iterator[BrowserContext]:
    with (
        serving(company.root, CX_NOW=NOW.isoformat()) as running,
        browsing(base_url=running.url) as context,
    ):
        expect.set_options()
        yield context


def opened(browser: BrowserContext) -> Page:
    """The surges page, marked so that a reload would show, with what the browser complains of kept aside."""
    page = browser.new_page()
    page.goto("/surges")
    expect(card(page, "queue")).to_be_visible()
    expect(card(page, "today").locator("canvas")).to_be_visible()
    page.evaluate("window.untouched = true")
    return page


def title(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


def untouched(page: Page) -> bool:
    return bool(page.evaluate("window.untouched === true"))


def test_a_defect_comes_up_on_open_pages_and_is_taken_on(browser: BrowserContext, company: Folders) -> None:
    first, second = opened(browser), opened(browser)
    address = first.url
    for page in (first, second):
        expect(title(page)).to_have_text("No complaint surge now")
        expect(card(page, "queue")).not_to_contain_text("Lamp")

    drop(frame(defect()), company.inbox)
    for page in (first, second):
        expect(title(page)).to_have_text(TITLE)
        expect(card(page, "queue").locator("tbody tr")).to_have_count(1)
        expect(card(page, "queue")).to_contain_text("for the units sold we would expect")
        assert untouched(page)
    assert first.url == address

    card(first, "queue").locator("table").get_by_role("button").first.click()
    expect(card(first, "surge").locator("canvas").first).to_be_visible()
    first.wait_for_url("**/surges?surge=Lamp*broken*")
    expect(card(first, "surge")).to_contain_text("hinge")
    expect(card(first, "split")).to_contain_text("chat")
    expect(card(first, "behind")).to_be_visible()
    expect(card(second, "surge")).to_have_count(0)

    notes = card(first, "notes")
    notes.get_by_label("Your name").fill("Ann")
    notes.get_by_role("button", name="Write it down").click()
    for page in (first, second):
        expect(card(page, "queue")).to_contain_text("seen by Ann")
        assert untouched(page)
    expect(notes.locator("tbody tr")).to_have_count(1)


def test_the_link_opens_the_surge_and_fits_a_phone(browser: BrowserContext) -> None:
    there, page = opened(browser), browser.new_page()
    card(there, "queue").locator("table").get_by_role("button").first.click()
    there.wait_for_url("**/surges?surge=*")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(there.url)
    expect(card(page, "surge").locator("canvas").first).to_be_visible()
    expect(card(page, "notes")).to_contain_text("Ann")
    for block in (page.locator("html"), page.locator("[data-testid=stMain]")):
        assert block.evaluate("block => block.scrollWidth - block.clientWidth") <= 0


def test_a_surge_is_opened_by_the_keyboard_alone(browser: BrowserContext) -> None:
    page = opened(browser)
    button = card(page, "queue").locator("table").get_by_role("button").first
    button.focus()
    page.keyboard.press("Enter")
    expect(card(page, "surge").locator("canvas").first).to_be_visible()
    page.go_back()
    expect(card(page, "surge")).to_have_count(0)
