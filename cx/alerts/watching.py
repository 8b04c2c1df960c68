"""The server's thread: it looks after each new version and as time goes by, and never keeps the pages waiting.

Without rules it reads one file a minute and does nothing else.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from cx import clock
from cx.alerts.addresses import Secrets
from cx.alerts.parting import parts
from cx.folders import Folders
from cx.limited import Limits
from cx.logs import place
from cx.query import Filters
from cx.reference import alerts as rules
from cx.reference.alerts import Alerts
from cx.store import Store

TICK_SECONDS = 60.0
"""How often it looks at the clock: for the end of quiet hours, a retry, a source that is late, a Monday morning."""
GAP_SECONDS = 60.0
"""The least time between two looks at the data."""
STALE = timedelta(minutes=10)
"""What was found is looked for anew after so long, though nothing landed: sources grow late by time alone."""

_log = logging.getLogger(__name__)


class Watching:
    """Sends what the rules say, from `start` to `end`. What fails is logged and tried again; nothing is raised."""

    def __init__(
        self, store: Store, folders: Folders, secrets: Secrets, limits: Limits, tick: float = TICK_SECONDS
    ) -> None:
        self._store, self._folders, self._secrets, self._limits = store, folders, secrets, limits
        self._tick = tick
        self._wake, self._ending = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._keep_on, name="cx-alerts", daemon=True)
        self._thread.start()

    def look(self) -> None:
        """Say that there is a new version; returns at once."""
        self._wake.set()

    def end(self, patience: float = 10.0) -> None:
        """Have it stop, and wait for so many seconds until it has."""
        self._ending.set()
        self._wake.set()
        if self._thread:
            self._thread.join(patience)

    def _keep_on(self) -> None:
        looking: _Looking | None = None
        while not self._ending.is_set():
            self._wake.wait(self._tick)  # also at first: the pages are answered before
            self._wake.clear()
            began = time.monotonic()
            try:
                told = rules.alerts(self._folders.reference)
                if told.rules and not self._ending.is_set():
                    looking = looking or _Looking(self._store, self._folders, self._secrets, self._limits)
                    looking.once(told, self._ending.is_set)
            except Exception as error:
                if not self._ending.is_set():
                    _log.error("alerts could not be looked after: %s", place(error))
            self._ending.wait(max(0.0, min(GAP_SECONDS, self._tick) - (time.monotonic() - began)))


class _Looking:
    """One look after the other. What it needs is heavy to load, and waits until there are rules."""

    def __init__(self, store: Store, folders: Folders, secrets: Secrets, limits: Limits) -> None:
        from cx.alerts.round import Post
        from cx.surges import Memory

        self._post, self._limits = Post(store, folders, secrets), limits
        self._memories: dict[Filters, Memory] = defaultdict(Memory)
        self._seen: tuple[object, ...] = ()
        self._looked: datetime | None = None
        self._post.settle()

    def once(self, told: Alerts, stop: Callable[[], bool]) -> None:
        """Look at the data where they, the rules or the hour are new, and send what is due."""
        state, now = (self._post.store.version, told), clock.now()
        if self._looked is None and self._post.store.counting:
            return  # a store of an earlier version is counted anew: what it says until then is less than there is
        if self._looked is None or state != self._seen or now - self._looked >= STALE:
            self._parts = [
                (post, part, post.look(part, self._memories[seen.rows]))
                for seen, part in parts(told, self._post.folders, self._limits)
                for post in [replace(self._post, seen=seen)]
            ]
            self._seen, self._looked = state, now
        for post, part, found in self._parts:
            post.go(part, *found, stop)
