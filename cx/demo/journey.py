"""The way to an order and after it: visits, sign-ups, deliveries, returns, surveys, reviews, and leaving."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cx.demo.company import (
    CHANNELS,
    COMPETITORS,
    LEAVING,
    LEAVING_SHARES,
    PRODUCTS,
    REASONS,
    Flags,
    Floats,
    Ints,
)
from cx.demo.market import carried_home
from cx.demo.rows import ces, csat, feeling, known, nps, of_lines, reasons, where, words
from cx.demo.story import Story

_ONLINE = [CHANNELS.index("web"), CHANNELS.index("app")]
_STOPPED_A_BUYER = 7.0
"""Tracked journeys that end before an order, for each that reaches one."""
_REACHES = (0.58, 0.57)
"""Of the journeys that end early: how many research, and how many of those compare."""
_COMPETITOR_MOODS = (1.7, 0.9, 1.2)


def visits(lines: pd.DataFrame, tracked: Flags, rng: np.random.Generator) -> pd.DataFrame:
    """Journeys that ended in an order and journeys that did not, and the visits of those who come back."""
    bought = lines[tracked]
    before = bought["at"].to_numpy() - rng.exponential(0.4, len(bought)) - 0.01
    online = lines[lines["channel"].isin(_ONLINE)]
    stopped = online.sample(int(_STOPPED_A_BUYER * len(bought)), replace=True, random_state=rng)
    other = online["customer"].sample(len(stopped), replace=True, random_state=rng).to_numpy()
    stopped = stopped.assign(order=-1, customer=np.where(rng.random(len(stopped)) < 0.75, other, -1))
    depth = _depth(len(stopped), rng)
    loyal = lines.sample(frac=0.04, random_state=rng).assign(order=-1)
    back = loyal["at"].to_numpy() + rng.gamma(2, 8, len(loyal))
    account = of_lines("visit", loyal, back, stage="loyalty", touchpoint="account", goal="manage account",
                       goal_reached=(rng.random(len(loyal)) < 0.9).astype(float))  # fmt: skip
    parts = [*_path(bought, before, np.full(len(bought), 2), True, rng),
             *_path(stopped, stopped["at"].to_numpy() - rng.random(len(stopped)), depth, False, rng), account]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _depth(n: int, rng: np.random.Generator) -> Ints:
    """How far each journey that ends early gets: 0 discover, 1 research, 2 compare."""
    research = rng.random(n) < _REACHES[0]
    return research.astype(np.int64) + (research & (rng.random(n) < _REACHES[1]))


def _path(lines: pd.DataFrame, last: Floats, depth: Ints, buys: bool,
          rng: np.random.Generator) -> list[pd.DataFrame]:  # fmt: skip
    """The visits of each journey, from its last back to its first."""
    steps = []
    at = last
    lines = lines.assign(order=-1)
    for stage, touchpoint, goal, reached, days in _STAGES:
        here = depth >= _STAGE_LEVEL[stage]
        found = rng.random(len(lines)) < (0.96 if buys else reached)
        asked = here & (rng.random(len(lines)) < 0.8)
        rows = of_lines("visit", lines[here], at[here], stage=stage, touchpoint=touchpoint,
                        goal=where(asked, goal)[here], goal_reached=known(found, asked)[here])  # fmt: skip
        steps.append(rows)
        at = np.where(here, at - 0.002 - rng.exponential(days, len(lines)), at)
    return steps


_STAGES = (
    ("compare", "comparison", "compare", 0.66, 0.8),
    ("research", "product page", "find", 0.68, 1.2),
    ("discover", "advertisement", "look around", 0.75, 1.0),
)
_STAGE_LEVEL = {"discover": 0, "research": 1, "compare": 2}


def tracked_journeys(lines: pd.DataFrame, rng: np.random.Generator) -> Flags:
    """The online orders whose way there was seen from the first visit: many first ones, few later ones."""
    seen = rng.random(len(lines)) < np.where(lines["first"], 0.42, 0.011)
    once = ~lines["order"].duplicated().to_numpy()
    return np.asarray(lines["channel"].isin(_ONLINE).to_numpy() & seen & once)


def signups(lines: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Most new customers leave their details some days before their first order."""
    new = lines[lines["first"] & (rng.random(len(lines)) < 0.65)].assign(order=-1)
    at = new["at"].to_numpy() - rng.exponential(1.5, len(new)) - 0.003
    return of_lines("signup", new, at, stage="research", touchpoint="account form")


def sales(lines: pd.DataFrame) -> pd.DataFrame:
    """Every order line as a row."""
    paid = {name: lines[name].to_numpy() for name in ("units", "amount", "referred")}
    rows = of_lines("order", lines, lines["at"].to_numpy(), stage="purchase", touchpoint="checkout", **paid)
    return rows.astype({"referred": float})


def deliveries(lines: pd.DataFrame, tracked: Flags, rng: np.random.Generator) -> pd.DataFrame:
    """What the courier confirms: every tracked journey's parcel, and a share of the others."""
    seen = tracked | (~lines["order"].duplicated().to_numpy() & (rng.random(len(lines)) < 0.22))
    sent = lines[seen & ~carried_home(lines)]
    at = sent["at"].to_numpy() + 0.3 + rng.gamma(4, 0.45, len(sent))
    return of_lines("delivery", sent, at, stage="deliver", touchpoint="courier")


