"""Only what new exports touch is counted anew; all else is taken over from the version before.

    new exports -> checked -> of each row the later state, of what they say and what was kept
    days touched           those of rows that came or were replaced, and the day before each: their sums by day are counted
    customers touched      those who have such a row, or had one: they are folded
    the rest               is copied by the engine, so that a version is whole and others may leave

The same states stand and the same sums come out as if everything were counted: the order between two states of a row is total,
so the first of the first ones is the first of all; and a fold knows nothing of other customers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from cx import rollups
from cx.engine import latest, shapes, versions
from cx.engine.job import Run
from cx.engine.storage import Export, Place
from cx.engine.versions import Version

OURS_AND_WHOSE = "customer_no is not null and brand = 'ours'"
"""The interactions that customers are folded from."""


@dataclass(frozen=True, slots=True)
class Before:
    """The version that one is made upon: where it lies, and the places, among all exports, of those that are to be read."""

    version: Version
    place: Place
    fresh: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Touched:
    """What came with the new exports: days whose rows are others now, and customers, by how many."""

    before: Before
    days: tuple[date, ...]
    customers: int

    @property
    def counted(self) -> list[date]:
        """The days whose sums are counted anew: a contact of the day after may end that a day's contact was the last one."""
        return sorted({day - timedelta(days=back) for day in self.days for back in (0, 1)})


def upon(root: Place, known: Version | None, terms: str, exports: Sequence[Export]) -> Before | None:
    """What a version of these exports can be made upon; None where everything is to be counted, as an export has changed or
    left, or anything else that a version follows from, or as the version is no longer whole."""
    if known is None or known.terms != terms or not _stand(known, exports):
        return None
    place = versions.folder(root, known.name)
    if place.weighs() != known.weighs:
        return None
    # What was refused for a time that was still to come may be sound by now.
    again = {one.name for one in known.files if one.ahead or one.changed_at > known.made_at}
    read = {one.name for one in known.files} - again
    return Before(known, place, tuple(at for at, one in enumerate(exports) if one.name not in read))


def _stand(known: Version, exports: Sequence[Export]) -> bool:
    """Whether all files of a version are still there as they were."""
    there = {(one.name, one.size, one.changed_at.isoformat()) for one in exports}
    return all((one.name, one.size, one.changed_at) in there for one in known.files)


_STANDING = f"""
select {", ".join("n.now as file_no" if name == "file_no" else f"k.{name}" for name in latest.INTERACTIONS)}
from was k join renumbered n on n.was = k.file_no"""
"""The states that stood, by the numbers that their files have among all exports now."""

_CAME = f"""
select a.*, k.customer_no as was_customer_no, cast(k.occurred_at as date) as was_day,
  coalesce(a.updated_at = k.updated_at and a.said = k.said, false) as says_the_same
from ({latest.LATEST}) a
left join standing k on k.source = a.source and k.interaction_id = a.interaction_id
where k.source is null or a.updated_at > k.updated_at or (a.updated_at = k.updated_at and (a.said > k.said or (
  a.said = k.said and (a.file_no < k.file_no or (a.file_no = k.file_no and a.file_row < k.file_row)))))"""
"""The states that came and stand now, each with the day and the customer of the one that it replaces."""

_NEWCOMERS = """
select l.customer_id from latest l left anti join known_customers c on c.customer_id = l.customer_id
where l.customer_id is not null"""

_EVERYONE = "select customer_no, customer_id from known_customers union all select customer_no, customer_id from numbered"

_INTERACTIONS = f"""
select {", ".join(f"k.{name}" for name in latest.INTERACTIONS)}
from standing k left anti join latest l on l.source = k.source and l.interaction_id = k.interaction_id
union all
{latest.with_numbers("latest", "everyone")}"""

_CUSTOMERS = """
select e.customer_no, e.customer_id from everyone e left semi join interactions i on i.customer_no = e.customer_no"""

_TOUCHED = """
select distinct customer_no from (
  select e.customer_no from latest l join everyone e on e.customer_id = l.customer_id where not l.says_the_same
  union all
  select was_customer_no as customer_no from latest where was_customer_no is not null and not says_the_same
) theirs"""

