"""The demo goes on: a small export of what just happened, drawn from the rates of the last days.

A slice of the company's last weeks is drawn as the history was, at a fraction of its size; rows of its last days
are picked and moved to now. So the mixture of kinds, the campaign and the defect go on as they were.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from cx import clock
from cx.demo import exports, market
from cx.demo.company import Floats
from cx.demo.rows import MOMENTS, moments, named
from cx.demo.story import WARM_UP_DAYS, Calendar, Story, story
from cx.demo.world import SEED, drawn

_SLICE_DAYS, _RECENT_DAYS = 42, 4
_ROWS_A_DAY = 480.0
_ESTABLISHED = 0.945
_JUST_NOW_MINUTES = {"support": 16 * 60.0}
_MINUTES = 5.0
"""How long ago the rows happened at most; contacts reach back hours, so that some are solved and rated by now."""

_people = cache(market.people)


def trickle(folder: Path, rows: int = 40, now: datetime | None = None, seed: int = SEED) -> Path:
    """Drop one export of about the last minutes into a folder, by a rename, so that no reader meets half of it.

    `now` is UTC, and the clock's where it is not given; no row is later. Ids are new each time. Returns its path.
    """
    told = story(Calendar.until(now or clock.now()))
    through = told.calendar.through
    token = f"{through:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    rng = np.random.default_rng([seed, 3, int(f"{through:%Y%m%d%H%M%S%f}")])
    frame = _just_now(rows, told, seed, token, rng)
    path = folder / f"live-{token}.parquet"
    hidden = folder / f".{path.name}"
    pq.write_table(exports.as_table(frame), hidden, compression="zstd")
    return hidden.rename(path)


def _just_now(rows: int, told: Story, seed: int, token: str, rng: np.random.Generator) -> pd.DataFrame:
    """This many rows of the company's last days, of every source, moved to just now."""
    end = told.calendar.end
    picked = _picked(rows, told, seed, rng)
    parts = []
    for source, recent in picked.items():
        reach = _JUST_NOW_MINUTES.get(source, _MINUTES) / 1440
        moved = _moved(recent, end - reach * rng.random(len(recent)))
        frame = named(moved, _people(seed), told)
        frame["order_id"] = frame["order_id"].where(frame["order_id"].isna(), token + "-" + frame["order_id"])
        frame = frame.assign(source=source, occurred_at=moments(frame["at"], told.calendar),
                             interaction_id=[f"{token}-{number}" for number in range(len(frame))])  # fmt: skip
        parts.append(exports.as_known(frame, source, end, told.calendar))
    return pd.concat(parts, ignore_index=True).sort_values("at", kind="stable", ignore_index=True)


def _picked(rows: int, told: Story, seed: int, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Rows of each source, in the shares in which they happen; exactly as many as asked in all."""
    end, days = told.calendar.end, told.calendar.days
    fraction = 0.04 + 2 * rows / (_RECENT_DAYS * _ROWS_A_DAY)
    lately = (np.arange(days) >= max(end - _SLICE_DAYS, WARM_UP_DAYS))[:, None]
    calm = market.calm_rates(told.calendar) * fraction
    new = np.arange(market.PEOPLE) > _ESTABLISHED * market.PEOPLE
    lived = _people(seed).assign(born=np.where(new, 0.0, -1.0), left=np.inf)
    sources = drawn(lived, calm, calm * told.lifts() * lately, told, rng)
    recent = {
        name: frame[(frame["at"] > end - _RECENT_DAYS) & (frame["at"] <= end)]
        for name, frame in sources.items()
    }
    sizes = np.array([len(frame) for frame in recent.values()])
    wanted = rng.multivariate_hypergeometric(sizes, rows)
    return {name: frame.sample(int(n), random_state=rng).reset_index(drop=True)
            for (name, frame), n in zip(recent.items(), wanted, strict=True) if n}  # fmt: skip


def _moved(rows: pd.DataFrame, at: Floats) -> pd.DataFrame:
    """The rows with all their moments moved so that they happened then."""
    by = at - rows["at"].to_numpy(dtype=float)
    return rows.assign(**{name: rows[name] + by for name in MOMENTS if name in rows})
