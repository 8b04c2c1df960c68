"""What a role may not do is neither offered nor done: on every page, in every function that changes something or shows single
interactions, and in every download."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from inspect import isfunction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from cx import ingest, notes, reference
from cx.access import ACTS, NOBODY, OWNER, ROLES, Person, acting_as, audit
from cx.access.people import FILE
from cx.access.person import known_by
from cx.errors import NotAllowed, NotLogged
from cx.folders import PROJECT, Folders
from cx.notes import Surge
from cx.query import Filters
from cx.questions.behind import Place
from cx.store import Store
from cx.telling import access
from cx.ui import acting, annotating, auditing, bookmarks, exporting, journeys, live, mapping, rights, surging
from cx.ui.asks import View
from tests.conftest import close
from tests.given import MONDAY, land, row
from tests.test_pages import PATIENCE_SECONDS, empty, opened, shown, words

__all__ = ["empty"]

MAPPED: Any = SimpleNamespace(file="x.toml")
BROUGHT: Any = SimpleNamespace(path=Path("x.csv"), failed="")
NOTED = reference.Annotation(date(2026, 3, 9), date(2026, 3, 9), "x", "", "x")
SURGE = Surge("Lamp", "broken", date(2026, 3, 9))
WORDS = "It leaked on the carpet"
BEHIND = {"view": "touchpoints", "stage_of": "discover", "open": ["place", "page\x1fweb"]}


@contextmanager
def looking(role: str) -> Iterator[None]:
    """Within the block whoever looks has this role."""
    known_by(lambda: Person(f"{role}@example.com", role))
    try:
        yield
    finally:
        known_by(lambda: OWNER)


def logged(folders: Folders) -> list[tuple[str, str, str]]:
    """Who did what to what, the first thing first."""
    return [*audit.noted(folders.audit)[["who", "deed", "what"]].itertuples(index=False, name=None)][::-1]


# Every function that changes something or tells of single interactions asks for a right.

CHANGES = {
    "ingest": {"back_up", "catch_up", "forget", "hand_over", "rebuild", "restore", "scan", "take_in", "undo", "watch"},
    "reference": {"annotate", "delete_view", "rename_view", "save_view", "unannotate", "write_actions", "write_ideal"},
    "notes": {"note"},
}  # fmt: skip
READS = {
    "ingest": {"explain", "files_under", "forgotten_since", "leaving", "lines", "passing", "would_lose"},
    "reference": {"actions", "annotated", "benchmarks", "campaigns", "edited", "ideal", "journey", "products", "seen", "settings",
                  "sound_benchmarks", "tables", "targets", "views", "written_actions"},
    "notes": {"latest", "muted", "noted", "on"},
}  # fmt: skip
SINGLE = {"behind_.behind", "behind_.raised", "surging.texts", "exports.refusals", "asks.refusals"}
OTHERS = {"save", "made.start"}
"""cx.formats.writing.save, which writes a mapping; the making of the demo company."""
ANSWERS_THE_OWNER = {"cx/ui/owning.py", "cx/ui/live.py"}
"""What they change they change for the command line, or for the inbox."""

GUARDED = {f"{module}.{name}" for module, names in CHANGES.items() for name in names} | SINGLE | OTHERS
ASKS = {"rights.needs", "rights.does", "rights.saw"}


@pytest.mark.parametrize("module", [ingest, notes, reference], ids=lambda module: module.__name__)
def test_every_function_is_known_to_change_something_or_not(module: Any) -> None:
    name = module.__name__.removeprefix("cx.")
    public = {
        one for one in (getattr(module, "__all__", None) or _defined(module)) if _is_function(module, one)
    }
    assert public == CHANGES[name] | READS[name]
    assert not CHANGES[name] & READS[name]


def _defined(module: Any) -> set[str]:
    return {one for one in vars(module) if not one.startswith("_") and getattr(vars(module)[one], "__module__", "") == module.__name__}  # fmt: skip


def _is_function(module: Any, name: str) -> bool:
    return isfunction(getattr(module, name))


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in sorted([*(PROJECT / "cx" / "ui").glob("*.py"), *(PROJECT / "pages").glob("*.py")]):
        name = path.relative_to(PROJECT).as_posix()
        if name not in ANSWERS_THE_OWNER:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef):
                    yield name, node


def test_whatever_changes_something_or_tells_of_single_interactions_asks_for_a_right_before() -> None:
    found = {f"{file} {one.name}": (places(one, GUARDED), asked(one)) for file, one in functions()}
    guarded = {name: told for name, told in found.items() if told[0]}
    assert len(guarded) >= 12
    assert [name for name, (where, since) in guarded.items() if since is None or since > min(where)] == []


def places(function: ast.FunctionDef, names: set[str]) -> list[int]:
    return [node.lineno for node in ast.walk(function) if isinstance(node, ast.Call) and ast.unparse(node.func) in names]  # fmt: skip


def asked(function: ast.FunctionDef) -> int | None:
    """The line from which on a right was asked for: in the function, or by what keeps its answers."""
    kept = [one.lineno for one in function.decorator_list if isinstance(one, ast.Call) and any(key.arg == "needs" for key in one.keywords)]  # fmt: skip
    return min([*kept, *places(function, ASKS)], default=None)


def test_no_download_goes_by_the_log() -> None:
    buttons = [
        (file, node)
        for file, one in functions()
        for node in ast.walk(one)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "st.download_button"
    ]
    assert len(buttons) >= 4
    for file, button in buttons:
        (data,) = (key.value for key in button.keywords if key.arg == "data")
        assert ast.unparse(data).startswith("rights.taken("), file


# Rights as such.


@pytest.mark.parametrize("role", [*ROLES, ""])
def test_needs_refuses_exactly_what_a_role_may_not(role: str) -> None:
    with acting_as(Person("ana@example.com", role)):
        assert {act for act in ACTS if _allowed(lambda act=act: rights.needs(act))} == (
            ROLES[role].acts if role else set()
        )  # type: ignore[misc]


def _allowed(do: Callable[[], object]) -> bool:
    try:
        do()
    except NotAllowed:
        return False
    return True


EXECUTIVE, SUPPORT = (Person(f"{role}@example.com", role) for role in ("executive", "support"))
NEVER: Any = None
"""What is asked for only after a right."""


@pytest.mark.parametrize(
    "do",
    [
        lambda: journeys.behind(View.of(0, Filters(), 1), Place("discover", "page", "web")),
        lambda: surging.behind(NEVER, NEVER, SURGE),
        lambda: surging.said(NEVER, NEVER, SURGE),
        lambda: surging.note(SURGE, "note", "x", "x"),
        lambda: exporting.refusals(NEVER, NEVER),
        lambda: auditing.log(),
        lambda: auditing.granted(),
        lambda: rights.taken("x.csv", lambda: b"", "single")(),
    ],
    ids=["interactions", "complaints", "words", "note", "refused rows", "log", "access", "download"],
)
def test_an_executive_is_refused_in_the_function_itself(empty: Folders, do: Callable[[], object]) -> None:
    with acting_as(EXECUTIVE), pytest.raises(NotAllowed, match="Admin"):
        do()
    assert not empty.audit.exists()


def test_what_cannot_be_logged_is_not_made(empty: Folders) -> None:
    empty.make().audit.write_text("no folder")
    made: list[int] = []
    with acting_as(SUPPORT):
        with pytest.raises(NotLogged, match="was not done"):
            rights.taken("x.csv", lambda: made.append(1))()
        with pytest.raises(NotLogged):
            surging.note(SURGE, "note", "x", "x")
    assert made == []
    assert notes.noted(live.server().store).empty


def test_a_file_is_made_as_whoever_was_offered_it(empty: Folders) -> None:
    with acting_as(SUPPORT):
        make = rights.taken("x.csv", lambda: rights.signed("typed"), "single")
    with acting_as(NOBODY):
        assert make() == "support@example.com"
    assert logged(empty) == [("support@example.com", "took", "x.csv")]


def test_whoever_signed_in_writes_under_their_address(empty: Folders) -> None:
    with acting_as(SUPPORT):
        surging.note(SURGE, "owner", "Ana", "somebody else")
    surging.note(SURGE, "note", "seen", "typed")
    assert [*notes.noted(live.server().store)["who"]] == ["support@example.com", "typed"]
    assert logged(empty) == [("support@example.com", "changed", "surge: Lamp, broken, 2026-03-09: owner")]


# The pages.


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folders]:
    """A small store, in which a customer's words are, and an export of which a row was refused."""
    folders = Folders(tmp_path_factory.mktemp("shop")).make()
    store = Store.open(folders.store)
    rows = [row("visit", day + n / 24, customer_id=f"c{n}", stage="discover", channel="web", touchpoint="page", text=WORDS)
            for day in range(9) for n in range(3)]  # fmt: skip
    rows += [row("order", day + 0.5, customer_id=f"c{day % 3}", stage="purchase", channel="web") for day in range(9)]  # fmt: skip
    land(store, folders, [*rows, row("survey", 1, asked=True, csat=77)], MONDAY + timedelta(days=9.5))
    ingest.catch_up(store, folders)
    store.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CX_DATA", str(folders.root))
        patch.setenv("CX_NOW", (MONDAY + timedelta(days=9.5)).isoformat())
        yield folders
        close()


