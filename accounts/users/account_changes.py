"""Change an account, and record it in the activity log of each organization of the user.

Organizations in which the user is deactivated learn only what an operator did.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from accounts.activity.actions import Action
from accounts.activity.log import NOTHING_MORE, OWN_ACCOUNT, Change, about_user, record
from accounts.models import Membership, User


@transaction.atomic
def change_account(user: User, values: dict[str, str]) -> None:
    """Set the names and the language of the user. Only changed names are recorded.

    In organizations where the user still had the old names, the new ones are used.
    """
    before = {name: getattr(user, name) for name in ("first_name", "last_name")}
    for name, value in values.items():
        setattr(user, name, value)
    user.save(update_fields=list(values))
    changed = [name for name in before if getattr(user, name) != before[name]]
    if changed:
        memberships = user.memberships.filter(**before, deactivated_at=None)
        for membership in memberships.select_for_update(no_key=True).order_by("pk"):
            membership.first_name, membership.last_name = user.first_name, user.last_name
            membership.save(update_fields=["first_name", "last_name", "person_key"])
        after = {name: getattr(user, name) for name in changed}
        change = Change(before={name: before[name] for name in changed}, after=after)
        _record_everywhere(user, Action.USER_CHANGED, change)


@transaction.atomic
def record_password_change(user: User) -> None:
    """Record that the user has a new password."""
    _record_everywhere(user, Action.PASSWORD_CHANGED)


@transaction.atomic
def record_change_by_operator(operator: User, user: User, change: Change) -> None:
    """Record what an operator has changed in an account."""
    for organization_id in _organizations_of(user.memberships.all()):
        record(organization_id, Action.USER_CHANGED, about_user(user), by=operator, change=change)


def _record_everywhere(user: User, action: Action, change: Change = NOTHING_MORE) -> None:
    for organization_id in _organizations_of(user.memberships.filter(deactivated_at=None)):
        record(organization_id, action, OWN_ACCOUNT, by=user, change=change)


def _organizations_of(memberships: QuerySet[Membership]) -> list[int]:
    return list(memberships.order_by("organization").values_list("organization", flat=True))
