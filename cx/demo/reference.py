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

FILES = ("campaigns.csv", "targets.csv", "benchmarks.csv", "ideal.csv", "actions.csv")

_TARGETS = (  # metric, weeks before the last finished week, floor, target, stretch (KPI's unit), owner, segment
    ("nps", 103, "", 15, "", "Marketing", ""),
    ("csat", 103, "", 75, "", "Customer care", ""),
    ("csat", 26, 74, 78, 82, "Customer care", ""),
    ("csat", 26, 74, 80, 84, "Customer care", "Office"),
    ("ces", 103, "", 4.5, "", "Product", ""),
    ("fcr", 103, 65, 70, 76, "Customer care", ""),
    ("first_response", 103, "", 2700, "", "Customer care", ""),
    ("first_response", 13, 3600, 2700, 2100, "Customer care", ""),
    ("complaint_rate", 103, "", 50, "", "Quality", ""),
)
_CHATS = "A second shift for chats"
_SCRIPT, _GUIDE = "New script for calls", "Guide with pictures for setting up"
_ACTIONS = (  # what, owner, department, channel, start and due in days after the last Monday, KPI, target, cost, state
    (_SCRIPT, "L. Brandt", "Customer care", "phone", -168, -147, "fcr", 72, 3500, "done"),
    (_GUIDE, "P. Osei", "Product", "", -70, -12, "contact_rate", 420, 8000, "running"),
    ("Shorter survey after delivery", "M. Ruiz", "Marketing", "", -30, -6, "response_rate", 45, 1200, "done"),
    (
        "Seal of the Aroma One checked at the works",
        "H. Lind",
        "Quality",
        "",
        15,
        43,
        "complaint_rate",
        45,
        26000,
        "planned",
    ),
    (
        "Replies by the next morning in the app",
        "L. Brandt",
        "Customer care",
        "app",
        22,
        78,
        "first_response",
        2400,
        6000,
        "planned",
    ),
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
    """Write campaigns.csv, targets.csv, benchmarks.csv, ideal.csv and actions.csv into the folder. Returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    monday = told.calendar.monday
    tables = (_campaigns(told.campaigns), _targets(monday), _benchmarks(told, seed), _ideal(), _actions(told))
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
        "remedy": asdict(told.remedy),
        "actions": {"moved": _CHATS, "did_nothing": _SCRIPT, "late": _GUIDE},
    }
    path.write_text(json.dumps(truths, indent=1, default=str) + "\n", encoding="utf-8")


def _campaigns(campaigns: Iterable[Campaign]) -> pd.DataFrame:
    rows = [{**asdict(campaign), "products": ";".join(campaign.products)} for campaign in campaigns]
    return pd.DataFrame(rows).drop(columns="lift")


def _targets(monday: date) -> pd.DataFrame:
    rows = [(metric, monday - timedelta(weeks=ago), *told) for metric, ago, *told in _TARGETS]
    columns = ["metric", "from", "floor", "value", "stretch", "owner", "segment"]
    return pd.DataFrame(rows, columns=columns)[
        ["metric", "from", "value", "owner", "floor", "stretch", "segment"]
    ]


def _actions(told: Story) -> pd.DataFrame:
    """The roadmap: what truly moved its measure, what did nothing, what is late, too young to tell, or to come."""
    monday, remedy = told.calendar.monday, told.remedy
    chats = (_CHATS, "L. Brandt", "Customer care", remedy.channel, remedy.start, remedy.done_on, "first_response",
             1900, 15000, "done")  # fmt: skip
    others = [(*who, *(monday + timedelta(days=day) for day in (start, due)), *aim)
              for *who, start, due, measure, target, cost, state in _ACTIONS
              for aim in ((measure, target, cost, state),)]  # fmt: skip
    columns = ["what", "owner", "department", "channel", "start", "due", "kpi", "target", "cost", "state"]
    return pd.DataFrame([others[0], chats, *others[1:]], columns=columns).assign(done_on="")


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
