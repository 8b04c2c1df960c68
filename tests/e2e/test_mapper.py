"""A strange file in a real browser: brought, asked about, tried, saved, and its rows on the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cx.folders import Folders
from tests.e2e.browser import needs_browser

pytestmark = needs_browser

ROWS = [
    "Fall;Eingang;Kanal;Grund;Bewertung;Kommentar",
    *(f"F-{n};0{n}/03/2026;Telefon;Lieferung;{n % 5 + 1};Das Paket kam wieder zu spät an" for n in range(1, 10)),
]  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "Anfragen.csv"
    path.write_text("\n".join(ROWS) + "\n", encoding="utf-8")
    return path


def test_a_strange_file_is_asked_about_and_taken_in(opened: Page, folders: Folders, file: Path) -> None:
    page = opened
    page.goto("/data")
    page.locator(".st-key-card-mapper input[type=file]").set_input_files(file)
    question = page.get_by_role("radiogroup", name="Is 01/03/2026 the 1 March 2026 or the 3 January 2026?")
    expect(question).to_be_visible()
    save = page.get_by_role("button", name="Save and take in")
    expect(save).to_be_disabled()
    question.get_by_text("The day comes first").click()
    expect(save).to_be_enabled()
    page.get_by_role("button", name="See the result").click()
    expect(page.get_by_text("9 rows would be kept")).to_be_visible()
    save.click()
    expect(page.get_by_text("was handed to the inbox")).to_be_visible()
    landed = page.get_by_role("table", name="Exports that arrived").get_by_role("row", name="Anfragen.csv")
    expect(landed).to_contain_text("9")
    assert (folders.reference / "mappings" / "anfragen.toml").exists()
