"""The words that stand out in some texts against others: what customers say now that they did not say before.

Words are told apart by the word boundaries of Unicode (UAX 29), so that every script will do; forms of one word count
together where its language has a stemmer. A word stands out by its log odds with a prior of both texts together (Monroe,
Colaresi and Quinn 2008), counted by texts and not by mentions: one angry customer is one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from math import log, sqrt
from typing import Any, NamedTuple

import regex
import snowballstemmer

_WORD = regex.compile(r"(?w)\b[\p{L}\p{M}][\p{L}\p{M}\p{N}'’‌-]*\b")
_STEMMERS: Mapping[str, str] = {
    "ar": "arabic", "da": "danish", "de": "german", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip
LEAST_TEXTS = 3
"""A word that fewer texts hold is not told: it would point at a person."""
PRIOR = 5.0
"""The weight of what is usual, in texts."""
BEYOND_CHANCE = 1.96
EVERYDAY = 0.2
"""A word that more of the other texts hold says nothing: 'the', 'and', and their like in any language."""


class Text(NamedTuple):
    """What somebody wrote, and in which language (a BCP 47 code, or '' where that is not known)."""

    words: str
    language: str = ""


class Salient(NamedTuple):
    """A word in its most usual form, how many of the texts hold it, the share of them and of the others, and its z."""

    word: str
    texts: int
    share: float
    before: float
    z: float


def salient(texts: Sequence[Text], others: Sequence[Text], most: int = 12) -> list[Salient]:
    """The words that stand out in `texts` against `others`, the clearest first."""
    here, forms = _counted(texts)
    there, _ = _counted(others)
    found = []
    for stem, count in here.items():
        z = _z(count, len(texts), there[stem], len(others))
        before = there[stem] / max(len(others), 1)
        if count >= LEAST_TEXTS and z > BEYOND_CHANCE and before <= EVERYDAY:
            word = forms[stem].most_common(1)[0][0]
            found.append(Salient(word, count, count / len(texts), before, z))
    return sorted(found, key=lambda word: (-word.z, word.word))[:most]


def _counted(texts: Iterable[Text]) -> tuple[Counter[str], dict[str, Counter[str]]]:
    """In how many texts each stem stands, and the forms in which it does."""
    counts, forms = Counter[str](), dict[str, Counter[str]]()
    for text in texts:
        words = {word.casefold() for word in _WORD.findall(text.words) if len(word) > 1}
        by_stem: dict[str, str] = {_stem(word, text.language): word for word in sorted(words)}
        counts.update(by_stem.keys())
        for stem, word in by_stem.items():
            forms.setdefault(stem, Counter())[word] += 1
    return counts, forms


def _z(y: int, n: int, other: int, m: int) -> float:
    """Log odds of a word in y of n texts against `other` of m, over its standard error; both drawn to the two together."""
    usual = (y + other + 0.5) / (n + m + 1)
    cells = [(y, n), (other, m)]
    with_, without = zip(
        *((k + PRIOR * usual, size - k + PRIOR * (1 - usual)) for k, size in cells), strict=True
    )
    odds = log(with_[0] / without[0]) - log(with_[1] / without[1])
    return odds / sqrt(sum(1 / cell for cell in (*with_, *without)))


def _stem(word: str, language: str) -> str:
    stemmer = _stemmer(language.partition("-")[0].lower())
    return word if stemmer is None else str(stemmer.stemWord(word))


@cache
def _stemmer(language: str) -> Any:
    return snowballstemmer.stemmer(_STEMMERS[language]) if language in _STEMMERS else None
