"""What the figures of campaigns rest on: what was assumed of one of them, and how each figure is computed, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from math import isnan

from cx import words
from cx.kpis import EXPOSURE_DAYS
from cx.lift import AFTERMATH, FEW_DAYS, TAIL_DAYS, WINDOW
from cx.questions.campaigns import League, Result
from cx.questions.carrying import BEFORE_DAYS, RATED_DAYS
from cx.questions.converting import AROUND_DAYS, WITHIN_DAYS
from cx.reference import Costs
from cx.telling.values import plain_text
from cx.words import enumeration, number, t, tn

MOST = 8
"""Reasons whose lag is told."""


def assumed(result: Result, lags: Mapping[str, float]) -> list[str]:
    """What was assumed of one campaign: controls, days left out, lags, until when complaints count, and whom it met."""
    units, campaign = result.lifts["units"], result.campaign
    until = words.day(campaign.ends_on + timedelta(days=TAIL_DAYS), year=True)
    told = [
        _controls(int(units["controls"])),
        _left_out(int(units["left_out"])),
        _lags([reason for reason in result.reasons["reason"] if reason in lags][:MOST], lags),
        t("Complaints are laid to it from its start to {day}.", day=until),
        _widened(result),
        t("It met {campaigns} on its days; what all of them did together was shared out among them.",
          campaigns=enumeration([plain_text(name) for name in result.met])) if result.met else "",
    ]  # fmt: skip
    return [sentence for sentence in told if sentence]


def _controls(controls: int) -> str:
    if not controls:
        return t(
            "No other product was free of campaigns on its days, so its own days before and after are all that it is judged by."
        )
    return tn("Its sales are judged by its own days before and after, and by {n} other product without a campaign on the same days.",
              "Its sales are judged by its own days before and after, and by {n} other products without a campaign on the same days.", controls)  # fmt: skip


def _left_out(left_out: int) -> str:
    if not left_out:
        return t("No day is left out.")
    return tn("{n} day of a product is left out because its stock ran out.",
              "{n} days of products are left out because their stock ran out.", left_out)  # fmt: skip


def _lags(reasons: Sequence[str], lags: Mapping[str, float]) -> str:
    """Reasons of one lag are told together, the soonest first."""
    follow = sorted({lags[reason] for reason in reasons if not isnan(lags[reason])})
    each = [
        tn("within {n} day for {reasons}", "within {n} days for {reasons}", round(lag + 0.5), reasons=_named(reasons, lags, lag))
        for lag in follow
    ]  # fmt: skip
    alone = [reason for reason in reasons if isnan(lags[reason])]
    told = t("Half of the complaints that follow a sale come {each}, as learned from your own data.", each=enumeration(each)) if each else ""  # fmt: skip
    apart = t("Complaints about {reasons} do not follow the units sold.", reasons=_enumerated(alone)) if alone else ""  # fmt: skip
    return f"{told} {apart}".strip()


def _named(reasons: Sequence[str], lags: Mapping[str, float], lag: float) -> str:
    return _enumerated([reason for reason in reasons if lags[reason] == lag])


def _enumerated(reasons: Sequence[str]) -> str:
    return enumeration([plain_text(reason or t("Not stated")) for reason in reasons])


def _widened(result: Result) -> str:
    told = result.conversion
    if told is None or not told.judged_by:
        return ""
    return tn("{n} stretch without campaign says how far conversion strays by itself: its variance is {times} times that of counting alone.",
              "{n} stretches without campaign say how far conversion strays by itself: its variance is {times} times that of counting alone.",
              told.judged_by, times=number(told.widened, 1))  # fmt: skip


def of_league(told: League, costs: Costs) -> list[str]:
    """How the columns of the league are computed."""
    return [
        t("**Lift** of units, orders, revenue and sign-ups: what was counted less what would have come without the campaign. The latter "
          "follows the products' own days without campaign (up to {window} on each side), two indices of products without campaign, and "
          "the type of day. The interval is as wide as the errors made in the same way where no campaign was.", window=number(WINDOW)),
        t("A campaign may be felt for {n} days after its end; they are no base for others. With fewer than {few} days before it, the lift "
          "is told with a note.", n=number(AFTERMATH), few=number(FEW_DAYS)),
        t("**Conversion**: journeys that began on its products on its days and reached an order within {within} days (or within the "
          "journey's window, where that is shorter), less the share expected by the journeys of the same products and weekdays in the "
          "{around} days before and after, without days of any campaign for them. Newcombe's interval, widened by how far stretches "
          "without campaign strayed. Younger journeys are not counted.", within=number(WITHIN_DAYS), around=number(AROUND_DAYS)),
        t("**Excess complaints**: complaints from its start to {n} days after its end, less those that the units sold explain by the "
          "learned lag of each reason and the rate of the days around.", n=number(TAIL_DAYS)),
        t("**Net result**: revenue gained × {margin} − excess complaints × ({contact} for a contact + {refund} × the price of a unit) − "
          "cost. The ranges add up as if both ends came together: wider than 95 %, never narrower.",
          margin=number(costs.margin, 2), contact=number(costs.contact, 2), refund=number(costs.refund_rate, 2)),
        t("**Verdict**: more orders where the interval of units lies above 0, worse product where that of the excess does. While a campaign "
          "runs or may still be felt, only an excess beyond doubt is told. The intervals are widened for it by the number of campaigns, so that "
          "all verdicts hold together at 95 %."),
    ]  # fmt: skip


def of_campaign() -> list[str]:
    """How the figures of one campaign opened are computed."""
    return [
        t("**Complaints per 1,000 units**: complaints against the units sold over the {n} days before, evenly, as on every page; the exact "
          "Poisson interval.", n=number(EXPOSURE_DAYS)),
        t("**Before, during, after**: the campaign's products; measures and intervals as on the weekly health page. Units, orders and "
          "revenue are sums divided by days and have no interval of their own: their lift stands above."),
        t("**Segments**: shares of orders with Wilson's interval, now and in the {n} days before it.", n=number(BEFORE_DAYS)),
        t("**Channels**: visits, sign-ups, orders and revenue of interactions that carry the campaign's id; an order that "
          "came by two channels counts at both."),
        t("**Ratings of buyers**: each customer's scores from the order on, for {n} days. A difference is real where the interval made of "
          "both (MOVER) leaves out 0.", n=number(RATED_DAYS)),
        t("**Ordered again**: customers whose first order fell on its days, of those for whom so many days are over; the others are too "
          "young."),
    ]  # fmt: skip


def of_lines() -> list[str]:
    """How the lines of campaigns beside each other are computed."""
    return [
        t("**Units**: all units sold since the start, beyond those expected without the campaign, in percent of these. The range adds up "
          "the days' ranges as if all of them erred together: never too narrow. Days after the end count too, so a line falls once a "
          "campaign is over."),
        t("**Complaints per 1,000 units**: all complaints since the start, against the units exposed on the same days; the exact Poisson "
          "interval."),
    ]  # fmt: skip
