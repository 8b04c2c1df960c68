"""The help desk: complaints and questions follow sales by days; a swamped desk answers late, and late answers annoy.

A surge is more complaints per unit: its extra ones are drawn from the same sales with the same delay, and those
that arrive within the surge are kept. So the truth is a rate, and what stands on the page is its draw.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cx.demo.company import (
    CHANNELS,
    COMPLAINTS,
    CONTACT_CHANNELS,
    QUESTION_SHARES,
    QUESTIONS,
    REASONS,
    REPLY_MINUTES,
    SHARES_OF_REASONS,
    UNITS,
    Flags,
    Floats,
    Ints,
)
from cx.demo.market import at_hour
from cx.demo.rows import ces, csat, feeling, known, of_lines, reasons, slowdown_at, words
from cx.demo.story import LAG_DAYS, LAG_SHAPE, Story

_QUESTION_LAG_DAYS = 4.0
_WEEKDAYS = np.array([1.25, 1.12, 1.05, 1.02, 1.0, 0.82, 0.74])
_HOURS = np.array(
    [1, 1, 0.5, 0.5, 0.5, 1, 3, 10, 30, 50, 55, 52, 46, 48, 50, 48, 45, 40, 32, 24, 18, 12, 6, 3]
)
_RATES: Floats = SHARES_OF_REASONS * COMPLAINTS[:, None]
_SWAMPED = 2.7
"""Replies slow down with the load to this power once there are more contacts than the calm days would bring."""
_AGAIN = 0.3


def contacts(
    lines: pd.DataFrame, lived: pd.DataFrame, calm: Floats, told: Story, rng: np.random.Generator
) -> pd.DataFrame:
    """Every contact and complaint, with what it came to: reply, solve, rating, words."""
    parts = [_complaints(lines, told, rng), _questions(lines, rng), *_extra(lines, told, rng)]
    frame = pd.concat(parts, ignore_index=True)
    slow = slowdown(frame["at"].to_numpy(), calm)
    frame = _handled(frame, slow, told, rng)
    frame = pd.concat([frame, _handled(_repeats(frame, rng), slow, told, rng)], ignore_index=True)
    warmth = lived["warmth"].to_numpy()[frame["customer"].to_numpy()]
    return _worded(_rated(frame, slow, warmth, rng), rng)


def slowdown(at: Floats, calm: Floats) -> Floats:
    """How many times slower than usual the desk is on each day: contacts of seven days over those of calm ones."""
    days = len(calm)
    came = np.bincount(at.astype(int), minlength=days)[:days].astype(float)
    daily = calm @ (UNITS * (COMPLAINTS + QUESTIONS)) * 1.045
    week = np.ones(7)
    delayed = np.concatenate([daily[:1].repeat(5), daily])[:days]
    load = np.convolve(came, week)[:days] / np.convolve(delayed, week)[:days]
    return np.asarray(np.clip(load, 1.0, 3.0) ** _SWAMPED)


def _follow(lines: pd.DataFrame, rates: Floats, lag: float, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Which line each contact follows, and when: Poisson in the units, gamma in the delay, by weekday and hour."""
    count = rng.poisson(lines["units"].to_numpy() * rates * _WEEKDAYS.max() / _WEEKDAYS.mean())
    line = np.repeat(np.arange(len(lines)), count)
    sold = lines["at"].to_numpy()[line]
    day = np.floor(sold + rng.gamma(LAG_SHAPE, lag / LAG_SHAPE, len(line)))
    # Day 0 is a Monday, and so is every seventh after it.
    kept = rng.random(len(line)) < _WEEKDAYS[day.astype(int) % 7] / _WEEKDAYS.max()
    at = day + at_hour(len(line), _HOURS, rng)
    after_sale = np.where(at > sold, at, sold + rng.exponential(0.05, len(line)))
    return line[kept], after_sale[kept]


def _complaints(lines: pd.DataFrame, told: Story, rng: np.random.Generator) -> pd.DataFrame:
    product = lines["product"].to_numpy()
    line, at = _follow(lines, COMPLAINTS[product], LAG_DAYS, rng)
    reason = reasons(product[line], rng)
    frame = of_lines("complaint", lines.iloc[line], at, reason=reason)
    defect_product, defect_reason = told.defect.pair
    hurt = (frame["product"] == defect_product) & (reason == defect_reason)
    return frame.assign(hurt=hurt & (at >= told.calendar.day(told.defect.began)))


def _extra(lines: pd.DataFrame, told: Story, rng: np.random.Generator) -> list[pd.DataFrame]:
    """The complaints of each surge beyond the usual rate."""
    found = []
    for surge in told.surges:
        product, reason = surge.pair
        sold = lines[lines["product"] == product]
        beyond = np.full(len(sold), _RATES[product, reason] * (surge.multiplier - 1))
        line, at = _follow(sold, beyond, LAG_DAYS, rng)
        within = (at >= told.calendar.day(surge.began)) & (at < told.calendar.day(surge.ended))
        rows = of_lines("complaint", sold.iloc[line[within]], at[within], reason=reason)
        found.append(rows.assign(hurt=surge is told.defect))
    return found


