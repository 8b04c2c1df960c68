"""The parts of the journey page: each asks for one view and shows it. What the viewer opened stands in the link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from cx import reference
from cx.errors import CxError
from cx.folders import Folders
from cx.journey import Journey
from cx.model import JOURNEY_DIMENSIONS
from cx.questions.behind import Reached
from cx.questions.funnel import CONVERSION, LONG_PASSAGE, PASSAGE, WORTH
from cx.questions.paths import RETURNS
from cx.questions.returning import MET
from cx.questions.touchpoints import MEASURES as TOUCHPOINT_KPIS
from cx.rollups.buyers import LANDMARK_DAYS
from cx.stats import SmallSamples
from cx.telling import computed
from cx.telling import funnel as funnel_
from cx.telling import ways as ways_
from cx.telling.shapes import row_id
from cx.telling.values import dimension_label, plain_text
from cx.ui import asks, filters, journeys, link, live, parts, rights, table
from cx.ui.asks import View
from cx.ui.customers import channels, returning
from cx.ui.flow import flow
from cx.ui.opening import behind, limits_of, opened, opens
from cx.words import number, t

WAYS_HEIGHT = 420
FUNNEL_KPIS = (CONVERSION, PASSAGE, LONG_PASSAGE, WORTH)


def funnel(view: View) -> None:
    """The funnel over the stages, beside another where one is chosen, and by the values of one dimension."""
    shape, limits = journeys.journey(view.version), limits_of(view)
    with parts.card("funnel", t("From stage to stage"), _window(shape)) as frame:
        campaigns = asks.campaign_names()
        compared = filters.comparison(journeys.choices(view.version), campaigns)
        now, other = journeys.funnel(view, compared)
        frame.tell(view, lambda: journeys.stages(view, compared), computed.journey, FUNNEL_KPIS,
                   of=[lambda: journeys.funnel(view, compared)])  # fmt: skip
        if other is not None:
            st.caption(funnel_.beside(shape, compared, journeys.begun(view), campaigns))
        table.show(
            funnel_.funnel_columns(other is not None),
            funnel_.funnel_rows(shape, now, other, limits),
            "table-funnel", t("The funnel over the stages of the journey"), opened("stage"), opens("stage"),
        )  # fmt: skip
        st.caption(funnel_.ever(shape, now))
    _stage_behind(journeys.shown(view, compared), shape)
    _breakdown(view, shape, limits)


def _breakdown(view: View, shape: Journey, limits: SmallSamples) -> None:
    with parts.card(
        "breakdown", t("Who gets how far"), t("The share of those who came in that reached each stage.")
    ) as frame:
        dimension = filters.one("by", t("By"), JOURNEY_DIMENSIONS, dimension_label)
        groups = journeys.breakdown(view, dimension)
        frame.tell(view, lambda: groups, computed.journey, of=[lambda: journeys.breakdown(view, dimension)],
                   file=f"funnel-by-{dimension}")  # fmt: skip
        table.show(
            funnel_.breakdown_columns(shape, dimension_label(dimension)),
            funnel_.breakdown_rows(shape, dimension, groups, limits, asks.campaign_names()),
            "table-breakdown", t("The funnel by {dimension}", dimension=dimension_label(dimension)),
        )  # fmt: skip
        parts.more(len(groups) - funnel_.MOST_GROUPS)
        st.caption(t("A customer who came in by two of them counts with each, so they do not add up to all."))


def ideal(view: View) -> None:
    """Today's journey against the ideal one, ranked by what is at stake; and the ideal to edit."""
    shape = journeys.journey(view.version)
    caption = t("Most revenue at stake first.")
    with parts.card("ideal", t("Today's journey against the ideal one"), caption) as frame:
        frame.tell(
            view,
            lambda: journeys.gaps(view),
            computed.at_stake,
            FUNNEL_KPIS,
            of=[lambda: journeys.gaps(view)],
        )
        table.show(
            funnel_.gap_columns(), funnel_.gap_rows(shape, journeys.gaps(view), limits_of(view)),
            "table-ideal", t("Current, ideal and gap of each stage"), opened("stage"), opens("stage"),
        )  # fmt: skip
        st.caption(funnel_.stakes())
        if rights.may("edit"):
            with st.expander(t("Edit the ideal journey"), icon=":material/edit:"):
                _ideal_editor(shape, asks.tables(view.edited, view.language).ideal)
    _stage_behind(view, shape)


def _ideal_editor(shape: Journey, kept: pd.DataFrame) -> None:
    stages = pd.DataFrame({"stage": shape.ids[1:]}).merge(kept, "left", "stage")
    stages[[*reference.IDEAL][1:]] = stages[[*reference.IDEAL][1:]].astype(float)

    def percent(title: str) -> Any:
        return st.column_config.NumberColumn(title, min_value=0.0, max_value=100.0)

    edited = st.data_editor(
        stages,
        hide_index=True,
        disabled=["stage"],
        key="ideal-editor",
        column_config={
            "stage": st.column_config.Column(t("Stage")),
            "conversion": percent(t("Conversion from the stage before (%)")),
            "days": st.column_config.NumberColumn(t("Median days from the stage before"), min_value=0.0),
            "satisfaction": percent(t("Satisfaction (CSAT, %)")),
        },
    )
    if st.button(t("Save the ideal journey"), icon=":material/save:"):
        try:
            rights.does("edit", "changed", "ideal journey")
            reference.write_ideal(Folders.default().reference, edited)
        except CxError as error:
            parts.wrong(str(error))
        else:
            live.server().edited()
            st.rerun()


