"""A small app that shows one Sankey picture, and beneath it what was clicked."""

import pandas as pd
import streamlit as st

from cx import sankey
from cx.ui import flow, live

HOSTILE = "<img src=x onerror=alert(1)>"
SCRIPT = "--x_x--0_0--alert(2)--x_x--0_0--"
NAMES = {"aware": "Awareness", "try": HOSTILE, "buy": "Purchase", "use": f"Onboarding{SCRIPT}", "renew": "Renewal",
         "left": "Left", "open": "Still under way"}  # fmt: skip
RANKS = {stage: rank for rank, stage in enumerate([*list(NAMES)[:5], "open", "left"])}
WAYS = {
    1: {"aware": {"try": 620, "buy": 180, "left": 160, "open": 40}, "try": {"buy": 240, "left": 60}},
    2: {"try": {"buy": 410, "aware": 60, "left": 150}, "buy": {"use": 330, "try": 40, "left": 50}},
    3: {"aware": {"try": 40, "left": 20}, "try": {"buy": 28, "left": 12}, "buy": {"use": 320, "try": 30, "left": 60},
        "use": {"renew": 190, "buy": 60, "open": 50, "left": 30}},
    4: {"try": {"buy": 50, "left": 20}, "buy": {"use": 70, "left": 18}, "use": {"renew": 210, "open": 60, "left": 50},
        "renew": {"use": 90, "open": 70, "left": 30}},
    5: {"buy": {"use": 40, "left": 10}, "use": {"renew": 90, "open": 50, "left": 20},
        "renew": {"use": 100, "open": 80, "left": 30}},
}  # fmt: skip


def links():
    return pd.DataFrame([
        {"step": step, "origin": origin, "target": target, "n": n, "back": RANKS[target] < RANKS[origin],
         "origin_name": NAMES[origin], "target_name": NAMES[target], "rank": RANKS[origin],
         "target_rank": RANKS[target], "told": f"{n} went from {NAMES[origin]} to {NAMES[target]}."}
        for step, origins in WAYS.items() for origin, targets in origins.items() for target, n in targets.items()
    ])  # fmt: skip


def choose(step, origin, target):
    st.session_state.chosen = (step, origin, target)
    st.session_state.clicks = st.session_state.get("clicks", 0) + 1


st.set_page_config(layout="wide")
st.html(live.STYLE)
rtl = st.query_params.get("rtl") == "1"
with st.container(border=True, key="card-flow"):
    st.header("Ways through the stages", anchor=False)
    flow.flow(sankey.options(links(), {"alt": "How customers move"}, rtl), "flow", 380, choose)
st.button("Again", on_click=lambda: st.session_state.update(runs=st.session_state.get("runs", 0) + 1))
state = st.session_state
st.text(
    f"Clicks {state.get('clicks', 0)}, chosen {state.get('chosen', '')}, again {state.get('runs', 0)} times"
)
