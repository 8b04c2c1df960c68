"""Interactions of a large company, as export files to measure with: three years, one Parquet file a quarter.

    python -m tests.bench.generate FOLDER ROWS

Customers come in journeys: bursts from a first look over an order to what follows it. Some customers come a hundred
times as often as others. One row in a hundred is delivered again with the next quarter's file, changed, under its id.
The same folder, rows and seed always give the same files.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as parquet

from cx.model import KINDS as MODEL

FIRST, END = datetime(2023, 1, 1), datetime(2026, 1, 1)
QUARTERS = pd.date_range(FIRST, END, freq="QS")

PRODUCTS = [f"product {n}" for n in range(50)]
CAMPAIGNS = [f"campaign {n}" for n in range(200)]
SEGMENTS = ["new", "regular", "loyal", "business", "student"]
REGIONS = ["north", "east", "south", "west", "centre", "coast", "islands", "abroad"]
CHANNELS = ["web", "app", "social", "store", "phone", "chat"]
DEVICES = ["mobile", "desktop", "tablet"]
REASONS = ["late", "broken", "invoice", "account", "price", "how to", "wrong item", "other"]
SOURCES = {
    "visit": "web", "signup": "web", "order": "shop", "delivery": "courier", "return": "shop", "contact": "desk",
    "complaint": "desk", "survey": "survey", "review": "reviews", "cancel": "shop",
}  # fmt: skip
KINDS = list(SOURCES)


class Step(NamedTuple):
    """Something that a journey may hold: the share of journeys of this depth that do, and the days since the step before.

    Rows of most kinds name no stage, as a shop's own exports would not; the journey knows where they belong.
    """

    kind: str
    stage: str
    depth: int
    share: float
    days: float
    touchpoints: tuple[str, ...]


DEEPER = (0.72, 0.70, 0.85)
"""Of the journeys that came as far as discovering, researching, comparing: how many go on."""

STEPS = (
    Step("visit", "discover", 0, 1.00, 0.0, ("advertisement", "home page", "shop window")),
    Step("visit", "discover", 0, 0.20, 0.3, ("home page", "newsletter")),
    Step("visit", "research", 1, 1.00, 1.0, ("product page", "guide", "reviews page")),
    Step("visit", "research", 1, 0.30, 0.5, ("product page", "forum")),
    Step("signup", "", 1, 0.05, 0.1, ("account form",)),
    Step("visit", "compare", 2, 1.00, 1.5, ("comparison", "price list")),
    Step("visit", "compare", 2, 0.30, 0.5, ("comparison", "basket")),
    Step("order", "", 3, 1.00, 1.0, ("checkout", "till")),
    Step("order", "", 3, 0.20, 0.0, ("checkout",)),
    Step("contact", "", 0, 0.20, 0.5, ("contact form", "hotline", "live chat")),
    Step("delivery", "", 3, 0.75, 2.5, ("courier", "pick-up point")),
    Step("survey", "deliver", 3, 0.40, 1.0, ("delivery survey",)),
    Step("contact", "", 3, 0.30, 3.0, ("contact form", "hotline", "live chat")),
    Step("complaint", "", 3, 0.22, 2.0, ("hotline", "contact form")),
    Step("return", "", 3, 0.06, 3.0, ("returns desk",)),
    Step("review", "", 3, 0.09, 8.0, ("product page",)),
    Step("visit", "loyalty", 3, 0.20, 9.0, ("account", "rewards")),
    Step("cancel", "", 3, 0.01, 9.0, ("account",)),
)  # fmt: skip
ROWS_A_JOURNEY = 4.40
"""What the steps add up to, less what would lie after END."""
SHARES = np.linspace(0.8, 1.2, len(QUARTERS) - 1) / (len(QUARTERS) - 1)
"""Of all journeys those of each quarter: the company grows."""
NUMBERS = 10**10
"""Ids that each quarter has for its own."""
HOUR = 3_600_000_000

ANONYMOUS = 0.05
AGAIN = 0.01
"""Journeys of which no customer is known; rows that are delivered once more."""


def write(folder: Path, rows: int, seed: int = 7) -> list[Path]:
    """Write about so many interactions; the files, oldest quarter first."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    busy = np.cumsum(rng.lognormal(0, 1.2, max(rows // 20, 1)))
    waiting, paths = pd.DataFrame(), []
    for (first, end), share in zip(pairwise(QUARTERS), SHARES, strict=True):
        journeys = _journeys(round(rows * share / ROWS_A_JOURNEY), first, end, busy, rng)
        known = pd.concat([waiting, _events(journeys, len(paths), rng)], ignore_index=True)
        due = (known["known_at"] < _micros(end)).to_numpy()
        paths.append(folder / f"{first:%Y-%m}.parquet")
        parquet.write_table(_table(known[due].sort_values("at"), rng), paths[-1], row_group_size=122_880)
        waiting = pd.concat([known[~due], _again(known[due], end, rng)], ignore_index=True)
    return paths


