"""What the viewer opened on the journey page: it stands in the link, and the interactions behind it in a card of their own."""

from __future__ import annotations

from collections.abc import Callable, Collection

from cx.questions.behind import Figure
from cx.stats import SmallSamples
from cx.ui import asks, journeys, link, parts, rights
from cx.ui.asks import View
from cx.words import t


def behind(view: View, figure: Figure, file: str, name: str) -> None:
    """The interactions behind a figure of this name (Markdown); `file` is what they are called where they are downloaded."""
    with parts.card(
        "behind", t("The interactions behind {what}", what=name), t("The latest customers first.")
    ) as frame:
        parts.interactions(journeys.behind(view, figure), file)
        frame.tell(view, of=[lambda: journeys.behind(view, figure)])


def opened(kind: str, known: Collection[str] | None = None) -> str:
    """The id of what the viewer opened, where it is of this kind and, in a link that may be old, still there."""
    told = link.chosen("open")
    there = len(told) == 2 and told[0] == kind and (known is None or told[1] in known)
    return told[1] if there else ""


def opens(kind: str) -> Callable[[str], None] | None:
    """Open what is chosen, or close it where it is open; None where the viewer may not see what would be opened."""
    if not rights.may("single"):
        return None
    return lambda chosen: link.choose("open", [] if opened(kind) == chosen else [kind, chosen])


def limits_of(view: View) -> SmallSamples:
    """Below which counts a figure is hidden, or called small."""
    return asks.tables(view.edited, view.language).settings.small_samples
