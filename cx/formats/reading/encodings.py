"""Text in any of the encodings that exports come in, as UTF-8."""

from __future__ import annotations

import codecs
from pathlib import Path

from cx.errors import FileRefused
from cx.formats.reading.faults import no_text
from cx.formats.reading.sheet import Told, Workspace
from cx.words import t

_CHUNK = 1 << 20
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


def as_utf8(path: Path, workspace: Workspace, told: Told) -> tuple[Path, tuple[str, ...]]:
    """The file itself where it is UTF-8, else a copy that is; and a note where the encoding had to be supposed.

    Raises FileRefused where it is no text, and UnicodeError where its encoding is not known.
    """
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(_UTF32):
        raise FileRefused(path.name, no_text())
    if start.startswith(_UTF16):
        return _rewritten(path, "utf-16", workspace, told), ()
    if _is_utf8(path, told):
        return path, ()
    copy = _rewritten(path, "cp1252", workspace, told)
    return copy, (t("It is not UTF-8, and was read as Windows-1252. Look whether its letters are right."),)


def _is_utf8(path: Path, told: Told) -> bool:
    """Whether all of it is UTF-8. Raises FileRefused where only its beginning is: then it is damaged."""
    decoder, plain, before, size = codecs.getincrementaldecoder("utf-8")(), True, 0, path.stat().st_size
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                if plain and error.object[: error.start].isascii():
                    return False
                _refuse_nul(path, error.object[: error.start].decode())
                at = before + error.start
                raise FileRefused(
                    path.name,
                    t("It is UTF-8 text up to byte {byte}, and damaged there. Export it again.", byte=at),
                ) from error
            _refuse_nul(path, text)
            if not chunk:
                return True
            plain, before = plain and text.isascii(), file.tell() - len(decoder.getstate()[0])
            told(file.tell() / size)


def _rewritten(path: Path, encoding: str, workspace: Workspace, told: Told) -> Path:
    decoder, size = codecs.getincrementaldecoder(encoding)(), path.stat().st_size
    copy = workspace.file(path.name)
    with path.open("rb") as source, copy.open("wb") as target:
        while True:
            chunk = source.read(_CHUNK)
            text = decoder.decode(chunk, final=not chunk)
            _refuse_nul(path, text)
            target.write(text.encode("utf-8"))
            if not chunk:
                return copy
            told(source.tell() / size)


def _refuse_nul(path: Path, text: str) -> None:
    if "\x00" in text:
        raise FileRefused(path.name, no_text())
