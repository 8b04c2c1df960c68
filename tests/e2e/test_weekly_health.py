"""The weekly health page in a real browser: the figures of the files, and an export that lands on an open page."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from cx import words
from cx.folders import Folders
from tests.conftest import DemoCompany
from tests.e2e.browser import needs_browser
from tests.given import frame, row
from tests.test_health import by_pandas, rows_of

pytestmark = needs_browser

WHOLE_PAGE = """
() => {
  const hosts = [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")];
  const tiles = hosts.flatMap((host) => [...(host.shadowRoot?.querySelectorAll(".tile") ?? [])]);
  const canvas = document.querySelector("[data-testid=stVegaLiteChart] canvas");
  return tiles.filter((tile) => tile.offsetHeight > 50).length >= 6 && canvas?.offsetHeight > 50;
}
"""
COUNT_BLANKS = f"""
() => {{
  const whole = {WHOLE_PAGE};
  window.blanks = 0;
  const frame = () => {{ if (!whole()) window.blanks += 1; requestAnimationFrame(frame); }};
  frame();
}}
"""


@pytest.fixture(scope="module")
def page(opened: Page) -> Page:
    """The page, whole."""
    opened.goto("/")
    opened.wait_for_function(WHOLE_PAGE)
    return opened


def tile(page: Page, label: str) -> str:
    return page.locator(".tile", has_text=label).first.locator(".value").inner_text()


@pytest.mark.parametrize(
    ("name", "label", "digits"),
    [
        ("nps", "Net promoter score", 1),
        ("csat", "Satisfaction (CSAT)", 1),
        ("ces", "Customer effort", 2),
        ("fcr", "First-contact resolution", 1),
        ("complaint_rate", "Complaints per 1,000 units", 1),
    ],
)
def test_a_tile_shows_what_pandas_finds_in_the_files(
    page: Page, demo_company: DemoCompany, name: str, label: str, digits: int
) -> None:
    week = last_monday(demo_company.now)
    assert tile(page, label) == words.number(by_pandas(rows_of(demo_company), name, week.date()), digits)


def test_an_export_that_lands_changes_the_open_page(
    page: Page, folders: Folders, demo_company: DemoCompany
) -> None:
    week = last_monday(demo_company.now)
    before = rows_of(demo_company)
    answers = before[before["week"] == week.date()]["csat"].dropna()
    hours = (demo_company.now - week) / timedelta(hours=1)
    surveys = [
        row("survey", source="surveys", occurred_at=week + timedelta(hours=i * 160 / 1000), csat=1)
        for i in range(1000)
    ]
    assert hours > 160
    shown = tile(page, "Satisfaction (CSAT)")
    page.evaluate(COUNT_BLANKS)
    drop(frame(surveys), folders.inbox)
    expected = words.number(100 * float((answers >= 4).sum()) / (len(answers) + 1000), 1)
    assert expected != shown
    value = page.locator(".tile", has_text="Satisfaction (CSAT)").first.locator(".value")
    expect(value).to_have_text(expected)
    assert page.evaluate("window.blanks") == 0


def last_monday(now: datetime) -> datetime:
    """The Monday of the last week that is over."""
    midnight = datetime.combine(now.date(), datetime.min.time())
    return midnight - timedelta(days=now.weekday() + 7)


def drop(table: pd.DataFrame, inbox: Path) -> None:
    """Land an export the way a job does: written elsewhere, then renamed."""
    draft = inbox / ".landing.parquet.part"
    table.to_parquet(draft)
    draft.rename(inbox / "landing.parquet")
