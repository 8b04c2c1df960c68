"""A file that changes while it is read: it is taken in as it was or as it is now, never as half of both."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cx.folders import Folders
from cx.ingest import archive, scan, take_in
from cx.ingest.inbox import Settling
from cx.store import Store
from tests.conftest import ROW, answer, write_csv
from tests.test_faults import at_rest

BEFORE, AFTER = 40, 60
READ, MERGES, DONE = range(1, 4)
"""When it changes: once it is read, while its rows are merged, and when all is committed."""


def rows(first: int, count: int) -> list[dict[str, object]]:
    return [ROW | {"interaction_id": str(first + n)} for n in range(count)]


def grows(path: Path) -> None:
    with path.open("a") as file:
        for row in rows(1000, AFTER - BEFORE):
            file.write(",".join(map(str, row.values())) + "\n")


def replaced(path: Path) -> None:
    write_csv(path.with_name(".x.part"), rows(2000, AFTER)).replace(path)


def cut_and_written_anew(path: Path) -> None:
    os.truncate(path, 100)
    write_csv(path, rows(2000, AFTER))


CHANGES: dict[str, Callable[[Path], object]] = {
    "grows": grows,
    "replaced": replaced,
    "cut and written anew": cut_and_written_anew,
    "deleted": Path.unlink,
}


class Meddler:
    """Changes the file once, when it hears that the landing is so far."""

    def __init__(self, path: Path, change: Callable[[Path], object], when: int) -> None:
        self._path, self._change, self._when, self.done = path, change, when, False

    def __call__(self, phase: str, share: float) -> None:
        far = {"Reading": READ if share >= 0.5 else 0, "Merging": MERGES, "Done": DONE}
        if not self.done and far.get(phase, 0) >= self._when:
            self.done = True
            self._change(self._path)
            if self._path.exists():
                at_rest(self._path)


@pytest.mark.parametrize("when", [READ, MERGES, DONE], ids=["read", "merges", "done"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=[*CHANGES])
def test_it_is_taken_in_as_it_was_or_as_it_is_now(
    store: Store, folders: Folders, change: Callable[[Path], object], when: int
) -> None:
    path = at_rest(write_csv(folders.inbox / "x.csv", rows(0, BEFORE)))
    meddler, settling = Meddler(path, change, when), Settling()
    reports = scan(store, folders, None, meddler, settling)
    assert meddler.done
    while path.exists():
        reports += scan(store, folders, None, None, settling)
    kept = [(BEFORE, None)] if when == DONE else []
    kept += [] if change is Path.unlink else [(AFTER, None)]
    assert answer(store, "select rows_kept, reason from files order by file_id") == kept
    assert [report.reason for report in reports if report.reason] == []
    each = answer(store, "select count(*), count(distinct interaction_id) from interactions")
    both = when == DONE and change in (replaced, cut_and_written_anew)
    whole = BEFORE + AFTER if both else kept[-1][0] if kept else 0
    assert each == [(whole, whole)]
    assert len([*archive.every(folders)]) == len(kept)
    assert [*folders.refused.iterdir()] == []


@pytest.mark.parametrize(
    ("change", "told"),
    [(grows, "It was written to while it was read. Try again."), (Path.unlink, "There is no such file.")],
    ids=["grows", "deleted"],
)
def test_whoever_brought_it_is_told(
    store: Store, folders: Folders, change: Callable[[Path], object], told: str
) -> None:
    path = at_rest(write_csv(folders.root / "x.csv", rows(0, BEFORE)))
    report = take_in(store, folders, path, None, Meddler(path, change, READ))
    assert (report.reason, report.waiting, report.rows_kept) == (told, True, 0)
    assert answer(store, "select count(*) from files") == [(0,)]
