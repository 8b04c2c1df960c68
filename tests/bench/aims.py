"""What is to be reached over a hundred million rows by the queries of pages and questions, beside what was measured."""

from __future__ import annotations

from typing import Any

from tests.bench.answers import QUERIES
from tests.bench.tables import table

MOST_OF_A_PAGE, MOST_OF_FUNNEL, MOST_OF_CAMPAIGN = 100, 600, 50
"""Milliseconds of CPU."""
LEAST_TIMES = {"DuckDB, Parquet": 80, "chdb, MergeTree": 50}
LEAST_TIMES_OF_FUNNEL = 10
FUNNEL, CAMPAIGN, PLAIN = "funnel", "campaign", "DuckDB, Parquet"


def told(found: Any) -> str:
    """Each aim, what was measured over these rows, and whether that would do."""
    over = [f"{cost.name} {cost.taken.cpu:,.0f}" for cost in found.pages if cost.taken.cpu > MOST_OF_A_PAGE]
    own = found.answers[QUERIES]
    rows = [
        [f"queries of each page: {MOST_OF_A_PAGE} ms or less", "; ".join(over) or "all", _said(not over)],
        *(_times(found, who, least) for who, least in LEAST_TIMES.items() if who in found.answers),
        _most(FUNNEL, own[FUNNEL].taken.cpu, MOST_OF_FUNNEL),
        _most(CAMPAIGN, own[CAMPAIGN].taken.cpu, MOST_OF_CAMPAIGN),
    ]
    if PLAIN in found.answers:
        times = _ratio(found, PLAIN, FUNNEL)
        aim = f"{FUNNEL}: {LEAST_TIMES_OF_FUNNEL} times less than {PLAIN}"
        rows.append([aim, f"{times:.1f} times", _said(times >= LEAST_TIMES_OF_FUNNEL)])
    return table(
        [f"aim for 100,000,000 rows, CPU; measured over {found.rows:,}", "measured", "reached"], rows
    )


def _most(name: str, measured: float, most: int) -> list[str]:
    return [f"{name}: {most} ms or less", f"{measured:,.0f} ms", _said(measured <= most)]


def _times(found: Any, who: str, least: int) -> list[str]:
    """Every question but the funnel, which has an aim of its own."""
    ratios = {name: _ratio(found, who, name) for name in found.answers[who] if name != FUNNEL}
    under = [f"{name} {ratio:.1f}" for name, ratio in ratios.items() if ratio < least]
    return [f"questions: {least} times less than {who}", "; ".join(under) or "all", _said(not under)]


def _ratio(found: Any, who: str, name: str) -> float:
    return found.answers[who][name].taken.cpu / found.answers[QUERIES][name].taken.cpu


def _said(reached: bool) -> str:
    return "yes" if reached else "no"
