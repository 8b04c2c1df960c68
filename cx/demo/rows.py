"""Rows before they are written: numbers for names, days since zero for times, -1 for nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cx.demo.company import (
    ASKED_ABOUT,
    CHANNELS,
    GRUMBLES,
    NAMES,
    PRAISE,
    REGIONS,
    SAID_OF,
    SEGMENTS,
    SHARES_OF_REASONS,
    SHRUGS,
    Flags,
    Floats,
    Ints,
    Names,
)
from cx.demo.story import Calendar, Story

MOMENTS = ("at", "replied", "solved", "rated")
"""When a row happened, was first answered, was solved, was rated: what was not yet known is not exported."""

_OF_LINE = ("customer", "product", "channel", "campaign", "order")


def of_lines(kind: str, lines: pd.DataFrame, at: Floats, **columns: object) -> pd.DataFrame:
    """Rows of a kind, one for each order line given, at these times, with further columns."""
    frame = lines.loc[:, list(_OF_LINE)].reset_index(drop=True)
    return frame.assign(at=np.asarray(at), kind=kind, **columns)


def reasons(product: Ints, rng: np.random.Generator) -> Ints:
    """The number of a reason for each of these products, by the shares of its complaints."""
    reach = np.cumsum(SHARES_OF_REASONS, axis=1)[product]
    return np.asarray((rng.random(len(product))[:, None] > reach).sum(axis=1).clip(0, reach.shape[1] - 1))


def csat(mean: Floats, rng: np.random.Generator) -> Ints:
    """Answers of 1 to 5 with these log odds of a 4 or a 5."""
    felt = mean + rng.logistic(0, 1, len(mean))
    return np.asarray(1 + (felt[:, None] > [-1.7, -0.8, 0.0, 1.3]).sum(axis=1))


def nps(mean: Floats, rng: np.random.Generator) -> Ints:
    """Answers of 0 to 10 around this mean; a mean of 8.3 makes a score of about 30."""
    return np.clip(np.rint(mean + rng.normal(0, 1.9, len(mean))), 0, 10).astype(np.int64)


def ces(mean: Floats, rng: np.random.Generator) -> Ints:
    """Answers of 1 to 7 around this mean."""
    return np.clip(np.rint(mean + rng.normal(0, 1.2, len(mean))), 1, 7).astype(np.int64)


def known(values: object, where: Flags) -> Floats:
    """The values where they are known, and nothing elsewhere."""
    return np.where(where, np.asarray(values, dtype=float), np.nan)


def where(there: Flags, names: Any) -> Names:
    """The names (or the one name) where they are there, and None elsewhere."""
    chosen = np.full(len(there), None, dtype=object)
    chosen[there] = names if isinstance(names, str) else np.asarray(names, dtype=object)[there]
    return chosen


def feeling(score: Floats, rng: np.random.Generator) -> Names:
    """The sentiment of words that go with these scores of 1 to 5; a few are misread, none where there is no score."""
    blurred = score + rng.normal(0, 0.6, len(score))
    names = np.array(["negative", "neutral", "positive"], dtype=object)
    felt = names[(blurred > 2.6).astype(int) + (blurred > 3.6).astype(int)]
    return where(~np.isnan(score), felt)


def words(score: Floats, product: Ints, reason: Ints | None, rng: np.random.Generator) -> Names:
    """What a customer wrote: of the reason where it is a complaint's, else of how the score feels."""
    about = np.full(len(score), -1) if reason is None else reason
    mood = len(SAID_OF) + np.where(score >= 4, 0, np.where(score >= 3, 1, 2))
    topic = np.where(about >= 0, about, mood)
    pick = _STARTS[topic] + rng.integers(0, 1_000_000, len(topic)) % _COUNTS[topic]
    said = _BEFORE[pick] + _SUBJECTS[product] + _AFTER[pick]
    return where(~np.isnan(score), said)


