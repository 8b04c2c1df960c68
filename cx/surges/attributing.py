"""Which campaigns fit a surge. None is an answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cx.surges.lags import Lags
from cx.surges.settings import STOP_DAYS

COMPANION = 7
"""Another of the campaign's products with the same complaint speaks for it as strongly as so many days of better fit."""
USUAL_ONSET, LATEST_ONSET, ONSET_ERROR = 7, 14, 2
"""A campaign's trouble shows about a week after its start and within two, or within the reason's mean lag if that is longer."""


def attribution(found: pd.DataFrame, campaigns: pd.DataFrame, lags: Lags | None = None) -> list[list[str]]:
    """For each surge (product, reason, onset, alarm_day) the campaigns that fit, the likeliest first; often none.

    A campaign (campaign_id, start, products) fits that sells the product, had begun when the alarm came, and began
    before the onset by no more than the lag allows; an onset is known to within some days. Where several fit, those
    come first whose other products are in `found` with the same reason at the time, then those with the likelier onset;
    they cannot be told apart for sure: show them all. A whole reason has none.
    """
    selling: dict[str, list[Any]] = {}
    for campaign in campaigns.itertuples():
        for product in campaign.products:
            selling.setdefault(str(product), []).append(campaign)
    means = {} if lags is None else dict(zip(lags.reasons, lags.days, strict=True))
    alarms = dict(list(found.groupby(["product", "reason"], observed=True)["alarm_day"]))

    def fitting(row: Any) -> list[str]:
        latest = np.fmax(LATEST_ONSET, means.get(str(row.reason), 0))
        began = [
            (c, (row.onset - c.start).days)
            for c in selling.get(str(row.product), ())
            if c.start <= row.alarm_day
        ]
        fit = [(c, abs(days - USUAL_ONSET)) for c, days in began if -ONSET_ERROR <= days <= latest]
        if len(fit) > 1:
            fit = [(c, off - COMPANION * _companions(alarms, c, row)) for c, off in fit]
        return [
            str(c.campaign_id) for c, _ in sorted(fit, key=lambda each: (each[1], str(each[0].campaign_id)))
        ]

    return [fitting(row) for row in found.itertuples()]


def _companions(alarms: dict[Any, Any], campaign: Any, row: Any) -> int:
    """How many other products of the campaign came into alarm for the same reason in the fortnight up to this alarm."""
    first, last = row.alarm_day - pd.Timedelta(days=STOP_DAYS), row.alarm_day
    others = ((product, row.reason) for product in campaign.products if product != row.product)
    return sum(bool(alarms[key].between(first, last).any()) for key in others if key in alarms)
