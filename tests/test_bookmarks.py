"""Saved views: written, read, renamed and deleted, with broken and hostile rows among them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cx import reference
from cx.errors import BadReference
from cx.reference import VIEWS_FILE, SavedView
from cx.ui import asks

AT = datetime(2026, 11, 23, 12)
HEADER = "name,page,query,by,made_at\n"


def view(name: str, page: str = "surges", by: str = "Ann", **query: list[str]) -> SavedView:
    return SavedView(name, page, query, by, AT)


def test_what_is_saved_is_read_back_in_the_order_of_names(tmp_path: Path) -> None:
    told = [view("b", region=["Süd & Nord", "a=b"], surge=["Aroma One\x1fleaks"]), view("A", by="")]
    for one in told:
        reference.save_view(tmp_path, one)
    assert reference.views(tmp_path) == (told[::-1], [])
    assert reference.views(tmp_path / "nowhere") == ([], [])


NAMES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=reference.LONGEST_NAME)
QUERIES = st.dictionaries(
    st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True), st.lists(st.text(max_size=9), min_size=1), max_size=3
)


@given(NAMES, QUERIES, st.text(st.characters(exclude_categories=["C", "Z"]), max_size=9))
def test_any_view_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, name: str, query: dict[str, list[str]], by: str
) -> None:
    folder = tmp_path_factory.mktemp("views")
    told = SavedView(name, "journey", query, by, AT)
    reference.save_view(folder, told)
    assert reference.views(folder) == ([told], [])


def test_a_view_is_renamed_and_deleted_and_the_others_stay(tmp_path: Path) -> None:
    for name in ("a", "b"):
        reference.save_view(tmp_path, view(name))
    reference.rename_view(tmp_path, "a", "  c \n d ")
    assert [one.name for one in reference.views(tmp_path)[0]] == ["b", "c d"]
    reference.rename_view(tmp_path, "b", "B")
    reference.delete_view(tmp_path, "c d")
    reference.delete_view(tmp_path, "never there")
    assert [one.name for one in reference.views(tmp_path)[0]] == ["B"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param("", "Give it a name", id="none"),
        pytest.param(" \n ", "Give it a name", id="blank"),
        pytest.param("x" * 81, "too long", id="long"),
        pytest.param("TAKEN", "called 'TAKEN' already", id="taken, whatever its capitals"),
    ],
)
def test_a_name_that_cannot_be_is_told_and_nothing_is_written(tmp_path: Path, name: str, told: str) -> None:
    reference.save_view(tmp_path, view("taken"))
    reference.save_view(tmp_path, view("other"))
    before = (tmp_path / VIEWS_FILE).read_bytes()
    with pytest.raises(BadReference, match=told):
        reference.save_view(tmp_path, view(name))
    with pytest.raises(BadReference, match=told):
        reference.rename_view(tmp_path, "other", name)
    assert (tmp_path / VIEWS_FILE).read_bytes() == before


@pytest.mark.parametrize(
    ("row", "told"),
    [
        pytest.param("x,javascript:alert(1),,,2026-11-23", "row 1, column page", id="a script for a page"),
        pytest.param("x,https://h/,,,2026-11-23", "row 1, column page", id="another site"),
        pytest.param("x,../app,,,2026-11-23", "row 1, column page", id="another file"),
        pytest.param(",surges,,,2026-11-23", "row 1, column name", id="no name"),
        pytest.param("a\u202eb,surges,,,2026-11-23", "row 1, column name", id="a name that turns around"),
        pytest.param("x,surges,<script>,,2026-11-23", "row 1, column query", id="html for a query"),
        pytest.param("x,surges,a%20b=1,,2026-11-23", "row 1, column query", id="no name of a link"),
        pytest.param(f"x,surges,{'&'.join(['a=1'] * 300)},,2026-11-23", "row 1, column query", id="too many"),
        pytest.param("x,surges,,,soon", "row 1, column made_at", id="no moment"),
    ],
)
def test_a_broken_row_is_told_and_the_others_are_there(tmp_path: Path, row: str, told: str) -> None:
    path = tmp_path / VIEWS_FILE
    path.write_text(f"{HEADER}{row}\ngood,surges,weeks=26,Ann,2026-11-23T12:00:00\n", encoding="utf-8")
    found, wrong = reference.views(tmp_path)
    assert found == [view("good", weeks=["26"])]
    assert [one for one in wrong if told in one] == wrong != []
    reference.save_view(tmp_path, view("new"))
    assert row.split(",")[1] in path.read_text(encoding="utf-8")  # it stays, to be mended by hand


@pytest.mark.parametrize("text", ["", "who,what\n1,2\n", "\xff\xfe", HEADER + '"open,surges'])
def test_a_file_that_is_no_table_is_told_and_never_overwritten(tmp_path: Path, text: str) -> None:
    path = tmp_path / VIEWS_FILE
    path.write_bytes(text.encode("latin-1"))
    assert reference.views(tmp_path)[0] == []
    assert VIEWS_FILE in reference.views(tmp_path)[1][0]
    with pytest.raises(BadReference):
        reference.save_view(tmp_path, view("new"))
    assert path.read_bytes() == text.encode("latin-1")


def test_a_saved_view_does_not_make_figures_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_DATA", str(tmp_path))
    folder = tmp_path / "reference"
    folder.mkdir()
    (folder / "targets.csv").write_text("metric,from,value,owner\n")
    before = asks._edited()
    reference.save_view(folder, view("new"))
    assert asks._edited() == before
