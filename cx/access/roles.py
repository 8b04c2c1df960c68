"""The roles: what each is for, which pages it sees and what it may do there."""

from __future__ import annotations

from typing import NamedTuple

from cx.words import mark

ACTS = {
    "single": mark("See single interactions and the words of customers"),
    "download": mark("Download tables, charts and briefs"),
    "acknowledge": mark("Take on, mute and annotate surges"),
    "annotate": mark("Write notes on trends and save views under a name"),
    "edit": mark("Edit actions, benchmarks, the ideal journey and mappings"),
    "upload": mark("Drop exports"),
    "undo": mark("Undo the landing of an export, and see what each refused"),
    "settings": mark("Read the settings, and try alerts"),
    "audit": mark("See who signed in, and what each saw, took and changed"),
}
"""Everything that takes a right beyond seeing counts on a page. To forget a person takes the command line of who owns the data."""

PAGES = ("weekly_health", "surges", "campaigns", "benchmarks", "journey", "data", "people")
"""The pages, by their names; what `people` shows takes the right to `audit`."""

_NUMBERS = PAGES[:5]


class Role(NamedTuple):
    """What a role is for, which pages it sees, and what it may do."""

    title: str
    meaning: str
    pages: tuple[str, ...]
    acts: frozenset[str]

    def may(self, act: str) -> bool:
        """Whether the role has this right. Raises KeyError where there is no such right."""
        ACTS[act]
        return act in self.acts


ROLES = {
    "executive": Role(
        mark("Executive"), mark("Checks the weekly health of the customer experience."),
        _NUMBERS, frozenset({"download", "annotate"}),
    ),
    "support": Role(
        mark("Support"), mark("Spots surges of product problems, and answers for them."),
        ("weekly_health", "surges", "campaigns", "journey"),
        frozenset({"single", "download", "acknowledge", "annotate"}),
    ),
    "marketing": Role(
        mark("Marketing"), mark("Compares the lift of campaigns with the volume of complaints."),
        _NUMBERS, frozenset({"download", "acknowledge", "annotate"}),
    ),
    "analyst": Role(
        mark("Analyst"), mark("Asks further, and keeps the tables that people edit."),
        PAGES[:6], frozenset({"single", "download", "acknowledge", "annotate", "edit"}),
    ),
    "admin": Role(mark("Admin"), mark("Answers for the data and for who sees them."), PAGES, frozenset(ACTS)),
}  # fmt: skip
