"""People's names, without a model: behind a cue ('my name is', 'Regards,', 'Frau'), or a listed given name and another word.

Behind a strong cue any capitalised words are a name; behind a weak one ('Hi', 'I am') the first must be listed. A
bare given name in mid-sentence is left, because many a product bears one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import regex

from cx.masking.cues import PAIR, SMALL, SMALL_PAIR, STRONG, WEAK
from cx.masking.lists import ALSO_WORDS, BRANDS, NEVER, family_names, given_names

_PARTICLES = frozenset(
    (
        "von",
        "van",
        "de",
        "da",
        "del",
        "della",
        "di",
        "do",
        "dos",
        "la",
        "el",
        "al",
        "bin",
        "ibn",
        "der",
        "den",
        "ter",
    )
)
_PIECE = regex.compile(r"[\p{L}\p{M}'’‌-]+")
_TOKEN = re.compile(r"\w+")


def names(text: str) -> Iterator[tuple[int, int]]:
    """People's names, without their titles."""
    words = frozenset(_TOKEN.findall(text))
    for cue in STRONG:
        if not cue.words.isdisjoint(words):
            yield from (span for found in cue.pattern.finditer(text) if (span := _kept(found)))
    if not _listed().isdisjoint(words):
        yield from _listed_names(text)
    if not _listed_small().isdisjoint(words):
        yield from _small_names(text)


@cache
def _listed() -> frozenset[str]:
    names = given_names() | family_names()
    return names | {name.upper() for name in names}


@cache
def _listed_small() -> frozenset[str]:
    return frozenset(name.lower() for name in given_names()) - ALSO_WORDS


def _listed_names(text: str) -> Iterator[tuple[int, int]]:
    for cue in (*WEAK, PAIR):
        for found in cue.pattern.finditer(text, overlapped=cue is PAIR):
            span = _kept(found)
            if span and _is_listed(text[slice(*span)], text[span[1] :], pair=cue is PAIR):
                yield span


def _small_names(text: str) -> Iterator[tuple[int, int]]:
    yield from (span for found in SMALL.pattern.finditer(text) if (span := _small(found)))
    yield from (found.span("name") for found in SMALL_PAIR.pattern.finditer(text) if _is_whole(found["name"]))


def _kept(found: regex.Match[str]) -> tuple[int, int] | None:
    """The leading words of a find that may be of a name."""
    start = end = found.start("name")
    for piece in _PIECE.finditer(found["name"]):
        if piece[0].lower() in NEVER and piece[0].lower() not in _PARTICLES:
            break
        end = start + piece.end()
    return (start, end) if end > start else None


def _is_listed(name: str, after: str, *, pair: bool) -> bool:
    """Whether a name's first word is listed; one that is a word as well must be followed by a family name."""
    if pair and (" " not in name or name.lower() in BRANDS):
        return False
    if name.isupper() and name.upper() != name.lower():
        return _is_whole(name) or (not pair and " " not in name and _is_given(name))
    first, *others = _PIECE.findall(name)
    if first.lower() in ALSO_WORDS:
        family = bool(others) and others[-1] in family_names() and others[-1].lower() not in ALSO_WORDS
        return family or (not pair and not others and bool(re.match(r"\s*(?:[,!\n]|$)", after)))
    return first in given_names() or (not pair and first in family_names())


def _is_whole(name: str) -> bool:
    """Whether a name in small or in large letters is a listed given name and a listed family name."""
    first, *others = _PIECE.findall(name)
    return _is_given(first) and bool(others) and others[-1].capitalize() in family_names()


def _is_given(name: str) -> bool:
    return name.capitalize() in given_names() and name.lower() not in ALSO_WORDS


def _small(found: regex.Match[str]) -> tuple[int, int] | None:
    """A listed name in small letters behind 'my name is', and the family name after it where that is listed too."""
    first, *others = found["name"].split()
    if first.capitalize() not in given_names() or first in NEVER:
        return None
    length = len(found["name"]) if others and others[0].capitalize() in family_names() else len(first)
    return found.start("name"), found.start("name") + length
