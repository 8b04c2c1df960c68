"""How a card's figures are computed: in words, and the SQL that was asked, behind one click."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cx.query import Query
from cx.words import t


def explained(name: str, sentences: Sequence[str], queries: Sequence[Query]) -> None:
    """A button that opens the formulas (Markdown, one point each) and the queries with the values bound in them."""
    with st.popover(
        t("How it is computed"), icon=":material/functions:", key=f"explained-{name}", width="content"
    ):
        st.markdown("\n".join(f"- {sentence}" for sentence in sentences))
        if queries:
            st.caption(t("What was asked of the store:"))
        for query in queries:
            st.code(shown(query), language="sql", wrap_lines=True)


def shown(query: Query) -> str:
    """A query as a person can read it: its name and the values of its $names stand above it as comments."""
    values = [f"-- ${name} = {value}" for name, value in query.values.items()]
    return "\n".join([f"-- {query.name}", *values, query.sql.strip()])
