"""Who wrote the rows of an import, and whether all of them could grant what the import grants.

An admin who can grant little may edit an import that grants little. If a corrected file grants more, that admin's rows
would get it as well. So all authors of an import must be able to grant what it grants.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from accounts.lookups import only_one
from accounts.models import Membership, User
from accounts.organizations.grants import AccessSelection, GrantableAccess
from accounts.organizations.selectors import name_in
from accounts.permissions import Permission
from invites.imports.check_claims import renew_claim
from invites.invitations.authorization import selection_of
from invites.invitations.visibility import visible_name
from invites.models import AccessGrant, Batch, Reason
from invites.reasons import ExplainedError, as_reason

CHUNK = 1_000
# Replaces the id of a deleted account, which can't grant anything.
DELETED_ACCOUNT = 0


def authors_of(batch: Batch) -> set[int]:
    """The ids of the users who uploaded or corrected the stored file. The rows know who has edited them since."""
    return set(batch.authors) or {batch.inviter_id or DELETED_ACCOUNT}


def check_authors(
    authors: Iterable[int], grant: AccessGrant, *, instead_of: AccessGrant, readers: Iterable[int | None] = ()
) -> None:
    """Raises ExplainedError("beyond_authors") if the grant gives more than the old one and an author can't grant it.

    The message names the author if all `readers` (ids of users) may see that user.
    """
    if not gives_more(grant, instead_of):
        return
    users = User.objects.in_bulk(set(authors))
    for author in sorted(set(authors)):
        if why_not := _why_not(users.get(author), readers, grant):
            raise ExplainedError("beyond_authors", why_not, as_reason("choose_access"))


def gives_more(new: AccessGrant, old: AccessGrant) -> bool:
    """Whether a member who can give all of the old grant might be unable to give the new one."""
    before, after = selection_of(old), selection_of(new)
    allowed = frozenset[str]().union(*(role.allowed for role in before.roles))
    if any(not allowed.issuperset(role.allowed) for role in after.roles):
        return True
    return not before.all_sites and (after.all_sites or not set(before.sites).issuperset(after.sites))


def _why_not(user: User | None, readers: Iterable[int | None], grant: AccessGrant) -> Reason | None:
    """Why the user can't grant it; None if they can. Names the user if all readers may see that user."""
    if user is None:
        return as_reason("deleted_account")
    members = Membership.objects.filter(organization=grant.organization)
    seen_by = members.filter(user__in=[each for each in readers if each])
    is_named = all(visible_name(reader, user) for reader in seen_by)
    who, values = ("author", {"author": name_in(grant.organization, user)}) if is_named else ("someone", {})
    member = only_one(members.active().filter(user=user))
    if member is None or not member.has_permission(Permission.INVITE_USERS):
        return as_reason(f"{who}_cannot_invite", **values)
    grantable, selection = GrantableAccess(member), selection_of(grant)
    if grantable.can_grant(selection):
        return None
    if grantable.can_grant(AccessSelection.of(selection.roles)) and selection.all_sites:
        return as_reason(f"{who}_lacks_sites", **values)
    return as_reason(f"{who}_lacks_access", access=grantable.missing_access(selection), **values)


def save_row_editors(batch: Batch) -> None:
    """Save the editors of rows that were just staged from a corrected file. The batch must be claimed."""
    users = User.objects.in_bulk([int(editor) for editor in batch.row_editors])
    for editor, numbers in batch.row_editors.items():
        for start in range(0, len(numbers) if int(editor) in users else 0, CHUNK):
            with transaction.atomic():
                renew_claim(batch)
                rows = batch.rows.filter(number__in=numbers[start : start + CHUNK])
                rows.update(edited_by_id=int(editor))
