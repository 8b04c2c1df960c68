"""The campaigns."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd

from cx.reference.reading import bad, table
from cx.words import t

CAMPAIGNS = {"id": str, "name": str, "channel": str, "products": str, "starts_on": date, "ends_on": date,
             "cost": float, "goal": str}  # fmt: skip
_OPTIONAL = {"channel", "products", "cost", "goal"}


def campaigns(folder: Path) -> pd.DataFrame:
    """The campaigns, by start: id, name, channel, products (';' between them), starts_on, ends_on, cost, goal."""
    path = folder / "campaigns.csv"
    frame = table(path, CAMPAIGNS, _OPTIONAL)
    for row, (start, end) in enumerate(zip(frame["starts_on"], frame["ends_on"], strict=True), start=1):
        if end < start:
            raise bad(path, row, "ends_on", end, t("is before starts_on; swap them or mend the date"))
    return frame.sort_values("starts_on", ignore_index=True)


def products(told: object) -> tuple[str, ...]:
    """The products that a cell names, with ';' between them; an empty one names none."""
    return tuple(part.strip() for part in str(told or "").split(";") if part.strip())
