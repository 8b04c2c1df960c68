"""The roles in words: why something is refused, and the page of docs/ that tells who may do what.

docs/roles.md is written by this: python -m cx.access.told
"""

from __future__ import annotations

from collections.abc import Iterable

from cx.access.audit import DEEDS
from cx.access.roles import ACTS, PAGES, ROLES
from cx.words import enumeration, t

_YES, _NO = "yes", "-"


def refused(act: str) -> str:
    """Why whoever lacks this right is refused: what it is, and which roles have it. Raises KeyError for an unknown right."""
    roles = enumeration([t(role.title) for role in ROLES.values() if role.may(act)])
    if act == "single":
        return t(
            "Single interactions and the words of customers are shown to these roles: {roles}.", roles=roles
        )
    return t("This takes a right that you do not have: {right}. These roles have it: {roles}.", right=t(ACTS[act]), roles=roles)  # fmt: skip


def page() -> str:
    """docs/roles.md, in English."""
    return "\n".join([*_BEGINNING, *_roles(), *_seen(), *_done(), *_GRANTS, *_logged()])


_BEGINNING = [
    "# Roles",
    "",
    "On one's own machine nobody signs in, and everyone there may do everything. Where people sign in, each has one role;",
    "whoever has none sees nothing. This page is written from the roles themselves (`python -m cx.access.told`).",
    "",
]

_GRANTS = [
    "A right is asked for where something is done, not only where it is offered. Who does not see all rows (see below) never has",
    "the rights to drop and undo exports, to read the settings and the log, nor the pages Data and People: they tell of everyone.",
    "Whoever lacks the right to single interactions sees every count, and no table, text or download of single interactions.",
    "",
    "## Who has which role",
    "",
    "`access.toml` in the folder of the tables that people edit gives roles to addresses and groups:",
    "",
    "```toml",
    'claim = "groups"                  # the claim of the provider that names a person\'s groups',
    "",
    "[[grant]]",
    'email = "ana@example.com"         # one person ...',
    'role = "support"',
    "",
    "[[grant]]",
    'group = "cx-dach"                 # ... or all of a group',
    'role = "marketing"',
    'region = ["Germany", "Austria"]   # only these rows; without it, all',
    "```",
    "",
    "Rows can be kept by `product`, `channel`, `segment` and `region`. Of the grants that fit a person the first one with their",
    "address holds, or else the first one with a group of theirs.",
    "",
]


def _roles() -> list[str]:
    return _table(("Role", "In access.toml", "What it is for"), ((one.title, f"`{name}`", one.meaning) for name, one in ROLES.items()))  # fmt: skip


def _seen() -> list[str]:
    lines = ((name.replace("_", " ").capitalize(), *(_told(name in one.pages) for one in ROLES.values())) for name in PAGES)  # fmt: skip
    return ["## What each sees", "", *_table(("Page", *_titles()), lines)]


def _done() -> list[str]:
    lines = ((right, *(_told(one.may(act)) for one in ROLES.values())) for act, right in ACTS.items())
    told = _table(("Right", *_titles()), lines)
    return ["## What each may do", "", *told, "To forget a person takes the command line of whoever owns the data.", ""]  # fmt: skip


def _logged() -> list[str]:
    told = [f"- {deed}" for deed in DEEDS.values()]
    return [
        "## What is logged",
        "",
        "Of everyone who signs in, with the moment (UTC), their address and role, and what it was done to:",
        "",
        *told,
        "",
        "What was undone and forgotten at the command line is logged too, without an address. The log never holds what a customer",
        "said or who they were: it names the figure that was opened, the file that was downloaded, the table and its key. It is only",
        "ever added to (`data/audit/`, a file for each month), and what cannot be logged does not happen. Admins read it on the page",
        "People; `python -m cx audit` shows it at the command line.",
        "",
    ]


def _table(head: Iterable[str], lines: Iterable[Iterable[str]]) -> list[str]:
    columns = [*head]
    rows = [f"| {' | '.join(line)} |" for line in (columns, ["---"] * len(columns), *lines)]
    return [*rows, ""]


def _titles() -> list[str]:
    return [one.title for one in ROLES.values()]


def _told(has: bool) -> str:
    return _YES if has else _NO


if __name__ == "__main__":
    from cx.folders import PROJECT

    (PROJECT / "docs" / "roles.md").write_text(page(), encoding="utf-8")
