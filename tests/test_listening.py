"""A server that asks nobody who they are answers its own machine alone, unless it is said in plain words that others are meant."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from cx.folders import PROJECT
from cx.ui import listening
from cx.ui.guard import Guard
from tests.e2e.browser import free_port

PATIENCE_SECONDS = 60


@pytest.mark.parametrize(
    ("address", "own"),
    [
        pytest.param("localhost", True, id="its own name"),
        pytest.param("127.0.0.1", True, id="its own number"),
        pytest.param("127.9.8.7", True, id="any number of its own"),
        pytest.param("127.1", True, id="a number written short"),
        pytest.param("::1", True, id="its own number in IPv6"),
        pytest.param("[::1]", True, id="a number in brackets"),
        pytest.param("::ffff:127.0.0.1", True, id="IPv4 within IPv6"),
        pytest.param("0.0.0.0", False, id="all addresses"),
        pytest.param("0", False, id="all addresses, written short"),
        pytest.param("::", False, id="all addresses in IPv6"),
        pytest.param("::ffff:0.0.0.0", False, id="all addresses, IPv4 within IPv6"),
        pytest.param("10.1.2.3", False, id="an address of the network"),
        pytest.param("fe80::1%lo", False, id="an address of a link"),
        pytest.param("no.such.name.invalid", False, id="a name that nobody knows"),
        pytest.param("a" * 300, False, id="no name at all"),
        pytest.param("unix:///run/cx.sock", False, id="no address"),
    ],
)
def test_an_address_is_the_machines_own_where_it_leads_nowhere_else(address: str, own: bool) -> None:
    assert listening.own(address) == own


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("", False),
        ("1", False),
        ("true", False),
        ("yes", False),
        (listening.MEANT.upper(), False),
        (listening.MEANT[:-10], False),
        (listening.MEANT, True),
        (f" {listening.MEANT}. ", True),
    ],
)
def test_only_the_whole_sentence_opens_it(monkeypatch: pytest.MonkeyPatch, said: str, meant: bool) -> None:
    monkeypatch.setenv(listening.VARIABLE, said)
    assert listening.meant() == meant


def test_a_server_for_other_machines_does_not_start_and_says_what_to_do(tmp_path: Path) -> None:
    environment = {**os.environ, "CX_DATA": str(tmp_path / "data"), listening.VARIABLE: "1"}
    # To Streamlit an empty address is every address.
    options = [
        "--server.address=",
        "--server.headless=true",
        f"--server.port={free_port()}",
        "--server.baseUrlPath=cx",
    ]
    done = subprocess.run([sys.executable, "-m", "streamlit", "run", "app.py", *options], cwd=PROJECT, env=environment,
                          capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)  # fmt: skip
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "It would listen on 0.0.0.0, which other machines can reach" in done.stderr
    assert f'{listening.VARIABLE}="{listening.MEANT}"' in done.stderr
    assert not (tmp_path / "data").exists()  # nothing was opened on the way


def machine() -> str:
    """An address under which other machines would reach this one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        try:
            found.connect(("192.0.2.1", 9))  # sends nothing: it only finds the way
        except OSError:
            pytest.skip("this machine has no address but loopback")
        return str(found.getsockname()[0])


def asked(address: str, port: int, path: str, host: str = "localhost", **headers: str) -> int:
    connection = HTTPConnection(address, port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", path, headers={"Host": host, **headers})
        return connection.getresponse().status
    finally:
        connection.close()


@contextmanager
def anywhere() -> Iterator[int]:
    """A server that somebody else started, on every address of the machine, with the guard before its pages, below /cx."""

    async def page(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("figures")

    port = free_port()
    app = Starlette(routes=[Guard("/cx"), Route("/cx/", page), Route("/cx/_stcore/metrics", page)])
    server = uvicorn.Server(uvicorn.Config(app, "0.0.0.0", port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield port
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)


def test_a_connection_that_came_in_from_elsewhere_is_refused_whoever_listens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(listening.VARIABLE, raising=False)
    with anywhere() as port:
        assert asked("127.0.0.1", port, "/cx/") == 200
        assert asked("127.0.0.1", port, "/cx/_stcore/metrics") == 404
        assert asked(machine(), port, "/cx/") == 403
        pretended = {
            "X-Forwarded-For": "127.0.0.1",
            "X-Forwarded-Host": "localhost",
            "Forwarded": "for=127.0.0.1;host=localhost",
        }
        assert asked(machine(), port, "/cx/", **pretended) == 403
        monkeypatch.setenv(listening.VARIABLE, listening.MEANT)
        assert asked(machine(), port, "/cx/") == 200


def test_what_the_pages_on_security_name_is_there() -> None:
    """The sentence that opens the server, and every test that is said to hold something."""
    assert f'{listening.VARIABLE}="{listening.MEANT}"' in (PROJECT / "docs/operations.md").read_text()
    page = (PROJECT / "docs/security.md").read_text()
    named = re.findall(r"`(tests/\w+\.py)(?:::(\w+))?`", page)
    assert len(named) > 20
    assert [(file, test) for file, test in named if f"def {test}" not in (PROJECT / file).read_text()] == []
