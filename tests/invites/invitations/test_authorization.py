"""If you can't grant it, you can't change it: invitations that grant too much, one by one and in bulk.

`lesser` may invite and see users, on all sites, and nothing else. The invitation is for an Org Admin.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Organization, Role, User
from accounts.organizations.access import views_of
from config.urls import urlpatterns
from invites.directory.bulk.change import BulkChange
from invites.directory.bulk.work import cancel_bulk_action, handle_next_chunk
from invites.invitations import actions, schedule
from invites.invitations.authorization import CANNOT_EDIT, check_can_manage
from invites.invitations.change import change_invitation
from invites.invitations.invite import invite_person
from invites.invitations.requests import dismiss_request
from invites.models import AccessGrant, BulkAction, Invitation, InvitationRequest
from tests.invites.directory.bulk.helpers import review, start_for, submit
from tests.invites.imports.test_authorization import found_actions
from tests.invites.invitations.helpers import Invite, selection_of
from tests.pages import text_of
from tests.rules import domain_error

ClientOf = Callable[[User | None], Client]
HTMX = {"HX-Request": "true"}
SELECTED = "/o/acme/users/selected/"
Kind, State = BulkAction.Kind, BulkAction.State
KINDS = ("resend", "revoke")


@pytest.fixture
def to_admin(invite: Invite) -> Invitation:
    """An invitation from the admin to become Org Admin."""
    return invite("boss@people.example.com", roles=["Org Admin"], sites=None)


@pytest.fixture
def to_inviter(invite: Invite, lesser: Membership) -> Invitation:
    """One that `lesser` could have sent."""
    return invite("ann@people.example.com", roles=["Inviter"], sites=None)


def values(invitation: Invitation) -> dict[str, Any]:
    return dict(Invitation.objects.filter(pk=invitation.pk).values().get())


# --- One ------------------------------------------------------------------------------------------------


# Every service that takes an invitation or a bulk action, and the member who acts on it.
ACTIONS: dict[str, Callable[[Membership, Invitation], object]] = {
    "actions.resend": actions.resend,
    "actions.revoke": actions.revoke,
    "actions.invite_again": actions.invite_again,
    "actions.unlist": actions.unlist,
    "schedule.reschedule": lambda by, invitation: schedule.reschedule(
        by, invitation, timezone.now() + timedelta(days=1)
    ),
    "schedule.send_now": schedule.send_now,
    "requests.dismiss_request": dismiss_request,
    "change.change_invitation": lambda by, invitation: change_invitation(
        by, invitation, selection_of(by.organization, "Inviter")
    ),
}
# What each URL does with an invitation.
ADDRESSES = {
    f"directory:{action}"
    for action in (
        *("invitation", "invitation_edit", "invitation_resend", "invitation_revoke", "invitation_again"),
        *("invitation_unlist", "request_grant", "request_dismiss", "invitation_schedule", "invitation_send_now"),
    )
}


def test_every_action_on_an_invitation_is_listed() -> None:
    assert set(found_actions("Invitation")) == ACTIONS.keys()
    # An undo checks each person.
    of_bulk_actions = {"work.cancel_bulk_action", "work.why_not_cancel", "start.start_undo"}
    # What a worker does with an action that was started, and what only reads what the viewer may see.
    steps = {"steps.handle_chunk", "members.handle_members", "invitations.handle_invitations", "decider.rules_now"}
    others = steps | {"results.visible_rows", "undo_plan.plan_undo"}
    assert set(found_actions("BulkAction")) == of_bulk_actions | others
    found = {each.name for each in views_of(urlpatterns) if "invitations/<int:pk>/" in each.route}
    assert found == ADDRESSES


@pytest.mark.parametrize("action", ACTIONS)
def test_a_service_refuses_it(action: str, to_admin: Invitation, lesser: Membership) -> None:
    before = values(to_admin)

    with domain_error("beyond_permissions"):
        ACTIONS[action](lesser, to_admin)

    assert values(to_admin) == before


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["a page", "in the dialog"])
@pytest.mark.parametrize(
    ("method", "path", "what"),
    [
        ("POST", "edit/", "edit"),
        ("GET", "resend/", "resend"),
        ("POST", "resend/", "resend"),
        ("GET", "revoke/", "revoke"),
        ("POST", "revoke/", "revoke"),
        ("GET", "invite-again/", "resend"),
        ("POST", "invite-again/", "resend"),
        ("GET", "unlist/", "revoke"),
        ("POST", "unlist/", "revoke"),
        ("GET", "schedule/", "edit"),
        ("POST", "schedule/", "edit"),
        ("GET", "send-now/", "edit"),
        ("POST", "send-now/", "edit"),
        ("POST", "grant/", "resend"),
        ("POST", "dismiss/", "resend"),
    ],
)
def test_a_page_refuses_it(
    client_of: ClientOf,
    to_admin: Invitation,
    lesser: Membership,
    method: str,
    path: str,
    what: str,
    headers: dict[str, str],
) -> None:
    if path in ("invite-again/", "unlist/"):
        Invitation.objects.filter(pk=to_admin.pk).update(state=Invitation.State.DECLINED, closed_at=timezone.now())
    if path in ("schedule/", "send-now/"):
        tomorrow = timezone.now() + timedelta(days=1)
        Invitation.objects.filter(pk=to_admin.pk).update(mail_state=Invitation.Mail.SCHEDULED, mail_due_at=tomorrow)
    InvitationRequest.objects.create(invitation=to_admin, organization=to_admin.organization)
    before = values(to_admin)

    answer = client_of(lesser.user).generic(method, f"/o/acme/invitations/{to_admin.pk}/{path}", headers=headers)

    assert answer.status_code == 403
    assert (
        f"You can’t {what} this invitation because it grants access you don’t have: Org Admin."
        in answer.content.decode()
    )
    assert values(to_admin) == before


@pytest.mark.parametrize("path", ["edit/", "resend/", "revoke/"])
def test_the_service_checks_permissions_again(
    client_of: ClientOf, to_admin: Invitation, lesser: Membership, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("invites.directory.views.invitations.check_can_manage", lambda by, grant, why_not: by)
    form = {"roles": [Role.objects.get(name="Inviter").pk], "sites": ["all"]}
    form |= {name: getattr(to_admin, name) for name in ("email", "first_name", "last_name")}

    answer = client_of(lesser.user).post(f"/o/acme/invitations/{to_admin.pk}/{path}", form, headers=HTMX)

    assert (answer.status_code, answer.content.decode()[:9]) == (403, "You can’t")


def test_the_dialog_says_why_it_cannot_be_changed(
    client_of: ClientOf, to_admin: Invitation, lesser: Membership
) -> None:
    page = client_of(lesser.user).get(f"/o/acme/invitations/{to_admin.pk}/edit/", headers=HTMX).content.decode()

    assert "You can’t edit this invitation because it grants access you don’t have: Org Admin." in page
    assert "Org Admin" in text_of(page)
    assert "<form" not in page
    assert "Save changes" not in page


def test_the_list_offers_no_action_on_it(
    client_of: ClientOf, to_admin: Invitation, to_inviter: Invitation, lesser: Membership
) -> None:
    page = client_of(lesser.user).get("/o/acme/users/").content.decode()

    assert f"/invitations/{to_admin.pk}/" in page
    for action in ("resend", "revoke"):
        assert f"/invitations/{to_admin.pk}/{action}/" not in page
        assert f"/invitations/{to_inviter.pk}/{action}/" in page


def test_an_expired_one_is_not_replaced_by_less(client_of: ClientOf, to_admin: Invitation, lesser: Membership) -> None:
    Invitation.objects.filter(pk=to_admin.pk).update(expires_at=to_admin.created_at)
    choice = selection_of(lesser.organization, "Inviter")

    with domain_error("beyond_permissions"):
        invite_person(lesser, email=to_admin.email, first_name="A", last_name="B", description="", selection=choice)

    to_admin.refresh_from_db()
    assert to_admin.state == Invitation.State.PENDING


# --- In bulk --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_review_and_the_result_say_that_it_is_skipped(
    kind: str, client_of: ClientOf, to_admin: Invitation, to_inviter: Invitation, lesser: Membership
) -> None:
    before, client = values(to_admin), client_of(lesser.user)
    form = {"selected": [f"i{to_admin.pk}", f"i{to_inviter.pk}"], "action": kind}

    assert "Skipped · have access you don’t have 1" in text_of(review(client, form))
    submit(client, form)

    page = text_of(client.get("/o/acme/users/").content.decode())
    assert "1 was skipped because they have access you don’t have." in page
    assert values(to_admin) == before
    assert values(to_inviter)["times_resent" if kind == "resend" else "state"] in (1, "revoked")
    assert mail.outbox == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_worker_checks_permissions_for_each_chunk(
    kind: str, acme: Organization, invite: Invite, by: Membership, lesser: Membership, colleague: Membership
) -> None:
    people = [invite(f"p{number}@people.example.com", roles=["Org Admin"], sites=None) for number in range(4)]
    action = start_for(by, BulkChange(Kind(kind)), invitations=people, chunk=2)
    handle_next_chunk(action.pk)
    by.roles.set(lesser.roles.all())

    handle_next_chunk(action.pk)

    action.refresh_from_db()
    assert (action.state, action.done, action.counts) == (State.DONE, 4, {"changed": 2, "beyond": 2})


# --- Stopping the actions of others ------------------------------------------------------------------------


def test_a_bulk_action_of_a_member_with_more_access_cannot_be_stopped(
    client_of: ClientOf, by: Membership, lesser: Membership, to_admin: Invitation
) -> None:
    action = start_for(by, BulkChange(Kind.REVOKE), invitations=[to_admin])

    answer = client_of(lesser.user).post(f"{SELECTED}{action.pk}/stop/", headers=HTMX)

    assert (answer.status_code, answer.content.decode()) == (
        403,
        "You can’t stop this because the person who started it has access you don’t have: Org Admin.",
    )
    action.refresh_from_db()
    assert action.state == State.RUNNING
    assert f"{SELECTED}{action.pk}/stop/" in client_of(by.user).get(f"{SELECTED}{action.pk}/").content.decode()
    dialog = client_of(lesser.user).get(f"{SELECTED}{action.pk}/").content.decode()
    assert f"{SELECTED}{action.pk}/stop/" not in dialog
    assert "You can’t stop this because the person who started it has access you don’t have: Org Admin." in dialog


def test_own_actions_and_those_of_members_with_less_access_can_be_stopped(
    by: Membership, lesser: Membership, to_inviter: Invitation
) -> None:
    first, second = (start_for(lesser, BulkChange(Kind.REVOKE), invitations=[to_inviter]) for _ in range(2))

    assert cancel_bulk_action(lesser, first)
    assert cancel_bulk_action(by, second)


def test_a_member_who_may_no_longer_invite_cannot_stop_it(lesser: Membership, to_inviter: Invitation) -> None:
    action = start_for(lesser, BulkChange(Kind.REVOKE), invitations=[to_inviter])
    Membership.objects.get(pk=lesser.pk).roles.clear()

    with domain_error("not_allowed"):
        cancel_bulk_action(lesser, action)


def test_an_action_of_a_removed_member_can_be_stopped(
    by: Membership, lesser: Membership, to_inviter: Invitation
) -> None:
    action = start_for(by, BulkChange(Kind.REVOKE), invitations=[to_inviter])
    by.delete()

    assert cancel_bulk_action(lesser, action)


def test_nobody_can_manage_what_grants_a_role_of_another_organization(
    admin_membership: Membership, globex: Organization
) -> None:
    grant = AccessGrant.objects.create(organization=admin_membership.organization)
    grant.roles.set(globex.roles.filter(name="ReadOnly"))

    with domain_error("beyond_permissions"):
        check_can_manage(admin_membership, grant, CANNOT_EDIT)
