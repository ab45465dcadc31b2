"""The list of users: its content, search, filters and pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership, Organization, Role, Site, User
from invites.models import Invitation
from tests.invites.invitations.helpers import Invite
from tests.pages import text_of

ClientOf = Callable[[User | None], Client]
USERS = "/o/acme/users/"


def names_in(page: object) -> list[str]:
    return [line["person"].name for line in page.context["lines"]]  # type: ignore[attr-defined]


def tabs_of(page: object) -> dict[str, int]:
    return {tab.label: tab.count for tab in page.context["tabs"]}  # type: ignore[attr-defined]


@pytest.mark.servers
def test_lists_members_and_open_invitations_by_name(
    client_of: ClientOf, admin: User, manager: User, member: User, invite: Invite
) -> None:
    invite(first_name="Élodie", last_name="Zhou", email="elodie@people.example.com")
    invite(first_name="Zoe", last_name="Ash", email="zoe@people.example.com", expired=True)

    page = client_of(admin).get(USERS)

    assert names_in(page) == ["Élodie Zhou", "Ines Martin", "Mara Conti", "Piet Janssens", "Zoe Ash"]
    words = text_of(page.content.decode())
    assert "Everyone in Acme , and everyone you’ve invited." in words
    for status in ("Active", "Invite pending", "Invite expired"):
        assert status in words


@pytest.mark.servers
def test_tabs_show_how_many_they_lead_to(client_of: ClientOf, admin: User, member: User, invite: Invite) -> None:
    invite("one@people.example.com")
    invite("two@people.example.com")
    invite("old@people.example.com", expired=True)
    client = client_of(admin)

    assert tabs_of(client.get(USERS)) == {
        "All": 5,
        "Active": 2,
        "Invite pending": 2,
        "Invite expired": 1,
        "Deactivated": 0,
    }
    for status, count in (("active", 2), ("pending", 2), ("expired", 1)):
        assert len(names_in(client.get(USERS, {"status": status}))) == count


def test_an_invitation_in_the_list_expires_on_time(client_of: ClientOf, admin: User, invite: Invite) -> None:
    invitation = invite()
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

    assert tabs_of(client_of(admin).get(USERS))["Invite expired"] == 1


def test_answered_and_revoked_invitations_are_not_listed(client_of: ClientOf, admin: User, invite: Invite) -> None:
    for number, state in enumerate(("accepted", "revoked", "replaced")):
        invitation = invite(f"person{number}@people.example.com")
        Invitation.objects.filter(pk=invitation.pk).update(state=state)

    assert tabs_of(client_of(admin).get(USERS))["All"] == 1


@pytest.mark.servers
@pytest.mark.parametrize(
    "words",
    ["rossi", "CHIARA", "chiara.rossi@people", "rossi chia", "  Róssi  "],
    ids=["last name", "other case", "address", "words in any order", "accents and spaces"],
)
def test_search_finds_a_person_by(client_of: ClientOf, admin: User, invite: Invite, words: str) -> None:
    invite()
    invite("daniel@people.example.com", first_name="Daniel", last_name="Haddad")

    page = client_of(admin).get(USERS, {"q": words})

    assert names_in(page) == ["Chiara Rossi"]
    assert tabs_of(page)["All"] == 1


@pytest.mark.servers
@pytest.mark.parametrize("words", ["%", "_", "\\", "'", "\x00", "a" * 5000])
def test_search_has_no_wildcards(client_of: ClientOf, admin: User, words: str) -> None:
    page = client_of(admin).get(USERS, {"q": words})

    assert page.status_code == 200
    assert tabs_of(page)["All"] == (1 if words == "\x00" else 0)


def test_an_empty_result_offers_to_clear_the_search(client_of: ClientOf, admin: User) -> None:
    words = text_of(client_of(admin).get(USERS, {"q": "<ingrid>", "status": "pending"}).content.decode())

    assert "Nobody matches “ &lt;ingrid&gt; ”" in words
    assert "Check the spelling, or search all statuses ." in words
    assert "Clear the search" in words


def test_the_only_member_is_offered_to_invite_people(client_of: ClientOf, admin: User) -> None:
    words = text_of(client_of(admin).get(USERS).content.decode())

    assert "Only you so far Invite one person, or drop in a CSV file with the whole team." in words


@pytest.mark.servers
def test_filters_by_role_and_site_take_members_and_invitations(
    client_of: ClientOf, admin: User, manager: User, member: User, invite: Invite, sites: list[Site], acme: Organization
) -> None:
    lyon, ghent, turin = sites
    invite(sites=[turin], email="turin@people.example.com", first_name="Tess")
    read_only = Role.objects.get(organization=acme, name="ReadOnly")
    client = client_of(admin)

    assert names_in(client.get(USERS, {"role": read_only.pk})) == ["Mara Conti", "Tess Rossi"]
    # Members with all sites have this one, too.
    assert names_in(client.get(USERS, {"site": turin.pk})) == ["Ines Martin", "Piet Janssens", "Tess Rossi"]
    assert names_in(client.get(USERS, {"site": lyon.pk, "role": read_only.pk})) == ["Mara Conti"]
    assert names_in(client.get(USERS, {"site": ghent.pk, "role": read_only.pk})) == []


@pytest.mark.servers
def test_ignores_a_role_of_another_organization(
    client_of: ClientOf, admin: User, member: User, globex: Organization
) -> None:
    foreign = Role.objects.filter(organization=globex).first()
    assert foreign is not None

    page = client_of(admin).get(USERS, {"role": str(foreign.pk), "status": "x", "site": "²", "page": "-1"})

    assert tabs_of(page)["All"] == 2


def test_pages_list_everyone_once(client_of: ClientOf, admin: User, invite: Invite) -> None:
    for number in range(60):
        invite(f"person{number}@people.example.com", first_name="Same", last_name="Name")
    client = client_of(admin)

    pages = [client.get(USERS, {"page": number}) for number in (1, 2, 3)]

    emails = [line["person"].email for page in pages for line in page.context["lines"]]
    assert [len(page.context["lines"]) for page in pages] == [25, 25, 11]
    assert len(set(emails)) == 61
    assert "1–25 of 61" in text_of(pages[0].content.decode())
    # A page after the last one shows the last page.
    assert len(client.get(USERS, {"page": 99}).context["lines"]) == 11


def test_a_long_list_takes_no_more_queries_than_a_short_one(
    client_of: ClientOf, admin: User, invite: Invite, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for number in range(24):
        invite(f"person{number}@people.example.com")
    client = client_of(admin)
    client.get(USERS)

    with django_assert_max_num_queries(15):  # type: ignore[attr-defined]
        client.get(USERS)

    # The banner takes one more.
    Invitation.objects.filter(email="person0@people.example.com").update(expires_at=timezone.now())
    with django_assert_max_num_queries(16):  # type: ignore[attr-defined]
        assert b"1 invitation has expired." in client.get(USERS).content


def test_rare_users_are_only_counted_where_there_are_any(
    client_of: ClientOf, admin: User, member_membership: Membership, invite: Invite
) -> None:
    invite("pending@people.example.com")
    client = client_of(admin)

    def queries() -> int:
        client.get(USERS)
        with CaptureQueriesContext(connection) as asked:
            client.get(USERS)
        return len(asked)

    before = queries()
    invite("declined@people.example.com")
    Invitation.objects.filter(email="declined@people.example.com").update(state=Invitation.State.DECLINED)
    assert queries() == before + 1
    invite("scheduled@people.example.com")
    Invitation.objects.filter(email="scheduled@people.example.com").update(mail_state=Invitation.Mail.SCHEDULED)
    # How many there are, and how many of them have expired while the organization was suspended.
    assert queries() == before + 3
    Membership.objects.filter(pk=member_membership.pk).update(deactivated_at=timezone.now())
    assert queries() == before + 4


def test_htmx_gets_a_fragment_and_browsers_get_the_page(client_of: ClientOf, admin: User, invite: Invite) -> None:
    invite()
    client = client_of(admin)

    part = client.get(USERS, headers={"HX-Request": "true"}).content.decode()
    page = client.get(USERS)

    assert "<html" not in part
    assert "Chiara" in part
    assert "<html" in page.content.decode()
    assert "HX-Request" in page.headers["Vary"]


def test_shows_email_that_was_not_delivered(client_of: ClientOf, admin: User, invite: Invite) -> None:
    invitation = invite()
    Invitation.objects.filter(pk=invitation.pk).update(mail_state="failed", mail_detail="550 No such mailbox")

    page = client_of(admin).get(USERS).content.decode()

    assert "Not delivered" in page
    assert "550 No such mailbox" in client_of(admin).get(f"/o/acme/invitations/{invitation.pk}/").content.decode()


def test_a_description_is_shown(client_of: ClientOf, admin: User, invite: Invite) -> None:
    invitation = invite(description="Night shift, substation crew")

    page = client_of(admin).get(USERS).content.decode()
    assert text_of(page).count("chiara.rossi@people.example.com · Night shift, substation crew") == 1
    assert "substation crew" in client_of(admin).get(f"/o/acme/invitations/{invitation.pk}/").content.decode()


def test_shows_members_who_never_signed_in(client_of: ClientOf, admin: User, member: User) -> None:
    member.memberships.update(last_seen_at=None)

    assert "Never signed in" in client_of(admin).get(USERS).content.decode()


def test_names_are_text_and_not_markup(client_of: ClientOf, admin: User, member: User) -> None:
    Membership.objects.filter(user=member).update(first_name="<script>alert(1)</script>", last_name="& Co")

    page = client_of(admin).get(USERS).content.decode()

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Co" in page


# --- Permissions ------------------------------------------------------------------------------------


def test_members_who_may_only_see_users_get_no_actions(
    client_of: ClientOf, manager: User, invite: Invite, acme: Organization
) -> None:
    invite()

    page = client_of(manager).get(USERS)

    assert page.status_code == 200
    assert not any(line["menu"] for line in page.context["lines"])
    words = page.content.decode()
    for forbidden in ("Invite users", "Resend", "Revoke", "Remove", "data-select-row"):
        assert forbidden not in words


def test_members_who_may_only_invite_get_actions_on_invitations(
    client_of: ClientOf, admin: User, manager: User, invite: Invite, acme: Organization
) -> None:
    Role.objects.filter(organization=acme, name="Project manager").update(
        permissions=["users.view", "users.invite", "work.view"]
    )
    invite()

    lines = client_of(manager).get(USERS).context["lines"]

    assert {line["person"].name for line in lines if line["menu"]} == {"Chiara Rossi"}


def test_a_manager_cannot_change_members_with_more_access(
    client_of: ClientOf, admin: User, member: User, manager: User, acme: Organization, sites: list[Site]
) -> None:
    Role.objects.filter(organization=acme, name="Project manager").update(
        permissions=["users.view", "users.manage", "work.view"]
    )
    membership = Membership.objects.get(user=manager)

    assert _changeable(client_of(manager).get(USERS)) == {"Piet Janssens", "Mara Conti"}

    membership.all_sites = False
    membership.save()
    membership.sites.set(sites[1:])
    assert _changeable(client_of(manager).get(USERS)) == {"Piet Janssens"}


def test_the_dialog_of_a_member_with_more_access_is_read_only(
    client_of: ClientOf, admin: User, manager: User, acme: Organization
) -> None:
    Role.objects.filter(organization=acme, name="Project manager").update(permissions=["users.view", "users.manage"])
    boss = Membership.objects.get(user=admin)

    page = client_of(manager).get(USERS).content.decode()

    assert f"{USERS}{boss.pk}/remove/" not in page
    assert f"{USERS}{boss.pk}/edit/" not in page
    dialog = client_of(manager).get(f"{USERS}{boss.pk}/edit/").content.decode()
    assert "You can’t edit Ines Martin because they have access you don’t have: Org Admin." in dialog


def _changeable(page: object) -> set[str]:
    return {line["person"].name for line in page.context["lines"] if line["actions"]}  # type: ignore[attr-defined]


def test_nobody_sees_the_list_of_another_organization(
    client_of: ClientOf, outsider: User, admin: User, member: User
) -> None:
    assert client_of(outsider).get(USERS).status_code == 404
    assert client_of(member).get(USERS).status_code == 403
    assert client_of(None).get(USERS).status_code == 302
    assert client_of(None).get(USERS).headers["Location"].startswith("/accounts/login/")