def _questions(lines: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    line, at = _follow(lines, QUESTIONS[lines["product"].to_numpy()], _QUESTION_LAG_DAYS, rng)
    reason = len(REASONS) + rng.choice(len(QUESTION_SHARES), len(line), p=QUESTION_SHARES)
    return of_lines("contact", lines.iloc[line], at, reason=reason, hurt=False)


def _handled(frame: pd.DataFrame, slow: Floats, told: Story, rng: np.random.Generator) -> pd.DataFrame:
    """Where it was made, who answered, how soon, and whether that was the end of it."""
    n, at = len(frame), frame["at"].to_numpy()
    complaint = (frame["kind"] == "complaint").to_numpy()
    hurt, behind = frame["hurt"].to_numpy(dtype=bool), slowdown_at(at, slow)
    channel = rng.choice(len(CHANNELS), n, p=CONTACT_CHANNELS)
    by = _handler(complaint, rng)
    escalated = rng.random(n) < np.select(
        [by == 1, by == 2], [np.where(complaint, 0.6, 0.32), 0.07 + 0.2 * hurt], 0.0
    )
    human = (by == 2) | ((by == 1) & escalated)
    reply = (
        60 * REPLY_MINUTES[channel] * np.exp(rng.normal(0, 0.75, n)) * behind * _remedied(channel, at, told)
    )
    solve = reply + 3600 * 6.5 * np.exp(rng.normal(0, 0.9, n)) * np.sqrt(behind) * np.where(hurt, 2.2, 1.0)
    first = rng.random(n) < _logistic(np.where(complaint, 0.75, 1.35) - 1.2 * hurt - 0.5 * np.log(behind))
    return frame.assign(
        stage="support", channel=channel, touchpoint=np.where(human, "help desk", "help centre"),
        handled_by=np.array(["self_service", "bot", "human"], dtype=object)[by], escalated=known(escalated, by > 0),
        first_response_seconds=known(np.rint(reply), human), resolution_seconds=known(np.rint(solve), human),
        resolved_first_contact=known(first, by > 0), replied=known(at + reply / 86400, human),
        solved=np.where(human, at + solve / 86400, at + 0.01),
    )  # fmt: skip


def _remedied(channel: Ints, at: Floats, told: Story) -> Floats:
    """What replies are multiplied by since the company did something about them."""
    remedy = told.remedy
    after = at >= told.calendar.day(remedy.done_on) + 1
    return np.where((channel == CHANNELS.index(remedy.channel)) & after, remedy.multiplier, 1.0)


def _handler(complaint: Flags, rng: np.random.Generator) -> Ints:
    """0 self-service, 1 bot, 2 human: complaints go to humans sooner."""
    draw = rng.random(len(complaint))
    to_bot, to_human = np.where(complaint, 0.03, 0.13), np.where(complaint, 0.15, 0.36)
    return np.asarray((draw > to_bot).astype(int) + (draw > to_human))


def _repeats(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Some of those whose contact did not settle it come back within days."""
    unsettled = (frame["resolved_first_contact"] == 0).to_numpy()
    again = frame[unsettled & (rng.random(len(frame)) < _AGAIN)]
    at = again["at"].to_numpy() + 0.05 + rng.exponential(1.3, len(again))
    return of_lines("contact", again, at, reason=again["reason"].to_numpy(), hurt=again["hurt"].to_numpy())


def _rated(frame: pd.DataFrame, slow: Floats, warmth: Floats, rng: np.random.Generator) -> pd.DataFrame:
    """Some are asked how it went and some of those answer, hours after the solve."""
    n, human = len(frame), frame["resolution_seconds"].notna().to_numpy()
    asked = rng.random(n) < np.where(human, 0.92, 0.4)
    answered = asked & (rng.random(n) < 0.78)
    complaint, hurt = (frame["kind"] == "complaint").to_numpy(), frame["hurt"].to_numpy(dtype=bool)
    behind = np.log(slowdown_at(frame["at"].to_numpy(), slow))
    settled = (frame["resolved_first_contact"] == 1).to_numpy()
    mood = 1.3 + 0.4 * warmth + 0.6 * settled - 1.35 * complaint - 0.6 * behind - 2.1 * hurt
    ease = 5.1 + 0.6 * settled - 0.5 * complaint - 0.5 * behind - 1.2 * hurt
    rated = frame["solved"].to_numpy() + rng.exponential(0.2, n)
    return frame.assign(
        asked=known(asked, asked), csat=known(csat(mood, rng), answered), rated=known(rated, answered),
        ces=known(ces(ease, rng), answered & (rng.random(n) < 0.62)), mood=mood,
    )  # fmt: skip


def _worded(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """What they wrote when they came, and how it felt, known from the first moment."""
    n, complaint = len(frame), (frame["kind"] == "complaint").to_numpy()
    wrote = rng.random(n) < np.where(complaint, 0.75, 0.2)
    felt = known(csat(frame.pop("mood").to_numpy() - 0.6, rng), wrote)
    reason = frame["reason"].to_numpy()
    scored = known(felt, rng.random(n) < 0.93)
    text = words(felt, frame["product"].to_numpy(), np.where(complaint, reason, -1), rng)
    return frame.assign(sentiment=feeling(scored, rng), text=text)


def _logistic(odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-odds)))
