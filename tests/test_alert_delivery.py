"""Messages on their way: to a real web server and a real mail server, from processes that are killed; never twice, no secret told."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import pytest
from aiosmtpd.controller import Controller

from cx import ingest
from cx.alerts import log
from cx.alerts.deciding import PAUSES
from cx.alerts.facts import Facts, Message, Sent
from cx.alerts.round import Post, troubles
from cx.alerts.sending import Outcome, deliver, judged
from cx.alerts.watching import Watching
from cx.folders import Folders
from cx.limited import Limits
from cx.reference.alerts import Alerts, Rule
from cx.store import Store
from tests.conftest import answer
from tests.e2e.browser import free_port
from tests.given import land, row
from tests.killing import forks

SECRET = "hunter2"
NOW = datetime(2026, 3, 11, 12)
RULES = Alerts((Rule("Late", "freshness", ("lead",)),))


class Hook:
    """A web server that keeps what it is sent, and answers with `status`; before that it may have to `wait`."""

    def __init__(self, port: int = 0) -> None:
        self.got: list[dict[str, Any]] = []
        self.status = 200
        self.waits = threading.Event()
        self.waits.set()
        self.arrived = threading.Event()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                hook.arrived.set()
                hook.waits.wait(30)
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("localhost", port), Handler)
        self.url = f"json://me:{SECRET}@localhost:{self.server.server_port}/{SECRET}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.waits.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def titles(self) -> list[str]:
        return [one["title"] for one in self.got]


@pytest.fixture
def hook() -> Iterator[Hook]:
    started = Hook()
    yield started
    started.close()


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_NOW", NOW.isoformat())


@pytest.fixture
def heard() -> Iterator[io.StringIO]:
    """All that a process that logs everything would log: pytest's own capture also hears what goes to no log."""
    root, text = logging.getLogger(), io.StringIO()
    handler, level = logging.StreamHandler(text), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.removeHandler(handler)
    root.setLevel(level)


def message(name: str = "m1", address: str = "lead", at: datetime = NOW) -> Sent:
    return Sent(
        Message(name, at, "Late", address, "alert", {"freshness\x1fdesk": 1}), "begun", at, 0, name, "Said."
    )


def post(store: Store, folders: Folders, url: str) -> Post:
    return Post(store, folders, lambda: {"lead": url})


def states(store: Store) -> list[tuple[str, str]]:
    return answer(store, "select message, state from alert_log order by rowid")


def go(one: Post) -> None:
    one.go(RULES, None, Facts())  # type: ignore[arg-type]  # nothing new: only what waits


def test_a_message_is_in_the_log_before_and_after_it_went(store: Store, folders: Folders, hook: Hook) -> None:
    version = store.version
    assert post(store, folders, hook.url).send(message()).state == "sent"
    assert store.version == version
    assert (hook.titles, states(store)) == (["m1"], [("m1", "begun"), ("m1", "sent")])
    (kept,) = log.latest(store)
    assert (kept.title, kept.body, kept.tries, kept.message.counts) == (
        "m1",
        "Said.",
        1,
        {"freshness\x1fdesk": 1},
    )


