"""The front doors, a link that is passed on and a view with a name, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from cx.folders import Folders
from tests.e2e.browser import PHONE, Running, browsing, needs_browser, offline
from tests.e2e.browser import another as joined

pytestmark = needs_browser

NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', { value: undefined });"
"""What a page over plain http finds."""


@pytest.fixture(scope="module")
def context(running: Running) -> Iterator[BrowserContext]:
    """One viewer's browser, which remembers what it is told from one test to the next."""
    with browsing(
        reduced_motion="reduce", base_url=running.url, permissions=["clipboard-read", "clipboard-write"]
    ) as opened:
        yield opened


@pytest.fixture
def page(context: BrowserContext, running: Running) -> Iterator[Page]:
    page = context.new_page()
    with offline(page, running.url):
        yield page
    page.close()


@pytest.fixture
def another(context: BrowserContext, running: Running) -> Iterator[BrowserContext]:
    """The browser of someone else."""
    assert context.browser is not None
    opened = joined(context.browser, base_url=running.url)
    yield opened
    opened.close()


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def places(page: Page) -> list[str]:
    return [text.split("\n")[-1] for text in page.get_by_test_id("stTopNavLink").all_inner_texts()]


def test_a_door_is_chosen_once_and_remembered(page: Page, context: BrowserContext) -> None:
    page.goto("/")
    page.get_by_role("group", name="Start as:").get_by_role("button", name="Support").press("Enter")
    page.wait_for_url(re.compile("/surges.*door=support"))
    expect(page.get_by_role("table", name="Complaint surges")).to_be_visible()
    expect(page.get_by_test_id("stTopNavLink").first).to_contain_text("Surges")
    expect(page.get_by_role("group", name="Start as:")).to_have_count(0)
    cookie = next(one for one in context.cookies() if one["name"] == "cx_door")
    assert (cookie["value"], cookie["sameSite"], cookie["path"]) == ("support", "Lax", "/")
    page.get_by_role("link", name="Weekly health").click()
    page.wait_for_url(re.compile("part=week"))  # a link that leads nobody to another door's page
    assert asked(page)["door"] == ["support"]


def test_the_bare_address_opens_the_remembered_door_and_a_link_its_page(page: Page) -> None:
    page.goto("/")
    page.wait_for_url(re.compile("/surges"))
    page.goto("/?weeks=26")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Customer experience")
    assert urlsplit(page.url).path == "/"
    assert places(page)[0] == "Surges"


def test_the_link_is_copied_as_it_is_and_said(page: Page) -> None:
    page.goto("/campaigns?opened=K99&beside=K01&beside=K02")
    expect(page.get_by_test_id("stToast")).to_contain_text("opened=K99")
    copy = page.get_by_role("button", name="Copy link")
    copy.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_where_a_browser_has_no_clipboard_the_old_way_is_taken(page: Page) -> None:
    page.add_init_script(NO_CLIPBOARD)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto("/surges?surge_by=region")
    copy = page.get_by_role("button", name="Copy link")
    copy.click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    page.evaluate("document.execCommand = () => false")
    copy.click()
    field = page.get_by_role("textbox", name="The link, to be copied by hand")
    expect(field).to_have_value(page.url)
    assert field.evaluate("field => field.selectionEnd - field.selectionStart") == len(page.url)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_view_gets_a_name_and_opens_as_it_was_for_another_viewer(
    page: Page, another: BrowserContext, folders: Folders
) -> None:
    page.goto("/?weeks=26&region=North")
    expect(page.get_by_role("button", name="Filters (1)")).to_be_visible()
    page.get_by_role("button", name="Views").click()
    page.get_by_label("Name of the view shown now").fill("North <b>half</b> [x](javascript:alert(1))")
    page.get_by_label("Your name").fill("Ann")
    page.get_by_role("button", name="Save this view").click()
    expect(page.get_by_role("button", name="North <b>half</b>")).to_be_visible()
    with (folders.reference / "views.csv").open("a") as file:
        file.write("evil,javascript:alert(1),,,2026-01-01\nevil too,admin,,,2026-01-01\n")
    theirs = another.new_page()
    theirs.goto("/surges?product=Aroma+One")
    theirs.get_by_role("button", name="Views").click()
    expect(theirs.get_by_text("views.csv, row 2, column page")).to_be_visible()
    expect(theirs.get_by_text("leads to a page that is not there")).to_be_visible()
    expect(theirs.get_by_role("button", name="evil")).to_have_count(0)
    theirs.get_by_role("button", name="North <b>half</b>").click()
    theirs.wait_for_url(re.compile("region=North"))
    expect(theirs.get_by_role("button", name="Filters (1)")).to_be_visible()
    assert asked(theirs) == {"weeks": ["26"], "region": ["North"]}
