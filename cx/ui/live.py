"""The live page: the process that owns the store, and the push of its version to every browser.

One ingest thread writes; a commit makes the store's version grow. The default view of the new version is computed
first, then the number goes to every open page, whose fragment asks for that version and finds it warm. Only the
number travels: what a viewer sees is always what their own script shows them. An edit of the files beside the store,
from a page or by hand, goes the same way.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from streamlit.runtime.pages_manager import PagesManager

from cx import logs, reference
from cx.access import OWNER, acting_as, person
from cx.alerts.watching import Watching
from cx.errors import CxError, NotAllowed
from cx.folders import Folders
from cx.limited import Limits
from cx.store import Store
from cx.ui import callback, door, keeping, listening, owning, seen, signing
from cx.ui.guard import Guard
from cx.ui.listeners import Listeners
from cx.ui.stopping import when_told_to_stop
from cx.ui.taking import Taking
from cx.words import t

HERE = Path(__file__).parent
STATIC = HERE / "static"
ICON = "/app/static/icon.png"
STYLE = HERE / "style.css"

LOOK_SECONDS = 0.05
"""How often the publisher compares two integers."""
EDITS_SECONDS = 1.0
"""How often it looks at the files that a person edits."""
MOST_EDITS = 1 << 20
"""From so many edits on they are counted from none again: far more than anyone makes while a page is open."""
GAP_SECONDS = 1.0
"""The least time between two versions: a burst of files is shown in steps, not file by file."""
ANEW_VERSIONS = 30
"""After so many versions and edits Streamlit's cache is cleared: charts of old ones would stay until newer ones push them
out, and it keeps a lock for every one that it ever cached."""
HEALTH_SECONDS = 6
"""How long the health address waits for the store, which may itself be shut while it is written anew."""
HEARTBEAT_SECONDS = 30
"""How often a page asks for itself where events are not to be had."""

Warm = Callable[[int], None]
_log = logging.getLogger(__name__)


class Server:
    """The owner of the store in this process, and the version that its viewers are shown."""

    def __init__(self, folders: Folders) -> None:
        self.folders = folders.make()
        self.store = Store.open(folders.store)
        self.limits = Limits(self.store)
        self.taking = Taking(self._take_in)
        self.alerts = Watching(self.store, self.folders, self.secrets, self.limits)
        self.metrics = seen.Metrics(self.store, lambda: self.listeners, lambda: self.taking.alive)
        self.store.on_query = self.metrics.queried if seen.measuring() else None
        self._probe: asyncio.Task[bool] | None = None
        self.edits = 0
        self._edited = reference.edited(self.folders.reference)
        self._noticing = threading.Lock()
        self._published: tuple[int, int] | None = None
        self._told: float | None = None
        self.pages = Listeners(lambda: self.signal)

    @property
    def version(self) -> int:
        """The version to show: the last one published, or the store's own where nobody publishes (in a test)."""
        return self.store.version if self._published is None else self._published[0]

    @property
    def signal(self) -> float:
        """What pages are told: the version, and half a version more while exports are not being taken in; and less than that
        for the edits of the reference files, another part for each."""
        edits = self.edits if self._published is None else self._published[1]
        return self.version + 0.5 * self.taking.down + 0.5 * (edits % MOST_EDITS) / MOST_EDITS

    def edited(self) -> None:
        """Count an edit of the reference files, if there was one since the last look: every open page will show it."""
        with self._noticing:
            now = reference.edited(self.folders.reference)
            self.edits += now != self._edited
            self._edited = now

    @property
    def listeners(self) -> int:
        """How many pages are listening now."""
        return len(self.pages)

    def events(self) -> AsyncIterator[str]:
        """What a page hears for as long as it is open: see `Listeners.events`."""
        return self.pages.events()

    async def publish(self) -> None:
        """Warm the store's newest version as the newest edits have it, tell it to everyone who listens, and warm what fewer
        look at: whoever does finds it asked for by the first of them."""
        now = self._newest
        before = now if self._published is None else self._published
        anew = sum(now) // ANEW_VERSIONS > sum(before) // ANEW_VERSIONS
        await asyncio.to_thread(_warm_up, now[0], anew)
        self._published = now
        await self._tell()
        self.alerts.look()
        await asyncio.to_thread(_warm, now[0], _behind)

    @property
    def _newest(self) -> tuple[int, int]:
        return self.store.version, self.edits

    async def _tell(self) -> None:
        self._told = self.signal
        await self.pages.tell(self._told)

    async def follow(self) -> None:
        """Publish each new version of the store, each edit, and that it no longer grows or grows again, until cancelled."""
        due = 0.0
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if time.monotonic() >= due:
                await asyncio.to_thread(self.edited)
                due = time.monotonic() + EDITS_SECONDS
            if self._newest != self._published:
                await self.publish()
                await asyncio.sleep(GAP_SECONDS)
            elif self.signal != self._told:
                await self._tell()

    async def health(self) -> str:
        """One of the words of `cx.ui.seen`. However many ask, one of them waits for the store."""
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(asyncio.to_thread(self.store.answers))
        answered, _ = await asyncio.wait({self._probe}, timeout=HEALTH_SECONDS)
        if not answered or not self._probe.result():
            return seen.SILENT
        return seen.OK if self.taking.alive else seen.STOPPED

    def secrets(self) -> Mapping[str, str]:
        """The addresses of alerts, by their names, as .streamlit/secrets.toml says them."""
        try:
            return {str(name): str(address) for name, address in st.secrets["alerts"].items()}
        except (KeyError, FileNotFoundError, AttributeError):
            return {}

    def _take_in(self, stop: threading.Event) -> None:
        from cx.ingest import watch

        watch(self.store, self.folders, stop, self.metrics.landed)


