"""Least squares without negative parts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def nonnegative(parts: Floats, wanted: Floats) -> NDArray[np.float64]:
    """The sizes, none below 0, at which these parts (a column each) add up nearest to what is wanted."""
    from scipy.optimize import nnls  # only here: the server starts half a second sooner without it

    sizes: NDArray[np.float64] = nnls(parts, wanted)[0]
    return sizes
