"""How a card's figures are computed: in words, from which sources, and the SQL that was asked."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cx.query import Query
from cx.words import t


def explained(sentences: Sequence[str], sources: str, queries: Sequence[Query]) -> None:
    """The formulas (Markdown, one point each), the sources, and the queries with the values bound in them."""
    if sentences:
        st.markdown("\n".join(f"- {sentence}" for sentence in sentences))
    if sources:
        st.caption(sources)
    if queries:
        st.caption(t("What was asked of the store:"))
        st.code("\n\n".join(map(shown, queries)), language="sql", wrap_lines=True)


def shown(query: Query) -> str:
    """A query as a person can read it: its name and the values of its $names stand above it as comments."""
    values = [f"-- ${name} = {value}" for name, value in query.values.items()]
    return "\n".join([f"-- {query.name}", *values, query.sql.strip()])
