"""What readers throw, turned into reasons that a person can act on."""

from __future__ import annotations

import csv
import errno
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from cx.errors import FileRefused
from cx.words import t


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Raise FileRefused under this file's name for whatever is wrong with what is read of it."""
    try:
        yield
    except FileRefused as refused:
        raise FileRefused(path.name, refused.reason) from refused
    except PermissionError as error:
        raise FileRefused(path.name, t("It may not be read; change its access rights.")) from error
    except UnicodeError as error:
        raise FileRefused(path.name, no_text()) from error
    except (pa.ArrowException, OSError, EOFError, zlib.error, csv.Error, KeyError) as error:
        raise FileRefused(path.name, _why(path, error)) from error


def no_text() -> str:
    """Why a file of an unknown encoding is refused."""
    return t(
        "It is not UTF-8 text, nor UTF-16 or Windows-1252. Save it as 'CSV UTF-8' and put it here again."
    )


def _why(path: Path, error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return t("There is no room on the disk to read it. Make room, and put it here again.")
    if "UTF8" in str(error):
        return no_text()
    suffix = path.suffix.lower()
    if suffix in (".parquet", ".pq"):
        return t("It is not a whole Parquet file: it is cut short or damaged. Export it again.")
    if suffix in (".csv", ".tsv"):
        return t(
            "It is not a CSV file that can be read to its end: a quotation mark may be open. Export it again."
        )
    return t("It is not a whole {kind} file: it is cut short or damaged. Export it again.", kind=suffix)