def everything(app: AppTest) -> str:
    """All that a page sends to the browser, in the order in which it stands there."""
    return "\n".join(
        str(node.proto).replace("\\'", "'") for node in _nodes(app.main) if getattr(node, "proto", None)
    )


def _nodes(block: Any) -> Iterator[Any]:
    for node in block.children.values():
        yield node
        yield from _nodes(node) if hasattr(node, "children") else ()


@pytest.mark.parametrize(
    ("role", "page", "query", "there", "gone"),
    [
        ("executive", "journey", BEHIND, {"Single interactions and the words of customers are shown to these roles: Support, Analyst and Admin."}, {"Download CSV", WORDS}),
        ("support", "journey", BEHIND, {"Download CSV", WORDS}, set()),
        ("executive", "journey", {"view": "ideal"}, set(), {"Edit the ideal journey", "Save the ideal journey"}),
        ("analyst", "journey", {"view": "ideal"}, {"Edit the ideal journey", "Save the ideal journey"}, set()),
        ("executive", "weekly_health", {"part": "actions"}, {"Brief", "No action is written down yet."}, {"Edit the actions", "Save the actions"}),
        ("analyst", "weekly_health", {"part": "actions"}, {"Edit the actions", "Save the actions"}, set()),
        ("analyst", "data", {}, {"What became of this export."}, {"Undo this export", "Row by row", "Download the refused rows", "A file of interactions", "Alerts"}),
        ("admin", "data", {}, {"Undo this export", "Row by row", "A file of interactions", "Alerts"}, set()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_a_page_offers_to_a_role(
    shop: Folders, role: str, page: str, query: dict[str, Any], there: set[str], gone: set[str]
) -> None:
    with looking(role):
        told = everything(opened(f"pages/{page}.py", **query))
    assert {one for one in there if one not in told} == set()
    assert {one for one in gone if one in told} == set()


def test_a_value_of_a_refused_row_is_for_whom_it_may_be(shop: Folders) -> None:
    for role, told in (("admin", True), ("analyst", False)):
        with looking(role):
            assert ("'77'" in everything(opened("pages/data.py"))) is told


def test_what_is_seen_is_logged_once_in_a_session_and_on_ones_own_machine_not_at_all(shop: Folders) -> None:
    before = logged(shop)
    app = opened("pages/journey.py", **BEHIND)
    assert WORDS in everything(app)
    assert logged(shop) == before
    with looking("analyst"):
        app = opened("pages/journey.py", **BEHIND)
        app.run()
    what = "journey: place (stage discover, touchpoint page, channel web)"
    assert logged(shop)[len(before) :] == [("analyst@example.com", "saw", what)]


def test_nothing_is_brought_to_an_empty_store_by_whom_it_is_not_for(empty: Folders) -> None:
    with looking("executive"):
        app = opened()
    assert not app.get("file_uploader")
    assert "Drop exports" in words(app)


@pytest.mark.parametrize(
    ("role", "change"),
    [
        ("executive", lambda: acting._save(NEVER, "")),
        ("support", lambda: exporting._really(1, "x")),
        ("analyst", lambda: mapping._take_in(BROUGHT)),
        ("support", lambda: mapping._save(BROUGHT, MAPPED, replacing=False)),
        ("", lambda: annotating._annotate(NOTED)),
        ("", lambda: annotating._unannotate(NOTED)),
        ("", lambda: bookmarks._deleted("x")),
    ],
)
def test_what_a_page_no_longer_offers_does_nothing(
    empty: Folders, role: str, change: Callable[[], None]
) -> None:
    """As where somebody's role was taken away while their page was open."""
    empty.make()
    with acting_as(Person("ana@example.com", role)), suppress(NotAllowed):
        change()
    assert not [*empty.reference.iterdir(), *empty.inbox.iterdir()]
    assert not empty.audit.exists()


def test_what_is_written_on_a_page_bears_the_address_of_whoever_signed_in(shop: Folders) -> None:
    with looking("executive"):
        app = opened()
        app.session_state["annotations"] = True
        app.run()
        app.text_input(key="annotation-text").set_value("New shelves")
        assert "Your name" not in [field.label for field in app.text_input]
        next(button for button in app.button if button.label == "Write it down").click().run()
        assert not app.exception
    told = reference.annotated(shop.reference)
    assert [(one.text, one.who) for one in told] == [("New shelves", "executive@example.com")]
    assert logged(shop)[-1] == ("executive@example.com", "changed", f"annotations: {told[0].on}")


# The page of who has access, and of what was done.

GRANTS = """
claim = "groups"
[[grant]]
email = "Mona@Example.com"
role = "admin"
[[grant]]
group = "cx-dach"
role = "marketing"
region = ["Germany", "Austria"]
"""


def people() -> AppTest:
    app = AppTest.from_file(str(PROJECT / "pages" / "people.py"), default_timeout=PATIENCE_SECONDS).run()
    assert not app.exception
    return app


def test_admins_see_who_has_access_and_what_was_done(empty: Folders) -> None:
    (empty.make().reference / FILE).write_text(GRANTS)
    with acting_as(SUPPORT):
        rights.note("took", "first.csv")
        rights.note("saw", "surge: Lamp")
    with looking("admin"):
        app = people()
        grants, log = shown(app, "access"), shown(app, "audit")
        assert [cells["whom"]["text"] for cells in grants.values()] == ["mona@example.com", "cx-dach"]
        assert [cells["rows"]["text"] for cells in grants.values()] == ["All", "Region: Austria and Germany"]
        assert [cells["what"]["text"] for cells in log.values()] == ["surge: Lamp", "first.csv"]
        assert [cells["who"]["note"] for cells in log.values()] == ["Support", "Support"]
        assert len(shown(app, "roles")) == len(ROLES)
        assert "single interactions were opened 1 time and 1 file was downloaded" in words(app)
        app.selectbox(key="audit-deed").set_value("took").run()
        assert [cells["what"]["text"] for cells in shown(app, "audit").values()] == ["first.csv"]
        app.selectbox(key="audit-who").set_value("support@example.com").run()
        assert not app.exception


def test_it_says_what_to_do_where_nothing_is_there_or_what_is_there_is_wrong(empty: Folders) -> None:
    with looking("admin"):
        told = words(people())
        assert "Nobody has a role yet" in told
        assert "Nothing has been done yet that is logged." in told
        (empty.make().reference / FILE).write_text('[[grant]]\nemail = "a@b.c"\nrole = "boss"')
        app = people()
    assert "there is no role called 'boss'" in app.error[0].value
    assert "Roles" in words(app)


@pytest.mark.parametrize("role", [*ROLES])
def test_it_is_for_admins_alone_and_only_where_people_sign_in(empty: Folders, role: str) -> None:
    with looking(role):
        assert ("What was done" in words(people())) is (role == "admin")
        assert not rights.sees("people")


@pytest.mark.parametrize(
    ("days", "deeds", "told"),
    [
        (1, [], "Nothing that is logged was done in the last 7 days."),
        (8, ["took"], "Nothing that is logged was done in the last 7 days."),
        (1, ["signed in", "signed in", "refused"], "In the last 7 days: 1 person signed in and somebody was refused 1 time."),
        (1, ["changed", "changed"], "In the last 7 days: 2 changes were made."),
    ],
    ids=["nothing", "long ago", "one person twice", "changes"],
)  # fmt: skip
def test_what_was_done_lately_is_summed_up(tmp_path: Path, days: int, deeds: list[str], told: str) -> None:
    with acting_as(SUPPORT):
        for deed in deeds:
            audit.note(tmp_path, deed, now=MONDAY)
    assert access.summary(audit.noted(tmp_path), MONDAY + timedelta(days=days)) == told
