"""The same numbers from a distributed engine, rollup by rollup, with the time that each step took.

    python -m tests.bench.engine [--rows 1000000] [--folder FOLDER] [--cluster] [--kill] [--address sc://HOST:PORT]

Generates exports where there are none, counts them here and by the engine, and compares every rollup: Sail in a process of its own;
with --cluster an Apache Spark of a master, two workers and a Connect server on this machine (wants Java 17, and in SPARK_HOME or installed the
whole of Spark: pip install --no-deps --target FOLDER pyspark==4.3.0, SPARK_HOME=FOLDER/pyspark); or one that runs already. With --kill one of the two workers is killed while customers are folded. Exit code 1: something differs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from cx.engine import command, running
from cx.engine.settings import Settings
from cx.folders import PROJECT, Folders
from cx.ingest import catch_up, take_in
from cx.store import Store
from tests import parity
from tests.bench import generate
from tests.bench.measuring import machine
from tests.sail import free_port, listening, sailing

NOW = datetime(2026, 1, 15)
WORKERS = 2


def main() -> int:
    """Count twice, compare, print."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--rows", type=int, default=1_000_000)
    words.add_argument("--folder", type=Path, help="where exports and stores are kept, for the next time")
    words.add_argument(
        "--cluster", action="store_true", help="Apache Spark: a master, two workers, a Connect server"
    )
    words.add_argument("--memory", default="2g", help="of each worker of --cluster (default 2g)")
    words.add_argument("--kill", action="store_true", help="kill one worker of --cluster in the middle")
    words.add_argument("--address", default="", help="an engine that runs already")
    given = words.parse_args()
    with ExitStack() as stack:
        root = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        raw = root / "exports"
        if not raw.exists():
            generate.write(raw, given.rows)
        kill, address = _engine(stack, given, root)
        here = counted_here(root / "here", raw)
        there = counted_there(root, raw, address, kill)
    return told(here, there)


def _engine(stack: ExitStack, given: argparse.Namespace, root: Path) -> tuple[Callable[[], None], str]:
    """What kills a worker, and the engine's address."""
    if given.address or not given.cluster:
        return _nothing, given.address or stack.enter_context(sailing()).address
    address, workers = stack.enter_context(cluster(root / "cluster", given.memory))
    return (lambda: killed(workers[0])) if given.kill else _nothing, address


def _nothing() -> None:
    """No worker is killed."""


def counted_here(root: Path, raw: Path) -> Folders:
    """The exports in a store of this machine alone."""
    folders = Folders(root).make()
    if folders.store.exists():
        return folders
    started, store = time.perf_counter(), Store.open(folders.store)
    for path in sorted(raw.glob("*.parquet")):
        take_in(store, folders, path, now=NOW, alone=False)
    catch_up(store, folders)
    store.close()
    print(f"here: {time.perf_counter() - started:.1f} s", flush=True)
    return folders


def counted_there(root: Path, raw: Path, address: str, kill: Callable[[], None]) -> Folders:
    """The exports counted by the engine, and served from a store."""
    folders, steps = Folders(root / "there").make(), [("Start", time.perf_counter())]
    shutil.copy(Folders(root / "here").root / "customer.key", folders.root)
    settings = Settings("spark", address, str(raw), tempfile.mkdtemp(dir=root, prefix="rollups-"), 60)

    def step(phase: str, done: float) -> None:
        if phase != steps[-1][0]:
            steps.append((phase, time.perf_counter()))
            print(f"{phase} {steps[-1][1] - steps[0][1]:.1f} s", flush=True)
        if phase == "Folding":
            kill()

    version = running.make(settings, folders, NOW, step)
    print(
        f"made: {time.perf_counter() - steps[0][1]:.1f} s, {version.interactions} interactions, {version.customers} customers"
    )
    command.serve(settings, folders, version, step)
    size = sum(path.stat().st_size for path in Path(settings.rollups).rglob("*.parquet"))
    print(
        f"served: {time.perf_counter() - steps[0][1]:.1f} s; rollups {size / 1e6:.1f} MB, store {folders.store.stat().st_size / 1e6:.1f} MB"
    )
    shutil.rmtree(settings.rollups)
    return folders


def told(here: Folders, there: Folders) -> int:
    """Print every rollup; 1 where one differs by more than the order of adding fractions."""
    print("\n| rollup | rows | to the last bit | to 12 digits |\n|---|--:|---|---|")
    exact, near = (parity.compared(here.store, there.store, exactly) for exactly in (True, False))
    for one, other in zip(exact, near, strict=True):
        print(f"| {one.table} | {one.rows} | {_apart(one)} | {_apart(other)} |")
    print(f"\n{machine()}")
    return 0 if all(one.same for one in near) else 1


def _apart(one: parity.Compared) -> str:
    return "equal" if one.same else f"{one.missing} rows apart"


def spark_home() -> Path | None:
    """Where the whole of Spark lies, which the thin client is not. None where it is missing, or Java is."""
    import pyspark

    home = Path(os.environ.get("SPARK_HOME") or Path(pyspark.__file__).parent)
    return home if shutil.which("java") and (home / "jars").exists() else None


@contextmanager
def cluster(root: Path, memory: str) -> Iterator[tuple[str, list[subprocess.Popen[Any]]]]:
    """Apache Spark on this machine: the address of its Connect server, and its workers."""
    root.mkdir(parents=True, exist_ok=True)
    home, master, connect = spark_home(), free_port(), free_port()
    if not home:
        raise SystemExit(
            "The whole of Spark is wanted: pip install --no-deps --target FOLDER pyspark==4.3.0, SPARK_HOME=FOLDER/pyspark"
        )
    environment = {
        **os.environ, "SPARK_HOME": str(home), "PYTHONPATH": str(PROJECT), "PYSPARK_PYTHON": sys.executable, "PYTHONWARNINGS": "ignore",
        "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_WORKER_DIR": str(root / "work"), "SPARK_NO_DAEMONIZE": "1",
    }  # fmt: skip

    def started(name: str, *arguments: str) -> subprocess.Popen[Any]:
        log = (root / f"{name}.log").open("w")
        spark = str(home / "bin" / ("spark-submit" if name == "connect" else "spark-class"))
        return subprocess.Popen(
            [spark, *arguments], env=environment, cwd=root, stdout=log, stderr=log, start_new_session=True
        )

    deploy, url = "org.apache.spark.deploy", f"spark://127.0.0.1:{master}"
    processes = [
        started(
            "master",
            f"{deploy}.master.Master",
            "--host",
            "127.0.0.1",
            "--port",
            str(master),
            "--webui-port",
            "0",
        )
    ]
    try:
        listening(master)
        workers = [started(f"worker{number}", f"{deploy}.worker.Worker", "--cores", "1", "--memory", memory, "--webui-port", "0", url)
                   for number in range(WORKERS)]  # fmt: skip
        processes += workers
        processes.append(started(
            "connect", "--master", url, "--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "--name", "cx",
            "--conf", f"spark.connect.grpc.binding.port={connect}", "--conf", "spark.ui.enabled=false",
            "--conf", f"spark.executor.memory={memory}", "--conf", "spark.sql.shuffle.partitions=8", "spark-internal",
        ))  # fmt: skip
        listening(connect, 120)
        yield f"sc://127.0.0.1:{connect}", workers
    finally:
        for process in reversed(processes):
            killed(process)


def killed(process: subprocess.Popen[Any]) -> None:
    """End a process and all that it started, as a failing machine would."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        print(f"killed process {process.pid}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
