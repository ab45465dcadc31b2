"""Decides which emails of a run can be sent now: rate limits and domain backoff."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Protocol, TypeVar

from django.conf import settings

from invites.mailing.domain_backoff import DomainBackoffs, domain_of
from invites.mailing.rate_limit import acquire_for_domains, acquire_for_organization, acquire_global
from invites.models import Invitation


class Recipient(Protocol):
    """An invitation, or the values of it that are needed here."""

    @property
    def id(self) -> int: ...

    @property
    def email_key(self) -> str: ...

    @property
    def organization_id(self) -> int: ...


R = TypeVar("R", bound=Recipient)


class SendThrottle:
    """Collects the IDs that can't be sent now: `throttled` by a rate limit, or `blocked` because of their domain.

    The first of them may be tried in `retry_in` seconds. Once `is_exhausted`, nothing more of the run may be sent.
    """

    def __init__(self) -> None:
        self.throttled: list[int] = []
        self.blocked: list[int] = []
        self.retry_in: float | None = None
        self.is_exhausted = False
        self.domains = DomainBackoffs()
        self._exhausted_domains: set[str] = set()
        self._domain_of: dict[int, str] = {}
        self._permits = 0

    def filter_blocked(self, ids: Sequence[int]) -> Sequence[int]:
        """The IDs without those of blocked domains. Needs no query while no domain is blocked."""
        in_backoff = self.domains.in_backoff()
        if not ids or not (self._exhausted_domains or in_backoff):
            return ids
        if not self._domain_of:
            addresses = Invitation.objects.filter(pk__in=ids).values_list("pk", "email_key")
            self._domain_of = {pk: domain_of(email_key) for pk, email_key in addresses}
        allowed = []
        for pk in ids:
            domain = self._domain_of[pk]
            if domain in in_backoff:
                self._block(pk, in_backoff[domain])
            elif domain in self._exhausted_domains:
                self.throttled.append(pk)
            else:
                allowed.append(pk)
        return allowed

    def acquire(self, group: Sequence[R]) -> Sequence[R]:
        """The messages that the per-domain and per-organization limits allow. All are of one organization."""
        if settings.EMAILS_PER_SECOND_PER_DOMAIN:
            group = self._acquire_for_domains(group)
        if not group or not settings.EMAILS_PER_SECOND_PER_ORGANIZATION:
            return group
        permits = acquire_for_organization(group[0].organization_id, len(group))
        if permits.count < len(group):
            self.throttled += [each.id for each in group[permits.count :]]
            self._exhaust(permits.next_in)
        return group[: permits.count]

    def wait_for_permit(self, wanted: int) -> bool:
        """Wait until the global limit allows one more of the `wanted` emails. Returns False if that takes too long."""
        if settings.EMAILS_PER_SECOND:
            if self._permits == 0:
                permits = acquire_global(wanted)
                if permits.count == 0:
                    self._exhaust(permits.next_in)
                    return False
                self._permits = permits.count
                time.sleep(permits.wait)
            self._permits -= 1
        return True

    def is_blocked(self, each: Recipient) -> bool:
        """Whether the domain went into backoff since the group was filtered."""
        seconds = self.domains.in_backoff().get(domain_of(each.email_key))
        if seconds is None:
            return False
        self._block(each.id, seconds)
        return True

    def _acquire_for_domains(self, group: Sequence[R]) -> list[R]:
        domains = [domain_of(each.email_key) for each in group]
        permits = acquire_for_domains(Counter(domains))
        left = {domain: found.count for domain, found in permits.items()}
        allowed = []
        for each, domain in zip(group, domains, strict=True):
            if left[domain]:
                left[domain] -= 1
                allowed.append(each)
            else:
                self._exhausted_domains.add(domain)
                self.throttled.append(each.id)
                self._retry_in(permits[domain].next_in)
        return allowed

    def _block(self, pk: int, seconds: float) -> None:
        self.blocked.append(pk)
        self._retry_in(seconds)

    def _exhaust(self, seconds: float) -> None:
        self.is_exhausted = True
        self._retry_in(seconds)

    def _retry_in(self, seconds: float) -> None:
        self.retry_in = seconds if self.retry_in is None else min(seconds, self.retry_in)
