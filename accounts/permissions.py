"""The permissions that a role can hold, by name.

A role is a named set of these in one organization. `INVITE_USERS` and `MANAGE_USERS` are what sets an
Org Admin apart from a Project manager.
"""

from collections.abc import Iterable

from django.db.models import TextChoices


class Permission(TextChoices):
    """One thing that a person may do in an organization."""

    VIEW_USERS = "users.view", "See users"
    INVITE_USERS = "users.invite", "Invite users"
    MANAGE_USERS = "users.manage", "Manage users"
    MANAGE_ROLES = "roles.manage", "Manage roles"
    MANAGE_SITES = "sites.manage", "Manage sites"
    MANAGE_ORGANIZATION = "organization.manage", "Manage settings"
    VIEW_WORK = "work.view", "See work"
    EDIT_WORK = "work.edit", "Do work"
    REVIEW_WORK = "work.review", "Review work"
    EXPORT_DATA = "data.export", "Export data"

    @property
    def meaning(self) -> str:
        """One line for whoever puts a role together."""
        return MEANINGS[self]


MEANINGS: dict[Permission, str] = {
    Permission.VIEW_USERS: "Who is there and who is invited, with roles and sites.",
    Permission.INVITE_USERS: (
        "One person or a whole file. Without “See users”, only their own imports and invitations are shown."
    ),
    Permission.MANAGE_USERS: "Change their roles and sites, and remove them. Needs “See users”.",
    Permission.MANAGE_ROLES: "Put roles together, within one's own permissions.",
    Permission.MANAGE_SITES: "Add, rename and delete sites.",
    Permission.MANAGE_ORGANIZATION: "What the organization is called.",
    Permission.VIEW_WORK: "Read everything on their sites, change nothing.",
    Permission.EDIT_WORK: "Enter work on their sites, and correct it.",
    Permission.REVIEW_WORK: "Approve work or send it back.",
    Permission.EXPORT_DATA: "Take data along as a file.",
}

# Without See users there is no page to manage them on.
USER_ADMINISTRATION: frozenset[str] = frozenset(
    {Permission.VIEW_USERS.value, Permission.INVITE_USERS.value, Permission.MANAGE_USERS.value}
)


def all_permissions() -> frozenset[str]:
    """Every permission that there is: what Org Admin allows. A function, so that nobody keeps an old list."""
    return frozenset(Permission.values)


def permission_summary(permissions: Iterable[str]) -> str:
    """Permissions as a page says them: "See users, export data", or "Everything"."""
    held = frozenset(permissions)
    if held >= all_permissions():
        return "Everything"
    labels = [each.label for each in Permission if each.value in held]
    words = ", ".join([labels[0], *(label[0].lower() + label[1:] for label in labels[1:])]) if labels else "Nothing"
    missing = [each.label for each in Permission if each.value not in held]
    if len(missing) <= 2 < len(labels):
        return "Everything except " + " and ".join(label[0].lower() + label[1:] for label in missing)
    return words
