"""A Spark Connect server without a JVM (Sail), in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cx.folders import PROJECT

_SERVES = """
import sys
from pysail.spark import SparkConnectServer
SparkConnectServer("127.0.0.1", int(sys.argv[1])).start(background=False)
"""


@dataclass(frozen=True)
class Sail:
    """A running server: where it listens, and its process."""

    address: str
    process: subprocess.Popen[Any]

    def kill(self) -> None:
        """End it as a failing machine would."""
        self.process.kill()
        self.process.wait()


@contextmanager
def sailing() -> Iterator[Sail]:
    """A server for as long as this is open."""
    port = free_port()
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "RUST_LOG": "error", "PYTHONWARNINGS": "ignore"}
    process = subprocess.Popen([sys.executable, "-c", _SERVES, str(port)], cwd=PROJECT, env=environment)
    try:
        listening(port)
        yield Sail(f"sc://127.0.0.1:{port}", process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port that nothing listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listening(port: int, seconds: float = 60) -> None:
    """Wait until something listens there."""
    until = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < until, f"nothing listens at {port}"
            time.sleep(0.05)
