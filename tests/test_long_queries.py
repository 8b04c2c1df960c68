"""A query that runs too long is stopped and told in words; the store goes on answering."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cx.deadlines import Deadlines
from cx.errors import QueryError, QueryTooLong
from cx.query import Query
from cx.store import Store
from cx.ui import live

ENDLESS = Query("endless", "select sum(a.range * b.range % 7) from range(10000000) a, range(10000000) b")
SHORT = Query("short", "select 7 as n")
LIMIT = 0.2


def stopped(store: Store, limit: float) -> float:
    """How long until it was stopped, in limits."""
    started = time.monotonic()
    with pytest.raises(QueryTooLong, match="'endless' failed: it took longer than"):
        store.run(ENDLESS, limit)
    return (time.monotonic() - started) / limit


def test_a_long_query_is_stopped_and_the_next_is_answered(store: Store) -> None:
    assert 1 <= stopped(store, LIMIT) < 10
    assert store.run(SHORT)["n"].tolist() == [7]
    assert store.answers()


def test_only_the_one_that_is_due_is_stopped(store: Store) -> None:
    longer = Query(
        "longer", "select count(*) as n from range(3000) a, range(200000) b where a.range != b.range"
    )
    with ThreadPoolExecutor(3) as pool:
        ended = [pool.submit(stopped, store, LIMIT), pool.submit(stopped, store, 2 * LIMIT)]
        answered = pool.submit(store.run, longer)
        assert answered.result()["n"].tolist() == [3000 * 200000 - 3000]
        assert all(ended.result() >= 1 for ended in ended)


def test_a_query_that_is_wrong_is_not_one_that_is_long(store: Store) -> None:
    with pytest.raises(QueryError) as failed:
        store.run(Query("wrong", "select nothing"))
    assert not isinstance(failed.value, QueryTooLong)


def test_what_ended_in_time_is_never_stopped_and_one_thread_does_for_all() -> None:
    deadlines, told = Deadlines(), []
    for limit in (60, 0.02):
        for _ in range(100):
            with deadlines.within(limit, lambda: told.append("stopped")):
                pass
    time.sleep(0.1)
    assert told == []
    assert (
        sum(thread.name == "cx-deadlines" for thread in threading.enumerate()) <= 2
    )  # the stores' and this one
    with deadlines.within(0.02, lambda: told.append("stopped")):
        time.sleep(0.3)
    assert told == ["stopped"]


def test_a_stop_that_fails_does_not_keep_the_others_from_being_stopped() -> None:
    deadlines, heard = Deadlines(), threading.Event()
    with deadlines.within(0.01, lambda: 1 / 0), deadlines.within(0.05, heard.set):  # type: ignore[arg-type, return-value]
        assert heard.wait(10)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CX_DATA", str(tmp_path))
    yield
    live.close()
    st.cache_resource.clear()


def slow_page() -> None:
    import streamlit as st

    from cx.query import Query
    from cx.ui import live, page

    @st.fragment
    @page.in_words
    def body() -> None:
        st.markdown("Before")
        sql = "select sum(a.range * b.range % 7) from range(10000000) a, range(10000000) b"
        live.server().store.run(Query("endless", sql), st.session_state.get("limit", 0.2))

    body()


def wrong_page() -> None:
    import streamlit as st

    from cx.query import Query
    from cx.ui import live, page

    @st.fragment
    @page.in_words
    def body() -> None:
        live.server().store.run(Query("wrong", "select cast('Ann 555' as integer)"))

    body()


@pytest.mark.parametrize(
    ("script", "told"),
    [(slow_page, "was stopped. Show fewer weeks"), (wrong_page, "The log says which query failed ('wrong')")],
)
def test_a_page_says_it_in_words(
    served: None, script: object, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = AppTest.from_function(script, default_timeout=60).run()  # type: ignore[arg-type]
    assert not app.exception
    assert [told in error.value for error in app.error] == [True]
    assert "failed: " in caplog.text
    assert "555" not in caplog.text + app.error[0].value
