"""What a company keeps beside its exports: its campaigns, its aims, figures of others, and what the public says.

The generator knows none of these, and pages that show them would have nothing to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet

from tests.bench.generate import CAMPAIGNS, CHANNELS, END, FIRST, PRODUCTS, REASONS

OPINIONS = "opinions.parquet"
"""The export with what the public says of us and of others."""
FORUM = "forum"
BRANDS = ("ours", "Nordwind", "Kestrel", "Palma")
SHARES = (0.4, 0.3, 0.2, 0.1)
PER_ROW = 0.01
"""Opinions for each interaction of the company's own."""

LEAD = 120
"""Days of sales before the first campaign begins."""
MEASURED = {"nps": 40, "csat": 78, "fcr": 72, "complaint_rate": 130}


def furnish(reference: Path) -> None:
    """Write the tables that are not there yet."""
    reference.mkdir(parents=True, exist_ok=True)
    tables = {"campaigns": campaigns, "benchmarks": benchmarks, "targets": targets, "actions": actions}
    for name, made in tables.items():
        path = reference / f"{name}.csv"
        if not path.exists():
            made().to_csv(path, index=False)


def campaigns() -> pd.DataFrame:
    """Two hundred, one after the other over the years, each of two to four weeks for one to three products."""
    room = (END - FIRST).days - LEAD - 28
    starts = [FIRST.date() + timedelta(days=LEAD + room * n // len(CAMPAIGNS)) for n in range(len(CAMPAIGNS))]
    return pd.DataFrame(
        {
            "id": CAMPAIGNS,
            "name": [name.capitalize() for name in CAMPAIGNS],
            "channel": [CHANNELS[n % len(CHANNELS)] for n in range(len(CAMPAIGNS))],
            "products": [
                ";".join(PRODUCTS[(7 * n + m) % len(PRODUCTS)] for m in range(1 + n % 3))
                for n in range(len(CAMPAIGNS))
            ],
            "starts_on": starts,
            "ends_on": [start + timedelta(days=13 + 7 * (n % 3)) for n, start in enumerate(starts)],
            "cost": [1000 + 250 * (n % 20) for n in range(len(CAMPAIGNS))],
            "goal": "units",
        }
    )


def benchmarks() -> pd.DataFrame:
    """Figures of three others in four measures, of each quarter of the last two years."""
    quarters = [f"{year}-Q{quarter}" for year in (2024, 2025) for quarter in (1, 2, 3, 4)]
    rows = [
        {
            "metric": metric, "competitor": brand, "period": quarter, "value": value * (0.9 + 0.1 * at), "n": 500,
            "margin": None, "method": "survey", "source": "made up", "licence": "", "retrieved_on": END.date(),
            "industry": "retail",
        }
        for metric, value in MEASURED.items()
        for at, brand in enumerate(BRANDS[1:])
        for quarter in quarters
    ]  # fmt: skip
    return pd.DataFrame(rows)


def targets() -> pd.DataFrame:
    """A target for each of some measures."""
    rows = {"nps": 20, "csat": 75, "ces": 4.5, "fcr": 70, "complaint_rate": 120}
    return pd.DataFrame(
        [
            {"metric": name, "from": FIRST.date(), "value": value, "owner": "Care"}
            for name, value in rows.items()
        ]
    )


def actions() -> pd.DataFrame:
    """Ten actions, some of them finished in the last year."""
    return pd.DataFrame([_action(n) for n in range(10)])


def _action(n: int) -> dict[str, Any]:
    start = date(2025, 1, 6) + timedelta(weeks=4 * n)
    done = n < 6
    return {
        "what": f"Action {n}", "owner": "A. Person", "department": "Care", "channel": "", "start": start,
        "due": start + timedelta(weeks=6), "kpi": [*MEASURED][n % len(MEASURED)], "target": None, "cost": 1000,
        "state": "done" if done else "running", "done_on": start + timedelta(weeks=5) if done else None,
    }  # fmt: skip


def opinions(path: Path, rows: int, seed: int = 11) -> Path:
    """Write what the public said in a forum, of us and of three others: about a hundredth of so many rows."""
    rng = np.random.default_rng(seed)
    n = max(round(rows * PER_ROW), 100)
    at = np.sort(rng.integers(_micros(FIRST), _micros(END), n))
    mood = rng.integers(0, 3, n)
    table = pa.table(
        {
            "source": pa.array([FORUM] * n),
            "interaction_id": pa.array([f"f{number}" for number in range(n)]),
            "occurred_at": pa.array(at, pa.timestamp("us")),
            "updated_at": pa.array(at, pa.timestamp("us")),
            "kind": pa.array(["review"] * n),
            "brand": _picked(BRANDS, rng.choice(len(BRANDS), n, p=SHARES)),
            "channel": pa.array(["social"] * n),
            "sentiment": _picked(("negative", "neutral", "positive"), mood),
            "reason": _picked(
                (*REASONS, None), np.where(mood == 0, rng.integers(0, len(REASONS), n), len(REASONS))
            ),
        }
    )
    parquet.write_table(table, path)
    return path


def _micros(at: Any) -> int:
    return pd.Timestamp(at).value // 1000


def _picked(names: Sequence[str | None], codes: Any) -> pa.Array:
    return pa.array(names, pa.string()).take(pa.array(codes))
