"""Who answers the questions: the product and its peers, each in a process of its own, so that CPU time is its own alone.

    python -m tests.bench.answers WHO FOLDER FILE [--turns 5]

Measures everything that WHO answers and leaves answers and times in FILE.
"""

from __future__ import annotations

import argparse
import importlib.util
import pickle
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pandas as pd

from cx.folders import PROJECT, Folders
from cx.ingest import catch_up
from cx.store import Store
from tests.bench.in_pandas import Pandas
from tests.bench.in_polars import Polars
from tests.bench.measuring import Taken, measured
from tests.bench.questions import QUESTIONS, Question
from tests.bench.recording import recorded

OWN, QUERIES = "product", "its queries"
"""The product's whole answer, with its intervals, and the queries beneath it alone: counts, as the peers give."""
Ask = Callable[[], Any]

_LOW = (
    "stage", "touchpoint", "segment", "region", "campaign_id", "channel", "device", "product", "reason", "sentiment",
    "handled_by", "goal",
)  # fmt: skip
"""Columns of few values, which ClickHouse keeps as dictionaries."""


class Answer(NamedTuple):
    """An answer as a plain frame, what it took, and in how many turns."""

    told: pd.DataFrame
    taken: Taken
    turns: int


Ways = Callable[[Question], list[Ask]]
"""The forms in which someone answers a question; none where they do not."""


class Answerer(NamedTuple):
    """`needs`: the package that must be there. `open`: over a bench's folder, for the length of a block."""

    needs: str
    open: Callable[[Path], AbstractContextManager[Ways]]


@contextmanager
def _product(folder: Path) -> Iterator[Ways]:
    folders = Folders(folder / "data")
    store = Store.open(folders.store)
    try:
        catch_up(store, folders)  # a store of an earlier version waits for it
        yield lambda question: [partial(question.own, store)]
    finally:
        store.close()


@contextmanager
def _queries(folder: Path) -> Iterator[Ways]:
    with _product(folder) as ways:
        yield lambda question: [_asked_again(ask) for ask in ways(question)]


def _asked_again(ask: partial[Any]) -> Ask:
    (store,) = ask.args
    with recorded(store) as asked:
        ask()
    return lambda: [store.run(query) for query in asked]


@contextmanager
def _duckdb_parquet(folder: Path) -> Iterator[Ways]:
    with duckdb.connect(config={"temp_directory": str(folder / "spilled")}) as connection:
        connection.execute("set parquet_metadata_cache = true")
        connection.execute(f"create view rows as {_parquet(folder)}")
        yield partial(_in_duckdb, connection)


@contextmanager
def _duckdb_table(folder: Path) -> Iterator[Ways]:
    """A table in the order of the files, which is that of time."""
    path = folder / "peer.duckdb"
    if not path.exists():
        draft = path.with_suffix(".part")
        draft.unlink(missing_ok=True)
        with duckdb.connect(str(draft)) as making:
            making.execute(f"create table rows as {_parquet(folder)}")
        draft.rename(path)
    with duckdb.connect(str(path), read_only=True) as connection:
        yield partial(_in_duckdb, connection)


def _parquet(folder: Path) -> str:
    return f"from read_parquet('{folder}/clean/*.parquet')"


def _in_duckdb(connection: duckdb.DuckDBPyConnection, question: Question) -> list[Ask]:
    values = dict(question.values) or None
    return [lambda sql=sql: connection.execute(sql, values).df() for sql in question.duckdb]


@contextmanager
def _clickhouse_parquet(folder: Path) -> Iterator[Ways]:
    with tempfile.TemporaryDirectory() as own:
        yield _in_clickhouse(Path(own), _file(folder))


