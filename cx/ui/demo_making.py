"""The demo company, made at a viewer's click: by a process of its own, one for all viewers of the server.

It is the same command that a person would type (python -m cx demo); it hands its exports to the running server's inbox.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from functools import lru_cache
from tempfile import TemporaryFile
from threading import Lock
from typing import IO, Literal, NamedTuple

from cx.folders import PROJECT, Folders
from cx.words import t

GRACE_SECONDS = 5.0
"""So long after the last export has left the inbox its rows may still be on their way to the page."""
_LONGEST = 400

Phase = Literal["idle", "making", "taking in", "failed"]


class Progress(NamedTuple):
    """How far it is: the phase, the share done (0 to 1), and in words what goes on or went wrong."""

    phase: Phase
    done: float = 0.0
    told: str = ""


class Making:
    """The process that makes the demo company for these folders; at most one at a time."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None
        self._most = 1
        self._last = 0.0

    def start(self) -> bool:
        """Begin; False where it is being made already."""
        with self._lock:
            if self._process is not None and self.progress().phase in ("making", "taking in"):
                return False
            said = TemporaryFile()  # noqa: SIM115 (read when the process has ended)
            elsewhere = {"CX_INBOX": str(self._folders.elsewhere)} if self._folders.elsewhere else {}
            environment = {**os.environ, **elsewhere, "CX_DATA": str(self._folders.root), "COLUMNS": "1000"}
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cx", "demo"], cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL,
                stdout=said, stderr=subprocess.STDOUT,
            )  # fmt: skip
            self._said, self._most, self._last = said, 1, time.monotonic()
            return True

    def progress(self) -> Progress:
        """How far it is."""
        if self._process is None:
            return Progress("idle")
        ended = self._process.poll()
        if ended is None:
            self._last = time.monotonic()
            return Progress(
                "making", 0.1, t("Making two years of a demo company. This takes some ten seconds.")
            )
        if ended != 0:
            return Progress("failed", told=self._said_lines()[-1])
        return self._taking_in()

    def _taking_in(self) -> Progress:
        waiting = sum(not path.name.startswith(".") for path in self._folders.inbox.iterdir())
        if waiting:
            self._last = time.monotonic()
        elif time.monotonic() - self._last > GRACE_SECONDS:
            came = any(self._folders.archive.iterdir())
            return Progress("idle") if came else Progress("failed", told=self._said_lines()[0])
        self._most = max(self._most, waiting)
        told = t(
            "The demo company is made. {n} of its {all} exports have been taken in.",
            n=self._most - waiting,
            all=self._most,
        )
        return Progress("taking in", 0.3 + 0.7 * (self._most - waiting) / self._most, told)

    def _said_lines(self) -> list[str]:
        """What the command said: first why it had nothing to do, last why it failed."""
        assert self._said is not None, "a process that ended was started"
        self._said.seek(0)
        lines = [line.strip() for line in self._said.read().decode(errors="replace").splitlines()]
        return [line[:_LONGEST] for line in lines if line] or [t("The command ended without a word.")]


@lru_cache(maxsize=8)
def _making(folders: Folders) -> Making:
    return Making(folders)


_finding = Lock()


def making(folders: Folders) -> Making:
    """The one of these folders."""
    with _finding:
        return _making(folders)
