"""Exponential backoff per domain: while a domain defers every recipient, other domains still get their email.

The state is in the database, one row per failing domain, so that all workers know what one of them learned.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from invites.mailing.backoff import backoff_delay
from invites.models import DomainBackoff

# After this many in a row, the problem isn't a single mailbox.
DEFERRALS_BEFORE_BACKOFF = 3
KEEP_FOR = timedelta(days=1)


def domain_of(email: str) -> str:
    return email.rpartition("@")[2].lower()


class DomainBackoffs:
    """The failing domains: those known at the start of a run, and those that the run finds."""

    def __init__(self) -> None:
        self._known = dict(DomainBackoff.objects.values_list("domain", "retry_at"))

    def in_backoff(self) -> dict[str, float]:
        """Domains in backoff, with the seconds that are left."""
        if not self._known:
            return {}
        now = timezone.now()
        return {domain: (until - now).total_seconds() for domain, until in self._known.items() if until and until > now}

    def note_success(self, email: str) -> None:
        """A server accepted the email: the domain works again."""
        if self._known and (domain := domain_of(email)) in self._known:
            del self._known[domain]
            DomainBackoff.objects.filter(domain=domain).delete()

    @transaction.atomic
    def note_deferral(self, email: str) -> None:
        """A server deferred the recipient. After a few in a row, the domain goes into backoff."""
        domain = domain_of(email)
        # One statement inserts or locks the row, so a worker whose email was accepted can't delete it in between.
        DomainBackoff.objects.bulk_create(
            [DomainBackoff(domain=domain)],
            update_conflicts=True,
            unique_fields=["domain"],
            update_fields=["changed_at"],
        )
        backoff = DomainBackoff.objects.get(domain=domain)
        now = timezone.now()
        backoff.deferrals += 1
        if backoff.deferrals >= DEFERRALS_BEFORE_BACKOFF and not (backoff.retry_at and backoff.retry_at > now):
            backoff.retry_at = now + backoff_delay(backoff.backoff_count)
            backoff.backoff_count += 1
        backoff.save()
        self._known[domain] = backoff.retry_at


def delete_old_backoffs() -> None:
    """Delete backoffs that haven't changed for a day."""
    DomainBackoff.objects.filter(changed_at__lt=timezone.now() - KEEP_FOR).delete()
