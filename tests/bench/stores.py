"""Where a bench lies, and how it comes there: exports generated, landed, and laid out for the peers.

FOLDER/exports   what the generator wrote, FOLDER/public what the public says
FOLDER/data      the product's own folders, the store among them
FOLDER/clean     the latest state of each row as Parquet, for the peers
FOLDER/landed.json  what landing took
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from cx.folders import PROJECT, Folders
from cx.ingest import catch_up, take_in
from cx.store import Store
from tests.bench import company, generate
from tests.bench.measuring import peak_memory

ROW_GROUP = 122_880


@dataclass(frozen=True, slots=True)
class Landed:
    """What taking in everything took: rows kept, seconds in all and of them the last `catch_up`, the most memory (MiB),
    and seconds of CPU of all threads."""

    rows: int
    seconds: float
    caught_up: float
    memory: float
    cpu: float

    @property
    def rate(self) -> float:
        """Rows a second, everything included."""
        return self.rows / self.seconds


def exports_of(folder: Path) -> list[Path]:
    """All exports, the generator's first."""
    return [*sorted((folder / "exports").glob("*.parquet")), folder / "public" / company.OPINIONS]


def prepare(folder: Path, rows: int) -> Landed | None:
    """Generate, land and lay out what is missing; what landing took, None where that was not measured."""
    if not any((folder / "exports").glob("*.parquet")):
        print(f"generating {rows:,} rows", flush=True)
        _apart("generate", str(folder / "exports"), str(rows))
    if not (folder / "public" / company.OPINIONS).exists():
        (folder / "public").mkdir(parents=True, exist_ok=True)
        company.opinions(folder / "public" / company.OPINIONS, rows)
    folders = Folders(folder / "data").make()
    company.furnish(folders.reference)
    if not folders.store.exists():
        print("landing them", flush=True)
    _apart("stores", str(folder))
    lay_out(folder)
    told = folder / "landed.json"
    return Landed(**json.loads(told.read_text())) if told.exists() else None


def _apart(module: str, *words: str) -> None:
    """Run a module of the bench in a process of its own, whose memory is gone with it."""
    command = [sys.executable, "-m", f"tests.bench.{module}", *words]
    subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)


def land(folder: Path) -> Landed:
    """Take in all exports as files that land together, then count what waits."""
    folders = Folders(folder / "data").make()
    store = Store.open(folders.store)
    begun, worked, kept = time.perf_counter(), time.process_time(), 0
    for path in exports_of(folder):
        report = take_in(store, folders, path, now=generate.END, alone=False)
        assert not report.rows_refused, report
        assert not report.reason, report
        kept += report.rows_kept
    before = time.perf_counter()
    catch_up(store, folders)
    ended = time.perf_counter()
    store.close()
    return Landed(kept, ended - begun, ended - before, peak_memory(), time.process_time() - worked)


def lay_out(folder: Path) -> None:
    """Write the latest state of each row for the peers: what was delivered again stands once, in its newest state.

    An export delivers its own rows with the time at which they happened, and those of before with a later one; so only
    rows like the latter are looked up.
    """
    clean = folder / "clean"
    if clean.exists():
        return
    draft = clean.with_name("clean.part")
    draft.mkdir(exist_ok=True)
    connection = duckdb.connect(config={"temp_directory": str(folder / "spilled")})
    connection.execute(f"""
create table changed as
select source, interaction_id, max(updated_at) as updated_at
from read_parquet('{folder}/exports/*.parquet') where updated_at > occurred_at group by all""")
    first, *others = exports_of(folder)
    shape = f"(select *, 'ours' as brand from read_parquet('{first}') limit 0)"
    for path in (first, *others):
        brand = "" if path.name == company.OPINIONS else ", 'ours' as brand"
        connection.execute(f"""
copy (
  from ({shape} union all by name (select *{brand} from read_parquet('{path}'))) r where not exists (
    from changed c where c.source = r.source and c.interaction_id = r.interaction_id and c.updated_at > r.updated_at
  )
) to '{draft / path.name}' (format parquet, row_group_size {ROW_GROUP})""")
    connection.close()
    draft.rename(clean)


def sizes(folder: Path) -> tuple[float, float]:
    """Megabytes of the store and of the exports."""
    store = Folders(folder / "data").store.stat().st_size
    return store / 1e6, sum(path.stat().st_size for path in exports_of(folder)) / 1e6


def main(folder: Path) -> None:
    """Land everything, or where there is a store see to it that nothing in it waits to be counted."""
    folders = Folders(folder / "data")
    if not folders.store.exists():
        (folder / "landed.json").write_text(json.dumps(asdict(land(folder))))
        return
    store = Store.open(folders.store)
    catch_up(store, folders)
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
