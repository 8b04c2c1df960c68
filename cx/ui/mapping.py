"""The card that brings in any file: what it is recognised as, or else where each canonical column comes from.

The upload lies in a folder of the viewer's session and leaves with it; only what is taken in goes on to the inbox.
"""

from __future__ import annotations

from collections.abc import Mapping as Mapped

import streamlit as st

from cx import clock, ingest
from cx.access import told
from cx.errors import CxError, FileRefused
from cx.formats import Format, Mapping, Source
from cx.formats.reading import SUFFIXES
from cx.formats.suggesting import kind_of, source_of
from cx.formats.writing import file_of, only_for, save
from cx.ingest.trying import Look, attempt
from cx.model import ALWAYS, COLUMNS, KINDS
from cx.telling import mapping as telling
from cx.telling.values import plain_text
from cx.ui import live, parts, rights, table, uploading
from cx.ui.assigning import Answer, Asking
from cx.ui.speaking import speak
from cx.ui.uploading import Upload
from cx.words import t, tn

USUAL = ("customer_id", "product", "channel", "text", "reason", "csat", "nps", "ces", "amount", "units")
"""Columns that are asked for at once, after those that every row needs."""

_TOLD, _TURN = "mapper-told", "mapper-turn"


@st.fragment
def card() -> None:
    """Ask for a file, then for what it is; nothing where the viewer may not drop exports."""
    speak()
    if not rights.may("upload"):
        return
    caption = t(
        "Any table of interactions: say once which of its columns is which, and its like is known from then on."
    )
    with parts.card("mapper", t("Bring another file"), caption):
        about(bring())


def bring() -> Upload | None:
    """A drop zone for one file; what is known of the file that lies in it. Where the viewer may not drop any, it says so."""
    if not rights.may("upload"):
        parts.nothing(told.refused("upload"))
        return None
    turn = st.session_state.setdefault(_TURN, 0)
    brought = st.file_uploader(
        t("A file of interactions"),
        [suffix.lstrip(".") for suffix in SUFFIXES],
        key=f"mapper-file-{turn}",
    )
    return uploading.upload(brought)


def about(upload: Upload | None) -> None:
    """What the file is, and what is to be asked of it; or what became of the one before."""
    if upload is None:
        _say()
    else:
        _ask(upload)


def _say() -> None:
    """What became of the file before."""
    if told := st.session_state.get(_TOLD):
        st.success(plain_text(told), icon=":material/check:")


def _say_failed(upload: Upload) -> None:
    """What kept its mapping from being saved, or the file from being handed on."""
    if upload.failed:
        parts.wrong(plain_text(upload.failed))


def _ask(upload: Upload) -> None:
    if upload.looked is None:
        parts.wrong(plain_text(upload.why))
        return
    if upload.found is not None:
        st.markdown(telling.recognised(upload.found))
        _say_failed(upload)
        st.button(
            t("Take it in"), key="mapper-take", icon=":material/download:", on_click=_take_in, args=(upload,)
        )
        return
    _preview(upload.looked)
    if upload.tied:
        _which(upload, upload.looked)
    else:
        _map(upload, upload.looked)


def _preview(looked: Look) -> None:
    known = tn("{n} column; the first rows:", "{n} columns; the first rows:", len(looked.columns))
    st.caption(known)
    st.dataframe(looked.first.astype("string"), hide_index=True, height="content", placeholder="", key="mapper-preview", alt=t("The first rows of the file"))  # fmt: skip


def _which(upload: Upload, looked: Look) -> None:
    """Of mappings that fit equally well, the viewer says which it is."""
    names = {mapping.file: mapping for mapping in upload.tied}
    chosen = st.radio(
        t("These mappings fit it equally well. Which of them is it?"), [*names], None,
        lambda file: f"{plain_text(names[file].name)} ({plain_text(file)})", key=f"{upload.id}-which",
    )  # fmt: skip
    if chosen is None:
        return
    st.caption(
        t(
            "A copy of it is kept that names all the columns of such a file, so that it is known the next time."
        )
    )
    copy = only_for(names[chosen], looked.sheet.columns, upload.path.name)
    if any(len(copy.recognise) <= len(mapping.recognise) for mapping in upload.tied):
        parts.wrong(t("They name the same columns. Remove one of the two files from reference/mappings/."))
        return
    _finish(upload, copy, "")


def _map(upload: Upload, looked: Look) -> None:
    """Every canonical column is asked for, then tried and saved."""
    if upload.why:
        st.caption(plain_text(upload.why))
    answers = _answers(_asking(upload, looked))
    sources = {name: answers[name].source for name in COLUMNS if name in answers and answers[name].source}
    told = {name: source for name, source in sources.items() if source is not None}
    waits = [answer.waits for answer in answers.values() if answer.waits]
    _lacking(told)
    if waits:
        st.info("\n\n".join(waits), icon=":material/help:")
    _result(upload, looked, told, bool(waits))
    st.divider()
    name = st.text_input(t("A name for files like this"), source_of(upload.path.name).replace("_", " "), key=f"{upload.id}-name").strip()  # fmt: skip
    taken = dict.fromkeys(column for source in told.values() for column in source.columns)
    mapping = Mapping(file_of(name), name, tuple(taken), "", told)
    _finish(upload, mapping, "" if name else t("Give it a name."), bool(waits))


