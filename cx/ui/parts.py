"""The pieces that pages are made of: cards, charts, tables, the freshness of the data, greetings."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
import streamlit as st

from cx.errors import QueryError, QueryTooLong, StoreBroken
from cx.folders import Folders, python
from cx.ingest import explain
from cx.query import Filters
from cx.questions.behind import Behind
from cx.questions.freshness import Freshness
from cx.reference import Tables
from cx.ui.telling import values
from cx.words import moment, number, t, tn


@contextmanager
def card(name: str, title: str, caption: str) -> Iterator[None]:
    """A hairline card with a heading and one line that says what it shows."""
    with st.container(border=True, key=f"card-{name}", height="stretch", gap="xsmall"):
        st.header(title, anchor=False)
        st.caption(caption)
        yield


def chart(spec: dict[str, Any], key: str, alt: str) -> None:
    """A frozen chart; the key lets the browser keep it through an update."""
    st.vega_lite_chart(spec, key=key, alt=alt, width="stretch")


def freshness(fresh: Freshness) -> None:
    """Through when the data run: one line, and each source behind a click."""
    with st.popover(t("Data through {moment}", moment=moment(fresh.through)), icon=":material/sensors:"):
        st.caption(t("Each source, and the newest moment that it has delivered."))
        sources(fresh)


def sources(fresh: Freshness) -> None:
    """Each source and the newest moment that it has delivered."""
    newest_first = sorted(fresh.sources, key=lambda source: source.last_at, reverse=True)
    told = {
        t("Source"): [source.name for source in newest_first],
        t("Through"): [moment(source.last_at) for source in newest_first],
    }
    st.dataframe(
        pd.DataFrame(told), hide_index=True, height="content", alt=t("Sources and their newest moment")
    )


def exports(arrived: pd.DataFrame) -> pd.Series | None:
    """The exports that arrived; returns the one that the viewer chose."""
    count = st.column_config.NumberColumn

    def choose() -> None:
        # By its id, not its row: the next export that lands moves every row down.
        rows = st.session_state["exports"]["selection"]["rows"]
        st.session_state["export"] = arrived["file_id"].iloc[rows[0]] if rows else None

    st.dataframe(
        arrived.assign(
            arrived_at=[moment(at.to_pydatetime()) for at in arrived["arrived_at"]],
        ),
        hide_index=True,
        key="exports",
        on_select=choose,
        selection_mode="single-row",
        alt=t("Exports that arrived"),
        column_order=["arrived_at", "name", "rows_kept", "rows_superseded", "rows_refused", "reason"],
        column_config={
            "arrived_at": st.column_config.TextColumn(t("Arrived"), width=160),
            "name": st.column_config.TextColumn(t("File"), width=190),
            "rows_kept": count(t("Kept"), format="localized", width=80),
            "rows_superseded": count(t("Superseded"), format="localized", width=96),
            "rows_refused": count(t("Refused"), format="localized", width=80),
            "reason": st.column_config.TextColumn(t("Set aside because")),
        },
    )
    known = arrived[arrived["file_id"] == st.session_state.get("export")]
    refused = arrived[(arrived["rows_refused"] > 0) | (arrived["reason"] != "")]
    told = known if len(known) else refused
    return told.iloc[0] if len(told) else None


def refusals(rows: pd.DataFrame, export: pd.Series) -> None:
    """The refused rows of one export, each with its sentence."""
    if rows.empty:
        st.caption(values.plain_text(export["reason"]) or t("Every row was kept."))
        return
    sentences = [explain(row.rule, row.column_name, row.value) for row in rows.itertuples()]
    told = {t("Row"): rows["file_row"], t("Column"): rows["column_name"], t("What to do"): sentences}
    st.dataframe(pd.DataFrame(told), hide_index=True, height="content", alt=t("Rows that were not kept"))
    if len(rows) < export["rows_refused"] + export["rows_superseded"]:
        st.caption(t("The first {n} are shown.", n=number(len(rows))))


def reasons(table: pd.DataFrame) -> None:
    """Complaints by reason with their change and twelve weeks of history."""
    if table.empty:
        st.caption(t("No complaints in this week."))
        return
    shown = pd.DataFrame(
        {
            "reason": [reason or t("Not stated") for reason in table["reason"]],
            "now": table["now"],
            "change": [
                values.growth(now, before) for now, before in zip(table["now"], table["before"], strict=True)
            ],
            "spark": table["spark"],
        }
    )
    st.dataframe(
        shown.head(12),
        hide_index=True,
        height="content",
        row_height=36,
        key="reasons",
        alt=t("Complaints by reason in the week and the week before"),
        column_config={
            "reason": st.column_config.TextColumn(t("Reason")),
            "now": st.column_config.NumberColumn(t("Complaints"), format="localized", width=90),
            "change": st.column_config.TextColumn(t("Change"), width=112),
            "spark": st.column_config.LineChartColumn(t("12 weeks"), y_min=0, width=110),
        },
    )


def problems(tables: Tables) -> None:
    """What is wrong with a table that a person edits; the page goes on without it."""
    for problem in tables.problems:
        st.error(problem, icon=":material/error:")


def not_taken_in() -> None:
    """That the thread which takes exports in has ended; it is started again by itself."""
    st.warning(t("Exports are not being taken in right now; what landed waits in the inbox. It is tried again by itself, and "
                 "python -m cx doctor says what to mend."), icon=":material/warning:")  # fmt: skip


def failed(error: QueryError) -> None:
    """That some figures could not be had, in place of them."""
    if isinstance(error, QueryTooLong):
        told = t("This took longer than {seconds} s and was stopped. Show fewer weeks, choose a filter, or try again in a while.",
                 seconds=number(error.seconds))  # fmt: skip
    else:
        told = t("These figures could not be computed. The log says which query failed ('{name}').", name=error.name)  # fmt: skip
    st.error(told, icon=":material/error:")


def broken(error: StoreBroken) -> None:
    """That the store is damaged where the page's figures are, and what mends it."""
    st.error(str(error), icon=":material/error:")


