"""The ways of customers through the stages of their journey, as a Sankey diagram (options of Apache ECharts).

No Streamlit here. A node is a stage at a step, so going back is drawn forwards and nothing runs in circles. Colours
are the theme's CSS variables, which the browser resolves in SVG: one specification serves light and dark. Names and
sentences travel as plain text, `shown` (a node's) and `told` (also a link's); whoever draws them places them as text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd

from cx.journey import LEFT, OPEN
from cx.vega import LABEL_PIXELS, Rows, Spec, rows_of
from cx.words import number, tn

STEPS = 6
ROOMS = ((0, 3, 92), (560, 4, 124), (860, STEPS, 132))
"""From this width of the picture on, so many steps are drawn, and labels may be so wide (widths in pixels)."""
NODE_PIXELS, LINE_PIXELS, GAP_PIXELS, GAPS_PIXELS = 10, 14, 24, 200
"""A node's width; a line of its label, which has two at most; the most room between two nodes of a column, and
between all of them, so that the rest of the height is left to the numbers."""

SIGNED = 0.02
"""A way back carries its sign from this share of all visits on; beneath it the signs would stand in each other's way."""

_FONT = "Inter, system-ui, sans-serif"
_STAGE, _ENDS = ("primary", 1.0), {LEFT: ("red", 0.8), OPEN: ("gray", 0.7)}
_ONWARD, _BACK, _ENDING = ("gray", 0.26), ("orange", 0.6), {LEFT: ("red", 0.5), OPEN: ("gray", 0.13)}


def options(links: pd.DataFrame, titles: Mapping[str, str], rtl: bool = False, steps: int = STEPS) -> Spec:
    """The diagram of at most so many steps; a narrow picture shows fewer (`ROOMS`).

    `links`, a row each: step (of its origin, from 1), origin, target (a stage's id, `LEFT` or `OPEN`), n (journeys),
    back (the target comes before the origin), origin_name, target_name, rank, target_rank (a column's order from the
    top), told (a sentence). `titles`: alt, the picture in words. `rtl` runs from right to left. Every node and link
    carries its `way`: step, origin and target (empty for a node).
    """
    rows = [row for row in rows_of(links) if row["n"] > 0]
    ends = [{"maxWidth": width - 1} for width, _, _ in ROOMS[1:]] + [{}]
    media = [
        {
            "query": {"minWidth": width} | end,
            "option": {"series": [_series(rows, min(most, steps), label, rtl)]},
        }
        for (width, most, label), end in zip(ROOMS, ends, strict=True)
    ]
    return {"baseOption": _base(titles["alt"], rtl), "media": media}


def _series(rows: Rows, steps: int, label: int, rtl: bool) -> Spec:
    """What changes with the width: the nodes, the links and the room for their labels."""
    columns = min(steps, max((row["step"] + 1 for row in rows), default=1))
    shown = [row for row in rows if row["step"] < columns]
    stages = _stages(shown)
    wide = SIGNED * sum(row["n"] for row in shown if row["step"] == 1)
    fullest = max(Counter(row["step"] for row in stages).values(), default=1)
    return {
        "left": label + 8 if rtl else 0,
        "right": 0 if rtl else label + 8,
        "data": [_node(row, columns, rtl) for row in stages],
        "links": [_link(row, rtl, wide) for row in shown],
        "nodeGap": min(GAP_PIXELS, GAPS_PIXELS / max(fullest - 1, 1)),
        "label": {"width": label},
    }


def _stages(links: Rows) -> Rows:
    """Each stage at each step where a link begins or ends, in the order to be drawn."""
    out, into = Counter[tuple[int, str]](), Counter[tuple[int, str]]()
    looks: dict[tuple[int, str], tuple[int, str]] = {}
    for row in links:
        origin, target = (row["step"], row["origin"]), (row["step"] + 1, row["target"])
        out[origin] += row["n"]
        into[target] += row["n"]
        looks |= {origin: (row["rank"], row["origin_name"]), target: (row["target_rank"], row["target_name"])}
    ordered = sorted(looks, key=lambda node: (node[0], looks[node][0], node[1]))
    return [
        {"step": node[0], "stage": node[1], "name": looks[node][1], "n": max(out[node], into[node])}
        for node in ordered
    ]


def _node(row: Mapping[str, Any], columns: int, rtl: bool) -> Spec:
    step, stage, name, n = row["step"], row["stage"], row["name"], row["n"]
    shown, words = f"{number(n)} {name}", {"stage": name, "step": number(step)}
    return {
        "name": f"{step} {stage}",
        "depth": columns - step if rtl else step - 1,
        "shown": f"\N{FIRST STRONG ISOLATE}{shown}\N{POP DIRECTIONAL ISOLATE}" if rtl else shown,
        "told": tn("{stage} at step {step}: {n} visit", "{stage} at step {step}: {n} visits", n, **words),
        "way": [step, stage, ""],
        "itemStyle": _paint(_ENDS.get(stage, _STAGE)),
    }


def _link(row: Mapping[str, Any], rtl: bool, wide: float) -> Spec:
    # The library knows no right to left: there a link is drawn from its target, which stands further left.
    ends = f"{row['step']} {row['origin']}", f"{row['step'] + 1} {row['target']}"
    return {
        "source": ends[rtl],
        "target": ends[not rtl],
        "value": row["n"],
        "told": row["told"],
        "way": [row["step"], row["origin"], row["target"]],
        "lineStyle": _paint(_BACK if row["back"] else _ENDING.get(row["target"], _ONWARD)),
        "edgeLabel": {"show": bool(row["back"]) and row["n"] >= wide},
    }


def _paint(colour: tuple[str, float]) -> Spec:
    return {"color": f"var(--st-{colour[0]}-color)", "opacity": colour[1]}


def _base(alt: str, rtl: bool) -> Spec:
    """What does not change with the width."""
    text = {"fontFamily": _FONT, "fontSize": LABEL_PIXELS, "color": "var(--st-text-color)"}
    paper, hairline = "var(--st-background-color)", "var(--st-border-color)"
    halo = {"textBorderColor": paper, "textBorderWidth": 2.5}
    lines = {"lineHeight": LINE_PIXELS, "height": 2 * LINE_PIXELS, "overflow": "break", "lineOverflow": "truncate"}  # fmt: skip
    kept = {"color": "inherit"}  # otherwise a hovered colour is lifted, which no variable can be
    series = {
        "type": "sankey", "top": 6, "bottom": 6, "nodeWidth": NODE_PIXELS, "layoutIterations": 0, "draggable": False,
        "label": {**text, **halo, **lines, "position": "left" if rtl else "right"},
        "edgeLabel": {**text, **halo, "show": False, "formatter": "↪" if rtl else "↩"},
        "emphasis": {"focus": "adjacency", "itemStyle": kept, "lineStyle": kept},
        "blur": {"itemStyle": {"opacity": 0.35}, "lineStyle": {"opacity": 0.1}, "label": {"opacity": 0.45}},
    }  # fmt: skip
    tooltip = {
        "confine": True, "backgroundColor": paper, "borderColor": hairline, "borderWidth": 1, "padding": [6, 10],
        "textStyle": text, "extraCssText": "box-shadow: none; white-space: normal; max-width: 260px;",
    }  # fmt: skip
    aria = {"enabled": True, "label": {"description": alt}}
    return {"animation": False, "textStyle": text, "aria": aria, "tooltip": tooltip, "series": [series]}
