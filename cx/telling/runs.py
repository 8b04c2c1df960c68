"""Sentences of the pages, which understand Markdown, as plain pieces of text: for paper and for messages."""

from __future__ import annotations

import re
from typing import NamedTuple

_MARKS = re.compile(r"\\(.)|(\*\*)", re.DOTALL)


class Run(NamedTuple):
    """A piece of text in one weight."""

    text: str
    strong: bool = False


Runs = tuple[Run, ...]


def runs(markdown: str) -> Runs:
    """What `cx.telling` says as Markdown, as plain pieces of text: `**` begins and ends a strong one, a backslash is undone."""
    found, text, strong, last = [], "", False, 0
    for match in _MARKS.finditer(markdown):
        text += markdown[last : match.start()] + (match[1] or "")
        last = match.end()
        if match[2]:
            found.append(Run(text, strong))
            text, strong = "", not strong
    found.append(Run(text + markdown[last:], strong))
    return tuple(run for run in found if run.text)


def plain(told: Runs) -> str:
    """The text alone."""
    return "".join(run.text for run in told)


def unmarked(markdown: str) -> str:
    """A sentence for a page as plain text."""
    return plain(runs(markdown))
