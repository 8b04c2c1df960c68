"""The alerts on a page: the rules in force, what was sent lately and what failed, and what would have been sent."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from cx import words
from cx.alerts import asked, log, telling
from cx.alerts.facts import Sent
from cx.alerts.replay import DAYS, replay
from cx.reference.alerts import FILE, Alerts, alerts
from cx.telling.values import plain_text
from cx.ui import live, parts, rights, table
from cx.ui.asks import View
from cx.ui.keeping import cached
from cx.words import t

_SHOWN = "alerts-replay"


@cached(4)
def told(edited: tuple[object, ...], language: str) -> Alerts:
    """The rules, as alerts.toml says them now."""
    words.use(language)
    return alerts(live.server().folders.reference)


@cached(4)
def would(version: int, at: datetime, edited: tuple[object, ...], language: str) -> list[Sent]:
    """What would have been sent over the last days."""
    words.use(language)
    server = live.server()
    return replay(server.limits, server.folders, told(edited, language), at)


def section(view: View) -> None:
    """A card with the rules, what is wrong, what was sent, and a button for what would have been sent."""
    with parts.card(
        "alerts", t("Alerts"), t("Messages that go where people are, only when there is something to say.")
    ):
        rights.needs("settings")
        rules = told(view.edited, view.language)
        for problem in rules.problems:
            parts.wrong(plain_text(problem))
        if not rules.rules:
            st.caption(
                t(
                    "No rule yet. Write {file} as docs/alerts.md shows; it is read within two minutes.",
                    file=plain_text(FILE),
                )
            )
            return
        secrets, sent = live.server().secrets, log.latest(live.server().store)
        for wrong in asked.wrong_addresses(sent, rules, secrets):
            parts.warning(plain_text(wrong))
        missing = asked.missing(rules, secrets)
        table.show(
            telling.rule_columns(),
            telling.rule_rows(rules, missing),
            "table-alert-rules",
            t("Rules in force"),
        )
        _lately(sent, rules)
        _tried(view, rules)


def _lately(sent: list[Sent], rules: Alerts) -> None:
    rows = telling.sent_rows(sent, rules)
    if not rows:
        st.caption(t("Nothing was sent so far."))
        return
    st.caption(t("What was sent, the newest first."))
    table.show(telling.sent_columns(), rows[: telling.MOST], "table-alerts-sent", t("What was sent"))
    parts.more(len(rows) - telling.MOST)


def _tried(view: View, rules: Alerts) -> None:
    if st.button(t("What would have been sent"), icon=":material/history:", key="alerts-would",
                 help=t("Tries these rules on the last {days} days; nothing is sent.", days=DAYS)):  # fmt: skip
        # Kept for as long as it is looked at: what lands meanwhile changes little, and going through it takes seconds.
        st.session_state[_SHOWN] = view
    if (asked_for := st.session_state.get(_SHOWN)) is None:
        return
    with st.spinner(t("Going through the last {days} days", days=DAYS)):
        found = would(asked_for.version, asked_for.at, view.edited, view.language)
    st.caption(telling.replayed(found, DAYS))
    if rows := telling.replay_rows(found, rules):
        table.show(
            telling.replay_columns(),
            rows[: telling.MOST],
            "table-alerts-would",
            t("What would have been sent"),
        )
        parts.more(len(rows) - telling.MOST)
