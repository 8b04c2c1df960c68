"""The measures: every KPI is one entry here, and nowhere else.

An entry names the additive parts that it is made of (counted in `rollups`), the family that turns those parts into
a value and a 95 % interval (computed in `stats`), the unit, which way is better and how a change is read.
Definitions and sources: docs/measures.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cx.errors import UnknownName
from cx.words import mark

Family = Literal["share", "balance", "mean", "rate", "quantile", "total"]
"""How parts become a number.

share     (k, n)              100 k / n, Wilson
balance   (plus, minus, n)    100 (plus - minus) / n, adjusted Wald
mean      (sum, squares, n)   sum / n, t
rate      (k, base)           1000 k / base, exact Poisson; the base is counted apart (see `base_dimensions`)
quantile  (histogram)         the `quantile` of a log-binned histogram, order statistics
total     (sum)               the sum itself, no interval
"""

EXPOSURE_DAYS = 14
"""Complaints follow sales: a unit sold exposes its buyer over this many days, evenly (until a lag is learned)."""


@dataclass(frozen=True, slots=True)
class Kpi:
    """One measure. `scale` turns the raw ratio into the unit that is shown; `digits` are the decimals shown."""

    name: str
    label: str
    meaning: str
    family: Family
    parts: tuple[str, ...]
    unit: str = ""
    better: Literal["up", "down", ""] = "up"
    change: Literal["points", "percent"] = "points"
    digits: int = 1
    scale: float = 100.0
    quantile: float = 0.0
    base_dimensions: tuple[str, ...] = ()
    settle_days: int = 0
    headline: bool = False

    @property
    def is_duration(self) -> bool:
        """True where the value is in seconds and is shown in the unit that a person would choose."""
        return self.family == "quantile"


BASE_DIMENSIONS = ("product", "segment", "region")
"""The dimensions that the base of a rate shares with its events. Orders and units carry the channel and stage of the
sale, contacts those of the call: a rate by channel or stage would divide apples by pears, so these never narrow it."""

_KPIS = (
    Kpi("nps", mark("Net promoter score"), mark("Promoters (9-10) minus detractors (0-6), of those who answered"),
        "balance", ("nps_promoters", "nps_detractors", "nps_answers"), headline=True),
    Kpi("csat", mark("Satisfaction (CSAT)"), mark("Answers of 4 or 5 on the scale of 1 to 5, of those who answered"),
        "share", ("csat_satisfied", "csat_answers"), unit="%", headline=True),
    Kpi("ces", mark("Customer effort"), mark("Mean of 'made it easy', 1 to 7: higher is easier"),
        "mean", ("ces_sum", "ces_squares", "ces_answers"), unit="/7", digits=2, scale=1, headline=True),
    Kpi("fcr", mark("First-contact resolution"), mark("Contacts solved with no repeat on the same issue, of contacts that say so"),
        "share", ("fcr_solved", "fcr_contacts"), unit="%", headline=True),
    Kpi("first_response", mark("First reply time"), mark("Median calendar time to the first human reply"),
        "quantile", ("first_response_seconds",), better="down", change="percent", scale=1,
        quantile=0.5, headline=True),
    Kpi("complaint_rate", mark("Complaints per 1,000 units"), mark("Complaints for each 1,000 units sold over the 14 days before"),
        "rate", ("complaints", "exposure"), better="down", change="percent", digits=1, scale=1000,
        base_dimensions=BASE_DIMENSIONS, headline=True),
    Kpi("detractors", mark("Detractors"), mark("Answers of 0 to 6 to 'would you recommend us', of those who answered"),
        "share", ("nps_detractors", "nps_answers"), unit="%", better="down"),
    Kpi("response_rate", mark("Survey response rate"), mark("Surveys answered, of surveys sent"),
        "share", ("answered", "asked"), unit="%"),
    Kpi("first_response_p90", mark("First reply time, p90"), mark("Nine of ten first replies came sooner than this (calendar time)"),
        "quantile", ("first_response_seconds",), better="down", change="percent", scale=1, quantile=0.9),
    Kpi("resolution", mark("Resolution time"), mark("Median calendar time to the (last) solve"),
        "quantile", ("resolution_seconds",), better="down", change="percent", scale=1, quantile=0.5),
    Kpi("resolution_p90", mark("Resolution time, p90"), mark("Nine of ten contacts were solved sooner than this (calendar time)"),
        "quantile", ("resolution_seconds",), better="down", change="percent", scale=1, quantile=0.9),
    Kpi("contact_rate", mark("Contacts per 1,000 orders"), mark("Support contacts for each 1,000 orders"),
        "rate", ("contacts", "orders"), better="down", change="percent", digits=0, scale=1000,
        base_dimensions=BASE_DIMENSIONS),
    Kpi("containment", mark("Self-service containment"), mark("Bot and self-service contacts neither handed on nor followed by another contact within 24 hours"),
        "share", ("contained", "unassisted"), unit="%", settle_days=1),
    Kpi("bot_escalation", mark("Bot hand-over"), mark("Bot contacts handed to a human"),
        "share", ("bot_escalated", "bot_contacts"), unit="%", better=""),
    Kpi("goal_completion", mark("Goal completion"), mark("Visits that reached what the customer came to do, of visits with a stated goal"),
        "share", ("goals_reached", "goals"), unit="%"),
    Kpi("findability", mark("Findability"), mark("Visits that found what they came to find, of visits that came to find something"),
        "share", ("finds_reached", "finds"), unit="%"),
    Kpi("sentiment", mark("Sentiment"), mark("Share of positive minus share of negative texts, of texts that were scored"),
        "balance", ("texts_positive", "texts_negative", "texts_scored")),
    Kpi("sentiment_coverage", mark("Sentiment coverage"), mark("Texts that were scored, of all texts"),
        "share", ("texts_scored_written", "texts"), unit="%"),
    Kpi("expectation_gap", mark("Expectation gap"), mark("Mean of satisfaction minus expectation, paired for each answer"),
        "mean", ("gap_sum", "gap_squares", "gap_answers"), digits=2, scale=1),
    Kpi("referral_rate", mark("Referral rate"), mark("Orders that came by another customer's recommendation"),
        "share", ("orders_referred", "orders"), unit="%"),
    Kpi("orders", mark("Orders"), mark("Orders taken, however many lines each has"), "total", ("orders",), change="percent", digits=0, scale=1),
    Kpi("units", mark("Units sold"), mark("Units in all orders"), "total", ("units",), change="percent", digits=0, scale=1),
    Kpi("revenue", mark("Revenue"), mark("Amounts of all orders, before returns"), "total", ("revenue",), change="percent", digits=0, scale=1),
)  # fmt: skip
KPIS = {kpi.name: kpi for kpi in _KPIS}
"""The measures of the health page, by name: what can be counted row by row."""

_JOURNEY_KPIS = (
    Kpi("conversion", mark("Conversion"), mark("Customers who reached the stage within the window, of those who reached the one before"),
        "share", ("reached", "before"), unit="%"),
    Kpi("passage", mark("Time to the stage"), mark("Median time from the stage before"),
        "quantile", ("gap",), better="down", change="percent", scale=1, quantile=0.5),
    Kpi("long_passage", mark("Time to the stage, p90"), mark("Nine of ten came within this time of the stage before"),
        "quantile", ("gap",), better="down", change="percent", scale=1, quantile=0.9),
    Kpi("worth", mark("Revenue of a customer"), mark("Revenue in the window for each customer"),
        "mean", ("sum", "squares", "n"), digits=2, scale=1),
    Kpi("returns", mark("Going back"), mark("Visits in which the customer goes back to an earlier stage"),
        "share", ("back", "visits"), unit="%", better=""),
    Kpi("presence", mark("Customers here"), mark("Customers who used this channel, of all customers who were active"),
        "share", ("customers", "active"), unit="%", better=""),
    Kpi("hopping", mark("Visits over several channels"), mark("Visits with two channels or more, of all visits"),
        "share", ("hopped", "visits"), unit="%", better=""),
    Kpi("ordering", mark("Visits with an order"), mark("Visits in which the customer ordered, of all visits"),
        "share", ("ordered", "visits"), unit="%"),
    Kpi("contacts_after", mark("Contacts per 1,000 interactions"),
        mark("Contacts whose customer was last here in the 7 days before, for each 1,000 interactions here; known customers only"),
        "rate", ("contacts_after", "exposed"), better="down", change="percent", digits=0, scale=1000),
    Kpi("met", mark("Customers who met it"), mark("Customers who met the touchpoint around their first order"),
        "share", ("met", "customers"), unit="%", better=""),
    Kpi("churn", mark("Churn"), mark("Customers lost in the period, of those there at its start"),
        "share", ("lost", "at_start"), unit="%", better="down"),
    Kpi("retention", mark("Retention"), mark("Customers kept through the period, of those there at its start"),
        "share", ("kept", "at_start"), unit="%"),
    Kpi("repeat", mark("Repeat purchase"), mark("Customers with a second order in time, of those who have had the time for it"),
        "share", ("again", "customers"), unit="%"),
    Kpi("order_share", mark("Share of orders"), mark("Orders of the group, of all orders"),
        "share", ("orders", "all_orders"), unit="%", better=""),
    Kpi("active", mark("Customers who ordered"), mark("Customers who ordered in the month, of all in the cohort"),
        "share", ("active", "customers"), unit="%"),
    Kpi("lifetime", mark("Customer lifetime value"), mark("Revenue since the first order, for each customer"),
        "mean", ("revenue", "squares", "customers"), change="percent", scale=1),
)  # fmt: skip
JOURNEY_KPIS = {kpi.name: kpi for kpi in _JOURNEY_KPIS}
"""The measures of the journey page, by name: what is known only of a customer's whole way."""

