"""The one who looks. Everything that is asked of the store is asked as somebody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from cx.access.roles import ROLES
from cx.query import Filters


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody: `name` is the e-mail address that they signed in with, `role` one of ROLES or '' for none.

    `rows` says which rows they see; an empty choice is all of them.
    """

    name: str
    role: str
    rows: Filters = field(default_factory=Filters)

    def may(self, act: str) -> bool:
        """Whether they have this right (see `cx.access.roles.ACTS`)."""
        return bool(self.role) and ROLES[self.role].may(act) and not (self.limited and act in _WHOLE)

    def sees(self, page: str) -> bool:
        """Whether they see this page."""
        return bool(self.role) and page in ROLES[self.role].pages and not (self.limited and page in _WHOLE)

    @property
    def limited(self) -> bool:
        """Whether there are rows that they do not see."""
        return self.rows != Filters()


_WHOLE = frozenset({"data", "people", "upload", "undo", "settings", "audit", "edit"})
"""What tells of whole exports, whole tables or of everyone: not for whom only some rows are."""

OWNER = Person("", "admin")
"""Whoever sits at the machine itself, where nobody signs in, and what the server does for all."""

NOBODY = Person("", "")
"""Who has no role: they see nothing."""

_acting: ContextVar[Person | None] = ContextVar("acting", default=None)
_ask: list[Callable[[], Person]] = []


@contextmanager
def acting_as(one: Person) -> Iterator[None]:
    """Within the block everything is asked as this person."""
    before = _acting.set(one)
    try:
        yield
    finally:
        _acting.reset(before)


def known_by(ask: Callable[[], Person]) -> None:
    """Have this tell who looks, where nothing else says it. It replaces what was said before."""
    _ask[:] = [ask]


def person() -> Person:
    """Who looks: of `acting_as`, or else as the server knows; the owner where nobody has to sign in."""
    acting = _acting.get()
    if acting is not None:
        return acting
    return _ask[0]() if _ask else OWNER
