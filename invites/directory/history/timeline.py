"""What happened to a person, newest first.

It is read where it is stored: changes in the activity log and in bulk actions, emails and responses in the person's
invitations and their earlier links. Pages word it: see presentation/.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter

from django.db.models import Count, Min, QuerySet
from django.utils import timezone

from accounts.activity.actions import Action, Affected
from accounts.models import ActivityEntry, Membership, Organization, User
from invites.directory.history.bulk_changes import changed_together
from invites.directory.history.events import Event, History, Kind, Somebody
from invites.models import EarlierLink, Invitation, InvitationQuerySet

PER_PAGE = 20
# A person with more than that many invitations has the others in the activity log.
MOST_INVITATIONS = 50
FURTHEST = 100_000
# Invitations and links themselves have what the log says about them. All sign-ins are one event of the membership.
# Failed sign-ins and passwords stay private.
_NOT_FROM_LOG = (
    *(Action.INVITED, Action.ACCEPTED, Action.RESENT, Action.REMINDED, Action.INVITED_AGAIN, Action.ADDRESS_CORRECTED),
    *(Action.SIGNED_IN, Action.SIGN_IN_FAILED, Action.PASSWORD_CHANGED),
)
_State, _Mail = Invitation.State, Invitation.Mail


def invitations_of(user: User, organization: Organization) -> list[Invitation]:
    """The invitations to the organization that the user has accepted, the newest first, for `find_history`."""
    accepted = organization.invitations.filter(accepted_by=user).order_by("-closed_at", "-pk")
    return list(with_history(accepted)[:MOST_INVITATIONS])


def with_history(invitations: InvitationQuerySet) -> InvitationQuerySet:
    """With everything that `find_history` needs."""
    return invitations.select_related(
        "organization", "batch__grant", "row", "grant", "inviter", "request"
    ).prefetch_related(
        "earlier_links", "reminders", "grant__roles", "grant__sites", "batch__grant__roles", "batch__grant__sites"
    )


def find_history(
    organization: Organization, invitations: Sequence[Invitation], member: Membership | None = None, *, start: int = 0
) -> History:
    """The history of a member, or of an invitee without `member`, from the event number `start` on.

    The number of queries is constant, and the time is linear in what is skipped.
    """
    start = min(start, FURTHEST)
    end = start + PER_PAGE
    logged = _logged(organization, invitations, member)
    bulk_changes = changed_together(organization, invitations, member, end + 1)
    found = [*_changes(logged, end + 1), *bulk_changes, *_signing_in(logged)]
    was_added = any(event.entry and event.entry.action == Action.USER_ADDED for event in found)
    if member is not None and not (invitations or was_added):
        found.append(Event(Kind.JOINED, member.joined_at))
    has_revoked = any(event.entry and event.entry.action == Action.REVOKED for event in found)
    invited = _entries_of_inviting_again(organization, invitations) | _entries_of_inviting(logged)
    corrected = list(logged[Affected.INVITATION].filter(action=Action.ADDRESS_CORRECTED)[: end + 1])
    for invitation in invitations:
        found += _of_invitation(invitation, invited.get(invitation.pk), corrected, has_revoked=has_revoked)
    found.sort(key=attrgetter("at"), reverse=True)
    events = found[start:end]
    inviter = _inviter_of(invitations[0], invited.get(invitations[0].pk)) if invitations else None
    ids = {inviter, *(event.by for event in events)}
    people = _people(organization, {each for each in ids if each is not None})
    return History(events, end if len(found) > end else None, inviter, people)


# One query for each kind of entry, so that an index finds the newest ones.
_Logged = dict[Affected, "QuerySet[ActivityEntry]"]


def _logged(organization: Organization, invitations: Iterable[Invitation], member: Membership | None) -> _Logged:
    users = [member.user_id] if member else []
    ids = {
        Affected.USER: users,
        Affected.SELF: users,
        Affected.INVITATION: [invitation.pk for invitation in invitations],
    }
    entries = ActivityEntry.objects.filter(organization_id=organization.pk).order_by("-at", "-pk")
    return {kind: entries.filter(affected=kind.value, affected_id__in=each) for kind, each in ids.items()}


def _changes(logged: _Logged, at_most: int) -> Iterator[Event]:
    for entries in logged.values():
        for entry in entries.exclude(action__in=[action.value for action in _NOT_FROM_LOG])[:at_most]:
            yield Event(Kind.CHANGED, entry.at, by=entry.actor_id, entry=entry)


def _signing_in(logged: _Logged) -> Iterator[Event]:
    entries = logged[Affected.SELF].filter(action=Action.SIGNED_IN)
    if last := entries.first():
        figures = entries.aggregate(count=Count("pk"), since=Min("at"))
        yield Event(Kind.SIGNED_IN, last.at, entry=last, **figures)


def _entries_of_inviting(logged: _Logged) -> dict[int | None, ActivityEntry]:
    """By the id of the invitation. One of an import has none."""
    return {entry.affected_id: entry for entry in logged[Affected.INVITATION].filter(action=Action.INVITED)}


def _entries_of_inviting_again(
    organization: Organization, invitations: Iterable[Invitation]
) -> dict[int | None, ActivityEntry]:
    """Those of people who had declined, and whom an admin invited when their import had ended: one for all of them."""
    late = {
        invitation.pk: (invitation.batch_id, invitation.created_at)
        for invitation in invitations
        if invitation.batch and invitation.batch.ended_at and invitation.created_at > invitation.batch.ended_at
    }
    if not late:
        return {}
    of_imports = ActivityEntry.objects.filter(
        organization_id=organization.pk,
        affected=Affected.IMPORT.value,
        affected_id__in={batch_id for batch_id, _at in late.values()},
        action=Action.INVITED_AGAIN,
    )
    entries = list(of_imports.order_by("at", "pk"))
    found: dict[int | None, ActivityEntry] = {}
    for pk, (batch_id, created_at) in late.items():
        # It is recorded right after the invitations are created.
        since = (each for each in entries if each.affected_id == batch_id and each.at >= created_at)
        if entry := next(since, None):
            found[pk] = entry
    return found


def _inviter_of(invitation: Invitation, entry: ActivityEntry | None) -> int | None:
    """Who invited the person. Not always its inviter, who is the last admin that resent or changed it."""
    if entry is not None:
        return entry.actor_id
    return invitation.batch.inviter_id if invitation.batch else invitation.inviter_id


def _of_invitation(
    invitation: Invitation, entry: ActivityEntry | None, corrected: Sequence[ActivityEntry], *, has_revoked: bool
) -> Iterator[Event]:
    """`corrected` are the entries about corrected addresses, the newest first."""
    by = _inviter_of(invitation, entry)
    yield Event(Kind.INVITED, invitation.created_at, by=by, invitation=invitation, entry=entry)
    links = sorted(invitation.earlier_links.all(), key=attrgetter("replaced_at"))
    since = invitation.created_at
    for number, link in enumerate(links):
        yield from _of_link(link, since, link.replaced_at)
        new = links[number + 1].email if number + 1 < len(links) else invitation.email
        if new == link.email:
            yield Event(Kind.RESENT, link.replaced_at, by=link.replaced_by_id, email=new)
        else:
            changed = _entry_of_correction(link, corrected)
            at, by = link.replaced_at, link.replaced_by_id
            yield Event(Kind.CORRECTED, at, by=by, email=new, detail=link.email, entry=changed)
        since = link.replaced_at
    for reminder in invitation.reminders.all():
        if reminder.sent_at:
            yield Event(Kind.REMINDED, reminder.sent_at, email=invitation.email)
    is_accepted = invitation.state == _State.ACCEPTED
    yield from _of_link(invitation, since, invitation.closed_at or since, with_opening=not is_accepted)
    if invitation.state == _State.PENDING and invitation.expires_at <= timezone.now():
        yield Event(Kind.EXPIRED, invitation.expires_at)
    if request := getattr(invitation, "request", None):
        yield Event(Kind.ASKED, request.asked_at)
    if is_accepted and invitation.closed_at:
        yield Event(Kind.ACCEPTED, invitation.closed_at, since=invitation.opened_at, user_agent=invitation.opened_with)
    # An import that is undone or stopped revokes its invitations without an entry for each.
    is_failed = invitation.mail_state == _Mail.FAILED
    if invitation.state == _State.REVOKED and invitation.closed_at and not (has_revoked or is_failed):
        yield Event(Kind.REVOKED, invitation.closed_at)


def _entry_of_correction(link: EarlierLink, corrected: Sequence[ActivityEntry]) -> ActivityEntry | None:
    """The entry that was recorded right after the link was replaced."""
    entries = reversed(corrected)
    ours = (each for each in entries if each.affected_id == link.invitation_id and each.at >= link.replaced_at)
    return next(ours, None)


def _of_link(
    link: EarlierLink | Invitation, since: datetime, until: datetime, *, with_opening: bool = True
) -> Iterator[Event]:
    """What became of the email with this link, and when the link was opened. It was made at `since`."""
    # The last attempt; a link that couldn't be sent may still have the time of the one before.
    mail_finished_at = link.mail_finished_at if link.mail_finished_at and link.mail_finished_at >= since else None
    match link.mail_state:
        case _Mail.SENT | _Mail.REMINDING:
            yield Event(Kind.SENT, mail_finished_at or since, email=link.email)
        case _Mail.BOUNCED:
            yield Event(
                Kind.BOUNCED, link.bounced_at or mail_finished_at or since, email=link.email, detail=link.mail_detail
            )
        case _Mail.FAILED:
            yield Event(Kind.FAILED, mail_finished_at or until, email=link.email, detail=link.mail_detail)
    if link.opened_at and with_opening:
        yield Event(Kind.OPENED, link.opened_at, user_agent=link.opened_with)


def _people(organization: Organization, ids: Collection[int]) -> dict[int, Somebody]:
    if not ids:
        return {}
    people = {user.pk: Somebody(user.get_full_name()) for user in User.objects.filter(pk__in=ids)}
    for member in organization.memberships.filter(user__in=ids).select_related("user"):
        people[member.user_id] = Somebody(member.get_full_name(), member.pk)
    return people
