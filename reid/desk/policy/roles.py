"""Who may do what at the desk."""

from typing import Final, Literal, get_args

Role = Literal["viewer", "operator", "supervisor", "auditor"]
Permission = Literal[
    "see", "search", "decide", "close", "erase", "users", "audit", "report", "sites"
]

ROLES: Final[tuple[Role, ...]] = get_args(Role)

PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    "viewer": frozenset({"see"}),
    "operator": frozenset({"see", "search", "decide", "close"}),
    "supervisor": frozenset(
        {"see", "search", "decide", "close", "erase", "users", "report", "sites"}
    ),
    "auditor": frozenset({"audit", "report"}),
}
"""Role → what it may do. A viewer sees open cases and their confirmed sightings; an operator works
on cases; a supervisor also erases, adds users, reads the report and searches other sites; an
auditor reads the audit trail and the report and sees no case and no picture. Nobody can change the
audit trail."""


def with_article(role: Role) -> str:
    """Name a role in a sentence: "an auditor"."""
    return f"{'an' if role[0] in 'aeiou' else 'a'} {role}"


def may(role: Role, permission: Permission) -> bool:
    """Whether a role has a permission."""
    return permission in PERMISSIONS[role]
