"""Every address of the server, and all that a stranger learns there: a version number, "ok", or nothing.

A new address fails here until it is said what it answers to those who bring nothing along.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http.client import HTTPConnection
from importlib import import_module
from typing import NamedTuple

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime
from websockets.sync.client import connect

from cx.folders import PROJECT, Folders
from cx.owner import TOKEN_HEADER
from cx.ui import listening, live
from tests.conftest import ROW, write_csv
from tests.e2e.browser import serving

PATIENCE_SECONDS = 30
MARK = "zauberkessel"
"""Stands in everything of the data, and so in no answer."""

OWNERS = r'\{"error":"This is for the owner of the data."\}'
CLOSED = r"There is nothing here\.\n"
SHELL = r"<!--\n Copyright \(c\) Streamlit.*</html>\s*"
HOST = re.escape(
    '{"allowedOrigins":[],"useExternalAuthToken":false,"enableCustomParentMessages":false,"enforceDownloadInNewTab":false,'
    '"metricsUrl":"","blockErrorDialogs":false,"resourceCrossOriginMode":null}'
)


class Told(NamedTuple):
    """What a stranger gets who asks this way: the status, and the whole of the answer."""

    method: str
    path: str
    status: int
    answer: str


ROUTES: dict[str, list[Told]] = {
    # The product's own
    "/api/live": [Told("GET", "/api/live", 200, r"retry: \d+\ndata: \d+(\.5)?\n\n")],
    "/api/health": [Told("GET", "/api/health", 200, r'\{"status":"ok"\}')],
    "/metrics": [Told("GET", "/metrics", 404, "")],
    "/api/doctor": [Told("GET", "/api/doctor", 403, OWNERS)],
    "/api/check": [Told("GET", "/api/check", 403, OWNERS)],
    "/api/addresses": [Told("GET", "/api/addresses", 403, OWNERS)],
    "/api/damage": [Told("POST", "/api/damage", 403, OWNERS)],
    "/api/brief": [Told("POST", "/api/brief", 403, OWNERS)],
    "/api/undo": [Told("POST", "/api/undo", 403, OWNERS)],
    "/api/forget": [Told("POST", "/api/forget", 403, OWNERS)],
    "/api/backup": [Told("POST", "/api/backup", 403, OWNERS)],
    "/api/alerts": [Told("POST", "/api/alerts", 403, OWNERS)],
    "/api/engine": [Told("POST", "/api/engine", 403, OWNERS)],
    "/app/static": [Told("GET", "/app/static/", 404, "Not Found")],
    # Streamlit's
    "/_stcore/health": [Told("GET", "/_stcore/health", 200, "ok")],
    "/_stcore/host-config": [Told("GET", "/_stcore/host-config", 200, HOST)],
    "/_stcore/metrics": [Told("GET", "/_stcore/metrics", 404, CLOSED)],
    "/_stcore/agent/interact": [Told("POST", "/_stcore/agent/interact", 404, CLOSED)],
    "/_stcore/agent/openapi.json": [Told("GET", "/_stcore/agent/openapi.json", 404, CLOSED)],
    "/_stcore/agent/mcp": [Told("POST", "/_stcore/agent/mcp", 404, CLOSED)],
    "/_stcore/stream": [Told("GET", "/_stcore/stream", 200, SHELL)],  # whoever does not ask for a websocket
    "/_stcore/upload_file/{session_id}/{file_id}": [
        Told("PUT", "/_stcore/upload_file/a/b", 403, "XSRF token missing or invalid"),
        Told("DELETE", "/_stcore/upload_file/a/b", 403, "XSRF token missing or invalid"),
    ],
    "/media/{file_id:path}": [Told("GET", "/media/0.csv", 404, "File not found")],
    "/component/{path:path}": [Told("GET", "/component/a/b", 404, "Component not found")],
    "/_stcore/bidi-components/{path:path}": [Told("GET", "/_stcore/bidi-components/cx_live/live.js", 404, "not found")],
    "/auth/login": [Told("GET", "/auth/login", 302, "")],
    "/auth/logout": [Told("GET", "/auth/logout", 302, "")],
    "/oauth2callback": [Told("GET", "/oauth2callback", 302, "")],
    "": [Told("GET", "/", 200, SHELL), Told("GET", "/surges?product=x", 200, SHELL), Told("GET", "/none", 200, SHELL)],
}  # fmt: skip


class Answer(NamedTuple):
    """What came back: the status, the text (of a stream its first event), and the headers."""

    status: int
    text: str
    headers: dict[str, str]


class Server(NamedTuple):
    """A server with one export in its store, as strangers reach it."""

    port: int
    folders: Folders

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        connection = HTTPConnection("localhost", self.port, timeout=PATIENCE_SECONDS)
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, told)
            answer = connection.getresponse()
            stream = "event-stream" in answer.headers.get("content-type", "")
            read = b"".join(iter(answer.readline, b"\n")) + b"\n" if stream else answer.read()
            return Answer(answer.status, read.decode(errors="replace"), dict(answer.getheaders()))
        finally:
            connection.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """It was opened to all on purpose, so that nothing is held back but by the addresses themselves."""
    folders = Folders(tmp_path_factory.mktemp(MARK)).make()
    row = ROW | {"product": MARK, "customer_id": MARK, "text": MARK}
    write_csv(folders.inbox / f"{MARK}.csv", [row])
    opened = {
        "STREAMLIT_SERVER_ADDRESS": "0.0.0.0",
        "STREAMLIT_SERVER_ALLOWED_HOSTS": "localhost 127.0.0.1 dash.example.com",
        listening.VARIABLE: listening.MEANT,
    }
    with serving(folders.root, **opened) as running:
        yield Server(int(running.url.rpartition(":")[2]), folders)


def test_of_every_address_it_is_known_what_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_warmers", [])
    monkeypatch.setattr(live, "_slow", [])
    monkeypatch.setattr(Runtime, "_instance", None)
    built = import_module("app").app._build_starlette_app()
    assert {route.path for route in built.routes if hasattr(route, "path")} == {*ROUTES}


@pytest.mark.parametrize(
    "told", [told for each in ROUTES.values() for told in each], ids=lambda told: " ".join(told[:2])
)
def test_a_stranger_learns_a_number_or_nothing(server: Server, told: Told) -> None:
    answer = server.ask(told.method, told.path)
    assert answer.status == told.status
    assert re.fullmatch(told.answer, answer.text, re.DOTALL), answer.text[:300]
    everything = answer.text + str(answer.headers)
    assert MARK not in everything
    assert str(PROJECT) not in everything


@pytest.mark.parametrize(
    "path",
    [
        "/app/static/../live.py",
        "/app/static/%2e%2e/live.py",
        "/app/static/..%2f..%2f..%2fapp.py",
        "/app/static/..%5c..%5capp.py",
        "/app/static//etc/passwd",
        "//etc/passwd",
        "/media/..%2f..%2fetc%2fpasswd",
        "/component/streamlit_echarts.streamlit_echarts/..%2f..%2f__init__.py",
        "/_stcore/bidi-components/cx_live/..%2flive.py",
        "/static/..%2f..%2f__init__.py",
        "/app/static/a%00.png",
        "/C:%5cWindows%5cwin.ini",
    ],
)
def test_no_path_leads_out_of_the_folders_that_are_served(server: Server, path: str) -> None:
    answer = server.ask("GET", path)
    assert answer.status in (400, 404) or re.fullmatch(SHELL, answer.text, re.DOTALL)
    assert not re.search(r"import |root:|\[fonts\]", answer.text.replace('import("', ""))


# Other sites


def knock(server: Server, **headers: str) -> int:
    """The status of an attempt to open the page's websocket with these headers."""
    connection = HTTPConnection("localhost", server.port, timeout=PATIENCE_SECONDS)
    asked = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
             "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", **headers}  # fmt: skip
    try:
        connection.request("GET", "/_stcore/stream", headers=asked)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("origin", "host", "status"),
    [
        pytest.param("http://localhost:{port}", "localhost:{port}", 101, id="its own page"),
        pytest.param("http://127.0.0.1:{port}", "127.0.0.1:{port}", 101, id="its own page by number"),
        pytest.param("https://evil.example", "localhost:{port}", 403, id="another site"),
        pytest.param(
            "http://localhost:{port}.evil.example", "localhost:{port}", 403, id="a name that begins alike"
        ),
        pytest.param("http://localhost:1", "localhost:{port}", 403, id="another program of this machine"),
        pytest.param("null", "localhost:{port}", 403, id="a frame without an origin"),
        pytest.param("http://[", "localhost:{port}", 403, id="no origin at all"),
        pytest.param("http://evil.example", "evil.example", 403, id="a name that was turned to this machine"),
    ],
)
def test_only_its_own_pages_open_the_websocket(server: Server, origin: str, host: str, status: int) -> None:
    origin, host = origin.format(port=server.port), host.format(port=server.port)
    assert knock(server, Origin=origin, Host=host) == status


