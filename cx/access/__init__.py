"""Who may see and do what, once the dashboard is shared.

    roles       what each role sees and may do
    people      whom access.toml gives which role, and which rows
    person      the one who looks; everything that is asked is asked as somebody
    audit       who saw, took and changed what: a log that is only ever added to

On one's own machine nobody signs in, and everyone there is the owner. Where people sign in, whoever is given no role sees
nothing. Rows are kept from people by a store that does not hold them (`cx.limited`), never by a page that remembers to.
"""

from cx.access.person import NOBODY, OWNER, Person, acting_as, person
from cx.access.roles import ACTS, PAGES, ROLES, Role

__all__ = ["ACTS", "NOBODY", "OWNER", "PAGES", "ROLES", "Person", "Role", "acting_as", "person"]
