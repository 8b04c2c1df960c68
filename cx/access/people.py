"""access.toml: whom the company gives which role, and which rows they see.

    claim = "groups"                  # the claim of the provider that names a person's groups

    [[grant]]
    email = "ana@example.com"         # one person ...
    role = "support"

    [[grant]]
    group = "cx-dach"                 # ... or all of a group
    role = "marketing"
    region = ["Germany", "Austria"]   # only these rows; without it, all
    alerts = ["dach"]                 # addresses of alerts.toml that are theirs: what is sent there tells of these rows alone

Of the grants that fit a person the first one with their address holds, or else the first one with a group of theirs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cx.access.person import NOBODY, OWNER, Person
from cx.access.roles import ROLES
from cx.errors import BadReference, NotAllowed, hint
from cx.query import Filters
from cx.words import t

FILE = "access.toml"
LIMITS = ("product", "channel", "segment", "region")
"""The dimensions by which rows can be kept from people."""
_KEYS = ("email", "group", "role", *LIMITS, "alerts")


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, and the rows that are seen with it, for one address or one group, and the names of where its alerts go."""

    email: str
    group: str
    role: str
    rows: Filters
    alerts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class People:
    """The grants in their order, and the claim that names a person's groups ('' where the provider names none)."""

    grants: tuple[Grant, ...] = ()
    claim: str = ""

    def person(self, told: Mapping[str, Any]) -> Person:
        """Who signed in with these claims; one without a role where no grant fits, or where the provider does not stand for
        the address."""
        email = _address(told.get("email"))
        if not email or told.get("email_verified") is False:
            return NOBODY
        groups = told.get(self.claim) if self.claim else None
        theirs = (
            {groups} if isinstance(groups, str) else {one for one in groups or () if isinstance(one, str)}
        )
        fits = [grant for grant in self.grants if grant.email == email]
        fits += [grant for grant in self.grants if grant.group and grant.group in theirs]
        return Person(email, fits[0].role, fits[0].rows) if fits else Person(email, "")

    def rows_of(self, name: str) -> Filters:
        """Which rows are told of to this address of alerts; of one that is several people's, those of the first."""
        return next((grant.rows for grant in self.grants if name in grant.alerts), Filters())

    def known(self, email: str) -> Person:
        """The person of this address, as the file alone tells of them."""
        return self.person({"email": email})


def people(folder: Path) -> People:
    """What access.toml says; nobody has a role where it is missing. Raises BadReference with the file and the place."""
    path = folder / FILE
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return People()
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as error:
        raise BadReference(t("{file} cannot be read: {error}", file=path, error=error)) from error
    for key in told:
        if key not in ("claim", "grant"):
            raise _wrong(path, "", key, ("claim", "grant"))
    claim, grants = told.get("claim", ""), told.get("grant", [])
    if not isinstance(claim, str):
        raise BadReference(t("{file}: claim is to be a name in quotation marks.", file=path))
    if not isinstance(grants, list) or not all(isinstance(one, dict) for one in grants):
        raise BadReference(t("{file}: write each grant under [[grant]].", file=path))
    return People(tuple(_grant(path, place, one) for place, one in enumerate(grants, 1)), claim)


def asking(folder: Path, email: str) -> Person:
    """Whom a command asks as: the person of this address, or the owner where none is named. Raises NotAllowed where nobody
    granted them a role with the weekly health, and BadReference as `people` does."""
    one = people(folder).known(email) if email else OWNER
    if not one.sees("weekly_health"):
        raise NotAllowed(t("{file} grants no role to {email}.", file=folder / FILE, email=email))
    return one


def _grant(path: Path, place: int, told: Mapping[str, Any]) -> Grant:
    where = t("grant {n}", n=place)
    for key in told:
        if key not in _KEYS:
            raise _wrong(path, where, key, _KEYS)
    email, group, role = (told.get(key, "") for key in ("email", "group", "role"))
    if not all(isinstance(one, str) for one in (email, group)) or bool(email) == bool(group):
        raise BadReference(
            t("{file}, {where}: say whom it is for, by email or by group.", file=path, where=where)
        )
    if email and "@" not in email:
        raise BadReference(
            t("{file}, {where}: '{value}' is no address.", file=path, where=where, value=email)
        )
    if role not in ROLES:
        raise BadReference(
            t("{file}, {where}: there is no role called '{value}'; there are {known}.", file=path, where=where,
              value=role, known=", ".join(ROLES)) + hint(str(role), ROLES)
        )  # fmt: skip
    rows = Filters(**{key: _values(path, where, key, told[key]) for key in LIMITS if key in told})
    alerts = _values(path, where, "alerts", told["alerts"]) if "alerts" in told else ()
    return Grant(_address(email), group, role, rows, alerts)


def _values(path: Path, where: str, key: str, told: object) -> tuple[str, ...]:
    if not (isinstance(told, list) and told and all(isinstance(one, str) and one for one in told)):
        raise BadReference(
            t('{file}, {where}: {key} is to be a list such as ["a", "b"]; leave it out for all.', file=path, where=where,
              key=key)
        )  # fmt: skip
    return tuple(sorted({*told}))


def _wrong(path: Path, where: str, key: str, known: tuple[str, ...]) -> BadReference:
    told = f"{path}, {where}" if where else str(path)
    return BadReference(t("{file}: there is no key called '{key}'.", file=told, key=key) + hint(key, known))


def _address(told: object) -> str:
    return told.strip().casefold() if isinstance(told, str) else ""