_servers: dict[Folders, Server] = {}
_opening = threading.Lock()
_warmers: list[Warm] = []
_behind: list[Warm] = []
_slow: list[Warm] = []


def server() -> Server:
    """The owner of the store at Folders.default(), opened at the first call in this process."""
    folders = Folders.default()
    with _opening:
        if folders not in _servers:
            _servers[folders] = Server(folders)
        return _servers[folders]


def store() -> Store:
    """The store of whoever looks: the rows that they may see, and no others. Raises NotAllowed where they have no role."""
    one = person()
    if not one.role:
        raise NotAllowed(t("You have no role here, so nothing is shown."))
    return server().limits.store(one.rows) if one.limited else server().store


def close() -> None:
    """Close every store that this process has opened; the next call of `server` opens one anew."""
    with _opening:
        while _servers:
            _servers.popitem()[1].store.close()


def warm_with(*hooks: Warm, behind: Sequence[Warm] = (), slow: Sequence[Warm] = ()) -> None:
    """Have these called with each new version before anyone is told of it, those behind once all pages are, and the slow ones
    once, when the server has begun and what it remembers is empty. They replace those before them."""
    _warmers[:], _behind[:], _slow[:] = hooks, behind, slow


def _warm_up(version: int, anew: bool) -> None:
    if anew:
        st.cache_resource.clear()
    keeping.age()
    _warm(version, _warmers)


def _warm(version: int, hooks: Sequence[Warm]) -> None:
    for hook in hooks:
        try:
            hook(version)
        except Exception as error:
            # A cold cache is slower, not wrong: the version is published all the same.
            _log.error(
                "version %d could not be computed ahead of its viewers: %s", version, logs.place(error)
            )


def version(key: str = "live") -> int:
    """The version to show, for the fragment that calls this; a new version reruns that fragment alone.

    Call it once in a fragment; give each fragment of a page its own key.
    """
    if signing.changed():
        st.rerun()
    running = server()
    running.pages.rerun()
    shown = running.version
    data = {"url": f"{base_path()}/api/live", "version": running.signal, "heartbeat": HEARTBEAT_SECONDS}
    _listener(data=data, key=key, on_heard_change=lambda: None, height=1)
    return shown


@st.fragment(run_every="1d")
def survive_restarts() -> None:
    """Let open pages live on when the server comes back; call it once in app.py.

    Streamlit reruns a page that reconnects only where a fragment is timed, and a new server knows none of its
    fragments until it has been rerun. So this one, which does nothing, is timed.
    """


_listener = st.components.v2.component("cx_live", js=(HERE / "live.js").read_text(encoding="utf-8"))


def routes() -> list[BaseRoute]:
    """The server's own addresses, below the base path: the events, the owner's questions, fonts and pictures; and first of all
    what is refused, also of what stands behind them."""
    base = base_path()
    return [
        Guard(base),
        Route(f"{base}/api/live", _live),
        Route(f"{base}/api/health", _health),
        Route(f"{base}/metrics", _metrics),
        door.route(f"{base}/api/doctor", _summary),
        *owning.routes(base, server),
        *callback.routes(base),
        Mount(f"{base}/app/static", StaticFiles(directory=STATIC)),
    ]


async def _live(_request: Request) -> StreamingResponse:
    headers = {"cache-control": "no-cache, no-transform", "x-accel-buffering": "no"}
    return StreamingResponse(server().events(), media_type="text/event-stream", headers=headers)


async def _health(_request: Request) -> JSONResponse:
    told = await server().health()
    status = 200 if told == seen.OK else 503
    return JSONResponse({"status": told}, status, headers={"cache-control": "no-store"})


async def _metrics(_request: Request) -> Response:
    if not seen.measuring():
        return Response(status_code=404)
    return Response(await asyncio.to_thread(server().metrics.text), media_type=seen.CONTENT_TYPE)


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """While the server runs: take in what lands in the inbox, publish it, and answer the command line."""
    # Otherwise the first visitor of a new server who follows a link to a page gets that file alone, as in Streamlit's
    # older way of pages/, without navigation, style and page settings.
    PagesManager.uses_pages_directory = False
    logs.set_up()
    running = _opened()
    running.taking.start()
    running.alerts.start()
    with acting_as(OWNER):  # what is computed ahead is for all
        following = asyncio.create_task(_first_warmed(running))
    with door.announced(running.folders.server, base_path()), when_told_to_stop(running.pages.end):
        try:
            yield
        finally:
            following.cancel()
            await asyncio.to_thread(running.alerts.end)
            await asyncio.to_thread(running.taking.end)
            close()
            gc.unfreeze()


async def _first_warmed(running: Server) -> None:
    """Follow the store; what was there at the start is warmed behind those who look at it already."""
    await running.publish()
    gc.collect()
    gc.freeze()
    behind = asyncio.create_task(asyncio.to_thread(_warm, running.version, _slow))
    await running.follow()
    await behind


def _opened() -> Server:
    """The server, or the end of this process, which then leaves the reason in words instead of where in the code it arose."""
    try:
        listening.refuse_others()
        signing.begin()
        return server()
    except CxError as error:
        sys.tracebacklimit = 0
        raise error from None


def _summary() -> dict[str, object]:
    from cx.doctor import summary

    running = server()
    try:
        return {**summary(running.store), "taking_in": running.taking.alive}
    except CxError as error:
        return {"damage": str(error), "taking_in": running.taking.alive}


def base_path() -> str:
    """The path below which the server answers: empty, or such as "/cx"."""
    path = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"/{path}" if path else ""
