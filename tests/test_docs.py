"""The pages of docs/ that the model writes say what the model says."""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from cx.folders import PROJECT, Folders
from cx.formats import load_mapping
from cx.ingest import take_in
from cx.query import Query
from cx.store import Store
from tests.reference_docs import PAGES


@pytest.mark.parametrize(("name", "page"), PAGES.items())
def test_page_is_as_the_model_writes_it(name: str, page: Callable[[], str]) -> None:
    written = (PROJECT / "docs" / name).read_text(encoding="utf-8")
    assert written == page(), "run: python -m tests.reference_docs"


def test_the_mapping_that_is_shown_reads_such_a_file(tmp_path: Path, store: Store, folders: Folders) -> None:
    shown = re.search(
        r"```toml\n(.+?)```", (PROJECT / "docs/mappings.md").read_text(encoding="utf-8"), re.DOTALL
    )
    assert shown
    mapping = folders.reference / "mappings" / "desk.toml"
    mapping.parent.mkdir()
    mapping.write_text(shown[1], encoding="utf-8")
    assert load_mapping(mapping).name == "desk tickets"
    export = tmp_path / "tickets.csv"
    export.write_text(
        "Ticket ID,Opened,Type,Via,Category,Product,Rating,First reply (min),Hours to solve\n"
        "7,05/03/2026 09:30,Problem,email,late,Lamp,So so,12,1.5\n",
        encoding="utf-8",
    )
    report = take_in(store, folders, export)
    assert (report.rows_kept, report.rows_refused, report.reason) == (1, 0, "")
    columns = "occurred_at, kind, channel, csat, first_response_seconds, resolution_seconds"
    row = store.run(Query("what was kept", f"select {columns} from interactions")).iloc[0]
    assert row.tolist() == [datetime(2026, 3, 5, 8, 30), "complaint", "email", 3, 720.0, 5400.0]


def test_the_privacy_page_shows_the_settings_as_they_are() -> None:
    page = (PROJECT / "docs/privacy.md").read_text(encoding="utf-8")
    shown = [
        line.strip() for line in page.splitlines() if line.startswith("    ") and ("=" in line or "[" in line)
    ]
    settings = (PROJECT / "data/reference/settings.toml").read_text(encoding="utf-8").splitlines()
    assert shown
    assert [line for line in shown if line not in settings] == []
