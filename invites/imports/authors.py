"""Who wrote the rows of an import, and whether all of them could grant what the import grants.

An admin who can grant little may edit an import that grants little. If a corrected file grants more, that admin's rows
would get it as well. So all authors of an import must be able to grant what it grants.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from accounts.errors import DomainError
from accounts.models import Membership, Organization, User
from accounts.organizations.grants import GrantableAccess
from accounts.permissions import Permission
from accounts.wording import listed
from invites.imports.check_claims import renew_claim
from invites.invitations.authorization import selection_of
from invites.invitations.visibility import visible_name
from invites.models import AccessGrant, Batch

CHUNK = 1_000
# Replaces the id of a deleted account, which can't grant anything.
DELETED_ACCOUNT = 0
INSTEAD = "Choose the roles and sites of this import, or start a new import with the complete file."


def authors_of(batch: Batch) -> set[int]:
    """The ids of the users who uploaded or corrected the stored file. The rows know who has edited them since."""
    return set(batch.authors) or {batch.inviter_id or DELETED_ACCOUNT}


def check_authors(
    authors: Iterable[int], grant: AccessGrant, *, instead_of: AccessGrant, readers: Iterable[int | None] = ()
) -> None:
    """Raises DomainError("beyond_authors") if the grant gives more than the old one and an author can't grant it now.

    The message names the author if all `readers` (ids of users) may see that user.
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
    """Whether a member who can give all of the old grant might be unable to give the new one."""
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
    """Why the user can't give the grant, as the end of a sentence ("can't grant Org Admin"), or ""."""
    members = Membership.objects.filter(user=user, user__is_active=True, organization=organization)
    member = members.first() if user else None
    if member is None or not member.has_permission(Permission.INVITE_USERS):
        return "can't invite users now"
    missing = GrantableAccess(member).missing_access(selection_of(grant))
    return f"can't grant {listed(missing)}" if missing else ""


def save_row_editors(batch: Batch) -> None:
    """Save the editors of rows that were just staged from a corrected file. The batch must be claimed."""
    users = User.objects.in_bulk([int(editor) for editor in batch.row_editors])
    for editor, numbers in batch.row_editors.items():
        for start in range(0, len(numbers) if int(editor) in users else 0, CHUNK):
            with transaction.atomic():
                renew_claim(batch)
                rows = batch.rows.filter(number__in=numbers[start : start + CHUNK])
                rows.update(edited_by_id=int(editor))
