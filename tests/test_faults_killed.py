"""Killed at any step of an ingest: what comes after goes on as if nothing had happened.

Here at one step of each kind; `python -m tests.bench.faults killed` does it at every step and at 200 random moments.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from cx.folders import Folders
from tests.conftest import ROW, write_csv
from tests.killing import counted, killed_after, killed_at, take_all_in
from tests.test_benchmarks import HEADER, SOUND
from tests.test_faults import held

STEPS = {
    "opening a new store": r"create table if not exists interactions",
    "before the rows are checked": r"os\.mkdir archive/\.drafts/",
    "rows are checked": r"create or replace temp (view staged|table unsound)|insert into staged",
    "rows of customers without consent leave the archive": r"os\.rename archive/.*\.part",
    "rows are kept": r"insert into interactions",
    "rollups are counted": r"insert into r_",
    "the ledger is written": r"insert into files",
    "what stays is written": r"open archive/\.drafts/.*report\.json",
    "all of it is committed": r"commit",
    "the archive appears": r"os\.rename archive/\.drafts/[0-9a-f]+$",
    "the export leaves the inbox": r"os\.remove inbox/",
    "a bad export is set aside": r"os\.rename inbox/bad\.csv",
    "the reason is written beside it": r"open refused/.*\.txt",
    "customers' journeys are folded": r"delete from unfolded",
}
"""What ingest does, step by step, and by which statement or change of a file it is known."""


def row(number: int, **columns: object) -> dict[str, object]:
    return ROW | {"interaction_id": str(number), "customer_id": f"c{number % 9}"} | columns


def filled(root: Path) -> Folders:
    """An inbox with two exports of which the later replaces, refuses and withdraws, a table, and a file that is none."""
    folders = Folders(root).make()
    first = [row(n, csat=n % 7, text="call 030 1234567", updated_at="2025-10-01 12:00") for n in range(20)]
    later = [
        row(n, csat=1 + n % 5, updated_at="2025-10-02", consent="false" if n == 12 else "")
        for n in range(10, 30)
    ]
    write_csv(folders.inbox / "a.csv", first)
    write_csv(folders.inbox / "b.csv", later)
    (folders.inbox / "bad.csv").write_text("a,b\n1,2\n")
    (folders.inbox / "rivals.csv").write_text(f"{HEADER}\n{SOUND}\n")
    for path in folders.inbox.iterdir():
        os.utime(path, (time.time() - 60,) * 2)
    return folders


def state(root: Path) -> list[Any]:
    """All that the store, the archive and the ledger hold, and which files there are."""
    files = sorted(str(path.relative_to(root)) for path in root.rglob("*") if "cx.duckdb" not in path.name)
    # A draft of a table that a process was killed over stays beside it, and is looked at by nobody.
    return [[file for file in files if not file.startswith("reference/.")], *held(root)]


class Calm:
    """A run that is never killed: its steps, and what it leaves."""

    def __init__(self, root: Path) -> None:
        self.exports = filled(root / "exports").root
        shutil.copytree(self.exports, root / "calm")
        self.root = root
        started = time.monotonic()
        self.steps = counted(root / "calm")
        self.lasts = time.monotonic() - started
        self.state = state(root / "calm")

    def fresh(self) -> Path:
        """A folder with the exports in its inbox and nothing done."""
        shutil.rmtree(self.root / "stormy", ignore_errors=True)
        shutil.copytree(self.exports, self.root / "stormy")
        return self.root / "stormy"

    def at(self, step: int) -> list[Any]:
        """What there is when it was killed before this step, and then done again."""
        stormy = self.fresh()
        assert killed_at(stormy, step), self.steps[step]
        take_all_in(stormy)
        return state(stormy)

    def within(self, seconds: float) -> tuple[bool, list[Any]]:
        """The same, killed after a time: whether it was, and what there is afterwards."""
        stormy = self.fresh()
        killed = killed_after(stormy, seconds)
        take_all_in(stormy)
        return killed, state(stormy)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Calm:
    return Calm(tmp_path_factory.mktemp("killed"))


@pytest.mark.parametrize("step", STEPS.values(), ids=[*STEPS])
def test_killed_when(calm: Calm, step: str) -> None:
    met = [place for place, taken in enumerate(calm.steps) if re.match(step, taken)]
    assert met, f"no step is like {step}"
    assert calm.at(random.choice(met)) == calm.state
