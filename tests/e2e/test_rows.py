"""Two people who see different rows, at once, on one server: on pages, in what they open and in what they download."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple

import pytest
from playwright.sync_api import Locator, Page, expect

from cx.folders import Folders
from cx.store import Store
from tests.e2e.browser import another, browsing, free_port, needs_browser, serving
from tests.e2e.provider import COOKIE, cookie, providing, secrets
from tests.e2e.test_weekly_health import drop
from tests.given import NOW, frame, land, row

pytestmark = needs_browser

WHAT = {"North": "melted", "South": "froze"}
"""Of each region the reason that its customers complained about, and nobody else."""
GRANTS = "".join(
    f'[[grant]]\nemail = "{name.lower()}@example.com"\nrole = "support"\nregion = ["{name}"]\n'
    for name in WHAT
)
BEHIND = "/journey?view=touchpoints&stage_of=discover&open=place&open=page%1Fweb"


class Viewers(NamedTuple):
    """The pages of both, by their regions, and the folders of the server."""

    pages: dict[str, Page]
    folders: Folders


@pytest.fixture(scope="module")
def viewers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewers]:
    folders = Folders(tmp_path_factory.mktemp("rows")).make()
    store = Store.open(folders.store)
    land(store, folders, [one for region, reason in WHAT.items() for one in company(region, reason)])
    store.close()
    (folders.reference / "access.toml").write_text(GRANTS)
    url = f"http://localhost:{(port := free_port())}"
    with ExitStack() as stack:
        provider = stack.enter_context(providing(*(f"{name.lower()}@example.com" for name in WHAT)))
        file = secrets(folders.root / "secrets.toml", url, provider)
        now = {"STREAMLIT_SECRETS_FILES": file, "CX_NOW": NOW.isoformat()}
        stack.enter_context(serving(folders.root, port=port, **now))
        browser = stack.enter_context(browsing(base_url=url)).browser
        assert browser
        pages = {}
        for region in WHAT:
            context = another(browser, reduced_motion="reduce", base_url=url)
            told = cookie(url, f"{region.lower()}@example.com", 0, sub=region)
            context.add_cookies([{"name": COOKIE, "value": told, "url": url, "httpOnly": True}])
            pages[region] = context.new_page()
        yield Viewers(pages, folders)


def company(region: str, reason: str) -> list[dict[str, object]]:
    """Two weeks of a region: what it was complained about, and visits with the words of who came."""
    whose = [{"region": region, "customer_id": f"{region} {n}", "product": "Kettle"} for n in range(12)]
    days = [n / 2 - 6 for n in range(24)]
    told = [row("complaint", day, reason=reason, **whose[n % 12]) for n, day in enumerate(days)]
    told += [row("order", day, **whose[n % 12]) for n, day in enumerate(days)]
    return told + [
        row(
            "visit",
            day - 30,
            stage="discover",
            touchpoint="page",
            channel="web",
            text=f"Here it {reason}",
            **whose[n % 12],
        )
        for n, day in enumerate(days)
    ]


def complaints(page: Page) -> Locator:
    return page.locator(".st-key-card-reasons tbody tr")


def sees_only(page: Page, region: str) -> None:
    (other,) = {*WHAT} - {region}
    assert WHAT[other] not in page.locator("body").inner_text()


def test_each_sees_their_own_rows_whoever_came_before(viewers: Viewers) -> None:
    for _ in range(2):
        for region, page in viewers.pages.items():
            page.goto("/")
            expect(complaints(page)).to_have_count(1)
            expect(complaints(page)).to_contain_text(WHAT[region])
            sees_only(page, region)


def test_a_download_holds_their_own_rows(viewers: Viewers) -> None:
    for region, page in viewers.pages.items():
        page.locator(".st-key-card-reasons .st-key-more-reasons button").click()
        with page.expect_download() as taken:
            page.locator(".st-key-told-reasons").get_by_role("button", name="CSV").click()
        held = taken.value.path().read_text(encoding="utf-8-sig")
        assert [reason for reason in WHAT.values() if reason in held] == [WHAT[region]]
        page.keyboard.press("Escape")


def test_what_is_opened_are_their_own_interactions(viewers: Viewers) -> None:
    for region, page in viewers.pages.items():
        page.goto(BEHIND)
        behind = page.locator(".st-key-card-behind")
        expect(behind.get_by_text(f"Here it {WHAT[region]}").first).to_be_visible()
        sees_only(page, region)


def test_what_lands_reaches_whom_it_is_for(viewers: Viewers) -> None:
    north, south = viewers.pages["North"], viewers.pages["South"]
    for page in viewers.pages.values():
        page.goto("/")
        expect(complaints(page)).to_have_count(1)
    rusted = [
        row("complaint", -4, reason="rusted", region="South", product="Kettle", customer_id=f"new {n}")
        for n in range(12)
    ]
    drop(frame(rusted), viewers.folders.inbox)
    expect(complaints(south)).to_have_count(2)
    expect(complaints(south).filter(has_text="rusted")).to_have_count(1)
    north.reload()
    expect(complaints(north)).to_have_count(1)
    expect(complaints(north)).to_contain_text(re.compile(WHAT["North"]))
