"""How well surges of complaints are found, on simulated companies whose truth is known, beside what others do.

    python -m tests.bench.surges [--preset std] [--seeds 101,102,103] [--holdout WORD,WORD] [--bench FOLDER]

Prints one table: the product and three common rules, scored by the bench's own functions. `adapter` is what the bench
itself calls (`bench.py --adapter tests.bench.surges:adapter`). The bench is not part of the project.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.signal import lfilter

from cx import surges

BENCH = Path(__file__).resolve().parents[3] / "shared" / "surgebench"
Alarms = Callable[[pd.DataFrame, pd.DataFrame, pd.DataFrame, Any], pd.DataFrame]


def load(folder: Path = BENCH) -> ModuleType:
    """The bench, imported from its folder. Raises FileNotFoundError where it is not there."""
    path = folder / "bench.py"
    if not path.is_file():
        raise FileNotFoundError(f"There is no bench at {path}: name its folder with --bench.")
    spec = importlib.util.spec_from_file_location("surgebench", path)
    assert spec
    assert spec.loader
    # Its dataclasses look their module up by name.
    bench = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    return bench


def adapter(
    data: pd.DataFrame, campaigns: pd.DataFrame, holidays: pd.DataFrame, eval_start: Any
) -> dict[str, Any]:
    """What the bench calls: the alarms, and the lift of campaigns where that part exists."""
    answer = {"alarms": alarms(data, campaigns, holidays, eval_start)}
    if importlib.util.find_spec("tests.bench.campaigns"):
        answer["lift"] = importlib.import_module("tests.bench.campaigns").lifts(
            data, campaigns, holidays, eval_start
        )
    return answer


def alarms(
    data: pd.DataFrame, campaigns: pd.DataFrame, holidays: pd.DataFrame, eval_start: Any
) -> pd.DataFrame:
    """Every series-day from `eval_start` on as the product sees it; the score is how far the evidence passes its threshold."""
    panel = surges.panel(data, holidays)
    scan = surges.scan(panel, eval_start)
    rows = scan.frame()
    at = np.flatnonzero(rows["alarm"])
    alarmed = rows[["day", "product", "reason", "window"]].iloc[at]
    onset = alarmed["day"] - pd.to_timedelta(alarmed["window"] - 1, "D")
    blamed = surges.attribution(alarmed.assign(onset=onset, alarm_day=alarmed["day"]), campaigns, scan.lags)
    campaign = np.full(len(rows), None, object)
    campaign[at] = [fitting[0] if fitting else None for fitting in blamed]
    told = rows[["day", "product", "reason", "p", "alarm", "excess", "excess_lo", "excess_hi"]]
    score = rows["evidence"] - rows["threshold"]
    return told.assign(score=score, campaign_id=campaign, window=surges.WEEK)[rows["scored"].to_numpy()]


def three_sigma(
    data: pd.DataFrame, campaigns: pd.DataFrame, holidays: pd.DataFrame, eval_start: Any
) -> pd.DataFrame:
    """Today against the mean and standard deviation of the 28 days before it: what most dashboards do."""
    return _score(data, eval_start, 3.0, lambda y, _: _z(y, 28, 1, 0.0))


def ears_c2(
    data: pd.DataFrame, campaigns: pd.DataFrame, holidays: pd.DataFrame, eval_start: Any
) -> pd.DataFrame:
    """EARS C2 (Hutwagner 2003): today against seven days that end three days ago, in standard deviations."""
    return _score(data, eval_start, 3.0, lambda y, _: _z(y, 7, 3, 0.2))


def same_day_rate(
    data: pd.DataFrame, campaigns: pd.DataFrame, holidays: pd.DataFrame, eval_start: Any
) -> pd.DataFrame:
    """Complaints of seven days against the units of the same days, at the rate of the 84 days before them (Poisson)."""

    def score(y: Any, units: Any) -> Any:
        y_7, units_7 = _sum(y, 7, 0), _sum(units, 7, 0)
        rate = (_sum(y, 84, 7) + 0.5) / np.maximum(_sum(units, 84, 7), 1)
        return -stats.poisson.logsf(y_7 - 1, np.maximum(rate * units_7, 1e-6))

    return _score(data, eval_start, -np.log(0.001), score)


PEERS: dict[str, Alarms] = {
    "the product": alarms,
    "three sigma, 28 days": three_sigma,
    "EARS C2": ears_c2,
    "same-day rate": same_day_rate,
}


def _score(
    data: pd.DataFrame, eval_start: Any, limit: float, score: Callable[[Any, Any], Any]
) -> pd.DataFrame:
    days = data["day"].nunique()
    y, units = (data[name].to_numpy(dtype=float).reshape(-1, days) for name in ("complaints", "units"))
    value = np.nan_to_num(score(y, units), nan=0.0, posinf=700.0).ravel()
    kept = (data["day"] >= eval_start).to_numpy()
    return data.loc[kept, ["day", "product", "reason"]].assign(score=value[kept], alarm=value[kept] > limit)


def _sum(values: Any, days: int, ago: int) -> Any:
    """The sum of so many days that end so many days ago, on every day."""
    return lfilter(np.r_[np.zeros(ago), np.ones(days)], [1.0], values, axis=1)


def _z(y: Any, days: int, ago: int, least: float) -> Any:
    mean = _sum(y, days, ago) / days
    sd = np.sqrt(np.maximum(_sum(y**2, days, ago) / days - mean**2, 0) * days / (days - 1))
    return (y - mean) / np.maximum(sd, max(least, 1e-9))


ROWS = {
    "false alarms a series-year": ("own_operating_point", "fa_per_series_year", ".3f"),
    "  in windows of campaigns that only sold more": ("own_operating_point", "fa_in_volume_windows", ".3f"),
    "  in slow drifts": ("own_operating_point", "fa_in_drift", ".3f"),
    "event sensitivity": ("own_operating_point", "sens_events", ".3f"),
    "median delay, days": ("own_operating_point", "median_delay_all", ".1f"),
    "precision of new alerts": ("own_operating_point", "precision", ".3f"),
    "attribution": ("own_operating_point", "attr_accuracy", ".3f"),
    "sensitivity at .1 false alarms": ("at_fa_0.1", "sens_events", ".3f"),
    "sensitivity at .02 false alarms": ("at_fa_0.02", "sens_events", ".3f"),
    "p-value ratio at .01": ("calibration", "p<=0.01", ".2f"),
    "p-value ratio at .001": ("calibration", "p<=0.001", ".2f"),
    "coverage of the excess inside events": ("excess_interval", "coverage_in_events", ".3f"),
    "CPU seconds": ("cost", "cpu", ".1f"),
}
"""What is printed: the part and name in the bench's report, and the format."""


