"""What many tests need: folders of their own, an open store, and a way to write and read rows."""

from __future__ import annotations

import csv
import hmac
import json
import os
import pickle
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from filelock import FileLock
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from cx import demo, rollups
from cx.demo import Demo
from cx.folders import Folders
from cx.ingest import catch_up, take_in
from cx.model import COLUMNS
from cx.query import Query
from cx.store import Store
from cx.ui import live

# No law has to hold by a moment: machines differ, and so does what else they do.
settings.register_profile("whenever", deadline=None)
settings.load_profile("whenever")

NOW = datetime(2025, 10, 12, 14, 5)
"""The moment that tests call now; a Sunday."""

ROW = {
    "source": "desk",
    "interaction_id": "1",
    "occurred_at": "2025-10-01 10:00:00",
    "kind": "contact",
    "channel": "web",
}
"""A row of a CSV export that is sound as it stands."""

BROWSER = "tests/e2e/"
"""Where the tests are that look at pages in a browser."""


KEY = "5e" * 32
"""What customers' pseudonyms are made with in every test, so that stores can be compared."""

GIVEN = {name for name in os.environ if name.startswith("CX_")} | {"CX_KEY"}
"""Settings of the product that are there for all tests."""

Emptied = Callable[[], tuple[Store, Folders]]
"""Gives out a store without rows, and its folders."""


@pytest.fixture(scope="session", autouse=True)
def one_key(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The same key for all stores, of this process and of those that it starts."""
    path = tmp_path_factory.mktemp("key") / "customer.key"
    path.write_text(f"{KEY}\n")
    path.chmod(0o600)
    os.environ["CX_KEY"] = str(path)


@pytest.fixture(scope="module", autouse=True)
def one_environment(one_key: None) -> Iterator[None]:
    """What a test sets for the product it takes back: a clock that stands still would stand still for all that come later."""
    yield
    left = {name for name in os.environ if name.startswith("CX_")} - GIVEN
    assert not left, f"{', '.join(sorted(left))}: set, and not taken back"


@pytest.fixture(autouse=True)
def one_main() -> Iterator[None]:
    """What was run stays the main module: a page that is run puts its script in its place, and every process that a later test
    starts would begin by running that script, which may be gone."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


def even(text: str) -> str:
    """A text whose lines may break anywhere, on one line."""
    return " ".join(text.split())


def known_as(customer_id: str) -> str:
    """The pseudonym of a customer in every store of the tests, computed apart from the product."""
    return hmac.new(bytes.fromhex(KEY), customer_id.encode(), "sha256").hexdigest()[:24]


NAMES = {known_as(name): name for number in range(100) for name in (f"c{number}", f"c{number:02}")}
"""Whom a pseudonym of the laws stands for."""


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "data").make()


@pytest.fixture
def store(folders: Folders) -> Iterator[Store]:
    opened = Store.open(folders.store)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def own_journey() -> str:
    """The journey.toml beside the store of `emptied`; a module that needs its own overrides it."""
    return ""


@pytest.fixture(scope="module")
def emptied(tmp_path_factory: pytest.TempPathFactory, own_journey: str) -> Iterator[Emptied]:
    """One store for all examples of a law, given out empty each time."""
    folders = Folders(tmp_path_factory.mktemp("emptied")).make()
    if own_journey:
        (folders.reference / "journey.toml").write_text(own_journey)
    store = Store.open(folders.store)

    def empty() -> tuple[Store, Folders]:
        with store.transaction() as cursor:
            for table in (
                "interactions",
                "customers",
                "history",
                "again",
                "files",
                "refusals",
                "forgotten",
                "uncounted",
                "unfolded",
                *rollups.TABLES,
            ):
                cursor.execute(f"delete from {table}")
        return store, folders

    yield empty
    store.close()


@pytest.fixture
def ask(store: Store) -> Callable[[str], list[tuple[Any, ...]]]:
    """Ask the store in SQL; the answer is a list of rows, with None where there is nothing."""
    return lambda sql: answer(store, sql)


