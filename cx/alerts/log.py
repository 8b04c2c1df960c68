"""The log: a table of the store, only ever added to. Of each message the latest row says what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from cx.alerts.facts import Message, Sent, State
from cx.query import Query
from cx.store import Store

_LATEST = """
select * from alert_log qualify row_number() over (partition by message order by noted_at desc, rowid desc) = 1
order by noted_at, rowid"""

_ADD = """
insert into alert_log values ($noted_at, $message, $decided_at, $rule, $address, $kind, $about, $counts, $state, $tries,
  $title, $body, $said)"""


def latest(store: Store) -> list[Sent]:
    """Every message with the last that is known of it, by when it was decided."""
    return [_sent(row) for row in store.run(Query("messages", _LATEST)).itertuples()]


def note(store: Store, told: Iterable[Sent]) -> None:
    """Write down what is known of these messages now. Once this returns it is on the disk."""
    rows = [_values(sent) for sent in told]
    if not rows:
        return
    with store.transaction(aside=True) as cursor:
        for row in rows:
            cursor.execute(_ADD, row)


def now_known(sent: Sent, state: State, since: datetime, said: str = "") -> Sent:
    """The message with what is known of it since this moment."""
    return replace(sent, state=state, since=since, said=said)


def _values(sent: Sent) -> dict[str, Any]:
    message = sent.message
    return {
        "noted_at": sent.since, "message": message.id, "decided_at": message.at, "rule": message.rule,
        "address": message.address, "kind": message.kind, "about": [*message.counts],
        "counts": [*message.counts.values()], "state": sent.state, "tries": sent.tries,
        "title": sent.title, "body": sent.body, "said": sent.said,
    }  # fmt: skip


def _sent(row: Any) -> Sent:
    counts = dict(zip(map(str, row.about), map(int, row.counts), strict=True))
    message = Message(row.message, row.decided_at.to_pydatetime(), row.rule, row.address, row.kind, counts)
    since = row.noted_at.to_pydatetime()
    return Sent(message, row.state, since, int(row.tries), row.title, row.body, row.said)
