"""The bench's adapter for what campaigns brought: its frames in, its `lift` frame out."""

from __future__ import annotations

import pandas as pd

from cx import lift


def lifts(
    data: pd.DataFrame, campaigns: pd.DataFrame, holidays: pd.DataFrame, eval_start: pd.Timestamp
) -> pd.DataFrame:
    """One row for each campaign: campaign_id, lift_units, lift_lo, lift_hi, unidentified, excess, excess_lo, excess_hi."""
    reasons, products = data["reason"].cat.categories, data["product"].cat.categories
    days = pd.DatetimeIndex(data["day"].unique())
    shape = (len(products), len(reasons), len(days))
    units = data["units"].to_numpy(float).reshape(shape)[:, 0]
    table = campaigns.rename(columns={"campaign_id": "id"})
    complaints = data["complaints"].to_numpy(float).reshape(shape)
    beyond = lift.excess(days, [*products], [*reasons], complaints, units, table)
    beyond = beyond[beyond["reason"].isna()].rename(columns={"lo": "excess_lo", "hi": "excess_hi"})
    told = lift.lifts(lift.study(days, [*products], units, table, holidays["day"]))
    told = told.merge(beyond[["id", "excess", "excess_lo", "excess_hi"]], on="id")
    return told.rename(columns={"id": "campaign_id", "lift": "lift_units"})


def adapter(
    data: pd.DataFrame, campaigns: pd.DataFrame, holidays: pd.DataFrame, eval_start: pd.Timestamp
) -> dict[str, pd.DataFrame]:
    """The lift alone, as the bench calls it."""
    return {"lift": lifts(data, campaigns, holidays, eval_start)}
