"""The same numbers from a distributed engine: every rollup of exports full of oddities, and what happens when it breaks off.

Wants the packages of requirements-bench.txt; where they are missing it is skipped.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

pytest.importorskip("pysail", reason="needs an engine: pip install -r requirements-bench.txt")
pytest.importorskip("pyspark", reason="needs the engine's client: pip install -r requirements-bench.txt")

from cx import owner, rollups
from cx.engine import command, running, session, shapes, versions
from cx.engine.errors import EngineError, OutOfTouch
from cx.engine.settings import Settings
from cx.engine.storage import Place
from cx.engine.versions import Version
from cx.folders import PROJECT, Folders
from cx.ingest import catch_up, take_in
from cx.journey import DEFAULT
from cx.query import Filters, Query
from cx.questions.funnel import Period, funnel
from cx.store import Store
from tests import odd, parity
from tests.conftest import ROW, write_csv
from tests.e2e.browser import serving
from tests.sail import Sail, free_port, sailing

NOW = datetime(2026, 1, 1)
SEED = 7
PERIOD = Period(date(2025, 3, 1), date(2025, 4, 30), date(2025, 4, 30))


def quiet(phase: str, done: float) -> None:
    """Nobody looks on."""


@dataclass(frozen=True)
class Made:
    """The same exports counted here and by the engine."""

    settings: Settings
    version: Version
    here: Folders
    there: Folders


@pytest.fixture(scope="module")
def sail() -> Iterator[Sail]:
    with sailing() as server:
        yield server


@pytest.fixture(scope="module")
def made(sail: Sail, tmp_path_factory: pytest.TempPathFactory) -> Made:
    root = tmp_path_factory.mktemp("engine")
    odd.write(root / "raw", SEED)
    for number, path in enumerate(sorted((root / "raw").rglob("*.*"))):
        os.utime(path, (1_760_000_000 + number, 1_760_000_000 + number))
    settings = Settings("spark", sail.address, str(root / "raw"), str(root / "rollups"), 30, 2)
    here, there = (Folders(root / name).make() for name in ("here", "there"))
    counted_here(here, root / "raw")
    version = running.make(settings, there, NOW, quiet)
    command.serve(settings, there, version, quiet)
    return Made(settings, version, here, there)


def counted_here(folders: Folders, raw: Path) -> None:
    store = Store.open(folders.store)
    for path in sorted(raw.rglob("*.*")):
        take_in(store, folders, path, now=NOW, alone=False)
    catch_up(store, folders)
    store.close()


def rows(folders: Folders, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(folders.store), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_every_rollup_is_the_same_to_the_last_bit(made: Made) -> None:
    found = parity.compared(made.here.store, made.there.store)
    assert {one.table: one for one in found if not one.same} == {}
    assert {one.table for one in found if not one.rows} == set()


def test_a_cell_that_was_tampered_with_is_caught_in_every_rollup(made: Made, tmp_path: Path) -> None:
    tampered, counted = (
        tmp_path / "tampered.duckdb",
        [table for table in rollups.TABLES if table not in rollups.SUMS],
    )
    shutil.copy(made.there.store, tampered)
    with duckdb.connect(str(tampered)) as connection:
        for table in counted:
            connection.execute(tampering(table))
    assert parity.differing(made.here.store, tampered) == dict.fromkeys(counted, (1, 1))


def tampering(table: str) -> str:
    """A change of the last cell of one row."""
    column, type_ = [*shapes.tables()[table].items()][-1]
    other = {"VARCHAR": "'another'", "DATE": f"coalesce({column}, date '2025-01-01') + 1", "BOOLEAN": f"{column} is not true",
             "TIMESTAMP": f"coalesce({column}, timestamp '2025-01-01') + interval 1 second"}  # fmt: skip
    return f"""
