"""Inviting one person: the dialog, its errors, and the result."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Organization, Role, Site, User
from invites.models import AccessGrant, Invitation
from tests.invites.invitations.helpers import Invite, deliver
from tests.pages import text_of

ClientOf = Callable[[User | None], Client]
INVITE = "/o/acme/invite/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def filled(acme: Organization, sites: list[Site]) -> dict[str, Any]:
    """A valid form: Chiara Rossi, ReadOnly for Lyon depot."""
    return {
        "email": "chiara.rossi@people.example.com",
        "first_name": "Chiara",
        "last_name": "Rossi",
        "description": "Night shift",
        "roles": [Role.objects.get(organization=acme, name="ReadOnly").pk],
        "sites": [sites[0].pk],
    }


def test_the_dialog_offers_the_file_first_and_then_one_person(client_of: ClientOf, admin: User) -> None:
    answer = client_of(admin).get(INVITE, headers=HTMX).content.decode()

    words = text_of(answer)
    assert "<html" not in answer
    assert "Each person gets an email with a link that works for 14 days." in words
    assert "Many people at once? One file, one set of roles and sites. Import CSV file" in words
    assert 'hx-get="/o/acme/import/"' in answer
    assert "or invite one person" in words
    assert "Description optional" in words
    assert "ReadOnly Can see everything on their sites, but" in words


def test_the_dialog_is_a_page_of_its_own_without_javascript(client_of: ClientOf, admin: User) -> None:
    answer = client_of(admin).get(INVITE).content.decode()

    assert "<html" in answer
    assert 'action="/o/acme/invite/"' in answer
    assert 'href="/o/acme/import/"' in answer


@pytest.mark.parametrize("email", ["fay@gmial.com", " Fay@GMIAL.com "])
def test_a_possible_typo_is_asked_about_once_and_can_be_confirmed(
    ines: Client, filled: dict[str, Any], email: str
) -> None:
    answer = ines.post(INVITE, {**filled, "email": email}, headers=HTMX)

    words = text_of(answer.content.decode())
    assert (answer.status_code, Invitation.objects.count()) == (422, 0)
    assert "ay@gmail.com ? Use" in words
    assert "Did you mean" in words
    assert f"If {email.strip()} is correct, choose Send invitation to use it." in words
    assert 'value="Chiara"' in answer.content.decode()

    ines.post(INVITE, {**filled, "email": email, "as_typed": email.strip()}, headers=HTMX)

    assert Invitation.objects.get().email_key == "fay@gmial.com"


def test_the_suggested_address_can_be_used_with_one_click(ines: Client, filled: dict[str, Any]) -> None:
    asked = {**filled, "email": "fay@gmial.com", "as_typed": "fay@gmial.com", "use": "fay@gmail.com"}

    answer = ines.post(INVITE, asked, headers=HTMX)

    html = answer.content.decode()
    assert (answer.status_code, Invitation.objects.count()) == (422, 0)
    assert 'value="fay@gmail.com"' in html
    assert "Did you mean" not in html
    ines.post(INVITE, {**filled, "email": "fay@gmail.com"}, headers=HTMX)
    assert Invitation.objects.get().email == "fay@gmail.com"


def test_another_address_is_asked_about_again(ines: Client, filled: dict[str, Any]) -> None:
    answer = ines.post(INVITE, {**filled, "email": "gus@hotmial.com", "as_typed": "fay@gmial.com"}, headers=HTMX)

    assert "Did you mean gus@hotmail.com ?" in text_of(answer.content.decode())
    assert Invitation.objects.count() == 0


def test_the_dialog_shows_the_days_in_the_settings(client_of: ClientOf, admin: User, settings: Any) -> None:
    settings.INVITATION_DAYS = 1

    assert "works for 1 day." in text_of(client_of(admin).get(INVITE).content.decode())


def test_invites_one_person_with_their_own_roles_and_sites(
    client_of: ClientOf, admin: User, acme: Organization, filled: dict[str, Any]
) -> None:
    answer = client_of(admin).post(INVITE, filled, headers=HTMX)

    assert answer.status_code == 204
    events = {"dialog:close", "people:changed", "shell:changed", "batch:ended"}
    assert set(json.loads(answer.headers["HX-Trigger"])) == events
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.full_name, invitation.description, invitation.inviter) == (
        "chiara.rossi@people.example.com",
        "Chiara Rossi",
        "Night shift",
        admin,
    )
    assert [role.name for role in invitation.grant.roles.all()] == ["ReadOnly"]
    assert [site.name for site in invitation.grant.sites.all()] == ["Lyon depot"]
    assert [mail.to for mail in deliver(acme)] == [["chiara.rossi@people.example.com"]]


def test_the_invitation_expires_after_the_days_in_the_settings(
    client_of: ClientOf, admin: User, filled: dict[str, Any]
) -> None:
    client_of(admin).post(INVITE, filled)

    left = Invitation.objects.get().expires_at - timezone.now()
    assert timedelta(days=14) - timedelta(minutes=1) < left <= timedelta(days=14)


def test_without_javascript_the_list_opens_with_a_message(
    client_of: ClientOf, admin: User, filled: dict[str, Any]
) -> None:
    page = client_of(admin).post(INVITE, filled, follow=True)

    assert page.redirect_chain == [("/o/acme/users/", 302)]
    words = text_of(page.content.decode())
    assert "chiara.rossi@people.example.com was invited." in words
    assert "sent" not in words, "No server has accepted the email yet."
    assert "Chiara Rossi" in words


def test_all_sites_can_be_chosen(client_of: ClientOf, admin: User, filled: dict[str, Any]) -> None:
    client_of(admin).post(INVITE, filled | {"sites": ["all"]})

    grant = Invitation.objects.get().grant
    assert grant.all_sites
    assert not grant.sites.exists()


# --- Invalid forms ----------------------------------------------------------------------------------


def test_an_empty_form_says_what_is_missing_with_links_to_the_fields(client_of: ClientOf, admin: User) -> None:
    answer = client_of(admin).post(INVITE, {}, headers=HTMX)

    assert answer.status_code == 422
    page = answer.content.decode()
    assert "There is a problem" in page
    for sentence, target in (
        ("Enter an address such as name@company.com.", "id_email"),
        ("Enter a first name.", "id_first_name"),
        ("Enter a last name.", "id_last_name"),
        ("Choose at least one role.", "id_roles_0"),
        ("Choose at least one site, or All sites.", "id_sites"),
    ):
        assert f'<a href="#{target}">{sentence}</a>' in page
        assert f'id="{target}"' in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "chiara.rossi@people"),
        ("email", "chiara.rossi(at)people.example.com"),
        ("email", "a@people.example.com, b@people.example.com"),
        ("email", f"{'x' * 65}@people.example.com"),
        ("email", "chiara@people.example.com\r\nBcc: all@people.example.com"),
        ("first_name", "Chiara\r\nBcc: all@people.example.com"),
        ("first_name", "https://evil.example.com"),
        ("last_name", "x" * 400),
        ("last_name", "Ro\x00ssi"),
        ("description", "x" * 9_000),
    ],
)
def test_an_invalid_form_invites_nobody_and_keeps_its_values(
    client_of: ClientOf, admin: User, filled: dict[str, Any], field: str, value: str
) -> None:
    answer = client_of(admin).post(INVITE, filled | {field: value}, headers=HTMX)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not Invitation.objects.exists()
    page = answer.content.decode()
    kept = {"email": "chiara.rossi@people", "last_name": "Rossi", "description": "Night shift"}
    kept.pop(field, None)
    for each in kept.values():
        assert each in page
    # The role and the site stay chosen, and that it is sent now.
    assert re.findall(r'name="(\w+)"[^>]*\bchecked\b', page) == ["roles", "send"]
    assert page.count("selected") == 1


def test_a_member_is_not_invited_again(client_of: ClientOf, admin: User, member: User, filled: dict[str, Any]) -> None:
    answer = client_of(admin).post(INVITE, filled | {"email": "Member@Example.com"}, headers=HTMX)

    assert answer.context["form"].errors["email"] == ["Member@example.com is already a member of Acme."]
    assert not Invitation.objects.exists()


@pytest.mark.servers
def test_a_deactivated_member_is_not_invited_but_can_be_reactivated(
    client_of: ClientOf,
    admin: User,
    member_membership: Membership,
    manager_membership: Membership,
    filled: dict[str, Any],
    lesser: Membership,
    limited: Membership,
) -> None:
    Membership.objects.exclude(user=admin).exclude(pk__in=(lesser.pk, limited.pk)).update(deactivated_at=timezone.now())
    offer = f'hx-get="/o/acme/users/{member_membership.pk}/reactivate/"'

    answer = client_of(admin).post(INVITE, filled | {"email": "Member@Example.com"}, headers=HTMX)

    assert answer.status_code == 422
    assert answer.context["form"].errors["email"] == [
        "Member@example.com is deactivated in Acme. Ask someone who can manage users to reactivate them."
    ]
    assert "Mara Conti is deactivated They keep the roles and sites that they had" in text_of(answer.content.decode())
    assert offer in answer.content.decode()
    # Without Manage users, and without all of their sites.
    for viewer, email in ((lesser, "member@example.com"), (limited, "manager@example.com")):
        roles = [role.pk for role in viewer.roles.all()]
        values = filled | {"email": email, "roles": roles}
        page = client_of(viewer.user).post(INVITE, values, headers=HTMX).content.decode()
        assert "is deactivated in Acme" in page
        assert "/reactivate/" not in page
    assert not Invitation.objects.exists()


def test_a_person_with_a_pending_invitation_is_not_invited_again(
    client_of: ClientOf, admin: User, acme: Organization, invite: Invite, filled: dict[str, Any]
) -> None:
    invite()

    answer = client_of(admin).post(INVITE, filled | {"email": "CHIARA.Rossi@people.example.com"}, headers=HTMX)

    assert answer.status_code == 422
    assert "is already invited to Acme" in answer.content.decode()
    assert Invitation.objects.count() == 1
    assert deliver(acme) == []


@pytest.mark.parametrize("why", ["expired", "failed", "bounced"])
def test_an_invitation_that_no_longer_works_is_replaced(
    client_of: ClientOf, admin: User, invite: Invite, filled: dict[str, Any], why: str
) -> None:
    old = invite(expired=why == "expired")
    if why != "expired":
        Invitation.objects.filter(pk=old.pk).update(mail_state=why)

    assert client_of(admin).post(INVITE, filled, headers=HTMX).status_code == 204

    old.refresh_from_db()
    assert old.state == Invitation.State.REPLACED
    assert Invitation.objects.filter(state="pending").count() == 1


# --- Permissions ------------------------------------------------------------------------------------


@pytest.fixture
def local_inviter(manager: User, acme: Organization, sites: list[Site]) -> User:
    """May invite and see users, and only has Lyon depot."""
    role = Role.objects.create(organization=acme, name="Inviter", permissions=["users.view", "users.invite"])
    membership = Membership.objects.get(user=manager)
    membership.all_sites = False
    membership.save()
    membership.roles.set([role])
    membership.sites.set(sites[:1])
    return manager


def test_only_grantable_roles_and_sites_are_offered(client_of: ClientOf, local_inviter: User) -> None:
    form = client_of(local_inviter).get(INVITE).context["form"]

    assert [role.name for role in form.fields["roles"].queryset] == ["Inviter"]
    assert [label for _, label in form.fields["sites"].choices] == ["Lyon depot"]


def test_forged_ids_beyond_ones_permissions_grant_nothing(
    client_of: ClientOf, local_inviter: User, outsider: User, acme: Organization, globex: Organization,
    sites: list[Site], filled: dict[str, Any],
) -> None:  # fmt: skip
    inviter_role = Role.objects.get(organization=acme, name="Inviter")
    foreign_role = Role.objects.filter(organization=globex).first()
    foreign_site = Site.objects.create(organization=globex, name="Elsewhere")
    assert foreign_role is not None
    good = {"roles": [inviter_role.pk], "sites": [sites[0].pk]}
    client = client_of(local_inviter)
    beyond: list[dict[str, Any]] = [{"roles": [role.pk]} for role in acme.roles.exclude(pk=inviter_role.pk)]
    beyond += [{"roles": [inviter_role.pk, foreign_role.pk]}, {"roles": ["x"]}, {"roles": [10**30]}]
    beyond += [{"sites": [site.pk]} for site in sites[1:]]
    beyond += [
        {"sites": ["all"]},
        {"sites": [foreign_site.pk]},
        {"sites": [sites[0].pk, sites[1].pk]},
        {"sites": ["0"]},
    ]

    for change in beyond:
        answer = client.post(INVITE, filled | good | change, headers=HTMX)
        assert answer.status_code == 422, change
        assert "Elsewhere" not in answer.content.decode()

    assert not Invitation.objects.exists()
    assert not AccessGrant.objects.exists()
    assert client.post(INVITE, filled | good, headers=HTMX).status_code == 204


@pytest.mark.parametrize("role", ["Project manager", "ReadOnly"])
def test_members_without_the_permission_invite_nobody(
    client_of: ClientOf, acme: Organization, join: Callable[..., User], filled: dict[str, Any], role: str
) -> None:
    client = client_of(join(acme, "somebody@example.com", role))

    assert client.get(INVITE).status_code == 403
    assert client.post(INVITE, filled).status_code == 403
    assert not Invitation.objects.exists()


def test_outsiders_get_404_and_anonymous_users_sign_in_first(
    client_of: ClientOf, outsider: User, filled: dict[str, Any]
) -> None:
    assert client_of(outsider).get(INVITE).status_code == 404
    assert client_of(outsider).post(INVITE, filled).status_code == 404
    assert client_of(None).post(INVITE, filled).headers["Location"] == "/accounts/login/"
    assert not Invitation.objects.exists()


def test_a_form_without_csrf_token_changes_nothing(admin: User, filled: dict[str, Any]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)

    assert client.post(INVITE, filled).status_code == 403
    assert not Invitation.objects.exists()


def test_the_dialog_responds_to_head(client_of: ClientOf, admin: User) -> None:
    assert client_of(admin).head(INVITE).status_code == 200
    assert client_of(admin).put(INVITE).status_code == 405


def test_without_javascript_the_form_says_how_to_choose_several_sites(
    client_of: ClientOf, admin: User, sites: list[Site]
) -> None:
    page = client_of(admin).get(INVITE).content.decode()

    assert '<noscript><p class="rc-hint">To choose several, hold Ctrl' in page
