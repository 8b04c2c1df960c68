"""How the figures of a card are computed, where that is more than the formula of a measure: sentences (Markdown)."""

from __future__ import annotations

from cx.questions.actions import LEAST_DAYS, MOST_DAYS
from cx.questions.coverage import RECENT_DAYS
from cx.questions.touchpoints import TOP
from cx.questions.waiting import REPLY_DAYS, USUAL_WEEKS
from cx.words import number, t


def movers() -> list[str]:
    """How a change is split."""
    return [
        t("**Own rate**: the group's own change, at its mean share of the volume of both weeks. **Share of volume**: the change of its share, "
          "times how far the group lies from the whole. All parts add up to the change."),
        t("Coloured where the group's own change is more than normal variation."),
    ]  # fmt: skip


def reasons() -> list[str]:
    """How complaints are counted by reason."""
    return [
        t(
            "Complaints by the reason that they name: in the week, in the week before, and in each of twelve weeks."
        )
    ]


def today() -> list[str]:
    """How the day that runs is set beside usual days."""
    return [
        t("**Usual**: the mean of the same weekday over {weeks} weeks, hour by hour; the band holds the middle 80 % of them.", weeks=number(USUAL_WEEKS)),
        t("**Waiting**: contacts for a human that have no reply or no solution yet, where their source tells replies."),
        t("**Reply**: the median over {days} days, beside the {days} days before; contacts that still wait are not in it.", days=number(REPLY_DAYS)),
    ]  # fmt: skip


def compared() -> list[str]:
    """How a gap to others is computed."""
    return [
        t("**Gap**: ours less theirs over the same days, with a 95 % interval made of both. Ahead or behind only where it leaves out 0."),
        t("A published figure is compared where its method begins like ours, it is of our industry, and our data cover its period. Its interval is "
          "its margin, or the widest that its number of answers can leave."),
        t("**Industry**: the mean of the others in the same period, each counting alike, without us."),
    ]  # fmt: skip


def journey() -> list[str]:
    """How journeys are counted."""
    return [
        t("A customer counts once, with the best of the attempts that they began in the period; stages are reached in their order, within the window. "
          "Attempts whose window still runs are counted apart."),
    ]  # fmt: skip


def at_stake() -> list[str]:
    """What is at stake in a gap to the ideal."""
    return [
        t("**Gap**: today's figure less the ideal one; coloured where its 95 % interval leaves the ideal out."),
        t("**At stake**: the customers who would have gone on if as many did as the ideal says, times the revenue by which those who go on differ from those "
          "who do not. The range is made of both intervals. It goes along with going on; that going on would bring it is not shown."),
    ]  # fmt: skip


def touchpoints() -> list[str]:
    """How touchpoints are judged."""
    return [
        t("A touchpoint is set against all others of its stage together, in satisfaction or else in sentiment; unhappy where it is worse by more than chance."),
        t("Up to {n} reasons and goals are told: contacts made there, and those made elsewhere by customers who were last here in the 7 days before.", n=number(TOP)),
    ]  # fmt: skip


def pains() -> list[str]:
    """How pain points are counted."""
    return [t("Contacts and complaints made at the stage, and those made elsewhere by customers who were last here in the 7 days before; beside the equally long period before.")]  # fmt: skip


def ways() -> list[str]:
    """How ways are counted."""
    return [t("A visit is a customer's interactions without a pause longer than the journey allows; a way is the order of its stages, where a stage counts once until another follows.")]  # fmt: skip


def rated() -> list[str]:
    """How what followed a rating is counted."""
    return [
        t("A customer counts once, with the first rating of the period; revenue at stake takes the latest. Ratings whose days have not passed are left out."),
        t("**Apart**: the best group less the worst, by Newcombe's interval. It goes with the rating; that the rating caused it is not shown."),
    ]  # fmt: skip


def effects() -> list[str]:
    """How the effect of an action is judged."""
    return [
        t("The measure after the action was finished, beside as many days before it started: {least} to {most} days each. The change is told beyond that of the "
          "same weeks a year before, or of the other channels where the data do not reach that far.", least=number(LEAST_DAYS), most=number(MOST_DAYS)),
    ]  # fmt: skip


def delivered() -> list[str]:
    """How volume and gaps are judged."""
    return [
        t("**Volume**: the rows of the last {days} days beside the same weekdays before; coloured where 99 of 100 such spans would lie nearer.", days=number(RECENT_DAYS)),
        t("**Missing**: days without a row on a weekday that usually has some, where so many were to be expected that chance does not explain it."),
    ]  # fmt: skip
