"""The app as a user starts it: its own files, the owner's door, and an end that nobody has to wait for."""

import stat
import urllib.error
import urllib.request

import pytest
from streamlit.testing.v1 import AppTest

from cx import owner
from cx.folders import Folders
from tests.e2e.browser import PROJECT, serving


@pytest.mark.parametrize("base", ["", "cx"])
def test_the_owner_is_answered_and_nobody_else(tmp_path, base):
    folders = Folders(tmp_path)
    with serving(tmp_path, base=base) as running:
        assert stat.S_IMODE(folders.server.stat().st_mode) == 0o600
        assert owner.asks(folders)["version"] >= 0
        with pytest.raises(urllib.error.HTTPError, match="403"):
            running.ask("api/doctor", **{owner.TOKEN_HEADER: "guessed"})
        assert running.ask("app/static/inter-latin.woff2").startswith(b"wOF2")
        assert running.ask("app/static/icon.png").startswith(b"\x89PNG")
        with urllib.request.urlopen(f"{running.url}/api/live", timeout=10) as stream:
            assert b"retry" in stream.readline()
            running.stop()
    assert not folders.server.exists()
    assert owner.asks(folders) is None


def test_the_pages_run_without_a_server(tmp_path, monkeypatch):
    monkeypatch.setenv("CX_DATA", str(tmp_path))
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=30).run()
    assert not app.exception
    assert not app.switch_page("pages/data.py").run().exception