@contextmanager
def _clickhouse_table(folder: Path) -> Iterator[Ways]:
    """A MergeTree by time, which serves every question: each narrows the time, or needs all of it."""
    columns = "".join(f" replace (toLowCardinality({name}) as {name})" for name in _LOW)
    columns += "".join(
        f" replace (toLowCardinality(assumeNotNull({name})) as {name})"
        for name in ("kind", "source", "brand")
    )
    columns += " replace (assumeNotNull(occurred_at) as occurred_at)"
    made = (
        f"create table made engine = MergeTree order by occurred_at as select *{columns} from {_file(folder)}"
    )
    yield _in_clickhouse(folder / "peer.clickhouse", "made", made)


def _file(folder: Path) -> str:
    return f"file('{folder}/clean/*.parquet', Parquet)"


def _in_clickhouse(path: Path, rows: str, made: str = "") -> Ways:
    from chdb import session

    done = path / "made"
    there = done.exists()
    opened = session.Session(str(path))
    opened.query("set session_timezone = 'UTC'")
    if made and not there:
        opened.query("drop table if exists made")
        opened.query(made)
        opened.query("optimize table made final")
        done.touch()
    # In place, not behind a `with`: what narrows the time is then sure to narrow what is read.
    asked = partial(re.sub, r"\bfrom rows\b", f"from {rows}")
    return lambda question: [
        lambda sql=sql: opened.query(asked(sql), "DataFrame") for sql in question.clickhouse
    ]


@contextmanager
def _frames(kind: Callable[[Path], Any], folder: Path) -> Iterator[Ways]:
    known = kind(folder / "clean").answers()
    yield lambda question: [known[question.name]] if question.name in known else []


ANSWERERS = {
    OWN: Answerer("duckdb", _product),
    QUERIES: Answerer("duckdb", _queries),
    "DuckDB, Parquet": Answerer("duckdb", _duckdb_parquet),
    "DuckDB, table": Answerer("duckdb", _duckdb_table),
    "chdb, Parquet": Answerer("chdb", _clickhouse_parquet),
    "chdb, MergeTree": Answerer("chdb", _clickhouse_table),
    "polars": Answerer("polars", partial(_frames, Polars)),
    "pandas": Answerer("pandas", partial(_frames, Pandas)),
}
PEERS = [who for who in ANSWERERS if who not in (OWN, QUERIES)]


def there(who: str) -> bool:
    """Whether what this one needs is installed."""
    return importlib.util.find_spec(ANSWERERS[who].needs) is not None


def answers(who: str, folder: Path, turns: int) -> dict[str, Answer]:
    """Everything that this one answers, each in its fastest form, in this process."""
    with ANSWERERS[who].open(folder) as ways:
        return {
            question.name: _fastest(forms, turns, _plain(who, question))
            for question in QUESTIONS
            if (forms := ways(question))
        }


def _plain(who: str, question: Question) -> Callable[[Any], pd.DataFrame]:
    if who == QUERIES:
        return lambda said: pd.DataFrame()
    return question.told if who == OWN else question.plain


def _fastest(forms: list[Ask], turns: int, plain: Callable[[Any], pd.DataFrame]) -> Answer:
    told = [measured(ask, turns) for ask in forms]
    said, taken, turns_taken = min(told, key=lambda one: one[1].cpu)
    return Answer(plain(said), taken, turns_taken)


def answered_apart(who: str, folder: Path, turns: int) -> dict[str, Answer]:
    """The same in a process of its own."""
    with tempfile.TemporaryDirectory() as drafts:
        path = Path(drafts) / "answers"
        start = "from tests.bench import answers; answers.main()"
        command = [sys.executable, "-c", start, who, str(folder), str(path), "--turns", str(turns)]
        subprocess.run(command, cwd=PROJECT, check=True)
        return pickle.loads(path.read_bytes())


def main() -> None:
    """Measure one of them."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("who", choices=ANSWERERS)
    words.add_argument("folder", type=Path)
    words.add_argument("file", type=Path)
    words.add_argument("--turns", type=int, default=5)
    given = words.parse_args()
    given.file.write_bytes(pickle.dumps(answers(given.who, given.folder, given.turns)))


if __name__ == "__main__":
    main()
