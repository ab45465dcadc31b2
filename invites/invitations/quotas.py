"""Daily quotas: invitations per organization and per inviter, and emails from an organization to one address.

Emails to an address are counted per organization, so that no organization can use up the quota of another, or learn
what it sends. Days are those of UTC. Each count is a row that is locked, or changed by one conditional statement, so
that concurrent requests can't exceed a quota together.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from django.conf import settings
from django.db import connection
from django.db.models import Exists, F, OuterRef, QuerySet, Sum
from django.utils.translation import ngettext_lazy

from accounts.errors import DomainError
from accounts.models import Organization, User
from accounts.wording import counted
from invites.models import Batch, DailyInviteCount, DailyRecipientMail
from invites.reasons import ExplainedError, as_reason

KEEP_FOR = timedelta(days=2)

_MAIL_LIMIT = ngettext_lazy(
    "{email} already got {count} invitation today, which is the limit. Try again tomorrow.",
    "{email} already got {count} invitations today, which is the limit. Try again tomorrow.",
)

# One statement for a hundred emails. Django's own upsert has no condition.
_COUNT_EMAILS = f"""
    INSERT INTO {DailyRecipientMail._meta.db_table} AS counted
        (day, organization_id, email_key, emails, last_token_hash) VALUES {{values}}
    ON CONFLICT (day, organization_id, email_key) DO UPDATE
        SET emails = counted.emails + 1, last_token_hash = excluded.last_token_hash
        WHERE counted.emails < %s AND counted.last_token_hash <> excluded.last_token_hash
"""  # noqa: S608 - the name of a table of ours


def consume_invitation_quota(organization: Organization, inviter: User | None, count: int) -> None:
    """Add `count` invitations to today's, in the caller's transaction.

    Raises DomainError("over_quota"), with nothing counted, if the organization or the inviter has fewer left.
    """
    if not count:
        return
    # Only one transaction at a time counts. Inserting rows that refer to the organization needs no wait.
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    today = DailyInviteCount.objects.filter(organization=organization, day=_today())
    own = today.filter(inviter=inviter)
    by_inviter = dict(today.values_list("inviter").annotate(used=Sum("invitations")))
    used = sum(by_inviter.values())
    _check(count, used, settings.INVITATIONS_PER_DAY, "organization_quota", organization=organization.name)
    used = by_inviter.get(inviter.pk if inviter else None, 0)
    _check(count, used, settings.INVITATIONS_PER_INVITER_PER_DAY, "inviter_quota")
    if not own.update(invitations=F("invitations") + count):
        DailyInviteCount.objects.create(organization=organization, inviter=inviter, day=_today(), invitations=count)


def fits_into_a_day(count: int) -> bool:
    """Whether so many can be invited on a day on which nobody else is."""
    return count <= min(settings.INVITATIONS_PER_DAY, settings.INVITATIONS_PER_INVITER_PER_DAY)


def next_day() -> datetime:
    """When the quotas of the next day begin."""
    return datetime.combine(_today() + timedelta(days=1), time(), UTC)


def refund_invitation_quota(batch: Batch, count: int) -> None:
    """Subtract `count` invitations of the batch that turned out not to be needed.

    They were counted for who invites now: an import is continued only when nobody of the earlier rounds waits.
    """
    counted_at = batch.continued_at or batch.inviting_started_at
    if count and counted_at:
        day = DailyInviteCount.objects.filter(organization=batch.organization_id, day=counted_at.astimezone(UTC).date())
        day.filter(inviter=batch.working_inviter_id, invitations__gte=count).update(
            invitations=F("invitations") - count
        )


class CountedInvitation(Protocol):
    """An invitation, or the values of it that are needed here."""

    @property
    def id(self) -> int: ...

    @property
    def organization_id(self) -> int: ...

    @property
    def email_key(self) -> str: ...

    @property
    def token_hash(self) -> str: ...


def count_daily_mail(invitations: Collection[CountedInvitation]) -> set[int]:
    """Count an email to each of the invitations; returns the ids of those whose address has reached its daily limit.

    A link counts once, however often its email is tried. The invitations are open ones: no two of an organization are
    to the same address.
    """
    if not invitations:
        return set()
    # Always in the same order, so that two workers that count the same addresses don't deadlock.
    ordered = sorted(invitations, key=lambda each: (each.organization_id, each.email_key))
    today = _today()
    values = [value for each in ordered for value in (today, each.organization_id, each.email_key, each.token_hash)]
    with connection.cursor() as cursor:
        statement = _COUNT_EMAILS.format(values=", ".join(["(%s, %s, %s, 1, %s)"] * len(ordered)))
        cursor.execute(statement, [*values, settings.EMAILS_PER_RECIPIENT_PER_DAY])
        if cursor.rowcount == len(ordered):
            return set()
    counted = DailyRecipientMail.objects.filter(
        day=today,
        organization__in={each.organization_id for each in invitations},
        email_key__in={each.email_key for each in invitations},
    )
    hashes = set(counted.values_list("last_token_hash", flat=True))
    return {each.id for each in invitations if each.token_hash not in hashes}


def has_reached_daily_mail_limit() -> Exists:
    """A condition on invitations: the organization may send no further email to the address today."""
    return Exists(_full_recipients().filter(organization=OuterRef("organization_id"), email_key=OuterRef("email_key")))


def check_recipient_quota(organization: Organization, email_key: str, email: str) -> None:
    """Raises DomainError("over_quota") if the organization may send no further email to the address today."""
    if _full_recipients().filter(organization=organization, email_key=email_key).exists():
        raise DomainError("over_quota", daily_mail_limit_text(email))


def daily_mail_limit_text(email: str) -> str:
    """Why no further email can be sent to this address today."""
    return counted(_MAIL_LIMIT, settings.EMAILS_PER_RECIPIENT_PER_DAY, email=email)


def delete_past_counts() -> None:
    past = _today() - KEEP_FOR
    DailyRecipientMail.objects.filter(day__lt=past).delete()
    DailyInviteCount.objects.filter(day__lt=past).delete()


def _full_recipients() -> QuerySet[DailyRecipientMail]:
    return DailyRecipientMail.objects.filter(day=_today(), emails__gte=settings.EMAILS_PER_RECIPIENT_PER_DAY)


def _check(count: int, used: int, limit: int, code: str, **values: object) -> None:
    """Raises ExplainedError("over_quota") if `count` is more than what is left of the limit."""
    left = max(0, limit - used)
    if count > left:
        reasons = (as_reason(code, limit=limit, **values), as_reason("quota_left", left=left))
        raise ExplainedError("over_quota", *reasons, as_reason("over_quota", wanted=count))


def _today() -> date:
    return datetime.now(UTC).date()
