"""The rules of a venue, read from its ``venue.toml``: where it may look, for what, for how long."""

from reid.desk.policy.places import forbidden_reason
from reid.desk.policy.roles import PERMISSIONS, Permission, Role, may, with_article
from reid.desk.policy.rules import FILE_NAME, Camera, Policy, Purpose, find_policy, load_policy

__all__ = [
    "FILE_NAME",
    "PERMISSIONS",
    "Camera",
    "Permission",
    "Policy",
    "Purpose",
    "Role",
    "find_policy",
    "forbidden_reason",
    "load_policy",
    "may",
    "with_article",
]