_DAYS = """
select distinct cast(day as string) as day from (
  select cast(occurred_at as date) as day from latest where not says_the_same
  union all
  select was_day as day from latest where was_day is not null and not says_the_same
) days order by day"""


def joined(run: Run, before: Before) -> tuple[Any, Touched]:
    """Keep the latest state of each row, of what was kept and what the new exports say; returns them, and what that touches."""
    session = run.session
    _see(run, before)
    run.keep(session.sql(_CAME), f"{versions.WORK}/latest", "latest")
    session.sql(_NEWCOMERS).createOrReplaceTempView("newcomers")
    (last,) = run.rows("select cast(coalesce(max(customer_no), 0) as int) as n from known_customers")
    run.keep(session.sql(latest.numbered("newcomers", last["n"])), f"{versions.WORK}/numbered", "numbered")
    session.sql(_EVERYONE).createOrReplaceTempView("everyone")
    interactions = run.keep(session.sql(_INTERACTIONS), versions.INTERACTIONS)
    run.keep(session.sql(_CUSTOMERS), "customers")
    run.keep(session.sql(_TOUCHED), f"{versions.WORK}/touched", "touched")
    (theirs,) = run.rows("select count(*) as n from touched")
    days = tuple(date.fromisoformat(row["day"]) for row in run.rows(_DAYS))
    return interactions, Touched(before, days, theirs["n"])


def _see(run: Run, before: Before) -> None:
    """Let SQL see what was kept."""
    at = {one.name: place for place, one in enumerate(run.exports)}
    numbers = [(was, at[one.name]) for was, one in enumerate(before.version.files)]
    run.session.createDataFrame(numbers, "was int, now int").createOrReplaceTempView("renumbered")
    was = run.kept(before.place.below(versions.INTERACTIONS), latest.INTERACTIONS)
    was.createOrReplaceTempView("was")
    run.session.sql(_STANDING).createOrReplaceTempView("standing")
    run.kept(before.place.below("customers"), latest.CUSTOMERS).createOrReplaceTempView("known_customers")


def see_days(run: Run, interactions: Any, touched: Touched) -> None:
    """Let the statements by day see the days that they count, and the day after each, which containment looks at."""
    seen = sorted({day + timedelta(days=on) for day in touched.counted for on in (0, 1)})
    some = interactions.where(among("cast(occurred_at as date)", seen))
    run.keep(some, f"{versions.WORK}/seen", versions.INTERACTIONS)


def with_other_days(run: Run, counted: Any, table: str, touched: Touched) -> Any:
    """A rollup by day: of the days counted what was counted, of all others what was."""
    those = among("day", touched.counted)
    return counted.where(those).union(
        _was(run, touched, table, shapes.tables()[table]).where(f"not ({those})")
    )


def copy_days(run: Run, touched: Touched) -> None:
    """Every rollup by day as it was."""
    for table in rollups.BY_DAY:
        run.keep(_was(run, touched, table, shapes.tables()[table]), table)


def theirs(run: Run, interactions: Any) -> Any:
    """All that the customers touched did."""
    touched = run.session.table("touched")
    return interactions.where(OURS_AND_WHOSE).join(touched, "customer_no", "left_semi")


def with_other_customers(run: Run, folded: Any, touched: Touched) -> Any:
    """What is counted by customer: of those touched what was folded, of all others what was."""
    columns, whose = shapes.folded(), shapes.beside("customer_no", "INTEGER")
    anew = run.session.table("touched").withColumnRenamed("customer_no", whose)
    others = _was(run, touched, "folded", columns).join(anew, whose, "left_anti")
    return folded.select(*columns).union(others.select(*columns))


def copy_customers(run: Run, touched: Touched) -> None:
    """Every rollup by customer as it was."""
    run.keep(_was(run, touched, "folded", shapes.folded()), "folded", by=shapes.OF_TABLE)


def _was(run: Run, touched: Touched, table: str, columns: dict[str, str]) -> Any:
    return run.kept(touched.before.place.below(table), columns)


def among(day: str, days: Collection[date]) -> str:
    """SQL: whether a day is one of these, of which there is one at least."""
    told = ", ".join(f"date '{one.isoformat()}'" for one in days)
    return f"{day} in ({told})"
