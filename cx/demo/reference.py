"""The tables that a person would keep beside the exports, and the truths that only tests read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cx.demo.company import COMPETITORS
from cx.demo.story import LAG_DAYS, LAG_SHAPE, Campaign, Story

FILES = ("campaigns.csv", "targets.csv", "benchmarks.csv", "ideal.csv")

_TARGETS = (  # metric, weeks before the last finished week, value in the KPI's unit (durations in seconds), owner
    ("nps", 103, 15, "Marketing"),
    ("csat", 103, 75, "Customer care"),
    ("csat", 26, 78, "Customer care"),
    ("ces", 103, 4.5, "Product"),
    ("fcr", 103, 70, "Customer care"),
    ("first_response", 103, 2700, "Customer care"),
    ("complaint_rate", 103, 50, "Quality"),
)
_IDEAL = (  # stage, conversion from the stage before (%), days since it (the median), CSAT (%)
    ("research", 75, 0.5, ""),
    ("compare", 75, 0.5, ""),
    ("purchase", 70, 1, ""),
    ("deliver", 80, 2, 85),
    ("support", 30, "", 80),
    ("loyalty", 40, 10, 85),
)
_MEASURED = {  # metric: values of the three competitors, what n is about, margin, method
    "nps": ((36.0, 17.0, 24.0), 620, None, "answers of 0 to 10, mail survey"),
    "csat": ((82.0, 71.5, 76.0), 900, None, "top two of five"),
    "fcr": ((74.0, 66.0, 71.5), 480, None, "no repeat on the same issue, from records"),
    "complaint_rate": ((41.0, 58.0, 52.0), None, 4.0, "complaints per 1,000 units sold"),
    "first_response": ((1900.0, 4300.0, 2600.0), None, 240.0, "median calendar time, to a human reply"),
}
_A_QUARTER = {"nps": 1.5, "csat": 0.8, "fcr": 0.8, "complaint_rate": -1.2, "first_response": -60.0}
_DIGITS = {"first_response": 0}
SOURCE = "made up for the demo company: these competitors do not exist"
_COLUMNS = ("metric", "competitor", "period", "value", "n", "margin", "method", "source", "licence", "retrieved_on", "industry")  # fmt: skip
_XM = "XM Institute (Qualtrics), XMI Ratings: NPS 2023, https://www.xminstitute.com/data-snippets/xmi-ratings-nps-2023/"
_XM_METHOD = "answers of 0 to 10, mean of the companies' scores, 10,000 US consumers over 22 industries"
_ACSI = "American Customer Satisfaction Index, press release of 12 August 2025, https://www.businesswire.com/news/home/20250812675956/en/"  # fmt: skip
PUBLISHED = (
    ("nps", "US grocers, mean", "2023", 30.1, "", "", _XM_METHOD, _XM, "free to use with its copyright notice", "2026-11-23", "grocery, US"),
    ("nps", "US consumer payments, mean", "2023", -6.1, "", "", _XM_METHOD, _XM, "free to use with its copyright notice", "2026-11-23", "consumer payments, US"),
    ("csat", "United States, all industries", "2025-Q2", 76.9, "", "", "ACSI index of 0 to 100", _ACSI, "cited; all rights with the publisher", "2026-11-23", "all industries, US"),
)  # fmt: skip
"""Real figures, to show what may not be compared: other industries, another method."""


def write(told: Story, folder: Path, seed: int) -> list[Path]:
    """Write campaigns.csv, targets.csv, benchmarks.csv and ideal.csv into the folder. Returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = (_campaigns(told.campaigns), _targets(told.calendar.monday), _benchmarks(told, seed), _ideal())
    paths = [folder / name for name in FILES]
    for path, table in zip(paths, tables, strict=True):
        table.to_csv(path, index=False, lineterminator="\n")
    return paths


def write_truths(told: Story, path: Path, seed: int) -> None:
    """Write what is true of this demo, for tests: nothing in the product reads it."""
    truths: dict[str, Any] = {
        "seed": seed,
        "through": told.calendar.through,
        "last_finished_week": told.calendar.monday,
        "lag": {"shape": LAG_SHAPE, "mean_days": LAG_DAYS},
        "campaigns": [asdict(campaign) for campaign in told.campaigns],
        "defect": asdict(told.defect),
        "surges_without_campaign": [asdict(surge) for surge in told.surges if surge.campaign is None],
        "volume_only": told.volume_only,
    }
    path.write_text(json.dumps(truths, indent=1, default=str) + "\n", encoding="utf-8")


def _campaigns(campaigns: Iterable[Campaign]) -> pd.DataFrame:
    rows = [{**asdict(campaign), "products": ";".join(campaign.products)} for campaign in campaigns]
    return pd.DataFrame(rows).drop(columns="lift")


def _targets(monday: date) -> pd.DataFrame:
    rows = [(metric, monday - timedelta(weeks=ago), value, owner) for metric, ago, value, owner in _TARGETS]
    return pd.DataFrame(rows, columns=["metric", "from", "value", "owner"])


def _ideal() -> pd.DataFrame:
    return pd.DataFrame(_IDEAL, columns=["stage", "conversion", "days", "satisfaction"])


def _benchmarks(told: Story, seed: int) -> pd.DataFrame:
    """Three made-up competitors over the last four finished quarters, drifting a little, and a few real figures."""
    rng = np.random.default_rng([seed, 9])
    rows = [
        _benchmark(metric, competitor, which, quarter, age, rng)
        for metric in _MEASURED
        for which, competitor in enumerate(COMPETITORS)
        for age, quarter in _quarters(told.calendar.through.date())
    ]
    return pd.DataFrame([*rows, *(dict(zip(_COLUMNS, row, strict=True)) for row in PUBLISHED)])


def _benchmark(metric: str, competitor: str, which: int, quarter: pd.Period, age: int,
               rng: np.random.Generator) -> dict[str, object]:  # fmt: skip
    values, answers, margin, method = _MEASURED[metric]
    value = values[which] + _A_QUARTER[metric] * (rng.normal(0, 0.6) - age * (which - 0.7) / 2)
    return {
        "metric": metric, "competitor": competitor, "period": f"{quarter.year}-Q{quarter.quarter}",
        "value": round(value, _DIGITS.get(metric, 1)),
        "n": round(answers * rng.uniform(0.8, 1.2)) if answers else "", "margin": "" if margin is None else margin,
        "method": method, "source": SOURCE, "licence": "CC0-1.0",
        "retrieved_on": (quarter.end_time + pd.Timedelta(days=1)).date(), "industry": "home coffee",
    }  # fmt: skip


def _quarters(today: date) -> list[tuple[int, pd.Period]]:
    """The last four finished quarters, each with how many came after it, oldest first."""
    current = pd.Period(today, freq="Q")
    return [(age, current - 1 - age) for age in (3, 2, 1, 0)]
