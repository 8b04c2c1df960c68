"""The server seen from outside: its health, its figures, its log, and an ingest that dies and comes back."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.client import HTTPConnection
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import streamlit as st
import uvicorn
from starlette.applications import Starlette

from cx import doctor, logs
from cx.errors import QueryError
from cx.folders import Folders
from cx.query import Query
from cx.ui import live, seen
from cx.ui.taking import Taking
from tests.conftest import ROW, write_csv
from tests.e2e.browser import free_port
from tests.test_pages import opened

WORDS = {"ok", "ingest stopped", "store does not answer"}
PATIENCE_SECONDS = 30


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folders]:
    """The product over folders of its own."""
    monkeypatch.setenv("CX_DATA", str(tmp_path / "data"))
    yield Folders(tmp_path / "data").make()
    live.close()
    st.cache_resource.clear()


class Asker(NamedTuple):
    """Someone who asks the server from outside."""

    port: int

    def get(self, path: str) -> tuple[int, str, dict[str, str]]:
        connection = HTTPConnection("localhost", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), dict(answer.getheaders())
        finally:
            connection.close()


@contextmanager
def outside(**options: Any) -> Iterator[Asker]:
    """The server's own addresses, and nothing that runs beside them."""
    live.warm_with()
    app, port = Starlette(routes=live.routes(), **options), free_port()
    server = uvicorn.Server(uvicorn.Config(app, "localhost", port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert comes(lambda: server.started or not thread.is_alive())
        yield Asker(port)
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)


def running() -> AbstractContextManager[Asker]:
    """The server with all that runs beside it."""
    return outside(lifespan=live.lifespan)


def comes(true: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE_SECONDS
    while not true() and time.monotonic() < until:
        time.sleep(0.05)
    return true()


def health(client: Asker) -> tuple[int, dict[str, str]]:
    status, text, _ = client.get("/api/health")
    return status, json.loads(text)


def test_a_running_server_is_well_and_says_nothing_else(folders: Folders) -> None:
    with running() as client:
        assert health(client) == (200, {"status": "ok"})
        assert {*client.get("/api/health")[2]} == {
            "date",
            "server",
            "cache-control",
            "content-length",
            "content-type",
        }


def test_without_the_thread_or_the_store_it_is_not_well(folders: Folders) -> None:
    with outside() as client:
        assert health(client) == (503, {"status": "ingest stopped"})
        live.server().store.close()
        assert health(client) == (503, {"status": "store does not answer"})
    assert {seen.OK, seen.STOPPED, seen.SILENT} == WORDS


def test_a_store_that_hangs_is_said_to_and_holds_one_thread_only(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEALTH_SECONDS", 0.2)
    store = live.server().store

    async def ask() -> list[str]:
        return [
            *await asyncio.gather(*(live.server().health() for _ in range(20))),
            await live.server().health(),
        ]

    with outside(), store._asking.closed():
        told = asyncio.new_event_loop()
        words = told.run_until_complete(ask())
    told.run_until_complete(told.shutdown_default_executor())
    told.close()
    assert set(words) == {"store does not answer"}


def lost(folders: Folders) -> None:
    """In the place of the inbox stands a file: it can neither be made nor listed."""
    folders.inbox.rmdir()
    folders.inbox.write_text("not a folder")


def test_ingest_that_dies_is_told_everywhere_and_comes_back(
    folders: Folders, caplog: pytest.LogCaptureFixture
) -> None:
    live.server()
    lost(folders)
    with running() as client:
        assert comes(lambda: live.server().taking.down)
        assert health(client) == (503, {"status": "ingest stopped"})
        assert comes(lambda: "FileExistsError" in caplog.text)
        assert str(folders.inbox) not in caplog.text
        assert [warning.value.startswith("Exports are not being taken in right now") for warning in opened().warning] == [True]  # fmt: skip
        assert [live._summary()["taking_in"], doctor._taking_in(False).well] == [False, False]
        assert live.server().signal == live.server().version + 0.5
        folders.inbox.unlink()
        folders.inbox.mkdir()
        write_csv(folders.inbox / "x.csv", [ROW])
        assert comes(lambda: health(client) == (200, {"status": "ok"}))
        assert comes(lambda: not [*folders.inbox.iterdir()])
        assert list(opened("pages/data.py").warning) == []


def test_pauses_grow_and_each_attempt_ends_before_the_next() -> None:
    begun: list[float] = []
    events = []

    def work(stop: object) -> None:
        begun.append(time.monotonic())
        events.append(stop)
        raise OSError("secret")

    taking = Taking(work, pauses=(0.1, 0.8))
    assert (taking.alive, taking.down) == (False, False)
    taking.start()
    assert comes(lambda: len(begun) >= 4)
    assert taking.down
    taking.end()
    gaps = [after - before for before, after in pairwise(begun)][:3]
    assert gaps == sorted(gaps)
    assert gaps[2] > 2 * gaps[0]
    assert all(event.is_set() for event in events)  # type: ignore[attr-defined]


def test_pages_that_listen_hear_that_ingest_died(folders: Folders) -> None:
    async def hear() -> list[str]:
        server = live.server()
        stream = server.events()
        first = await anext(stream)
        following = asyncio.create_task(server.follow())
        heard = [first, await anext(stream)]
        server.taking = SimpleNamespace(down=True)  # type: ignore[assignment]
        heard.append(await anext(stream))
        following.cancel()
        await stream.aclose()
        return heard

    live.warm_with()
    assert [re.sub(r".*data: (.+)\n\n", r"\1", told, flags=re.DOTALL) for told in asyncio.run(hear())] == ["0", "0", "0.5"]  # fmt: skip


def test_figures_are_shown_only_where_they_are_wanted(folders: Folders) -> None:
    with outside() as client:
        assert client.get("/metrics")[0] == 404


def figures(client: Asker) -> dict[str, float]:
    _, text, headers = client.get("/metrics")
    assert headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_figures_count_what_landed_and_name_nothing_of_it(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_METRICS", "1")
    with running() as client:
        write_csv(folders.inbox / "ann_smith.csv", [ROW, ROW | {"interaction_id": "2", "csat": 9}])
        (folders.inbox / "broken.csv").write_text("a,b\n1,2\n")
        counts = {'cx_files_total{outcome="kept"}': 1, 'cx_files_total{outcome="refused"}': 1,
                  "cx_rows_taken_in_total": 1, "cx_ingest_alive": 1, "cx_listeners": 0}  # fmt: skip
        assert comes(lambda: counts.items() <= figures(client).items())
        assert comes(lambda: figures(client)["cx_data_age_seconds"] > 86400)
        told = figures(client)
        assert told["cx_store_version"] == live.server().store.version
        assert told["cx_store_bytes"] > 0
        assert told["cx_last_landing_seconds"] > 0
        assert told["cx_query_seconds_count"] > 0
        text = client.get("/metrics")[1]
        labels = set(re.findall(r"\{(\w+)=", text))
        assert labels == {"outcome", "le"}
        assert not re.search("ann_smith|desk|/data", text)


@pytest.mark.parametrize(
    ("wanted", "level"),
    [("debug", logging.DEBUG), ("INFO", logging.INFO), ("warning", logging.WARNING), ("loud", logging.INFO), (None, logging.INFO)],
)  # fmt: skip
def test_the_log_has_a_level(
    wanted: str | None, level: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CX_LOG", wanted) if wanted else monkeypatch.delenv("CX_LOG", raising=False)
    for _ in range(2):
        logs.set_up()
    capsys.readouterr()
    logging.getLogger("cx.some.part").error("once")
    assert logging.getLogger("cx").level == level
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ERROR cx\.some\.part: once\n", capsys.readouterr().err
    )


def test_of_an_exception_its_place_is_logged_and_not_its_message(folders: Folders) -> None:
    query = Query("q", "select cast($said as integer)", {"said": "Ann 555"})
    with pytest.raises(QueryError, match="Could not convert") as failed:
        live.server().store.run(query)
    assert "Ann" not in str(failed.value)
    told = logs.place(failed.value)
    assert told.startswith("QueryError\n")
    assert "in run" in told
    assert "Ann" not in told


def named(folders: Folders, what: str) -> list[tuple[bool, str]]:
    return [(finding.well, finding.told) for finding in doctor.examine(folders) if finding.what == what]


def test_doctor_tells_of_a_key_that_others_can_read(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CX_KEY")
    assert named(folders, "Key") == []
    live.server()
    live.close()
    key = folders.root / "customer.key"
    assert named(folders, "Key") == [(True, str(key))]
    os.chmod(key, 0o644)
    ((well, told),) = named(folders, "Key")
    assert not well
    assert f"chmod 600 {key}" in told


def test_doctor_tells_of_exports_that_wait_among_the_refused(folders: Folders) -> None:
    assert named(folders, "Refused") == []
    for name in ("a.csv", "a.csv.txt"):
        (folders.refused / name).touch()
    ((well, told),) = named(folders, "Refused")
    assert not well
    assert told.startswith("1 export waits in")


GB = 10**9


@pytest.mark.parametrize(
    ("free", "total", "well"),
    [(2 * GB, 10 * GB, True), (GB, 10 * GB, True), (GB - 1, 10 * GB, False), (4 * GB, 100 * GB, False), (5 * GB, 100 * GB, True)],
)  # fmt: skip
def test_a_disk_is_nearly_full_below_a_gigabyte_or_a_twentieth(free: int, total: int, well: bool) -> None:
    assert doctor.roomy(free, total) == well
