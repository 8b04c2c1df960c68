"""A viewer without a browser: what an open page says to the server and hears from it, and nothing of what it draws.

It speaks as the page does: Streamlit's websocket in its own messages, and the events of cx/ui/live.js, with the same
patience. `python -m tests.bench.viewers` holds its words against a real browser's.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import WebSocket, async_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.e2e.browser import CHROMIUM, FLAGS

PATIENCE_SECONDS = 2.0
"""As PATIENCE of cx/ui/live.js: how long until a rerun that did not come is asked for again."""
AGE_RUNS = 2
"""For how many runs a page keeps a large message, so that the server need not send it again."""


@dataclass
class Page:
    """What a page knows of itself from the messages that drew it."""

    version: float = -1
    listener: str = ""
    events: str = ""
    fragment: str = ""
    script: str = ""
    widgets: dict[str, WidgetState] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    run: int = 0

    def take(self, told: ForwardMsg) -> str:
        """Draw a message; its kind."""
        if told.metadata.cacheable or told.WhichOneof("type") == "ref_hash":
            self.kept[told.ref_hash or told.hash] = self.run
        match told.WhichOneof("type"):
            case "navigation":
                self.script = told.navigation.page_script_hash
            case "delta":
                self._element(told.delta.fragment_id, told.delta.new_element)
            case "script_finished":
                self.run += 1
                self.kept = {key: run for key, run in self.kept.items() if self.run - run <= AGE_RUNS}
        return told.WhichOneof("type") or ""

    def _element(self, fragment: str, element: Any) -> None:
        if element.HasField("bidi_component") and element.bidi_component.component_name == "cx_live":
            data = json.loads(element.bidi_component.json)
            self.version, self.events = data["version"], data["url"]
            self.listener, self.fragment = element.bidi_component.id, fragment
        elif element.HasField("button_group"):
            drawn = element.button_group
            self.widgets.setdefault(drawn.id, _chosen(drawn))

    def opened(self, url: str) -> BackMsg:
        """What a page says first."""
        asked = BackMsg()
        asked.rerun_script.widget_states.SetInParent()
        context = asked.rerun_script.context_info
        context.timezone, context.locale, context.url, context.color_scheme = (
            "UTC",
            "en-US",
            f"{url}/",
            "light",
        )
        context.timezone_offset, context.is_embedded = 0, False
        return asked

    def heard(self, url: str, version: float) -> BackMsg:
        """What it says on hearing of a version: the listener's trigger, which reruns the fragment it stands in."""
        asked = self.opened(url)
        states = asked.rerun_script.widget_states.widgets
        states.extend(self.widgets.values())
        number = int(version) if version == int(version) else version
        told = json.dumps([{"event": "heard", "value": number}], separators=(",", ":"))
        states.add(id=f"$$STREAMLIT_INTERNAL_KEY_{self.listener}__events", json_trigger_value=told)
        asked.rerun_script.page_script_hash = self.script
        asked.rerun_script.fragment_id = self.fragment
        asked.rerun_script.cached_message_hashes.extend(self.kept)
        return asked


def _chosen(drawn: Any) -> WidgetState:
    state = WidgetState(id=drawn.id)
    state.string_array_value.data.extend(drawn.raw_values)
    return state


