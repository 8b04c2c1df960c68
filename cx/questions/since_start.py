"""Campaigns beside each other, on the days since each began: everything since its start, day by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd

from cx import stats
from cx.lift import TAIL_DAYS
from cx.questions.campaigns import COMPLAINTS, League, Result, complaints, picture
from cx.store import Store

MOST = 5
"""So many lines can still be told apart."""
COLUMNS = ("campaign", "since", "percent", "lo", "hi", "rate", "rate_lo", "rate_hi", "n")


def since_start(store: Store, told: League, chosen: Sequence[str]) -> pd.DataFrame:
    """For each campaign (by id) and day since its start (0 is the first), to 14 days after its end, as far as known.

    percent: units sold since the start beyond those expected without it, with lo and hi as if the expectations of all
    days erred together (never too narrow). rate: complaints for each 1,000 units since the start, with rate_lo, rate_hi
    and n.
    """
    parts = [_one(store, told, told.of(campaign)) for campaign in chosen[:MOST]]
    return pd.concat([pd.DataFrame(columns=[*COLUMNS]), *parts], ignore_index=True)[[*COLUMNS]]


def _one(store: Store, told: League, result: Result) -> pd.DataFrame:
    first, last = result.campaign.starts_on, result.campaign.ends_on + timedelta(days=TAIL_DAYS)
    days = picture(told, result).set_index("day")[["observed", "expected", "lo", "hi"]]
    days = days[(days.index >= pd.Timestamp(first)) & (days.index <= pd.Timestamp(min(last, told.through)))]
    if days.empty:
        return pd.DataFrame()
    sums = days.astype(float).cumsum()
    beyond = {
        name: 100 * (sums["observed"] / sums[of] - 1)
        for name, of in (("percent", "expected"), ("lo", "hi"), ("hi", "lo"))
    }
    complained = (
        complaints(store, result, told.through)
        .set_index("day")[["n", "exposure"]]
        .reindex(days.index)
        .fillna(0)
        .cumsum()
    )
    parts = complained.set_axis(list(COMPLAINTS.parts), axis=1)
    rates = stats.estimate(COMPLAINTS, parts)[["value", "lo", "hi", "n"]].set_axis(
        ["rate", "rate_lo", "rate_hi", "n"], axis=1
    )
    table = days[[]].assign(
        campaign=result.campaign.id, since=(days.index - pd.Timestamp(first)).days, **beyond
    )
    return table.join(rates).reset_index(drop=True)
