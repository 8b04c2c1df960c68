"""The company's own journey: its stages, their order, and the times that tell one attempt, one visit, one loss from the next.

data/reference/journey.toml says it; where there is none, the seven stages of `DEFAULT` stand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from cx.errors import CxError, UnknownName
from cx.model import KINDS
from cx.words import t

MOST_STAGES = 12
"""Stages that a journey may have: the rollups hold a column for each."""

LONGEST_DAYS = 3660

LEFT, OPEN = "left", "open"
"""Where a way through the journey ends that is no stage: the customer did nothing more, or may yet."""


class BadJourney(CxError):
    """A journey that cannot be: says what is wrong with it and what to do."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. `optional`: a customer may pass on without it. `kinds`: rows of these kinds that name no stage are here."""

    id: str
    name: str = ""
    optional: bool = False
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Journey:
    """The stages in their order, and the days that its figures are counted in.

    window_days: an attempt must reach a stage within this time of its start. pause_days: after so long without
    anything a customer's next step begins another visit to the journey. repeat_days: within so long after the first
    order a second one is a repeat purchase. risk_days, lost_days: a customer without an order for so long is at risk,
    is lost.
    """

    stages: tuple[Stage, ...]
    window_days: int = 30
    pause_days: int = 14
    repeat_days: int = 180
    risk_days: int = 90
    lost_days: int = 180

    def __post_init__(self) -> None:
        """Raise BadJourney where the stages or the days make no journey."""
        ids = [stage.id for stage in self.stages]
        kinds = [kind for stage in self.stages for kind in stage.kinds]
        if not 2 <= len(ids) <= MOST_STAGES:
            raise BadJourney(t("it needs from 2 to {most} stages.", most=MOST_STAGES))
        if LEFT in ids or OPEN in ids:
            raise BadJourney(t("no stage can have the id '{left}' or '{open}'.", left=LEFT, open=OPEN))
        for names in (ids, kinds):
            if double := [name for name in names if names.count(name) > 1]:
                raise BadJourney(t("'{name}' stands in it twice.", name=double[0]))
        if self.stages[0].optional:
            raise BadJourney(t("its first stage cannot be optional: it is where a journey begins."))
        for kind in kinds:
            if kind not in KINDS:
                raise BadJourney(str(UnknownName("kind", kind, KINDS)))
        if not 0 < self.risk_days < self.lost_days:
            raise BadJourney(t("risk_days must be less than lost_days."))

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the stages, in their order."""
        return tuple(stage.id for stage in self.stages)

    @property
    def required(self) -> tuple[int, ...]:
        """The positions of the stages that every customer passes."""
        return tuple(place for place, stage in enumerate(self.stages) if not stage.optional)

    @property
    def stage_of_kind(self) -> dict[str, str]:
        """The stage at which interactions of a kind are that name none."""
        return {kind: stage.id for stage in self.stages for kind in stage.kinds}

    def before(self, position: int) -> int:
        """The position of the last stage before this one that every customer passes."""
        return max(place for place in range(position) if not self.stages[place].optional)

    def told(self) -> str:
        """The whole definition as one text: equal definitions have equal texts."""
        return json.dumps(asdict(self), ensure_ascii=False)


DEFAULT = Journey(
    (
        Stage("discover"),
        Stage("research", kinds=("signup",)),
        Stage("compare"),
        Stage("purchase", kinds=("order",)),
        Stage("deliver", kinds=("delivery",)),
        Stage("support", optional=True, kinds=("contact", "complaint", "return")),
        Stage("loyalty", kinds=("review", "cancel")),
    )
)


def from_table(told: Mapping[str, Any]) -> Journey:
    """The journey that a TOML table tells: [[stage]] tables, and days. Raises BadJourney."""
    days = {f.name for f in fields(Journey)} - {"stages"}
    for name, value in told.items():
        if name not in {*days, "stage"}:
            raise BadJourney(str(UnknownName("setting", name, [*days, "stage"])))
        if name in days and (type(value) is not int or not 0 < value <= LONGEST_DAYS):
            raise BadJourney(t("{name} = {value}: write whole days, from 1 to {most}.", name=name, value=repr(value),
                               most=LONGEST_DAYS))  # fmt: skip
    stages = told.get("stage", [])
    if not isinstance(stages, list) or not all(isinstance(stage, dict) for stage in stages):
        raise BadJourney(t("write each stage as a table [[stage]]."))
    named = {name: value for name, value in told.items() if name in days}
    return Journey(tuple(map(_stage, stages)) or DEFAULT.stages, **named)


def from_told(told: str) -> Journey:
    """The journey that `told` gave as text."""
    table = json.loads(told)
    stages = (Stage(**{**stage, "kinds": tuple(stage["kinds"])}) for stage in table.pop("stages"))
    return Journey(tuple(stages), **table)


def _stage(told: Mapping[str, Any]) -> Stage:
    wanted: dict[str, type] = {"id": str, "name": str, "optional": bool, "kinds": list}
    for name, value in told.items():
        if name not in wanted:
            raise BadJourney(str(UnknownName("setting of a stage", name, wanted)))
        if type(value) is not wanted[name]:
            raise BadJourney(t("{name} = {value} is not of the right type.", name=name, value=repr(value)))
    if not told.get("id"):
        raise BadJourney(t("each stage needs an id."))
    return Stage(**{**told, "kinds": tuple(map(str, told.get("kinds", ())))})
