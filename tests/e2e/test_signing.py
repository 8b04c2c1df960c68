"""Signing in by a real provider on this machine, in a real browser."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Error, Locator, Page, expect

from cx.access import audit
from cx.folders import PROJECT, Folders
from tests.conftest import ROW, write_csv
from tests.e2e.browser import (
    DESKTOP,
    PATIENCE_SECONDS,
    PHONE,
    browsing,
    free_port,
    needs_browser,
    offline,
    serving,
)
from tests.e2e.provider import COOKIE, cookie, providing, secrets
from tests.e2e.test_accessible import audited
from tests.test_readme import clone

pytestmark = needs_browser


GRANTS = """
claim = "groups"

[[grant]]
email = "ada@example.com"
role = "analyst"

[[grant]]
group = "desk"
role = "support"
"""
LEAVES_SECONDS = 6


class Shared:
    """A dashboard that people sign in to: where it is, where their provider is, and its folders."""

    def __init__(self, url: str, provider: str, folders: Folders) -> None:
        self.url, self.provider, self.folders = url, provider, folders

    @property
    def access(self) -> Path:
        return self.folders.reference / "access.toml"

    def deeds(self, who: str) -> list[str]:
        """What was logged of them, the first first."""
        log = audit.noted(self.folders.audit)
        return [*log["deed"][log["who"] == who]][::-1]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    folders = Folders(tmp_path_factory.mktemp("shared")).make()
    write_csv(
        folders.inbox / "desk.csv",
        [ROW | {"interaction_id": str(n), "product": "Kettle"} for n in range(40)],
    )
    (folders.reference / "access.toml").write_text(GRANTS)
    url = f"http://localhost:{(port := free_port())}"
    desk = {"email": "sue@example.com", "groups": ["desk"]}
    with providing("ada@example.com", "nob@example.com", sue=desk) as provider:
        file = secrets(folders.root / "secrets.toml", url, provider)
        with serving(folders.root, port=port, STREAMLIT_SECRETS_FILES=file):
            yield Shared(url, provider, folders)


@pytest.fixture(scope="module")
def browser(shared: Shared) -> Iterator[BrowserContext]:
    with browsing(reduced_motion="reduce", base_url=shared.url) as context:
        yield context


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Page]:
    """A page of somebody who is not signed in."""
    browser.clear_cookies()
    page = browser.new_page()
    yield page
    page.close()


def click(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def seen(what: Locator) -> None:
    expect(what).to_be_visible()


def sign_in(page: Page, who: str) -> None:
    click(page, "Sign in")
    click(page, who)


def arrive(page: Page, shared: Shared, who: str, hours_ago: float = 0) -> None:
    """Bring the cookie of somebody who signed in before."""
    told = cookie(shared.url, who, hours_ago, sub=f"{who}{hours_ago}")
    page.context.add_cookies([{"name": COOKIE, "value": told, "url": shared.url, "httpOnly": True}])


def readable(page: Page) -> None:
    """By axe in light and dark, and within the width of a phone."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.wait_for_timeout(300)
        assert audited(page) == []
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="light")


def test_a_link_is_opened_after_signing_in_with_its_filters_and_the_way_out_leads_out(
    page: Page, shared: Shared
) -> None:
    link = f"{shared.url}/surges?weeks=26&surge_by=region&product=Kettle"
    with offline(page, shared.url):
        page.goto(link)
        seen(page.get_by_role("heading", name="Customer experience"))
        expect(page.get_by_test_id("stTopNavLink")).to_have_count(0)
        readable(page)
    sign_in(page, "ada@example.com")
    seen(page.get_by_test_id("stTopNavLink").first)
    assert page.url == link
    kept = {one["name"]: one for one in page.context.cookies()}
    assert kept[COOKIE]["httpOnly"]
    assert "cx_target" not in kept
    click(page, "Account")
    seen(page.get_by_text("ada@example.com"))
    seen(page.get_by_text("Role: Analyst"))
    assert audited(page) == []
    click(page, "Sign out")
    click(page, "End session")  # the provider's own
    seen(page.get_by_role("button", name="Sign in"))
    assert shared.deeds("ada@example.com") == ["signed in", "signed out"]
    page.context.add_cookies([kept[COOKIE]])  # type: ignore[list-item]
    page.reload()
    seen(page.get_by_text("Your session is over"))


