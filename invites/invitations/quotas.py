"""How many invitations a day: of one organization, of one inviter in it, and from one organization to one address.

What goes to an address is counted for each organization, so that none can use up or learn what others send there.

Days are those of UTC. What was used is counted in rows that are locked, or changed by one conditional statement, so
that many who are at it at once cannot exceed a limit together.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from django.conf import settings
from django.db import connection
from django.db.models import Exists, F, OuterRef, Sum
from django.db.models.functions import Length

from accounts.errors import DomainError
from accounts.models import Organization, User
from invites.models import Batch, DailyInviteCount, DailyRecipientMail

KEPT = timedelta(days=2)
RECIPIENT = ("organization_id", "email_key")

# Adds links to the days of their recipients, but for those that stand there already, and where the day is full.
_ADD_LINKS = f"""
    INSERT INTO {DailyRecipientMail._meta.db_table} AS known (day, organization_id, email_key, links) VALUES {{values}}
    ON CONFLICT (day, organization_id, email_key) DO UPDATE SET links = known.links || excluded.links
    WHERE length(known.links) < %s AND known.links NOT LIKE '%%' || excluded.links || '%%'
"""  # noqa: S608 - the name of a table of ours


def consume_invitation_quota(organization: Organization, inviter: User | None, count: int) -> None:
    """Count so many invitations as made today, in the transaction of the caller.

    Raises DomainError("over_quota"), with nothing counted, if they are more than are left for the organization or for
    the inviter.
    """
    if not count:
        return
    # One after the other. Whoever stores a row that only names the organization need not wait.
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    today = DailyInviteCount.objects.filter(organization=organization, day=_today())
    made = today.aggregate(made=Sum("invitations", default=0))["made"]
    _check(count, made, settings.INVITATIONS_PER_DAY, f"{organization.name} can invite")
    mine = today.filter(inviter=inviter)
    made = mine.aggregate(made=Sum("invitations", default=0))["made"]
    _check(count, made, settings.INVITATIONS_PER_INVITER_PER_DAY, "One admin can invite")
    if not mine.update(invitations=F("invitations") + count):
        DailyInviteCount.objects.create(organization=organization, inviter=inviter, day=_today(), invitations=count)


def refund_invitation_quota(batch: Batch, count: int) -> None:
    """Count so many of the batch no more: it turned out that they need no invitation."""
    if count and batch.inviting_at:
        day = DailyInviteCount.objects.filter(
            organization=batch.organization_id, day=batch.inviting_at.astimezone(UTC).date()
        )
        day.filter(inviter=batch.inviter_id, invitations__gte=count).update(invitations=F("invitations") - count)


class ToMail(Protocol):
    """An invitation, or those of its values that are counted."""

    @property
    def id(self) -> int: ...

    @property
    def organization_id(self) -> int: ...

    @property
    def email_key(self) -> str: ...

    @property
    def token_hash(self) -> str: ...


def count_daily_mail(invitations: Collection[ToMail]) -> set[int]:
    """Count the mail that is about to go to each; the ids of those whose address has had enough from it for today.

    The same link counts once, however often its mail is tried.
    """
    today, full = _today(), DailyRecipientMail.LINK * settings.MAILS_PER_RECIPIENT_PER_DAY
    # In one order, so that two who count the same addresses wait for each other and not both.
    waiting = sorted(invitations, key=_recipient)
    counted_now = 0
    while waiting:
        # A statement names an address of an organization once.
        once = {_recipient(invitation): invitation for invitation in waiting}
        waiting = [invitation for invitation in waiting if once[_recipient(invitation)] is not invitation]
        values = [value for recipient, each in once.items() for value in (today, *recipient, _short(each))]
        with connection.cursor() as cursor:
            cursor.execute(_ADD_LINKS.format(values=", ".join(["(%s, %s, %s, %s)"] * len(once))), [*values, full])
            counted_now += cursor.rowcount
    if counted_now == len(invitations):
        return set()
    organizations, keys = {each.organization_id for each in invitations}, {each.email_key for each in invitations}
    days = DailyRecipientMail.objects.filter(day=today, organization__in=organizations, email_key__in=keys)
    counted = {(organization, key): links for organization, key, links in days.values_list(*RECIPIENT, "links")}
    return {each.id for each in invitations if _short(each) not in counted.get(_recipient(each), "")}


def has_reached_daily_mail_limit() -> Exists:
    """True of an invitation, in a query, to whose address no further mail of its organization may go today."""
    full = DailyRecipientMail.LINK * settings.MAILS_PER_RECIPIENT_PER_DAY
    same = {name: OuterRef(name) for name in RECIPIENT}
    today = DailyRecipientMail.objects.filter(day=_today(), **same)
    return Exists(today.annotate(length=Length("links")).filter(length__gte=full))


def check_recipient_quota(organization: Organization, email_key: str, email: str) -> None:
    """Raises DomainError("over_quota") for an address to which no further mail of the organization may go today."""
    line = DailyRecipientMail.objects.filter(day=_today(), organization=organization, email_key=email_key).first()
    if line and len(line.links) >= DailyRecipientMail.LINK * settings.MAILS_PER_RECIPIENT_PER_DAY:
        raise DomainError("over_quota", f"{email} {daily_mail_limit_reason()} Try again tomorrow.")


def daily_mail_limit_reason() -> str:
    """What is said of such an address, without its name."""
    most = settings.MAILS_PER_RECIPIENT_PER_DAY
    return f"was sent {'1 invitation' if most == 1 else f'{most:,} invitations'} today, which is enough."


def delete_past_counts() -> None:
    """Remove what counts no more."""
    past = _today() - KEPT
    DailyRecipientMail.objects.filter(day__lt=past).delete()
    DailyInviteCount.objects.filter(day__lt=past).delete()


def _check(count: int, made: int, limit: int, who: str) -> None:
    left = max(0, limit - made)
    if count > left:
        people = "1 more was" if count == 1 else f"{count:,} more were"
        raise DomainError(
            "over_quota",
            f"{who} {limit:,} people a day. {left:,} of them are left for today, and {people} to be invited. "
            "Nobody has been invited. Try again tomorrow.",
        )


def _recipient(invitation: ToMail) -> tuple[int, str]:
    return invitation.organization_id, invitation.email_key


def _short(invitation: ToMail) -> str:
    return invitation.token_hash[: DailyRecipientMail.LINK]


def _today() -> date:
    return datetime.now(UTC).date()
