"""Which column of an unknown file is which: by the names of its columns and what its values look like.

A suggestion is only ever a beginning for a person who sees it beside examples: where neither name nor values speak
for a column, there is none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cx.formats.moments import readings
from cx.formats.synonyms import KINDS_TOLD, NAMES, UNITS, VALUES
from cx.formats.vendors.vendor import letters
from cx.model import COLUMNS, KINDS

SAMPLED = 2000
"""Different values of a column that are looked at, spread over all of them."""

ENOUGH, NEAR = 0.54, 0.84
"""The score from which a column is suggested; the likeness from which a misspelt name is one."""

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_TRUTHS = frozenset(["true", "t", "yes", "y", "1", "false", "f", "no", "n", "0"])
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+|#")
_SCALES = {"csat": (1, 5), "ces": (1, 7), "nps": (0, 10), "expectation": (1, 5)}
_CODED = ("sentiment", "device", "handled_by")


@dataclass(frozen=True, slots=True)
class Seen:
    """One column of a file as it was seen: its different values (the most frequent first where they are few), and how
    many of its rows are filled; `held` as in Sheet.holds."""

    name: str
    held: str
    values: tuple[str, ...]
    rows: int
    filled: int
    different: int

    @property
    def unique(self) -> bool:
        """Whether its values could be ids: all filled, and hardly any twice."""
        return self.rows > 0 and self.filled > 0.99 * self.rows and self.different > 0.95 * self.filled

    @property
    def numbers(self) -> tuple[float, ...]:
        """Its values as numbers; empty where more than a few are none."""
        found = [float(value) for value in self.values if _NUMBER.fullmatch(value)]
        return tuple(found) if found and len(found) >= 0.98 * len(self.values) else ()

    @property
    def words(self) -> float:
        """How many words a value has, on average."""
        return sum(len(value.split()) for value in self.values) / max(len(self.values), 1)

    def share(self, pattern: re.Pattern[str]) -> float:
        """The share of its values that look so."""
        return sum(map(bool, map(pattern.fullmatch, self.values))) / max(len(self.values), 1)


def seen(name: str, held: str, cells: Any) -> Seen:
    """What stands in one column (an Arrow array)."""
    counted = pc.value_counts(pc.utf8_trim_whitespace(_as_text(cells)))
    # A header that stands again below, as where exports were put together, is no value.
    told = [
        (one["values"], one["counts"]) for one in counted.to_pylist() if one["values"] not in ("", None, name)
    ]
    if len(told) <= SAMPLED:
        told.sort(key=lambda one: -one[1])
    values = [value for value, _ in told]
    step = max(1, -(-len(values) // SAMPLED))
    return Seen(name, held, tuple(values[::step]), len(cells), sum(n for _, n in told), len(values))


def _as_text(cells: Any) -> Any:
    """The cells as text; of what cannot be told as text (lists and the like), nothing."""
    try:
        return pc.cast(cells, "string")
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.nulls(len(cells), "string")


def suggest(columns: Sequence[Seen], latest: datetime) -> dict[str, str]:
    """Canonical column -> the file's column that it likely is, each at most once; `latest` as in `readings`."""
    scored = [
        (score, -place, name, column.name)
        for place, column in enumerate(columns)
        for name in NAMES
        if (score := _score(name, column, latest)) >= ENOUGH
    ]
    chosen: dict[str, str] = {}
    for _, _, name, column in sorted(scored, key=lambda one: (-one[0], -one[1])):
        if name not in chosen and column not in chosen.values():
            chosen[name] = column
    _fall_back(chosen, columns, latest)
    return chosen


def kind_of(file: str, columns: Sequence[str]) -> str:
    """The kind of all rows, where the name of the file or its columns speak of one; '' where they do not."""
    for told in (words_of(Path(file).stem), [word for column in columns for word in words_of(column)]):
        counted = {kind: sum(_is(word, known) for word in told) for kind, known in KINDS_TOLD.items()}
        if any(counted.values()):
            return max(counted, key=lambda kind: counted[kind])
    return ""


def source_of(file: str) -> str:
    """A name for the source, from that of its file without dates and counts."""
    told = [word for word in words_of(Path(file).name.split(".")[0]) if not word.isdigit()]
    return "_".join(word for word in told if word not in ("export", "report", "data", "copy")) or "export"


def unit_of(column: str, canonical: str) -> str:
    """The unit that the name of a duration's column tells of; the canonical one where it tells of none."""
    for word in reversed(words_of(column)):
        if unit := UNITS.get(word):
            return unit
    return COLUMNS[canonical].unit


