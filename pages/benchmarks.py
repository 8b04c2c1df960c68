"""Benchmarks: how far ahead of competitors are we, or behind, and does the gap close?"""

import streamlit as st

from cx.gaps import Standing
from cx.questions.benchmarks import VOICED, Board, Voice
from cx.telling import benchmarks, computed, rivals, values, voices
from cx.ui import asks, benchmarking, filters, link, page, parts, table
from cx.ui.asks import View
from cx.ui.frame import Frame, Rows
from cx.words import number, t, tn


@st.fragment
@page.in_words
def body() -> None:
    if (now := page.shown()) is None:
        return
    with page.bar(now):
        weeks = benchmarking.over()
    view = now.view(weeks=weeks)
    with parts.waiting("benchmarks"):
        board = benchmarking.board(view)
    page.head(benchmarks.title(board), benchmarks.summary(board))
    if not board.standings:
        return
    opened = (
        board.of(link.one("standing", [standing.id for standing in board.standings])) or board.standings[0]
    )
    _matrix(board, view, opened)
    _opened(view, opened)
    for voice in board.voices:
        _voice(voice, view)


def _matrix(board: Board, view: View, opened: Standing) -> None:
    limits = asks.tables(view.edited, view.language).settings.small_samples
    with parts.card(
        "matrix",
        t("All measures"),
        t(
            "Us less each competitor; coloured only where it is more than chance. Choose a measure to open it."
        ),
    ) as frame:
        frame.tell(view, lambda: benchmarking.matrix(board), computed.compared, [one.kpi for one in board.standings],
                   of=[lambda: benchmarking.board(view)], file="benchmarks")  # fmt: skip
        table.show(benchmarks.columns(board), benchmarks.rows(board, limits, view.weeks), "table-matrix",
                   t("Measures by competitor"), opened.id, lambda chosen: link.choose("standing", [chosen]))  # fmt: skip


def _opened(view: View, one: Standing) -> None:
    measure = benchmarks.measure(one)
    left, right = st.columns(2, gap="medium")

    def tell(frame: Frame, what: str, rows: Rows) -> None:
        frame.tell(
            view,
            rows,
            computed.compared,
            [one.kpi],
            of=[lambda: benchmarking.board(view)],
            file=f"{what}-{one.id}",
        )

    with left, parts.card("points", values.plain_text(measure), rivals.points_caption(one)) as frame:
        tell(frame, "companies", lambda: benchmarking.companies(one))
        parts.chart(benchmarking.points(view, one.id), "chart-points", t("{measure} of us and of others", measure=measure))  # fmt: skip
        if told := rivals.left_out(one):
            st.caption(told)
    with (
        right,
        parts.card(
            "gap", t("The gap over time"), t("Us less the competitor, with its 95 % interval.")
        ) as frame,
    ):
        rival = benchmarking.rival(one)
        if rival:
            tell(frame, "gap", lambda: one.history[rival])
            parts.chart(benchmarking.gap(view, one.id, rival), "chart-gap", t("The gap to {rival} over time", rival=rival))  # fmt: skip
            st.markdown(rivals.pace(one, rival, benchmarking.pace(one, rival)))
        else:
            parts.nothing(t("No figures of several periods yet."))
    caption = t("The newest of each company; grey ones are not compared.")
    with parts.card("figures", t("Where the figures come from"), caption) as frame:
        tell(frame, "figures", lambda: one.figures)
        newest, earlier = rivals.figure_rows(one)
        table.show(rivals.figure_columns(), newest, "table-figures", t("Figures and their sources"))
        if earlier:
            with st.expander(tn("{n} earlier figure", "{n} earlier figures", len(earlier)), key="earlier"):
                table.show(
                    rivals.figure_columns(),
                    earlier,
                    "table-earlier",
                    t("Earlier figures and their sources"),
                )


def _voice(voice: Voice, view: View) -> None:
    limits = asks.tables(view.edited, view.language).settings.small_samples
    source = values.plain_text(voice.source)
    with parts.card(
        f"voice-{voice.source}",
        t("What is said in {source}", source=source),
        t("{n} opinions of us and of others, each counted alike.", n=number(voice.said)),
    ) as frame:
        frame.tell(view, lambda: voice.brands, measures=VOICED, of=[lambda: benchmarking.board(view)],
                   file=f"voice-{voice.source}")  # fmt: skip
        table.show(voices.voice_columns(), voices.voice_rows(voice, limits), f"table-voice-{voice.source}",
                   t("Share of voice and sentiment by brand"))  # fmt: skip
        if voice.reasons.empty:
            parts.nothing(t("The negative texts name no reasons."))
            return
        st.caption(t("Negative texts by reason, in percent of each brand's scored texts."))
        table.show(voices.reason_columns(voice), voices.reason_rows(voice, limits), f"table-reasons-{voice.source}",
                   t("Reasons by brand"))  # fmt: skip


filters.restore()
benchmarking.restore()
body()
