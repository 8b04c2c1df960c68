"""Every page over a store that an engine counted: what it is answered is, to the last bit, what a store of this machine answers.

Wants the packages of requirements-bench.txt; where they are missing it is skipped.
"""

from __future__ import annotations

import re

import pandas as pd
import pytest

pytest.importorskip("pysail", reason="needs an engine: pip install -r requirements-bench.txt")
pytest.importorskip("pyspark", reason="needs the engine's client: pip install -r requirements-bench.txt")

from cx.doctor import examine
from cx.folders import Folders
from cx.query import Query
from cx.store import Store
from cx.ui import live
from tests.bench.recording import recorded
from tests.conftest import close
from tests.test_engine import NOW, Made, made, sail
from tests.test_pages import opened, words

__all__ = ["made", "sail"]

HEALTH, JOURNEY = "pages/weekly_health.py", "pages/journey.py"
PAGES = [
    (HEALTH, {"weeks": "52"}), (HEALTH, {"part": "loyalty"}), (HEALTH, {"part": "actions"}),
    ("pages/surges.py", {}), ("pages/campaigns.py", {}), ("pages/campaigns.py", {"opened": "spring"}), ("pages/benchmarks.py", {}),
    *((JOURNEY, {"view": view}) for view in ("funnel", "ideal", "touchpoints", "paths", "channels", "return")),
]  # fmt: skip
FIGURES = re.compile(r"\b(from|join)\s+r_\w+")
ROWS = re.compile(r"\b(from|join)\s+(interactions|files|customers)\b")


@pytest.mark.parametrize(("page", "link"), PAGES)
def test_a_page_is_answered_the_same_to_the_last_bit(
    made: Made, page: str, link: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asked_by(made.there, page, link, monkeypatch)
    assert len(asked) > 2
    here, there = (answers(folders, asked) for folders in (made.here, made.there))
    for query, one, other in zip(asked, here, there, strict=True):
        pd.testing.assert_frame_equal(in_order(one), in_order(other), check_exact=True, obj=query.sql)


def asked_by(
    folders: Folders, page: str, link: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> list[Query]:
    """What a page asks of the figures."""
    monkeypatch.setenv("CX_DATA", str(folders.root))
    monkeypatch.setenv("CX_NOW", "2025-04-30T12:00:00")
    try:
        with recorded(live.server().store) as asked:
            app = opened(page, **link)
            assert not app.exception
        return [query for query in asked if of_figures(query)]
    finally:
        close()


def answers(folders: Folders, asked: list[Query]) -> list[pd.DataFrame]:
    store = Store.open(folders.store)
    try:
        return [store.run(query) for query in asked]
    finally:
        store.close()


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of a frame in one order: where a query asks for none, no store promises any."""
    return frame.sort_values([*frame.columns], ignore_index=True)


def of_figures(query: Query) -> bool:
    return bool(FIGURES.search(query.sql)) and not ROWS.search(query.sql)


def test_the_data_page_names_the_version_and_not_no_rows(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_DATA", str(made.there.root))
    monkeypatch.setenv("CX_NOW", NOW.isoformat())
    try:
        app = opened("pages/data.py")
        assert not app.exception
        assert made.version.name in words(app)
    finally:
        close()


def test_the_doctor_names_the_version(made: Made) -> None:
    told = {finding.what: finding for finding in examine(made.there)}
    assert made.version.name in told["Engine"].told
    assert "Engine" not in {finding.what for finding in examine(made.here)}
