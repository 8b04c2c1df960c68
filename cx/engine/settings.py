"""Which engine makes the rollups, where it is, and what it reads and writes: cx.toml beside the store, and the environment.

A variable of the environment stands before the file: CX_ENGINE before `use`, CX_ENGINE_ADDRESS before `address` and so on.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from cx.engine.errors import BadSettings
from cx.errors import hint
from cx.folders import Folders
from cx.words import t

FILE = "cx.toml"
VARIABLE = "CX_ENGINE"
DUCKDB, SPARK = "duckdb", "spark"
ENGINES = (DUCKDB, SPARK)

LEAST_SECONDS, MOST_SECONDS = 1, 600

_ADDRESS = re.compile(r"sc://(\[[0-9a-fA-F:]+\]|[^/:;\s]+)(:(?P<port>\d{1,5}))?(/(;.*)?)?")


@dataclass(frozen=True, slots=True)
class Settings:
    """use: the engine. address: where Spark Connect listens, sc://host:port. raw: the folder or s3:// address of the exports,
    as this machine and the engine's workers see it. rollups: the same of what is written. timeout_seconds: how long to wait for the
    engine's answer. partitions: into how many parts customers are dealt out; 0: as many as the rows ask for.
    spark: further settings of the Spark session."""

    use: str = DUCKDB
    address: str = ""
    raw: str = ""
    rollups: str = ""
    timeout_seconds: int = 10
    partitions: int = 0
    spark: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise BadSettings for a value that cannot be."""
        if self.use not in ENGINES:
            raise BadSettings(_not_one_of("use", self.use, ENGINES))
        if not LEAST_SECONDS <= self.timeout_seconds <= MOST_SECONDS:
            raise BadSettings(t("timeout_seconds = {value}: write whole seconds, from {least} to {most}.",
                                value=self.timeout_seconds, least=LEAST_SECONDS, most=MOST_SECONDS))  # fmt: skip
        if self.partitions < 0:
            raise BadSettings(
                t("partitions = {value}: write a whole number, 0 or more.", value=self.partitions)
            )
        if self.address and not _sound(self.address):
            raise BadSettings(t("address = '{value}' is no address of Spark Connect. Write sc://host:15002.",
                                value=without_secrets(self.address)))  # fmt: skip

    @property
    def elsewhere(self) -> bool:
        """Whether another engine than the product's own makes the rollups."""
        return self.use != DUCKDB

    def patient(self, seconds: int) -> Settings:
        """The same, waiting so long at least."""
        return replace(self, timeout_seconds=max(self.timeout_seconds, seconds))

    def complete(self) -> Settings:
        """The same. Raises BadSettings where the engine needs what is not said."""
        for name in ("address", "raw", "rollups"):
            if not getattr(self, name):
                raise BadSettings(
                    t("The engine needs '{name}': write it into [engine] of {file}, or into {variable}.", name=name,
                      file=FILE, variable=variable(name))
                )  # fmt: skip
        if f"{self.rollups.rstrip('/')}/".startswith(f"{self.raw.rstrip('/')}/"):
            raise BadSettings(
                t("'rollups' lies inside 'raw', where it would be read as exports. Choose another folder.")
            )
        return self


_KINDS: dict[str, type] = {
    "use": str, "address": str, "raw": str, "rollups": str, "timeout_seconds": int, "partitions": int, "spark": dict,
}  # fmt: skip


def variable(name: str) -> str:
    """The variable of the environment that stands before a setting."""
    return VARIABLE if name == "use" else f"{VARIABLE}_{name.upper()}"


def without_secrets(address: str) -> str:
    """An address without its parameters, among which a token may be."""
    return address.partition(";")[0]


def read(folders: Folders, use: str | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of these folders; `use` stands before all. Raises BadSettings for what is unknown or cannot be."""
    told = {**_of_file(folders), **_of_environment(os.environ if environment is None else environment)}
    return Settings(**{**told, "use": use} if use else told)


def _of_file(folders: Folders) -> dict[str, Any]:
    path = folders.root / FILE
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise BadSettings(t("{file} cannot be read: {reason}", file=path, reason=error)) from error
    for table in found:
        if table != "engine":
            raise BadSettings(_unknown(table, ("engine",)))
    told = found.get("engine", {})
    if not isinstance(told, dict):
        raise BadSettings(t("Write the settings of the engine as a table [engine]."))
    return {name: _typed(name, value) for name, value in told.items()}


def _typed(name: str, value: object) -> object:
    if name not in _KINDS:
        raise BadSettings(_unknown(name, _KINDS))
    if type(value) is not _KINDS[name]:
        raise BadSettings(t("{name} = {value} is not of the right type.", name=name, value=repr(value)))
    if name != "spark":
        return value
    assert isinstance(value, dict)
    return {key: _plain(told) for key, told in _flat(value).items()}


def _flat(table: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """The dotted names of a table, whether they were written in quotes or as tables within tables."""
    found: dict[str, Any] = {}
    for name, value in table.items():
        found.update(
            _flat(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}": value}
        )
    return found


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _of_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    names = {variable(name): name for name in _KINDS if name != "spark"}
    told: dict[str, Any] = {}
    for found, value in environment.items():
        if found != VARIABLE and not found.startswith(f"{VARIABLE}_"):
            continue
        if found not in names:
            raise BadSettings(_unknown(found, names))
        name = names[found]
        told[name] = _number(found, value) if _KINDS[name] is int else value
    return told


def _number(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise BadSettings(
            t("{name} = {value} is not of the right type.", name=name, value=repr(value))
        ) from None


def _sound(address: str) -> bool:
    found = _ADDRESS.fullmatch(address)
    return found is not None and 0 < int(found["port"] or 15002) < 65536


def _unknown(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, [*known], n=1)
    told = t("There is no setting called '{name}' for the engine.", name=name)
    return f"{told} {t('Did you mean {names}?', names=repr(near[0]))}" if near else told


def _not_one_of(name: str, value: str, known: Iterable[str]) -> str:
    return t("{name} = '{value}' is none of {known}.", name=name, value=value, known=", ".join(known)) + hint(
        value, known
    )