def measure(bench: ModuleType, methods: dict[str, Alarms], worlds: list[Any]) -> dict[str, dict[str, Any]]:
    """The bench's report on each method, averaged over the worlds that it simulated."""
    reports: dict[str, list[Any]] = {name: [] for name in methods}
    for world in worlds:
        data, start = bench.to_frame(world), world.days[world.cfg.eval_start]
        for name, method in methods.items():
            clock = time.process_time()
            found = method(data, world.campaigns, world.holidays[["day", "name"]], start)
            spent = time.process_time() - clock
            reports[name].append(bench.score_alarms(world, found) | {"cost": {"cpu": spent}})
    return {name: bench.average(each) for name, each in reports.items()}


def table(reports: dict[str, dict[str, Any]]) -> str:
    """One line a measure, one column a method."""

    def cell(report: dict[str, Any], part: str, name: str, form: str) -> str:
        value = report.get(part, {}).get(name)
        return "-" if value is None else format(value, form)

    head = f"{'':46}" + "".join(f"{name:>22}" for name in reports)
    lines = [
        f"{row:46}" + "".join(f"{cell(each, *where):>22}" for each in reports.values())
        for row, where in ROWS.items()
    ]
    return "\n".join([head, *lines])


def main() -> None:
    """Simulate, measure, print."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--preset", default="subset")
    asked.add_argument("--seeds", default="101,102,103", help="numbers with commas between them")
    asked.add_argument(
        "--holdout", help="words: each gives settings and a seed of its own, instead of preset and seeds"
    )
    asked.add_argument("--bench", type=Path, default=BENCH, help="the folder of bench.py")
    given = asked.parse_args()
    bench = load(given.bench)
    if given.holdout:
        settings = [bench.holdout_cfg(word) for word in given.holdout.split(",")]
    else:
        settings = [(bench.PRESETS[given.preset], int(seed)) for seed in given.seeds.split(",")]
    print(given.holdout or f"{given.preset}, seeds {given.seeds}")
    print(table(measure(bench, PEERS, [bench.simulate(*each) for each in settings])))


if __name__ == "__main__":
    main()
