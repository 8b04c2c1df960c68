"""The thread that takes in what lands: where it ends by an exception it is started again, and meanwhile that is known."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from cx.logs import place

PAUSES = (1.0, 60.0)
"""Seconds until it is started again: the first time, and at most, each pause being twice the one before."""
PROVEN_SECONDS = 1.0
"""After a failure it counts as alive again once it has run for so long: what fails at once was never alive."""

Work = Callable[[threading.Event], None]
_log = logging.getLogger(__name__)


class Taking:
    """Does the work, which goes on until the event that it is given is set, in a thread of its own, until `end`."""

    def __init__(self, work: Work, pauses: tuple[float, float] = PAUSES) -> None:
        self._work = work
        self._pauses = pauses
        self._ending, self._attempt = threading.Event(), threading.Event()
        self._failed = self._pausing = False
        self._began = 0.0
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._keep_on, name="cx-ingest", daemon=True)
        self._began = time.monotonic()
        self._thread.start()

    def end(self, patience: float = 10.0) -> None:
        """Have it stop, and wait for so many seconds until it has."""
        self._ending.set()
        self._attempt.set()
        if self._thread:
            self._thread.join(patience)

    @property
    def alive(self) -> bool:
        """Whether exports are being taken in."""
        proven = not self._failed or time.monotonic() - self._began >= PROVEN_SECONDS
        return self._thread is not None and self._thread.is_alive() and not self._pausing and proven

    @property
    def down(self) -> bool:
        """Whether it was started and is not alive; False in a process that takes nothing in."""
        return self._thread is not None and not self.alive

    def _keep_on(self) -> None:
        pause, longest = self._pauses
        while not self._done():
            # It ran well for a while: what fails now is another matter.
            if time.monotonic() - self._began > longest:
                pause = self._pauses[0]
            self._pausing = True
            self._ending.wait(pause)
            pause = min(2 * pause, longest)

    def _done(self) -> bool:
        """Work until told to end; False where it failed before."""
        # Each attempt has its own event, so that the threads of a failed one do not live on beside the next.
        self._attempt = attempt = threading.Event()
        self._began, self._pausing = time.monotonic(), False
        try:
            if not self._ending.is_set():
                self._work(attempt)
            return True
        except Exception as error:
            self._failed = True
            _log.error("exports are not being taken in: %s", place(error))
            return False
        finally:
            attempt.set()
