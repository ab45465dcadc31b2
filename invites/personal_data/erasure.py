"""Erase a person: their account, memberships, and every name and address of theirs, in all organizations.

What others need stays: counts add up, the activity log keeps what was done with ids instead of names, and a person who
declined or reported abuse still isn't invited, because a hash of the address is kept.

Each step takes short transactions, and can run again. The account is erased first, so that its owner adds nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Case, F, Q, Value, When

from accounts.activity.actions import Action, Affected
from accounts.activity.addresses import address_pattern, has_address, without_address
from accounts.activity.erasure import erase_from_log, erase_invitations_from_log
from accounts.activity.log import ORGANIZATION, Change, Subject, record
from accounts.errors import DomainError
from accounts.models import Membership, User
from accounts.organizations.members import check_may_deactivate
from invites.checking import Cells
from invites.models import Batch, BulkAction, EarlierLink, FailureReason, Invitation, InvitationRequest, Row
from invites.models.erased_address import erased_key
from invites.personal_data.retention import EMPTY_CHANGE, EMPTY_ROW
from invites.personal_data.traces import (
    OF_FILES,
    blocks_of,
    changes_of,
    earlier_links_to,
    files_naming,
    in_chunks,
    invitations_to,
    mail_counts_of,
    readings_naming,
    reminders_to,
    replies_to,
    rows_with,
    unfinished_files_with,
)


@dataclass
class Erased:
    """What was erased, by what it was, and the ids of unfinished imports that still have the address."""

    counts: dict[str, int] = field(default_factory=dict)
    unfinished: list[int] = field(default_factory=list)


def erase_person(email: str) -> Erased:
    """Erase everything about the address, which is in lower case.

    Raises DomainError, with nothing erased: "last_manager" if an organization needs the person, "last_operator".
    """
    user = User.objects.filter(email=email).first()
    user_id = user.pk if user else None
    counts: dict[str, int] = {}
    if user is not None:
        counts["memberships"] = _erase_account(user)
        counts["accounts"] = 1
    # Before the invitations, which lead to some of these.
    counts["rows of imports"], unfinished = _erase_rows(email)
    counts["rows of changes"] = _erase_changes(email)
    counts["invitations"], of_invitations = _erase_invitations(email)
    counts["other places"] = _erase_settings(email) + mail_counts_of(email).delete()[0]
    counts["other places"] += _erase_reminders(email) + readings_naming(email).delete()[0]
    counts["other places"] += sum(_erase_from_file(batch.pk, email) for batch in files_naming(email))
    counts["other places"] += blocks_of(email).filter(email_key=email).update(email_key=erased_key(email))
    counts["entries of activity logs"] = of_invitations + erase_from_log(email, user_id)
    return Erased({what: count for what, count in counts.items() if count}, unfinished)


@transaction.atomic
def _erase_account(user: User) -> int:
    """Delete the account with its memberships. Returns how many there were."""
    check_may_deactivate(user)
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    if user.is_superuser and not others.exists():
        message = "This is the only operator. Create another one with createsuperuser first."
        raise DomainError("last_operator", message)
    memberships = list(Membership.objects.filter(user=user).order_by("organization_id"))
    for membership in memberships:
        record(membership.organization_id, Action.USER_REMOVED, Subject(Affected.USER, user.pk), by=None)
    # Where they came from when they started these.
    Batch.objects.filter(Q(inviter=user) | Q(continued_by=user)).update(source={})
    BulkAction.objects.filter(started_by=user).update(source={})
    LogEntry.objects.filter(content_type__model="user", object_id=str(user.pk)).update(object_repr="")
    # Deletes the memberships, too. What the user did stays, without a user.
    user.delete()
    return len(memberships)


def _erase_invitations(email: str) -> tuple[int, int]:
    """Revoke those that are pending, and empty all of them. A decline is kept with a hash of the address.

    Returns how many invitations and links there were, and how many entries of activity logs.
    """
    count = entries = 0
    for chunk in in_chunks(invitations_to(email)):
        ids = [invitation.pk for invitation in chunk]
        entries += erase_invitations_from_log(ids, {invitation.organization_id for invitation in chunk})
        with transaction.atomic():
            invitations = Invitation.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
            for invitation in invitations:
                if invitation.state == Invitation.State.PENDING:
                    subject = Subject(Affected.INVITATION, invitation.pk)
                    record(invitation.organization_id, Action.REVOKED, subject, by=None)
            Invitation.objects.filter(pk__in=ids).open().close(Invitation.State.REVOKED)
            # Also those of an import that is being undone.
            Invitation.objects.filter(pk__in=ids, state=Invitation.State.PENDING).close(Invitation.State.REVOKED)
            declined = When(state=Invitation.State.DECLINED, then=Value(erased_key(email)))
            Invitation.objects.filter(pk__in=ids).update(
                **dict.fromkeys((*Cells._fields, "person_key", "message", "opened_with"), ""),
                email_key=Case(declined, default=Value("")),
                is_unlisted=True,
                message_by=None,
                mail_detail=Case(When(mail_detail__in=FailureReason.values, then=F("mail_detail")), default=Value("")),
            )
            InvitationRequest.objects.filter(pk__in=ids).delete()
            _empty_links(EarlierLink.objects.filter(invitation__in=ids).values_list("pk", flat=True))
        count += len(ids)
    for links in in_chunks(earlier_links_to(email)):
        _empty_links([link.pk for link in links])
        count += len(links)
    return count, entries


def _empty_links(ids: Iterable[int]) -> None:
    EarlierLink.objects.filter(pk__in=ids).update(email="", mail_detail="", opened_with="")


def _erase_rows(email: str) -> tuple[int, list[int]]:
    """Empty rows of imports that have ended. Returns how many, and the other imports that have the address."""
    count = 0
    unfinished: set[int] = set()
    for chunk in rows_with(email):
        by_import: dict[Batch, list[Row]] = {}
        for row in chunk:
            by_import.setdefault(row.batch, []).append(row)
        for batch, rows in by_import.items():
            numbers = {row.number for row in rows}
            if _erase_rows_of(batch, numbers):
                count += len(rows)
            else:
                unfinished.add(batch.pk)
    return count, sorted(unfinished.union(unfinished_files_with(email)))


def _erase_rows_of(batch: Batch, numbers: Collection[int]) -> bool:
    """False if the import hasn't ended, or goes on."""
    with transaction.atomic():
        locked = Batch.objects.select_for_update(no_key=True).defer("preview")
        held = locked.filter(pk=batch.pk, state__in=Batch.ENDED).first()
        if held is None:
            return False
        found = held.rows.filter(number__in=numbers)
        if held.can_be_continued:
            # Not invited yet. Without an address, they can't be.
            found.filter(outcome=Row.Outcome.WAITING).update(outcome=Row.Outcome.PROBLEM)
            held.outcome_counts = None
        found.update(**EMPTY_ROW, problem_codes="", suggested_codes="")
        # Examples of names.
        held.read_as = {name: value for name, value in held.read_as.items() if name != "names"}
        held.save(update_fields=["outcome_counts", "read_as"])
    return True


