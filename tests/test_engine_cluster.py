"""The same numbers from a real cluster: Apache Spark's master, two workers and Connect server, one worker killed in the middle.

Wants Java and the whole of Spark (docs/engine.md, "How equal"); where they are missing it is skipped.
"""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pyspark", reason="needs the engine's client: pip install -r requirements-bench.txt")

from cx.engine import command, running
from cx.engine.settings import Settings
from cx.folders import Folders
from tests import odd, parity
from tests.bench.engine import WORKERS, cluster, killed, spark_home
from tests.test_engine import NOW, SEED, counted_here


@pytest.mark.skipif(spark_home() is None, reason="needs Java, and the whole of Spark in SPARK_HOME")
def test_with_a_worker_killed_every_rollup_is_the_same_to_the_last_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # These machines live for a minute: to compile well would take them longer than it saves.
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    odd.write(tmp_path / "raw", SEED)
    here, there = (Folders(tmp_path / name).make() for name in ("here", "there"))
    counted_here(here, tmp_path / "raw")
    with cluster(tmp_path / "cluster", "1g") as (address, workers):
        settings = Settings(
            "spark",
            address,
            str(tmp_path / "raw"),
            str(tmp_path / "rollups"),
            60,
            WORKERS,
            {"spark.sql.shuffle.partitions": f"{WORKERS}"},
        )

        def killing(phase: str, done: float) -> None:
            if done > 0.7 and workers[0].poll() is None:
                killed(workers[0])

        version = running.make(settings, there, NOW, killing)
        assert workers[0].poll() is not None
    command.serve(settings, there, version, lambda phase, done: None)
    assert parity.differing(here.store, there.store) == {}
