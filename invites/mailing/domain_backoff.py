"""Domains that put off everybody for a while are left alone, with growing backoff_count; mail to others goes on.

What one worker learns, all know: it is kept in the database, one row for each domain in trouble.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from invites.mailing.backoff import backoff_delay
from invites.models import DomainBackoff

# So many in a row, and it is not about a mailbox.
DEFERRALS_BEFORE_BACKOFF = 3
KEPT = timedelta(days=1)


def domain_of(email: str) -> str:
    return email.rpartition("@")[2].lower()


class DomainBackoffs:
    """The domains in trouble, as one run of mails knows them from its beginning on."""

    def __init__(self) -> None:
        self._known = dict(DomainBackoff.objects.values_list("domain", "retry_at"))

    @property
    def are_in_trouble(self) -> bool:
        """Whether there is any at all."""
        return bool(self._known)

    def blocked(self) -> dict[str, float]:
        """Domains to which nothing may go, and for how many seconds more."""
        now = timezone.now()
        return {domain: (until - now).total_seconds() for domain, until in self._known.items() if until and until > now}

    def note_success(self, email: str) -> None:
        """Somebody's mail was taken: whatever there was is over."""
        if self._known and (domain := domain_of(email)) in self._known:
            del self._known[domain]
            DomainBackoff.objects.filter(domain=domain).delete()

    @transaction.atomic
    def note_deferral(self, email: str) -> None:
        """Somebody was told to wait; after a few in a row the domain is left alone."""
        domain = domain_of(email)
        # Stored and locked in one statement: whoever is told otherwise at this moment removes it.
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
    """Remove what is over for a day."""
    DomainBackoff.objects.filter(changed_at__lt=timezone.now() - KEPT).delete()
