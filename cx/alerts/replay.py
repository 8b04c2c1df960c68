"""What would have been sent over the last days: the same decisions, day by day, as of each day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from cx import reference
from cx.alerts.answers import Past
from cx.alerts.deciding import decide, open_keys
from cx.alerts.events import facts
from cx.alerts.facts import Facts, Sent
from cx.alerts.parting import parts
from cx.alerts.round import in_words
from cx.folders import Folders
from cx.limited import Limits, Seen
from cx.reference.alerts import Alerts

DAYS = 90
MOST_DAYS = 366
_HOURLY = ("brief",)
"""What hangs on the hour; the rest is looked at as a day begins."""


def replay(limits: Limits, folders: Folders, told: Alerts, now: datetime, days: int = DAYS) -> list[Sent]:
    """Every message that these rules would have sent in so many days up to `now`, as if each had arrived; the oldest first.

    A day's facts are of what had happened before it, whenever that arrived; messages go at the full hours.
    """
    sent = [
        one
        for seen, part in parts(told, folders, limits)
        for one in _replayed(seen, folders, part, now, now.date() - timedelta(days=min(days, MOST_DAYS)))
    ]
    return sorted(sent, key=lambda one: one.message.at)


def _replayed(seen: Seen, folders: Folders, told: Alerts, now: datetime, first: date) -> list[Sent]:
    past = Past(seen.store, reference.tables(folders.reference).seen_with(seen.rows), told.rules, first, now)
    log: list[Sent] = []
    for back in range((now.date() - first).days + 1):
        day = datetime.combine(first + timedelta(days=back), time())
        daily = facts(past, told, day, open_keys(log), {rule.on for rule in told.rules} - {*_HOURLY})
        for hour in range(24):
            moment = day + timedelta(hours=hour)
            if moment <= now:
                hourly = facts(past, told, moment, (), _HOURLY)
                log += _sent(past, told, Facts(daily.events + hourly.events, daily.over), log, moment)
    return [sent for sent in log if sent.message.kind != "ended"]


def _sent(past: Past, told: Alerts, found: Facts, log: list[Sent], moment: datetime) -> list[Sent]:
    return [_arrived(in_words(past, told, found, message)) for message in decide(told, found, log, moment)]


def _arrived(sent: Sent) -> Sent:
    return Sent(
        sent.message,
        "noted" if sent.message.kind == "ended" else "sent",
        sent.since,
        1,
        sent.title,
        sent.body,
    )
