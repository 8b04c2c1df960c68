"""The demo company on a server of its own, and a page that asks nothing of the net."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cx.folders import Folders
from tests.conftest import DemoCompany
from tests.e2e.browser import LOGS, PATIENCE_MS, Running, browsing, offline, serving

expect.set_options(timeout=PATIENCE_MS)
TOLD_LINES = 60


def copied(company: DemoCompany, root: Path) -> Folders:
    """A copy of the demo company, without the exports that it was made from."""
    shutil.copytree(company.folders.root, root, ignore=shutil.ignore_patterns("demo"))
    return Folders(root)


@contextmanager
def served(company: DemoCompany, folders: Folders) -> Iterator[Running]:
    """A server on these folders, at the demo company's moment."""
    with serving(folders.root, CX_NOW=company.now.isoformat()) as started:
        yield started


@pytest.fixture(scope="module")
def folders(demo_company: DemoCompany, tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """A copy of the demo company that a server may write to."""
    return copied(demo_company, tmp_path_factory.mktemp("served") / "data")


@pytest.fixture(scope="module")
def running(folders: Folders, demo_company: DemoCompany) -> Iterator[Running]:
    """A server on that copy."""
    with served(demo_company, folders) as started:
        yield started


@pytest.fixture(scope="session")
def unchanged(demo_company: DemoCompany, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for all tests that drop no data: what they note or save changes no number."""
    with served(demo_company, copied(demo_company, tmp_path_factory.mktemp("unchanged") / "data")) as started:
        yield started


@contextmanager
def alone(on: Running) -> Iterator[Page]:
    """A page of this server in a browser of its own; at the end it has asked nothing of any other host."""
    with browsing(reduced_motion="reduce", base_url=on.url) as context:
        page = context.new_page()
        with offline(page, on.url):
            yield page


@pytest.fixture(scope="module")
def looking(unchanged: Running) -> Iterator[Page]:
    """One page for a module's tests on it."""
    with alone(on=unchanged) as page:
        yield page


@pytest.fixture(scope="module")
def opened(running: Running) -> Iterator[Page]:
    """One page for a module's tests."""
    with alone(on=running) as page:
        yield page


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where a test fails, what its servers wrote last is told with it."""
    report = yield
    if report.failed:
        for log in LOGS:
            told = log.read_text(errors="replace").splitlines()[-TOLD_LINES:]
            report.sections.append((f"{log.parent.parent.name}: server.log", "\n".join(told)))
    return report
