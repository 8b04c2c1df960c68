"""The demo company on a server of its own, and a page that asks nothing of the net."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from cx.folders import Folders
from tests.conftest import DemoCompany
from tests.e2e.browser import Running, browsing, offline, serving


@pytest.fixture(scope="module")
def folders(demo_company: DemoCompany, tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """A copy of the demo company that a server may write to."""
    copied = tmp_path_factory.mktemp("served") / "data"
    shutil.copytree(demo_company.folders.root, copied, ignore=shutil.ignore_patterns("demo"))
    return Folders(copied)


@pytest.fixture(scope="module")
def running(folders: Folders, demo_company: DemoCompany) -> Iterator[Running]:
    """A server on that copy, at the demo company's moment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CX_NOW", demo_company.now.isoformat())
        with serving(folders.root) as started:
            yield started


@pytest.fixture(scope="module")
def opened(running: Running) -> Iterator[Page]:
    """One page for a module's tests; at the end it has asked nothing of any other host."""
    with browsing(reduced_motion="reduce", base_url=running.url) as context:
        page = context.new_page()
        with offline(page, running.url):
            yield page
