"""Whose rows an import has, and whether all of them could give what the import gives.

Somebody who can grant little may edit an import that gives little. If a corrected file lets the import give more, their
rows would be invited to it as well. So a larger grant needs authors who could all give it.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from accounts.errors import DomainError
from accounts.models import Membership, Organization, User
from accounts.organizations.grants import GrantableAccess
from accounts.permissions import Permission
from invites.imports.check_claims import renew_claim
from invites.invitations.authorization import selection_of
from invites.invitations.visibility import visible_name
from invites.models import AccessGrant, Batch

CHUNK = 1_000
# In place of the id of an account that was deleted: somebody who can't grant anything.
DELETED_ACCOUNT = 0
INSTEAD = "Choose the roles and sites of this import, or start a new import with the complete file."


def authors_of(batch: Batch) -> set[int]:
    """The ids of the users who uploaded or corrected the stored file. Those who edited rows since are in the rows."""
    return set(batch.authors) or {batch.inviter_id or DELETED_ACCOUNT}


def check_authors(
    authors: Iterable[int], grant: AccessGrant, *, instead_of: AccessGrant, readers: Iterable[int | None] = ()
) -> None:
    """Raises DomainError("beyond_authors") if the grant gives more than the old one and an author can't grant it now.

    The sentence names the author if all `readers`, users by their ids, may see them.
    """
    if not gives_more(grant, instead_of):
        return
    organization = grant.organization
    users = User.objects.in_bulk(set(authors))
    for author in sorted(set(authors)):
        if reason := _why_not(users.get(author), organization, grant):
            name = _name_for(readers, users.get(author), organization)
            message = f"{name} uploaded or edited rows of this import and {reason}. {INSTEAD}"
            raise DomainError("beyond_authors", message)


def gives_more(new: AccessGrant, old: AccessGrant) -> bool:
    """Whether somebody who can give all of the old grant may be unable to give the new one."""
    before, after = selection_of(old), selection_of(new)
    allowed = frozenset[str]().union(*(role.allowed for role in before.roles))
    if any(not allowed.issuperset(role.allowed) for role in after.roles):
        return True
    return not before.all_sites and (after.all_sites or not set(before.sites).issuperset(after.sites))


def _name_for(readers: Iterable[int | None], author: User | None, organization: Organization) -> str:
    if author is None:
        return "Somebody whose account was deleted"
    members = Membership.objects.filter(organization=organization, user__in=[each for each in readers if each])
    return str(author) if all(visible_name(member, author) for member in members) else "Somebody else"


def _why_not(user: User | None, organization: Organization, grant: AccessGrant) -> str:
    """The end of a sentence about somebody who can't give the grant now: "can't grant Org Admin"; empty otherwise."""
    members = Membership.objects.filter(user=user, user__is_active=True, organization=organization)
    member = members.first() if user else None
    if member is None or not member.has_permission(Permission.INVITE_USERS):
        return "can't invite users now"
    what = GrantableAccess(member).describe_missing_access(selection_of(grant))
    return f"can't grant {what}" if what else ""


def save_row_editors(batch: Batch) -> None:
    """Write into the rows of a corrected file, which were just staged, who edited them. The batch is claimed."""
    users = User.objects.in_bulk([int(editor) for editor in batch.row_editors])
    for editor, numbers in batch.row_editors.items():
        for start in range(0, len(numbers) if int(editor) in users else 0, CHUNK):
            with transaction.atomic():
                renew_claim(batch)
                rows = batch.rows.filter(number__in=numbers[start : start + CHUNK])
                rows.update(edited_by_id=int(editor))
