"""Which rare kinds of users an organization has: one statement, so that others aren't searched, counted or merged."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from accounts.models import Membership, Organization
from invites.models import Batch, Invitation


@dataclass(frozen=True)
class RareUsers:
    """Whether there is anybody of each kind. `undone`: those whose import is being undone."""

    undone: bool = True
    deactivated: bool = True
    scheduled: bool = True
    declined: bool = True


# Each is answered by an index of its own, which has no other rows.
_RARE = f"""
    SELECT
        EXISTS (SELECT 1 FROM {Batch._meta.db_table} WHERE organization_id = %(here)s AND is_being_undone),
        EXISTS (
            SELECT 1 FROM {Membership._meta.db_table} WHERE organization_id = %(here)s AND deactivated_at IS NOT NULL
        ),
        EXISTS (
            SELECT 1 FROM {Invitation._meta.db_table}
            WHERE organization_id = %(here)s
                AND state = '{Invitation.State.PENDING}' AND mail_state = '{Invitation.Mail.SCHEDULED}'
        ),
        EXISTS (
            SELECT 1 FROM {Invitation._meta.db_table}
            WHERE organization_id = %(here)s AND state = '{Invitation.State.DECLINED}' AND NOT is_unlisted
        )
"""  # noqa: S608 - the names of our tables and states


def rare_users(organization: Organization) -> RareUsers:
    with connection.cursor() as cursor:
        cursor.execute(_RARE, {"here": organization.pk})
        return RareUsers(*map(bool, cursor.fetchone()))
