"""The pages that are open now, and how each is told of a new version: as server-sent events, one page after another.

A hundred pages that rerun at once would share one interpreter, and all would be late. So the next page is told when
few others are at work: most are done early, and the last no later.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

SPREAD_SECONDS = 0.002
"""The least time between two pages that are told."""
AT_ONCE = 2
"""While so many reruns are under way, the next page waits to be told."""
HOLD_SECONDS = 0.05
"""How long it waits at most: some rerun may take long for reasons of its own."""
PING_SECONDS = 20
RETRY_MILLISECONDS = 1000


class Listeners:
    """Open pages. `signal` is what a page is told when it connects; a number is all that travels."""

    def __init__(self, signal: Callable[[], float]) -> None:
        self._signal = signal
        self._queues: set[asyncio.Queue[float | None]] = set()
        self._reruns: set[threading.Thread] = set()
        self._counting = threading.Lock()
        self._ending = False

    def __len__(self) -> int:
        return len(self._queues)

    def rerun(self) -> None:
        """Count the thread that calls this as a rerun, until it ends."""
        with self._counting:
            self._reruns = {thread for thread in self._reruns if thread.is_alive()} | {
                threading.current_thread()
            }

    async def tell(self, signal: float) -> None:
        """Tell all pages that are open now."""
        for queue in [*self._queues]:
            queue.put_nowait(signal)
            await asyncio.sleep(SPREAD_SECONDS)
            await self._hold()

    async def events(self) -> AsyncIterator[str]:
        """Server-sent events: the version at once, then every new one, with a comment when nothing happens."""
        queue: asyncio.Queue[float | None] = asyncio.Queue()
        self._queues.add(queue)
        try:
            event: str | None = f"retry: {RETRY_MILLISECONDS}\ndata: {_written(self._signal())}\n\n"
            while event and not self._ending:
                yield event
                event = await _next_event(queue)
        finally:
            self._queues.discard(queue)

    def end(self) -> None:
        """End every stream: one that stays open would keep the process from stopping."""
        self._ending = True
        for queue in [*self._queues]:
            queue.put_nowait(None)

    async def _hold(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + HOLD_SECONDS
        while self._busy() >= AT_ONCE and loop.time() < until:
            await asyncio.sleep(SPREAD_SECONDS)

    def _busy(self) -> int:
        return sum(thread.is_alive() for thread in self._reruns)


async def _next_event(queue: asyncio.Queue[float | None]) -> str | None:
    try:
        signal = await asyncio.wait_for(queue.get(), PING_SECONDS)
    except TimeoutError:
        return ": ping\n\n"
    return None if signal is None else f"data: {_written(signal)}\n\n"


def _written(signal: float) -> str:
    return str(int(signal) if signal == int(signal) else signal)
