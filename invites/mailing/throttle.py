"""Says of a run of mails which may go now: the pace that the operator allows, and domains that are left alone."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Protocol, TypeVar

from django.conf import settings

from invites.mailing.domain_backoff import DomainBackoffs, domain_of
from invites.mailing.rate_limit import acquire_for_domains, acquire_for_organization, acquire_global
from invites.models import Invitation


class Allowed(Protocol):
    """An invitation, or those of its values that are asked for."""

    @property
    def id(self) -> int: ...

    @property
    def email_key(self) -> str: ...

    @property
    def organization_id(self) -> int: ...


S = TypeVar("S", bound=Allowed)


class SendThrottle:
    """What was kept back so far: `too_fast` by the pace, `blocked` with their domains; ids of invitations.

    The first of them may be tried in `opens_in` seconds. Once `is_shut`, the rest of the run may not go either.
    """

    def __init__(self) -> None:
        self.throttled: list[int] = []
        self.blocked: list[int] = []
        self.retry_in: float | None = None
        self.is_shut = False
        self.domains = DomainBackoffs()
        self._full: set[str] = set()
        self._domain_of: dict[int, str] = {}
        self._turns = 0

    def filter_blocked(self, ids: Sequence[int]) -> Sequence[int]:
        """The ids but for those of domains to which nothing may go. Costs nothing while there are none."""
        alone = self.domains.blocked()
        if not ids or not (self._full or alone):
            return ids
        if not self._domain_of:
            addresses = Invitation.objects.filter(pk__in=ids).values_list("pk", "email_key")
            self._domain_of = {pk: domain_of(email_key) for pk, email_key in addresses}
        left = []
        for pk in ids:
            domain = self._domain_of[pk]
            if domain in alone:
                self.blocked.append(pk)
                self._open_again(alone[domain])
            elif domain in self._full:
                self.throttled.append(pk)
            else:
                left.append(pk)
        return left

    def acquire(self, group: Sequence[S]) -> Sequence[S]:
        """Those of the group, all of one organization, that are within the pace of their domains and of that."""
        if settings.MAILS_PER_SECOND_PER_DOMAIN:
            group = self._within_domains(group)
        if not group or not settings.MAILS_PER_SECOND_PER_ORGANIZATION:
            return group
        block = acquire_for_organization(group[0].organization_id, len(group))
        if block.mails < len(group):
            self.throttled += [each.id for each in group[block.mails :]]
            self._shut(block.next_in)
        return group[: block.mails]

    def wait_for_turn(self, wanted: int) -> bool:
        """Wait a moment until one more may go, of so many wanted; False where that would take too long."""
        if settings.MAILS_PER_SECOND:
            if self._turns == 0:
                block = acquire_global(wanted)
                if block.mails == 0:
                    self._shut(block.next_in)
                    return False
                self._turns = block.mails
                time.sleep(block.wait)
            self._turns -= 1
        return True

    def is_left_alone(self, each: Allowed) -> bool:
        """Whether its domain is since the run began with it; then it is kept back."""
        seconds = self.domains.blocked().get(domain_of(each.email_key)) if self.domains.are_in_trouble else None
        if seconds is None:
            return False
        self.blocked.append(each.id)
        self._open_again(seconds)
        return True

    def _within_domains(self, group: Sequence[S]) -> list[S]:
        domains = [domain_of(each.email_key) for each in group]
        blocks = acquire_for_domains(Counter(domains))
        left = {domain: block.mails for domain, block in blocks.items()}
        within = []
        for each, domain in zip(group, domains, strict=True):
            if left[domain]:
                left[domain] -= 1
                within.append(each)
            else:
                self._full.add(domain)
                self.throttled.append(each.id)
                self._open_again(blocks[domain].next_in)
        return within

    def _shut(self, seconds: float) -> None:
        self.is_shut = True
        self._open_again(seconds)

    def _open_again(self, seconds: float) -> None:
        self.retry_in = seconds if self.retry_in is None else min(seconds, self.retry_in)