_SUBJECTS = np.array([*NAMES, "machine"], dtype=object)
_TOPICS = [*SAID_OF.values(), PRAISE, SHRUGS, GRUMBLES]
_COUNTS = np.array([len(topic) for topic in _TOPICS])
_STARTS = np.cumsum(_COUNTS) - _COUNTS
_BEFORE = np.array([before for topic in _TOPICS for before, _ in topic], dtype=object)
_AFTER = np.array([after for topic in _TOPICS for _, after in topic], dtype=object)


def named(rows: pd.DataFrame, traits: pd.DataFrame, told: Story) -> pd.DataFrame:
    """The rows with names for their numbers, and what is known of their customers and products."""
    frame = rows.copy()
    product, customer = frame["product"].to_numpy(), frame.pop("customer").to_numpy()
    frame["product"] = _names(NAMES)[product]
    frame["channel"] = _names(CHANNELS)[frame["channel"].to_numpy()]
    frame["campaign_id"] = _names([c.id for c in told.campaigns])[frame.pop("campaign").to_numpy()]
    if "reason" in frame and pd.api.types.is_integer_dtype(frame["reason"]):
        frame["reason"] = _names(ASKED_ABOUT)[frame["reason"].to_numpy()]
    frame["order_id"] = numbered("o", frame.pop("order").to_numpy())
    frame["customer_id"] = numbered("c", customer)
    frame["segment"] = _names(SEGMENTS)[np.where(customer < 0, -1, traits["segment"].to_numpy()[customer])]
    frame["region"] = _names(REGIONS)[np.where(customer < 0, -1, traits["region"].to_numpy()[customer])]
    frame["consent"] = known(traits["consent"].to_numpy()[customer], customer >= 0)
    frame["device"] = _devices(customer, product, rows["channel"].to_numpy())
    frame["version"] = _versions(frame["at"].to_numpy(), product, told)
    return frame


_WEB, _APP = CHANNELS.index("web"), CHANNELS.index("app")


def _devices(customer: Ints, product: Ints, channel: Ints) -> Names:
    """What each sat at: most keep to one device, and look at some products on another. Nothing off line."""
    drawn = (customer * 7919 + (product % 3 == 0) * 4177) % 1000
    web = np.array(["mobile", "desktop", "tablet"], dtype=object)[(drawn > 510).astype(int) + (drawn > 945)]
    app = np.where(drawn > 900, "tablet", "mobile")
    return where((channel == _WEB) | (channel == _APP), np.where(channel == _APP, app, web))


def _names(names: tuple[str, ...] | list[str]) -> Names:
    return np.array([*names, None], dtype=object)


def numbered(letter: str, numbers: Ints) -> pd.Series:
    """Ids such as 'o0000042'; nothing for -1."""
    return (letter + pd.Series(numbers).astype(str).str.zfill(7)).where(numbers >= 0, None)


def _versions(at: Floats, product: Ints, told: Story) -> Names:
    """The release that was sold at the time: two in the ordinary, and a third that is the faulty batch."""
    faulty, batch = told.batch
    release = (at > told.calendar.days * (0.35 + 0.03 * product)).astype(int)
    release += (product == faulty) & (at >= batch)
    return where(product >= 0, np.array(["1.0", "2.0", "2.1"], dtype=object)[release])


def slowdown_at(at: Floats, by_day: Floats) -> Floats:
    """A value of each day, at these times."""
    return np.asarray(by_day[np.clip(at.astype(int), 0, len(by_day) - 1)])


def moments(days: pd.Series, calendar: Calendar) -> pd.Series:
    """Days since zero as UTC timestamps of whole seconds; nothing where there is none."""
    seconds = np.floor(days.to_numpy(dtype=float) * 86400)
    stamps = np.full(len(seconds), np.datetime64("NaT"), dtype="datetime64[us]")
    there = ~np.isnan(seconds)
    stamps[there] = np.datetime64(calendar.zero, "us") + seconds[there].astype("timedelta64[s]")
    return pd.Series(stamps)