def touchpoints(view: View) -> None:
    """The touchpoints of one stage: how each feels, and what customers raise there."""
    shape, limits = journeys.journey(view.version), limits_of(view)
    named = funnel_.names(shape)
    stage = filters.one("stage_of", t("Stage"), shape.ids, lambda name: plain_text(named[name]))
    found = journeys.touched(view)
    here = found[found["stage"] == stage]
    with parts.card(
        "touchpoints",
        t("Touchpoints of {stage}", stage=plain_text(named[stage])),
        ways_.not_filtered(view.filters),
    ) as frame:
        frame.tell(view, lambda: here, computed.touchpoints, [*TOUCHPOINT_KPIS.values()],
                   of=[lambda: journeys.touched(view)], file=f"touchpoints-{stage}")  # fmt: skip
        if here.empty:
            parts.nothing(t("Nothing happened at this stage in the period."))
            return
        st.caption(ways_.needs(here))
        table.show(
            ways_.touchpoint_columns(here), ways_.touchpoint_rows(here, limits), "table-touchpoints",
            t("Touchpoints of {stage}", stage=named[stage]), opened("place"), opens("place"),
        )  # fmt: skip
        parts.more(len(here) - ways_.MOST_ROWS)
    if row := opened("place", ways_.place_ids(here)):
        behind(view, ways_.place(stage, row), "touchpoint", plain_text(ways_.place_name(row)))
    with parts.card(
        "pains", t("Pain points of {stage}", stage=plain_text(named[stage])), ways_.pains_caption()
    ) as frame:
        pains = journeys.pains(view, stage)
        frame.tell(
            view,
            lambda: pains,
            computed.pains,
            of=[lambda: journeys.pains(view, stage)],
            file=f"pains-{stage}",
        )
        if pains.empty:
            parts.nothing(t("No contact or complaint is traced back to this stage."))
            return
        table.show(
            ways_.pain_columns(), ways_.pain_rows(pains), "table-pains", t("Reasons that customers raise")
        )
        parts.more(len(pains) - ways_.MOST_ROWS)


def paths(view: View) -> None:
    """The most travelled ways, with going back and leaving, and what those who bought again did differently."""
    shape, told = journeys.journey(view.version), journeys.ways(view)
    caption = ways_.paths(told.visits, told.returning)
    with parts.card("paths", t("The ways that customers take"), caption) as frame:
        frame.tell(view, lambda: told.links, computed.ways, [RETURNS], of=[lambda: journeys.ways(view)])
        flow(
            told.picture,
            "picture-paths",
            WAYS_HEIGHT,
            _opens_step if rights.may("single") else _opens_nothing,
        )
        frame.pictures.append(told.still)
        with st.expander(t("The same steps as a table")):
            table.show(
                ways_.link_columns(), ways_.link_rows(shape, told.links), "table-paths",
                t("Steps from stage to stage"), opened("step"), opens("step"),
            )  # fmt: skip
            parts.more(len(told.links) - ways_.MOST_ROWS)
    if row := opened("step", ways_.step_ids(told.links)):
        step = ways_.step(row)
        behind(view, step, "step", plain_text(ways_.step_name(shape, step)))
    with parts.card(
        "habits",
        t("What customers who bought again did differently"),
        ways_.habits_caption(shape, LANDMARK_DAYS),
    ) as frame:
        habits = journeys.habits(view)
        frame.tell(view, lambda: habits, measures=[MET], of=[lambda: journeys.habits(view)])
        if habits.empty:
            parts.nothing(t("No first order is old enough to tell yet."))
            return
        table.show(ways_.habit_columns(), ways_.habit_rows(habits, MET), "table-habits",
                   t("Touchpoints met by those who bought again and by those who did not"))  # fmt: skip
        parts.more(len(habits) - ways_.MOST_ROWS)


SECTIONS: dict[str, Callable[[View], None]] = {
    "funnel": funnel,
    "ideal": ideal,
    "touchpoints": touchpoints,
    "paths": paths,
    "channels": channels,
    "return": returning,
}
"""By their names in the link."""


def _stage_behind(view: View, shape: Journey) -> None:
    stage = opened("stage", shape.ids)
    if not stage:
        return
    position = shape.ids.index(stage)
    name = plain_text(funnel_.names(shape)[stage])
    whose = ["reached"] if position == 0 else ["lost", "reached"]
    told = {"lost": t("Lost before {stage}", stage=name), "reached": t("Reached {stage}", stage=name)}
    with parts.card(
        "behind", t("The interactions behind {what}", what=name), t("The latest customers first.")
    ) as frame:
        rights.needs("single")
        chosen = filters.one("whose", t("Whose"), whose, told.__getitem__)
        figure = Reached(position, chosen == "lost")
        parts.interactions(journeys.behind(view, figure), f"{chosen}-{stage}")
        frame.tell(view, of=[lambda: journeys.behind(view, figure)])


def _opens_step(step: int, origin: str, target: str) -> None:
    link.choose("open", ["step", row_id(step, origin, target)])


def _opens_nothing(step: int, origin: str, target: str) -> None:
    """For whom single interactions are not."""


def _window(shape: Journey) -> str:
    told = t("Customers who reached each stage, in order, within {days} days of coming in.", days=number(shape.window_days))  # fmt: skip
    return f"{told} {t('Choose a stage to see who.')}" if rights.may("single") else told