@pytest.mark.parametrize(
    "path", ["/", "/surges", "/media/0.csv", "/app/static/icon.png", "/_stcore/host-config"]
)
def test_under_a_foreign_name_there_is_nothing_to_see(server: Server, path: str) -> None:
    told = server.ask("GET", path, Host="evil.example")
    assert told.status == 421
    assert "server.allowedHosts" in told.text


def test_it_is_known_under_the_names_that_it_was_given(server: Server) -> None:
    log = (server.folders.root / "server.log").read_text()
    assert "listening on 0.0.0.0 without sign-in: everyone who reaches it sees and changes everything" in log
    assert server.ask("GET", "/", Host="dash.example.com").status == 200
    assert server.ask("GET", "/api/health", Host="10.1.2.3").status == 200  # a monitor asks by number


def test_a_foreign_name_is_never_repeated(server: Server) -> None:
    for path in ("/auth/login", "/auth/logout", "/oauth2callback", "/app/static", "/"):
        told = server.ask(
            "GET",
            path,
            X_Forwarded_Host="evil.example",
            X_Forwarded_Proto="https",
            Forwarded="host=evil.example",
        )
        assert "evil.example" not in str(told)


@pytest.mark.parametrize(
    ("site", "dest", "status"),
    [
        pytest.param("cross-site", "iframe", 403, id="another site's page"),
        pytest.param("same-site", "embed", 403, id="another program of this machine"),
        pytest.param("same-origin", "iframe", 200, id="its own page"),
        pytest.param("cross-site", "document", 200, id="a link from another site"),
    ],
)
def test_no_other_site_shows_it_within_its_own_page(
    server: Server, site: str, dest: str, status: int
) -> None:
    assert server.ask("GET", "/surges", Sec_Fetch_Site=site, Sec_Fetch_Dest=dest).status == status


