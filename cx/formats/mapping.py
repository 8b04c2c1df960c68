"""A mapping file: TOML that says where each canonical column comes from.

    name = "airline tweets"
    recognise = ["tweet_id", "airline_sentiment"]     # columns that tell such a file; and, or instead:
    file = "tweets*.csv"                              # a pattern of its name

    [columns]
    source = { constant = "twitter" }
    interaction_id = "tweet_id"                       # or a list of spellings: the first that is there
    occurred_at = { column = "tweet_created", format = "%Y-%m-%d %H:%M:%S %z" }
    kind = { column = "airline_sentiment", values = { negative = "complaint" }, otherwise = "review" }
    resolution_seconds = { column = "hours", unit = "h" }

Any other key or name is an error that names the file, the key, the value and the nearest that is known.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import available_timezones

from cx.errors import FileRefused, MappingError, hint
from cx.formats.source import MICROSECONDS_IN, SECONDS_IN, Format, Source
from cx.model import ALWAYS, COLUMNS, SCORES, Column
from cx.words import enumeration, t

_TOP = ("name", "recognise", "file", "columns")
_ANY = ("column", "constant", "values", "otherwise")
_MOMENT = ("format", "epoch", "time_zone")
_DIRECTIVE = re.compile(r"%(-[dmyHIMSj]|[aAwdbBmyYHIpMSfgnzZjUWcxXGuV%])|%")
_MONEY = {"money": 1.0, "cents": 0.01}


@dataclass(frozen=True, slots=True)
class Mapping:
    """A sound mapping file."""

    file: str
    name: str
    recognise: tuple[str, ...]
    pattern: str
    sources: dict[str, Source]

    def fits(self, columns: Sequence[str], file: str) -> bool:
        """Whether a file of this name with these columns is one that this mapping is for."""
        named = not self.pattern or fnmatch(file.lower(), self.pattern.lower())
        return named and set(self.recognise) <= set(columns)

    def format(self, columns: Sequence[str], file: str) -> Format:
        """This mapping, brought down to the columns that the file has. Raises FileRefused if a vital one is not there."""
        sources, notes = {}, []
        for name, source in self.sources.items():
            there = next((column for column in source.columns if column in columns), None)
            if source.constant is not None:
                sources[name] = source
            elif there is not None:
                sources[name] = replace(source, columns=(there,))
            else:
                notes.append(_absent(self.file, name, source, columns))
                if name in ALWAYS:
                    raise FileRefused(file, notes[-1])
        return Format(self.name, sources, tuple(notes))


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file. Raises MappingError, which says what is wrong in it and what to do."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingError(
            t("{file} cannot be read as TOML: {error}", file=path.name, error=error)
        ) from error
    return _Reader(path.name).mapping(told)


def _absent(mapping: str, name: str, source: Source, columns: Sequence[str]) -> str:
    wanted = enumeration([f"'{column}'" for column in source.columns])
    what = t(
        "{mapping} takes '{name}' from {wanted}, which is not there.",
        mapping=mapping,
        name=name,
        wanted=wanted,
    )
    return what + hint(source.columns[0], columns)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the parts of one mapping file; every complaint starts with the file and the key."""

    file: str

    def mapping(self, told: dict[str, Any]) -> Mapping:
        self.known(told, _TOP, "")
        name = self.text(told.get("name"), "name")
        recognise = self.texts(told.get("recognise", []), "recognise")
        pattern = self.text(told["file"], "file") if "file" in told else ""
        if not (recognise or pattern):
            self.wrong(
                "recognise", None, t("list the columns that tell such a file, or give a 'file' pattern")
            )
        columns = told.get("columns")
        if not isinstance(columns, dict):
            self.wrong("columns", columns, t("write a table [columns] with canonical names as its keys"))
        self.known(columns, COLUMNS, "columns.")
        for vital in ALWAYS:
            if vital not in columns:
                self.wrong(f"columns.{vital}", None, t("every row needs it: name its column, or a constant"))
        return Mapping(
            self.file, name, recognise, pattern, {k: self.source(k, v) for k, v in columns.items()}
        )

    def source(self, name: str, told: object) -> Source:
        key, column = f"columns.{name}", COLUMNS[name]
        if isinstance(told, (str, list)):
            return Source(self.texts(told, key))
        if not isinstance(told, dict):
            self.wrong(key, told, t("give the name of a column, or a table with 'column' or 'constant'"))
        self.known(told, (*_ANY, *self.keys_for(column)), f"{key}.")
        if ("column" in told) == ("constant" in told):
            self.wrong(key, None, t("say either 'column' or 'constant', and only one of them"))
        if name == "interaction_id" and "constant" in told:
            self.wrong(key, told["constant"], t("each row needs an id of its own: name a column"))
        return Source(
            self.texts(told["column"], f"{key}.column") if "column" in told else (),
            self.value(column, told, "constant"),
            self.values(column, told.get("values", {}), f"{key}.values"),
            self.value(column, told, "otherwise"),
            self.scale(column, told),
            *self.moment(told, key),
        )

    def keys_for(self, column: Column) -> tuple[str, ...]:
        if column.type == "TIMESTAMP":
            return _MOMENT
        scaled = column.type in ("INTEGER", "DOUBLE") and column.name not in (*SCORES, "expectation")
        return ("scale", "unit") if scaled and self.units(column) else ("scale",) if scaled else ()

    def units(self, column: Column) -> dict[str, float]:
        return {"s": SECONDS_IN, "money": _MONEY}.get(column.unit, {})

    def values(self, column: Column, told: object, key: str) -> dict[str, str]:
        if not isinstance(told, dict):
            self.wrong(key, told, t("write a table: source value = canonical value"))
        return {source: self.scalar(column, value, f"{key}.{source}") for source, value in told.items()}

    def value(self, column: Column, told: dict[str, Any], what: str) -> str | None:
        return self.scalar(column, told[what], f"columns.{column.name}.{what}") if what in told else None

    def scalar(self, column: Column, told: object, key: str) -> str:
        if not isinstance(told, (str, int, float)):
            self.wrong(key, told, t("give one text, number, or true or false"))
        text = str(told).lower() if isinstance(told, bool) else str(told)
        if text and column.allowed and text not in column.allowed:
            self.wrong(key, told, self.one_of(text, column.allowed))
        return text

    def scale(self, column: Column, told: dict[str, Any]) -> float:
        key = f"columns.{column.name}"
        scale = told.get("scale", 1.0)
        if isinstance(scale, bool) or not isinstance(scale, (int, float)):
            self.wrong(f"{key}.scale", scale, t("give a number to multiply by"))
        units = self.units(column)
        unit = told.get("unit", column.unit)
        if "unit" in told and unit not in units:
            self.wrong(f"{key}.unit", unit, self.one_of(str(unit), units))
        return float(scale) * units.get(unit, 1.0)

    def moment(self, told: dict[str, Any], key: str) -> tuple[tuple[str, ...], str | None, str | None]:
        written, epoch, zone = (told.get(what) for what in _MOMENT)
        formats = () if written is None else self.formats(written, f"{key}.format")
        if epoch is not None and epoch not in MICROSECONDS_IN:
            self.wrong(f"{key}.epoch", epoch, self.one_of(str(epoch), MICROSECONDS_IN))
        if zone is not None and zone not in available_timezones():
            self.wrong(
                f"{key}.time_zone",
                zone,
                t("name a time zone such as 'Europe/Berlin'.") + hint(str(zone), _zones()),
            )
        if epoch is not None and (formats or zone is not None):
            self.wrong(
                f"{key}.epoch", epoch, t("a count since 1970 has neither 'format' nor 'time_zone'; drop them")
            )
        return formats, epoch, zone

    def formats(self, told: object, key: str) -> tuple[str, ...]:
        listed: list[Any] = told if isinstance(told, list) else [told]
        if not (listed and all(map(self.sound_format, listed))):
            self.wrong(key, told, t("write a pattern such as '%d/%m/%Y %H:%M'"))
        if len({"%z" in pattern.lower() for pattern in listed}) > 1:
            self.wrong(key, told, t("let all patterns hold an offset, or none"))
        return tuple(listed)

    def sound_format(self, told: object) -> bool:
        found = list(_DIRECTIVE.finditer(told)) if isinstance(told, str) else []
        return bool(found) and all(directive[1] for directive in found)

    def known(self, told: dict[str, Any], known: Collection[str], prefix: str) -> None:
        for key in told:
            if key not in known:
                self.wrong(prefix + key, None, self.one_of(key, known))

    def one_of(self, told: str, known: Collection[str]) -> str:
        near = hint(told, known)
        return t("it is not known.") + near if near else t("known are {known}.", known=enumeration([*known]))

    def text(self, told: object, key: str) -> str:
        if not isinstance(told, str) or not told:
            self.wrong(key, told, t("give a text"))
        return told

    def texts(self, told: object, key: str) -> tuple[str, ...]:
        listed = told if isinstance(told, list) else [told]
        return tuple(self.text(one, key).strip() for one in listed)

    def wrong(self, key: str, value: object, todo: str) -> NoReturn:
        if value is None:
            raise MappingError(t("{file}, {key}: {todo}", file=self.file, key=key, todo=todo))
        raise MappingError(
            t("{file}, {key} = {value}: {todo}", file=self.file, key=key, value=repr(value), todo=todo)
        )


def _zones() -> list[str]:
    return sorted(zone.lower() for zone in available_timezones())