@transaction.atomic
def _erase_from_file(batch_id: int, email: str) -> bool:
    """Erase the address, and the names of columns beside it, from what was found in the file of an ended import."""
    batch = Batch.objects.select_for_update(no_key=True).filter(pk=batch_id, state__in=Batch.ENDED).first()
    if batch is None:
        return False
    pattern = address_pattern(email)
    if has_address(batch.ignored_columns, pattern):
        batch.ignored_columns = []
    if batch.rejection and has_address(batch.rejection.get("found"), pattern):
        batch.rejection = batch.rejection | {"found": []}
    batch.preview = None
    for name in OF_FILES:
        setattr(batch, name, without_address(getattr(batch, name), pattern))
    batch.save(update_fields=OF_FILES)
    return True


def _erase_changes(email: str) -> int:
    return sum(
        changes_of(email).filter(pk__in=[row.pk for row in chunk]).update(**EMPTY_CHANGE)
        for chunk in in_chunks(changes_of(email))
    )


@transaction.atomic
def _erase_reminders(email: str) -> int:
    """Keep a hash instead of the address: who is invited again gets no more reminders than anybody else."""
    reminders = reminders_to(email)
    count = reminders.filter(started_at=None, sent_at=None).delete()[0]
    return count + reminders.update(email_key=erased_key(email))


@transaction.atomic
def _erase_settings(email: str) -> int:
    """Replies to invitations go to the inviter again."""
    organizations, requests = replies_to(email)
    count = requests.delete()[0]
    for organization in organizations.select_for_update(no_key=True).order_by("pk"):
        organization.email_reply_to = ""
        organization.save(update_fields=["email_reply_to"])
        change = Change(before={"email_reply_to": ""}, after={"email_reply_to": ""})
        record(organization.pk, Action.SETTINGS_CHANGED, ORGANIZATION, by=None, change=change)
        count += 1
    return count
