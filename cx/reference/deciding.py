"""What a company decides for itself: the settings."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

from cx.errors import BadReference
from cx.stats import SmallSamples
from cx.words import enumeration, t


@dataclass(frozen=True, slots=True)
class Costs:
    """What complaints cost and sales bring, in money and shares (0 to 1), as a campaign's net result counts them.

    contact: one complaint handled. refund_rate: the share of complaints that end in a refund of the product's price.
    margin: the share of revenue that counts as a gain.
    """

    contact: float = 8.0
    refund_rate: float = 0.25
    margin: float = 1.0


@dataclass(frozen=True, slots=True)
class Privacy:
    """What is kept of customers, and for how many days; 0 keeps it for good.

    texts: whether their own words are kept at all (masked). keep_texts_days, keep_rows_days: counted from the day on
    which it happened. keep_refused_days: files and rows that were refused, which stay as they came until then.
    """

    texts: bool = True
    keep_texts_days: int = 0
    keep_rows_days: int = 0
    keep_refused_days: int = 30


@dataclass(frozen=True, slots=True)
class Settings:
    """What a company decides for itself, in settings.toml; every entry has a default."""

    small_samples: SmallSamples = field(default_factory=SmallSamples)
    costs: Costs = field(default_factory=Costs)
    industry: str = ""
    privacy: Privacy = field(default_factory=Privacy)


def settings(folder: Path) -> Settings:
    """The settings. Raises BadReference where settings.toml is not TOML or names an unknown limit."""
    path = folder / "settings.toml"
    if not path.exists():
        return Settings()
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        limits, costs, privacy = (told.get(name, {}) for name in ("small_samples", "costs", "privacy"))
        days = {name: limit for name, limit in {**limits, **privacy}.items() if name != "texts"}
        if wrong := [name for name, limit in days.items() if type(limit) is not int or limit < 0]:
            raise TypeError(t("{names} must be whole numbers", names=enumeration(wrong)))
        if wrong := [
            name for name, cost in costs.items() if type(cost) not in (int, float) or not 0 <= cost < inf
        ]:
            raise TypeError(t("{names} must be numbers from 0 on", names=enumeration(wrong)))
        if not isinstance(privacy.get("texts", True), bool):
            raise TypeError(t("{names} must be true or false", names="texts"))
        if not isinstance(industry := told.get("industry", ""), str):
            raise TypeError(t("{names} must be a text", names="industry"))
        return Settings(SmallSamples(**limits), Costs(**costs), industry, Privacy(**privacy))
    except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError, TypeError, AttributeError) as error:
        raise BadReference(t("{file} cannot be read: {reason}", file=path.name, reason=error)) from error
