"""Customers and what they buy: rates by day and product, then Poisson draws, then who bought."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cx.demo.company import (
    CHANNELS,
    NAMES,
    ORDER_CHANNELS,
    PRICES,
    REGION_SHARES,
    REGIONS,
    SEGMENT_SHARES,
    SEGMENTS,
    SHARES,
    UNITS,
    Flags,
    Floats,
    Ints,
)
from cx.demo.story import Calendar, Story

ORDERS_A_WEEK = 1345
PEOPLE, FOUNDING = 17_000, 6_500
"""How many customers there ever are, and how many of them the company had from the start."""

_WEEKDAYS = np.array([1.02, 0.95, 0.96, 1.0, 1.1, 1.08, 0.89])
_ORDER_HOURS = np.array(
    [3, 2, 1, 1, 1, 3, 8, 18, 30, 42, 50, 52, 54, 50, 46, 45, 48, 55, 62, 66, 60, 44, 24, 10]
)
_CARRIED_HOME = CHANNELS.index("store")
_SECOND_LINE = 0.045


def people(seed: int) -> pd.DataFrame:
    """Every customer's traits, the same for a seed whatever the day: segment, region, warmth, activity, consent."""
    rng = np.random.default_rng([seed, 1])
    return pd.DataFrame(
        {
            "segment": rng.choice(len(SEGMENTS), PEOPLE, p=SEGMENT_SHARES),
            "region": rng.choice(len(REGIONS), PEOPLE, p=REGION_SHARES),
            "warmth": rng.normal(0, 1, PEOPLE),
            "activity": rng.gamma(1.3, 1 / 1.3, PEOPLE),
            "consent": rng.random(PEOPLE) > 0.035,
        }
    )


def lives(traits: pd.DataFrame, rates: Floats, rng: np.random.Generator) -> pd.DataFrame:
    """When each customer came and left, in days since zero: people come as orders do, and warm ones stay longer."""
    total = np.cumsum(rates.sum(axis=1))
    joined = np.searchsorted(total / total[-1], np.sort(rng.random(PEOPLE - FOUNDING)))
    born = np.concatenate([np.full(FOUNDING, -1.0), joined + rng.random(PEOPLE - FOUNDING)])
    born.sort()
    stay = 25 + rng.exponential(480 * np.exp(0.4 * traits["warmth"].to_numpy()))
    return traits.assign(born=born, left=born + stay)


def calm_rates(calendar: Calendar) -> Floats:
    """Orders expected on each day of each product without campaigns: growth, seasons, holidays, weekdays."""
    dates = pd.DatetimeIndex(calendar.dates())
    growth = np.linspace(0.84, 1.15, len(dates))
    day_of_year = dates.dayofyear.to_numpy()
    season = 1 + 0.05 * np.cos(2 * np.pi * (day_of_year - 20) / 365.25)
    weekday = _WEEKDAYS[dates.weekday.to_numpy()]
    total = ORDERS_A_WEEK / 7 * growth * season * weekday * _holidays(dates)
    rates: Floats = total[:, None] * SHARES
    return rates


def _holidays(dates: pd.DatetimeIndex) -> Floats:
    """The rise to Christmas, the sale of late November, and the days on which little is ordered."""
    month, day = dates.month.to_numpy(), dates.day.to_numpy()
    to_christmas = np.where(month == 11, day - 10, np.where(month == 12, day + 20, 0))
    peak = 1 + 0.4 * np.clip(to_christmas, 0, 30) / 30 * ((month == 11) | ((month == 12) & (day <= 21)))
    sale = np.where((month == 11) & (day >= 24) & (day <= 30), 1.2, 1.0)
    quiet = ((month == 12) & ((day == 25) | (day == 26))) | ((month == 1) & (day == 1))
    return np.asarray(np.where(quiet, 0.4, peak * sale), dtype=float)