class Viewer:
    """One open page. `finished` has the moment (time.time) at which each version was first shown whole."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.page = Page()
        self.told: dict[float, float] = {}
        self.finished: dict[float, float] = {}
        self.reruns = self.bytes = 0
        self.asked: BackMsg | None = None
        self._latest = -1.0
        self._socket: ClientConnection | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._changed = asyncio.Condition()

    async def open(self) -> None:
        """Load the page, and listen from then on."""
        stream = f"ws{self.url.removeprefix('http')}/_stcore/stream"
        self._socket = await connect(
            stream, origin=self.url, subprotocols=["streamlit"], max_size=None, compression=None,  # type: ignore[arg-type,list-item]
            ping_interval=None
        )  # fmt: skip
        self._tasks.append(asyncio.create_task(self._receive(self._socket)))
        await self._say(self.page.opened(self.url))
        await self.until(lambda: bool(self.finished and self.page.events))
        self._tasks.append(asyncio.create_task(self._listen()))
        await self.until(lambda: bool(self.told))

    async def close(self) -> None:
        """Leave."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket:
            await self._socket.close()

    async def until(self, true: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until this is true of it; it may change with each run that ends. Raises TimeoutError after so many seconds."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(true)

    async def shows(self, version: float) -> float:
        """The moment at which this version or a later one was first shown whole."""
        await self.until(lambda: max(self.finished, default=-1) >= version)
        return min(moment for shown, moment in self.finished.items() if shown >= version)

    def heard_at(self, version: float) -> float:
        """The moment at which it was told of this version or a later one."""
        return min(moment for told, moment in self.told.items() if told >= version)

    async def _receive(self, socket: ClientConnection) -> None:
        told = ForwardMsg()
        with suppress(ConnectionClosed):
            async for message in socket:
                self.bytes += len(message)
                told.ParseFromString(message)  # type: ignore[arg-type]
                if self.page.take(told) == "script_finished":
                    self.reruns += 1
                    self.finished.setdefault(self.page.version, time.time())
                    await self._notify()

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _say(self, asked: BackMsg) -> None:
        assert self._socket
        await self._socket.send(asked.SerializeToString())

    async def _listen(self) -> None:
        where = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        try:
            writer.write(f"GET {self.page.events} HTTP/1.1\r\nHost: {where.netloc}\r\n"
                         "Accept: text/event-stream\r\n\r\n".encode())  # fmt: skip
            asking: asyncio.Task[None] | None = None
            while line := await reader.readline():
                if line.startswith(b"data: "):
                    self._latest = float(line[6:])
                    self.told.setdefault(self._latest, time.time())
                    await self._notify()
                    if asking:
                        asking.cancel()
                    asking = asyncio.create_task(self._ask())
        finally:
            writer.close()

    async def _ask(self) -> None:
        patience = PATIENCE_SECONDS
        while self.page.version != self._latest:
            self.asked = self.page.heard(self.url, self._latest)
            await self._say(self.asked)
            await asyncio.sleep(patience)
            patience *= 2


class Watched:
    """A real browser's page, whose messages are held against what a viewer would have said in its place."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.page = Page()
        self.said: list[tuple[BackMsg, BackMsg]] = []

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator[Watched | None]:
        """The page in a browser; None where there is no browser."""
        if CHROMIUM is None:
            yield None
            return
        async with async_playwright() as playwright:
            chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page, watched = await chromium.new_page(), cls(url)
            page.on("websocket", watched._watch)
            await page.goto(url)
            await page.wait_for_selector("canvas", timeout=60_000)
            yield watched
            await chromium.close()

    def told(self) -> str:
        """How often it said what a viewer would have said."""
        alike = sum(_settled(said) == _settled(expected) for said, expected in self.said)
        return f"{alike} of {len(self.said)} times what a viewer says"

    def _watch(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._received)
        socket.on("framesent", self._sent)

    def _received(self, message: bytes | str) -> None:
        if isinstance(message, bytes):
            self.page.take(ForwardMsg.FromString(message))

    def _sent(self, message: bytes | str) -> None:
        said = BackMsg.FromString(message if isinstance(message, bytes) else message.encode())
        heard = [
            state.json_trigger_value
            for state in said.rerun_script.widget_states.widgets
            if state.json_trigger_value
        ]
        if heard:
            self.said.append((said, self.page.heard(self.url, json.loads(heard[0])[0]["value"])))


def _settled(said: BackMsg) -> BackMsg:
    """The same message with its states and hashes in one order, and without what the browser's own place sets."""
    settled = BackMsg.FromString(said.SerializeToString())
    asked = settled.rerun_script
    asked.widget_states.widgets.sort(key=lambda state: state.id)
    asked.cached_message_hashes.sort()
    asked.ClearField("context_info")
    return settled