def returns(lines: pd.DataFrame, told: Story, rng: np.random.Generator) -> pd.DataFrame:
    """Goods that came back: more machines than coffee, and more of the faulty batch."""
    machine = np.array([product.price >= 50 for product in PRODUCTS])[lines["product"].to_numpy()]
    rate = np.where(machine, 0.05, 0.016) + 0.09 * faulty(lines, lines["at"].to_numpy(), told)
    back = lines[rng.random(len(lines)) < rate]
    at = back["at"].to_numpy() + 1.5 + rng.gamma(3, 3.0, len(back))
    usual = np.array(REASONS, dtype=object)[reasons(back["product"].to_numpy(), rng)]
    reason = np.where(faulty(back, at, told), told.defect.reason, usual)
    return of_lines("return", back, at, stage="support", touchpoint="returns desk", reason=reason,
                    units=back["units"].to_numpy(), amount=back["amount"].to_numpy())  # fmt: skip


def faulty(lines: pd.DataFrame, at: Floats, told: Story) -> Flags:
    """Units of the faulty batch, seen at a time when the defect had come out."""
    product, batch = told.batch
    sold = (lines["product"] == product) & (lines["at"] >= batch)
    return np.asarray(sold.to_numpy() & (at >= told.calendar.day(told.defect.began)))


def delivery_surveys(
    parcels: pd.DataFrame, lived: pd.DataFrame, told: Story, rng: np.random.Generator
) -> pd.DataFrame:
    """Some are asked a day after the parcel what they expected and what they got."""
    asked = parcels[rng.random(len(parcels)) < 0.5]
    at = asked["at"].to_numpy() + 0.5 + rng.random(len(asked))
    answered, rated = _answers(at, 0.5, rng)
    bad = faulty(asked, at, told)
    mood = 1.75 + 0.4 * _warmth(asked, lived) - 1.9 * bad
    score = known(csat(mood, rng), answered)
    hoped = known(np.clip(np.rint(4.1 + rng.normal(0, 0.7, len(at))), 1, 5), answered)
    ease = known(ces(np.asarray(5.6 - 1.2 * bad), rng), answered & (rng.random(len(at)) < 0.5))
    rows = of_lines("survey", asked, at, stage="deliver", touchpoint="delivery survey", asked=1.0, csat=score,
                    ces=ease, expectation=hoped, rated=rated)  # fmt: skip
    return _comment(rows, score, 0.35, rng)


def loyalty_surveys(
    lines: pd.DataFrame, lived: pd.DataFrame, told: Story, rng: np.random.Generator
) -> pd.DataFrame:
    """Some are asked, a week or two after an order, whether they would recommend the company."""
    asked = lines[rng.random(len(lines)) < 0.245]
    at = asked["at"].to_numpy() + 6 + rng.gamma(2, 3, len(asked))
    answered, rated = _answers(at, 0.49, rng)
    score = known(nps(8.15 + 0.75 * _warmth(asked, lived) - 1.5 * faulty(asked, at, told), rng), answered)
    rows = of_lines(
        "survey", asked, at, stage="loyalty", touchpoint="mail survey", asked=1.0, nps=score, rated=rated
    )
    return _comment(rows, np.where(np.isnan(score), np.nan, np.clip(score / 2, 1, 5)), 0.3, rng)


def reviews(lines: pd.DataFrame, lived: pd.DataFrame, told: Story, rng: np.random.Generator) -> pd.DataFrame:
    """What customers write in public, of us and, elsewhere, of three competitors."""
    ours = lines[rng.random(len(lines)) < 0.026]
    at = ours["at"].to_numpy() + 3 + rng.gamma(2, 4, len(ours))
    mood = 1.5 + 0.5 * _warmth(ours, lived) - 2.4 * faulty(ours, at, told)
    parts = [_review(of_lines("review", ours, at, brand="ours"), mood, rng)]
    for name, liked in zip(COMPETITORS, _COMPETITOR_MOODS, strict=True):
        theirs = lines[rng.random(len(lines)) < 0.009]
        theirs = theirs.assign(customer=-1, product=-1, campaign=-1, order=-1)
        rows = of_lines("review", theirs, theirs["at"].to_numpy() + rng.random(len(theirs)), brand=name)
        parts.append(_review(rows, np.full(len(rows), liked), rng))
    return pd.concat(parts, ignore_index=True)


def _review(rows: pd.DataFrame, mood: Floats, rng: np.random.Generator) -> pd.DataFrame:
    score = csat(mood, rng).astype(float)
    rows = rows.assign(stage="loyalty", touchpoint="review site", csat=score, channel=CHANNELS.index("web"))
    return _comment(rows, score, 0.85, rng)


def cancels(lived: pd.DataFrame, lines: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Some of those who leave say so, and why."""
    last = lines.drop_duplicates("customer", keep="last").assign(order=-1, campaign=-1)
    left = lived["left"].to_numpy()[last["customer"].to_numpy()]
    says = rng.random(len(last)) < 0.3
    why = np.array(LEAVING, dtype=object)[rng.choice(len(LEAVING), int(says.sum()), p=LEAVING_SHARES)]
    rows = of_lines("cancel", last[says], left[says], stage="loyalty", touchpoint="account", reason=why)
    return rows.assign(product=-1)


def _answers(at: Floats, rate: float, rng: np.random.Generator) -> tuple[Flags, Floats]:
    """Who answers a survey, and when."""
    answered = rng.random(len(at)) < rate
    return answered, known(at + rng.exponential(0.4, len(at)), answered)


def _warmth(rows: pd.DataFrame, lived: pd.DataFrame) -> Floats:
    return np.asarray(lived["warmth"].to_numpy()[rows["customer"].to_numpy()])


def _comment(rows: pd.DataFrame, score: Floats, share: float, rng: np.random.Generator) -> pd.DataFrame:
    """Words for some of the answers, and their sentiment for most of the words."""
    wrote = known(score, rng.random(len(rows)) < share)
    scored = known(wrote, rng.random(len(rows)) < 0.94)
    return rows.assign(
        text=words(wrote, rows["product"].to_numpy(), None, rng), sentiment=feeling(scored, rng)
    )
