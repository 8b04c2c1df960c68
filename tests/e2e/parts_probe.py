"""A small app of the parts that every page is made of, each with made-up words and numbers that never change."""

import math
from datetime import date, timedelta

import pandas as pd
import streamlit as st

from cx import charts
from cx.ui import live, page, parts, table, tiles
from tests.e2e.table_probe import FUNNEL, stage

TITLES = {name: name for name in ("week", "value", "range", "n", "campaign", "channel")}


def trend():
    first = date(2026, 1, 5)
    value = pd.Series([80 + 3 * math.sin(week / 2) for week in range(26)])
    weeks = pd.DataFrame({"week": [first + timedelta(weeks=i) for i in range(26)], "value": value})
    texts = dict.fromkeys(("week_text", "value_text", "range_text", "n_text"), "")
    weeks = weeks.assign(lo=value - 2, hi=value + 2, finished=True, tone=[""] * 25 + ["bad"], **texts)
    begun = first + timedelta(weeks=12)
    campaigns = pd.DataFrame({"name": ["Fresh Grind"], "starts_on": [begun], "ends_on": [begun + timedelta(13)], "channel": ["web"]})  # fmt: skip
    target = pd.DataFrame({"from": [first], "value": [81.0], "text": ["Target 81"]})
    return charts.trend(weeks, campaigns, target, TITLES, lambda tick: f"{tick:.0f}")


def tile(name, tone, chip, foot, foot_tone, **more):
    series = [80 + 3 * math.sin(week / 2) for week in range(26)]
    low, high = [value - 1 for value in series], [value + 1 for value in series]
    return {
        "id": name, "label": name, "value": "82.3", "unit": "%", "chip": chip, "tone": tone, "range": "81.0 to 83.6% · n 505",
        "foot": foot, "foot_tone": foot_tone, "aria": name, "spark": series, "lo": low, "hi": high, "target": 81.0, **more,
    }  # fmt: skip


TILES = [
    tile("Better", "good", "▲ 4.1 pts", "Meets target 81%", "good"),
    tile("Worse", "bad", "▼ 4.1 pts", "Misses target 84%", "bad"),
    tile("As before", "neutral", "▼ 0.2 pts", "About on target 82%", "warn"),
    tile("Too few", "neutral", "", "", "neutral", hidden=True, value="Too few to show", unit="", range="n 3"),
]
ROWS = [
    stage("Discover", 1.0, "85.0", "▲ 1.2 pts", "good"),
    stage("Compare", 0.62, "81.3", "▼ 4.0 pts", "bad"),
    stage("Purchase", 0.18, "79.9", "0.0 pts", "neutral"),
]
WEEKS = {"id": "weeks", "label": "12 weeks", "kind": "spark"}
for place, row in enumerate(ROWS):
    row["cells"]["weeks"] = {"spark": [20 + 8 * math.sin(week / 2 + place) for week in range(12)]}


def body():
    page.head(
        "Customer experience slipped last week",
        "5 of 6 measures got worse. It comes from **Aroma One**.",
        "Week of 16 November",
    )
    with st.container(key="tiles"):
        tiles.kpi_strip(tiles.written(TILES), "Worse", "strip", lambda name: None)
    with parts.card("chart", "Satisfaction", "Answers of 4 or 5, of those who answered."):
        parts.chart(trend(), "trend", "Satisfaction by week")
    with parts.card("table", "From stage to stage", "Customers who reached each stage."):
        table.show([*FUNNEL, WEEKS], ROWS, "rows", "Stages", "compare", lambda one: None)
    with parts.card("empty", "What waits", "Contacts without a reply."):
        parts.nothing("Nothing waits.")
    with st.container(key="states"):
        parts.wrong("These figures could not be computed.")
        parts.warning("Exports are not being taken in right now.")


if __name__ == "__main__":
    st.set_page_config(layout="wide")
    st.html(live.STYLE)
    body()
else:
    app = st.App(__file__, routes=live.routes(), lifespan=live.lifespan)