def _micros(at: datetime) -> int:
    return pd.Timestamp(at).value // 1000


def _journeys(n: int, first: datetime, end: datetime, busy: Any, rng: np.random.Generator) -> pd.DataFrame:
    """One row a journey: when it begins (microseconds), whose it is (-1: nobody's), and what all of it has in common."""
    at = rng.integers(_micros(first), _micros(end), n)
    customer = np.searchsorted(busy, rng.random(n) * busy[-1])
    return pd.DataFrame(
        {
            "at": at,
            "depth": np.cumprod(rng.random((n, len(DEEPER))) < DEEPER, axis=1).sum(axis=1),
            "customer": np.where(rng.random(n) < ANONYMOUS, -1, customer),
            "channel": rng.choice(len(CHANNELS), n, p=[0.4, 0.25, 0.12, 0.13, 0.06, 0.04]),
            "device": rng.choice(len(DEVICES), n, p=[0.55, 0.4, 0.05]),
            "product": (len(PRODUCTS) * rng.random(n) ** 2).astype(np.int64),
            "campaign": np.where(rng.random(n) < 0.3, rng.integers(0, len(CAMPAIGNS), n), -1),
        }
    )


def _events(journeys: pd.DataFrame, quarter: int, rng: np.random.Generator) -> pd.DataFrame:
    """The steps that each journey holds, one after the other; a fifth of them on another channel."""
    parts, at = [], journeys["at"].to_numpy()
    order, known = quarter * NUMBERS + np.arange(len(journeys)), journeys["customer"].to_numpy() >= 0
    for place, step in enumerate(STEPS):
        here = (journeys["depth"].to_numpy() >= step.depth) & (rng.random(len(journeys)) < step.share)
        if "customer_id" in MODEL[step.kind].needs:
            here &= known
        at = np.where(here, at + (rng.exponential(step.days, len(at)) * 24 * HOUR).astype(np.int64), at)
        parts.append(journeys[here].assign(at=at[here], step=place, journey=order[here]))
    events = pd.concat(parts, ignore_index=True).drop(columns="depth")
    hops = rng.random(len(events)) < 0.2
    events.loc[hops, "channel"] = rng.integers(0, len(CHANNELS), int(hops.sum()))
    number = quarter * NUMBERS + np.arange(len(events))
    return events.assign(number=number, known_at=events["at"], changed=False)


def _again(fresh: pd.DataFrame, end: datetime, rng: np.random.Generator) -> pd.DataFrame:
    """Rows of this quarter that the next one's file delivers once more; none of those that were."""
    late = fresh[~fresh["changed"].to_numpy() & (rng.random(len(fresh)) < AGAIN)]
    return late.assign(changed=True, known_at=_micros(end) + HOUR)


