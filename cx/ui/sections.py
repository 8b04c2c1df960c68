"""The parts of the journey page: each asks for one view and shows it. What the viewer opened stands in the link."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import pandas as pd
import streamlit as st

from cx import reference
from cx.errors import BadReference
from cx.folders import Folders
from cx.journey import Journey
from cx.model import JOURNEY_DIMENSIONS
from cx.questions.behind import Figure, Reached
from cx.questions.returning import MET
from cx.rollups.buyers import LANDMARK_DAYS
from cx.stats import SmallSamples
from cx.ui import asks, filters, journeys, link, parts, table
from cx.ui.asks import View
from cx.ui.flow import flow
from cx.ui.table import row_id
from cx.ui.telling import funnel as funnel_
from cx.ui.telling import returning as returning_
from cx.ui.telling import ways as ways_
from cx.ui.telling.values import dimension_label, plain_text
from cx.words import number, t

WAYS_HEIGHT = 420


def funnel(view: View) -> None:
    """The funnel over the stages, beside another where one is chosen, and by the values of one dimension."""
    shape, limits = journeys.journey(view.version), _limits(view)
    with parts.card("funnel", t("From stage to stage"), _window(shape)):
        campaigns = asks.campaign_names()
        compared = filters.comparison(journeys.choices(view.version), campaigns)
        now, other = journeys.funnel(view, compared)
        if other is not None:
            st.caption(funnel_.beside(shape, compared, journeys.begun(view), campaigns))
        table.show(
            funnel_.funnel_columns(other is not None),
            funnel_.funnel_rows(shape, now, other, limits),
            "table-funnel", t("The funnel over the stages of the journey"), _opened("stage"), _opens("stage"),
        )  # fmt: skip
        st.caption(funnel_.ever(shape, now))
    _stage_behind(journeys.shown(view, compared), shape)
    _breakdown(view, shape, limits)


def _breakdown(view: View, shape: Journey, limits: SmallSamples) -> None:
    with parts.card(
        "breakdown", t("Who gets how far"), t("The share of those who came in that reached each stage.")
    ):
        dimension = filters.one("by", t("By"), JOURNEY_DIMENSIONS, dimension_label)
        groups = journeys.breakdown(view, dimension)
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
    with parts.card("ideal", t("Today's journey against the ideal one"), t("Most revenue at stake first.")):
        table.show(
            funnel_.gap_columns(), funnel_.gap_rows(shape, journeys.gaps(view), _limits(view)),
            "table-ideal", t("Current, ideal and gap of each stage"), _opened("stage"), _opens("stage"),
        )  # fmt: skip
        st.caption(funnel_.stakes())
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
            reference.write_ideal(Folders.default().reference, edited)
        except BadReference as error:
            st.error(str(error), icon=":material/error:")
        else:
            st.rerun()


def touchpoints(view: View) -> None:
    """The touchpoints of one stage: how each feels, and what customers raise there."""
    shape, limits = journeys.journey(view.version), _limits(view)
    named = funnel_.names(shape)
    stage = filters.one("stage_of", t("Stage"), shape.ids, lambda name: plain_text(named[name]))
    found = journeys.touched(view)
    here = found[found["stage"] == stage]
    with parts.card(
        "touchpoints",
        t("Touchpoints of {stage}", stage=plain_text(named[stage])),
        ways_.not_filtered(view.filters),
    ):
        if here.empty:
            st.caption(t("Nothing happened at this stage in the period."))
            return
        st.caption(ways_.needs(here))
        table.show(
            ways_.touchpoint_columns(here), ways_.touchpoint_rows(here, limits), "table-touchpoints",
            t("Touchpoints of {stage}", stage=named[stage]), _opened("place"), _opens("place"),
        )  # fmt: skip
        parts.more(len(here) - ways_.MOST_ROWS)
    if row := _opened("place", ways_.place_ids(here)):
        _behind(view, ways_.place(stage, row), "touchpoint", plain_text(ways_.place_name(row)))
    with parts.card(
        "pains", t("Pain points of {stage}", stage=plain_text(named[stage])), ways_.pains_caption()
    ):
        pains = journeys.pains(view, stage)
        if pains.empty:
            st.caption(t("No contact or complaint is traced back to this stage."))
            return
        table.show(
            ways_.pain_columns(), ways_.pain_rows(pains), "table-pains", t("Reasons that customers raise")
        )
        parts.more(len(pains) - ways_.MOST_ROWS)


def paths(view: View) -> None:
    """The most travelled ways, with going back and leaving, and what those who bought again did differently."""
    shape, told = journeys.journey(view.version), journeys.ways(view)
    with parts.card("paths", t("The ways that customers take"), ways_.paths(told.visits, told.returning)):
        flow(told.picture, "picture-paths", WAYS_HEIGHT, _opens_step)
        with st.expander(t("The same steps as a table")):
            table.show(
                ways_.link_columns(), ways_.link_rows(shape, told.links), "table-paths",
                t("Steps from stage to stage"), _opened("step"), _opens("step"),
            )  # fmt: skip
            parts.more(len(told.links) - ways_.MOST_ROWS)
    if row := _opened("step", ways_.step_ids(told.links)):
        step = ways_.step(row)
        _behind(view, step, "step", plain_text(ways_.step_name(shape, step)))
    with parts.card(
        "habits",
        t("What customers who bought again did differently"),
        ways_.habits_caption(shape, LANDMARK_DAYS),
    ):
        habits = journeys.habits(view)
        if habits.empty:
            st.caption(t("No first order is old enough to tell yet."))
            return
        table.show(ways_.habit_columns(), ways_.habit_rows(habits, MET), "table-habits",
                   t("Touchpoints met by those who bought again and by those who did not"))  # fmt: skip
        parts.more(len(habits) - ways_.MOST_ROWS)


def channels(view: View) -> None:
    """Where customers are, how they change channel, on which devices, and how often they need support."""
    told, limits = journeys.of_channels(view), _limits(view)
    left, right = st.columns(2, gap="medium")
    with left:
        with parts.card(
            "presence", t("Where customers are"), t("Customers who used each channel; one may use several.")
        ):
            table.show(ways_.presence_columns(), ways_.presence_rows(told.presence, limits), "table-presence",
                       t("Customers by channel"))  # fmt: skip
        with parts.card("devices", t("Mobile against desktop"), ways_.mobile(told.devices.change)):
            table.show(ways_.device_columns(), ways_.device_rows(told.devices, limits), "table-devices",
                       t("Visits by device"))  # fmt: skip
    with right, parts.card("hops", t("Changing channel"), ways_.hopping(told.hops, limits)):
        table.show(ways_.hop_columns(), ways_.hop_rows(told.hops), "table-hops", t("Changes of channel"))
        parts.more(len(told.hops.turns) - ways_.MOST_ROWS)
    with parts.card(
        "support", t("How often customers need support"), t("Against the equally long period before.")
    ):
        table.show(ways_.support_columns(), ways_.support_rows(told.support, limits), "table-support",
                   t("Support by channel"))  # fmt: skip


def returning(view: View) -> None:
    """Who is lost, who comes back, and what cohorts are worth."""
    told, limits = journeys.kept(view), _limits(view)
    shape = journeys.journey(view.version)
    with parts.card("kept", t("Churn and return"), returning_.standing(shape, told.now)):
        table.show(returning_.figure_columns(), returning_.figure_rows(told.now, told.before, told.repeat, limits),
                   "table-kept", t("Churn, retention and repeat purchase"))  # fmt: skip
    with parts.card(
        "cohorts", t("Cohorts by the month of their first order"), returning_.cohorts_caption(told.cohorts)
    ):
        shown = filters.one("heat", t("Show"), [*returning_.HEATS], lambda name: t(returning_.HEATS[name]))
        table.show(
            returning_.cohort_columns(told.cohorts), returning_.cohort_rows(told.cohorts, shown, limits),
            "table-cohorts", t("Cohorts by months since the first order"), _opened("cell"), _opens("cell"),
        )  # fmt: skip
        st.caption(returning_.worth(told.cohorts))
    if cell := _opened("cell", returning_.cell_ids(told.cohorts)):
        _behind(view, returning_.cohort_cell(cell), "cohort", returning_.cell_name(cell))


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
    stage = _opened("stage", shape.ids)
    if not stage:
        return
    position = shape.ids.index(stage)
    name = plain_text(funnel_.names(shape)[stage])
    whose = ["reached"] if position == 0 else ["lost", "reached"]
    told = {"lost": t("Lost before {stage}", stage=name), "reached": t("Reached {stage}", stage=name)}
    with parts.card(
        "behind", t("The interactions behind {what}", what=name), t("The latest customers first.")
    ):
        chosen = filters.one("whose", t("Whose"), whose, told.__getitem__)
        parts.interactions(journeys.behind(view, Reached(position, chosen == "lost")), f"{chosen}-{stage}")


def _behind(view: View, figure: Figure, file: str, name: str) -> None:
    with parts.card(
        "behind", t("The interactions behind {what}", what=name), t("The latest customers first.")
    ):
        parts.interactions(journeys.behind(view, figure), file)


def _opened(kind: str, known: Collection[str] | None = None) -> str:
    """The id of what the viewer opened, where it is of this kind and, in a link that may be old, still there."""
    told = link.chosen("open")
    there = len(told) == 2 and told[0] == kind and (known is None or told[1] in known)
    return told[1] if there else ""


def _opens(kind: str) -> Callable[[str], None]:
    """Open what is chosen, or close it where it is open."""
    return lambda chosen: link.choose("open", [] if _opened(kind) == chosen else [kind, chosen])


def _opens_step(step: int, origin: str, target: str) -> None:
    link.choose("open", ["step", row_id(step, origin, target)])


def _limits(view: View) -> SmallSamples:
    return asks.tables(view.edited, view.language).settings.small_samples


def _window(shape: Journey) -> str:
    return t("Customers who reached each stage, in order, within {days} days of coming in. Choose a stage to see who.",
             days=number(shape.window_days))  # fmt: skip
