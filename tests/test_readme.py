"""The README's commands do what it says, run as they stand: in a fresh clone, with an empty home."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from cx.__main__ import main
from cx.folders import PROJECT
from tests.e2e.browser import free_port

README = (PROJECT / "README.md").read_text(encoding="utf-8")
LINES = re.findall(r"^python3 -m venv .+$", README, re.MULTILINE)
PATIENCE_SECONDS = 400
OFFLINE = re.compile(r"NewConnectionError|name resolution|No matching distribution|Network is unreachable")


def clone(into: Path) -> Path:
    """What a clone would hold: the files that are tracked, and those that are about to be."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=PROJECT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (PROJECT / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, into / name)
    return into


def environment(home: Path) -> dict[str, str]:
    home.mkdir()
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CX_", "VIRTUAL_ENV", "PYTHON"))
    }
    return {**kept, "HOME": str(home), "STREAMLIT_SERVER_PORT": str(free_port())}


def test_there_are_two_lines_and_ci_runs_the_second() -> None:
    start, test = LINES
    assert start.endswith("streamlit run app.py")
    assert test.endswith("-m pytest")


def test_the_first_line_installs_and_opens_the_dashboard_on_a_demo_company(tmp_path: Path) -> None:
    env = environment(tmp_path / "home")
    folder = clone(tmp_path / "clone")
    with (tmp_path / "log").open("w+") as log:
        process = subprocess.Popen(
            LINES[0],
            shell=True,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            answered = wait_for(f"http://localhost:{env['STREAMLIT_SERVER_PORT']}/_stcore/health", process)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(30)
        log.seek(0)
        told = log.read()
    if not answered and OFFLINE.search(told):
        pytest.skip("no package registry to install from")
    assert answered, told
    assert (folder / "data" / "cx.duckdb").stat().st_size > 10**6
    assert "Now open the dashboard" in told


def wait_for(url: str, process: subprocess.Popen[bytes]) -> bool:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            time.sleep(0.5)
    return False


def test_it_shows_every_command_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    there = set(re.findall(r"^    (\w+) ", capsys.readouterr().out, re.MULTILINE))
    assert set(re.findall(r"python -m cx (\w+)", README)) == there


def test_every_picture_and_page_that_it_links_to_exists() -> None:
    linked = [path for path in re.findall(r"\]\(([^)#]+)\)", README) if not path.startswith("http")]
    assert linked
    assert [path for path in linked if not (PROJECT / path).exists()] == []


def test_the_two_exports_land_as_shown(tmp_path: Path) -> None:
    (line,) = re.findall(r"^\.venv/bin/python (-m cx ingest tests/.+)$", README, re.MULTILINE)
    (shown,) = re.findall(r"```text\n(.+?)```", README, re.DOTALL)
    env = {**os.environ, "CX_DATA": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, *line.split()], cwd=PROJECT, env=env, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == shown.split()
