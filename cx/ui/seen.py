"""The server seen from outside: whether it is well, in one fixed word for everyone, and its figures for Prometheus.

Neither says anything of a row, a file or a folder.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE

from cx import clock
from cx.errors import QueryError
from cx.ingest import Report
from cx.questions.freshness import freshness
from cx.store import Store

OK, STOPPED, SILENT = "ok", "ingest stopped", "store does not answer"
"""All that the health address may say."""

SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60)
"""Upper bounds of the histogram of queries: the last is where a query is stopped."""

# A moment beside each figure, which nobody asked for.
disable_created_metrics()  # type: ignore[no-untyped-call]

__all__ = ["CONTENT_TYPE", "OK", "SILENT", "STOPPED", "Metrics", "measuring"]


def measuring() -> bool:
    """Whether figures are kept and shown: $CX_METRICS is 1."""
    return os.environ.get("CX_METRICS") == "1"


class Metrics:
    """The figures of one server, in a registry of their own."""

    def __init__(self, store: Store, listeners: Callable[[], int], alive: Callable[[], bool]) -> None:
        self._store = store
        self._registry = registry = CollectorRegistry()
        self._rows = Counter("cx_rows_taken_in", "Rows kept of all exports taken in.", registry=registry)
        self._files = Counter("cx_files", "Exports that landed, by outcome.", ["outcome"], registry=registry)
        for outcome in ("kept", "refused", "known"):
            self._files.labels(outcome)
        self._landing = Gauge("cx_last_landing_seconds", "How long the last export took.", registry=registry)
        self._queries = Histogram("cx_query_seconds", "Queries, by how long they took.", buckets=SECONDS, registry=registry)  # fmt: skip
        self._gauges: dict[Gauge, Callable[[], float]] = {
            Gauge(name, told, registry=registry): figure
            for name, told, figure in (
                ("cx_store_version", "The store's version, which grows with every commit.", lambda: store.version),
                ("cx_store_bytes", "The size of the store's file.", lambda: store.path.stat().st_size),
                ("cx_listeners", "Open pages.", listeners),
                ("cx_ingest_alive", "1 where exports are being taken in, else 0.", alive),
                ("cx_data_age_seconds", "Since the newest interaction; not a number where there is none.", self._age),
            )
        }  # fmt: skip

    def landed(self, report: Report) -> None:
        """Count an export that was taken in or refused whole."""
        outcome = "refused" if report.reason else "known" if report.already else "kept"
        self._files.labels(outcome).inc()
        self._rows.inc(report.rows_kept)
        self._landing.set(report.seconds)

    def queried(self, seconds: float) -> None:
        """Count a query."""
        self._queries.observe(seconds)

    def text(self) -> bytes:
        """All figures in the text format of Prometheus."""
        for gauge, figure in self._gauges.items():
            gauge.set(figure())
        return generate_latest(self._registry)

    def _age(self) -> float:
        try:
            fresh = freshness(self._store, clock.now())
        except QueryError:
            return math.nan
        return math.nan if fresh.empty else (fresh.now - fresh.through).total_seconds()
