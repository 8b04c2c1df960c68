"""Answers kept as long as all that they were computed from stays the same."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from hashlib import blake2b
from threading import Lock
from typing import Any, TypeVar

import numpy as np
import pandas as pd

Answer = TypeVar("Answer")
MOST = 12
"""Answers that are kept unless said otherwise: those of two versions of a league."""


class Memory:
    """The latest answers, each by the content of everything that was handed in; nothing else can make one stale.

    Most versions of a store bring rows of today, which no campaign is judged by yet: then nothing is computed anew.
    Answers are shared and must not be changed. Safe to use from many threads: of those that ask the same at once one
    computes and the others wait for it.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[bytes, Future[Any]] = OrderedDict()
        self._busy = Lock()

    def of(self, asked: Callable[..., Answer], *given: Any) -> Answer:
        """What `asked` says of what is given. It must be a function that depends on that alone; its errors are not kept."""
        key = digest(asked.__module__, asked.__qualname__, *given)
        told, first = self._entry(key)
        if first:
            try:
                told.set_result(asked(*given))
            except BaseException as error:
                self._forget(key, told)
                told.set_exception(error)
        answer: Answer = told.result()
        return answer

    def _entry(self, key: bytes) -> tuple[Future[Any], bool]:
        """What is known, or will be, under this key, and whether the caller is the first to ask."""
        with self._busy:
            first = key not in self._kept
            told = self._kept.setdefault(key, Future())
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
            return told, first

    def _forget(self, key: bytes, told: Future[Any]) -> None:
        with self._busy:
            if self._kept.get(key) is told:
                del self._kept[key]


def digest(*given: Any) -> bytes:
    """A number that differs where arrays, tables, or other values (by what `repr` says of them) do, to the last bit."""
    seen = blake2b(digest_size=32)
    for value in given:
        for part in _parts(value):
            seen.update(len(part).to_bytes(8))
            seen.update(part)
    return seen.digest()


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, pd.DataFrame):
        yield from _parts(("table", *value.columns))
        for name in value.columns:
            yield from _parts(value[name].to_numpy())
    elif isinstance(value, pd.Index):
        yield from _parts(value.to_numpy())
    elif isinstance(value, np.ndarray) and value.dtype.kind in "biufM":
        yield f"{value.dtype.str} {value.shape}".encode()
        yield np.ascontiguousarray(value).view(np.uint8).ravel()
    else:
        yield repr(value.tolist() if isinstance(value, np.ndarray) else value).encode()
