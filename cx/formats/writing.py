"""A mapping as the TOML text that `load_mapping` reads, and saving it beside the others."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile

from cx.errors import MappingError
from cx.formats.mapping import Mapping, load_mapping
from cx.formats.source import SECONDS_IN, Source
from cx.formats.suggesting import words_of
from cx.formats.vendors import VENDORS
from cx.formats.vendors.vendor import unique
from cx.model import ALWAYS, COLUMNS
from cx.words import t

_UNITS = {scale: unit for unit, scale in SECONDS_IN.items()}


def as_toml(mapping: Mapping) -> str:
    """The text of a mapping file."""
    told = [f"name = {_quoted(mapping.name)}"]
    if mapping.recognise:
        told.append(f"recognise = {_listed(mapping.recognise)}")
    if mapping.pattern:
        told.append(f"file = {_quoted(mapping.pattern)}")
    lines = [f"{name} = {_source(name, source)}" for name, source in mapping.sources.items()]
    return "\n".join([*told, "", "[columns]", *lines, ""])


def file_of(name: str) -> str:
    """The file name of a mapping of this name."""
    return ("_".join(words_of(name)) or "mapping") + ".toml"


def save(mapping: Mapping, reference: Path, replacing: bool = False) -> Path:
    """Write the mapping, whole or not at all; returns where it lies. Raises MappingError where it is not sound, or where one of its file
    name is there already and not to be replaced."""
    folder = reference / "mappings"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / mapping.file
    with NamedTemporaryFile("w", encoding="utf-8", dir=folder, suffix=".part", delete=False) as file:
        file.write(as_toml(mapping))
    draft = Path(file.name)
    try:
        load_mapping(draft)
        draft.chmod(0o644)
        draft.replace(target) if replacing else os.link(draft, target)
    except FileExistsError as error:
        raise MappingError(t("There is a mapping '{file}' already. Give another name, or replace it.", file=target.name)) from error  # fmt: skip
    finally:
        draft.unlink(missing_ok=True)
    return target


def tied(columns: Sequence[str], file: str, reference: Path) -> list[Mapping]:
    """The mappings that fit such a file equally well; empty where none or one does."""
    fitting = []
    for path in sorted((reference / "mappings").glob("*.toml")):
        try:
            mapping = load_mapping(path)
        except MappingError:
            continue
        if mapping.fits(columns, file):
            fitting.append(mapping)
    most = max((len(mapping.recognise) for mapping in fitting), default=0)
    best = [mapping for mapping in fitting if len(mapping.recognise) == most]
    return best if len(best) > 1 else []


def half_known(columns: Sequence[str]) -> bool:
    """Whether a file that is not recognised is nearly one that is, so that the reason says more than a mapping could."""
    named = unique(columns)
    return {*ALWAYS} <= {column.lower() for column in columns} or any(
        vendor.fits(named) for vendor in VENDORS
    )


def only_for(mapping: Mapping, columns: Sequence[str], file: str) -> Mapping:
    """A copy that is recognised by all the columns of such a file, and so before any that names fewer of them."""
    name = f"{mapping.name} ({Path(file).stem})"
    return replace(
        mapping, file=file_of(name), name=name, recognise=tuple(dict.fromkeys(columns)), pattern=""
    )


def _source(name: str, source: Source) -> str:
    given = {
        "column": _listed(source.columns) if source.columns else None,
        "constant": None if source.constant is None else _quoted(source.constant),
        "values": _table({value: _quoted(meant) for value, meant in source.values.items()}) if source.values else None,
        "otherwise": None if source.otherwise is None else _quoted(source.otherwise),
        **_scale(name, source.scale),
        "format": _listed(source.formats) if source.formats else None,
        "epoch": None if source.epoch is None else _quoted(source.epoch),
        "time_zone": None if source.time_zone is None else _quoted(source.time_zone),
    }  # fmt: skip
    told = [f"{key} = {value}" for key, value in given.items() if value is not None]
    plain = len(told) == 1 and bool(source.columns)
    return _listed(source.columns) if plain else "{ " + ", ".join(told) + " }"


def _scale(name: str, scale: float) -> dict[str, str]:
    if scale == 1.0:
        return {}
    if COLUMNS[name].unit == "s" and scale in _UNITS:
        return {"unit": _quoted(_UNITS[scale])}
    return {"scale": repr(scale)}


def _listed(texts: Sequence[str]) -> str:
    return _quoted(texts[0]) if len(texts) == 1 else f"[{', '.join(map(_quoted, texts))}]"


def _table(entries: dict[str, str]) -> str:
    return "{ " + ", ".join(f"{_quoted(key)} = {value}" for key, value in entries.items()) + " }"


def _quoted(text: str) -> str:
    """A basic string: JSON escapes as TOML does, but for the one control character that it leaves as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