def test_who_has_no_role_is_told_whom_to_ask_and_is_let_in_once_they_have_one(
    page: Page, shared: Shared
) -> None:
    page.goto("/")
    sign_in(page, "nob@example.com")
    seen(page.get_by_role("heading", name="No access yet"))
    seen(page.get_by_text("nob@example.com"))
    seen(page.get_by_role("button", name="Sign out"))
    readable(page)
    shared.access.write_text(GRANTS + '\n[[grant]]\nemail = "nob@example.com"\nrole = "executive"\n')
    page.reload()
    seen(page.get_by_role("button", name="Account"))
    shared.access.write_text(GRANTS)
    seen(page.get_by_role("heading", name="No access yet"))  # on the open page, by itself
    assert shared.deeds("nob@example.com") == ["refused", "signed in"]


def test_a_page_that_a_role_does_not_see_is_not_listed_and_says_so(page: Page, shared: Shared) -> None:
    page.goto("/data?weeks=26")
    sign_in(page, "sue")  # by her group
    seen(page.get_by_role("heading", name="This page is not open to you"))
    names = [text.split("\n")[-1] for text in page.get_by_test_id("stTopNavLink").all_inner_texts()]
    assert names == ["Weekly health", "Surges", "Campaigns", "Journey"]
    expect(page.get_by_role("dialog")).to_have_count(0)
    readable(page)
    page.get_by_role("link", name="To the start").click()
    expect(page.get_by_role("heading", name="This page is not open to you")).to_have_count(0)
    expect(page).to_have_url(re.compile(rf"^{shared.url}/(\?|$)"))


def test_on_an_open_page_a_sign_in_that_is_over_asks_for_another(page: Page, shared: Shared) -> None:
    arrive(page, shared, "ada@example.com", 12 - LEAVES_SECONDS / 3600)
    page.goto("/campaigns?weeks=26")
    seen(page.get_by_text("Your session is over. Sign in again to go on where you were."))
    expect(page.get_by_test_id("stTopNavLink")).to_have_count(0)
    sign_in(page, "ada@example.com")
    seen(page.get_by_role("button", name="Account"))
    assert page.url.endswith("/campaigns?weeks=26")


TRY = re.compile(r"```sh\n(\.venv/bin/oidc-provider-mock .+?)```", re.DOTALL)


def test_sign_in_is_tried_by_three_commands_as_they_stand(page: Page, tmp_path: Path) -> None:
    (shown,) = TRY.findall((PROJECT / "README.md").read_text(encoding="utf-8"))
    assert TRY.findall((PROJECT / "docs/sharing.md").read_text(encoding="utf-8")) == [shown]
    assert len(shown.splitlines()) == 3
    folder = clone(tmp_path / "clone")
    (folder / ".venv").symlink_to(sys.prefix)
    mock, port = free_port(), free_port()
    example = folder / ".streamlit" / "secrets.example.toml"
    example.write_text(example.read_text().replace(":9400/", f":{mock}/"))
    told = {name: value for name, value in os.environ.items() if not name.startswith("CX_")}
    told |= {"STREAMLIT_SERVER_PORT": str(port), "STREAMLIT_SERVER_HEADLESS": "true"}
    with (tmp_path / "log").open("w") as log:
        running = subprocess.Popen(["sh", "-c", shown.replace("mock --user", f"mock --port {mock} --user")], cwd=folder, env=told,
                                   stdout=log, stderr=log, start_new_session=True)  # fmt: skip
        try:
            for _ in range(PATIENCE_SECONDS):
                with suppress(Error):
                    page.goto(f"http://localhost:{port}/surges")
                    break
                time.sleep(1)
            sign_in(page, "you@example.com")
            click(page, "Account")
            seen(page.get_by_text("Role: Admin"))
            assert page.url == f"http://localhost:{port}/surges"
        finally:
            os.killpg(running.pid, signal.SIGTERM)
            running.wait(PATIENCE_SECONDS)
