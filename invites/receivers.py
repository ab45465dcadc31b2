"""What this app answers others: what is on offer stays, a batch goes whole, the demonstration gets invitations, and
bounces are noted.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, tracking
from django.db.models import Q, QuerySet
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone

from accounts.models import Organization, Role, Site
from accounts.organizations.selectors import AccessBeyond
from accounts.organizations.signals import deletion_asked, demo_founded, permission_change_asked
from invites.invitations.demo import invite_demo_people
from invites.invitations.querysets import open_grants
from invites.mailing.bounces import note_bounce
from invites.mailing.message import REFERENCE
from invites.models import AccessGrant, Batch, Invitation, Row

# A report that was recorded and is sent again later says nothing about a newer mail.
OLDEST_EVENT = timedelta(days=1)
# Clocks differ. A report of a later time than this would be taken for new for as long as somebody likes to repeat it.
LATEST_EVENT = timedelta(hours=1)
TOKEN_HASH = re.compile(r"[0-9a-f]{64}")
# Refused by the recipient's server, or by the provider before it asked that.
FOR_GOOD = (EventType.BOUNCED, EventType.REJECTED, EventType.FAILED)


@receiver(deletion_asked)
def keep_what_is_on_offer(sender: type[Role | Site], item: Role | Site, **_more: Any) -> str | None:
    """A sentence against deleting the role or the site, or None. Whatever has ended does not hold it back."""
    is_role = isinstance(item, Role)
    what = "role" if is_role else "site"
    grants = (
        AccessGrant.objects.filter(roles=item) if isinstance(item, Role) else AccessGrant.objects.filter(sites=item)
    )
    # Looked at first: a batch that ends between the two looks has its invitations at the second.
    batches = Batch.objects.filter(Q(grant__in=grants) | Q(job__grant__in=grants))
    is_running = batches.exclude(state__in=Batch.ENDED).exists()
    waiting = Invitation.objects.open().filter(grant__in=grants).count()
    if waiting == 1:
        return f"1 invitation without an answer gives this {what}. Change or revoke it first."
    if waiting:
        return f"{waiting:,} invitations without an answer give this {what}. Change or revoke them first."
    if is_running:
        return f"An import that has not ended gives this {what}. Finish or stop it first."
    return None


@receiver(permission_change_asked)
def name_roles_on_offer(sender: type[Role], roles: QuerySet[Role], beyond: AccessBeyond, **_more: Any) -> set[int]:
    """The roles that open invitations and unfinished imports give together with access beyond somebody's."""
    grants = beyond.among(open_grants(roles))
    return set(roles.filter(pk__in=grants.values("roles")).order_by().values_list("pk", flat=True))


@receiver(post_delete, sender=Batch)
def take_along_what_was_overlooked(sender: type[Batch], instance: Batch, **_more: Any) -> None:
    """What a worker stored after the deletion had looked, and before it had come to what that worker held."""
    Invitation.objects.filter(batch_id=instance.pk).delete()
    Row.objects.filter(batch_id=instance.pk).delete()


@receiver(demo_founded)
def show_invitations(sender: type[Organization], organization: Organization, **_more: Any) -> None:
    """The list of people shows every status from the first start on."""
    invite_demo_people(organization)


@receiver(tracking)
def note_what_came_back(sender: type[object], event: AnymailTrackingEvent, **_more: Any) -> None:
    """The provider tells what became of a mail that it took: of most it was delivered, which changes nothing."""
    token_hash = str((event.metadata or {}).get(REFERENCE, ""))
    if event.event_type in FOR_GOOD and TOKEN_HASH.fullmatch(token_hash) and _is_recent(event.timestamp):
        reason = event.mta_response or event.description or event.reject_reason or "The mail came back."
        note_bounce(token_hash, email=event.recipient or "", reason=reason)


def _is_recent(moment: object) -> bool:
    """Whether an event happened lately. One that doesn't say when could be repeated for ever."""
    if not isinstance(moment, datetime):
        return False
    # Anymail passes on a time without a zone as the provider wrote it.
    aware = moment if timezone.is_aware(moment) else moment.replace(tzinfo=UTC)
    now = timezone.now()
    return now - OLDEST_EVENT <= aware <= now + LATEST_EVENT
