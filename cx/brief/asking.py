"""What a brief is made of: the answers that the pages of weekly health, surges, campaigns and actions give."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from cx.brief.weeks import at_the_end_of
from cx.query import Filters
from cx.questions import actions as roadmap
from cx.questions import campaigns, surging
from cx.questions.actions import Action, Late
from cx.questions.campaigns import League
from cx.questions.freshness import Freshness
from cx.questions.headline import Headline, headline
from cx.questions.health import Health, Tile
from cx.questions.queue import Entry, queue
from cx.questions.surging import Watch
from cx.reference import Tables
from cx.store import Store


@dataclass(frozen=True, slots=True)
class Material:
    """The answers. `fresh` is how far the data run now, `through` the last day that surges and campaigns are judged by.

    `past` says that the brief is of an earlier week than the last one; `watched` is False where there were too few weeks
    to tell a surge by.
    """

    fresh: Freshness
    tables: Tables
    health: Health
    tiles: list[Tile]
    headline: Headline
    through: date
    past: bool
    watched: bool
    entries: list[Entry]
    league: League | None
    actions: list[Action]
    late: list[Late]

    @property
    def week(self) -> date:
        """The Monday of the week."""
        return self.health.week


def ask(
    store: Store, fresh: Freshness, tables: Tables, week: date | None, filters: Filters, weeks: int
) -> Material:
    """Ask all that the pages ask, of this week or else of the last one that is over.

    Filters narrow the measures alone: surges, campaigns and actions are the company's, as on their pages.
    """
    then = at_the_end_of(fresh, week) if week else fresh
    past = then.now != fresh.now
    health = Health(store, filters, then, tables.targets, tables.settings, weeks)
    tiles = health.tiles()
    through = health.week + timedelta(days=6) if past else fresh.last_day
    watch = surging.watch(store, through)
    entries = queue(store, watch, tables.campaigns, fresh.now.date())
    league = campaigns.league(
        store, tables.campaigns, tables.settings.costs, through, tables.settings.small_samples
    )
    return gathered(fresh, tables, health, (tiles, headline(health, tiles)), (watch, entries), league, past)


def gathered(fresh: Freshness, tables: Tables, health: Health, week: tuple[list[Tile], Headline],
             surges: tuple[Watch, list[Entry]], league: League | None, past: bool = False) -> Material:  # fmt: skip
    """The material for a brief of answers that are there already, as a page has them; `past` as Material has it."""
    actions, (watch, entries) = roadmap.actions(tables.actions), surges
    return Material(
        fresh, tables, health, *week, through=watch.through, past=past, watched=watch.watched,
        entries=_open(entries, past), league=league, actions=actions, late=roadmap.late(actions, fresh.now.date()),
    )  # fmt: skip


def _open(entries: list[Entry], past: bool) -> list[Entry]:
    """The surges that are not over. Who muted one has done so since: in an earlier week it was not muted."""
    told = [replace(entry, muted=False) if past else entry for entry in entries]
    return [entry for entry in told if entry.live]
