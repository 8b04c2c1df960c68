"""A session with Spark Connect, or the reason why there is none: in words, and before anyone has waited long."""

from __future__ import annotations

import re
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar
from urllib.parse import unquote

from cx.engine.errors import EngineError, OutOfTouch
from cx.engine.settings import Settings, without_secrets
from cx.words import t

PORT = 15002
VERSIONS = ("4",)
"""The major versions of Spark that speak as this client does."""
ALWAYS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.variable.substitute": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
}
"""Times are UTC, and a text in a query is that text: neither ${...} nor a backslash in it is anything else."""

BEAT, LAST_WORDS = 2.0, 5.0
"""Seconds between two looks at whether the engine is still there, and for which its good-bye is waited for."""

T = TypeVar("T")


@contextmanager
def connected(settings: Settings) -> Iterator[Any]:
    """A session for as long as this is open. Raises OutOfTouch, or EngineError where the client is not installed."""
    builder = _builder(settings)
    _probe(settings)
    _greet(settings)
    session = within(settings, lambda: _made(builder, settings))
    try:
        yield session
    finally:
        _leave(session, settings)


def within(settings: Settings, asks: Callable[[], T], late: str = "") -> T:
    """The answer of the engine. Raises OutOfTouch where none comes in time, with the sentence `late` or one of its own: the
    client itself would try on for minutes."""
    asking = _Asking(asks)
    asking.wait(settings.timeout_seconds)
    if not asking.over:
        raise OutOfTouch(late or _silent(settings))
    return asking.answer(settings)


def watched(settings: Settings, asks: Callable[[], T]) -> T:
    """The answer of the engine, however long that takes, as long as it is there. Raises OutOfTouch once nothing has
    listened at its address for `timeout_seconds`."""
    asking, heard = _Asking(asks), time.monotonic()
    while not asking.wait(BEAT):
        try:
            _probe(settings)
            heard = time.monotonic()
        except OutOfTouch as error:
            if time.monotonic() - heard > settings.timeout_seconds:
                raise OutOfTouch(_lost(settings)) from error
    return asking.answer(settings)


class _Asking(Generic[T]):
    """A question on a thread of its own, which nobody has to wait for: it ends with the process."""

    def __init__(self, asks: Callable[[], T]) -> None:
        self._asks = asks
        self._found: list[T] = []
        self._failed: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, name="cx-engine", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._found.append(self._asks())
        except BaseException as error:
            self._failed.append(error)

    @property
    def over(self) -> bool:
        """Whether it was answered, or failed."""
        return bool(self._found or self._failed)

    def wait(self, seconds: float) -> bool:
        """Wait for so long at most; whether it is over."""
        self._thread.join(seconds)
        return self.over

    def answer(self, settings: Settings) -> T:
        """The answer. Raises EngineError where it failed."""
        if self._failed:
            raise in_words(self._failed[0], settings) from self._failed[0]
        return self._found[0]


def _silent(settings: Settings) -> str:
    return t("{address} does not answer within {seconds} s (timeout_seconds). Is it a Spark Connect server, and is it well?",
             address=without_secrets(settings.address), seconds=settings.timeout_seconds)  # fmt: skip


def _lost(settings: Settings) -> str:
    return t("{address} was lost. What was served stays; try again once the engine is back.",
             address=without_secrets(settings.address))  # fmt: skip


def in_words(error: BaseException, settings: Settings) -> EngineError:
    """What went wrong on the engine, shortly; no rows, no key, no token."""
    if isinstance(error, EngineError):
        return error
    said, address = str(error), without_secrets(settings.address)
    if any(word in said for word in ("UNAUTHENTICATED", "Unauthenticated", "401")):
        return OutOfTouch(t("{address} does not know this account. Give a token that is valid: {address}/;token=…",
                            address=address))  # fmt: skip
    if any(
        word in said.lower()
        for word in ("permission_denied", "permission denied", "access denied", "accessdenied")
    ):
        return OutOfTouch(
            t("{address} has no right to what it should do: {reason}", address=address, reason=_short(said))
        )
    if any(
        word in said for word in ("UNAVAILABLE", "failed to connect", "Connection refused", "Socket closed")
    ):
        return OutOfTouch(_lost(settings))
    if "No module named" in said:
        return EngineError(
            t("The engine's workers lack a package: {reason}. Install the dashboard's requirements.txt there.",
              reason=_short(said[said.index("No module named") :]))
        )  # fmt: skip
    return EngineError(t("The engine failed: {reason}", reason=_short(said) or type(error).__name__))


