"""Milliseconds by the wall and of CPU, and what machine they were measured on."""

from __future__ import annotations

import gc
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

SLOW_SECONDS, SLOW_TURNS = 20.0, 2
"""What takes longer than this once is measured in fewer turns."""


class Taken(NamedTuple):
    """Milliseconds by the wall, and of CPU of all threads of the process."""

    wall: float
    cpu: float

    @classmethod
    def median(cls, turns: Sequence[Taken]) -> Taken:
        """The median of each."""
        return cls(statistics.median(one.wall for one in turns), statistics.median(one.cpu for one in turns))


def once(ask: Callable[[], Any]) -> tuple[Any, Taken]:
    """What this answers, and what it takes."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    answer = ask()
    return answer, Taken(1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu))


def measured(ask: Callable[[], Any], turns: int) -> tuple[Any, Taken, int]:
    """What this answers, the median of so many turns after one that does not count, and how many turns there were."""
    answer, first = once(ask)
    if first.wall > 1000 * SLOW_SECONDS:
        turns = min(turns, SLOW_TURNS)
    return answer, Taken.median([once(ask)[1] for _ in range(turns)]), turns


def peak_memory() -> float:
    """The highest resident memory of this process so far, MiB (Linux)."""
    told = Path("/proc/self/status").read_text().split("VmHWM:")[1]
    return int(told.split()[0]) / 1024


def machine() -> str:
    """Cores, memory, load and versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    versions = ", ".join(f"{name} {version}" for name in PACKAGES if (version := _version(name)))
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB of memory, load {os.getloadavg()[0]:.1f}, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, {versions}"
    )


PACKAGES = ("duckdb", "chdb", "polars", "pandas", "pyarrow", "streamlit")


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