_PUBLIC_KPIS = (
    Kpi("negative_share", mark("Negative share"), mark("Negative texts, of texts that were scored"),
        "share", ("texts_negative", "texts_scored"), unit="%", better="down"),
    Kpi("voice", mark("Share of voice"), mark("What is said of a brand, of all that is said of any"),
        "share", ("said", "said_of_all"), unit="%"),
)  # fmt: skip
PUBLIC_KPIS = {kpi.name: kpi for kpi in _PUBLIC_KPIS}
"""The measures that only the benchmarks page tells, by name: of what is said of us and of others in public."""

_LOYALTY_KPIS = (
    Kpi("bought_again", mark("Bought again"), mark("Customers with an order after the rating, of those who rated"),
        "share", ("bought_again", "customers"), unit="%", better=""),
    Kpi("stayed", mark("Stayed"), mark("Customers who were not lost, of those who were customers when they rated"),
        "share", ("stayed", "stood"), unit="%", better=""),
    Kpi("recommended", mark("Would recommend"), mark("Customers whose next NPS answer was 9 or 10, of those who gave another"),
        "share", ("recommended", "answered_again"), unit="%", better=""),
    Kpi("complained", mark("Complained"), mark("Customers with a complaint after the rating, of those who rated"),
        "share", ("complained", "customers"), unit="%", better=""),
    Kpi("spent_more", mark("Spent more"), mark("Customers who spent more after the rating than in as many days before it, of those who spent anything before"),
        "share", ("spent_more", "spent_before"), unit="%", better=""),
    Kpi("would_forgive", mark("Would forgive"), mark("Customers who would buy again after a bad experience, of those asked with the rating"),
        "share", ("forgave", "asked_to_forgive"), unit="%", better=""),
    Kpi("would_trust", mark("Would trust"), mark("Customers who would trust us, of those asked with the rating"),
        "share", ("trusted", "asked_to_trust"), unit="%", better=""),
    Kpi("spent_after", mark("Revenue of a customer"), mark("Revenue after the rating, for each customer who rated"),
        "mean", ("revenue", "squares", "customers"), better="", digits=1, scale=1),
    Kpi("held", mark("Customers with it"), mark("Customers with the attribute, of those of whom it is known"),
        "share", ("held", "known"), unit="%", better="", change="percent"),
)  # fmt: skip
LOYALTY_KPIS = {kpi.name: kpi for kpi in _LOYALTY_KPIS}
"""The measures of loyalty, by name: what customers did after a rating, and who the best of them are."""

BENCHMARKED = {kpi.name: kpi for kpi in (*_KPIS, _PUBLIC_KPIS[0]) if kpi.better and kpi.family != "total"}
"""The measures in which companies can be ahead of each other: no sums, and none of which neither way is better."""


def kpi(name: str) -> Kpi:
    """The entry of that name. Raises UnknownName with the nearest name."""
    if name not in KPIS:
        raise UnknownName("measure", name, KPIS)
    return KPIS[name]
