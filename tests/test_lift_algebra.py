"""Campaigns that meet are solved in few numbers: the same as the plain formula for every pair of a campaign and a cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cx import lift
from cx.lift.knots import Knot
from cx.lift.settings import AFTER_SD, CELL_SD, EFFECT_SD
from tests.test_lift import DAYS, ROWS, boosted, campaign, names, table, usual

MET = (campaign("a", 100, 20), campaign("b", 110, 20, ("p01", "p02")), campaign("c", 112, 3, ("p00", "p02")))
TWICE = (campaign("a"), campaign("b"))
CHAIN = tuple(campaign(str(n), 60 + 9 * n, 7, ()) for n in range(12))


def solved(*rows: Any) -> list[Knot]:
    units = boosted(usual(), [0, 1], 110, 10, 1.5)
    return lift.study(DAYS, names(len(units)), units, table(*rows)).knots


def plain(knot: Knot, only: Any) -> tuple[Any, Any]:
    """Mean and covariance of these pairs, by the textbook."""
    effect_of, cell_of = knot.effect_of[only], knot.cell_of[only]
    sd = np.array([AFTER_SD if knot.effects[each][1] else EFFECT_SD for each in effect_of])
    prior = (effect_of[:, None] == effect_of) * sd**2 + np.eye(len(sd)) * CELL_SD**2
    design = (cell_of == np.arange(len(knot.error))[:, None]).astype(float)
    gain = prior @ design.T @ np.linalg.inv(design @ prior @ design.T + knot.error)
    seen = np.concatenate([fit.effect for fit in knot.fits])
    return gain @ seen, prior - gain @ design @ prior


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(ROWS[:1], id="one alone"),
        pytest.param(MET, id="some products shared"),
        pytest.param(TWICE, id="not to be told apart"),
        pytest.param(CHAIN, id="each in the aftermath of the last"),
    ],
)
def test_pairs_are_solved_as_by_the_textbook(rows: tuple[Any, ...]) -> None:
    for knot in solved(*rows):
        mean, cov = plain(knot, np.ones(len(knot.sold), bool))
        assert knot.mean == pytest.approx(mean, rel=1e-9, abs=1e-12)
        shares = (knot.effect_of == np.arange(len(knot.effects))[:, None]) * knot.weights
        assert shares.sum(1) == pytest.approx(1)
        assert knot.cov == pytest.approx(shares @ cov @ shares.T, rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("rows", [MET, TWICE, CHAIN])
def test_alone_is_as_if_no_other_campaign_were_there(rows: tuple[Any, ...]) -> None:
    for knot in solved(*rows):
        for number in {each for each, _ in knot.effects}:
            mine = np.array([knot.effects[each][0] == number for each in knot.effect_of])
            during = knot.effect_of[mine] == knot.place[number, False]
            _, cov = plain(knot, mine)
            assert knot.alone(number) == pytest.approx(np.diag(cov)[during], rel=1e-8)
