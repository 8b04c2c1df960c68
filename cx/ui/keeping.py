"""Answers that are computed once for all viewers who see the same rows, and kept, each with the queries that it took."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from functools import wraps
from typing import Any, Generic, ParamSpec, TypeVar

import streamlit as st

from cx.access import person
from cx.errors import NotAllowed
from cx.query import Answered, Query, overheard
from cx.ui import rights
from cx.words import t

P = ParamSpec("P")
T = TypeVar("T")


def cached(most: int, needs: str = "") -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep the last `most` answers of a function by what it was called with, which has to be hashable, until they `age`.

    Whoever sees other rows has answers of their own. `needs` names the right that every look takes, also at an answer that
    is kept already; without it NotAllowed is raised. An answer that is used again says again what was asked for it, so that
    `asked` finds it.
    """

    def keeping(ask: Callable[P, T]) -> Callable[P, T]:
        @wraps(ask)
        def told(*args: P.args, **kwargs: P.kwargs) -> T:
            if needs:
                rights.needs(needs)
            everything, whose = _everything(), (ask, seen_by())
            kept = everything.get(whose) or everything.setdefault(whose, _Kept(most))
            answered: Answered[T] = kept.answer((args, *sorted(kwargs.items())), lambda: ask(*args, **kwargs))
            return answered.told()

        return told

    return keeping


def age() -> None:
    """Let go of every answer that nobody has used since this was called before: those of versions that are over."""
    for kept in [*_everything().values()]:
        kept.age()


def seen_by() -> str:
    """Which rows whoever looks sees, as a text; '' is all of them. Raises NotAllowed for who has no role, also of what is kept."""
    one = person()
    if not one.role:
        raise NotAllowed(t("You have no role here, so nothing is shown."))
    return repr(one.rows.chosen()) if one.limited else ""


class _Kept(Generic[T]):
    """The last answers of one function to all who see the same rows. However many want one at once, it is asked for once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._answers: OrderedDict[Hashable, Answered[T]] = OrderedDict()
        self._unused: dict[Hashable, Answered[T]] = {}
        self._asking: dict[Hashable, threading.Lock] = {}
        self._looking = threading.Lock()

    def answer(self, to: Hashable, ask: Callable[[], T]) -> Answered[T]:
        with self._looking:
            if found := self._answers.get(to):
                self._answers.move_to_end(to)
                return found
            if found := self._unused.pop(to, None):
                return self._keep(to, found)
            asking = self._asking.setdefault(to, threading.Lock())
        with asking:
            try:
                if found := self._answers.get(to):
                    return found
                answered = Answered(ask)
                with self._looking:
                    return self._keep(to, answered)
            finally:
                with self._looking:
                    self._asking.pop(to, None)

    def age(self) -> None:
        with self._looking:
            self._unused, self._answers = self._answers, OrderedDict()

    def _keep(self, to: Hashable, answered: Answered[T]) -> Answered[T]:
        self._answers[to] = answered
        if len(self._answers) > self._most:
            self._answers.popitem(last=False)
        return answered


@st.cache_resource(show_spinner=False)
def _everything() -> dict[tuple[Callable[..., Any], str], _Kept[Any]]:
    """All that is kept, by the function and by who sees the same rows. It goes when Streamlit's cache is cleared. That itself
    keeps no single answers: it writes every argument as text to look one up, which costs more than all else."""
    return {}


def asked(*answers: Callable[[], object]) -> Sequence[Query]:
    """What was asked of the store for these answers, each query once."""
    with overheard() as found:
        for answer in answers:
            answer()
    return found
