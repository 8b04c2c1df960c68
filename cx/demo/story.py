"""What happens to the demo company: its calendar, its campaigns, its surges.

Everything is anchored to the last finished week (Monday to Sunday, UTC), so that whoever makes the demo, on
whatever day, meets the same Monday morning: a campaign that sold as never before, and a defect behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from cx.demo.company import NAMES, REASONS, Floats

WEEKS = 104
WARM_UP_DAYS = 49
LAG_SHAPE, LAG_DAYS = 2.0, 6.0
"""A complaint follows the sale of its unit after a gamma delay of this shape and mean."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of the demo, counted from `zero`; the first `WARM_UP_DAYS` are drawn but not exported.

    Whole weeks are drawn, to the end of the week that `through` is in, and cut at `through`: a demo made
    again later in the same week only grows.
    """

    through: datetime
    monday: date

    @classmethod
    def until(cls, through: datetime) -> Calendar:
        """The calendar of a demo that reaches to this moment; a moment without a zone is UTC."""
        moment = through.astimezone(UTC).replace(tzinfo=None) if through.tzinfo else through
        return cls(moment, moment.date() - timedelta(days=moment.weekday() + 7))

    @property
    def first(self) -> date:
        """The first day that is exported, a Monday."""
        return self.monday - timedelta(weeks=WEEKS - 1)

    @property
    def zero(self) -> date:
        """The day that is counted as 0."""
        return self.first - timedelta(days=WARM_UP_DAYS)

    @property
    def days(self) -> int:
        """How many days are drawn."""
        return self.day(self.monday) + 14

    @property
    def end(self) -> float:
        """`through`, in days since zero."""
        midnight = datetime.combine(self.zero, datetime.min.time())
        return (self.through - midnight) / timedelta(days=1)

    def day(self, value: date) -> int:
        """The number of this day."""
        return (value - self.zero).days

    def dates(self) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
        """Every day that is drawn."""
        return np.datetime64(self.zero, "D") + np.arange(self.days)


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign and its truth: orders of its products are multiplied by `lift` from its first to its last day."""

    id: str
    name: str
    channel: str
    products: tuple[str, ...]
    starts_on: date
    ends_on: date
    cost: float
    goal: str
    lift: float


@dataclass(frozen=True, slots=True)
class Surge:
    """Complaints per unit of one product for one reason, multiplied from `began` until before `ended`."""

    product: str
    reason: str
    began: date
    ended: date
    multiplier: float
    campaign: str | None

    @property
    def pair(self) -> tuple[int, int]:
        """The product's and the reason's numbers."""
        return NAMES.index(self.product), REASONS.index(self.reason)


@dataclass(frozen=True, slots=True)
class Remedy:
    """What one action of the company truly changed: first replies in a channel, multiplied from the day after it was done."""

    channel: str
    start: date
    done_on: date
    multiplier: float


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that is known to be true of a demo: `defect` is in `surges` too, `volume_only` is a campaign's id."""

    calendar: Calendar
    campaigns: tuple[Campaign, ...]
    surges: tuple[Surge, ...]
    defect: Surge
    volume_only: str
    remedy: Remedy

    def lifts(self) -> Floats:
        """What each day's orders of each product are multiplied by (days x products)."""
        lifted = np.ones((self.calendar.days, len(NAMES)))
        for campaign in self.campaigns:
            days = slice(self.calendar.day(campaign.starts_on), self.calendar.day(campaign.ends_on) + 1)
            lifted[days, [NAMES.index(product) for product in campaign.products]] *= campaign.lift
        return lifted

    @property
    def batch(self) -> tuple[int, int]:
        """The faulty batch: its product's number and the day from which it was sold."""
        campaign = next(c for c in self.campaigns if c.id == self.defect.campaign)
        return self.defect.pair[0], self.calendar.day(campaign.starts_on)


_CALM: tuple[
    tuple[int, int, str, str, tuple[str, ...], float, str, float], ...
] = (  # weeks before the last finished week, length in days, name, channel, products, cost, goal, lift
    (99, 14, "Bean Weeks", "web", ("House Beans", "Dark Beans"), 9000, "orders", 1.30),
    (88, 10, "Capsule Club", "app", ("Capsule Box",), 6500, "sign-ups", 1.35),
    (77, 14, "Home Barista", "store", ("Barista Pro", "Grind Master"), 14000, "revenue", 1.45),
    (66, 10, "Travel Light", "web", ("Travel Press",), 4000, "units", 1.50),
    (56, 14, "Milk and More", "app", ("Milk Cloud",), 5500, "units", 1.40),
    (46, 14, "Decaf Evenings", "web", ("Decaf Beans",), 5000, "orders", 1.35),
    (36, 14, "Jug of the Month", "store", ("Brew Jug", "Care Kit"), 6000, "orders", 1.40),
    (27, 14, "Fresh Grind", "web", ("Grind Master", "House Beans"), 9500, "revenue", 1.25),
)


def story(calendar: Calendar) -> Story:
    """Ten campaigns and two surges: calm history, one surge alone, one campaign that only sells, one that hurts."""
    monday = calendar.monday
    past = [
        _campaign(number, monday - timedelta(weeks=weeks), days, name, channel, products, cost, goal, lift)
        for number, (weeks, days, name, channel, products, cost, goal, lift) in enumerate(_CALM, start=1)
    ]
    only_sells = _campaign(9, monday - timedelta(weeks=9), 14, "Small is Beautiful", "app", ("Aroma Mini",),
                           12000, "units", 1.90)  # fmt: skip
    hurts = _campaign(10, monday - timedelta(days=9), 14, "One for Everyone", "web", ("Aroma One",),
                      32000, "revenue", 2.40)  # fmt: skip
    alone = monday - timedelta(weeks=19)
    surge = Surge("Capsule Box", "damaged in transit", alone, alone + timedelta(days=21), 6.0, None)
    began = hurts.starts_on + timedelta(days=8)
    defect = Surge("Aroma One", "leaks", began, monday + timedelta(weeks=4), 10.0, hurts.id)
    remedy = Remedy("chat", monday - timedelta(weeks=17), monday - timedelta(weeks=14, days=3), 0.75)
    return Story(calendar, (*past, only_sells, hurts), (surge, defect), defect, only_sells.id, remedy)


def _campaign(number: int, starts_on: date, days: int, name: str, channel: str, products: tuple[str, ...],
              cost: float, goal: str, lift: float) -> Campaign:  # fmt: skip
    ends_on = starts_on + timedelta(days=days - 1)
    return Campaign(f"K{number:02d}", name, channel, products, starts_on, ends_on, cost, goal, lift)
