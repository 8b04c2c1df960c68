"""A store that is damaged where nobody looked yet: it opens, and whoever meets the damage is told in words."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cx import doctor
from cx.__main__ import main
from cx.errors import StoreBroken
from cx.folders import Folders
from cx.store import Store
from tests.conftest import DemoCompany, close, even
from tests.test_faults_links import PAGES, opened
from tests.test_rebuild import overwrite

SHARES = (0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
"""How much of the file is before the damage."""

Damage = Callable[[Path, int], None]
TOLD = "it was cut short or overwritten"

DAMAGES: dict[str, Damage] = {
    "cut in its last third": lambda path, place: os.truncate(path, place),
    "overwritten in its last third": lambda path, place: overwrite(path, place, path.stat().st_size - place),
}


@pytest.fixture(params=DAMAGES.values(), ids=[*DAMAGES])
def damaged(
    request: pytest.FixtureRequest, demo_company: DemoCompany, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Folders]:
    """The demo company, its store damaged as early as it still opens; where it never does, that is told at once."""
    folders = Folders(tmp_path / "data")
    shutil.copytree(
        demo_company.folders.root, folders.root, ignore=shutil.ignore_patterns("demo", "cx.duckdb")
    )
    whole = demo_company.folders.store
    for share in SHARES:
        shutil.copy2(whole, folders.store)
        request.param(folders.store, int(whole.stat().st_size * share) // 4096 * 4096)
        if opens(folders.store):
            break
    else:
        pytest.skip("damaged there it does not open: told by tests/test_rebuild.py")
    monkeypatch.setenv("CX_DATA", str(folders.root))
    monkeypatch.setenv("CX_NOW", demo_company.now.isoformat())
    yield folders
    close()


def opens(path: Path) -> bool:
    try:
        Store.open(path).close()
    except StoreBroken:
        return False
    return True


def test_the_doctor_finds_it_and_says_what_mends_it(
    damaged: Folders, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == 1
    told = even(capsys.readouterr().out)
    assert TOLD in told
    assert "python -m cx rebuild" in told


def test_every_page_shows_it_in_words(damaged: Folders) -> None:
    apps = {page: opened(page, {}) for page in PAGES}
    assert [page for page, app in apps.items() if app.exception] == []
    told = [error.value for app in apps.values() for error in app.error]
    assert told
    assert [error for error in told if TOLD not in error or "python -m cx rebuild" not in error] == []


def test_the_doctor_reads_a_sound_store_to_its_end(demo_company: DemoCompany) -> None:
    store = Store.open(demo_company.folders.store)
    assert doctor.damage(store) == ""
    store.close()
