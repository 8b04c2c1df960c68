"""Data: is anything wrong with the data today, what arrived, and what became of it?"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from cx import clock
from cx.query import Filters
from cx.questions.storage import storage
from cx.telling import computed, data, values
from cx.ui import alerting, asks, exporting, filters, live, mapping, page, parts, rights, table, welcome
from cx.ui.asks import View
from cx.words import language, t, tn


@st.fragment
@page.in_words
def body() -> None:
    version = live.version()
    arrived, fresh = asks.arrivals(version), asks.fresh(version, clock.hour())
    if arrived.empty and fresh.empty:
        welcome.show(version)
        return
    if fresh.empty:
        page.head(t("Nothing is in the figures yet"), t("What became of each export is told here."))
    else:
        _sources(version)
    view = View.of(version, Filters(), 0)
    if told := asks.elsewhere():
        st.caption(data.of_engine(told.served))
    if len(arrived):
        _landed(version, view, arrived)
    mapping.card()
    _drift(version)
    with parts.card(
        "privacy", t("Customers' privacy"), t("What is kept of whom; settings.toml says for how long.")
    ):
        kept = data.kept(exporting.kept(version), asks.settings().privacy, told.served if told else None)
        st.markdown("\n".join(f"- {one}" for one in kept))
        st.caption(t("To forget a customer for good: python -m cx forget CUSTOMER"))
    with parts.card("storage", t("Storage"), t("On the disk of this machine.")):
        st.markdown(data.stored(storage(live.server().folders)))
    if rights.may("settings"):
        alerting.section(view)


SHOWN = 8


def _landed(version: int, view: View, arrived: pd.DataFrame) -> None:
    caption = (
        t("Newest first. Choose one to see what became of it, or to undo it.")
        if rights.may("undo")
        else t("Newest first. Choose one to see what became of it.")
    )
    with parts.card("exports", t("Exports"), caption) as frame:
        frame.tell(view, lambda: arrived, of=[lambda: asks.arrivals(version)])
        opened = exporting.chosen(arrived)
        _exports(arrived.head(SHOWN), "table-exports", str(opened["file_id"]))
        if len(earlier := arrived.iloc[SHOWN:]):
            with st.expander(
                tn("{n} earlier export", "{n} earlier exports", len(earlier)), key="earlier-exports"
            ):
                _exports(earlier, "table-earlier-exports", str(opened["file_id"]))
    _export(version, opened)


def _exports(arrived: pd.DataFrame, key: str, opened: str) -> None:
    table.show(
        data.export_columns(),
        data.export_rows(arrived),
        key,
        t("Exports that arrived"),
        opened,
        exporting.choose,
    )


def _sources(version: int) -> None:
    at = clock.hour()
    fresh, sources = asks.fresh(version, at), exporting.coverage(version, at)
    found = data.issues(asks.arrivals(version), sources, exporting.drift(version), fresh)
    page.head(data.title(found), data.summary(found, sources, fresh))
    caption = t(
        "Rows by the day on which they happened; a day counts once it is over. Coloured where it is more than chance."
    )
    with parts.card("sources", t("What each source delivers"), caption) as frame:
        frame.tell(View.of(version, Filters(), 0), lambda: sources, computed.delivered,
                   of=[lambda: exporting.coverage(version, at)])  # fmt: skip
        table.show(
            data.source_columns(), data.source_rows(sources), "table-sources", t("Volume and gaps by source")
        )
        st.caption(
            t(
                "The last eight weeks: stronger where more came, × where nothing came on a weekday that usually has some."
            )
        )
        parts.chart(
            exporting.picture(version, at, language()), "chart-days", t("Days on which each source delivered")
        )


def _export(version: int, row: Mapping[Any, Any]) -> None:
    file_id = int(row["file_id"])
    with parts.card("export", values.plain_text(row["name"]), t("What became of this export.")) as frame:
        if rights.may("undo"):
            frame.tell(View.of(version, Filters(), 0), lambda: exporting.refusals(version, file_id), file=f"refused-{row['name']}",
                       of=[lambda: exporting.refusals(version, file_id)])  # fmt: skip
        st.markdown(data.became(row))
        reasons = exporting.reasons(version, file_id)
        if len(reasons):
            table.show(data.reason_columns(), data.reason_rows(reasons, int(row["rows_read"])), "table-reasons", t("Why rows were not kept"))  # fmt: skip
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            exporting.mend(version, row)
            exporting.undo(version, row)
        if len(reasons) and rights.may("undo"):
            with st.expander(t("Row by row"), icon=":material/list:"):
                parts.refusals(exporting.refusals(version, file_id), row)


def _drift(version: int) -> None:
    told = exporting.drift(version)
    if told is None:
        return
    caption = t(
        "The newest export, {file}, beside the same sources' rows of the half year before.",
        file=values.plain_text(told.file),
    )
    with parts.card("drift", t("Changes in its values"), caption) as frame:
        frame.tell(View.of(version, Filters(), 0), lambda: told.found, of=[lambda: exporting.drift(version)])
        if told.found:
            table.show(
                data.drift_columns(),
                data.drift_rows(told),
                "table-drift",
                t("What drifted in the newest export"),
            )
            parts.more(len(told.found) - data.MOST_DRIFTED)
        elif told.compared:
            st.markdown(
                t(
                    "No new channel, reason, product or kind; no share moved and no column emptied by more than chance."
                )
            )
        else:
            parts.nothing(t("There is nothing before it to compare with."))


filters.restore()
exporting.restore()
body()