def counting() -> None:
    """What a store says whose figures are being counted anew."""
    st.title(t("Counting anew"), anchor=False)
    st.markdown(t("The data are there. Their figures are counted anew, once, for this version or your edited journey; this page then "
                  "shows them by itself."))  # fmt: skip


def more(hidden: int) -> None:
    """That a table is longer than what it shows."""
    if hidden > 0:
        st.caption(tn("{n} more is not shown.", "{n} more are not shown.", hidden))


def welcome() -> None:
    """What an empty store says: how to see something within a minute."""
    with st.container(key="head", gap="small"):
        st.title(t("No data yet"), anchor=False)
        st.markdown(
            t("Put an export into the inbox and this page shows it within seconds; nothing to reload.")
        )
    with card(
        "welcome", t("Three ways to begin"), t("Each of them can be undone by deleting the data folder.")
    ):
        st.markdown(t("**Look around with a demo company.** In another terminal:"))
        st.code(f"{python()} -m cx demo", language="shell")
        st.markdown(
            t("**Take in your own exports.** Those of Zendesk, Shopify, Qualtrics and others are known as they come; any other "
              "file is mapped on the Data page.")
        )  # fmt: skip
        st.code(f"{python()} -m cx ingest export.csv", language="shell")
        st.markdown(t("**Or drop files here**, by hand or from a nightly job:"))
        st.code(str(Folders.default().inbox), language=None)


def nothing_to_show(chosen: Filters, fresh: Freshness) -> None:
    """What a view says that has no figure at all: its filters leave nothing over, or no day is over yet."""
    if chosen.chosen():
        st.title(t("Nothing matches these filters"), anchor=False)
        st.markdown(t("No interaction of these weeks has all the chosen values. Clear a filter to see more."))
        return
    st.title(t("No whole day of data yet"), anchor=False)
    st.markdown(
        t("The data run through {moment}. Figures are shown for days (of UTC) that are over.",
          moment=moment(fresh.through))
    )  # fmt: skip


def warning(sentence: str) -> None:
    """Something that the viewer should mend; nothing where there is nothing to say."""
    if sentence:
        st.warning(sentence, icon=":material/warning:")


def interactions(told: Behind, name: str) -> None:
    """The interactions behind a figure, masked, and a button that downloads them."""
    if told.rows.empty:
        st.caption(t("There are no interactions of known customers behind this."))
        return
    shown = tn(
        "The first {n} is shown; there are more.", "The first {n} are shown; there are more.", len(told.rows)
    )
    all_ = tn("{n} interaction.", "{n} interactions.", len(told.rows))
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(shown if told.more else all_)
        st.download_button(
            t("Download CSV"), data=lambda: csv_of(told.rows), file_name=f"{name}.csv", mime="text/csv",
            icon=":material/download:", on_click="ignore", key=f"download-{name}",
        )  # fmt: skip
    st.dataframe(
        told.rows.dropna(axis="columns", how="all"), hide_index=True, column_config=_interaction_columns(), height=360,
        key=f"behind-{name}", alt=t("Interactions behind the figure"), placeholder="",
    )  # fmt: skip


def csv_of(rows: pd.DataFrame) -> bytes:
    """A CSV file that spreadsheets open as it is meant: UTF-8 with its mark, and no text that could run as a formula."""
    safe = rows.copy()
    for name in safe.select_dtypes(include=["object", "string"]):
        texts = safe[name].astype("string")
        safe[name] = texts.mask(texts.str.match(r"^[=+\-@\t\r]").fillna(False), "'" + texts)
    # In quotes, for a lone carriage return would begin another row there, and so another cell.
    text: str = safe.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC)
    return text.encode("utf-8-sig")


def _interaction_columns() -> dict[str, Any]:
    titles = {
        "kind": t("Kind"), "stage": t("Stage"), "channel": t("Channel"), "touchpoint": t("Touchpoint"),
        "product": t("Product"), "reason": t("Reason"), "csat": t("CSAT"), "nps": t("NPS"),
        "text": t("Words (masked)"), "source": t("Source"),
    }  # fmt: skip
    return {
        "occurred_at": st.column_config.DatetimeColumn(t("When (UTC)"), format="YYYY-MM-DD HH:mm"),
        "customer": st.column_config.NumberColumn(t("Customer"), format="%d"),
        **{name: st.column_config.Column(title) for name, title in titles.items()},
    }
