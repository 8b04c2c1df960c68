"""A small app over tables of each kind: a funnel, a gap table and a map of cohorts; "Next" brings other figures."""

import streamlit as st

from cx.ui import table

HOSTILE = "<img src=x onerror='window.hurt = 1'>"
FUNNEL = [
    {"id": "stage", "label": "Stage", "kind": "text"},
    {"id": "people", "label": "Reached", "kind": "bar", "main": True, "note": "Share of all who discovered"},
    {"id": "csat", "label": "CSAT", "kind": "number"},
    {"id": "change", "label": "Change", "kind": "chip"},
]
GAPS = [
    {"id": "measure", "label": "Measure", "kind": "text"},
    {"id": "now", "label": "Current", "kind": "number", "main": True},
    {"id": "ideal", "label": "Ideal", "kind": "number"},
    {"id": "gap", "label": "Gap", "kind": "bar"},
    {"id": "word", "label": "In words", "kind": "prose"},
    {"id": "weeks", "label": "Weeks", "kind": "spark"},
]
GIVEN = [
    ("Net promoter score", "43.1", "45.0", 0.4, "Close to the target"),
    (
        "Satisfaction",
        "82.7",
        "84.0",
        0.9,
        "Slipped three weeks in a row, and most where orders are paid",
        "bad",
    ),
]
MONTHS = [f"Month {n}" for n in range(12)]
COHORTS = [{"id": "cohort", "label": "First order", "kind": "text"}] + [
    {"id": month, "label": month, "kind": "heat"} for month in MONTHS
]


def stage(name, share, csat, change, sign, **more):
    cells = {
        "stage": {"text": name},
        "people": {
            "text": f"{100 * share:.1f}%", "note": "± 1.2", "share": share, "other": share * 0.9,
            "lo": share - 0.03, "hi": share + 0.03, "aria": "before: less",
        },
        "csat": {"text": csat, "note": "84.1 to 85.9"},
        "change": {"text": change, "tone": sign},
    }  # fmt: skip
    return {"id": name.lower(), "cells": cells, "choosable": True, **more}


def stages(step):
    rows = [
        stage("Discover", 0.97, "85.3", "No change", "neutral"),
        stage("Buy", 0.62 - step / 100, "78.8", "▼ 3.3 pts", "bad", tone="bad"),
        stage("Onboard", 0.41, "81.8", "▲ 0.5 pts", "good"),
        stage(HOSTILE, 0.22, "84.5", "No change", "neutral", muted=True),
    ]
    rows[0]["cells"]["change"] = {}
    return rows[::-1] if step % 2 else rows


def gap(name, now, ideal, share, word, tone="neutral"):
    texts = {"measure": {"text": name}, "now": {"text": now, "tone": tone}, "ideal": {"text": ideal}}
    weeks = {"spark": [4, None, 2, 0, 8], "aria": "Between 0 and 8 a week."}
    return {
        "id": name,
        "cells": {**texts, "gap": {"text": "−1.9", "share": share}, "word": {"text": word}, "weeks": weeks},
    }


def cohort(number):
    cells = {"cohort": {"text": f"{number + 1} January", "note": "1,204 customers"}}
    for age, month in enumerate(MONTHS[: 12 - number]):
        share = 1 - age / 11
        cells[month] = {
            "text": f"{100 * share:.0f}%",
            "share": share,
            "id": f"{number}/{age}",
            "aria": "kept",
        }
    return {"id": str(number), "cells": cells}


def choose(name):
    st.session_state.chosen = name


def advance():
    st.session_state.step += 1


def body():
    step = st.session_state.setdefault("step", 0)
    chosen = st.session_state.setdefault("chosen", "buy")
    st.button("Next", on_click=advance)
    with st.container(border=True, key="card-funnel"):
        table.show(FUNNEL, stages(step), "funnel", "The journey, stage by stage", chosen, choose)
    with st.container(border=True, key="card-gaps"):
        table.show(GAPS, [gap(*given) for given in GIVEN], "gaps", "Where we stand")
    with st.container(border=True, key="card-cohorts"):
        cohorts = [cohort(number) for number in range(8)]
        table.show(COHORTS, cohorts, "cohorts", "Customers kept, by month", chosen, choose)
    st.markdown(f"Chosen {chosen} at step {step}")


if __name__ == "__main__":
    st.set_page_config(layout="wide")
    st.title("Tables")
    body()
