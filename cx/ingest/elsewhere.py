"""Asking a bucket or a web server which of its files are new, and reading them.

A bucket is read with pyarrow, which needs no extension; its credentials, region and endpoint are those of the
environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL …) or of ~/.aws.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from http.client import HTTPException, HTTPResponse
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

from cx.errors import OutOfReach
from cx.formats.reading import readable
from cx.words import t

PATIENCE_SECONDS = 10.0
"""A host that says nothing for so long is given up until the next look."""

CHUNK_BYTES = 1 << 20

Stamps = Mapping[str, str]
"""Of each file that came before, by its key: how the host marked the state that came."""

_DENIED = ("ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH", "MISSING_AUTHENTICATION_TOKEN",
           "INVALID_SIGNATURE", "INVALID_CLIENT_TOKEN_ID", "UNRECOGNIZED_CLIENT", "REQUEST_EXPIRED")  # fmt: skip
_UNREACHED = ("NETWORK_CONNECTION", "REQUEST_TIMEOUT", "SERVICE_UNAVAILABLE", "SLOW_DOWN")


@dataclass(frozen=True, slots=True)
class Offer:
    """A file that is new: the name to land under, what it is remembered by, its mark, its size where that is told."""

    name: str
    key: str
    stamp: str
    size: int | None
    open: Callable[[], AbstractContextManager[BinaryIO]]

    def chunks(self) -> Iterator[bytes]:
        """Its bytes, in pieces. Raises OutOfReach where they break off."""
        read = 0
        with _explained(self.key), self.open() as stream:
            while chunk := stream.read(CHUNK_BYTES):
                read += len(chunk)
                yield chunk
        if self.size is not None and read != self.size:
            raise OutOfReach(t("{address} broke off before its end; it is fetched again", address=self.key))


def offers(url: str, authorization: str, known: Stamps) -> list[Offer]:
    """The files at this address whose mark is not the known one. Raises OutOfReach in words."""
    parts = urlsplit(url)
    bucket = parts.scheme == "s3"
    address = url if bucket else f"{parts.scheme}://{parts.netloc}{parts.path}"
    with _explained(address):
        return _in_bucket(url, known) if bucket else _on_server(url, address, authorization, known)


def _on_server(url: str, address: str, authorization: str, marks: Stamps) -> list[Offer]:
    request, known = Request(url), marks.get(address)
    if authorization:  # stays behind where the server sends elsewhere
        request.add_unredirected_header("Authorization", authorization)
    if known:
        request.add_header("If-None-Match" if known.endswith('"') else "If-Modified-Since", known)
    try:
        answer: HTTPResponse = urlopen(request, timeout=PATIENCE_SECONDS)
    except HTTPError as error:
        with error:
            if error.code == 304:
                return []
            raise
    stamp = answer.headers["ETag"] or answer.headers["Last-Modified"] or ""
    name = answer.headers.get_filename() or unquote(PurePosixPath(urlsplit(url).path).name)
    size = answer.headers["Content-Length"]
    return [Offer(_plain(name), address, stamp, int(size) if size else None, lambda: answer)]


def _in_bucket(url: str, known: Stamps) -> list[Offer]:
    path = url.partition("://")[2]
    files = _bucket(path.split("/")[0])
    found = [
        Offer(_plain(info.base_name), f"s3://{info.path}", f"{info.size} {info.mtime_ns}", info.size,
              partial(files.open_input_stream, info.path))
        for info in _matching(files, path)
    ]  # fmt: skip
    return [offer for offer in found if known.get(offer.key) != offer.stamp]


def _matching(files: Any, path: str) -> list[Any]:
    """The files in a bucket that a path names; `*` stands within one name, a last `/` for all in that folder."""
    from pyarrow.fs import FileSelector, FileType

    pattern = PurePosixPath(f"{path}*" if path.endswith("/") else path)
    if not re.search(r"[*?[]", str(pattern)):
        info = files.get_file_info(path)
        if info.type != FileType.File:
            raise FileNotFoundError
        return [info]
    fixed = next(parent for parent in pattern.parents if not re.search(r"[*?[]", str(parent)))
    deeper = len(pattern.parts) - len(fixed.parts) > 1
    there = files.get_file_info(FileSelector(str(fixed), recursive=deeper))
    return [
        info
        for info in sorted(there, key=lambda info: info.path)
        if info.type == FileType.File and _fits(PurePosixPath(info.path), pattern)
    ]


def _fits(path: PurePosixPath, pattern: PurePosixPath) -> bool:
    return (
        len(path.parts) == len(pattern.parts)
        and all(map(fnmatchcase, path.parts, pattern.parts))
        and readable(Path(path.name))
        and not path.name.startswith((".", "~"))
    )


def _bucket(name: str) -> Any:
    """A file system over the buckets that the environment gives access to."""
    try:
        from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem, resolve_s3_region
    except ImportError as error:
        raise OutOfReach(
            t("This installation of pyarrow cannot read s3://; install it with pip from PyPI.")
        ) from error
    endpoint = urlsplit(os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or "")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    there = {"endpoint_override": endpoint.netloc, "scheme": endpoint.scheme} if endpoint.netloc else {}
    return S3FileSystem(
        region=region or (None if there else resolve_s3_region(name)),
        connect_timeout=PATIENCE_SECONDS, request_timeout=PATIENCE_SECONDS,
        # The next look is the retry. The process cannot end while a request lasts.
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=1), **there,
    )  # fmt: skip


def _plain(name: str) -> str:
    """A name that cannot lead out of the inbox, nor pass for a file that is not complete."""
    return Path(name.replace("\\", "/")).name.lstrip(".~") or "export"


@contextmanager
def _explained(address: str) -> Iterator[None]:
    """What a host answered, or did not, as one sentence without credentials. Errors of the caller's own pass."""
    try:
        yield
    except HTTPError as error:
        raise OutOfReach(_refusal(address, error.code)) from None
    except FileNotFoundError:
        raise OutOfReach(_refusal(address, 404)) from None
    except (URLError, HTTPException, TimeoutError, ValueError) as error:
        raise OutOfReach(_silence(address, getattr(error, "reason", error))) from None
    except OSError as error:
        raise OutOfReach(_of_bucket(address, str(error))) from None


def _refusal(address: str, code: int) -> str:
    if code in (401, 403):
        return t("{address} refuses access; check the credentials in the environment", address=address)
    if code in (404, 410):
        return t("there is nothing at {address}", address=address)
    return t("{address} answered with error {code}", address=address, code=code)


def _silence(address: str, reason: object) -> str:
    why = getattr(reason, "strerror", None) or (
        t("no answer in time") if isinstance(reason, TimeoutError) else ""
    )
    return t("{address} cannot be reached ({reason})", address=address, reason=why or type(reason).__name__)


def _of_bucket(address: str, told: str) -> str:
    found = re.search(r"AWS Error (\w+)(?:.*HTTP status (\d+))?", told)
    code = found[1] if found else ""
    if code in _DENIED:
        return _refusal(address, 403)
    if code == "NO_SUCH_BUCKET":
        return t("there is no bucket of that name: {address}", address=address)
    if code in _UNREACHED or not found:
        return t("{address} cannot be reached ({reason})", address=address, reason=t("no connection"))
    return t("{address} answered with error {code}", address=address, code=found[2] or code)
