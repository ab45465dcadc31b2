"""The permissions that a role can hold, by name.

A role is a named set of these in one organization. `INVITE_USERS` and `MANAGE_USERS` are what sets an
Org Admin apart from a Project manager.
"""

from django.db.models import TextChoices


class Permission(TextChoices):
    """One thing that a person may do in an organization."""

    VIEW_USERS = "users.view", "See users"
    INVITE_USERS = "users.invite", "Invite users"
    MANAGE_USERS = "users.manage", "Manage users"
    MANAGE_ROLES = "roles.manage", "Manage roles"
    MANAGE_SITES = "sites.manage", "Manage sites"
    MANAGE_ORGANIZATION = "organization.manage", "Change the organization"
    VIEW_WORK = "work.view", "See the work on their sites"
    EDIT_WORK = "work.edit", "Do and correct work"
    REVIEW_WORK = "work.review", "Review work"
    EXPORT_DATA = "data.export", "Export data"


ALL_PERMISSIONS: frozenset[str] = frozenset(Permission.values)
USER_ADMINISTRATION: frozenset[str] = frozenset({Permission.INVITE_USERS.value, Permission.MANAGE_USERS.value})
