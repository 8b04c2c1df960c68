"""Two processes on one store, and a backup of a server at work: real processes, as a user starts them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cx.folders import PROJECT, Folders
from cx.ingest import restore, take_in
from cx.store import Store
from tests.conftest import ROW, answer, everything, write_csv
from tests.e2e.browser import free_port, serving

PATIENCE_SECONDS = 60
EXPORTS = 2


def command(folders: Folders, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of the product's commands to its end."""
    return subprocess.run([sys.executable, *arguments], cwd=PROJECT, env=environment(folders), capture_output=True,
                          text=True, timeout=PATIENCE_SECONDS, check=False)  # fmt: skip


def environment(folders: Folders) -> dict[str, str]:
    return {**os.environ, "CX_DATA": str(folders.root), "COLUMNS": "1000"}


def comes(true: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE_SECONDS
    while not true() and time.monotonic() < until:
        time.sleep(0.05)
    return true()


def test_a_second_process_says_what_is_the_matter_and_the_first_goes_on(
    store: Store, folders: Folders
) -> None:
    second = command(folders, "-m", "cx", "watch")
    assert (second.returncode, second.stderr) == (2, "")
    assert "cx.duckdb is open in another process; ask that one, or stop it first." in second.stdout
    port = ["--server.headless=true", f"--server.port={free_port()}"]
    served = command(folders, "-m", "streamlit", "run", "app.py", *port)
    assert served.returncode != 0
    assert "cx.duckdb is open in another process; ask that one, or stop it first." in served.stderr
    assert "Traceback" not in served.stderr
    assert take_in(store, folders, write_csv(folders.root / "x.csv", [ROW])).rows_kept == 1
    assert answer(store, "select count(*) from interactions") == [(1,)]


def versions(exports: list[Path], root: Path) -> list[list[list[tuple[Any, ...]]]]:
    """What a store holds after each of the exports, one after another."""
    folders = Folders(root).make()
    store = Store.open(folders.store)
    held = [everything(store)]
    for path in exports:
        take_in(store, folders, path)
        held.append(everything(store))
    store.close()
    return held


def rows(export: int) -> list[dict[str, object]]:
    return [ROW | {"interaction_id": f"{export} {n}", "updated_at": "2025-10-02"} for n in range(20)]


def test_a_backup_of_a_server_at_work_is_a_version_that_it_had(folders: Folders, tmp_path: Path) -> None:
    exports = [write_csv(tmp_path / f"{n}.csv", rows(n)) for n in range(EXPORTS)]
    known, made = versions(exports, tmp_path / "calm"), []
    with serving(folders.root) as running:
        assert comes(folders.server.exists)
        assert "The running dashboard watches" in command(folders, "-m", "cx", "watch").stdout
        for path in exports:
            shutil.copy(path, folders.inbox / f".{path.name}.part").rename(folders.inbox / path.name)
            told = command(folders, "-m", "cx", "backup", str(tmp_path / "backups"))
            assert told.returncode == 0, told.stdout
            made.append(Path(told.stdout.split(" holds ")[0]))
        assert comes(lambda: not [*folders.inbox.iterdir()])
        running.process.kill()
        running.process.wait(PATIENCE_SECONDS)
    assert len({*made}) == EXPORTS
    for number, path in enumerate(made):
        other = Folders(tmp_path / f"restored {number}").make()
        restore(other, path)
        assert held(other) in known
    assert held(folders) == known[-1]
    # What the killed one left, where it said how to ask it, keeps nobody from looking.
    assert folders.server.exists()
    assert (
        f"{20 * EXPORTS} interactions from {EXPORTS} exports" in command(folders, "-m", "cx", "doctor").stdout
    )


def held(folders: Folders) -> list[list[tuple[Any, ...]]]:
    store = Store.open(folders.store)
    try:
        return everything(store)
    finally:
        store.close()
