"""The banner about invitations that expire, the review to which it leads, and the filter on Users."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Organization, User
from invites.directory.counts import count_users
from invites.directory.users import Status, UserFilter
from invites.directory.users_page import find_users_page
from invites.models import BulkAction, Invitation
from tests.invites.directory.bulk.helpers import submit
from tests.invites.invitations.helpers import Invite
from tests.invites.invitations.test_expiry import lasting
from tests.pages import HTMX, text_of

EXPIRING = "/o/acme/users/expiring/"
BANNERS = "/o/acme/banners/"


def said_in(response: Any) -> str:
    return text_of(response.content.decode())


def shown(client: Client) -> str:
    return said_in(client.get(BANNERS))


def close(client: Client, expiring: int, expired: int) -> None:
    response = client.post(f"{EXPIRING}close/?expiring={expiring}&expired={expired}", headers=HTMX)
    assert response.status_code == 204


@pytest.fixture
def three(invite: Invite) -> list[Invitation]:
    """One expires soon, and two have expired."""
    soon = lasting(invite("soon@people.example.com"), days=1)
    return [soon, *(lasting(invite(f"past{number}@people.example.com"), days=-1) for number in range(2))]


def test_every_page_says_how_many(three: list[Invitation], ines: Client) -> None:
    for path in ("/o/acme/users/", "/o/acme/settings/", BANNERS):
        assert "1 invitation expires within three days. 2 have expired. Resend all" in said_in(ines.get(path)), path


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ([1, 2], "2 invitations expire within three days."),
        ([-1], "1 invitation has expired."),
        ([-1, -9], "2 invitations have expired."),
    ],
)
def test_says_only_what_there_is(invite: Invite, ines: Client, left: list[int], said: str) -> None:
    for number, days in enumerate(left):
        lasting(invite(f"p{number}@people.example.com"), days=days)
    assert f"{said} Resend all" in shown(ines)


def test_says_nothing_without_any(invite: Invite, ines: Client) -> None:
    invite()
    assert "Resend all" not in shown(ines)


def test_a_suspended_organization_has_nothing_to_do(three: list[Invitation], ines: Client, by: Membership) -> None:
    Organization.objects.filter(pk=by.organization_id).update(suspended_at=timezone.now())
    assert "Resend all" not in shown(ines)


def test_members_who_may_not_invite_see_no_banner(
    three: list[Invitation], manager: User, client_of: Callable[..., Client]
) -> None:
    assert "Resend all" not in shown(client_of(manager))


def test_says_that_someone_who_left_sent_them(
    three: list[Invitation], by: Membership, colleague: Membership, client_of: Callable[..., Client], invite: Invite
) -> None:
    by.delete()
    client = client_of(colleague.user)
    assert "2 have expired. Their inviter can’t invite them anymore." in shown(client)
    lasting(invite("own@people.example.com", by=colleague), days=-1)
    assert "3 of them were sent by people who can’t invite them anymore." in shown(client)


def test_a_closed_banner_stays_closed_until_the_numbers_grow(
    three: list[Invitation], invite: Invite, ines: Client
) -> None:
    close(ines, 1, 2)
    assert "Resend all" not in shown(ines)
    Invitation.objects.filter(pk=three[1].pk).update(state="revoked")
    assert "Resend all" not in shown(ines), "There are fewer."
    for number in range(2):
        lasting(invite(f"new{number}@people.example.com"), days=-1)
    assert "3 have expired." in shown(ines)


def test_it_comes_back_after_a_day_while_some_expire_soon(three: list[Invitation], ines: Client) -> None:
    lasting(three[0], days=2)
    close(ines, 1, 2)
    with time_machine.travel(timezone.now() + timedelta(hours=23), tick=False):
        assert "Resend all" not in shown(ines)
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=False):
        assert "1 invitation expires within three days." in shown(ines)


@pytest.mark.servers
def test_expired_ones_alone_do_not_bring_it_back(invite: Invite, ines: Client) -> None:
    lasting(invite(), days=-1)
    close(ines, 0, 1)
    with time_machine.travel(timezone.now() + timedelta(days=5), tick=False):
        assert "Resend all" not in shown(ines)


def test_what_is_closed_is_what_was_shown(three: list[Invitation], ines: Client) -> None:
    """An invitation has expired since the page was loaded."""
    close(ines, 1, 1)
    assert "2 have expired." in shown(ines)


def test_closing_is_for_oneself(
    three: list[Invitation], ines: Client, by: Membership, colleague: Membership, client_of: Callable[..., Client]
) -> None:
    close(client_of(colleague.user), 9, 9)
    assert "Resend all" in shown(ines)


@pytest.mark.servers
def test_closing_works_without_javascript_and_with_nonsense(three: list[Invitation], ines: Client) -> None:
    assert ines.post(f"{EXPIRING}close/?expiring=x&expired=99999999999999").status_code == 302
    assert "Resend all" in shown(ines)
    assert ines.post(f"{EXPIRING}close/?expiring=1&expired=2").status_code == 302
    assert "Resend all" not in shown(ines)


# --- Resend all ---------------------------------------------------------------------------------------


def test_resend_all_reviews_exactly_those(three: list[Invitation], invite: Invite, ines: Client) -> None:
    invite("fresh@people.example.com")
    page = said_in(ines.get(EXPIRING))
    assert "Resend 3 invitations?" in page
    assert "Selected 3" in page


def test_resend_all_resends_them_after_the_review(three: list[Invitation], ines: Client) -> None:
    response = submit(ines, {}, EXPIRING)

    assert response.status_code == 204
    action = BulkAction.objects.get()
    assert (action.kind, action.counts) == ("resend", {"changed": 3})
    for invitation in three:
        before = invitation.token_hash
        invitation.refresh_from_db()
        assert invitation.token_hash != before
        assert invitation.mail_state == Invitation.Mail.QUEUED
        assert not invitation.is_expired
    assert "Resend all" not in shown(ines)


@pytest.mark.servers
def test_without_javascript_it_is_a_page_that_returns_to_the_list(three: list[Invitation], ines: Client) -> None:
    response = submit(ines, {}, EXPIRING, headers={})
    assert (response.status_code, response.headers["Location"]) == (302, "/o/acme/users/")


@pytest.mark.servers
def test_get_changes_nothing(three: list[Invitation], ines: Client) -> None:
    ines.get(f"{EXPIRING}?step=start&seen=anything")
    assert not BulkAction.objects.exists()


def test_the_review_is_shown_again_if_the_numbers_have_changed(
    three: list[Invitation], invite: Invite, ines: Client
) -> None:
    response = ines.post(EXPIRING, {"step": "start", "seen": "old"}, headers=HTMX)
    assert "The numbers have changed since you looked." in said_in(response)
    assert not BulkAction.objects.exists()


def test_nothing_left_says_so(invite: Invite, ines: Client) -> None:
    invite()
    response = ines.get(EXPIRING, follow=True)
    assert "No invitation has expired or expires within three days." in said_in(response)


def test_those_of_colleagues_are_neither_counted_nor_resent(
    three: list[Invitation], colleague: Membership, client_of: Callable[..., Client]
) -> None:
    client = client_of(colleague.user)
    assert client.get(EXPIRING).status_code == 302
    submit(client, {}, EXPIRING)
    assert not BulkAction.objects.exists()


@pytest.mark.servers
def test_who_can_no_longer_grant_them_is_told_so_by_the_review(
    three: list[Invitation], by: Membership, ines: Client
) -> None:
    Membership.objects.filter(pk=by.pk).update(all_sites=False)
    page = said_in(ines.get(EXPIRING))
    assert "Nothing to change" in page
    assert "have access you don’t have" in page


# --- Users ----------------------------------------------------------------------------------------------


def listed(wanted: UserFilter, by: Membership) -> list[str]:
    counts = count_users(by.organization, wanted)
    page = find_users_page(by.organization, wanted, number=1, counts=counts)
    assert page.paginator.count == counts.of(wanted.status) == len(page.object_list)
    return [person.email for person in page]


@pytest.mark.parametrize("more", [{}, {"status": Status.PENDING}, {"search": "people"}])
def test_users_are_filtered_by_expiry(three: list[Invitation], invite: Invite, by: Membership, more: Any) -> None:
    invite("fresh@people.example.com")
    assert listed(UserFilter(expires_soon=True, **more), by) == ["soon@people.example.com"]


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.EXPIRED, Status.DECLINED, Status.DEACTIVATED])
def test_no_other_status_expires_soon(three: list[Invitation], by: Membership, status: Status) -> None:
    assert listed(UserFilter(status=status, expires_soon=True), by) == []


def test_the_filter_is_a_menu_that_is_kept(three: list[Invitation], ines: Client, by: Membership) -> None:
    page = ines.get("/o/acme/users/?expires=soon&role=")
    assert "Expires: Within three days" in said_in(page)
    assert 'name="expires" value="soon"' in page.content.decode()
    assert "past0@people.example.com" not in said_in(page)
    role = by.organization.roles.get(name="ReadOnly")
    assert f"role={role.pk}&amp;expires=soon" in page.content.decode()


@pytest.mark.servers
def test_all_that_expire_soon_can_be_selected(three: list[Invitation], ines: Client) -> None:
    chosen = {"action": "resend", "all": "1"}
    assert "Resend the invitation for Chiara Rossi?" in said_in(
        ines.post("/o/acme/users/selected/?expires=soon", chosen | {"step": "review"}, headers=HTMX)
    )
