"""The constants of the lift and of the excess, each with its meaning."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]

AFTERMATH = 10
"""Days after its end through which a campaign may still be felt: people have stocked up."""
YOUNG = 80
"""A product on sale for fewer days than this is no control."""
WINDOW = 60
"""Days on each side of a campaign from which its counterfactual is learned."""
FEW_DAYS = 28
"""With fewer free days than this in the window before a campaign its lift is told with a note."""
LEAST_DAYS = 14
"""With fewer free days than this nothing is said of a group."""
HOLIDAY = 7
"""The type of day of a holiday; the others are Monday, 0, to Sunday, 6."""
EARLY = frozenset({"not started", "running", "aftermath open", "too few days"})
"""Notes under which a lift is not known to its end."""
TAIL_DAYS = 14
"""Days after its end through which complaints are laid to a campaign."""
# The counterfactual

HALF_LIFE = 28.0
"""Days after which a free day weighs half in the level of a product."""
NEAR, SLOW = 7.0, 60.0
"""Half-lives, in days, of the quick and the slow part of how sales wander."""
CONTROL_SD, TREND_SD, TYPE_SD = 0.3, 0.3, 0.1
"""How far, in logs, the pull of the controls, the trend over 60 days and a type of day may lie from what is usual."""
FIRST_GUESS = np.array([0.01, 0.003, 0.01, 0.01, 0.02, 1.0])
"""Variances from which learning starts: quick and slow wandering (own by size, shared), daily scatter, counting."""
LEARNED_FROM = 30
"""Cases from which these variances are learned."""
UNKNOWN = 10.0
"""The variance of an effect, in logs, of which nothing is known."""

# Campaigns solved together

EFFECT_SD, AFTER_SD, CELL_SD = 1.0, 0.15, 0.1
"""How far, in logs, a campaign's effect, its aftermath, and one cell's own departure from them may lie from none."""
APART, TELLING = 4.0, 0.15
"""Campaigns cannot be told apart where an effect's deviation is above TELLING and its variance more than APART times what it would
be alone."""

# Stretches without a campaign

PLACEBOS, TURNS, LEAST_PLACEBOS = 240, 40, 39
"""Stretches that are tried, tries for each campaign, and the fewest from which a 95 % quantile can be read."""

# Complaints

RATE_HALF = 60.0
"""Days after which a day weighs half in the rate of complaints."""
SURGING = 0.05
"""The weight of a day within a campaign's reach, or within a surge, in that rate."""
UNUSUAL, CLEAR = 2.5, 6.0
"""Standard deviations of a week from which it weighs as a surge, and from which it is cut where it must teach nothing."""
SETTLING = 7
"""Days after a campaign's reach that teach nothing of its usual rate either."""
WINDOWS = 400
"""Stretches without a campaign from which the excess learns how far it errs."""