@pytest.mark.parametrize("path", ["/api/undo", "/api/forget", "/api/backup", "/api/alerts", "/api/brief"])
def test_another_site_cannot_use_the_owners_door_even_with_the_key_to_it(server: Server, path: str) -> None:
    token = json.loads(server.folders.server.read_text())["token"]
    told = server.ask("POST", path, b"{}", **{TOKEN_HEADER: token, "Origin": "https://evil.example"})
    assert (told.status, "Another site asked for this" in told.text) == (403, True)


@pytest.mark.parametrize("token", ["", "x", "ü", "0" * 43, "x" * 10_000])
def test_the_owners_door_opens_to_its_key_alone(server: Server, token: str) -> None:
    asked = server.ask("GET", "/api/doctor", **{TOKEN_HEADER: token.encode().decode("latin-1")})
    assert asked.status == 403
    key = json.loads(server.folders.server.read_text())["token"]
    assert server.ask("GET", "/api/doctor", **{TOKEN_HEADER: key}).status == 200
    assert server.folders.server.stat().st_mode & 0o077 == 0


# Uploads


def boundary(content: bytes) -> tuple[bytes, str]:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="x.csv"\r\n\r\n'
        + content
        + b"\r\n--b--\r\n"
    )
    return body, "multipart/form-data; boundary=b"


@pytest.fixture(scope="module")
def session(server: Server) -> Iterator[str]:
    """The name of the session of a page that is open."""
    url = f"localhost:{server.port}"
    with connect(
        f"ws://{url}/_stcore/stream", origin=f"http://{url}", subprotocols=["streamlit"], max_size=None
    ) as page:
        asked, told = BackMsg(), ForwardMsg()
        asked.rerun_script.SetInParent()
        page.send(asked.SerializeToString())
        while told.WhichOneof("type") != "new_session":
            told.ParseFromString(page.recv(PATIENCE_SECONDS))
        yield told.new_session.initialize.session_id


def test_an_upload_needs_the_token_of_the_page_and_keeps_to_the_limit(server: Server, session: str) -> None:
    cookie = server.ask("GET", "/_stcore/health").headers["set-cookie"].partition(";")[0]
    token = cookie.partition("=")[2].strip('"')
    own = {"Cookie": cookie, "X-Xsrftoken": token}
    path = f"/_stcore/upload_file/{session}/one"
    body, kind = boundary(b"a,b\n1,2\n")

    def status(path: str, **headers: str) -> int:
        return server.ask("PUT", path, body, Content_Type=kind, **headers).status

    assert status(path, **own) == 204
    assert status(path) == 403
    assert status(path, Cookie=cookie) == 403
    assert status(path, **own, Origin="https://evil.example") == 403
    assert status("/_stcore/upload_file/another/one", **own) == 400
    assert server.ask("PUT", path, **own, Content_Type=kind, Content_Length=str(201 << 20)).status == 413
