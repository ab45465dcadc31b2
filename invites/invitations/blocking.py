"""Addresses that reported abuse: no organization can send invitations to them until an operator lifts the block.

Organizations read only that the address doesn't accept invitations. Nothing says who reported what, or when.
"""

from __future__ import annotations

from collections.abc import Collection

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.errors import DomainError
from accounts.models import Organization, User
from invites.models import BlockedAddress, FailureReason, Invitation
from invites.models.erased_address import erased_key

log = structlog.get_logger(__name__)


def is_blocked() -> Exists:
    """A condition on invitations: their address accepts none."""
    return Exists(BlockedAddress.objects.current().filter(email_key=OuterRef("email_key")))


def blocked_among(email_keys: Collection[str]) -> set[str]:
    """Those of the addresses that accept no invitations, even if their owner was erased since."""
    erased = {erased_key(each): each for each in email_keys}
    blocked = BlockedAddress.objects.current().filter(email_key__in=[*email_keys, *erased])
    found = blocked.values_list("email_key", flat=True) if email_keys else ()
    return {erased.get(each, each) for each in found}


def check_not_blocked(email_key: str) -> None:
    """Raises DomainError("address_blocked") if the address accepts no invitations."""
    if blocked_among([email_key]):
        raise DomainError("address_blocked", str(FailureReason.ADDRESS_BLOCKED.label))


@transaction.atomic
def block_address(email_key: str, *, reported: Invitation) -> None:
    """Stop all invitations to the address, those of other organizations, too.

    Emails that wait are not sent. Open invitations count as not delivered, and their links keep working: the owner of
    the mailbox may still accept one.
    """
    block = BlockedAddress(
        email_key=email_key, organization_id=reported.organization_id, inviter_id=reported.inviter_id
    )
    # Reporting twice changes nothing.
    BlockedAddress.objects.bulk_create([block], ignore_conflicts=True)
    # By organization, because that is how the index begins.
    found = Invitation.objects.open().filter(organization__in=Organization.objects.values("pk"), email_key=email_key)
    # Imports that are running find out when they send, because their rows change, too. So do scheduled ones.
    ours = found.with_link().exclude(mail_state__in=Invitation.UNSENT, mail_due_at=None)
    ids = list(ours.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    Invitation.objects.open().filter(pk__in=ids).update(
        mail_state=Invitation.Mail.FAILED, mail_detail=FailureReason.ADDRESS_BLOCKED, mail_due_at=None
    )
    # Operators find the address on their site. The log has no addresses.
    log.warning("abuse_reported", organization=reported.organization_id, invitation=reported.pk)


def lift_block(block: BlockedAddress, *, by: User) -> bool:
    """Let organizations invite the address again. Only operators may. False if another operator was faster."""
    is_lifted = BlockedAddress.objects.current().filter(pk=block.pk).update(lifted_at=timezone.now(), lifted_by=by)
    if is_lifted:
        log.warning("block_lifted", block=block.pk, operator=by.pk)
    return bool(is_lifted)
