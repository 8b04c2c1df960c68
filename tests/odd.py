"""Exports with every oddity that two engines could disagree about, the same for the same seed.

Empty cells, ties, rows that come late, again or changed, rows that are refused, times of several zones, texts of many scripts,
amounts from next to nothing to beyond counting, and such that the order of adding them would show in the last digits.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from cx.model import COLUMNS

START = datetime(2025, 3, 1)
DAYS = 60
SOURCES = ("desk", "shop", "бутик", "店")
PRODUCTS = ("Kettle", "قوری", "茶壶", "Çaydanlık", 'it\'s "quoted", \\ and\nbroken', "", " padded ")
CHANNELS = ("web", "phone", "chat", "👋🏽 hello", "")
KINDS = {
    "visit": 30, "order": 18, "contact": 14, "complaint": 10, "survey": 10, "review": 5, "delivery": 4, "return": 3, "signup": 4,
    "cancel": 2,
}  # fmt: skip
STAGES = ("discover", "research", "compare", "purchase", "deliver", "support", "loyalty", "unheard of", "")
ZONES = ("", "Z", "+00:00", "+05:30", "-08:00", "+14:00")


def write(folder: Path, seed: int, rows: int = 900) -> None:
    """Three files: rows, some of them again or changed, and rows that come late; one is Parquet, two are CSV."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    told = [_row(rng, number) for number in range(rows)]
    again = [_changed(rng, row) for row in rng.sample(told, rows // 5)]
    late = [_row(rng, rows + number) for number in range(rows // 10)]
    _csv(folder / "b.csv", [*told[: rows // 2], *_refused()])
    _csv(folder / "later" / "c.csv", [*again, *rng.sample(told, 10), *late])
    _parquet(folder / "a.parquet", told[rows // 2 :])


def _row(rng: random.Random, number: int) -> dict[str, Any]:
    kind = rng.choices([*KINDS], [*KINDS.values()])[0]
    at = START + timedelta(
        days=rng.randrange(DAYS), hours=rng.randrange(24), minutes=rng.choice((0, 0, 30, 59))
    )
    row: dict[str, Any] = {
        "source": rng.choice(SOURCES), "interaction_id": f"{number}", "occurred_at": _moment(rng, at), "kind": kind,
        "customer_id": rng.choice(("", *(f"c{n}" for n in range(40)), "Ana@Example.com ", "ana@example.com", "مشتری ۷")),
        "stage": rng.choice(STAGES), "channel": rng.choice(CHANNELS) or ("phone" if kind in ("contact", "complaint") else ""),
        "device": rng.choice(("mobile", "desktop", "")), "touchpoint": rng.choice(("home", "سبد", "checkout", "")),
        "product": rng.choice(PRODUCTS), "version": rng.choice(("", "1.0", "2.0-β")),
        "brand": rng.choice(("", "", "ours", "Rival")), "campaign_id": rng.choice(("", "spring")),
        "segment": rng.choice(("", "loyal", "新")), "region": rng.choice(("", "north", "سمنان")),
        "consent": rng.choice(("", "", "", "true", "false")), "updated_at": rng.choice(("", "2025-05-05 05:05:05")),
    }  # fmt: skip
    return row | _of_kind(rng, kind, number)


def _moment(rng: random.Random, at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}{rng.choice(('', '.5', '.123456'))}{rng.choice(ZONES)}"


def _of_kind(rng: random.Random, kind: str, number: int) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if kind in ("order", "return", "delivery"):
        told["order_id"] = f"o{number // 3}"
    if kind == "order":
        told |= {"units": rng.choice((0, 1, 2, 2**31 - 1)), "product": rng.choice(PRODUCTS[:4]), **_money(rng, number),
                 "referred": rng.choice(("", "true", "false")), "brand": ""}  # fmt: skip
    if kind in ("contact", "complaint"):
        told |= {"reason": rng.choice(("late", "دیر", "broken")), "channel": rng.choice(CHANNELS[:4]),
                 "handled_by": rng.choice(("", "bot", "human", "self_service")), "escalated": rng.choice(("", "true", "false")),
                 "resolved_first_contact": rng.choice(("", "true", "false")),
                 "first_response_seconds": rng.choice(("", "0", "0.5", "61", "86400", "1e9")),
                 "resolution_seconds": rng.choice(("", "0", "3600", "99999"))}  # fmt: skip
    if kind in ("survey", "contact", "review", "order"):
        told |= {"asked": rng.choice(("true", "true", "false")), "csat": rng.choice(("", "1", "4", "5")),
                 "nps": rng.choice(("", "0", "6", "7", "9", "10")), "ces": rng.choice(("", "1", "7")),
                 "expectation": rng.choice(("", "1", "5")), "would_forgive": rng.choice(("", "true", "false")),
                 "would_trust": rng.choice(("", "yes", "no"))}  # fmt: skip
    if kind == "review":
        told |= {
            "brand": rng.choice(("ours", "Rival")),
            "sentiment": rng.choice(("negative", "neutral", "positive")),
        }
    if kind in ("visit", "contact"):
        told |= {"goal": rng.choice(("", "find", "buy")), "goal_reached": rng.choice(("", "true", "false"))}
    if kind in ("survey", "review", "complaint"):
        told["text"] = rng.choice(("", "Call me, 555-1234", "خیلی بد بود", "👎", "fine\nreally"))
    if kind == "visit":
        told["stage"] = rng.choice(STAGES[:7])
    if kind in ("signup", "cancel"):
        told["customer_id"] = f"c{rng.randrange(40)}"
    return told


def _money(rng: random.Random, number: int) -> dict[str, Any]:
    """Those that are beyond counting stand in a source of their own each: they are too few to meet."""
    if number % 97 == 0:
        return {
            "source": f"huge {number}",
            "amount": rng.choice(("1.7976931348623157e308", "9007199254740993", "1e22")),
        }
    if number % 31 == 0:
        return {"amount": rng.choice(("0", "9.5367431640625e-07", "1e-300"))}
    return {"amount": rng.choice(("0", "0.1", "19.99", "0.3333333333333333", "199.75", "1234567.89"))}


def _changed(rng: random.Random, row: dict[str, Any]) -> dict[str, Any]:
    """The same row later: with another time of change, or with the same one and other content."""
    told = {**row, "region": "moved", "updated_at": rng.choice((row["updated_at"], "2025-06-01 00:00:00"))}
    return told | ({"consent": "false"} if rng.random() < 0.1 else {})


def _refused() -> Iterator[dict[str, Any]]:
    sound = {"source": "desk", "occurred_at": "2025-03-03 10:00:00", "kind": "contact", "channel": "web"}
    for number, wrong in enumerate(
        ({"kind": "call"}, {"csat": "6"}, {"occurred_at": "soon"}, {"units": "1.5"}, {"channel": ""})
    ):
        yield {**sound, "interaction_id": f"refused {number}", **wrong}


def _csv(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*COLUMNS], restval="")
        writer.writeheader()
        writer.writerows(rows)


def _parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    pd.DataFrame([{name: row.get(name) or None for name in COLUMNS} for row in rows]).astype("str").where(
        lambda told: told != "None"
    ).to_parquet(path)
