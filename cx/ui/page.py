"""What every page begins with: the version that is shown, or what an empty store says."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import NamedTuple

import streamlit as st

from cx import clock, words
from cx.errors import NotAllowed, QueryError, StoreBroken
from cx.query import Filters
from cx.questions.freshness import Freshness
from cx.ui import asks, live, parts, welcome
from cx.ui.asks import View
from cx.ui.speaking import speak

_log = logging.getLogger(__name__)


class Shown(NamedTuple):
    """A version of the store, and how far its data run."""

    version: int
    fresh: Freshness

    def view(self, filters: Filters | None = None, weeks: int = 0) -> View:
        """This moment's view of it; what is wrong with the tables that a person edits is told on the way."""
        told = View.of(self.version, filters or Filters(), weeks)
        parts.problems(asks.tables(told.edited, told.language))
        return told


def shown() -> Shown | None:
    """What the page is to show; None where there is nothing yet, which is then said."""
    version = live.version()
    fresh = asks.fresh(version, clock.hour())
    if not fresh.empty:
        return Shown(version, fresh)
    parts.counting() if asks.counting() else welcome.show(version)
    return None


def in_words(body: Callable[[], None]) -> Callable[[], None]:
    """A page's body that says above it that exports wait, and in its place, in words, that a query failed or what is wrong
    with the store."""

    @wraps(body)
    def told() -> None:
        speak()
        if live.server().taking.down:
            parts.not_taken_in()
        try:
            body()
        except QueryError as error:
            _log.error("the query '%s' failed: %s", error.name, type(error.__cause__).__name__)
            parts.failed(error)
        except NotAllowed as error:
            parts.nothing(str(error))
        except StoreBroken as error:
            _log.error("%s", error)
            parts.broken(error)

    return told


@contextmanager
def bar(now: Shown) -> Iterator[None]:
    """The line above the title: what can be chosen at its start, through when the data run at its end."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="bar"
    ):
        with st.container(horizontal=True, width="content", vertical_alignment="center", gap="small"):
            yield
        parts.freshness(now.fresh, asks.sources(now.version, now.fresh.now, words.language()))


def head(title: str, summary: str, above: str = "") -> None:
    """The headline of a page and its sentences (Markdown), with a small line above it."""
    with st.container(gap="xxsmall", key="head"):
        if above:
            st.caption(above)
        st.title(title, anchor=False)
        st.markdown(summary)
