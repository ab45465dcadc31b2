"""Change an account, and record it in the activity log of the organizations that see a difference.

Organizations in which the user is deactivated learn only what an operator did.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet

from accounts.activity.actions import Action
from accounts.activity.log import OWN_ACCOUNT, Change, about_user, record
from accounts.models import Membership, User


@transaction.atomic
def change_account(user: User, values: Mapping[str, str | bool], *, by: User | None = None) -> None:
    """Set the names and the language of the user. `by` is an operator who does it for them.

    In organizations where the user still had the old names, the new ones are used, and recorded.
    """
    before = {name: getattr(user, name) for name in ("first_name", "last_name")}
    for name, value in values.items():
        setattr(user, name, value)
    user.save(update_fields=list(values))
    changed = [name for name in before if getattr(user, name) != before[name]]
    if not changed:
        return
    change = Change(
        before={name: before[name] for name in changed}, after={name: getattr(user, name) for name in changed}
    )
    memberships = user.memberships.filter(**before)
    if by is None:
        memberships = memberships.not_deactivated()
    for membership in memberships.select_for_update(no_key=True).order_by("organization"):
        membership.first_name, membership.last_name = user.first_name, user.last_name
        membership.save(update_fields=["first_name", "last_name", "person_key"])
        subject = about_user(user) if by else OWN_ACCOUNT
        record(membership.organization_id, Action.USER_CHANGED, subject, by=by or user, change=change)


@transaction.atomic
def record_password_change(user: User) -> None:
    """Record that the user has a new password."""
    for organization_id in _organizations_of(user.memberships.not_deactivated()):
        record(organization_id, Action.PASSWORD_CHANGED, OWN_ACCOUNT, by=user)


@transaction.atomic
def record_change_by_operator(operator: User, user: User, change: Change) -> None:
    """Record what an operator has changed in an account, apart from its names: see `change_account`."""
    for organization_id in _organizations_of(user.memberships.all()):
        record(organization_id, Action.USER_CHANGED, about_user(user), by=operator, change=change)


def _organizations_of(memberships: QuerySet[Membership]) -> list[int]:
    return list(memberships.order_by("organization").values_list("organization", flat=True))
