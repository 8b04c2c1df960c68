"""What happened, as people write it down for everyone: the annotations that stand on every trend that they touch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import pandas as pd

from cx.errors import BadReference
from cx.reference.reading import bad, replace, table
from cx.words import t

ANNOTATIONS = {"on": date, "until": date, "text": str, "product": str, "who": str}
LONGEST_TEXT, LONGEST_NAME = 200, 80
"""Letters of an annotation, and of the name of who wrote it."""
_OPEN = {"until", "product"}
_FILE = "annotations.csv"
_writing = Lock()


class Annotation(NamedTuple):
    """What happened from day `on` to `until`, both included; `product` '' where it is of the whole company."""

    on: date
    until: date
    text: str
    product: str
    who: str

    def touches(self, products: tuple[str, ...]) -> bool:
        """Whether it is of one of these products, or of all; no products are all of them."""
        return not self.product or not products or self.product in products


def annotated(folder: Path) -> list[Annotation]:
    """All annotations, the earliest first; one of a single day ends on it. Raises BadReference."""
    rows = _sound(folder / _FILE).itertuples(index=False)
    return sorted(Annotation(row.on, row.until or row.on, row.text, row.product, row.who) for row in rows)


def annotate(folder: Path, told: Annotation) -> None:
    """Write one down. Raises BadReference, and leaves the file as it is, where it says nothing or nobody wrote it."""
    if not told.text.strip():
        raise BadReference(t("Write what happened."))
    if not told.who.strip():
        raise BadReference(t("Write your name as well, so that colleagues know whom to ask."))
    if told.until < told.on:
        raise BadReference(t("The last day lies before the first."))
    row = {"on": told.on, "until": told.until if told.until > told.on else None, "product": told.product,
           "text": _line(told.text, LONGEST_TEXT), "who": _line(told.who, LONGEST_NAME)}  # fmt: skip
    _rewrite(folder, lambda frame: pd.concat([frame.astype(object), pd.DataFrame([row], dtype=object)]))


def unannotate(folder: Path, told: Annotation) -> None:
    """Take one out; nothing happens where it is not there any more. Raises BadReference."""

    def others(frame: pd.DataFrame) -> pd.DataFrame:
        same = [
            (row.on, row.until or row.on, row.text, row.product, row.who) == told
            for row in frame.itertuples(index=False)
        ]
        return frame.drop(index=frame.index[same][:1])

    _rewrite(folder, others)


def _rewrite(folder: Path, changed: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    with _writing:
        replace(folder, _FILE, changed(_sound(folder / _FILE)), _sound)


def _sound(path: Path) -> pd.DataFrame:
    frame = table(path, ANNOTATIONS, _OPEN, others=True).astype(object)
    for row, (on, until) in enumerate(zip(frame["on"], frame["until"], strict=True), start=1):
        if until is not None and until < on:
            raise bad(path, row, "until", until, t("is before on; swap them or mend the date"))
    return frame


def _line(text: str, longest: int) -> str:
    """A text on one line."""
    return " ".join(text.split())[:longest]
