"""A built-in format: how a system's export is recognised and what becomes of its columns.

Names of columns are compared by their letters and digits alone, so that 'Created at', 'created_at' and 'CreatedAt',
or 'via.channel' of the API and 'via_channel' of a warehouse copy, are one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from cx.errors import FileRefused
from cx.formats.source import Format, Head, Reshape, Source
from cx.words import t

AS_IT_STANDS = "select *, cast(null as varchar) as dropped from fields"


@dataclass(frozen=True, slots=True)
class Vendor:
    """One export format.

    `fields`: a name of ours -> its spellings in the file, separated by blanks, of which the first that is there is
    read; `signature` names the fields that only such a file has, all of them; without the fields that it `needs` such a
    file is refused, with the reason. `prefixes` may stand before a spelling.
    `sql` (see Reshape) makes the columns that `sources` read. `notes` are said with every such file.
    """

    name: str
    signature: tuple[str, ...]
    fields: Mapping[str, str]
    sources: Mapping[str, Source]
    sql: str = AS_IT_STANDS
    prefixes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    settle: Callable[[Format, Head], Format] | None = None

    def fits(self, columns: Sequence[str]) -> bool:
        """Whether a file with these columns has all that tell this format."""
        spelt = by_letters(columns)
        return all(self._column(name, spelt) is not None for name in self.signature)

    def format(self, columns: Sequence[str], file: str) -> Format:
        """This format, brought down to the columns that the file has. Raises FileRefused where it lacks what it needs."""
        spelt = by_letters(columns)
        fields = {name: self._column(name, spelt) for name in self.fields}
        if lacking := [self.fields[name].split()[0] for name in self.needs if fields[name] is None]:
            told = t(
                "It looks like '{name}', but without '{column}'. Export it again with that column.",
                name=self.name, column=lacking[0].replace("_", " "),
            )  # fmt: skip
            raise FileRefused(file, told)
        found = Format(
            self.name, self.sources, tuple(t(note) for note in self.notes), Reshape(fields, self.sql)
        )
        return found if self.settle is None else self._unsettled(found, columns)

    def _unsettled(self, found: Format, columns: Sequence[str]) -> Format:
        """The format of a file all of whose columns are read, and that is settled by its first rows."""
        settle = self.settle
        assert settle is not None
        assert found.reshape is not None
        every = {**found.reshape.fields, **{f"c{i}": column for i, column in enumerate(columns)}}
        whole = replace(found, reshape=Reshape(every, self.sql))
        return replace(whole, settle=lambda head: settle(whole, head))

    def _column(self, name: str, spelt: Mapping[str, str]) -> str | None:
        for spelling in self.fields[name].split():
            for prefix in ("", *self.prefixes):
                if (found := spelt.get(letters(prefix + spelling))) is not None:
                    return found
        return None


def letters(name: str) -> str:
    """A name's letters and digits in lower case."""
    return re.sub(r"[\W_]+", "", name.lower())


def unique(columns: Sequence[str]) -> tuple[str, ...]:
    """The columns under names that each stand once: a later one of the same name is told by its place."""
    names: dict[str, None] = {}
    for place, column in enumerate(columns, 1):
        names[f"{column} ({place})" if column in names else column] = None
    return tuple(names)


def by_letters(columns: Sequence[str]) -> dict[str, str]:
    """What a column's name is compared by -> the column; of two that are the same, the first."""
    return {letters(column): column for column in reversed(columns)}


def columns_of(names: str, **others: Source | str) -> dict[str, Source]:
    """Sources that read a column of the same name (blank-separated), and `others`: constants where they are texts."""
    plain = {name: Source((name,)) for name in names.split()}
    told = {
        name: source if isinstance(source, Source) else Source(constant=source)
        for name, source in others.items()
    }
    return {**plain, **told}
