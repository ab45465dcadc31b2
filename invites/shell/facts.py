"""Whether there is anything that a page shows around its content: one statement, because every page asks.

Mostly there is nothing, and then no other query is needed. If there is something in the organization, it may still be
none of this member's business. The queries for what is shown decide that.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from accounts.models import Membership
from invites.invitations.expiry import SOON
from invites.models import Batch, BulkAction, ExpiryNotice, Invitation, InvitationRequest


@dataclass(frozen=True)
class ShellFacts:
    """What there is in the organization: imports that run, are being undone, or have a banner; requests for a new link.

    `has_stopped`: imports with a banner that were stopped. `has_late`: this member has a banner about a correction job.
    `has_soon` and `has_expired`: invitations that expire soon, and that have expired. `has_actions`: bulk actions of
    this member that run or have a banner. `closed_expiry`: the member has closed the banner about expiry before.
    """

    is_importing: bool
    is_undoing: bool
    has_banners: bool
    has_stopped: bool
    has_late: bool
    has_requests: bool
    has_soon: bool
    has_expired: bool
    has_actions: bool
    closed_expiry: bool


_RUNNING = ", ".join(f"'{state}'" for state in Batch.RUNNING)
_FACTS = f"""
    SELECT
        EXISTS (SELECT 1 FROM {Batch._meta.db_table} WHERE organization_id = %(here)s AND state IN ({_RUNNING})),
        EXISTS (SELECT 1 FROM {Batch._meta.db_table} WHERE organization_id = %(here)s AND is_being_undone),
        EXISTS (
            SELECT 1 FROM {Batch._meta.db_table}
            WHERE organization_id = %(here)s AND banner_closed_at IS NULL AND state NOT IN ({_RUNNING})
        ),
        EXISTS (
            SELECT 1 FROM {Batch._meta.db_table}
            WHERE organization_id = %(here)s AND banner_closed_at IS NULL AND state = '{Batch.State.STOPPED}'
        ),
        EXISTS (
            SELECT 1 FROM {Batch._meta.db_table} WHERE organization_id = %(here)s AND late_banner_for_id = %(user)s
        ),
        EXISTS (
            SELECT 1 FROM {InvitationRequest._meta.db_table} WHERE organization_id = %(here)s AND dismissed_at IS NULL
        ),
        EXISTS (
            SELECT 1 FROM {Invitation._meta.db_table}
            WHERE organization_id = %(here)s AND state = '{Invitation.State.PENDING}'
                AND expires_at > %(now)s AND expires_at <= %(soon)s
        ),
        EXISTS (
            SELECT 1 FROM {Invitation._meta.db_table}
            WHERE organization_id = %(here)s AND state = '{Invitation.State.PENDING}' AND expires_at <= %(now)s
        ),
        EXISTS (
            SELECT 1 FROM {BulkAction._meta.db_table}
            WHERE organization_id = %(here)s AND started_by_id = %(user)s
                AND (banner_closed_at IS NULL OR state = '{BulkAction.State.RUNNING}')
        ),
        EXISTS (
            SELECT 1 FROM {ExpiryNotice._meta.db_table} WHERE membership_id = %(member)s AND closed_at IS NOT NULL
        )
"""  # noqa: S608 - the names of our tables and states


def shell_facts(membership: Membership) -> ShellFacts:
    adapted, now = connection.ops.adapt_datetimefield_value, timezone.now()
    values = {
        "here": membership.organization_id,
        "user": membership.user_id,
        "member": membership.pk,
        "now": adapted(now),
        "soon": adapted(now + SOON),
    }
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, values)
        return ShellFacts(*map(bool, cursor.fetchone()))
