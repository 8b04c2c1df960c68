"""The days, campaign and products that the questions ask about: the same for everyone who answers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from cx.journey import DEFAULT
from cx.query import midnight
from cx.questions.freshness import monday
from cx.questions.funnel import Period
from tests.bench import company, generate


class Span(NamedTuple):
    """Some days, both included."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        """The moment at which they begin."""
        return midnight(self.first)

    @property
    def until(self) -> datetime:
        """The moment at which they are over."""
        return midnight(self.last + timedelta(days=1))


LAST = generate.END.date() - timedelta(days=1)
THROUGH = LAST - timedelta(days=1)
"""The last day that the journey page shows: the newest day may go on."""

EVER = Span(generate.FIRST.date(), LAST)
WEEKS = Span(monday(LAST) - timedelta(weeks=103), LAST)
"""Two years of weeks, the running one included."""
QUARTER = Span(THROUGH - timedelta(days=7 * 13 - 1), THROUGH)
DAYS_90 = Period(THROUGH - timedelta(days=89 + DEFAULT.window_days), THROUGH, THROUGH)
"""Attempts of ninety days that have had their window, and of the younger days that still run."""
YEAR = Span(LAST - timedelta(days=7 * 52 - 1), LAST)
RATED = Span(THROUGH - timedelta(days=90 + 363), THROUGH - timedelta(days=90))
"""A year of ratings of which ninety days are over."""

CAMPAIGN = next(company.campaigns().iloc[150:].itertuples())
SOLD = tuple(CAMPAIGN.products.split(";"))
AROUND = timedelta(days=28)
PHASES = {
    "before": Span(CAMPAIGN.starts_on - AROUND, CAMPAIGN.starts_on - timedelta(days=1)),
    "during": Span(CAMPAIGN.starts_on, CAMPAIGN.ends_on),
    "after": Span(CAMPAIGN.ends_on + timedelta(days=1), CAMPAIGN.ends_on + AROUND),
}
