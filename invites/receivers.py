"""What this app answers `accounts`: roles and sites on offer stay, and the demonstration gets invitations."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.models import Organization, Role, Site
from accounts.signals import deletion_asked, demo_founded
from invites.models import Batch, Grant, Invitation
from invites.services.demo import invite_demo_people


@receiver(deletion_asked)
def keep_what_is_on_offer(sender: type[Role | Site], item: Role | Site, **_more: Any) -> str | None:
    """A sentence against deleting the role or the site, or None. Whatever has ended does not hold it back."""
    is_role = isinstance(item, Role)
    what = "role" if is_role else "site"
    grants = Grant.objects.filter(roles=item) if isinstance(item, Role) else Grant.objects.filter(sites=item)
    waiting = Invitation.objects.filter(grant__in=grants, state=Invitation.State.PENDING).count()
    if waiting == 1:
        return f"1 invitation without an answer gives this {what}. Change or revoke it first."
    if waiting:
        return f"{waiting:,} invitations without an answer give this {what}. Change or revoke them first."
    if Batch.objects.filter(grant__in=grants).exclude(state__in=Batch.ENDED).exists():
        return f"An import that has not ended gives this {what}. Finish or stop it first."
    return None


@receiver(demo_founded)
def show_invitations(sender: type[Organization], organization: Organization, **_more: Any) -> None:
    """The list of people shows every status from the first start on."""
    invite_demo_people(organization)