def order_lines(lived: pd.DataFrame, rates: Floats, told: Story, rng: np.random.Generator) -> pd.DataFrame:
    """Every order line: at (days since zero), order, product, customer, channel, campaign, units, amount, first.

    `rates` are orders a day and product, campaigns included. Sorted by time; -1 stands for no campaign.
    """
    day, product = _draw(rates, rng)
    at = day + at_hour(len(day), _ORDER_HOURS, rng)
    sort = np.argsort(at)
    at, product = at[sort], product[sort]
    lines = pd.DataFrame({"at": at, "order": np.arange(len(at)), "product": product})
    lines["customer"] = _buyers(at, lived, rng)
    lines["channel"] = rng.choice(len(CHANNELS), len(at), p=ORDER_CHANNELS)
    lines["first"] = ~lines["customer"].duplicated() & (lived["born"].to_numpy()[lines["customer"]] >= 0)
    more = lines.sample(frac=_SECOND_LINE, random_state=rng)
    more = more.assign(product=rng.choice(len(NAMES), len(more), p=SHARES), first=False)
    lines = pd.concat([lines, more]).sort_values(["at", "order"], kind="stable", ignore_index=True)
    return _priced(_attributed(lines, told, rng), rng)


def _draw(rates: Floats, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """The day and product of every order: Poisson around rates that wobble a little from day to day."""
    shape = rates.shape
    wobble = np.exp(rng.normal(0, 0.03, (shape[0], 1)) + rng.normal(0, 0.05, shape))
    counts = rng.poisson(rates * wobble).ravel()
    cell = np.repeat(np.arange(counts.size), counts)
    return cell // shape[1], cell % shape[1]


def at_hour(n: int, hours: Floats | Ints, rng: np.random.Generator) -> Floats:
    """Fractions of a day, by the weights of its 24 hours."""
    hour = rng.choice(24, n, p=hours / hours.sum())
    return np.asarray((hour + rng.random(n)) / 24)


def _buyers(at: Floats, lived: pd.DataFrame, rng: np.random.Generator) -> Ints:
    """Who buys at each time: one of those who had come and not left, by how active they are."""
    born, left = lived["born"].to_numpy(), lived["left"].to_numpy()
    reach = np.cumsum(lived["activity"].to_numpy())
    buyers = np.zeros(len(at), dtype=np.int64)
    open_ = np.arange(len(at))
    while len(open_):
        known = reach[np.searchsorted(born, at[open_]) - 1]
        buyers[open_] = np.searchsorted(reach, rng.random(len(open_)) * known)
        open_ = open_[left[buyers[open_]] < at[open_]]
    return buyers


def _attributed(lines: pd.DataFrame, told: Story, rng: np.random.Generator) -> pd.DataFrame:
    """Name the campaign that brought a line: most of those above the usual, and none of the usual."""
    brought = np.full(len(lines), -1)
    day, product = lines["at"].to_numpy().astype(int), lines["product"].to_numpy()
    for number, campaign in enumerate(told.campaigns):
        first, last = told.calendar.day(campaign.starts_on), told.calendar.day(campaign.ends_on)
        sold = np.isin(product, [NAMES.index(name) for name in campaign.products])
        share = 0.9 * (1 - 1 / campaign.lift)
        brought[sold & (day >= first) & (day <= last) & (rng.random(len(lines)) < share)] = number
    return lines.assign(campaign=brought)


def _priced(lines: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    product = lines["product"].to_numpy()
    units = 1 + rng.poisson(UNITS[product] - 1)
    off = np.where(lines["campaign"] >= 0, 0.9, 1.0)
    referred = rng.random(len(lines)) < np.where(lines["first"], 0.2, 0.05)
    return lines.assign(units=units, amount=np.round(units * PRICES[product] * off, 2), referred=referred)


def carried_home(lines: pd.DataFrame) -> Flags:
    """Lines that were bought in a store: nothing is delivered."""
    return np.asarray(lines["channel"] == _CARRIED_HOME)
