"""The picture of customers' ways that leaves the page: heights are numbers, and every link fits its nodes."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest

from cx import pictures
from cx.journey import LEFT, OPEN
from cx.ways import GAP, HEIGHT, still

ORDER = ["discover", "compare", "purchase", OPEN, LEFT]
TAKEN = [
    (1, "discover", "compare", 500),
    (1, "discover", LEFT, 300),
    (1, "compare", "discover", 60),
    (1, "compare", "purchase", 200),
    (2, "compare", "purchase", 300),
    (2, "compare", LEFT, 200),
    (2, "discover", OPEN, 60),
    (2, "purchase", LEFT, 200),
]


def links() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"step": step, "origin": origin, "target": target, "n": n, "back": ORDER.index(target) < ORDER.index(origin),
             "origin_name": origin.title(), "target_name": f"<{target}>", "rank": ORDER.index(origin), "target_rank": ORDER.index(target)}
            for step, origin, target, n in TAKEN
        ]
    )  # fmt: skip


def drawn(rtl: bool = False) -> tuple[list[dict[str, Any]], pd.DataFrame]:
    data = still(links(), rtl)["datasets"]
    return data["nodes"].to_pylist(), data["ways"].to_pandas()


def test_nodes_are_as_high_as_their_visits_and_columns_keep_their_gaps() -> None:
    nodes, _ = drawn()
    counted = {node["shown"]: node["bottom"] - node["top"] for node in nodes}
    one = counted["800 Discover"] / 800
    assert all(high == pytest.approx(int(shown.split()[0]) * one) for shown, high in counted.items())
    for x in {node["x"] for node in nodes}:
        column = sorted((node for node in nodes if node["x"] == x), key=lambda node: node["top"])
        assert all(lower["top"] - upper["bottom"] == pytest.approx(GAP) for upper, lower in pairwise(column))  # fmt: skip
        assert column[-1]["bottom"] <= HEIGHT + 1e-9


def test_links_leave_and_reach_their_nodes_within_their_height() -> None:
    nodes, ways = drawn()
    assert ways["way"].nunique() == len(TAKEN)
    for _, way in ways.groupby("way"):
        assert (way["bottom"] - way["top"]).nunique() == 1 or (way["bottom"] - way["top"]).std() < 1e-9
        for end, edge in ((way.iloc[0], "x2"), (way.iloc[-1], "x")):
            assert any(node[edge] == pytest.approx(end["x"]) and node["top"] - 1e-9 <= end["top"] and end["bottom"] <= node["bottom"] + 1e-9
                       for node in nodes)  # fmt: skip
    assert Counter(way["colour"].iloc[0] for _, way in ways.groupby("way")) == {
        "red": 3,
        "gray": 4,
        "orange": 1,
    }


def test_from_right_to_left_it_is_mirrored() -> None:
    (there, ways), (back, mirrored) = drawn(), drawn(rtl=True)
    assert [node["x"] for node in back] == pytest.approx([1 - node["x2"] for node in there])
    assert list(mirrored["x"]) == pytest.approx(list(1 - ways["x"]))


def test_it_is_drawn_without_a_browser_and_names_are_text() -> None:
    told = pictures.svg(still(links()), 960)
    assert "800 Discover" in told
    assert "&lt;left&gt;" in told.lower()
    assert "<svg" in pictures.svg(still(links().head(0)), 960)
