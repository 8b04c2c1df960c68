"""Roles: what docs/roles.md says of them is what they are."""

from __future__ import annotations

import pytest

from cx.access import ACTS, NOBODY, OWNER, PAGES, ROLES, Person, told
from cx.folders import PROJECT
from cx.query import Filters

NORTH = Filters(region=("North",))


def test_the_page_is_as_the_roles_write_it() -> None:
    written = (PROJECT / "docs" / "roles.md").read_text(encoding="utf-8")
    assert written == told.page(), "run: python -m cx.access.told"


@pytest.mark.parametrize(
    ("role", "act", "may"),
    [
        ("executive", "single", False),
        ("executive", "download", True),
        ("executive", "acknowledge", False),
        ("support", "single", True),
        ("support", "edit", False),
        ("marketing", "single", False),
        ("marketing", "acknowledge", True),
        ("analyst", "edit", True),
        ("analyst", "undo", False),
        ("admin", "undo", True),
    ],
)
def test_what_a_role_may_do(role: str, act: str, may: bool) -> None:
    assert Person("ana@example.com", role).may(act) is may
    assert (ROLES[role].title in told.refused(act)) is may


def test_whoever_sees_only_some_rows_is_kept_from_what_tells_of_all() -> None:
    one = Person("ana@example.com", "admin", NORTH)
    assert {act for act in ACTS if not one.may(act)} == {"edit", "upload", "undo", "settings", "audit"}
    assert {page for page in PAGES if not one.sees(page)} == {"data", "people"}


def test_the_owner_may_everything_and_nobody_nothing() -> None:
    assert all(OWNER.may(act) for act in ACTS)
    assert not any(NOBODY.may(act) for act in ACTS)
    assert not any(NOBODY.sees(page) for page in PAGES)


def test_every_right_is_had_by_some_role_and_every_role_starts_on_a_page() -> None:
    assert all(any(role.may(act) for role in ROLES.values()) for act in ACTS)
    assert all("weekly_health" in role.pages and {*role.pages} <= {*PAGES} for role in ROLES.values())