def test_what_was_refused_is_tried_again_with_growing_pauses_and_then_given_up(
    store: Store, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = post(store, folders, f"json://localhost:{free_port()}/")
    assert one.send(message()).state == "refused"
    due = NOW
    for tries, pause in enumerate(PAUSES, start=1):
        due += pause
        for moment, tried in ((due - timedelta(seconds=1), tries), (due, tries + 1)):
            monkeypatch.setenv("CX_NOW", moment.isoformat())
            go(one)
            assert log.latest(store)[0].tries == tried
    assert states(store)[-2:] == [("m1", "begun"), ("m1", "failed")]
    monkeypatch.setenv("CX_NOW", (due + timedelta(days=1)).isoformat())
    go(one)
    assert log.latest(store)[0].tries == len(PAUSES) + 1
    assert sorted(PAUSES) == [*PAUSES]
    assert [*troubles(log.latest(store))] == ["lead"]


def test_a_server_that_comes_back_gets_it_once(
    store: Store, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    one = post(store, folders, f"json://localhost:{port}/")
    assert one.send(message()).state == "refused"
    late = Hook(port)
    for minute in (1, 2, 60, 120):
        monkeypatch.setenv("CX_NOW", (NOW + timedelta(minutes=minute)).isoformat())
        go(one)
    assert (late.titles, troubles(log.latest(store))) == (["m1"], {})
    late.close()


@pytest.mark.parametrize(
    ("status", "state"), [(404, "refused"), (500, "refused"), (429, "refused"), (504, "unknown")]
)
def test_what_a_server_answers_says_whether_it_took_it(
    store: Store, folders: Folders, hook: Hook, status: int, state: str
) -> None:
    hook.status = status
    sent = post(store, folders, hook.url).send(message())
    assert sent.state == state
    assert str(status) in sent.said or state == "unknown"


def test_an_answer_that_never_comes_is_not_known_and_not_tried_again(
    store: Store, folders: Folders, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook.waits.clear()
    one = post(store, folders, f"{hook.url}?rto=0.3")
    assert one.send(message()).state == "unknown"
    hook.waits.set()
    monkeypatch.setenv("CX_NOW", (NOW + timedelta(hours=3)).isoformat())
    go(one)
    assert hook.titles == ["m1"]


@pytest.mark.parametrize(
    ("heard", "state"),
    [
        (["Sent Email to a@b.c", 'Sending email to "d@e.f" failed.', "Socket Exception: (550, b'no')"], "unknown"),
        (["Socket Exception: (535, b'5.7.8 no such user')"], "refused"),
        (["Socket Exception: {'a@b.c': (550, b'unknown')}"], "refused"),
        (["Slack Payload: connection refused error=404", "Socket Exception: timed out"], "unknown"),
        (["Response Details: error=404", "Failed to send it."], "unknown"),
        ([], "unknown"),
    ],
    ids=["some of many", "login", "recipient", "its own words", "a server's words", "nothing"],
)  # fmt: skip
def test_only_what_is_sure_counts_as_refused(heard: list[str], state: str) -> None:
    assert judged(heard).state == state


def sends(root: Path, url: str) -> None:
    """What the process that gets killed does."""
    folders = Folders(root)
    store = Store.open(folders.store)
    post(store, folders, url).send(message())


def dies_before_sending(root: Path, url: str) -> None:
    folders = Folders(root)
    store = Store.open(folders.store)

    def dies(*_: object) -> Outcome:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    Post(store, folders, lambda: {"lead": url}, dies).send(message())


@pytest.mark.parametrize("arrives", [False, True], ids=["before it went", "after it went"])
def test_a_process_that_is_killed_while_it_sends_never_sends_twice(
    folders: Folders, hook: Hook, arrives: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store.open(folders.store).close()
    hook.waits.clear()
    child = forks().Process(target=sends if arrives else dies_before_sending, args=(folders.root, hook.url))
    child.start()
    if arrives:
        assert hook.arrived.wait(60)
        child.kill()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    hook.waits.set()
    store = Store.open(folders.store)
    one = post(store, folders, hook.url)
    one.settle()
    one.settle()
    monkeypatch.setenv("CX_NOW", (NOW + timedelta(hours=3)).isoformat())
    go(one)
    assert hook.titles == ["m1"] * arrives
    assert states(store) == [("m1", "begun"), ("m1", "unknown")]
    assert "it may have arrived and is not sent again" in troubles(log.latest(store))["lead"].said
    store.close()


def test_a_mail_arrives_with_its_file(tmp_path: Path) -> None:
    got: list[Any] = []

    class Box:
        async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
            got.append(envelope)
            return "250 OK"

    mails = Controller(Box(), hostname="localhost", port=free_port())
    mails.start()
    try:
        paper = tmp_path / "brief.pdf"
        paper.write_bytes(b"%PDF-1.7 of the week")
        url = f"mailto://localhost:{mails.port}?from=cx@example.org&to=lead@example.org&mode=insecure"
        assert deliver(
            url, "Ünder way", "Complaints rise.\nhttps://cx.example.org/surges", [paper]
        ) == Outcome("sent")
    finally:
        mails.stop()
    (mail,) = got
    text = mail.content.decode()
    assert mail.rcpt_tos == ["lead@example.org"]
    assert "brief.pdf" in text


@pytest.mark.parametrize("url", [f"json://me:{SECRET}@localhost:{{port}}/{SECRET}?key={SECRET}",
                                 f"mailto://me:{SECRET}@localhost:{{port}}?to=a@{SECRET}.org&mode=insecure",
                                 f"slack://{SECRET}", f"{SECRET}", f"nothing://{SECRET}"],
                         ids=["web", "mail", "wrong", "no address", "of no kind"])  # fmt: skip
def test_an_address_is_told_nowhere(
    store: Store, folders: Folders, url: str, heard: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    sent = post(store, folders, url.format(port=free_port())).send(message())
    assert sent.state in ("refused", "failed")
    out = capfd.readouterr()
    told = (heard.getvalue(), out.out, out.err, repr(sent), str(states(store)))
    assert [one for one in told if SECRET in one] == []
    store.close()
    assert SECRET.encode() not in folders.store.read_bytes()


def test_a_name_without_an_address_waits_for_one(
    store: Store, folders: Folders, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = Post(store, folders, dict).send(message())
    assert (sent.state, "CX_ALERT_LEAD" in sent.said) == ("refused", True)
    monkeypatch.setenv("CX_ALERT_LEAD", hook.url)
    monkeypatch.setenv("CX_NOW", (NOW + timedelta(minutes=1)).isoformat())
    go(Post(store, folders, dict))
    assert hook.titles == ["m1"]


def test_the_log_comes_along_with_a_rebuilt_store_and_with_a_backup(folders: Folders, hook: Hook) -> None:
    store = Store.open(folders.store)
    post(store, folders, hook.url).send(message())
    kept = log.latest(store)
    ingest.back_up(store, folders, folders.root / "backups", NOW, False)
    store.close()
    ingest.rebuild(folders)
    store = Store.open(folders.store)
    assert log.latest(store) == kept
    store.close()
    (copy,) = (folders.root / "backups").rglob("cx.duckdb")
    with duckdb.connect(str(copy), read_only=True) as connection:
        assert connection.execute("select count(*) from alert_log").fetchall() == [(2,)]


def test_a_store_of_the_release_before_gets_its_log_when_it_is_opened(folders: Folders, hook: Hook) -> None:
    Store.open(folders.store).close()
    with duckdb.connect(str(folders.store)) as connection:
        connection.execute("drop table alert_log")
        connection.execute("update meta set shape = 'of the release before'")
    store = Store.open(folders.store)
    assert post(store, folders, hook.url).send(message()).state == "sent"
    store.close()


LATE = '[[rule]]\nname = "Late"\non = "freshness"\nto = "lead"\n'


def test_the_server_sends_what_is_due_once_and_no_second_time_after_a_restart(
    store: Store, folders: Folders, hook: Hook
) -> None:
    land(store, folders, [row("order", days) for days in range(3)], NOW)
    for _ in range(2):
        watching = Watching(store, folders, lambda: {"lead": hook.url}, Limits(store), tick=0.02)
        watching.start()
        (folders.reference / "alerts.toml").write_text(LATE, encoding="utf-8")
        until = time.monotonic() + 60
        while len(states(store)) < 2 and time.monotonic() < until:
            watching.look()
            time.sleep(0.02)
        time.sleep(0.2)
        watching.end()
        assert hook.titles == ["test is late"]
    assert [state for _, state in states(store)] == ["begun", "sent"]


def test_without_rules_nothing_is_asked(store: Store, folders: Folders) -> None:
    asked: list[float] = []
    store.on_query = asked.append
    watching = Watching(store, folders, dict, Limits(store), tick=0.01)
    watching.start()
    time.sleep(0.2)
    watching.end()
    assert asked == []
