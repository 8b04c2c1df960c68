"""The faults that the tests try in short, in full: `python -m tests.bench.faults [NAME ...]`, of killed, many, big, links and backup.

All of them take some hours, most of them for the 10,000 files of `many`; `--files`, `--gigabytes` and `--moments` make it
shorter. Prints one table: the fault, how many times it was brought about, what was seen, and the seconds that it took.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from cx.folders import Folders
from cx.store import Store
from tests.conftest import KEY, answer


class Seen(NamedTuple):
    """One line of the table."""

    fault: str
    times: int
    what: str
    seconds: float


class Asked(NamedTuple):
    """How much of each."""

    moments: int
    files: int
    gigabytes: float


def killed(root: Path, asked: Asked) -> Iterator[Seen]:
    """Killed before every statement and every change of a file, and at random moments."""
    from tests.test_faults_killed import Calm

    calm, chance = Calm(root), random.Random(7)
    started, wrong = time.monotonic(), [0, 0]
    for step in range(len(calm.steps)):
        wrong[0] += calm.at(step) != calm.state
    yield Seen("killed before every step", len(calm.steps), _alike(wrong[0]), time.monotonic() - started)
    started, kills, lasts = time.monotonic(), 0, calm.lasts
    while kills < asked.moments:
        died, state = calm.within(chance.random() * lasts)
        kills += died
        wrong[1] += state != calm.state
        lasts = lasts if died else lasts * 0.95
    yield Seen("killed at random moments", kills, _alike(wrong[1]), time.monotonic() - started)


def _alike(wrong: int) -> str:
    return f"{wrong} stores differ from one that was never killed"


def many(root: Path, asked: Asked) -> Iterator[Seen]:
    """An inbox with thousands of small files."""
    from tests.test_faults_many import fill, growth, watched

    folders = Folders(root / "many").make()
    fill(folders.inbox, asked.files)
    store, started = Store.open(folders.store), time.monotonic()
    seconds = watched(store, folders, asked.files)
    took = time.monotonic() - started
    rows = answer(store, "select count(*) from interactions")[0][0]
    store.close()
    what = f"{rows:,} rows, {asked.files / took:.1f} files a second, growth {growth(seconds):.2f}"
    yield Seen("many small files", asked.files, what, took)


def big(root: Path, asked: Asked) -> Iterator[Seen]:
    """Files of gigabytes: holes, and one that is written out."""
    from tests.test_faults_big import REFUSED, long_rows, parquet, taken_in

    size = int(asked.gigabytes * (1 << 30))
    made: list[Callable[[], Path]] = [
        lambda name=name, make=make: make(root / name, size) for name, (make, _) in REFUSED.items()
    ]
    made += [lambda: parquet(root / "hole.parquet", size), lambda: long_rows(root / "long.csv", size)]
    for make in made:
        path = make()
        (told,) = taken_in(root, [path])
        what = f"{told['kept']} rows; {told['added']:.0f} MB more memory; {told['reason'][:60]}"
        yield Seen(f"{path.name}, {asked.gigabytes:g} GiB", 1, what, told["seconds"])
        path.unlink()


def links(root: Path, asked: Asked) -> Iterator[Seen]:
    """Every odd value under every name of a link, on every page."""
    from tests import test_faults_links as odd

    with pytest.MonkeyPatch.context() as patch:
        for _ in odd.filled(root / "links", patch):
            started, failed, turns = time.monotonic(), 0, range(len(odd.ODD))
            for page, turn in ((page, turn) for page in odd.PAGES for turn in turns):
                failed += bool(odd.opened(page, odd.links(turn)).exception)
            times = len(odd.PAGES) * len(turns)
            yield Seen("odd links", times, f"{failed} exceptions", time.monotonic() - started)


def backup(root: Path, asked: Asked) -> Iterator[Seen]:
    """Backups of a server while exports land."""
    from tests import test_faults_servers as servers

    started, exports = time.monotonic(), 20
    servers.EXPORTS = exports
    (root / "backup").mkdir()
    servers.test_a_backup_of_a_server_at_work_is_a_version_that_it_had(
        Folders(root / "served").make(), root / "backup"
    )
    yield Seen(
        "backups of a server at work", exports, "each is a version that it had", time.monotonic() - started
    )


FAULTS = {"killed": killed, "many": many, "big": big, "links": links, "backup": backup}


def main() -> None:
    """Bring them about, and print the table line by line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--gigabytes", type=float, default=10.0)
    options = parser.parse_args()
    asked = Asked(options.moments, options.files, options.gigabytes)
    print("| fault | times | what was seen | seconds |\n|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder) / "customer.key"
        key.write_text(f"{KEY}\n")
        key.chmod(0o600)
        os.environ["CX_KEY"] = str(key)
        for name in options.names or FAULTS:
            for seen in FAULTS[name](Path(folder), asked):
                print(f"| {seen.fault} | {seen.times:,} | {seen.what} | {seen.seconds:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
