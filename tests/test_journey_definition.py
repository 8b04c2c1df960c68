"""A company's own journey: what journey.toml may say, what is said where it cannot be, and how an edit comes into force."""

from __future__ import annotations

import logging
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cx import ingest, journey, reference, rollups
from cx.errors import BadReference
from cx.folders import PROJECT, Folders
from cx.journey import DEFAULT, LEFT, LONGEST_DAYS, MOST_STAGES, OPEN, BadJourney, Journey, Stage
from cx.model import KINDS
from cx.store import Store
from tests.conftest import everything
from tests.given import MONDAY, frame, land, row

PATIENCE_SECONDS = 20
TWO = '[[stage]]\nid = "discover"\n[[stage]]\nid = "purchase"\nkinds = ["order"]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param('[[stage]]\nid = "see"', f"from 2 to {MOST_STAGES} stages", id="one stage"),
        pytest.param("".join(f'[[stage]]\nid = "s{n}"\n' for n in range(13)), "from 2 to 12 stages", id="too many"),
        pytest.param(TWO + '[[stage]]\nid = "discover"', "'discover' stands in it twice", id="an id twice"),
        pytest.param(TWO + '[[stage]]\nid = "x"\nkinds = ["order"]', "'order' stands in it twice", id="a kind twice"),
        pytest.param(TWO + '[[stage]]\nid = "x"\nkinds = ["oder"]', "no kind called 'oder'. Did you mean 'order'", id="no such kind"),
        pytest.param(TWO + '[[stage]]\nid = "x"\nkinds = [3]', "no kind called '3'", id="a number as a kind"),
        pytest.param('[[stage]]\nid = "x"\noptional = true\n' + TWO, "first stage cannot be optional", id="an optional first stage"),
        pytest.param(TWO + f'[[stage]]\nid = "{LEFT}"', "no stage can have the id 'left' or 'open'", id="a reserved id"),
        pytest.param(TWO + f'[[stage]]\nid = "{OPEN}"', "no stage can have the id 'left' or 'open'", id="the other reserved id"),
        pytest.param(TWO + "[[stage]]\nid = 4", "id = 4 is not of the right type", id="a number as an id"),
        pytest.param(TWO + '[[stage]]\nname = "X"', "each stage needs an id", id="no id"),
        pytest.param(TWO + '[[stage]]\nid = "x"\noptional = "yes"', "optional = 'yes' is not of the right type", id="yes for true"),
        pytest.param(TWO + '[[stage]]\nid = "x"\nkinds = "order"', "kinds = 'order' is not of the right type", id="one kind for a list"),
        pytest.param(TWO + '[[stage]]\nid = "x"\nkind = ["order"]', "Did you mean 'kinds'", id="a misspelt setting of a stage"),
        pytest.param("window_day = 3\n" + TWO, "no setting called 'window_day'. Did you mean 'window_days'", id="a misspelt setting"),
        pytest.param('[stage]\nid = "x"', "write each stage as a table [[stage]]", id="one pair of brackets"),
        pytest.param("pause_days = 0\n" + TWO, "pause_days = 0: write whole days, from 1 to 3660", id="no days"),
        pytest.param(f"pause_days = {LONGEST_DAYS + 1}\n" + TWO, "write whole days", id="more days than there are"),
        pytest.param("window_days = 1.5\n" + TWO, "window_days = 1.5: write whole days", id="half a day"),
        pytest.param("window_days = true\n" + TWO, "window_days = True: write whole days", id="no number"),
        pytest.param("risk_days = 200\n" + TWO, "risk_days must be less than lost_days", id="lost before at risk"),
    ],
)  # fmt: skip
def test_a_journey_that_cannot_be_says_why(text: str, said: str, folders: Folders) -> None:
    with pytest.raises(BadJourney) as refused:
        journey.from_table(tomllib.loads(text))
    assert said in str(refused.value)
    (folders.reference / "journey.toml").write_text(text)
    with pytest.raises(BadReference, match=r"^journey\.toml cannot be read: "):
        reference.journey(folders.reference)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", DEFAULT, id="an empty file"),
        pytest.param("window_days = 60", Journey(DEFAULT.stages, window_days=60), id="days alone"),
        pytest.param(TWO, Journey((Stage("discover"), Stage("purchase", kinds=("order",)))), id="stages alone"),
        pytest.param(
            '[[stage]]\nid = "see"\n[[stage]]\nid = "order"\nkinds = ["order"]',
            Journey((Stage("see"), Stage("order", kinds=("order",)))), id="a stage called as its kind",
        ),
    ],
)  # fmt: skip
def test_what_a_journey_leaves_out_is_as_usual(text: str, expected: Journey) -> None:
    assert journey.from_table(tomllib.loads(text)) == expected


