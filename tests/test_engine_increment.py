"""Exports that were added since: only what they touch is counted anew, and all of it is as if everything had been counted.

Wants the packages of requirements-bench.txt; where they are missing it is skipped.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

pytest.importorskip("pysail", reason="needs an engine: pip install -r requirements-bench.txt")
pytest.importorskip("pyspark", reason="needs the engine's client: pip install -r requirements-bench.txt")

from cx.engine import command, increment, running, versions
from cx.engine.errors import EngineError
from cx.engine.settings import Settings
from cx.engine.storage import Export, Place
from cx.engine.versions import Anew, File, Version
from cx.folders import Folders
from cx.ingest import catch_up, take_in
from cx.journey import DEFAULT
from cx.model import COLUMNS
from cx.store import Store
from tests import odd, parity
from tests.sail import sailing

NOW, LATER = datetime(2026, 1, 1), datetime(2026, 1, 2)
SEED, ROWS = 11, 500
OF_FIRST, OF_CHANGES, OF_MOVES = 1_760_000_000, 1_760_100_000, 1_760_200_000
"""When exports were written, as the seconds since 1970."""

VISIT = {"source": "desk", "kind": "visit", "stage": "research", "customer_id": "mover", "channel": "web"}
ORDER = {"source": "shop", "kind": "order", "order_id": "m2", "product": "Kettle", "units": 1, "amount": "12.5",
         "customer_id": "mover"}  # fmt: skip
BOT = {"source": "bot", "kind": "contact", "channel": "chat", "handled_by": "bot", "customer_id": "c1"}
FIRST = [
    {**VISIT, "interaction_id": "m1", "occurred_at": "2025-03-10 10:00:00", "updated_at": "2025-03-10 10:00:00"},
    {**ORDER, "interaction_id": "m2", "occurred_at": "2025-03-11 10:00:00", "updated_at": "2025-03-11 10:00:00"},
    {**BOT, "interaction_id": "b1", "occurred_at": "2025-04-19 23:30:00", "updated_at": "2025-04-19 23:30:00"},
    {**VISIT, "customer_id": "c1", "interaction_id": "ahead", "occurred_at": "2026-01-01 12:00:00", "updated_at": "2026-01-01 12:00:00"},
]  # fmt: skip
"""Rows of a customer of whom nothing stays; a contact that is contained until the next one; a visit of a time still to come."""

AGAIN = {"updated_at": "2025-08-01 00:00:00"}
MOVES = [
    {**FIRST[0], **AGAIN, "customer_id": "c1", "occurred_at": "2025-03-20 10:00:00"},
    {**FIRST[1], **AGAIN, "customer_id": "newcomer"},
    {**BOT, "interaction_id": "b2", "occurred_at": "2025-04-20 00:30:00", "updated_at": "2025-04-20 00:30:00"},
    {**FIRST[2], "updated_at": "2025-01-01 00:00:00", "channel": "comes too late"},
]  # fmt: skip
TOUCHED = ["2025-03-09", "2025-03-10", "2025-03-11", "2025-03-19", "2025-03-20", "2025-04-19", "2025-04-20"]
"""The days of rows that came, the days of those that they replace, and the day before each."""
COME = ["2025-12-31", "2026-01-01"]
"""The same of the visit whose time has come by then."""
UNTOUCHED = date(2025, 3, 25)


def quiet(phase: str, done: float) -> None:
    """Nobody looks on."""


@dataclass(frozen=True)
class Made:
    """Exports that came in three parts, counted upon each other by the engine, and all at once here."""

    settings: Settings
    made: tuple[Version, Version, Version]
    here: Folders
    there: Folders


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with sailing() as server:
        yield server.address


@pytest.fixture(scope="module")
def made(address: str, tmp_path_factory: pytest.TempPathFactory) -> Made:
    root = tmp_path_factory.mktemp("increment")
    raw, aside = root / "raw", root / "aside"
    odd.write(aside, SEED, ROWS)
    written(aside / "first.csv", FIRST)
    settings = Settings("spark", address, str(raw), str(root / "rollups"), 30, 2)
    here, there = (Folders(root / name).make() for name in ("here", "there"))
    first = added(settings, there, NOW, OF_FIRST, aside / "a.parquet", aside / "b.csv", aside / "first.csv")
    changes = added(settings, there, NOW, OF_CHANGES, aside / "later" / "c.csv", to="aa.csv")
    shutil.copytree(settings.rollups, root / "rollups before")
    written(aside / "moves.csv", MOVES)
    moves = added(settings, there, LATER, OF_MOVES, aside / "moves.csv", to="0.csv")
    counted_here(here, raw)
    command.serve(settings, there, moves, quiet)
    return Made(settings, (first, changes, moves), here, there)


def written(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*COLUMNS], restval="")
        writer.writeheader()
        writer.writerows(rows)


def added(
    settings: Settings, folders: Folders, now: datetime, at: int, *paths: Path, to: str = ""
) -> Version:
    """A version made once these files lie with the others."""
    for path in paths:
        target = Path(settings.raw) / (to or path.name)
        target.parent.mkdir(exist_ok=True)
        shutil.copy(path, target)
        os.utime(target, (at, at))
    return running.make(settings, folders, now, quiet)


def counted_here(folders: Folders, raw: Path) -> None:
    store = Store.open(folders.store)
    for path in sorted(raw.iterdir()):
        take_in(store, folders, path, now=LATER, alone=False)
    catch_up(store, folders)
    store.close()


def place(rollups: str, version: Version) -> Place:
    return versions.folder(Place.at(rollups), version.name)


def rows(rollups: str, version: Version, sql: str) -> list[tuple[Any, ...]]:
    """An answer from the interactions and the customers that a version keeps."""
    with duckdb.connect() as connection:
        for table in ("interactions", "customers"):
            connection.register(table, place(rollups, version).below(table).parquet().to_table())
        return connection.execute(sql).fetchall()


def test_what_was_counted_part_by_part_is_the_same_to_the_last_bit(made: Made) -> None:
    found = parity.compared(made.here.store, made.there.store)
    assert {one.table: one for one in found if not one.same} == {}
    assert {one.table for one in found if not one.rows} == set()


def test_only_days_and_customers_that_new_exports_touch_are_counted(made: Made) -> None:
    first, changes, moves = made.made
    assert first.anew is None
    assert changes.anew is not None
    assert changes.anew.since == first.name
    assert moves.anew is not None
    assert (moves.anew.since, moves.anew.files) == (changes.name, 2)
    assert moves.anew.days == [*TOUCHED, *COME]
    assert moves.anew.customers == 3  # whom the rows belonged to, and whom they belong to
    assert "days 9, customers 3" in moves.counted()
    assert versions.current(Place.at(made.settings.rollups)) == moves


def test_a_row_that_was_of_a_time_still_to_come_is_read_again(made: Made) -> None:
    ahead = [{file.name: file.ahead for file in one.files}["first.csv"] for one in made.made]
    assert ahead == [1, 1, 0]


def test_customers_keep_their_numbers_and_those_of_whom_nothing_stays_leave(made: Made) -> None:
    _, changes, moves = made.made
    before, after = (
        {who: number for number, who in rows(made.settings.rollups, one, "select customer_no, customer_id from customers")}
        for one in (changes, moves)
    )  # fmt: skip
    assert {who: number for who, number in after.items() if who in before}.items() <= before.items()
    assert (len(before.keys() - after.keys()), [after[who] for who in after.keys() - before.keys()]) == (
        1,
        [max(before.values()) + 1],
    )


def test_what_is_not_touched_is_taken_over(made: Made, tmp_path: Path) -> None:
    changes = made.made[1]
    rollups = tmp_path / "rollups"
    shutil.copytree(Path(made.settings.rollups).with_name("rollups before"), rollups)
    tampered(place(str(rollups), changes).below("r_volume"))
    versions.publish(Place.at(str(rollups)), replace(changes, weighs=place(str(rollups), changes).weighs()))
    again = running.make(replace(made.settings, rollups=str(rollups)), made.there, LATER, quiet)
    assert again.anew == made.made[2].anew
    found = place(str(rollups), again).below("r_volume").parquet().to_table().to_pylist()
    assert {row["day"] for row in found if row["signups"] == TAMPERED} == {UNTOUCHED}


TAMPERED = 4711


def tampered(table: Place) -> None:
    """Change the days TOUCHED and UNTOUCHED in the Parquet files of a rollup."""
    for path in Path(table.address).rglob("*.parquet"):
        wrong = (
            f"case when day in ('{UNTOUCHED}', '{TOUCHED[0]}') then {TAMPERED} else signups end as signups"
        )
        with duckdb.connect() as connection:
            connection.execute(
                f"copy (select * replace ({wrong}) from '{path}') to '{path}.new' (format parquet)"
            )
        Path(f"{path}.new").replace(path)


def test_an_export_that_changed_has_everything_counted_to_the_same_states_of_the_same_files(
    made: Made, tmp_path: Path
) -> None:
    raw, rollups = tmp_path / "raw", str(tmp_path / "rollups")
    shutil.copytree(made.settings.raw, raw)
    shutil.copytree(made.settings.rollups, rollups)
    os.utime(raw / "0.csv", (OF_MOVES + 60, OF_MOVES + 60))  # each of its rows says itself when it changed
    phases: list[str] = []
    moves = made.made[2]
    whole = running.make(replace(made.settings, raw=str(raw), rollups=rollups), made.there, LATER, lambda phase, _: phases.append(phase))  # fmt: skip
    assert (whole.anew, phases[0]) == (None, "Reading")
    states = "select * replace (c.customer_id as customer_no) from interactions left join customers c using (customer_no) order by all"
    assert rows(rollups, whole, states) == rows(made.settings.rollups, moves, states)
    assert [file.kept for file in whole.files] == [file.kept for file in moves.files]


def test_an_increment_that_breaks_off_leaves_what_was_served_and_the_next_run_makes_it(
    made: Made, tmp_path: Path
) -> None:
    raw, root, phases = tmp_path / "raw", Place.at(str(tmp_path / "rollups")), []
    shutil.copytree(made.settings.raw, raw)
    shutil.copytree(made.settings.rollups, root.address)
    settings = replace(made.settings, raw=str(raw), rollups=root.address)
    written(raw / "says nothing new.csv", MOVES[2:])
    os.utime(raw / "says nothing new.csv", (OF_MOVES, OF_MOVES))

    def breaking(phase: str, done: float) -> None:
        phases.append(phase)
        if phase.startswith("Counting"):
            raise ZeroDivisionError

    with pytest.raises(EngineError):
        running.make(settings, made.there, LATER, breaking)
    assert phases == ["Reading 1 new file", "Joining", "Counting 0 days"]
    assert versions.current(root) == made.made[2]
    assert set(root.below(versions.FOLDER).names()) == {one.name for one in made.made[1:]}

    whole = running.make(settings, made.there, LATER, quiet)
    assert whole.anew == Anew(made.made[2].name, 1, [], 0)
    assert whole.interactions == made.made[2].interactions
    assert whole.weighs.keys() == made.made[2].weighs.keys()


EXPORT = Export("a.csv", "/raw/a.csv", 7, datetime(2025, 10, 1))
MORE = Export("b.csv", "/raw/b.csv", 7, datetime(2025, 10, 2))


def known(**other: Any) -> Version:
    """A version of one export."""
    told = {"size": 7, "changed_at": EXPORT.changed_at.isoformat(), "ahead": 0, **other}
    file = File("a.csv", told["size"], told["changed_at"], "", "", 1, 1, 0, told["ahead"])
    return Version(
        "v",
        NOW.isoformat(),
        "",
        1,
        1,
        "2025-10-01",
        [file],
        other.get("terms", "same"),
        None,
        other.get("weighs", {}),
    )


@pytest.mark.parametrize(
    ("version", "exports", "fresh"),
    [
        pytest.param(known(), [EXPORT, MORE], (1,), id="an export was added"),
        pytest.param(known(ahead=1), [EXPORT, MORE], (0, 1), id="a row was of a time still to come"),
        pytest.param(known(), [MORE], None, id="an export has left"),
        pytest.param(known(size=8), [EXPORT, MORE], None, id="an export has another size"),
        pytest.param(
            known(changed_at="2025-09-30T00:00:00"), [EXPORT, MORE], None, id="an export was written anew"
        ),
        pytest.param(
            known(terms="other"), [EXPORT, MORE], None, id="the journey, the key or the product changed"
        ),
        pytest.param(known(terms=""), [EXPORT, MORE], None, id="made by an earlier version of the product"),
        pytest.param(known(weighs={"r_day": 9}), [EXPORT, MORE], None, id="the version is no longer whole"),
        pytest.param(None, [EXPORT, MORE], None, id="there is none"),
    ],
)
def test_an_increment_wants_all_that_was_there_to_be_as_it_was(
    version: Version | None, exports: list[Export], fresh: tuple[int, ...] | None, tmp_path: Path
) -> None:
    before = increment.upon(Place.at(str(tmp_path)), version, "same", exports)
    assert (before.fresh if before else None) == fresh


def test_whoever_is_forgotten_and_another_mapping_change_the_terms() -> None:
    told = {"journey": DEFAULT, "key": "k", "texts": True, "marks": ["a"], "mappings": {"m.toml": "x"}}
    other = [
        {"key": "l"},
        {"texts": False},
        {"marks": ["b"]},
        {"marks": []},
        {"mappings": {}},
        {"mappings": {"m.toml": "y"}},
    ]
    assert len({versions.terms(**{**told, **one}) for one in [{}, *other]}) == 1 + len(other)


def test_a_manifest_of_an_earlier_version_of_the_product_is_read(tmp_path: Path) -> None:
    root, old = Place.at(str(tmp_path)), known()
    versions.publish(root, old)
    manifest = tmp_path / versions.FOLDER / "v" / versions.MANIFEST
    told = json.loads(manifest.read_text())
    for name in ("terms", "anew", "weighs"):
        del told[name]
    manifest.write_text(json.dumps({**told, "unheard_of": 1}))
    assert versions.current(root) == replace(old, terms="")
