"""Change the invitations of a chunk of a bulk action."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection
from django.utils import timezone

from accounts.models import Membership
from accounts.organizations.grants import AccessIds
from accounts.organizations.many_members import access_of, store_access
from invites.directory.bulk.change import Kind
from invites.directory.bulk.decider import Decider, Person, row_of, rules_now
from invites.directory.bulk.rules import Rules
from invites.invitations.actions import resend_hurdle
from invites.invitations.links import renew_links
from invites.invitations.visibility import invitation_is_visible
from invites.models import AccessGrant, BulkAction, BulkActionRow, Invitation, InvitationQuerySet, Outcome


def handle_invitations(
    action: BulkAction, by: Membership, ids: list[int], stored: Mapping[int, BulkActionRow]
) -> tuple[list[BulkActionRow], list[int]]:
    """Lock and change these invitations. Returns a row for each, and the ids of those that others have locked."""
    open_ones = Invitation.objects.open_in(by.organization).filter(invitation_is_visible(by), pk__in=ids)
    free = list(open_ones.select_for_update(skip_locked=True, no_key=True).order_by("pk").values_list("pk", flat=True))
    invitations = {each.pk: each for each in _with_hurdle(action, Invitation.objects.filter(pk__in=free))}
    busy = list(open_ones.exclude(pk__in=free).values_list("pk", flat=True))
    decider = Decider(action, rules_now(action, by), stored)
    grants = AccessGrant.objects.filter(pk__in={each.grant_id for each in invitations.values()})
    held = access_of(grants)
    people = [person_of_invitation(invitations[pk], held) for pk in ids if pk in invitations]
    decisions = {person.pk: decider.decide(person) for person in people}
    changed = {pk: each.after for pk, each in decisions.items() if each.after is not None}
    _store_invitations(decider.rules, changed)
    rows = [row_of(action, decider.rules.change, person, decisions[person.pk]) for person in people]
    closed = set(ids) - {*invitations, *busy}
    return rows + _rows_of_closed(action, decider.rules, [pk for pk in ids if pk in closed]), busy


def _rows_of_closed(action: BulkAction, rules: Rules, ids: list[int]) -> list[BulkActionRow]:
    """Rows for invitations that aren't open: they were declined, or are no longer in the list."""
    if not ids:
        return []
    reason = rules.why_not_reach(is_member=False) or Outcome.DECLINED
    visible = Invitation.objects.filter(invitation_is_visible(rules.by), organization=action.organization_id)
    found = {each.pk: each for each in visible.filter(pk__in=ids)}
    declined = set(visible.declined_on_list().filter(pk__in=ids).values_list("pk", flat=True))
    return [
        BulkActionRow(
            action=action,
            invitation_id=pk,
            outcome=reason if pk in declined and not action.is_undo else Outcome.GONE,
            name=found[pk].full_name if pk in found else "",
            email=found[pk].email if pk in found else "",
        )
        for pk in ids
    ]


def _with_hurdle(action: BulkAction, invitations: InvitationQuerySet) -> InvitationQuerySet:
    if action.kind != Kind.RESEND:
        return invitations
    return invitations.annotate(hurdle=resend_hurdle(timezone.now()))


def person_of_invitation(invitation: Invitation, held: Mapping[int, AccessIds]) -> Person:
    return Person(
        invitation.pk,
        invitation.full_name or invitation.email,
        invitation.email,
        held[invitation.grant_id],
        is_member=False,
        hurdle=getattr(invitation, "hurdle", ""),
    )


def _store_invitations(rules: Rules, changed: Mapping[int, Person]) -> None:
    if rules.change.kind == Kind.RESEND:
        renew_links(list(changed), by=rules.by.user, now=timezone.now())
    elif rules.change.kind == Kind.REVOKE:
        Invitation.objects.filter(pk__in=list(changed)).close(Invitation.State.REVOKED)
    else:
        grants = _store_grants(rules.by, {after.held for after in changed.values()})
        # Like `change_invitation`: the admin who changed it is responsible for what it grants. By plain SQL, because
        # `bulk_update` takes seconds for a thousand.
        with connection.cursor() as cursor:
            cursor.executemany(
                f"UPDATE {Invitation._meta.db_table} SET grant_id = %s, inviter_id = %s WHERE id = %s",  # noqa: S608
                [(grants[after.held].pk, rules.by.user_id, pk) for pk, after in changed.items()],
            )


def _store_grants(by: Membership, wanted: set[AccessIds]) -> dict[AccessIds, AccessGrant]:
    """A new grant for each, because grants are never changed: others may share them."""
    ordered = list(wanted)
    grants = AccessGrant.objects.bulk_create(
        AccessGrant(organization=by.organization, all_sites=access.all_sites) for access in ordered
    )
    nothing = {grant.pk: AccessIds(all_sites=grant.all_sites) for grant in grants}
    after = {grant.pk: access for grant, access in zip(grants, ordered, strict=True)}
    store_access(AccessGrant, nothing, after)
    return dict(zip(ordered, grants, strict=True))