def answer(store: Store, sql: str) -> list[tuple[Any, ...]]:
    """The rows that this SQL gives, with None where there is nothing."""
    frame = store.run(Query("test", sql)).astype(object)
    return [tuple(row) for row in frame.where(frame.notna(), None).itertuples(index=False)]


def everything(store: Store) -> list[list[tuple[Any, ...]]]:
    """All rows of the interactions and of every rollup, whatever files and in whatever order they came.

    Sums are rounded, as the order of adding may differ; customers stand under their ids, not their numbers.
    """
    queries = [f"select {', '.join(COLUMNS)} from interactions left join customers using (customer_no)"]
    queries += [f"select * from {table}" for table in rollups.BY_DAY]
    queries += [
        f"select c.customer_id, r.* exclude (customer_no) from {table} r join customers c using (customer_no)"
        for table in rollups.BY_CUSTOMER
    ]
    return [sorted(map(_rounded, answer(store, query)), key=repr) for query in queries]


def _rounded(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(round(value, 6) if isinstance(value, float) else value for value in row)


def write_csv(path: Path, rows: Sequence[dict[str, object]]) -> Path:
    """Write these rows under the union of their columns."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


@dataclass(frozen=True)
class DemoCompany:
    """The demo company, taken in: what was made, where its store is (closed), and the moment that it is now."""

    demo: Demo
    folders: Folders
    now: datetime


@pytest.fixture(scope="session")
def demo_company(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> DemoCompany:
    """One demo company for all tests that only read it. Its now is a Wednesday at noon.

    It is made once a run. Each worker opens a copy, as one process at a time may have a store open.
    """
    own = tmp_path_factory.mktemp("demo")
    if worker_id == "master":
        return _made(own)
    shared = tmp_path_factory.getbasetemp().parent / "demo"
    told = shared / "told.pickle"
    with FileLock(shared.with_suffix(".lock")):
        if not told.exists():
            made = _made(shared)
            told.write_bytes(pickle.dumps(made))
    company: DemoCompany = pickle.loads(told.read_bytes())
    shutil.copytree(shared, own, ignore=shutil.ignore_patterns("demo", told.name), dirs_exist_ok=True)
    return replace(company, folders=Folders(own))


@pytest.fixture(scope="module")
def company(demo_company: DemoCompany) -> Iterator[DemoCompany]:
    """The product over the demo company, with its answers kept from one of a module's tests to the next."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CX_DATA", str(demo_company.folders.root))
        patch.setenv("CX_NOW", demo_company.now.isoformat())
        yield demo_company
        close()


@pytest.fixture(scope="module")
def demo_store(demo_company: DemoCompany) -> Iterator[Store]:
    """The demo company's store, for tests that ask it without the product around it."""
    store = Store.open(demo_company.folders.store)
    yield store
    store.close()


@pytest.fixture(scope="module")
def truths(demo_company: DemoCompany) -> Any:
    """What is true of the demo company, and no page may read."""
    return json.loads(demo_company.demo.truths.read_text(encoding="utf-8"))


def close() -> None:
    """Forget the store and every answer about it: answers are kept by version, and each process has one store."""
    live.close()
    st.cache_resource.clear()


def _made(root: Path) -> DemoCompany:
    through = datetime(2026, 3, 11, 12)
    folders = Folders(root).make()
    made = demo.make(folders.root / "demo", through)
    demo.install_reference(made, folders.reference)
    store = Store.open(folders.store)
    reports = [take_in(store, folders, path, now=through, alone=False) for path in made.exports]
    catch_up(store, folders)
    store.close()
    assert [report for report in reports if report.reason or report.rows_refused] == []
    return DemoCompany(made, folders, through)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those in a browser come first; files that need the demo company last, so that few wait until it is made."""
    needing = {item.path for item in items if "demo_company" in getattr(item, "fixturenames", ())}
    items.sort(key=lambda item: (BROWSER not in item.nodeid, item.path in needing))


class _ByFile(LoadFileScheduling):
    """Each worker takes whole files; one of them takes all those in a browser, which would else disturb each other."""

    def _split_scope(self, nodeid: str) -> str:
        return BROWSER if BROWSER in nodeid else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _ByFile:
    return _ByFile(config, log)
