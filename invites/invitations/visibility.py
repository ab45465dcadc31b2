"""Which imports, invitations and bulk actions a member may see. Views find them only through this module.

With *See users*, a member sees everybody in the organization. With only *Invite users*, they see the imports and bulk
actions that they started and the invitations that they sent. Anything else looks as if it didn't exist. Who may change
what they see is decided in `authorization.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, Q, QuerySet

from accounts.models import Membership, User
from accounts.organizations.selectors import memberships_with_permission
from accounts.permissions import Permission
from invites.models import Batch, BulkAction, Invitation, InvitationQuerySet

State = Invitation.State


def sees_everybody(viewer: Membership) -> bool:
    """Whether the member sees everybody in the organization."""
    return viewer.has_permission(Permission.VIEW_USERS)


def visible_batches(viewer: Membership) -> QuerySet[Batch]:
    """The imports that the member may see, newest first, with related objects for a list."""
    return viewer.organization.batches.filter(batch_is_visible(viewer)).select_related(
        "inviter", "grant", "organization"
    )


def batch_is_visible(viewer: Membership) -> Q:
    """The same as a condition on imports of the member's organization."""
    return _visible(viewer, _own_batches(viewer))


def visible_invitations(viewer: Membership) -> InvitationQuerySet:
    """The invitations that the member may see, in any state."""
    return viewer.organization.invitations.filter(invitation_is_visible(viewer))


def invitation_is_visible(viewer: Membership) -> Q:
    """The same as a condition on invitations of the member's organization."""
    # A subquery instead of a join, so that UPDATE and FOR UPDATE don't affect the import.
    imported = Q(batch__in=Batch.objects.filter(_own_batches(viewer)).values("pk"))
    return _visible(viewer, Q(inviter=viewer.user_id) | imported)


def sent_one_by_one(viewer: Membership) -> InvitationQuerySet:
    """Those that the member sent to single people who haven't accepted yet, newest first."""
    sent = viewer.organization.invitations.filter(inviter=viewer.user_id, batch=None)
    return sent.filter(Q(state=State.PENDING) | Q(state=State.DECLINED, is_unlisted=False)).order_by("-pk")


def visible_actions(viewer: Membership) -> QuerySet[BulkAction]:
    """The bulk actions that the member may see."""
    return viewer.organization.bulk_actions.filter(_visible(viewer, _own_actions(viewer))).select_related(
        "organization"
    )


def batches_still_visible(viewer: Membership) -> Q:
    """A condition on imports that checks permissions in the database, for streams."""
    return _own_batches(viewer) | _still_sees_everybody(viewer)


def actions_still_visible(viewer: Membership) -> Q:
    """The same for bulk actions."""
    return _own_actions(viewer) | _still_sees_everybody(viewer)


def visible_name(viewer: Membership, user: User | None) -> str:
    """What the organization calls the user; empty for None, and for somebody whom the viewer may not see.

    Looked up once for each user. `learn_names` looks up many.
    """
    if user is None or not (user.pk == viewer.user_id or sees_everybody(viewer)):
        return ""
    learn_names(viewer, [user])
    return _known_names(viewer)[user.pk]


def learn_names(viewer: Membership, users: Iterable[User | None]) -> None:
    """Look up the names of these users for `visible_name`, with a single query."""
    known = _known_names(viewer)
    new = {user.pk: user.get_full_name() for user in users if user is not None and user.pk not in known}
    if new:
        members = viewer.organization.memberships.filter(user__in=list(new)).select_related("user")
        known.update(new | {member.user_id: member.get_full_name() for member in members})


def _known_names(viewer: Membership) -> dict[int, str]:
    """By the ids of users, as long as the membership is in memory: for one request."""
    # In templates, the viewer is a lazy object, whose __dict__ isn't that of the membership.
    if not hasattr(viewer, "_known_names"):
        viewer._known_names = {viewer.user_id: viewer.get_full_name()}  # type: ignore[attr-defined]
    names: dict[int, str] = viewer._known_names  # type: ignore[attr-defined]
    return names


def _visible(viewer: Membership, own: Q) -> Q:
    return Q() if sees_everybody(viewer) else own


def _still_sees_everybody(viewer: Membership) -> Q:
    return Q(Exists(memberships_with_permission(Permission.VIEW_USERS).filter(pk=viewer.pk)))


def _own_batches(viewer: Membership) -> Q:
    return Q(inviter=viewer.user_id)


def _own_actions(viewer: Membership) -> Q:
    return Q(started_by=viewer.user_id)
