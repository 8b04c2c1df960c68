"""A process that kills itself at a chosen step of what it does: an SQL statement, or a change of a file.

Every statement and every change counts as one step, in the order in which they come. A process that dies before step n has
done all that comes before it, so that killing at 0, 1, 2 ... dies between every two.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from cx.folders import Folders
from cx.ingest import catch_up, scan
from cx.store import Store

CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.utime", "os.link", "os.chmod", "shutil.move")
ASKS = ("execute", "executemany", "sql")


class Steps:
    """Counts the steps of this process below a folder, and dies before the one that it is told to die at."""

    def __init__(self, root: Path, die_at: int | None = None) -> None:
        self.taken: list[str] = []
        self._root, self._die_at = str(root), die_at

    def begin(self) -> None:
        """Count from now on; there is no end to it but that of the process."""
        for name in ASKS:
            setattr(duckdb.DuckDBPyConnection, name, self._counted(getattr(duckdb.DuckDBPyConnection, name)))
        sys.addaudithook(self._heard)

    def _counted(self, does: Callable[..., Any]) -> Callable[..., Any]:
        def asked(connection: object, statement: object, *rest: Any, **more: Any) -> Any:
            self._step(" ".join(str(statement).split()))
            return does(connection, statement, *rest, **more)

        return asked

    def _heard(self, event: str, about: tuple[Any, ...]) -> None:
        writes = event == "open" and bool(about[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        if (event in CHANGES or writes) and self._root in str(about[0]):
            self._step(f"{event} {self._named(about[0])}")

    def _named(self, path: object) -> str:
        return str(path).removeprefix(f"{self._root}/")

    def _step(self, what: str) -> None:
        if len(self.taken) == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.taken.append(what)


def take_all_in(root: Path) -> None:
    """What the process that gets killed does: open the store and take in all that is in the inbox."""
    folders = Folders(root)
    store = Store.open(folders.store)
    catch_up(store, folders)
    scan(store, folders)
    store.close()


def _dying(root: Path, die_at: int) -> None:
    Steps(root, die_at).begin()
    take_all_in(root)


def _counting(root: Path, told: Any) -> None:
    steps = Steps(root)
    steps.begin()
    take_all_in(root)
    told.put(steps.taken)


def forks() -> Any:
    """How processes are started that have read the code already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.killing", "tests.test_faults", "tests.test_undo"])
    return context


def begun(work: Callable[..., None], *given: Any) -> Any:
    """A process that does this, with the settings of now: what it is forked from has those of the first test that forked."""
    child = forks().Process(target=_settled, args=(dict(os.environ), work, given))
    child.start()
    return child


def _settled(settings: dict[str, str], work: Callable[..., None], given: tuple[Any, ...]) -> None:
    os.environ.clear()
    os.environ.update(settings)
    work(*given)


def counted(root: Path) -> list[str]:
    """Take everything in, in a process of its own, and tell the steps that it took."""
    told = forks().SimpleQueue()
    child = begun(_counting, root, told)
    steps: list[str] = told.get()
    child.join()
    return steps


def killed_at(root: Path, step: int) -> bool:
    """Begin to take everything in and die before this step; False where the work was done before it came to that."""
    child = begun(_dying, root, step)
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL), child.exitcode
    return child.exitcode != 0


def killed_after(root: Path, seconds: float) -> bool:
    """Begin to take everything in and be killed after a time; False where the work was done before."""
    child = begun(take_all_in, root)
    child.join(seconds)
    child.kill()
    child.join()
    return bool(child.exitcode)
