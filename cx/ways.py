"""The ways of customers through the stages as a picture that leaves the page: the Sankey diagram in Vega-Lite.

The page draws the same links with Apache ECharts (`cx.sankey`), which cannot be drawn without a browser.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any, NamedTuple

import pandas as pd

from cx.journey import LEFT, OPEN
from cx.vega import LABEL_PIXELS, Rows, Spec, finished, layer, rows_of
from cx.words import number

HEIGHT, GAP, NODE = 440, 18.0, 0.012
"""Pixels of the picture and between two nodes of a column; a node's width, the whole picture being 1 wide."""
LABEL = 0.14
"""Room for the labels of the last column."""
POINTS = 24
"""Of each edge of a link."""
_COLOURS = {LEFT: "red", OPEN: "gray"}

Node = tuple[int, str]


class Box(NamedTuple):
    """Where a node stands: its left edge (0 to 1), its top, and how many pixels high it is."""

    x: float
    top: float
    height: float


def still(links: pd.DataFrame, rtl: bool = False) -> Spec:
    """The diagram of these links, as `cx.sankey.options` takes them; `rtl` runs from right to left."""
    rows = [row for row in rows_of(links) if row["n"] > 0]
    boxes, scale = _boxes(rows)
    size, names = _sizes(rows)[0], _names(rows)
    nodes = [_node(node, box, f"{number(size[node])} {names[node]}", rtl) for node, box in boxes.items()]
    data: dict[str, Rows] = {"ways": [*_edges(rows, boxes, scale, rtl)], "nodes": nodes}
    x = {
        "type": "quantitative",
        "axis": None,
        "scale": {"domain": [-LABEL, 1] if rtl else [0, 1 + LABEL], "nice": False},
    }
    y = {"type": "quantitative", "axis": None, "scale": {"domain": [HEIGHT, 0], "nice": False}}
    at, down = {"x": {**x, "field": "x"}}, {"y": {**y, "field": "y"}}
    area = {**at, "y": {**y, "field": "top"}, "y2": {"field": "bottom"}, "detail": {"field": "way"}}
    bar = {**at, "x2": {"field": "x2"}, "y": {**y, "field": "top"}, "y2": {"field": "bottom"}}
    text = {
        "type": "text",
        "align": "right" if rtl else "left",
        "dx": -6 if rtl else 6,
        "fontSize": LABEL_PIXELS,
    }
    label = {"x": {**x, "field": "x" if rtl else "x2"}, **down, "text": {"field": "shown"}}
    layers = [
        *(layer("ways", {"type": "area", "opacity": 0.28}, area, colour, f"datum.colour == '{colour}'") for colour in ("gray", "orange", "red")),
        *(layer("nodes", {"type": "rect"}, bar, colour, f"datum.colour == '{colour}'") for colour in ("blue", "gray", "red")),
        layer("nodes", text, label),
    ]  # fmt: skip
    return finished(layers, data, HEIGHT)


def _boxes(rows: Rows) -> tuple[dict[Node, Box], float]:
    """Each stage at each step, from the top in the order of its column; and the pixels of one visit."""
    size, rank = _sizes(rows)
    columns: dict[int, list[Node]] = defaultdict(list)
    for node in sorted(size, key=lambda node: (node[0], rank[node])):
        columns[node[0]].append(node)
    room = HEIGHT - GAP * max((len(nodes) - 1 for nodes in columns.values()), default=0)
    scale = room / max((sum(size[node] for node in nodes) for nodes in columns.values()), default=1)
    last, boxes = max(columns, default=1), {}
    for step, nodes in columns.items():
        top = 0.0
        for node in nodes:
            boxes[node] = Box((step - 1) / max(last - 1, 1) * (1 - NODE), top, size[node] * scale)
            top += size[node] * scale + GAP
    return boxes, scale


def _sizes(rows: Rows) -> tuple[dict[Node, int], dict[Node, int]]:
    out, into, rank = Counter[Node](), Counter[Node](), dict[Node, int]()
    for row in rows:
        origin, target = _ends(row)
        out[origin] += row["n"]
        into[target] += row["n"]
        rank |= {origin: row["rank"], target: row["target_rank"]}
    return {node: max(out[node], into[node]) for node in rank}, rank


def _ends(row: dict[str, Any]) -> tuple[Node, Node]:
    return (row["step"], row["origin"]), (row["step"] + 1, row["target"])


def _edges(rows: Rows, boxes: dict[Node, Box], scale: float, rtl: bool) -> Rows:
    """The points of each link: its upper and its lower edge, which leave and reach their nodes level."""
    points: Rows = []
    left, came = Counter[Node](), Counter[Node]()
    for place, row in enumerate(sorted(rows, key=lambda row: (row["step"], row["rank"], row["target_rank"]))):
        origin, target = _ends(row)
        begins, ends = boxes[origin], boxes[target]
        above, below, high = (
            begins.top + left[origin] * scale,
            ends.top + came[target] * scale,
            row["n"] * scale,
        )
        left[origin] += row["n"]
        came[target] += row["n"]
        for point in range(POINTS + 1):
            part = point / POINTS
            eased = part * part * (3 - 2 * part)
            x, top = begins.x + NODE + (ends.x - begins.x - NODE) * part, above + (below - above) * eased
            colour = "orange" if row["back"] else "red" if row["target"] == LEFT else "gray"
            points.append(
                {"way": place, "x": 1 - x if rtl else x, "top": top, "bottom": top + high, "colour": colour}
            )
    return points


def _names(rows: Rows) -> dict[Node, str]:
    origins = {_ends(row)[0]: row["origin_name"] for row in rows}
    return origins | {_ends(row)[1]: row["target_name"] for row in rows}


def _node(node: Node, box: Box, shown: str, rtl: bool) -> dict[str, Any]:
    edges = (box.x, box.x + NODE)
    left, right = (1 - edges[1], 1 - edges[0]) if rtl else edges
    return {
        "x": left, "x2": right, "top": box.top, "bottom": box.top + box.height, "y": box.top + box.height / 2,
        "shown": shown, "colour": _COLOURS.get(node[1], "blue"),
    }  # fmt: skip
