"""What was measured, as tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isnan
from typing import Any

from tests.bench.answers import OWN, PEERS, QUERIES, Answer
from tests.bench.measuring import SLOW_SECONDS
from tests.bench.questions import QUESTIONS
from tests.bench.starting import Started
from tests.bench.stores import Landed

MOST_LENGTHS = 12


def landing(landed: Landed | None, megabytes: tuple[float, float], begun: Started) -> str:
    """What taking in took, how large the store is, and how soon a page is there."""
    store, exports = megabytes
    told = []
    if landed:
        told += [
            f"- Taken in: {landed.rows:,} rows in {landed.seconds:.0f} s, {landed.rate:,.0f} rows a second, of them "
            f"{landed.caught_up:.0f} s for the customers counted at the end; {landed.cpu:.0f} s of CPU; at most "
            f"{landed.memory:,.0f} MiB of memory.",
        ]
    told += [
        f"- Store: {store:,.0f} MB, {store / exports:.1f} times the {exports:,.0f} MB of Parquet.",
        f"- Start: {begun.answers:.1f} s until the server answers{_shown(begun)}; at most {begun.memory:,.0f} MiB of memory.",
    ]
    return "\n".join(told)


def questions(answers: dict[str, dict[str, Answer]]) -> str:
    """Milliseconds of everyone, of CPU and by the wall, and how many times those of the product."""
    parts = [_questions(answers, name, at) for name, at in (("CPU ms", 1), ("ms by the wall", 0))]
    turns = sorted({answer.turns for told in answers.values() for answer in told.values()})
    fewer = (
        f"\n\n\\* {turns[0]} turns instead of {turns[-1]}: one took more than 20 s." if len(turns) > 1 else ""
    )
    note = "In brackets: how many times the product's whole answer, and how many times its queries alone."
    return "\n\n".join(parts) + f"\n\nEvery answer was equal. {note}{fewer}"


def _questions(answers: dict[str, dict[str, Answer]], name: str, at: int) -> str:
    peers = [who for who in PEERS if who in answers]
    rows = []
    for question in QUESTIONS:
        whole, queries = (answers[who][question.name].taken[at] for who in (OWN, QUERIES))
        cells = [_cell(answers[who].get(question.name), at, whole, queries) for who in peers]
        rows.append([f"{question.name} ({question.page})", f"{whole:,.1f}", f"{queries:,.1f}", *cells])
    return table([name, OWN, QUERIES, *peers], rows)


def growth(found: Sequence[Any]) -> str:
    """Each figure by size; at last the lengths of the tables, which tell why."""
    rows = [
        ["taken in, rows a second", *(f"{one.landed.rate:,.0f}" if one.landed else "" for one in found)],
        [
            "the same, a second of CPU",
            *(f"{one.landed.rows / one.landed.cpu:,.0f}" if one.landed else "" for one in found),
        ],
        ["most memory meanwhile, MiB", *(f"{one.landed.memory:,.0f}" if one.landed else "" for one in found)],
        ["store over Parquet, times", *(f"{one.megabytes[0] / one.megabytes[1]:.1f}" for one in found)],
        ["start to first page, s", *(_seconds(one.started) for one in found)],
        ["memory of the server, MiB", *(f"{one.started.memory:,.0f}" for one in found)],
    ]
    rows += [
        [f"page {first.name}, CPU ms", *(f"{one.pages[at].taken.cpu:,.0f}" for one in found)]
        for at, first in enumerate(found[0].pages)
    ]
    for who in (OWN, QUERIES, "DuckDB, Parquet", "chdb, MergeTree"):
        rows += _of(found, who)
    rows += _lengths(found)
    return table(["", *(f"{one.rows:,} rows" for one in found)], rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table: the first column to the left, the others to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _of(found: Sequence[Any], who: str) -> list[list[str]]:
    if not all(who in one.answers for one in found):
        return []
    return [
        [
            f"{who}: {question.name}, CPU ms",
            *(f"{one.answers[who][question.name].taken.cpu:,.0f}" for one in found),
        ]
        for question in QUESTIONS
    ]


def _lengths(found: Sequence[Any]) -> list[list[str]]:
    largest = found[-1].lengths
    longest = sorted(largest, key=lambda name: -largest[name])[:MOST_LENGTHS]
    return [[f"rows of {name}", *(f"{one.lengths.get(name, 0):,}" for one in found)] for name in longest]


def _cell(answer: Answer | None, at: int, whole: float, queries: float) -> str:
    if answer is None:
        return ""
    took = answer.taken[at]
    fewer = r"\*" if answer.taken.wall > 1000 * SLOW_SECONDS else ""
    return f"{took:,.0f}{fewer} ({took / whole:.1f}, {took / queries:.1f})"


def _shown(begun: Started) -> str:
    return "" if isnan(begun.shows) else f", {begun.shows:.1f} s until a browser shows the first page"


def _seconds(begun: Started) -> str:
    return f"{begun.answers if isnan(begun.shows) else begun.shows:.1f}"
