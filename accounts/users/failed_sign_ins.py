"""Record failed sign-ins in the activity log, limited so that nobody can flood it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.activity.actions import Action
from accounts.activity.log import about_user, record
from accounts.activity.source import Source
from accounts.models import User


@transaction.atomic
def record_failed_sign_in(email: str, source: Source) -> None:
    """Record one entry per account, address and hour, in each organization of the account.

    Nobody is signed in, so the account is what the entry is about, not who did it.
    """
    user = User.objects.filter(email=email).first()
    if user is None:
        return
    hour = f"{timezone.now():%Y-%m-%dT%H}"
    # Organizations in which the user is deactivated don't see their sign-ins.
    memberships = user.memberships.not_deactivated().order_by("organization")
    for organization_id in memberships.values_list("organization", flat=True):
        key = f"sign-in {organization_id} {user.pk} {source.ip} {hour}"
        record(
            organization_id,
            Action.SIGN_IN_FAILED,
            about_user(user),
            by=None,
            source=source,
            idempotency_key=key,
        )
