"""The permissions that a role can hold.

A role is a named set of these in one organization. `INVITE_USERS` and `MANAGE_USERS` are what sets an Org Admin apart
from a Project manager.

To add one, add a line to `Permission`. Views ask for it by `@requires(Permission.EXPORT_DATA)`, and templates by
`{% if may.export_data %}`.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.texts import StrOrPromise
from accounts.wording import separated


class Permission(TextChoices):
    """What a person may do in an organization: the stored value, one line for people who edit roles, and the label."""

    meaning: StrOrPromise

    VIEW_USERS = "users.view", _("See members and invitations, with their roles and sites."), _("See users")
    INVITE_USERS = (
        "users.invite",
        _("Invite one person or import a file. Without “See users”, they see only their own imports and invitations."),
        _("Invite users"),
    )
    MANAGE_USERS = (
        "users.manage",
        _("Change users’ roles and sites, remove users, and see the activity log. Requires “See users”."),
        _("Manage users"),
    )
    EXPORT_USERS = (
        "users.export",
        _("Download the list of users as a file. Requires “See users”."),
        _("Export users"),
    )
    MANAGE_ROLES = "roles.manage", _("Create and edit roles, within their own permissions."), _("Manage roles")
    MANAGE_SITES = "sites.manage", _("Add, rename and delete sites."), _("Manage sites")
    MANAGE_ORGANIZATION = (
        "organization.manage",
        _("Change the organization’s name and time zone, its invitation email, and the email domains that it allows."),
        _("Manage settings"),
    )
    VIEW_WORK = "work.view", _("See everything on their sites."), _("See work")
    EDIT_WORK = "work.edit", _("Enter and correct work on their sites."), _("Do work")
    REVIEW_WORK = "work.review", _("Approve work or send it back."), _("Review work")
    EXPORT_DATA = "data.export", _("Export data to a file."), _("Export data")

    def __new__(cls, value: str, meaning: StrOrPromise) -> Permission:
        # Django has taken the label off already: it is the last part.
        permission = str.__new__(cls, value)
        permission._value_, permission.meaning = value, meaning
        return permission


# What a role lets people do to others. Before a whole file of people gets one of these, an admin confirms it.
USER_POWERS = (Permission.INVITE_USERS, Permission.MANAGE_USERS)

# *See users* is one of them, because nobody can manage users without the page.
USER_ADMINISTRATION: frozenset[str] = frozenset(
    {Permission.VIEW_USERS.value, Permission.INVITE_USERS.value, Permission.MANAGE_USERS.value}
)


def all_permissions() -> frozenset[str]:
    """Every permission: what Org Admin allows. A function, because tests add permissions."""
    return frozenset(Permission.values)


def permission_summary(permissions: Iterable[str]) -> str:
    """The permissions as text for a page: "See users, Export data", or "Everything"."""
    held = frozenset(permissions)
    if held >= all_permissions():
        return gettext("Everything")
    labels = [each.label for each in Permission if each.value in held]
    missing = [each.label for each in Permission if each.value not in held]
    if len(missing) <= 3 < len(labels):
        return gettext("Everything except: {permissions}").format(permissions=separated(missing))
    return separated(labels) or gettext("Nothing")
