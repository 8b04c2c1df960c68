"""Stopping what runs too long: one thread for all, which sleeps until the first of them is due."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

AGAIN_SECONDS = 1.0
"""What was stopped and runs on all the same (it had not begun when it was told) is stopped again after so long."""


@dataclass(slots=True, eq=False)
class _Running:
    due: float
    stop: Callable[[], None]


class Deadlines:
    """What runs now, and when each is to be stopped. Safe to use from many threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running: set[_Running] = set()
        self._wakes_at = math.inf
        self._watcher: threading.Thread | None = None

    @contextmanager
    def within(self, seconds: float, stop: Callable[[], None]) -> Iterator[None]:
        """Call `stop` from another thread if this block lasts longer; never after the block has ended."""
        one = _Running(time.monotonic() + seconds, stop)
        with self._changed:
            self._running.add(one)
            self._have_watched(one.due)
        try:
            yield
        finally:
            with self._changed:
                self._running.discard(one)

    def _have_watched(self, due: float) -> None:
        """Wake the watcher only for what is due before it wakes by itself: so most queries cost it nothing."""
        if self._watcher is None or not self._watcher.is_alive():
            self._watcher = threading.Thread(target=self._watch, name="cx-deadlines", daemon=True)
            self._watcher.start()
        elif due < self._wakes_at:
            self._changed.notify_all()

    def _watch(self) -> None:
        with self._changed:
            while True:
                self._stop_due(time.monotonic())
                self._wakes_at = min((one.due for one in self._running), default=math.inf)
                idle = self._wakes_at == math.inf
                self._changed.wait(None if idle else max(self._wakes_at - time.monotonic(), 0))

    def _stop_due(self, now: float) -> None:
        for one in self._running:
            if one.due <= now:
                with suppress(Exception):  # the others must be watched on
                    one.stop()
                one.due = now + AGAIN_SECONDS
