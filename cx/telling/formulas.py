"""How a measure is computed, in one sentence each: what it means, its formula with the names of its parts, its interval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from cx.kpis import Kpi
from cx.questions.freshness import Freshness, Source
from cx.questions.health import Tile
from cx.telling.values import interval, label, plain_text, value_text
from cx.words import enumeration, moment, number, t


def measures(kpis: Iterable[Kpi]) -> list[str]:
    """Each measure with its definition and its formula (Markdown)."""
    return [
        t("**{measure}**: {meaning}. {formula}", measure=label(kpi), meaning=t(kpi.meaning), formula=formula(kpi))
        for kpi in kpis
    ]  # fmt: skip


def formula(kpi: Kpi) -> str:
    """The formula, its interval and what its n counts (Markdown); the parts by the names that the SQL gives them."""
    parts = [f"`{part}`" for part in kpi.parts]
    named = {"first": parts[0], "last": parts[-1], "scale": number(kpi.scale)}
    told = {
        "share": lambda: t("{scale} × {first} ÷ {last}, with Wilson's 95 % interval; n is {last}.", **named),
        "balance": lambda: t("{scale} × ({first} − {middle}) ÷ {last}, with the adjusted Wald interval; n is {last}.",
                             middle=parts[1], **named),
        "mean": lambda: t("{first} ÷ {last}, with the t interval; n is {last}.", **named),
        "rate": lambda: t("{scale} × {first} ÷ {last}, with the exact Poisson interval; n is {first}.", **named),
        "quantile": lambda: t("The {percent} % point of the counted {first}, with the interval of its order statistics; n is how many were counted.",
                              percent=number(100 * kpi.quantile), **named),
        "total": lambda: t("The sum of {first}; a sum is no sample and has no interval.", **named),
    }  # fmt: skip
    return told[kpi.family]()


def standing(told: Tile) -> str:
    """The measure's figures in the week that is reported (Markdown)."""
    figures = {"value": value_text(told.kpi, told.row.value), "n": number(told.row.n)}
    between = interval(told.kpi, told.row)
    if not between:
        return t("**This week**: {value}, n {n}.", **figures)
    return t("**This week**: {value} ({interval}), n {n}.", interval=between, **figures)


def rests_on(fresh: Freshness, kpis: Sequence[Kpi] = ()) -> str:
    """Which sources the figures come from, and through when each has delivered: those that carry the measures, or all."""
    if fresh.empty:
        return ""
    named = {kpi.name for kpi in kpis}
    carrying = [source for source in fresh.sources if source.carries & named] or [*fresh.sources]
    newest_first = sorted(carrying, key=_last, reverse=True)
    told = [t("{source} through {moment}", source=plain_text(one.name), moment=moment(one.last_at)) for one in newest_first]  # fmt: skip
    return t("Sources: {sources}.", sources=enumeration(told))


def _last(source: Source) -> datetime:
    return source.last_at
