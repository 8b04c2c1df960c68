"""The demo company: what it sells, to whom, through what, and what its customers say. All of it is made up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Names = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Product:
    """A product: price in money, share of order lines, mean units a line, complaints per unit, family of reasons."""

    name: str
    price: float
    share: float
    units: float
    complaints: float
    family: str


PRODUCTS = (
    Product("Aroma One", 189, 0.12, 1.00, 0.095, "espresso"),
    Product("Aroma Mini", 99, 0.10, 1.02, 0.085, "espresso"),
    Product("Barista Pro", 449, 0.04, 1.00, 0.090, "espresso"),
    Product("Grind Master", 129, 0.05, 1.00, 0.075, "gear"),
    Product("Milk Cloud", 59, 0.05, 1.05, 0.070, "gear"),
    Product("Brew Jug", 39, 0.06, 1.10, 0.050, "gear"),
    Product("Travel Press", 25, 0.06, 1.15, 0.040, "gear"),
    Product("House Beans", 14, 0.18, 1.70, 0.028, "coffee"),
    Product("Dark Beans", 15, 0.11, 1.60, 0.028, "coffee"),
    Product("Decaf Beans", 15, 0.06, 1.50, 0.030, "coffee"),
    Product("Capsule Box", 19, 0.12, 1.90, 0.032, "coffee"),
    Product("Care Kit", 12, 0.05, 1.20, 0.035, "coffee"),
)
NAMES = tuple(product.name for product in PRODUCTS)
SHARES: Floats = np.array([product.share for product in PRODUCTS])
UNITS: Floats = np.array([product.units for product in PRODUCTS])
PRICES: Floats = np.array([product.price for product in PRODUCTS])
COMPLAINTS: Floats = np.array([product.complaints for product in PRODUCTS])
QUESTIONS: Floats = 0.075 + 1.65 * COMPLAINTS
"""Contacts that are no complaint, per unit sold."""

CHANNELS = ("web", "app", "store", "phone", "chat")
ORDER_CHANNELS = (0.38, 0.24, 0.32, 0.04, 0.02)
CONTACT_CHANNELS = (0.17, 0.13, 0.07, 0.31, 0.32)
REPLY_MINUTES: Floats = np.array([70.0, 60.0, 45.0, 32.0, 35.0])
"""Median time to the first human reply, by channel, on a calm day."""

SEGMENTS = ("Home", "Family", "Office", "Student")
SEGMENT_SHARES = (0.42, 0.27, 0.17, 0.14)
REGIONS = ("North", "East", "South", "West")
REGION_SHARES = (0.32, 0.22, 0.25, 0.21)
COMPETITORS = ("Bluewave Coffee", "Kaffeon", "Mokka & Sons")

REASONS = (
    "leaks", "stopped working", "hard to set up", "missing parts", "damaged in transit", "late delivery",
    "wrong item", "taste", "refund delayed", "billing error", "app trouble",
)  # fmt: skip
REASON_SHARES: dict[str, Floats] = {
    "espresso": np.array([22, 16, 9, 7, 11, 13, 3, 0, 8, 6, 5]) / 100,
    "gear": np.array([3, 22, 9, 11, 15, 15, 6, 0, 9, 6, 4]) / 100,
    "coffee": np.array([0, 0, 0, 2, 17, 29, 15, 14, 9, 9, 5]) / 100,
}
SHARES_OF_REASONS: Floats = np.array([REASON_SHARES[product.family] for product in PRODUCTS])
"""What complaints about each product are about (products x reasons)."""

QUESTIONS_ASKED = ("where is my order", "how to use", "change an order", "warranty", "account")
QUESTION_SHARES = (0.34, 0.28, 0.16, 0.12, 0.10)
ASKED_ABOUT = (*REASONS, *QUESTIONS_ASKED)
"""Every reason of a contact: those of complaints first, then those of questions."""

LEAVING = ("too expensive", "product problem", "moved to a competitor", "no longer needed", "slow support")
LEAVING_SHARES = (0.26, 0.22, 0.19, 0.20, 0.13)

SAID_OF: dict[str, tuple[tuple[str, str], ...]] = {
    "leaks": (("My ", " leaks from the bottom every morning."), ("Water all over the counter, the ", " drips and drips."),
              ("Second week and the ", " is leaking around the tank. I need a replacement.")),
    "stopped working": (("The ", " just died after a few days."), ("My ", " does not switch on any more.")),
    "hard to set up": (("I cannot get the ", " going, the guide skips steps."), ("Setting up the ", " took a whole evening.")),
    "missing parts": (("The box of my ", " came without the lid."), ("Parts of the ", " were missing.")),
    "damaged in transit": (("The ", " arrived dented and the box was torn."), ("My ", " came broken.")),
    "late delivery": (("Still waiting for my ", ", it was promised for last week."), ("The ", " came five days late.")),
    "wrong item": (("I ordered the ", " and got something else."), ("Not the ", " that I paid for.")),
    "taste": (("The ", " tastes stale this time."), ("This batch of ", " is bitter.")),
    "refund delayed": (("I sent the ", " back weeks ago and have no refund."), ("Where is my money for the ", "?")),
    "billing error": (("I was charged twice for the ", "."), ("The invoice for the ", " is wrong.")),
    "app trouble": (("The app crashed when I paid for the ", "."), ("The app does not find my ", ".")),
}  # fmt: skip
PRAISE = (
    ("Love the ", ", worth every cent."),
    ("The ", " makes my morning."),
    ("Quick delivery and the ", " is just right."),
    ("The help desk sorted out my ", " in minutes."),
)
SHRUGS = (
    ("The ", " is fine, nothing special."),
    ("The ", " does its job. I wish it came with a clearer guide."),
    ("Decent ", " for the price."),
)
GRUMBLES = (
    ("Expected more of the ", "."),
    ("The ", " is not what the advertisement promised."),
    ("Would not buy the ", " again."),
)
