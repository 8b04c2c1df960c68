"""What there is to say at a moment, as rules see it, and what was said before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Kind = Literal["alert", "again", "resolved", "ended", "test"]
"""alert: it began. again: it has grown since. resolved: it is over, which is said. ended: it is over, which is only noted.
test: a person tried the address."""

State = Literal["begun", "sent", "refused", "unknown", "failed", "noted"]
"""begun: it may be on its way. sent: the address took it. refused: it did for sure not; it is tried again. unknown: nobody
knows, so it is not tried again. failed: refused for good. noted: there was nothing to send."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something to say. `key` is the same for as long as it is the same thing; `count` is the complaints, answers or things
    that it rests on; `worse` is False for good news. `about` names it by the keys of rules, `of` is what words need."""

    key: str
    on: str
    count: int
    worse: bool = True
    about: Mapping[str, str] = field(default_factory=dict)
    causes: frozenset[str] = frozenset()
    of: Any = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Facts:
    """What there is to say, and the keys of what is known to be over. What is in neither is not known."""

    events: tuple[Event, ...] = ()
    over: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Message:
    """Something to send to one address, or only to note; `counts` are those of its events by their keys."""

    id: str
    at: datetime
    rule: str
    address: str
    kind: Kind
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Sent:
    """A message and the last that is known of it: since when (naive UTC), after how many tries, and why."""

    message: Message
    state: State
    since: datetime
    tries: int = 0
    title: str = ""
    body: str = ""
    said: str = ""

    @property
    def arrived(self) -> bool:
        """Whether it was taken, or may have been."""
        return self.state in ("sent", "unknown")
