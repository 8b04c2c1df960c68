"""The company's rows, one source after the other: rates, then draws."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cx.demo import exports, journey, market, support
from cx.demo.company import Floats
from cx.demo.rows import named
from cx.demo.story import Story

SEED = 7


def world(seed: int, told: Story) -> dict[str, pd.DataFrame]:
    """Two years of every source, with names, ids and moments, in order of time; to the end of the current week."""
    rng = np.random.default_rng([seed, 2])
    traits = market.people(seed)
    calm = market.calm_rates(told.calendar)
    rates = calm * told.lifts()
    sources = drawn(market.lives(traits, rates, rng), calm, rates, told, rng)
    return {
        name: exports.dated(named(rows, traits, told), name, told.calendar) for name, rows in sources.items()
    }


def drawn(
    lived: pd.DataFrame, calm: Floats, rates: Floats, told: Story, rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    """Each source's rows for these customers at these orders a day and product (`calm`: without campaigns)."""
    lines = market.order_lines(lived, rates, told, rng)
    tracked = journey.tracked_journeys(lines, rng)
    parcels = journey.deliveries(lines, tracked, rng)
    asked = (
        journey.delivery_surveys(parcels, lived, told, rng),
        journey.loyalty_surveys(lines, lived, told, rng),
    )
    shop = (
        journey.sales(lines),
        parcels,
        journey.returns(lines, told, rng),
        journey.cancels(lived, lines, rng),
    )
    web = journey.visits(lines, tracked, rng), journey.signups(lines, rng)
    return {
        "shop": pd.concat(shop, ignore_index=True),
        "web": pd.concat(web, ignore_index=True),
        "support": support.contacts(lines, lived, calm, told, rng),
        "surveys": pd.concat(asked, ignore_index=True),
        "reviews": journey.reviews(lines, lived, told, rng),
    }