def _asking(upload: Upload, looked: Look) -> Asking:
    columns = {column.name: column for column in looked.columns}
    kind = kind_of(upload.path.name, [*columns])
    fixed = {"source": source_of(upload.path.name), "kind": kind, "asked": "true"}
    return Asking(columns, upload.suggested, {name: value for name, value in fixed.items() if value}, clock.now(), upload.id)  # fmt: skip


def _answers(asking: Asking) -> dict[str, Answer]:
    """What is said of each column: those that every row needs, those that its kind needs, the usual ones, the rest."""
    answers = {name: asking.row(name, needed=True) for name in ALWAYS}
    needed = _needed(answers["kind"].source)
    usual = [*needed, *(n for n in COLUMNS if n in asking.suggested), *USUAL]
    for name in dict.fromkeys(usual):
        if name not in answers:
            answers[name] = asking.row(name, name in needed and name == "asked")
    rest = [name for name in COLUMNS if name not in answers]
    with st.expander(tn("{n} more column", "{n} more columns", len(rest)), key=f"{asking.key}-more"):
        answers |= {name: _unasked(asking, name) for name in rest}
    return answers


def _unasked(asking: Asking, name: str) -> Answer:
    """A column that is rarely told; nothing is taken to be the same in every row unless the viewer says so."""
    quiet = Asking(asking.columns, asking.suggested, {}, asking.latest, asking.key)
    return quiet.row(name)


def _needed(kind: Source | None) -> list[str]:
    """What rows of these kinds must fill, or one of which they must."""
    kinds = _kinds(kind)
    return [name for one in kinds for name in (*KINDS[one].needs, *KINDS[one].needs_one_of)]


def _kinds(kind: Source | None) -> list[str]:
    if kind is None:
        return []
    told = {kind.constant, kind.otherwise, *kind.values.values()} if kind.constant or kind.values or kind.otherwise else set()  # fmt: skip
    return [name for name in KINDS if name in told]


def _lacking(sources: Mapped[str, Source]) -> None:
    """What rows of a kind would be refused for."""
    for kind in _kinds(sources.get("kind")):
        lacks = [name for name in KINDS[kind].needs if name not in sources and name != "brand"]
        for name in lacks:
            told = t("Rows of the kind '{kind}' need '{title}'; without it they are refused.", kind=telling.code(kind), title=telling.title(name))  # fmt: skip
            parts.warning(told)


def _result(upload: Upload, looked: Look, sources: Mapped[str, Source], waits: bool) -> None:
    """What becomes of the rows, once the viewer asks for it and as long as the choices are the same."""
    if st.button(t("See the result"), key=f"{upload.id}-try", icon=":material/visibility:", disabled=waits):
        try:
            upload.tried = sources, attempt(looked, Format(upload.path.name, sources), clock.now())
        except CxError as error:
            upload.tried = None
            parts.wrong(plain_text(error.reason if isinstance(error, FileRefused) else str(error)))
    if upload.tried is None or upload.tried[0] != sources:
        return
    tried = upload.tried[1]
    st.markdown(telling.result(tried, looked.whole))
    if len(tried.rows):
        st.dataframe(telling.kept_rows(tried, [*sources]), hide_index=True, height="content", placeholder="", key="mapper-kept", alt=t("The first rows as they would be kept"))  # fmt: skip
    if len(tried.refused):
        table.show(telling.refusal_columns(), telling.refusal_rows(tried), "table-mapper-refused", t("Why rows would be refused"))  # fmt: skip


def _finish(upload: Upload, mapping: Mapping, lacks: str, waits: bool = False) -> None:
    _say_failed(upload)
    there = (live.server().folders.reference / "mappings" / mapping.file).exists()
    replacing = there and st.checkbox(
        t("Replace the mapping '{file}', which is there already", file=plain_text(mapping.file)), key=f"{upload.id}-replace"
    )  # fmt: skip
    st.button(
        t("Save and take in"), key="mapper-save", icon=":material/download:", on_click=_save, args=(upload, mapping, replacing),
        disabled=bool(lacks) or waits or (there and not replacing),
    )  # fmt: skip


def _save(upload: Upload, mapping: Mapping, replacing: bool) -> None:
    try:
        rights.does("edit", "changed", f"mappings: {mapping.file}")
        save(mapping, live.server().folders.reference, replacing)
    except CxError as error:
        upload.failed = str(error)
        return
    _take_in(upload)


def _take_in(upload: Upload) -> None:
    """Hand the file to the inbox, where it lands as any export does, and make room for the next."""
    try:
        rights.does("upload", "dropped", upload.path.name)
    except CxError as error:
        upload.failed = str(error)
        return
    landed = ingest.hand_over(upload.path, live.server().folders)
    uploading.drop()
    st.session_state[_TURN] += 1
    st.session_state[_TOLD] = t(
        "'{file}' was handed to the inbox. What becomes of it is told on this page in a moment.",
        file=landed.name,
    )