update {table} set {column} = {other.get(type_, f"coalesce({column}, 0) + 1")} where rowid = (select min(rowid) from {table})"""


def test_rows_were_replaced_refused_and_kept_as_they_are_here(made: Made) -> None:
    stored = rows(made.here, "select count(*), count(distinct customer_no) from interactions")
    ((kept, _),) = stored
    assert made.version.interactions == kept
    ((refused,),) = rows(made.here, "select sum(rows_refused) from files")
    assert sum(file.refused for file in made.version.files) == refused > 3
    assert sum(file.read for file in made.version.files) > kept + int(str(refused))


def test_files_hold_the_types_that_the_product_counts_in(made: Made) -> None:
    place = versions.folder(Place.at(made.settings.rollups), made.version.name)
    for table in rollups.BY_DAY:
        found = place.below(table).parquet().schema
        assert [(field.name, field.type) for field in found] == [
            (field.name, field.type) for field in shapes.arrow(shapes.tables()[table])
        ]


def test_an_answer_is_bit_identical(made: Made) -> None:
    told = []
    for folders in (made.here, made.there):
        store = Store.open(folders.store)
        told.append(funnel(store, DEFAULT, Filters(), PERIOD))
        store.close()
    assert told[0].entered > 20
    assert told[0].stages.equals(told[1].stages)


def test_what_has_not_changed_is_not_counted_again(made: Made) -> None:
    unreachable = replace(made.settings, address=f"sc://127.0.0.1:{free_port()}")
    assert running.make(unreachable, made.there, NOW, quiet) == made.version


def test_what_lands_later_stands_beside_what_the_engine_counted(made: Made, tmp_path: Path) -> None:
    folders = Folders(tmp_path / "data").make()
    for name in ("cx.duckdb", "customer.key"):
        if (made.there.root / name).exists():
            shutil.copy(made.there.root / name, folders.root / name)
    export = tmp_path / "new.csv"
    export.write_text(
        "source,interaction_id,occurred_at,kind,channel\ndesk,n1,2025-10-01,contact,web\ndesk,n2,2025-03-05,contact,web\n"
    )
    store = Store.open(folders.store)
    before = store.run(Query("before", "select sum(contacts) as n from r_day"))["n"].iloc[0]
    report = take_in(store, folders, export, now=NOW)
    after = store.run(Query("after", "select sum(contacts) as n from r_day"))["n"].iloc[0]
    store.close()
    assert (report.rows_kept, report.rows_refused) == (1, 1)
    assert after == before + 1


def test_a_column_that_drifted_stops_the_run_and_names_it(made: Made, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    shutil.copytree(made.settings.raw, raw)
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select 'a' as source, '1' as interaction_id, 20 as occurred_at, 'visit' as kind) to '{raw}/drifted.parquet'"
        )
    before = versions.current(Place.at(made.settings.rollups))
    started = time.monotonic()
    with pytest.raises(EngineError, match=r"drifted\.parquet.*'occurred_at' holds whole numbers"):
        running.make(replace(made.settings, raw=str(raw)), made.there, NOW, quiet)
    assert time.monotonic() - started < 10
    assert versions.current(Place.at(made.settings.rollups)) == before
    assert Place.at(made.settings.rollups).below(versions.FOLDER).names() == [made.version.name]


def test_an_engine_that_is_killed_leaves_what_was_served(made: Made, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    odd.write(raw, SEED + 1, 300)
    with sailing() as server:
        settings = replace(made.settings, address=server.address, raw=str(raw), timeout_seconds=4)

        def killing(phase: str, done: float) -> None:
            if done > 0.5:
                server.kill()

        started = time.monotonic()
        with pytest.raises(EngineError, match="was lost"):
            running.make(settings, made.there, NOW, killing)
        assert time.monotonic() - started < 60
    assert versions.current(Place.at(made.settings.rollups)) == made.version
    assert parity.differing(made.here.store, made.there.store) == {}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param(
            {"address": "sc://no-such-host.invalid:15002"}, "There is no machine called", id="a bad address"
        ),
        pytest.param(
            {"address": "sc://127.0.0.1:1"}, "Nothing answers at 127.0.0.1:1", id="a server that is down"
        ),
        pytest.param({"raw": "/no/such/folder"}, "/no/such/folder cannot be reached", id="no exports"),
        pytest.param({"rollups": "/sys/rollups"}, "/sys", id="a place that nobody may write to"),
    ],
)
def test_what_cannot_be_reached_is_said_within_seconds(
    made: Made, changed: dict[str, str], said: str
) -> None:
    wanted = replace(made.settings, **{"rollups": f"{made.settings.rollups}-other", **changed})
    started = time.monotonic()
    with pytest.raises(OutOfTouch) as refused:
        running.make(wanted, made.there, NOW, quiet)
    assert said in str(refused.value)
    assert time.monotonic() - started < 10


def test_a_server_of_another_version_is_refused(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "VERSIONS", ("9",))
    with pytest.raises(OutOfTouch, match=r"is Spark 4\.\S+; this needs 9\.x"):
        running.make(replace(made.settings, rollups=f"{made.settings.rollups}-other"), made.there, NOW, quiet)


def commanded(
    made: Made, root: Path, *command: str, also: Sequence[str] = (), **environment: str
) -> tuple[int, str]:
    """What the command said, in a process of its own, and how it ended."""
    told = {"CX_DATA": str(root), "CX_ENGINE_ADDRESS": made.settings.address, "CX_ENGINE_RAW": made.settings.raw,
            "CX_ENGINE_ROLLUPS": str(root / "rollups"), "COLUMNS": "500", **environment}  # fmt: skip
    whole = [sys.executable, *command, "rebuild", "--engine", "spark", *also]
    done = subprocess.run(
        whole,
        cwd=PROJECT,
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, done.stdout


def test_the_command_counts_and_serves(made: Made, tmp_path: Path) -> None:
    shutil.copytree(Path(made.settings.rollups), tmp_path / "rollups")
    shutil.copy(os.environ["CX_KEY"], tmp_path / "customer.key")
    status, said = commanded(made, tmp_path, "-m", "cx")
    assert status == 0, said
    assert "The dashboard serves it from now on." in said
    assert parity.differing(made.here.store, tmp_path / "cx.duckdb") == {}


def test_a_running_dashboard_switches_under_its_open_pages(made: Made, tmp_path: Path) -> None:
    shutil.copytree(Path(made.settings.rollups), tmp_path / "rollups")
    shutil.copy(os.environ["CX_KEY"], tmp_path / "customer.key")
    write_csv(tmp_path / "first.csv", [ROW])
    folders = Folders(tmp_path).make()
    store = Store.open(folders.store)
    take_in(store, folders, tmp_path / "first.csv", now=NOW)
    store.close()
    with serving(tmp_path) as running:
        before = owner.asks(folders)
        status, refused = commanded(made, tmp_path, "-m", "cx")
        assert (status, owner.asks(folders)) == (1, before)  # it asks first, and nobody answers
        status, said = commanded(made, tmp_path, "-m", "cx", also=("--yes",))
        after = owner.asks(folders)
        running.stop()
    assert "holds 1 interactions of its own" in refused
    assert "Nothing was changed." in refused
    assert (status, "its open pages show it" in said) == (0, True), said
    assert before
    assert after
    assert after["version"] == before["version"] + 1
    assert parity.differing(made.here.store, folders.store) == {}


def test_a_server_that_says_nothing_is_not_waited_for(made: Made, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address, started = f"sc://127.0.0.1:{silent.getsockname()[1]}", time.monotonic()
        status, said = commanded(
            made, tmp_path, "-m", "cx", CX_ENGINE_ADDRESS=address, CX_ENGINE_TIMEOUT_SECONDS="2"
        )
    assert status == 2
    assert "does not answer within 2 s" in said
    assert time.monotonic() - started < 20


def test_a_plain_installation_says_what_to_install(made: Made, tmp_path: Path) -> None:
    without = "import sys; sys.modules['pyspark'] = sys.modules['sqlglot'] = None; from cx.__main__ import main; sys.exit(main())"
    status, said = commanded(made, tmp_path, "-c", without)
    assert status == 2
    assert "pip install -r requirements-spark.txt" in said
