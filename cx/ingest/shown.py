"""Text of unknown making where it is told: on one line, in the order in which it is written, and without a word to a terminal."""

from __future__ import annotations

import re

_STEERS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line ends, overrides of the direction, halves of characters."""


def shown(text: str) -> str:
    """The text with what would steer whoever shows it written out, such as \\x1b."""
    return _STEERS.sub(lambda found: ascii(found[0])[1:-1], text)


def without(text: str) -> str:
    """The text with all that left out."""
    return _STEERS.sub("", text)