def _table(events: pd.DataFrame, rng: np.random.Generator) -> pa.Table:
    """The canonical columns of these events."""
    step, customer = events["step"].to_numpy(), events["customer"].to_numpy()
    kind = np.array([KINDS.index(one.kind) for one in STEPS])[step]
    person = np.where(customer < 0, 0, customer)
    names: dict[str, pa.Array] = {
        "source": _texts([SOURCES[name] for name in KINDS], kind),
        "interaction_id": pc.cast(pa.array(events["number"].to_numpy()), pa.string()),
        "occurred_at": pa.array(events["at"].to_numpy(), pa.timestamp("us")),
        "updated_at": pa.array(events["known_at"].to_numpy(), pa.timestamp("us")),
        "customer_id": _numbered("c", customer),
        "kind": _texts(KINDS, kind),
        "stage": _texts([one.stage or None for one in STEPS], step),
        "touchpoint": _touchpoints(step, rng),
        "segment": _texts(SEGMENTS, person * 7919 % len(SEGMENTS)),
        "region": _texts(REGIONS, person * 104_729 % len(REGIONS)),
        "campaign_id": _texts(CAMPAIGNS, events["campaign"].to_numpy()),
        "channel": _texts(CHANNELS, events["channel"].to_numpy()),
        "device": _texts(DEVICES, events["device"].to_numpy()),
        "product": _texts(PRODUCTS, events["product"].to_numpy()),
    }
    return pa.table({**names, **_said(kind, events["journey"].to_numpy(), rng)})


def _said(kind: Any, journey: Any, rng: np.random.Generator) -> dict[str, pa.Array]:
    """What rows of some kinds tell besides: money, scores, reasons, goals."""
    n = len(kind)
    is_ = {name: kind == place for place, name in enumerate(KINDS)}
    helped, paid = is_["contact"] | is_["complaint"], is_["order"] | is_["return"]
    answered = is_["survey"] & (rng.random(n) < 0.5)
    scored = answered | (is_["contact"] & (rng.random(n) < 0.3))
    aimed = is_["visit"] & (rng.random(n) < 0.5)
    mood = rng.random(n)
    return {
        "reason": _texts(REASONS, np.where(helped, rng.integers(0, len(REASONS), n), -1)),
        "order_id": _numbered("o", np.where(paid | is_["delivery"], journey, -1)),
        "units": _where(paid, rng.integers(1, 4, n)),
        "amount": _where(paid, np.round(rng.lognormal(3.5, 0.8, n), 2)),
        "asked": _where(is_["survey"], np.full(n, True)),
        "csat": _where(scored, 1 + (5 * mood**0.4).astype(np.int64)),
        "nps": _where(answered, (11 * mood**0.5).astype(np.int64)),
        "ces": _where(answered, 1 + (7 * mood**0.5).astype(np.int64)),
        "sentiment": _texts(["negative", "neutral", "positive"], np.where(is_["review"], (3 * mood).astype(int), -1)),
        "resolution_seconds": _where(helped, np.round(rng.lognormal(9, 1.5, n))),
        "resolved_first_contact": _where(helped, mood < 0.7),
        "handled_by": _texts(["self_service", "bot", "human"], np.where(helped, (3 * rng.random(n)).astype(int), -1)),
        "goal": _texts(["find", "compare", "look around"], np.where(aimed, (3 * rng.random(n)).astype(int), -1)),
        "goal_reached": _where(aimed, mood < 0.75),
    }  # fmt: skip


def _texts(names: Sequence[str | None], codes: Any) -> pa.Array:
    """The name of each code; a code below zero has none."""
    return pa.array(names, pa.string()).take(pa.array(codes, mask=codes < 0))


def _touchpoints(step: Any, rng: np.random.Generator) -> pa.Array:
    names = [name for one in STEPS for name in one.touchpoints]
    counts = np.array([len(one.touchpoints) for one in STEPS])
    begin = np.cumsum(counts) - counts
    return _texts(names, begin[step] + (counts[step] * rng.random(len(step))).astype(np.int64))


def _numbered(letter: str, numbers: Any) -> pa.Array:
    texts = pc.cast(pa.array(numbers, mask=numbers < 0), pa.string())
    return pc.binary_join_element_wise(letter, texts, "")


def _where(told: Any, values: Any) -> pa.Array:
    return pa.array(values, mask=~told)


if __name__ == "__main__":
    for path in write(Path(sys.argv[1]), int(sys.argv[2])):
        print(path)
