"""Export formats: how a file is read, and how its columns become the canonical ones.

reading    CSV and Parquet -> their columns, and then the rows of those that matter
source     where one canonical column comes from, and the format of a whole file
mapping    a TOML file of the user's: canonical column = source column or constant
vendors    one module a system whose exports are known: Zendesk, Shopify and so on
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from cx.errors import FileRefused, MappingError, hint
from cx.formats.mapping import Mapping, load_mapping
from cx.formats.reading import FILE_ROW, Broken, Rows, Sheet, open_sheet
from cx.formats.source import Format, Source
from cx.formats.vendors import VENDORS
from cx.formats.vendors.vendor import unique
from cx.model import ALWAYS, COLUMNS
from cx.words import enumeration, t

__all__ = [
    "Broken",
    "Format",
    "Mapping",
    "Rows",
    "Sheet",
    "Source",
    "load_mapping",
    "mappings",
    "open_sheet",
    "recognise",
    "unique",
]

CANONICAL = "canonical"


def mappings(reference: Path) -> list[Mapping]:
    """The mapping files below this folder, by name. Raises MappingError for the first that is not sound."""
    return [load_mapping(path) for path in _mapping_files(reference)]


def recognise(columns: Sequence[str], file: str = "", reference: Path | None = None) -> Format:
    """The format of a file with these columns: the canonical one, else the mapping that names the most of them, else
    the built-in one that does.

    Raises FileRefused where none fits or two fit equally well, and MappingError where none fits and a mapping
    file is not sound.
    """
    if not [name for name in ALWAYS if name not in _canonical_names(columns)]:
        found = _canonical(columns)
    else:
        mapped, unsound = _mapped(columns, file, reference)
        found = mapped or _of_a_vendor(columns, file) or _unknown(columns, file, unsound)
    if found.reshape is not None:
        return found
    told = [column.lower() for column in columns] if found.name == CANONICAL else list(columns)
    for column in found.reads:
        if told.count(column) > 1 or told.count(column.lower()) > 1:
            raise FileRefused(
                file, t("The column '{column}' stands more than once; keep one.", column=column)
            )
    return found


def _canonical_names(columns: Sequence[str]) -> dict[str, str]:
    """Canonical column -> the file's spelling of it."""
    return {column.lower(): column for column in reversed(columns) if column.lower() in COLUMNS}


def _canonical(columns: Sequence[str]) -> Format:
    sources = {name: Source((spelt,)) for name, spelt in _canonical_names(columns).items()}
    unused = [name for name in COLUMNS if name not in sources]
    notes = tuple(
        t("The column '{column}' is not known and was ignored.", column=column) + hint(column, unused)
        for column in columns
        if column.lower() not in (*COLUMNS, FILE_ROW)  # the archive tells the row of the export as well
    )
    return Format(CANONICAL, sources, notes)


def _mapped(
    columns: Sequence[str], file: str, reference: Path | None
) -> tuple[Format | None, list[MappingError]]:
    """The format that a mapping file gives, and what is wrong with mapping files that are not sound."""
    fitting, unsound = [], []
    for path in _mapping_files(reference) if reference else ():
        try:
            mapping = load_mapping(path)
        except MappingError as error:
            unsound.append(error)
            continue
        if mapping.fits(columns, file):
            fitting.append(mapping)
    fitting.sort(key=lambda mapping: len(mapping.recognise), reverse=True)
    if len(fitting) > 1 and len(fitting[0].recognise) == len(fitting[1].recognise):
        names = enumeration([mapping.file for mapping in fitting[:2]])
        raise FileRefused(
            file,
            t("The mappings {names} fit it equally well; add a column to one's 'recognise'.", names=names),
        )
    return (fitting[0].format(columns, file) if fitting else None), unsound


def _of_a_vendor(columns: Sequence[str], file: str) -> Format | None:
    named = unique(columns)
    fitting = [vendor for vendor in VENDORS if vendor.fits(named)]
    fitting.sort(key=lambda vendor: len(vendor.signature), reverse=True)
    best = [vendor for vendor in fitting if len(vendor.signature) == len(fitting[0].signature)]
    if len(best) > 1:
        names = enumeration([f"'{vendor.name}'" for vendor in best])
        told = t(
            "It looks like {names} alike. Say which it is with a mapping file in reference/mappings/, or leave out "
            "the columns of the other.",
            names=names,
        )
        raise FileRefused(file, told)
    return best[0].format(named, file) if best else None


def _unknown(columns: Sequence[str], file: str, unsound: Sequence[MappingError]) -> NoReturn:
    if unsound:
        raise unsound[0]
    raise FileRefused(file, _why_unknown(columns))


def _why_unknown(columns: Sequence[str]) -> str:
    missing = [name for name in ALWAYS if name not in _canonical_names(columns)]
    hints = "".join(
        " " + t("For '{column}':", column=name) + near for name in missing if (near := hint(name, columns))
    )
    what = t(
        "It lacks {missing}, and no mapping fits its columns. Rename its columns to the canonical ones, or add "
        "a file to reference/mappings/ that says where each comes from.",
        missing=enumeration([f"'{name}'" for name in missing]),
    )
    return what + hints


def _mapping_files(reference: Path) -> list[Path]:
    return sorted((reference / "mappings").glob("*.toml"))
