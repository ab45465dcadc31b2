"""Requests for a new invitation, from the page of a link that no longer works.

The page answers the same for every link, with the same work, so that nobody learns which links belong to invitations.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.activity.actions import Action
from accounts.activity.log import record
from accounts.models import Membership, Organization, User
from accounts.organizations.grants import GrantableAccess, membership_now
from invites.invitations.activity import about_invitation
from invites.invitations.authorization import CANNOT_RESEND, check_can_manage
from invites.invitations.visibility import visible_invitations
from invites.models import AccessGrant, Batch, BlockedAddress, EarlierLink, Invitation, InvitationRequest

# Requests that come sooner are ignored.
ASK_AGAIN_AFTER = timedelta(days=1)
MOST_COUNTED = 50

# One statement for every link, also for one that was replaced when the invitation was resent. A request never reaches
# admins after a revocation or a decline, or if the invitee is a member, even a deactivated one, or reported abuse. It
# isn't needed if a scheduled invitation will be sent anyway.
_ASK = f"""
    INSERT INTO {InvitationRequest._meta.db_table} (invitation_id, organization_id, asked_at)
    SELECT newest.id, newest.organization_id, %s
    FROM (
        SELECT organization_id, email_key, state FROM {Invitation._meta.db_table} WHERE token_hash = %s
        UNION ALL
        SELECT organization_id, email_key, state FROM {EarlierLink._meta.db_table} AS earlier
        JOIN {Invitation._meta.db_table} AS later ON later.id = earlier.invitation_id AND later.email = earlier.email
        WHERE earlier.token_hash = %s
    ) AS found
    JOIN {Invitation._meta.db_table} AS newest
        ON newest.organization_id = found.organization_id AND newest.email_key = found.email_key
        AND newest.state = 'pending' AND newest.mail_state <> 'scheduled'
    JOIN {Organization._meta.db_table} AS organization
        ON organization.id = newest.organization_id AND organization.deletion_started_at IS NULL
    WHERE found.state IN ('pending', 'replaced')
        AND NOT EXISTS (
            SELECT 1 FROM {Batch._meta.db_table} AS batch WHERE batch.id = newest.batch_id AND batch.is_being_undone
        )
        AND NOT EXISTS (
            SELECT 1 FROM {BlockedAddress._meta.db_table} AS blocked
            WHERE blocked.email_key = newest.email_key AND blocked.lifted_at IS NULL
        )
        AND NOT EXISTS (
            SELECT 1 FROM {Membership._meta.db_table} AS member
            JOIN {User._meta.db_table} AS account ON account.id = member.user_id
            WHERE member.organization_id = newest.organization_id AND account.email = newest.email_key
        )
    ON CONFLICT (invitation_id) DO UPDATE SET asked_at = excluded.asked_at, dismissed_at = NULL
        WHERE {InvitationRequest._meta.db_table}.asked_at <= %s
"""  # noqa: S608 - the names of tables of ours


@transaction.atomic
def ask_for_invitation(token_hash: str) -> None:
    """Let the admins know that the invitee would like a new link, at most once a day.

    Does nothing for a link that is unknown, used, revoked or declined. The admins of a suspended organization see it,
    and can grant it when the organization is resumed. Neither the result nor the time tells.
    """
    now = timezone.now()
    adapted = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Otherwise only a request that is stored would wait for the disk.
            cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(_ASK, [adapted(now), token_hash, token_hash, adapted(now - ASK_AGAIN_AFTER)])


def open_requests(viewer: Membership) -> QuerySet[InvitationRequest]:
    """The requests that the member can grant, newest first: for invitations that they see and could send."""
    found = InvitationRequest.objects.filter(organization=viewer.organization_id, dismissed_at=None)
    # Most organizations have none.
    if not found.exists():
        return found.none()
    found = found.filter(invitation__in=visible_invitations(viewer).open())
    beyond = GrantableAccess(membership_now(viewer)).exceeded_by(AccessGrant)
    if beyond is not None:
        grants = AccessGrant.objects.filter(pk__in=found.order_by().values("invitation__grant_id"))
        found = found.exclude(invitation__grant__in=grants.filter(beyond))
    return found.select_related("invitation__grant").order_by("-asked_at", "-pk")


def count_requests(viewer: Membership) -> int:
    """How many there are, for every page: if there are more than `MOST_COUNTED`, one more than that."""
    return len(open_requests(viewer).values_list("pk", flat=True)[: MOST_COUNTED + 1])


@transaction.atomic
def dismiss_request(by: Membership, invitation: Invitation) -> None:
    """Say no. The invitee isn't told, and can ask again the next day. Raises AccessDenied."""
    check_can_manage(by, invitation.grant, CANNOT_RESEND)
    requests = InvitationRequest.objects.filter(pk=invitation.pk, dismissed_at=None)
    if requests.update(dismissed_at=timezone.now()):
        record(by.organization_id, Action.REQUEST_DISMISSED, about_invitation(invitation), by=by)
