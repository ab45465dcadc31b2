"""Signal receivers: they protect roles and sites that are being offered, finish the deletion of imports, invite people
to the demo organization, and save bounces.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, tracking
from django.db.models import Q, QuerySet
from django.db.models.signals import post_delete, pre_delete
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from accounts.models import Organization, Role, Site
from accounts.organizations.selectors import AccessBeyond
from accounts.organizations.signals import (
    deletion_requested,
    demo_created,
    organization_resuming,
    permission_change_requested,
)
from accounts.wording import counted
from invites.invitations.demo import invite_demo_people
from invites.invitations.querysets import open_grants
from invites.mailing.bounces import note_bounce
from invites.mailing.message import REFERENCE
from invites.models import AccessGrant, Batch, EarlierLink, FailureReason, Invitation, Row

# An old report that is repeated says nothing about a newer email.
OLDEST_EVENT = timedelta(days=1)
# Clocks differ. A report from further in the future could be repeated for a long time.
LATEST_EVENT = timedelta(hours=1)
TOKEN_HASH = re.compile(r"[0-9a-f]{64}")
# Refused by the recipient's server, or by the provider before it asked that.
PERMANENT = (EventType.BOUNCED, EventType.REJECTED, EventType.FAILED)

_ROLE_IN_INVITATIONS = ngettext_lazy(
    "{count} open invitation grants this role. Change or revoke it first.",
    "{count} open invitations grant this role. Change or revoke them first.",
)
_SITE_IN_INVITATIONS = ngettext_lazy(
    "{count} open invitation grants access to this site. Change or revoke it first.",
    "{count} open invitations grant access to this site. Change or revoke them first.",
)


@receiver(deletion_requested)
def why_not_delete(sender: type[Role | Site], item: Role | Site, **_more: Any) -> str | None:
    """Why the role or the site can't be deleted, or None. Only open invitations and unfinished imports matter."""
    is_role = isinstance(item, Role)
    grants = (
        AccessGrant.objects.filter(roles=item) if isinstance(item, Role) else AccessGrant.objects.filter(sites=item)
    )
    # Asked first: if a batch ends between the two queries, the second one finds its invitations.
    batches = Batch.objects.filter(Q(grant__in=grants) | Q(job__grant__in=grants))
    is_running = batches.exclude(state__in=Batch.ENDED).exists()
    waiting = Invitation.objects.open().filter(grant__in=grants).count()
    if waiting:
        return counted(_ROLE_IN_INVITATIONS if is_role else _SITE_IN_INVITATIONS, waiting)
    if is_running and is_role:
        return _("An unfinished import grants this role. Finish or stop it first.")
    if is_running:
        return _("An unfinished import grants access to this site. Finish or stop it first.")
    return None


@receiver(permission_change_requested)
def find_offered_roles(sender: type[Role], roles: QuerySet[Role], beyond: AccessBeyond, **_more: Any) -> set[int]:
    """The ids of roles that open invitations and unfinished imports grant together with access that is `beyond`."""
    grants = beyond.among(open_grants(roles))
    return set(roles.filter(pk__in=grants.values("roles")).order_by().values_list("pk", flat=True))


@receiver(organization_resuming)
def give_time_again(sender: type[Organization], organization: Organization, **_more: Any) -> None:
    """Let imports wait for admins for the full time again. While it was suspended, nobody could do anything."""
    suspended = Batch.objects.filter(organization=organization, organization__suspended_at__isnull=False)
    waiting = suspended.filter(state__in=Batch.WAITING).order_by("pk").select_for_update(of=("self",), no_key=True)
    ids = list(waiting.values_list("pk", flat=True))
    Batch.objects.filter(pk__in=ids).update(progressed_at=timezone.now())


@receiver(pre_delete, sender=Organization)
def delete_earlier_links(sender: type[Organization], instance: Organization, **_more: Any) -> None:
    """No cascade reaches them: see `EarlierLink`."""
    EarlierLink.objects.filter(invitation__in=Invitation.objects.filter(organization=instance)).delete()


@receiver(post_delete, sender=Batch)
def delete_late_rows(sender: type[Batch], instance: Batch, **_more: Any) -> None:
    """Delete the rows and invitations that a worker stored after the deletion had collected its objects.

    These tables have no foreign key constraints: see `Invitation`.
    """
    Invitation.objects.filter(batch_id=instance.pk).delete()
    Row.objects.filter(batch_id=instance.pk).delete()


@receiver(demo_created)
def invite_demo(sender: type[Organization], organization: Organization, **_more: Any) -> None:
    """Show every status on the users page of the demo organization."""
    invite_demo_people(organization)


@receiver(tracking)
def save_bounce(sender: type[object], event: AnymailTrackingEvent, **_more: Any) -> None:
    """Save what the email provider reports about an email that it had accepted."""
    token_hash = str((event.metadata or {}).get(REFERENCE, ""))
    if event.event_type in PERMANENT and TOKEN_HASH.fullmatch(token_hash) and _is_recent(event.timestamp):
        reason = event.mta_response or event.description or event.reject_reason or FailureReason.BOUNCED
        note_bounce(token_hash, email=event.recipient or "", reason=reason)


def _is_recent(moment: object) -> bool:
    """Whether an event happened lately. An event without a time could be repeated forever."""
    if not isinstance(moment, datetime):
        return False
    # Anymail passes on a time without a time zone as the provider wrote it.
    aware = moment if timezone.is_aware(moment) else moment.replace(tzinfo=UTC)
    now = timezone.now()
    return now - OLDEST_EVENT <= aware <= now + LATEST_EVENT
