"""What the activity log records. Pages word the values in the reader's language: see invites/activity/wording.py."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Group(TextChoices):
    """The groups of the filter *Action*."""

    USERS = "users", _("Users")
    INVITATIONS = "invitations", _("Invitations")
    IMPORTS = "imports", _("Imports")
    ROLES_AND_SITES = "roles_and_sites", _("Roles and sites")
    SETTINGS = "settings", _("Settings")
    SIGN_IN = "sign_in", pgettext_lazy("group of actions", "Sign-in")


class Action(TextChoices):
    """The stored value, its group, and what a page says, in the past tense."""

    group: Group

    ORGANIZATION_CREATED = "organization_created", Group.SETTINGS, _("Created the organization")
    ORGANIZATION_SUSPENDED = "organization_suspended", Group.SETTINGS, _("Suspended the organization")
    ORGANIZATION_RESUMED = "organization_resumed", Group.SETTINGS, _("Resumed the organization")
    ORGANIZATION_DELETED = "organization_deleted", Group.SETTINGS, _("Deleted the organization")
    ACTIVITY_EXPORTED = "activity_exported", Group.SETTINGS, _("Exported the activity log")
    SETTINGS_CHANGED = "settings_changed", Group.SETTINGS, _("Changed settings")

    USER_ADDED = "user_added", Group.USERS, _("Added a user")
    ROLES_CHANGED = "roles_changed", Group.USERS, _("Changed roles")
    SITES_CHANGED = "sites_changed", Group.USERS, _("Changed sites")
    ACCESS_CHANGED = "access_changed", Group.USERS, _("Changed roles and sites")
    USER_CHANGED = "user_changed", Group.USERS, _("Changed a user")
    USER_DEACTIVATED = "user_deactivated", Group.USERS, _("Deactivated a user")
    USER_REACTIVATED = "user_reactivated", Group.USERS, _("Reactivated a user")
    USER_REMOVED = "user_removed", Group.USERS, _("Removed a user")
    USERS_EXPORTED = "users_exported", Group.USERS, _("Exported users")
    DEACTIVATED_MANY = "deactivated_many", Group.USERS, _("Deactivated users")
    REACTIVATED_MANY = "reactivated_many", Group.USERS, _("Reactivated users")
    REMOVED_MANY = "removed_many", Group.USERS, _("Removed users")
    STARTED_MANY = "started_many", Group.USERS, _("Started a change to users")
    STOPPED_MANY = "stopped_many", Group.USERS, _("Stopped a change to users")
    UNDID_MANY = "undid_many", Group.USERS, _("Undid a change to users")
    LEFT = "left", Group.USERS, _("Left the organization")

    INVITED = "invited", Group.INVITATIONS, _("Invited a user")
    ACCEPTED = "accepted", Group.INVITATIONS, _("Accepted an invitation")
    DECLINED = "declined", Group.INVITATIONS, _("Declined an invitation")
    INVITED_AGAIN = "invited_again", Group.INVITATIONS, _("Invited again after a decline")
    UNLISTED = "unlisted", Group.INVITATIONS, _("Removed a declined invitation from the list")
    REQUEST_DISMISSED = "request_dismissed", Group.INVITATIONS, _("Dismissed a request for a new invitation")
    RESCHEDULED = "rescheduled", Group.INVITATIONS, _("Changed when an invitation is sent")
    SENT_NOW = "sent_now", Group.INVITATIONS, _("Sent a scheduled invitation now")
    RESENT = "resent", Group.INVITATIONS, _("Resent an invitation")
    RESENT_MANY = "resent_many", Group.INVITATIONS, _("Resent invitations")
    REMINDED = "reminded", Group.INVITATIONS, _("Sent a reminder")
    REVOKED = "revoked", Group.INVITATIONS, _("Revoked an invitation")
    REVOKED_MANY = "revoked_many", Group.INVITATIONS, _("Revoked invitations")
    ADDRESS_CORRECTED = "address_corrected", Group.INVITATIONS, _("Corrected an address")
    INVITATION_CHANGED = "invitation_changed", Group.INVITATIONS, _("Changed an invitation")

    IMPORTED = "imported", Group.IMPORTS, _("Imported users")
    IMPORT_ANSWERED = "import_answered", Group.IMPORTS, _("Chose how to read a file")
    IMPORT_CONFIRMED = "import_confirmed", Group.IMPORTS, _("Confirmed everyone’s access")
    IMPORT_CORRECTED = "import_corrected", Group.IMPORTS, _("Uploaded a corrected file")
    IMPORT_SCHEDULED = "import_scheduled", Group.IMPORTS, _("Scheduled an import")
    IMPORT_RESCHEDULED = "import_rescheduled", Group.IMPORTS, _("Changed when an import is sent")
    IMPORT_SENT_NOW = "import_sent_now", Group.IMPORTS, _("Sent a scheduled import now")
    IMPORT_EDITED = "import_edited", Group.IMPORTS, _("Edited rows of an import")
    IMPORT_STOPPED = "import_stopped", Group.IMPORTS, _("Stopped an import")
    IMPORT_UNDONE = "import_undone", Group.IMPORTS, _("Undid an import")

    ROLE_ADDED = "role_added", Group.ROLES_AND_SITES, _("Added a role")
    ROLE_CHANGED = "role_changed", Group.ROLES_AND_SITES, _("Changed a role")
    ROLE_DELETED = "role_deleted", Group.ROLES_AND_SITES, _("Deleted a role")
    SITE_ADDED = "site_added", Group.ROLES_AND_SITES, _("Added a site")
    SITE_CHANGED = "site_changed", Group.ROLES_AND_SITES, _("Changed a site")
    SITE_DELETED = "site_deleted", Group.ROLES_AND_SITES, _("Deleted a site")

    SIGNED_IN = "signed_in", Group.SIGN_IN, _("Signed in")
    SIGN_IN_FAILED = "sign_in_failed", Group.SIGN_IN, _("Couldn’t sign in")
    PASSWORD_CHANGED = "password_changed", Group.SIGN_IN, _("Changed the password")

    def __new__(cls, value: str, group: Group) -> Action:
        # Django has already removed the label, which is the last part.
        action = str.__new__(cls, value)
        action._value_, action.group = value, group
        return action


class Affected(TextChoices):
    """What kind of thing an entry is about."""

    ORGANIZATION = "organization", _("Organization")
    SELF = "self", _("Own account")
    USER = "user", _("User")
    INVITATION = "invitation", _("Invitation")
    USERS = "users", _("Users")
    IMPORT = "import", _("Import")
    ROLE = "role", _("Role")
    SITE = "site", _("Site")


class Channel(TextChoices):
    """How somebody did it."""

    PAGE = "page", _("Page")
    COMMAND = "command", _("Command")
    AUTOMATIC = "automatic", _("Automatic")
