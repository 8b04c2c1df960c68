"""Answers that are computed once for all viewers who see the same rows, and kept, each with the queries that it took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import streamlit as st

from cx.access import person
from cx.errors import NotAllowed
from cx.query import Answered, Query, overheard
from cx.ui import rights
from cx.words import t

P = ParamSpec("P")
T = TypeVar("T")
Hashes = dict[str | type[Any], Callable[[Any], Any]]


def cached(
    most: int, hash_funcs: Hashes | None = None, needs: str = ""
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep the last `most` answers of a function by what it was called with; `hash_funcs` as Streamlit takes them.

    Whoever sees other rows has answers of their own. `needs` names the right that every look takes, also at an answer that
    is kept already; without it NotAllowed is raised. An answer that is used again says again what was asked for it, so that
    `asked` finds it.
    """

    def keeping(ask: Callable[P, T]) -> Callable[P, T]:
        kept: dict[str, Callable[P, Answered[T]]] = {}

        @wraps(ask)
        def told(*args: P.args, **kwargs: P.kwargs) -> T:
            if needs:
                rights.needs(needs)
            whose = seen_by()
            answered = kept.get(whose) or kept.setdefault(whose, _kept(ask, most, hash_funcs, whose))
            return answered(*args, **kwargs).told()

        return told

    return keeping


def seen_by() -> str:
    """Which rows whoever looks sees, as a text; '' is all of them. Raises NotAllowed for who has no role, also of what is kept."""
    one = person()
    if not one.role:
        raise NotAllowed(t("You have no role here, so nothing is shown."))
    return repr(one.rows.chosen()) if one.limited else ""


def _kept(ask: Callable[P, T], most: int, hash_funcs: Hashes | None, whose: str) -> Callable[P, Answered[T]]:
    @wraps(ask)
    def answered(*args: P.args, **kwargs: P.kwargs) -> Answered[T]:
        return Answered(lambda: ask(*args, **kwargs))

    # Streamlit tells functions apart by name, module and source: those of `ask`, as `wraps` says, and whose answers they are.
    answered.__qualname__ = f"{ask.__qualname__} {whose}"
    kept: Callable[P, Answered[T]] = st.cache_resource(
        max_entries=most, show_spinner=False, hash_funcs=hash_funcs
    )(answered)
    return kept


def asked(*answers: Callable[[], object]) -> Sequence[Query]:
    """What was asked of the store for these answers, each query once."""
    with overheard() as found:
        for answer in answers:
            answer()
    return found
