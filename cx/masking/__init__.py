"""Personal data in customers' texts are masked on arrival: what stands in the store was never more than this.

Each kind has a finder: a cheap look first, the dear one only where it can hit. A mask is never unmade, and what
stands in one is never looked at again; so masking what is masked changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from cx.masking.details import cards, emails, ibans, phones
from cx.masking.people import names
from cx.masking.places import addresses

Finder = Callable[[str], Iterable[tuple[int, int]]]

_FINDERS: tuple[tuple[str, Finder], ...] = (
    ("[EMAIL]", emails),
    ("[IBAN]", ibans),
    ("[CARD]", cards),
    ("[ADDRESS]", addresses),
    ("[PHONE]", phones),
    ("[NAME]", names),
)
"""In this order: an IBAN holds digits that would pass for a card, and a postcode beside a house number for a phone."""

MARKS: tuple[str, ...] = tuple(mark for mark, _ in _FINDERS)
"""What stands in a text in the place of personal data; the same in every language."""

_MARK = re.compile("|".join(map(re.escape, MARKS)))


def masked(texts: Sequence[str | None]) -> list[str | None]:
    """The texts in their order, each personal datum replaced by the mark of its kind; None stays None."""
    known = {text: _masked(text) for text in set(texts) if text}
    return [known[text] if text else text for text in texts]


def _masked(text: str) -> str:
    """Masked until nothing more is found: a mask can uncover what stood beside it. Each round leaves less to find."""
    while (found := _once(text)) != text:
        text = found
    return text


def _once(text: str) -> str:
    for mark, finder in _FINDERS:
        if spans := list(finder(text)):
            text = _replaced(text, spans, mark)
    return text


def _replaced(text: str, spans: Iterable[tuple[int, int]], mark: str) -> str:
    # Of two finds that begin together the longer stands.
    marks = [found.span() for found in _MARK.finditer(text)]
    kept, end = [], 0
    for start, stop in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start < end or any(start < to and stop > at for at, to in marks):
            continue
        kept += [text[end:start], mark]
        end = stop
    return "".join([*kept, text[end:]])
