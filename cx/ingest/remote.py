"""Exports that lie elsewhere, in a bucket (s3://) or on a web server (https://): what is new comes into the inbox.

Credentials come from the environment alone. None is written down, and none is in a message.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cx import clock
from cx.errors import BadReference, CxError
from cx.folders import Folders
from cx.ingest.elsewhere import Offer, offers
from cx.ingest.intake import put
from cx.words import enumeration, t, tn

log = logging.getLogger(__name__)

SOURCES = "sources.toml"
LOOK_SECONDS = 10
"""How often the sources are asked whether it is time for one of them."""

_writing = threading.Lock()


@dataclass(frozen=True, slots=True)
class Source:
    """Where exports lie, and how often to look (minutes).

    `authorization` names the environment variable whose value a web server is sent as the Authorization header.
    """

    name: str
    url: str
    every: float = 15
    authorization: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError, in words, where this cannot be fetched from."""
        parts = urlsplit(self.url)
        if parts.scheme not in ("s3", "https", "http") or not parts.netloc:
            raise ValueError(t("the url of {name} must begin with s3:// or https://", name=self.name))
        if "@" in parts.netloc:
            raise ValueError(
                t(
                    "the url of {name} holds a user name; credentials belong in the environment",
                    name=self.name,
                )
            )
        if type(self.every) not in (int, float) or not self.every > 0:
            raise ValueError(t("every of {name} must be a number of minutes above 0", name=self.name))


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of one look at a source: the files that landed, and what went wrong in words, or nothing."""

    source: str
    landed: tuple[Path, ...] = ()
    trouble: str = ""

    def in_words(self) -> str:
        """The same as a sentence or two."""
        names = [path.name for path in self.landed]
        told = tn("{source}: {n} new file: {names}.", "{source}: {n} new files: {names}.", len(names),
                  source=self.source, names=enumeration(names))  # fmt: skip
        came = [told] if names else [] if self.trouble else [t("{source}: nothing new.", source=self.source)]
        return " ".join(came + ([f"{self.source}: {self.trouble}"] if self.trouble else []))


@dataclass(frozen=True, slots=True)
class Look:
    """The last look at a source: when (naive UTC), what went wrong in words or nothing, how many files came by now."""

    when: datetime | None
    trouble: str
    files: int


def sources(folder: Path) -> list[Source]:
    """The sources that sources.toml names. Raises BadReference where it cannot be understood."""
    path = folder / SOURCES
    if not path.exists():
        return []
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        if unknown := sorted(set(told) - {"sources"}):
            raise ValueError(
                t("{names} is not known; each source begins with [[sources]]", names=enumeration(unknown))
            )
        found = [Source(**row) for row in told.get("sources", [])]
        if len({source.name for source in found}) < len(found):
            raise ValueError(t("two sources have the same name"))
        return found
    except (OSError, TypeError, ValueError, AttributeError) as error:
        raise BadReference(t("{file} cannot be read: {reason}", file=SOURCES, reason=error)) from error


def fetch(folders: Folders, source: Source) -> Fetched:
    """Bring what is new at this source into the inbox. What goes wrong is said in the answer, not raised."""
    landed: list[Path] = []
    try:
        for path in _landing(folders, source):
            landed.append(path)  # noqa: PERF402  # what came before a failure has come
        trouble = ""
    except CxError as error:
        trouble = str(error)
    except OSError as error:
        trouble = t(
            "the file could not be put into the inbox: {reason}",
            reason=error.strerror or type(error).__name__,
        )
    except Exception as error:
        trouble = t("it failed inside: {reason}", reason=type(error).__name__)
    with suppress(OSError):  # not written down, it is fetched again, which changes nothing
        _remember(folders, source, {"at": clock.now().isoformat(timespec="seconds"), "trouble": trouble})
    return Fetched(source.name, tuple(landed), trouble)


def keep_fetching(folders: Folders, stop: threading.Event) -> None:
    """Fetch from each source as often as it says, until `stop` is set. An edit of the file is taken up at once."""
    next_look: dict[Source, float] = {}
    complaint = ""
    while not stop.is_set():
        try:
            found, wrong = sources(folders.reference), ""
        except BadReference as error:
            found, wrong = [], str(error)
        if wrong and wrong != complaint:
            log.error("%s", wrong)
        complaint = wrong
        for source in found:
            if time.monotonic() >= next_look.get(source, 0.0) and not stop.is_set():
                next_look[source] = time.monotonic() + 60 * source.every
                fetched = fetch(folders, source)
                (log.error if fetched.trouble else log.info)("%s", fetched.in_words())
        stop.wait(LOOK_SECONDS)


def last(folders: Folders, source: Source) -> Look:
    """What came of the last look at this source, as this or another process wrote it down."""
    told = _remembered(folders).get(source.name, {})
    when = datetime.fromisoformat(told["at"]) if "at" in told else None
    return Look(when, str(told.get("trouble", "")), len(told.get("files", {})))


def _landing(folders: Folders, source: Source) -> Iterator[Path]:
    """Each new file as it lands. What landed is remembered at once, so that a later failure does not bring it again."""
    files = dict(_remembered(folders).get(source.name, {}).get("files", {}))
    stamps = {key: stamp for key, (stamp, _) in files.items()}
    for offer in offers(source.url, os.environ.get(source.authorization, ""), stamps):
        part = folders.inbox / f".{time.time_ns()}.part"
        try:
            digest = _copied(offer, part)
            changed = files.get(offer.key, ("", ""))[1] != digest
            if changed:
                yield put(part, folders.inbox, offer.name)
        finally:
            part.unlink(missing_ok=True)
        files[offer.key] = (offer.stamp, digest)
        _remember(folders, source, {"files": files})


def _copied(offer: Offer, part: Path) -> str:
    """Copy what is offered into a file under a passing name; returns the hash of its content."""
    digest = hashlib.sha256()
    with part.open("xb") as file:
        for chunk in offer.chunks():
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def _remembered(folders: Folders) -> dict[str, dict[str, Any]]:
    """Of each source: when it was looked at, what went wrong, and of each file its stamp and the hash of its content."""
    try:
        told = json.loads(folders.fetched.read_text(encoding="utf-8"))
    except (
        OSError,
        ValueError,
    ):  # never written, or by hand: everything is fetched again, which changes nothing
        return {}
    sources = told.items() if isinstance(told, dict) else ()
    return {name: facts for name, facts in sources if isinstance(facts, dict)}


def _remember(folders: Folders, source: Source, facts: dict[str, object]) -> None:
    with _writing:
        told = _remembered(folders)
        told[source.name] = {**told.get(source.name, {}), **facts}
        passing_name = folders.fetched.with_suffix(f".{os.getpid()}.tmp")
        passing_name.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
        passing_name.replace(folders.fetched)