def meaning(canonical: str, value: str) -> str:
    """The canonical value that a value of an export clearly means; '' where it is not clear."""
    column, told = COLUMNS[canonical], value.strip().lower()
    allowed = {letters(one): one for one in column.allowed}
    if letters(told) in allowed:
        return allowed[letters(told)]
    if canonical == "kind":
        return next(
            (kind for kind in KINDS if any(_is(word, KINDS_TOLD[kind]) for word in words_of(value))), ""
        )
    return VALUES.get(canonical, {}).get(told, "")


def sound(canonical: str, value: str) -> bool:
    """Whether a value can stand as it is in a column of few allowed values, a scale, or true and false."""
    column = COLUMNS[canonical]
    if column.allowed:
        return value in column.allowed
    if column.type == "BOOLEAN":
        return value.lower() in _TRUTHS
    if canonical in _SCALES:
        low, high = _SCALES[canonical]
        return bool(_NUMBER.fullmatch(value)) and float(value).is_integer() and low <= float(value) <= high
    return True


def words_of(name: str) -> list[str]:
    """The words of a name in lower case and without accents: 'TicketID (s)' is ticket, id, s."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    return [w.lower() for w in _WORDS.findall("".join(c for c in plain if not unicodedata.combining(c)))]


def _is(word: str, known: Sequence[str]) -> bool:
    return word in known or word.removesuffix("s") in known


def _score(name: str, column: Seen, latest: datetime) -> float:
    """How well a column fits a canonical one, 0 to 1: by name, but nothing where its values cannot be that."""
    named = max(
        _likeness(column.name, told) - min(0.01 * place, 0.25) for place, told in enumerate(NAMES[name])
    )
    if name == "customer_id" and column.share(_ADDRESS) > 0.9:
        named = max(named, 0.6)
    return named if named >= ENOUGH and _possible(name, column, latest) else 0.0


def _likeness(column: str, told: str) -> float:
    if letters(column) == letters(told):
        return 1.0
    words, wanted = words_of(column), told.split()
    if wanted and all(any(_is(word, [one]) for word in words) for one in wanted):
        return 0.4 + 0.45 * len(wanted) / len(words)
    alike = SequenceMatcher(None, letters(column), letters(told)).ratio() if len(told) > 4 else 0.0
    return 0.8 * alike if alike >= NEAR else 0.0


def _possible(name: str, column: Seen, latest: datetime) -> bool:
    kind = COLUMNS[name]
    if not column.filled:
        return False
    if kind.type == "TIMESTAMP":
        return column.held in ("moment", "zoned") or bool(readings(column.values, latest))
    if kind.type == "BOOLEAN":
        return column.held == "truth" or {value.lower() for value in column.values} <= _TRUTHS
    if name in _SCALES:
        return _rated(name, column)
    if kind.type in ("INTEGER", "DOUBLE"):
        return bool(column.numbers) and min(column.numbers) >= 0
    return _worded(name, column, latest)


def _rated(name: str, column: Seen) -> bool:
    low, high = _SCALES[name]
    if column.numbers:
        return min(column.numbers) >= low and max(column.numbers) <= high
    return column.different <= 12 and sum(bool(meaning(name, value)) for value in column.values) > 1


def _worded(name: str, column: Seen, latest: datetime) -> bool:
    if name == "interaction_id":
        return column.unique and column.words < 3
    if name == "text":
        return not column.numbers and column.words > 1.5
    if name in _CODED or name == "kind":
        return all(meaning(name, value) for value in column.values)
    if name == "language":
        return all(re.fullmatch(r"[A-Za-z]{2,3}([-_]\w+)?", value) for value in column.values)
    if name in ("customer_id", "order_id", "touchpoint", "version", "campaign_id"):
        return column.words < 3
    few = column.different <= max(60, 0.2 * column.filled)
    return few and column.words < 9 and not column.share(_ADDRESS)


def _fall_back(chosen: dict[str, str], columns: Sequence[Seen], latest: datetime) -> None:
    """Where no name speaks: the only column of moments is when it happened, the first of ids is the id, long texts are text."""
    free = [column for column in columns if column.name not in chosen.values()]
    dated = [column for column in free if _dated(column, latest)]
    if "occurred_at" not in chosen and len(dated) == 1:
        chosen["occurred_at"] = dated[0].name
    ids = [column for column in free if column.unique and column.words < 2 and column not in dated and not column.share(_ADDRESS)]  # fmt: skip
    if "interaction_id" not in chosen and ids:
        chosen["interaction_id"] = ids[0].name
    told = [column for column in free if column.words >= 5 and column.different > 0.5 * column.filled]
    if "text" not in chosen and len(told) == 1:
        chosen["text"] = told[0].name


def _dated(column: Seen, latest: datetime) -> bool:
    if column.held in ("moment", "zoned"):
        return True
    ways = readings(column.values, latest)
    return bool(ways) and ways[0].epoch is None
