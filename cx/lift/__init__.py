"""What a campaign really brought: the units beyond what would have been sold without it, with an honest interval.

Without it: a group's log units follow its own past and future days without campaign (a Gaussian process whose parts
are learned from all groups), two indices of products without campaign, and the type of day. With it: what each cell of
one group and one set of active campaigns sold beyond that is shared out among those campaigns and the aftermath of
earlier ones, all at once. Every interval is as wide as the errors made where no campaign was.

    settings   the constants                       placebos   stretches without a campaign
    panels     units by product and day            studies    all campaigns of one outcome
    cases      a group around a stretch of days    lifted     each campaign's lift with its interval
    fitting    its counterfactual                  without    day by day, as if there had been none
    knots      campaigns that meet, solved at once

    flows      units that complaints can come from
    rates      complaints that the units explain   beyond     the excess of each campaign
    verdicts   what may be said                    memory     answers kept while their inputs stay
"""

from __future__ import annotations

from cx.lift.beyond import excess
from cx.lift.flows import Lags, exposure, lags
from cx.lift.lifted import lifts
from cx.lift.memory import Memory
from cx.lift.settings import AFTERMATH, EARLY, FEW_DAYS, TAIL_DAYS, WINDOW
from cx.lift.studies import Study, study
from cx.lift.verdicts import Verdict, verdict
from cx.lift.without import counterfactual

__all__ = [
    "AFTERMATH",
    "EARLY",
    "FEW_DAYS",
    "TAIL_DAYS",
    "WINDOW",
    "Lags",
    "Memory",
    "Study",
    "Verdict",
    "counterfactual",
    "excess",
    "exposure",
    "lags",
    "lifts",
    "study",
    "verdict",
]