def _short(said: str) -> str:
    """The first line that says something, without what stood in cells."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    raised = [
        line for line in lines if re.match(r"[\w.]+(Error|Exception): ", line) and "org.apache" not in line
    ]
    told = (
        raised[-1]
        if "Python worker" in said and raised
        else next((line for line in lines if not line.startswith(("<", "at ", "Traceback"))), "")
    )
    return re.sub(r"'(?:[^'\\]|\\.)*'", "'…'", told)[:300]


def _builder(settings: Settings) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            from pyspark.sql import SparkSession
    except ImportError as error:
        raise EngineError(
            t("The engine needs its client: pip install -r requirements-spark.txt ({reason})", reason=error)
        ) from error
    builder = SparkSession.builder.remote(settings.address)
    for name, value in {**settings.spark, **ALWAYS}.items():
        builder = builder.config(name, value)
    return builder


def _probe(settings: Settings) -> None:
    """Raise OutOfTouch at once where nothing listens: the client itself does not fail within five minutes."""
    host, port = _place(settings)
    try:
        socket.create_connection((host, port), timeout=settings.timeout_seconds).close()
    except socket.gaierror as error:
        raise OutOfTouch(
            t("There is no machine called '{host}'. Correct 'address' in cx.toml.", host=host)
        ) from error
    except OSError as error:
        raise OutOfTouch(
            t("Nothing answers at {host}:{port} ({reason}). Start the Spark Connect server, or correct 'address'.", host=host,
              port=port, reason=error.strerror or error)
        ) from error  # fmt: skip


def _place(settings: Settings) -> tuple[str, int]:
    """The host and the port of the address."""
    place = re.match(r"sc://(\[[^\]]+\]|[^/:;]+)(?::(\d+))?", unquote(settings.address))
    assert place is not None
    return place[1].strip("[]"), int(place[2] or PORT)


def _greet(settings: Settings) -> None:
    """Raise OutOfTouch where what listens does not speak: the client would wait for it without end, even at its exit."""
    import grpc

    target = settings.address.removeprefix("sc://").partition("/")[0].partition(";")[0]
    target = target if re.search(r":\d+$", target) else f"{target}:{PORT}"
    encrypted = any(word in settings.address for word in ("use_ssl=true", "token="))
    with (
        grpc.secure_channel(target, grpc.ssl_channel_credentials())
        if encrypted
        else grpc.insecure_channel(target) as channel
    ):
        try:
            grpc.channel_ready_future(channel).result(timeout=settings.timeout_seconds)
        except grpc.FutureTimeoutError as error:
            raise OutOfTouch(_silent(settings)) from error


def _leave(session: Any, settings: Settings) -> None:
    """End a session; of whoever is gone no leave is taken, as the client would try that for minutes."""
    try:
        _probe(settings)
    except OutOfTouch:
        _Asking(session.client.close).wait(LAST_WORDS)
        return
    _Asking(session.stop).wait(LAST_WORDS)


def _made(builder: Any, settings: Settings) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", UserWarning)  # of settings that are to leave one day
        session = builder.create()
    version = str(session.version)
    if version.partition(".")[0] not in VERSIONS:
        session.stop()
        raise OutOfTouch(
            t("{address} is Spark {version}; this needs {wanted}. Update the server.",
              address=without_secrets(settings.address), version=version, wanted=" or ".join(f"{one}.x" for one in VERSIONS))
        )  # fmt: skip
    return session
