"""What operators do with an organization: rename, suspend, resume and delete it.

Commands and the operators' site call these. Each is recorded in the activity log of the organization and in the log of
the server.
"""

from __future__ import annotations

import structlog
from django.db import transaction
from django.utils import timezone

from accounts.activity.actions import Action
from accounts.activity.log import ORGANIZATION, Change, record
from accounts.errors import DomainError
from accounts.models import Organization, User
from accounts.organizations.signals import organization_resuming

log = structlog.get_logger(__name__)


@transaction.atomic
def rename_by_operator(organization: Organization, name: str, *, by: User | None) -> None:
    """Change the name. The slug stays. `by` is the operator; None for a command. Raises DomainError("gone")."""
    held = _lock(organization)
    if name == held.name:
        return
    change = Change(before={"name": held.name}, after={"name": name})
    held.name = name
    held.save(update_fields=["name"])
    _note(held, Action.SETTINGS_CHANGED, "organization_renamed", by=by, change=change)


@transaction.atomic
def suspend_organization(organization: Organization, *, by: User | None) -> bool:
    """Make it read-only, and let it send nothing. False if it is suspended already. Raises DomainError("gone")."""
    held = _lock(organization)
    if held.is_suspended:
        return False
    held.suspended_at = timezone.now()
    held.save(update_fields=["suspended_at"])
    _note(held, Action.ORGANIZATION_SUSPENDED, "organization_suspended", by=by)
    return True


@transaction.atomic
def resume_organization(organization: Organization, *, by: User | None) -> bool:
    """End the suspension. Within seconds, workers continue what was waiting.

    False if it isn't suspended. Raises DomainError("gone").
    """
    # First, because receivers lock what has to be locked before the organization.
    organization_resuming.send(sender=Organization, organization=organization)
    held = _lock(organization)
    if not held.is_suspended:
        return False
    held.suspended_at = None
    held.save(update_fields=["suspended_at"])
    _note(held, Action.ORGANIZATION_RESUMED, "organization_resumed", by=by)
    return True


@transaction.atomic
def delete_organization(organization: Organization, *, by: User | None) -> None:
    """Hide it from everybody, and let workers delete it with everything in it. This can't be undone.

    See invites/personal_data/organization_deletion.py. Raises DomainError("gone").
    """
    held = _lock(organization)
    held.deletion_started_at = timezone.now()
    held.save(update_fields=["deletion_started_at"])
    _note(held, Action.ORGANIZATION_DELETED, "organization_deleted", by=by)


def _lock(organization: Organization) -> Organization:
    found = Organization.objects.existing().select_for_update(no_key=True).filter(pk=organization.pk).first()
    if found is None:
        raise DomainError("gone", "This organization has been deleted.")
    return found


def _note(
    organization: Organization, action: Action, event: str, *, by: User | None, change: Change | None = None
) -> None:
    record(organization.pk, action, ORGANIZATION, by=by, change=change or Change())
    operator = by.pk if by else None
    # After the commit, so that the log says only what is true.
    transaction.on_commit(lambda: log.warning(event, organization=organization.pk, slug=organization.slug, by=operator))
