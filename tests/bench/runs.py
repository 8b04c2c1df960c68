"""Everything that is measured over one size."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from cx.folders import Folders
from cx.query import Query
from cx.store import Store
from tests.bench import pages, stores, tables
from tests.bench.agreeing import apart
from tests.bench.answers import ANSWERERS, OWN, PEERS, Answer, answered_apart, there
from tests.bench.questions import QUESTIONS
from tests.bench.starting import Started, started
from tests.bench.stores import Landed

PANDAS_MOST = 10_000_000
"""Rows above which pandas is not asked: it holds whole columns in memory."""
KEPT = "measured.pickle"


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything that was measured over so many rows; `answers` by who gave them, then by question."""

    rows: int
    landed: Landed | None
    megabytes: tuple[float, float]
    started: Started
    pages: list[pages.Cost]
    answers: dict[str, dict[str, Answer]]
    lengths: dict[str, int]


def measure(folder: Path, rows: int, turns: int, without: Collection[str]) -> Measured:
    """Measure everything over so many rows in this folder, printing what is found on the way."""
    print(f"\n## {rows:,} rows\n", flush=True)
    landed = stores.prepare(folder, rows)
    lengths, megabytes, begun = table_lengths(folder), stores.sizes(folder), started(folder)
    print(tables.landing(landed, megabytes, begun), "\n", flush=True)
    print("```text")
    sys.stdout.flush()
    costs = pages.costs_apart(folder, turns)
    print("```\n", flush=True)
    asked = [who for who in ANSWERERS if who not in without and not (who == "pandas" and rows > PANDAS_MOST)]
    answers = _answers(folder, turns, asked)
    print(tables.questions(answers), flush=True)
    found = Measured(rows, landed, megabytes, begun, costs, answers, lengths)
    (folder / KEPT).write_bytes(pickle.dumps(found))
    return found


def kept(folder: Path) -> Measured | None:
    """What an earlier run measured in this folder."""
    path = folder / KEPT
    return pickle.loads(path.read_bytes()) if path.exists() else None


def _answers(folder: Path, turns: int, asked: Collection[str]) -> dict[str, dict[str, Answer]]:
    """Everyone's answers, one after the other; who is not there, or fails, is told and left out."""
    found: dict[str, dict[str, Answer]] = {}
    for who in asked:
        if not there(who):
            print(f"{who} is not installed: pip install -r requirements-bench.txt\n", flush=True)
            continue
        try:
            found[who] = answered_apart(who, folder, turns)
        except subprocess.CalledProcessError as error:
            if who not in PEERS:
                raise
            print(f"{who} did not come through (code {error.returncode})\n", flush=True)
            continue
        if who in PEERS:
            agree(found[OWN], found[who], who)
    return {
        who: {name: told._replace(told=told.told.head(0)) for name, told in answers.items()}
        for who, answers in found.items()
    }


def agree(own: dict[str, Answer], others: dict[str, Answer], who: str) -> None:
    """Stop where an answer is not the product's own."""
    for question in QUESTIONS:
        if question.name in others:
            differs = apart(question, own[question.name].told, others[question.name].told)
            assert not differs, f"{who}, {question.name}: {differs}"


def table_lengths(folder: Path) -> dict[str, int]:
    """The rows of the interactions and of every rollup."""
    store = Store.open(Folders(folder / "data").store)
    names = store.run(Query("tables", "select table_name as name from duckdb_tables() order by name"))["name"]
    kept = [name for name in names if name == "interactions" or name.startswith("r_")]
    counts = " union all ".join(f"select '{name}' as name, count(*) as n from {name}" for name in kept)
    told = store.run(Query("lengths", counts))
    store.close()
    return dict(zip(told["name"], told["n"].astype(int), strict=True))