def test_an_emptied_file_is_no_journey(folders: Folders) -> None:
    """It looks like that for a moment, too, while an editor saves it."""
    (folders.reference / "journey.toml").write_text(" \n")
    with pytest.raises(BadReference, match="it is empty; delete it to use the usual journey"):
        reference.journey(folders.reference)


def test_the_journey_that_ships_is_the_usual_one() -> None:
    assert reference.journey(PROJECT / "data" / "reference") == DEFAULT


NAMES = st.text(min_size=1).filter(lambda name: name not in (LEFT, OPEN))
DAYS = st.integers(1, LONGEST_DAYS)


@st.composite
def journeys(draw: Any) -> Journey:
    """Any journey that can be."""
    ids = draw(st.lists(NAMES, min_size=2, max_size=MOST_STAGES, unique=True))
    kinds = draw(st.permutations([*KINDS]))
    stages = tuple(
        Stage(name, draw(st.text()), bool(place) and draw(st.booleans()), tuple(kinds[place : place + 1]))
        for place, name in enumerate(ids)
    )
    risk = draw(st.integers(1, LONGEST_DAYS - 1))
    return Journey(
        stages, draw(DAYS), draw(DAYS), draw(DAYS), risk, draw(st.integers(risk + 1, LONGEST_DAYS))
    )


@given(journeys(), journeys())
def test_what_is_told_of_a_journey_is_the_whole_of_it(one: Journey, other: Journey) -> None:
    assert journey.from_told(one.told()) == one
    assert (one.told() == other.told()) == (one == other)


@contextmanager
def watching(store: Store, folders: Folders) -> Iterator[None]:
    """A running ingest, as the server has it."""
    stop = threading.Event()
    thread = threading.Thread(target=ingest.watch, args=(store, folders, stop, lambda report: None))
    thread.start()
    try:
        yield
        assert thread.is_alive()
    finally:
        stop.set()
        thread.join(PATIENCE_SECONDS)


def comes(true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.05)


WALK = [
    row("visit", 1, customer_id="a", stage="discover"),
    row("order", 2, customer_id="a"),
    row("contact", 3, customer_id="a"),
    row("visit", 4, customer_id="b", stage="compare"),
]


def test_an_edited_journey_comes_into_force_while_the_process_runs(store: Store, folders: Folders) -> None:
    land(store, folders, WALK)
    with watching(store, folders):
        assert store.journey == DEFAULT
        (folders.reference / "journey.toml").write_text(TWO)
        comes(lambda: store.journey == reference.journey(folders.reference))
    edited = everything(store)
    with store.transaction() as cursor:
        rollups.rebuild(cursor, reference.journey(folders.reference))
    assert everything(store) == edited
    (folders.reference / "journey.toml").unlink()
    with watching(store, folders):
        comes(lambda: store.journey == DEFAULT)


def test_a_broken_journey_leaves_the_last_good_one_in_force(
    store: Store, folders: Folders, caplog: pytest.LogCaptureFixture
) -> None:
    path = folders.reference / "journey.toml"
    path.write_text(TWO)
    good = reference.journey(folders.reference)
    land(store, folders, WALK[:2])
    with watching(store, folders), caplog.at_level(logging.ERROR):
        path.write_text("[[stage]\n")
        comes(lambda: "journey.toml cannot be read" in caplog.text)
        frame(WALK[2:]).to_parquet(folders.root / "later.parquet")
        (folders.root / "later.parquet").rename(folders.inbox / "later.parquet")
        comes(lambda: not [*folders.inbox.iterdir()])
        assert len([*folders.archive.glob("later.parquet (*)")]) == 1
        assert store.journey == good
        path.write_text(TWO + '[[stage]]\nid = "support"\nkinds = ["contact"]\n')
        comes(lambda: store.journey is not None and len(store.journey.stages) == 3)


def test_exports_after_an_edit_are_counted_by_it(store: Store, folders: Folders) -> None:
    """Whether the watch saw the edit first or an export came first, the figures are the same."""
    land(store, folders, WALK[:2], now=MONDAY)
    (folders.reference / "journey.toml").write_text(TWO)
    land(store, folders, WALK[2:], now=MONDAY)
    assert store.journey == reference.journey(folders.reference)
    assert not ingest.intake.catch_up(store, folders)
    counted = everything(store)
    with store.transaction() as cursor:
        rollups.rebuild(cursor, reference.journey(folders.reference))
    assert everything(store) == counted
