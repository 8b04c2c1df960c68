"""The constants of the detector, each with its meaning. None is tuned to a data set."""

from __future__ import annotations

from datetime import date
from math import log
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Day: TypeAlias = date | pd.Timestamp
LAG_MEANS = (0.5, 2.0, 4.0, 7.0, 10.0, 14.0, 20.0)
"""The mean days from sale to complaint that are tried for a reason."""
ELASTICITIES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""How strongly complaints follow units: 1 in step with them, 0 not at all."""
LAG_DAYS = 64
"""Units sold longer ago than this bear no complaint."""
EVEN_DAYS = 14
"""Until a lag has been learned the units of this many days count alike."""
BLOCK_DAYS = 56
"""A lag is learned from how complaints fall within blocks of eight weeks: slower changes teach nothing about it."""
LEARNING_BLOCKS, LEARNING_COMPLAINTS, LEARNING_GAIN = 2, 300, 2.0
"""With fewer blocks or complaints, or if no lag explains more than the even days (in nats), a reason has none of its own."""
FIRST_LEARNING, RELEARN_DAYS = 14, 91
"""Days of data at the first learning; it is repeated as they double, and from then on every quarter."""
LEAST_SELLING_DAYS = 42
"""A younger product is in its launch: it is not scored and teaches no lag."""
STOP_DAYS = 14
"""The baseline ends this long before the day that is judged, so that a surge does not feed it; also the longest window."""
HALF_LIFE, SPREAD_HALF_LIFE = 60.0, 180.0
"""Days after which a day weighs half: in the rate, and in how widely counts scatter around it."""
SURGE_WEIGHT, SURGE_CAP, SURGE_MEMORY = 0.25, 28, 84
"""The weight of a surging day in the baseline, for at most so many days in so many: what lasts longer is the new normal."""
WEEK = 7
MULTIPLE = 2.0
"""The surge that is looked for: complaints at twice the expected rate."""
MULTIPLE_OF_ALL, PACE_HALF_LIFE = 1.5, 21.0
"""Of a whole reason less is looked for, but held against a shorter past: seasons move all of its products alike."""
SLOW, SLOW_OF_ALL = 0.6, 5.0
"""How much of the slow scatter counts on each day; in the many complaints of a whole reason it is all the scatter there is."""
SHRINK = 30.0
"""The complaints by which the factor of a whole reason is drawn to one."""
YEARS = 10.0
"""One false alarm in so many years of a series is accepted."""
LEAST_EVIDENCE, MOST_EVIDENCE = 3.0, log(365.25 * YEARS)
"""An alarm needs evidence, in nats, between these: the more, the larger the counts."""
TYPICAL_SPREAD = 0.2
"""The squared relative scatter of daily counts beyond Poisson that weights are chosen for."""
LEAST_FACTOR = 0.6
"""What the other products lack lowers the expectation of one by no more than this."""
CUT = 3.5
"""Beyond so many standard deviations a count teaches no more about scatter: it may be a surge that no one saw."""
EVERY = ""
"""The name of the product that stands for all of them."""
SUNDAY, MONDAY = 6, 0
