"""The later parts of the journey page: where customers are, who is lost, and who comes back."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cx.questions.channels import HOPPING, ORDERING, PRESENCE, SUPPORT
from cx.questions.returning import ACTIVE, CHURN, LIFETIME, REPEAT, RETENTION
from cx.telling import returning as returning_
from cx.telling import ways as ways_
from cx.ui import filters, journeys, parts, rights, table
from cx.ui.asks import View
from cx.ui.opening import behind, limits_of, opened, opens
from cx.words import t


def channels(view: View) -> None:
    """Where customers are, how they change channel, on which devices, and how often they need support."""
    told, limits = journeys.of_channels(view), limits_of(view)
    asked = [lambda: journeys.of_channels(view)]
    left, right = st.columns(2, gap="medium")
    with left:
        with parts.card(
            "presence", t("Where customers are"), t("Customers who used each channel; one may use several.")
        ) as frame:
            frame.tell(view, lambda: told.presence, measures=[PRESENCE], of=asked)
            table.show(ways_.presence_columns(), ways_.presence_rows(told.presence, limits), "table-presence",
                       t("Customers by channel"))  # fmt: skip
        with parts.card("devices", t("Mobile against desktop"), ways_.mobile(told.devices.change)) as frame:
            frame.tell(view, lambda: told.devices.table, measures=[ORDERING], of=asked)
            table.show(ways_.device_columns(), ways_.device_rows(told.devices, limits), "table-devices",
                       t("Visits by device"))  # fmt: skip
    with right, parts.card("hops", t("Changing channel"), ways_.hopping(told.hops, limits)) as frame:
        frame.tell(view, lambda: told.hops.turns, measures=[HOPPING], of=asked)
        table.show(ways_.hop_columns(), ways_.hop_rows(told.hops), "table-hops", t("Changes of channel"))
        parts.more(len(told.hops.turns) - ways_.MOST_ROWS)
    with parts.card(
        "support", t("How often customers need support"), t("Against the equally long period before.")
    ) as frame:
        frame.tell(
            view, lambda: pd.concat([told.support.whole, told.support.by_channel]), measures=SUPPORT, of=asked
        )
        table.show(ways_.support_columns(), ways_.support_rows(told.support, limits), "table-support",
                   t("Support by channel"))  # fmt: skip


def returning(view: View) -> None:
    """Who is lost, who comes back, and what cohorts are worth."""
    told, limits = journeys.kept(view), limits_of(view)
    shape = journeys.journey(view.version)
    with parts.card("kept", t("Churn and return"), returning_.standing(shape, told.now)) as frame:
        frame.tell(view, lambda: journeys.figures(view), measures=[CHURN, RETENTION, REPEAT],
                   of=[lambda: journeys.kept(view)], file="churn")  # fmt: skip
        table.show(returning_.figure_columns(), returning_.figure_rows(told.now, told.before, told.repeat, limits),
                   "table-kept", t("Churn, retention and repeat purchase"))  # fmt: skip
    with parts.card(
        "cohorts",
        t("Cohorts by the month of their first order"),
        returning_.cohorts_caption(told.cohorts, rights.may("single")),
    ) as frame:
        frame.tell(view, lambda: told.cohorts, measures=[ACTIVE, LIFETIME], of=[lambda: journeys.kept(view)])
        shown = filters.one("heat", t("Show"), [*returning_.HEATS], lambda name: t(returning_.HEATS[name]))
        table.show(
            returning_.cohort_columns(told.cohorts), returning_.cohort_rows(told.cohorts, shown, limits),
            "table-cohorts", t("Cohorts by months since the first order"), opened("cell"), opens("cell"),
        )  # fmt: skip
        st.caption(returning_.worth(told.cohorts))
    if cell := opened("cell", returning_.cell_ids(told.cohorts)):
        behind(view, returning_.cohort_cell(cell), "cohort", returning_.cell_name(cell))
