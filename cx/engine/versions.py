"""Versions of the rollups beside each other, and the one that counts: a pointer that is switched at one stroke.

A run that breaks off leaves a folder that nothing points to; the next one that ends well removes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from cx import rollups
from cx.engine.storage import Export, Place
from cx.journey import Journey
from cx.words import number, t

POINTER, MANIFEST, FOLDER, WORK = "current.json", "manifest.json", "versions", "work"
INTERACTIONS = "interactions"
"""The latest state of every row, of which the records behind a figure are read."""

SHAPE = hashlib.sha256(rollups.SCHEMA.encode()).hexdigest()[:16]
"""Tells the shape of the rollups of this version of the product."""

_DECIDES = (
    *(f"engine/{name}.py" for name in ("counting", "dialect", "increment", "latest", "running", "workers")),
    "formats", "ingest", "masking", "rollups", "journey.py", "model.py", "pseudonyms.py",
)  # fmt: skip
"""The parts of the product, inside cx, that read rows, decide between them and count them."""


@dataclass(frozen=True, slots=True)
class File:
    """What became of one export: rows read, kept as the latest state, refused; of those so many for a time that was still to come."""

    name: str
    size: int
    changed_at: str
    sha256: str
    format: str
    read: int
    kept: int
    refused: int
    ahead: int = 0


@dataclass(frozen=True, slots=True)
class Anew:
    """What was counted anew upon the version `since`: files by how many, days (ISO), customers by how many."""

    since: str
    files: int
    days: list[str]
    customers: int


@dataclass(frozen=True, slots=True)
class Version:
    """A whole version: what it was made of, and when (naive UTC). last_day: the last day of any interaction. terms: what it was
    made of besides the exports, empty where that is not known. anew: None where everything was counted. weighs: bytes of each of its
    tables."""

    name: str
    made_at: str
    basis: str
    interactions: int
    customers: int
    last_day: str
    files: list[File] = field(default_factory=list)
    terms: str = ""
    anew: Anew | None = None
    weighs: dict[str, int] = field(default_factory=dict)

    @property
    def through(self) -> date:
        """The last day of any interaction."""
        return date.fromisoformat(self.last_day)

    def counted(self) -> str:
        """What of it was counted anew, in a sentence."""
        if (anew := self.anew) is None:
            return t("Everything was counted anew; files: {files}.", files=number(len(self.files)))
        return t("Counted anew: files {files}, days {days}, customers {customers}. All else is as in version {since}.",
                 files=number(anew.files), days=number(len(anew.days)), customers=number(anew.customers), since=anew.since)  # fmt: skip


def terms(journey: Journey, key: str, texts: bool, marks: Sequence[str], mappings: Mapping[str, str]) -> str:
    """Tells apart what all of a version follows from, the exports aside: the journey, the key, whether words are kept, whom to
    forget, the mappings, and the product itself."""
    told = [SHAPE, _code(), journey.told(), key, str(texts), *sorted(marks)]
    told += [f"{name} {text}" for name, text in sorted(mappings.items())]
    return _hashed(told)


def basis(exports: Sequence[Export], terms: str) -> str:
    """Tells apart what a version is made of: the exports, and the terms."""
    return _hashed([terms, *(f"{one.name} {one.size} {one.changed_at.isoformat()}" for one in exports)])


def _hashed(told: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


@cache
def _code() -> str:
    """Tells one version of what reads, decides and counts from another, so that none carries on the figures of another."""
    here = Path(rollups.__file__).parents[1]
    files = (
        path
        for name in _DECIDES
        for path in ([here / name] if name.endswith(".py") else (here / name).rglob("*.py"))
    )
    return _hashed([path.read_text(encoding="utf-8") for path in sorted(files)])


def fresh(now: datetime) -> str:
    """The name of a new version: names are in the order of their time."""
    return f"{now:%Y%m%dT%H%M%S}-{uuid4().hex[:8]}"


def folder(root: Place, name: str) -> Place:
    """Where a version lies."""
    return root.below(FOLDER, name)


def current(root: Place) -> Version | None:
    """The version that counts, if there is one."""
    pointed = root.told(POINTER)
    told: dict[str, Any] | None = folder(root, pointed["version"]).told(MANIFEST) if pointed else None
    if told is None:
        return None
    files, anew = [File(**_known(File, one)) for one in told["files"]], told.get("anew")
    return Version(
        **{**_known(Version, told), "files": files, "anew": Anew(**_known(Anew, anew)) if anew else None}
    )


def _known(kind: type[Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """What this version of the product knows of what was told."""
    return {one.name: told[one.name] for one in fields(kind) if one.name in told}


def publish(root: Place, version: Version) -> None:
    """Let a version count that is whole, and remove all before the one that it takes the place of."""
    before = root.told(POINTER)
    folder(root, version.name).tell(MANIFEST, asdict(version))
    root.tell(POINTER, {"version": version.name})
    kept = {version.name, before["version"] if before else ""}
    for name in root.below(FOLDER).names():
        if name not in kept and name < version.name:
            folder(root, name).remove()
    folder(root, version.name).below(WORK).remove()
