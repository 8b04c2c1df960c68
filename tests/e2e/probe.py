"""A small app over the real store and the real push: what it shows is made up from the version alone."""

import math
from datetime import date, timedelta

import pandas as pd
import streamlit as st
from starlette.responses import JSONResponse
from starlette.routing import Route

from cx import charts
from cx.ui import live, tiles

live.HEARTBEAT_SECONDS = 1

TITLES = {name: name for name in ("week", "value", "range", "n", "campaign", "channel")}


@st.cache_resource(max_entries=4, show_spinner=False)
def spec(version):
    value = pd.Series([80 + version / 10 + math.sin(week) for week in range(26)])
    first = date(2026, 1, 5)
    weeks = pd.DataFrame({"week": [first + timedelta(weeks=i) for i in range(26)], "value": value})
    weeks = weeks.assign(lo=value - 1, hi=value + 1, finished=True, tone="", week_text="", value_text="")
    campaigns = pd.DataFrame(columns=["name", "starts_on", "ends_on", "channel"])
    shown = weeks.assign(range_text="", n_text="")
    target = pd.DataFrame({"from": [first], "value": [81.0], "text": ["Target 81"]})
    return charts.trend(shown, campaigns, target, TITLES, lambda tick: f"{tick:.1f}")


def tile(name, version):
    series = [80 + version / 10 + math.sin(week) for week in range(26)]
    low, high = [value - 1 for value in series], [value + 1 for value in series]
    return {
        "id": name, "label": name, "value": f"{series[-1]:.1f}", "unit": "%", "chip": "▲ 1", "tone": "good",
        "range": f"version {version}", "foot": "Target met", "foot_tone": "good", "aria": f"{name} {version}",
        "spark": series, "lo": low, "hi": high, "target": 81.0,
    }  # fmt: skip


@st.fragment
def body(page):
    version = live.version()
    chosen = st.session_state.get("chosen", "csat")
    shown = [tile(name, version) for name in ("nps", "csat", "ces")]
    tiles.kpi_strip(tiles.written(shown), chosen, "kpi", lambda name: st.session_state.update(chosen=name))
    st.vega_lite_chart(spec(version), key="trend", on_select="rerun", selection_mode="brush", alt="Trend")
    st.markdown(f"Shown {version} on {page}, chosen {chosen}")


def first():
    body("first")


def second():
    body("second")


async def bump(_request):
    with live.server().store.transaction():
        pass
    return JSONResponse({"version": live.server().store.version})


async def listeners(_request):
    return JSONResponse({"listeners": live.server().listeners})


if __name__ == "__main__":
    live.survive_restarts()
    st.navigation([st.Page(first, default=True), st.Page(second)], position="top").run()
else:
    base = live.base_path()
    live.warm_with(spec)
    own = [Route(f"{base}/api/bump", bump), Route(f"{base}/api/listeners", listeners)]
    app = st.App(__file__, routes=[*own, *live.routes()], lifespan=live.lifespan)
