"""gzip and zip: what is in them, unpacked within bounds.

A name in an archive is looked at for its ending only; it is never a path to write to.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO
from zipfile import ZipFile, ZipInfo

from cx.errors import FileRefused
from cx.words import number, t

UNPACKED_LIMIT = 4 << 30
"""Bytes that one packed file may come to."""

RATIO_LIMIT, RATIO_FROM = 200, 64 << 20
"""How many times its packed size a file may come to, once it is of so many bytes."""

FILES_LIMIT, ENTRIES_LIMIT = 100, 10_000
"""Exports in one zip, and files of any kind: all of their names stand in memory before the first is looked at."""

PACKED = (".gz", ".zip")
"""The endings of packed files."""

_ARCHIVES = (*PACKED, ".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz", ".zst")
_ENTRY = b"PK\x01\x02"
_ENCRYPTED = 1
_CHUNK = 1 << 20

Place = Callable[[str], Path]
"""A free path in the workspace for a file of this name."""


def unpack(path: Path, endings: tuple[str, ...], place: Place) -> list[Path]:
    """The exports (files of these endings) in a packed file, in the order of their names.

    Raises FileRefused where it holds none, or unfolds beyond bounds, and OSError, EOFError and zlib.error where it is
    damaged.
    """
    return (
        _unzipped(path, endings, place)
        if path.suffix.lower() == ".zip"
        else [_gunzipped(path, endings, place)]
    )


def _gunzipped(path: Path, endings: tuple[str, ...], place: Place) -> Path:
    inner = path.stem
    if Path(inner).suffix.lower() not in endings:
        reason = t("Its name does not say what is in it. Call it .csv.gz or .jsonl.gz, or unpack it.")
        raise FileRefused(path.name, reason)
    target = place(inner)
    with gzip.open(path, "rb") as source:
        _copy(source, target, Allowance(path))
    return target


def refuse_crowded(path: Path) -> None:
    """Raises FileRefused where a zip file lists more files than can be looked at. What it says of their number is not believed."""
    found, before = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found += (before + chunk).count(_ENTRY)
            before = chunk[1 - len(_ENTRY) :]
    if found > ENTRIES_LIMIT:
        reason = t("It holds more than {n} files. Unpack it, and put them here.", n=number(ENTRIES_LIMIT))
        raise FileRefused(path.name, reason)


def _unzipped(path: Path, endings: tuple[str, ...], place: Place) -> list[Path]:
    refuse_crowded(path)
    allowance = Allowance(path)
    try:
        with ZipFile(path) as archive:
            exports = _exports(path, archive, endings)
            return [_extracted(archive, export, place, allowance) for export in exports]
    except FileRefused:
        raise
    except OSError:
        raise
    except Exception as error:  # zipfile throws whatever the damage leads to
        reason = t("It is not a whole zip file: it is cut short or damaged. Make it again.")
        raise FileRefused(path.name, reason) from error


def _exports(path: Path, archive: ZipFile, endings: tuple[str, ...]) -> list[ZipInfo]:
    files = [one for one in archive.infolist() if not one.is_dir() and not _hidden(one.filename)]
    if any(_ending(one) in _ARCHIVES for one in files):
        raise FileRefused(path.name, t("It holds another packed file. Unpack it, and put the exports here."))
    exports = sorted((one for one in files if _ending(one) in endings), key=lambda one: one.filename)
    if not exports:
        known = ", ".join(endings)
        raise FileRefused(path.name, t("It holds no file that can be read ({known}).", known=known))
    if len(exports) > FILES_LIMIT:
        reason = t("It holds more than {n} files. Unpack it, and put them here.", n=number(FILES_LIMIT))
        raise FileRefused(path.name, reason)
    if any(one.flag_bits & _ENCRYPTED for one in exports):
        raise FileRefused(path.name, t("It is locked with a password. Unpack it, and put the exports here."))
    return exports


def _hidden(name: str) -> bool:
    """What an archiver of a Mac, or an editor, leaves beside the files."""
    parts = (part for part in PurePosixPath(name).parts if part != "..")
    return any(part.startswith((".", "~", "__MACOSX")) for part in parts)


def _ending(one: ZipInfo) -> str:
    return PurePosixPath(one.filename).suffix.lower()


def _extracted(archive: ZipFile, one: ZipInfo, place: Place, allowance: Allowance) -> Path:
    target = place(f"export{_ending(one)}")
    with archive.open(one) as source:
        _copy(source, target, allowance)
    return target


def allowed(path: Path) -> int:
    """The bytes that a packed file may come to."""
    return min(UNPACKED_LIMIT, max(RATIO_FROM, RATIO_LIMIT * path.stat().st_size))


class Allowance:
    """The bytes that a packed file may still come to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._most = allowed(path)
        self._spent = 0

    def spend(self, size: int) -> None:
        """Raises FileRefused where it comes to more than is allowed."""
        self._spent += size
        if self._spent > self._most:
            reason = t(
                "Unpacked it is far larger than an export should be. Unpack it, and put the exports here."
            )
            raise FileRefused(self._path.name, reason)


def _copy(source: IO[bytes] | gzip.GzipFile, target: Path, allowance: Allowance) -> None:
    with target.open("wb") as file:
        while chunk := source.read(_CHUNK):
            allowance.spend(len(chunk))
            file.write(chunk)
