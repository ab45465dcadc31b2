"""The permissions that a role can hold.

A role is a named set of these in one organization. `INVITE_USERS` and `MANAGE_USERS` are what sets an Org Admin apart
from a Project manager.

To add one, add a line to `Permission`. Views ask for it by `@requires(Permission.EXPORT_DATA)`, and templates by
`{% if may.export_data %}`.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import TextChoices


class Permission(TextChoices):
    """What a person may do in an organization: the stored value, one line for people who edit roles, and the label."""

    meaning: str

    VIEW_USERS = "users.view", "Who is there and who is invited, with roles and sites.", "See users"
    INVITE_USERS = (
        "users.invite",
        "One person or a whole file. Without “See users”, only their own imports and invitations are shown.",
        "Invite users",
    )
    MANAGE_USERS = "users.manage", "Change their roles and sites, and remove them. Needs “See users”.", "Manage users"
    MANAGE_ROLES = "roles.manage", "Put roles together, within one's own permissions.", "Manage roles"
    MANAGE_SITES = "sites.manage", "Add, rename and delete sites.", "Manage sites"
    MANAGE_ORGANIZATION = "organization.manage", "What the organization is called.", "Manage settings"
    VIEW_WORK = "work.view", "Read everything on their sites, change nothing.", "See work"
    EDIT_WORK = "work.edit", "Enter work on their sites, and correct it.", "Do work"
    REVIEW_WORK = "work.review", "Approve work or send it back.", "Review work"
    EXPORT_DATA = "data.export", "Take data along as a file.", "Export data"

    def __new__(cls, value: str, meaning: str) -> Permission:
        # Django has taken the label off already: it is the last part.
        permission = str.__new__(cls, value)
        permission._value_, permission.meaning = value, meaning
        return permission


# *See users* is one of them, because nobody can manage users without the page.
USER_ADMINISTRATION: frozenset[str] = frozenset(
    {Permission.VIEW_USERS.value, Permission.INVITE_USERS.value, Permission.MANAGE_USERS.value}
)


def all_permissions() -> frozenset[str]:
    """Every permission: what Org Admin allows. A function, because tests add permissions."""
    return frozenset(Permission.values)


def permission_summary(permissions: Iterable[str]) -> str:
    """The permissions as text for a page: "See users, export data", or "Everything"."""
    held = frozenset(permissions)
    if held >= all_permissions():
        return "Everything"
    labels = [each.label for each in Permission if each.value in held]
    words = ", ".join([labels[0], *(label[0].lower() + label[1:] for label in labels[1:])]) if labels else "Nothing"
    missing = [each.label for each in Permission if each.value not in held]
    if len(missing) <= 2 < len(labels):
        return "Everything except " + " and ".join(label[0].lower() + label[1:] for label in missing)
    return words
