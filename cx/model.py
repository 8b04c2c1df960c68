"""The vocabulary of an interaction: the one place that says what a row is.

One row is one interaction of one customer with a company: a visit, an order, a ticket, an answered survey, a
review. `COLUMNS` says what each column means and which values it may hold, `KINDS` which columns a row of each
kind must fill; the checks on arrival, the store's table and the docs all follow from these two.
"""

from __future__ import annotations

from dataclasses import dataclass

OURS = "ours"
"""The value of `brand` for the company itself; any other value is a competitor."""

DEVICES = ("mobile", "desktop", "tablet", "other")
SENTIMENTS = ("negative", "neutral", "positive")
HANDLERS = ("self_service", "bot", "human")

DIMENSIONS = ("product", "channel", "segment", "region", "stage")
"""The columns by which every measure can be filtered and split."""

JOURNEY_DIMENSIONS = ("product", "channel", "segment", "region", "campaign", "device")
"""What a customer's way can be filtered and compared by; the campaign is the one of `campaign_id`."""


@dataclass(frozen=True, slots=True)
class Column:
    """One canonical column: its SQL type, unit, meaning and the values it may hold (bounds inclusive).

    `personal`: says who it was, or is in their words; never shown where a row is refused. `consented`: kept only of those
    who did not refuse their consent, whose rows count in volumes otherwise.
    """

    name: str
    type: str
    meaning: str
    unit: str = ""
    allowed: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    default: str | None = None
    personal: bool = False
    consented: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of interaction and the columns that its rows must fill, beyond those that every row must."""

    name: str
    meaning: str
    needs: tuple[str, ...] = ()
    needs_one_of: tuple[str, ...] = ()


ALWAYS = ("source", "interaction_id", "occurred_at", "kind")
"""Columns that no row may leave empty."""

_KINDS = (
    Kind("visit", "a look at a page, an app screen, a shop or an advertisement", ("stage",)),
    Kind("signup", "a customer left their details: a lead, an account, a newsletter", ("customer_id",)),
    Kind("order", "one product line of an order", ("order_id", "product", "units", "amount")),
    Kind("delivery", "goods or a service reached the customer", ("order_id",)),
    Kind("return", "goods came back or money was given back; the amount is what was refunded", ("order_id",)),
    Kind("contact", "the customer asked the company for help", ("channel",)),
    Kind("complaint", "a contact in which the customer complains; it counts as a contact too", ("reason",)),
    Kind("survey", "the customer was asked for an opinion apart from any contact", ("asked",)),
    Kind(
        "review",
        "a public opinion on a product or a company",
        ("brand",),
        ("sentiment", "csat", "nps", "text"),
    ),
    Kind("cancel", "the customer ended the relationship", ("customer_id",)),
)
KINDS = {kind.name: kind for kind in _KINDS}

_COLUMNS = (
    Column("source", "VARCHAR", "the system that the row was exported from, such as 'zendesk' or 'shop'"),
    Column("interaction_id", "VARCHAR", "the row's id in its source; with the source it is the key"),
    Column("occurred_at", "TIMESTAMP", "when it happened", unit="UTC"),
    Column(
        "customer_id",
        "VARCHAR",
        "who: an id or an address, the same in every source; kept as a keyed hash only",
        personal=True,
        consented=True,
    ),
    Column("kind", "VARCHAR", "what happened", allowed=tuple(KINDS)),
    Column("stage", "VARCHAR", "the stage of the journey, by its id in journey.toml"),
    Column("channel", "VARCHAR", "where: web, app, store, phone, email, chat, social and so on"),
    Column("device", "VARCHAR", "what the customer held or sat at", allowed=DEVICES),
    Column("touchpoint", "VARCHAR", "the page, the form, the desk within the channel"),
    Column("product", "VARCHAR", "the product that it is about"),
    Column("version", "VARCHAR", "the product's version or release"),
    Column("brand", "VARCHAR", f"'{OURS}' or the competitor's name", default=OURS),
    Column("campaign_id", "VARCHAR", "the campaign that brought the customer (see campaigns.csv)"),
    Column("segment", "VARCHAR", "the customer's segment", consented=True),
    Column("region", "VARCHAR", "the customer's region"),
    Column("language", "VARCHAR", "the language of the text, as a BCP 47 code such as 'en'"),
    Column("reason", "VARCHAR", "what the contact or complaint is about"),
    Column("order_id", "VARCHAR", "the order that it belongs to"),
    Column("units", "INTEGER", "units sold or returned", unit="units", low=0),
    Column("amount", "DOUBLE", "money taken, or given back by a return", unit="money", low=0),
    Column(
        "asked",
        "BOOLEAN",
        "a survey was sent; asked without any score means that it was not answered",
        consented=True,
    ),
    Column("csat", "INTEGER", "satisfaction with what happened", unit="1-5", low=1, high=5, consented=True),
    Column("nps", "INTEGER", "how likely to recommend us", unit="0-10", low=0, high=10, consented=True),
    Column(
        "ces",
        "INTEGER",
        "'the company made it easy', 7 = agrees fully",
        unit="1-7",
        low=1,
        high=7,
        consented=True,
    ),
    Column("sentiment", "VARCHAR", "the feeling of the text", allowed=SENTIMENTS, consented=True),
    Column(
        "expectation",
        "INTEGER",
        "what was expected beforehand, on the scale of csat",
        unit="1-5",
        low=1,
        high=5,
        consented=True,
    ),
    Column(
        "would_forgive",
        "BOOLEAN",
        "asked with a rating: would buy again after a bad experience",
        consented=True,
    ),
    Column(
        "would_trust", "BOOLEAN", "asked with a rating: would trust us to do right by them", consented=True
    ),
    Column(
        "first_response_seconds", "DOUBLE", "from the first message to the first human reply", unit="s", low=0
    ),
    Column("resolution_seconds", "DOUBLE", "from the first message to the (last) solve", unit="s", low=0),
    Column("resolved_first_contact", "BOOLEAN", "solved, with no repeat on the same issue"),
    Column("handled_by", "VARCHAR", "who answered first", allowed=HANDLERS),
    Column("escalated", "BOOLEAN", "handed on: from a bot to a human, from a human to a specialist"),
    Column("referred", "BOOLEAN", "the order came by another customer's recommendation"),
    Column("goal", "VARCHAR", "what the customer came to do; 'find' means to find something"),
    Column("goal_reached", "BOOLEAN", "the goal was reached"),
    Column(
        "consent",
        "BOOLEAN",
        "false: the row counts in volumes only; who it was, their segment, ratings and words are not kept",
    ),
    Column(
        "text",
        "VARCHAR",
        "the customer's own words; what names a person in them is masked",
        personal=True,
        consented=True,
    ),
    Column(
        "updated_at",
        "TIMESTAMP",
        "when the source last changed the row; empty means the file's own time",
        unit="UTC",
    ),
)
COLUMNS = {column.name: column for column in _COLUMNS}
KEPT = tuple(name for name in COLUMNS if name != "customer_id")
"""The columns that the store keeps of an interaction as they are; whose it is, it keeps as the customer's number."""

CONSENTED = tuple(column.name for column in _COLUMNS if column.consented)
"""What is not kept of those who refused their consent."""

SCORES = ("csat", "nps", "ces")
