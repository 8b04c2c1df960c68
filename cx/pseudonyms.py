"""Customers under pseudonyms: a keyed hash in place of the id that an export gives.

Whoever has the store without the key cannot tell whose rows they are, nor try out a list of e-mail addresses. The key
lies beside the store, in a file that only its owner can read; it is made once, and without it no customer of a later
export would be the one of an earlier.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cx.errors import BadKey
from cx.words import t

LENGTH = 24
"""Hexadecimal digits of a pseudonym, 96 bits: among a hundred million customers two share one with a chance of 1 in 10^13."""

_BLOCK = 64  # bytes, of SHA-256
_SOUND = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Key:
    """The secret of one store. `path` is where it lies."""

    path: Path
    _secret: bytes = field(repr=False)

    @classmethod
    def beside(cls, store: Path, wanted: str = "") -> Key:
        """The key of a store, beside it or at $CX_KEY; made where there is none.

        `wanted` is the fingerprint of the key that the store was filled with. Raises BadKey where that one is gone, is
        another, or cannot be read.
        """
        path = cls.place(store)
        if not path.exists():
            if wanted:
                raise BadKey(
                    t("{file} is gone. Put it back from your backup: without it the customers of later exports could not "
                      "be told to be the same.", file=path)
                )  # fmt: skip
            _make(path)
        key = cls(path, _read(path))
        if wanted and key.fingerprint != wanted:
            raise BadKey(
                t("{file} is not the key that this store was filled with. Put that one back.", file=path)
            )
        return key

    @staticmethod
    def place(store: Path) -> Path:
        """Where the key of a store lies: beside it, or at $CX_KEY."""
        return Path(os.environ.get("CX_KEY") or store.with_name("customer.key"))

    @property
    def fingerprint(self) -> str:
        """Tells this key from another, and nothing else."""
        return hmac.new(self._secret, b"\0fingerprint", hashlib.sha256).hexdigest()[:16]

    @property
    def private(self) -> bool:
        """Whether only its owner can read the file."""
        return not self.path.stat().st_mode & 0o077

    def pseudonym(self, customer_id: str) -> str:
        """The pseudonym of a customer, by the id that exports give: blanks around it and, in an address, capitals do
        not matter."""
        told = customer_id.strip(" ")
        told = told.lower() if "@" in told else told
        return hmac.new(self._secret, told.encode(), hashlib.sha256).hexdigest()[:LENGTH]

    @property
    def values(self) -> dict[str, bytes]:
        """What the SQL of `pseudonym_of` binds."""
        padded = self._secret.ljust(_BLOCK, b"\0")
        return {
            "inner": bytes(byte ^ 0x36 for byte in padded),
            "outer": bytes(byte ^ 0x5C for byte in padded),
        }


def pseudonym_of(cell: str) -> str:
    """SQL for the pseudonym of the id in a cell, by the bound $inner and $outer (HMAC with SHA-256, RFC 2104)."""
    told = f"(case when contains({cell}, '@') then lower(trim({cell}, ' ')) else trim({cell}, ' ') end)"
    return f"left(sha256($outer || unhex(sha256($inner || encode({told})))), {LENGTH})"


def forgotten_mark(pseudonym: str) -> str:
    """SQL by which a customer who was forgotten is known again, though neither id nor pseudonym is kept."""
    return f"left(sha256('forgotten ' || {pseudonym}), {LENGTH})"


def _make(path: Path) -> None:
    """Write a new key whole, readable by its owner alone from its first byte; where another process was faster, leave its."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(f"{secrets.token_hex(32)}\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _read(path: Path) -> bytes:
    try:
        told = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadKey(t("{file} cannot be read: {error}", file=path, error=type(error).__name__)) from error
    if not _SOUND.fullmatch(told):
        raise BadKey(
            t("{file} does not hold a key: 64 hexadecimal digits. Put it back from your backup.", file=path)
        )
    return bytes.fromhex(told)
