"""People who sign in: what has to be configured, how long it holds, where they come back to, and what the others get, which is nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from cx.access import NOBODY, PAGES, audit
from cx.folders import PROJECT, Folders
from cx.ui import callback, signing
from cx.ui.providers import SHORTEST_SECRET, CannotSignIn, Settings, read
from tests.conftest import ROW, even, write_csv
from tests.e2e.browser import free_port, serving
from tests.e2e.provider import COOKIE, SECRET, cookie, secrets
from tests.test_listening import asked as asked_at
from tests.test_listening import machine
from tests.test_routes import MARK, ROUTES, Server, Told, boundary

PATIENCE_SECONDS = 60
WHOLE = {
    "redirect_uri": "https://localhost/oauth2callback",
    "cookie_secret": "x" * SHORTEST_SECRET,
    "client_id": "marked-id",
    "client_secret": "marked-secret",
    "server_metadata_url": "https://id.example.com/.well-known/openid-configuration",
}
NAMED = {"redirect_uri": WHOLE["redirect_uri"], "cookie_secret": WHOLE["cookie_secret"],
         "okta": {name: WHOLE[name] for name in ("client_id", "client_secret", "server_metadata_url")}}  # fmt: skip


# What is configured


def without(*names: str, **instead: Any) -> dict[str, Any]:
    return {name: told for name, told in WHOLE.items() if name not in names} | instead


@pytest.mark.parametrize(
    ("auth", "access", "words"),
    [
        pytest.param({}, {}, "redirect_uri of [auth] is missing", id="nothing"),
        pytest.param(without("client_id"), {}, "[auth] lacks client_id.", id="no client"),
        pytest.param(without("client_secret", client_id=" "), {}, "lacks client_id, client_secret", id="no secret"),
        pytest.param(without("redirect_uri"), {}, "redirect_uri of [auth] is missing", id="nowhere to come back to"),
        pytest.param(without("cookie_secret"), {}, "cookie_secret of [auth] is missing", id="no cookie secret"),
        pytest.param(without(cookie_secret="short-marked"), {}, "shorter than 32 characters", id="a cookie secret to guess"),
        pytest.param(without(redirect_uri="http://localhost.evil.example/oauth2callback"), {}, "begin with https://", id="read on the way"),
        pytest.param(without(redirect_uri="https://localhost/"), {}, "to end with /oauth2callback", id="another address"),
        pytest.param(without(redirect_uri="https://["), {}, "begin with https://", id="no address"),
        pytest.param(without(redirect_uri="https://cx.example.com/oauth2callback"), {}, "server.allowedHosts", id="a name that is not answered"),
        pytest.param(without(server_metadata_url="http://id.example.com/"), {}, "server_metadata_url of [auth]", id="a provider that can be forged"),
        pytest.param({**NAMED, "google": {"client_id": "marked"}}, {}, "[auth.google] lacks client_secret", id="one of two providers"),
        pytest.param({**NAMED, "my_own": NAMED["okta"]}, {}, "no underscore", id="a name that Streamlit cannot take"),
        pytest.param(WHOLE, {"hour": 3}, "no setting called 'hour'", id="a slip of the pen"),
        pytest.param(WHOLE, {"hours": 0}, "hours of [access]", id="no time at all"),
        pytest.param(WHOLE, {"as_token": "yes"}, "as_token of [access]", id="neither true nor false"),
        pytest.param("marked", {}, "lacks client_id", id="no section"),
    ],
)  # fmt: skip
def test_what_is_not_whole_is_named_and_no_value_of_it(auth: Any, access: Any, words: str) -> None:
    with pytest.raises(CannotSignIn) as told:
        read({"auth": auth, "access": access})
    assert words in str(told.value)
    assert "marked" not in str(told.value)


def test_settings_of_access_alone_let_nobody_in_by_mistake() -> None:
    with pytest.raises(CannotSignIn, match=r"\[auth\] lacks"):
        read({"access": {"hours": 8}})


def test_headers_of_a_proxy_say_nothing_of_who_somebody_is(monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit import config

    monkeypatch.setitem(config.get_config_options(), "server.trustedUserHeaders", config.get_config_options()["server.trustedUserHeaders"])  # fmt: skip
    before = config.get_option("server.trustedUserHeaders")
    config.set_option("server.trustedUserHeaders", {"X-Email": "email"})
    try:
        with pytest.raises(CannotSignIn, match=r"server\.trustedUserHeaders"):
            read({"auth": WHOLE})
    finally:
        config.set_option("server.trustedUserHeaders", before)


def test_one_provider_or_several() -> None:
    assert read({"alerts": {}}) is None
    assert read({"auth": WHOLE}) == Settings(("default",), WHOLE["redirect_uri"], 12.0, False)
    told = read({"auth": {**NAMED, "google": NAMED["okta"]}, "access": {"hours": 8, "as_token": True}})
    assert told == Settings(("okta", "google"), WHOLE["redirect_uri"], 8.0, True)


def test_a_server_does_not_start_where_it_is_not_known_who_may_come_in(tmp_path: Path) -> None:
    (tmp_path / "secrets.toml").write_text('[auth]\nclient_secret = "marked\n')
    environment = {**os.environ, "CX_DATA": str(tmp_path / "data"), "STREAMLIT_SECRETS_FILES": str(tmp_path / "secrets.toml")}  # fmt: skip
    options = ["--server.headless=true", f"--server.port={free_port()}"]
    done = subprocess.run([sys.executable, "-m", "streamlit", "run", "app.py", *options], cwd=PROJECT, env=environment,
                          capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)  # fmt: skip
    assert done.returncode != 0
    assert "secrets.toml cannot be read (line 2, column" in even(done.stderr)
    assert "marked" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()


# How long it holds


@pytest.mark.parametrize(
    ("hours", "as_token", "told", "left"),
    [
        pytest.param(
            12, False, {"iat": 0, "exp": 300}, 12 * 3600, id="a working day, whatever the token says"
        ),
        pytest.param(1, False, {"iat": 0, "exp": 86400}, 3600, id="an hour, where that is asked for"),
        pytest.param(12, True, {"iat": 0, "exp": 300}, 300, id="as long as the token"),
        pytest.param(12, True, {"iat": 0}, 0, id="a token that does not say"),
        pytest.param(12, False, {"exp": 2**40}, 0, id="nobody knows since when"),
        pytest.param(12, False, {"iat": True}, 0, id="no moment"),
    ],
)
def test_a_sign_in_ends(
    monkeypatch: pytest.MonkeyPatch, hours: float, as_token: bool, told: Mapping[str, Any], left: float
) -> None:
    monkeypatch.setattr(signing, "settings", lambda: Settings(("default",), "https://a", hours, as_token))
    assert signing.until(told) == left


def test_outside_of_a_viewers_script_there_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "settings", lambda: Settings(("default",), "https://a", 12, False))
    found = []
    thread = threading.Thread(target=lambda: found.append(signing.viewer()))
    thread.start()
    thread.join()
    assert found == [NOBODY]


# Where they come back to


@pytest.mark.parametrize(
    ("address", "base", "there"),
    [
        pytest.param("http://here/surges?product=A%26B&weeks=26", "", "/surges?product=A%26B&weeks=26", id="a page with filters"),
        pytest.param("/cx/journey?view=paths", "/cx", "/cx/journey?view=paths", id="below a path"),
        pytest.param("/", "", "/", id="the start"),
        pytest.param("/surges?x=" + "y" * 5000, "", "/surges", id="more than a cookie holds"),
        pytest.param("/surges", "/cx", "", id="outside of the path"),
        pytest.param("/none", "", "", id="no page"),
        pytest.param("//evil.example/surges", "", "/surges", id="another host"),
        pytest.param("https://evil.example/surges?a=https://evil.example", "", "/surges?a=https%3A%2F%2Fevil.example", id="another site"),
        pytest.param("/\\evil.example", "", "", id="a slash turned"),
        pytest.param("/surges/../../evil", "", "", id="up and out"),
        pytest.param("/surges%0d%0aSet-Cookie:a=b", "", "", id="a line of its own"),
        pytest.param("/surges?a=b%0d%0aSet-Cookie:c", "", "/surges?a=b%0D%0ASet-Cookie%3Ac", id="a line in a filter"),
        pytest.param("javascript:alert(1)", "", "", id="a script"),
        pytest.param("http://[", "", "", id="no address"),
        pytest.param("/auth/logout", "", "", id="out again"),
    ],
)  # fmt: skip
def test_only_pages_of_the_dashboard_are_come_back_to(address: str, base: str, there: str) -> None:
    assert callback.target(address, base) == there


@given(st.text() | st.builds("".join, st.lists(st.sampled_from(["/", "\\", "//", "surges", "?", "#", "evil.example", "@", ":", "\n", "..", "http:", "%2f", "&a=b"]))),
       st.sampled_from(["", "/cx"]))  # fmt: skip
def test_whatever_stands_there_leads_nowhere_else(address: str, base: str) -> None:
    told = callback.target(address, base)
    assert told == "" or (urlsplit(told).netloc, urlsplit(told).scheme) == ("", "")
    assert told == "" or urlsplit(told).path in {f"{base}/{page}" for page in ("", *PAGES)}
    assert told.isascii()
    assert told.isprintable()


# What others get


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """It listens on every address, as people have to sign in; nobody can, as there is no provider: they bring their cookie."""
    folders = Folders(tmp_path_factory.mktemp(MARK)).make()
    write_csv(folders.inbox / f"{MARK}.csv", [ROW | {"product": MARK, "customer_id": MARK, "text": MARK}])
    grants = [f'[[grant]]\nemail = "{role}@example.com"\nrole = "{role}"\n' for role in ("admin", "support")]
    (folders.reference / "access.toml").write_text("\n".join(grants))
    port = free_port()
    settings = {
        "STREAMLIT_SECRETS_FILES": secrets(folders.root / "secrets.toml", f"http://localhost:{port}"),
        "STREAMLIT_SERVER_ADDRESS": "0.0.0.0",
    }
    with serving(folders.root, port=port, **settings):
        yield Server(port, folders)


def test_where_people_sign_in_other_machines_are_answered(server: Server) -> None:
    assert asked_at(machine(), server.port, "/") == 200


def test_the_log_tells_no_secret(server: Server) -> None:
    log = (server.folders.root / "server.log").read_text()
    assert not any(told in log for told in ("everyone who reaches it", "marked-client-secret", SECRET))


@pytest.mark.parametrize(
    "told", [told for each in ROUTES.values() for told in each], ids=lambda told: " ".join(told[:2])
)
def test_without_signing_in_no_address_gives_anything(server: Server, told: Told) -> None:
    answer = server.ask(told.method, told.path)
    held = told.path.startswith(("/media", "/_stcore/upload_file"))
    assert answer.status == (403 if held else told.status)
    assert MARK not in answer.text + str(answer.headers)


def xsrf(server: Server) -> str:
    return server.ask("GET", "/_stcore/health").headers["set-cookie"].partition(";")[0]


def shown(server: Server, identity: str = "", **headers: str) -> bytes:
    """All that the first run of the page sends to a browser that has this cookie."""
    url, token = f"localhost:{server.port}", xsrf(server)
    cookies = f"{token}; {COOKIE}={identity}" if identity else token
    with connect(
        f"ws://{url}/_stcore/stream", origin=f"http://{url}", max_size=None,
        subprotocols=["streamlit", token.partition("=")[2].strip('"')],
        additional_headers={"Cookie": cookies, **{name.replace("_", "-"): told for name, told in headers.items()}},
    ) as page:  # fmt: skip
        asked, message, whole = BackMsg(), ForwardMsg(), b""
        asked.rerun_script.SetInParent()
        page.send(asked.SerializeToString())
        while message.WhichOneof("type") != "script_finished":
            whole += (frame := page.recv(PATIENCE_SECONDS))
            message.ParseFromString(frame)
        return whole


CARD = b"Data through"
"""Stands on every page that has data."""

FORGED: dict[str, dict[str, Any]] = {
    "another secret": {"secret": SECRET[::-1]},
    "another dashboard": {"origin": "http://localhost:1"},
    "another provider": {"provider": "evil"},
    "over": {"hours_ago": 12.01},
    "of tomorrow": {"hours_ago": -24},
    "never signed in": {"is_logged_in": False},
    "a word for yes": {"is_logged_in": "true"},
}


@pytest.mark.parametrize("forged", [None, *FORGED])
def test_a_page_that_nobody_signed_in_to_gets_nothing(server: Server, forged: str | None) -> None:
    identity = (
        cookie(f"http://localhost:{server.port}", "admin@example.com", **FORGED[forged]) if forged else ""
    )
    named = {"X_Forwarded_User": "admin@example.com", "X_Forwarded_Email": "admin@example.com", "Remote_User": "admin@example.com",
             "X_Streamlit_User": "admin@example.com", "X_Forwarded_For": "127.0.0.1"}  # fmt: skip
    whole = shown(server, identity, **named)
    assert b"Sign in" in whole
    assert CARD not in whole
    assert MARK.encode() not in whole
    assert b"admin@example.com" not in whole


def test_who_is_signed_in_and_has_a_role_sees_the_page_and_others_a_refusal(server: Server) -> None:
    url = f"http://localhost:{server.port}"
    tries = (shown(server, cookie(url, "admin@example.com")) for _ in range(PATIENCE_SECONDS))
    admin = next(told for told in tries if CARD in told or time.sleep(1))  # once the export was taken in
    stranger = shown(server, cookie(url, "stranger@example.com"))
    unproven = shown(server, cookie(url, "admin@example.com", email_verified=False))
    assert b"Sign out" in admin
    assert CARD in admin
    for refused in (stranger, unproven):
        assert b"No access yet" in refused
        assert CARD not in refused
        assert MARK.encode() not in refused
    log = audit.noted(server.folders.audit)
    assert {*zip(log["who"], log["deed"], strict=True)} >= {
        ("admin@example.com", "signed in"),
        ("stranger@example.com", "refused"),
    }


def test_a_broken_list_of_grants_lets_nobody_in_and_is_told_in_the_log(server: Server) -> None:
    path = server.folders.reference / "access.toml"
    whole = path.read_text()
    path.write_text(whole + "\n[[grant]]\n")
    try:
        told = shown(server, cookie(f"http://localhost:{server.port}", "admin@example.com"))
    finally:
        path.write_text(whole)
    assert b"Nobody can come in just now" in told
    assert CARD not in told
    assert "access.toml, grant 3" in (server.folders.root / "server.log").read_text()


@pytest.mark.parametrize(
    ("who", "download", "upload"),
    [(None, 403, 403), ("stranger", 403, 403), ("support", 404, 403), ("admin", 404, 400)],
)
def test_files_are_handed_out_and_taken_by_right(
    server: Server, who: str | None, download: int, upload: int
) -> None:
    """Where they are let through, there is no such file, and no such session."""
    token = xsrf(server)
    identity = cookie(f"http://localhost:{server.port}", f"{who}@example.com") if who else ""
    own = {
        "Cookie": f"{token}; {COOKIE}={identity}",
        "X_Xsrftoken": token.partition("=")[2].strip('"'),
    }
    body, kind = boundary(b"a,b\n1,2\n")
    assert server.ask("GET", "/media/0.csv", **own).status == download
    assert server.ask("PUT", "/_stcore/upload_file/a/b", body, **own, Content_Type=kind).status == upload


def test_who_signs_out_is_out_wherever_the_cookie_was_taken(server: Server) -> None:
    identity = cookie(f"http://localhost:{server.port}", "support@example.com", sub="leaving")
    own = {"Cookie": f"{COOKIE}={identity}"}
    assert server.ask("GET", "/auth/logout", **own, Sec_Fetch_Site="cross-site").status == 403
    assert server.ask("GET", "/media/0.csv", **own).status == 404
    for _ in range(2):
        gone = server.ask("GET", "/auth/logout", **own, Sec_Fetch_Site="same-origin")
        assert (gone.status, gone.headers["location"]) == (302, "/")
    assert server.ask("GET", "/media/0.csv", **own).status == 403
    assert b"Your session is over" in shown(server, identity)
    log = audit.noted(server.folders.audit)
    assert [*log["who"][log["deed"] == "signed out"]] == ["support@example.com"]


@pytest.mark.parametrize(
    ("kept", "there"),
    [("/surges?weeks=26", "/surges?weeks=26"), ("//evil.example/%2e", "/"), ("https://evil.example", "/"), ("/\\evil.example", "/")],
)  # fmt: skip
def test_a_cookie_that_was_planted_leads_nowhere_else(server: Server, kept: str, there: str) -> None:
    told = server.ask("GET", "/oauth2callback", Cookie=f"{callback.COOKIE}={quote(kept, safe='')}")
    assert (told.status, told.headers["location"]) == (302, there)
    assert "Max-Age=0" in told.headers["set-cookie"]


def test_who_goes_to_sign_in_is_remembered_where_they_were_and_nothing_of_other_sites(server: Server) -> None:
    here = {"Host": f"localhost:{server.port}"}
    own = server.ask("GET", "/auth/login", **here, Referer=f"http://localhost:{server.port}/surges?weeks=26")
    assert f"{callback.COOKIE}=%2Fsurges%3Fweeks%3D26" in own.headers["set-cookie"]
    assert "HttpOnly" in own.headers["set-cookie"]
    assert "SameSite=lax" in own.headers["set-cookie"]
    foreign = server.ask("GET", "/auth/login", **here, Referer="https://evil.example/surges")
    assert callback.COOKIE not in foreign.headers.get("set-cookie", "")


@pytest.mark.parametrize(
    ("encrypted", "line", "kept"),
    [
        (True, f"{COOKIE}=a; Max-Age=2592000; Path=/", f"{COOKIE}=a; Max-Age=43200; Path=/; Secure"),
        (False, f"{COOKIE}_1=a; Max-Age=2592000; Path=/", f"{COOKIE}_1=a; Max-Age=43200; Path=/"),
        (True, f"{COOKIE}=; Max-Age=0; Path=/", f"{COOKIE}=; Max-Age=0; Path=/"),
        (True, "other=a; Max-Age=2592000", "other=a; Max-Age=2592000"),
    ],
)
def test_the_cookie_ends_with_the_sign_in_and_travels_by_https(encrypted: bool, line: str, kept: str) -> None:
    assert callback._kept(line, "Max-Age=43200", encrypted) == kept
