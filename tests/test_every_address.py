"""Every URL as an anonymous user, as a member without permissions, and as an admin of another organization.

New URLs must be added here, or `test_no_address_is_forgotten` fails. Each test asks all URLs, because preparing an
organization takes longer than asking one; what a URL changes is undone before the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import ActivityEntry, Membership, Organization, Role, Site, User
from accounts.organizations.access import FoundView, views_of
from config.urls import urlpatterns
from invites.invitations.tokens import hash_token
from invites.models import AccessGrant, Batch, BulkAction, Invitation, RememberedReading
from tests.databases import undone
from tests.pages import HTMX

SIGN_IN = settings.LOGIN_URL
FOUND = list(views_of(urlpatterns))


@dataclass(frozen=True)
class Responses:
    """The status for each of them. 302 leads to the sign-in page."""

    nobody: int
    member: int
    outsider: int


ANYBODY = Responses(nobody=200, member=200, outsider=200)
SIGNED_IN = Responses(nobody=302, member=200, outsider=200)
MEMBERS = Responses(nobody=302, member=200, outsider=404)
WITH_PERMISSION = Responses(nobody=302, member=403, outsider=404)

# The URLs of an organization, and the kind of object at `<int:pk>`.
OURS: dict[str, tuple[Responses, str]] = {
    "organizations:member_home": (MEMBERS, ""),
    "shell:banners": (MEMBERS, ""),
    "organizations:settings": (WITH_PERMISSION, ""),
    "mailing:settings": (WITH_PERMISSION, ""),
    "mailing:settings_preview": (WITH_PERMISSION, ""),
    "mailing:settings_test": (WITH_PERMISSION, ""),
    "mailing:reminder_note": (WITH_PERMISSION, ""),
    "mailing:resend_reply_to_link": (WITH_PERMISSION, ""),
    "mailing:invitation_preview": (WITH_PERMISSION, ""),
    "mailing:invitation_test": (WITH_PERMISSION, ""),
    "organizations:roles": (WITH_PERMISSION, ""),
    "organizations:role_new": (WITH_PERMISSION, ""),
    "organizations:role_edit": (WITH_PERMISSION, "role"),
    "organizations:role_delete": (WITH_PERMISSION, "role"),
    "organizations:sites": (WITH_PERMISSION, ""),
    "organizations:site_new": (WITH_PERMISSION, ""),
    "organizations:site_edit": (WITH_PERMISSION, "site"),
    "organizations:site_delete": (WITH_PERMISSION, "site"),
    "directory:users": (WITH_PERMISSION, ""),
    "directory:export": (WITH_PERMISSION, ""),
    "directory:people_bulk": (WITH_PERMISSION, ""),
    "directory:bulk_action": (WITH_PERMISSION, "bulk_action"),
    "shell:bulk_action_events": (WITH_PERMISSION, "bulk_action"),
    "directory:bulk_action_banner": (WITH_PERMISSION, "bulk_action"),
    "shell:bulk_action_banner_events": (WITH_PERMISSION, "bulk_action"),
    "directory:bulk_action_stop": (WITH_PERMISSION, "bulk_action"),
    "directory:bulk_results": (WITH_PERMISSION, "bulk_action"),
    "directory:bulk_results_csv": (WITH_PERMISSION, "bulk_action"),
    "directory:bulk_undo": (WITH_PERMISSION, "bulk_action"),
    "directory:bulk_action_close_banner": (WITH_PERMISSION, "bulk_action"),
    "directory:member": (WITH_PERMISSION, "membership"),
    "directory:member_edit": (WITH_PERMISSION, "membership"),
    "directory:member_remove": (WITH_PERMISSION, "membership"),
    "directory:leave": (MEMBERS, ""),
    "directory:member_deactivate": (WITH_PERMISSION, "membership"),
    "directory:member_reactivate": (WITH_PERMISSION, "membership"),
    "invitations:invite": (WITH_PERMISSION, ""),
    "directory:sent": (WITH_PERMISSION, ""),
    "directory:invitation": (WITH_PERMISSION, "invitation"),
    "directory:invitation_edit": (WITH_PERMISSION, "invitation"),
    "directory:invitation_resend": (WITH_PERMISSION, "invitation"),
    "directory:invitation_revoke": (WITH_PERMISSION, "invitation"),
    "directory:invitation_again": (WITH_PERMISSION, "invitation"),
    "directory:invitation_unlist": (WITH_PERMISSION, "invitation"),
    "directory:expiring": (WITH_PERMISSION, ""),
    "directory:expiring_close": (WITH_PERMISSION, ""),
    "directory:invitation_schedule": (WITH_PERMISSION, "invitation"),
    "directory:invitation_send_now": (WITH_PERMISSION, "invitation"),
    "directory:requests": (WITH_PERMISSION, ""),
    "directory:request_grant": (WITH_PERMISSION, "invitation"),
    "directory:request_dismiss": (WITH_PERMISSION, "invitation"),
    "imports:import": (WITH_PERMISSION, ""),
    "imports:understand_pasted": (WITH_PERMISSION, ""),
    "imports:sample": (WITH_PERMISSION, ""),
    "imports:batches": (WITH_PERMISSION, ""),
    "imports:batch": (WITH_PERMISSION, "batch"),
    "imports:batch_problems": (WITH_PERMISSION, "batch"),
    "imports:batch_problems_file": (WITH_PERMISSION, "batch"),
    "imports:batch_reading": (WITH_PERMISSION, "batch"),
    "imports:batch_delete": (WITH_PERMISSION, "batch"),
    "imports:batch_confirm": (WITH_PERMISSION, "batch"),
    "imports:remembered_readings": (WITH_PERMISSION, ""),
    "invitations:allowed_domains": (WITH_PERMISSION, ""),
    "imports:forget_reading": (WITH_PERMISSION, "reading"),
    "imports:batch_invite_valid": (WITH_PERMISSION, "batch"),
    "imports:batch_stop": (WITH_PERMISSION, "batch"),
    "imports:batch_resend": (WITH_PERMISSION, "batch"),
    "imports:batch_undo": (WITH_PERMISSION, "batch"),
    "imports:batch_schedule": (WITH_PERMISSION, "batch"),
    "imports:batch_send_now": (WITH_PERMISSION, "batch"),
    "imports:batch_invite_declined": (WITH_PERMISSION, "batch"),
    "imports:batch_reactivate": (WITH_PERMISSION, "batch"),
    "imports:batch_close_banner": (WITH_PERMISSION, "batch"),
    "imports:batch_download": (WITH_PERMISSION, "batch"),
    "imports:batch_dialog": (WITH_PERMISSION, "batch"),
    "shell:batch_dialog_events": (WITH_PERMISSION, "batch"),
    "imports:batch_progress": (WITH_PERMISSION, "batch"),
    "shell:batch_progress_events": (WITH_PERMISSION, "batch"),
    "activity:activity": (WITH_PERMISSION, ""),
    "activity:entry": (WITH_PERMISSION, "entry"),
    "activity:export": (WITH_PERMISSION, ""),
    "shell:indicator": (WITH_PERMISSION, ""),
    "shell:indicator_events": (WITH_PERMISSION, ""),
}

# The URLs outside the organizations. The pages of invitations are tested with them.
OTHERS: dict[str, Responses] = {
    "users:home": Responses(nobody=302, member=302, outsider=302),
    "users:account": SIGNED_IN,
    "healthz": ANYBODY,
    "readyz": ANYBODY,
    "public_mailing:trial": ANYBODY,
    "public_mailing:reply_to": Responses(nobody=404, member=404, outsider=404),
    "acceptance:invitation_link": ANYBODY,
    "acceptance:invitation": ANYBODY,
    "acceptance:invitation_switch": ANYBODY,
    "acceptance:invitation_ask": ANYBODY,
    "acceptance:decline_link": ANYBODY,
    "acceptance:report_link": ANYBODY,
    "acceptance:decline": ANYBODY,
    "acceptance:report": ANYBODY,
}

# The pages of allauth.
SIGN_IN_PAGES: dict[str, Responses] = {
    "account_login": Responses(nobody=200, member=302, outsider=302),
    "account_logout": Responses(nobody=302, member=200, outsider=200),
    "account_inactive": ANYBODY,
    "account_change_password": SIGNED_IN,
    "account_set_password": Responses(nobody=302, member=302, outsider=302),
    "account_reset_password": ANYBODY,
    "account_reset_password_done": ANYBODY,
    "account_reset_password_from_key": ANYBODY,
    "account_reset_password_from_key_done": ANYBODY,
}

# What their paths need. No such thing exists.
ARGUMENTS = {
    "account_reset_password_from_key": ["1", "unknown"],
    "public_mailing:reply_to": ["unknown"],
    **{f"acceptance:{link}_link": ["unknown"] for link in ("invitation", "decline", "report")},
}


@pytest.fixture
def acmes(acme: Organization, sites: list[Site], admin: User, member_membership: Membership) -> dict[str, int]:
    """The ids of one object of each kind that belongs to Acme. No page shows a banner about them."""
    grant = AccessGrant.objects.create(organization=acme, all_sites=True)
    invitation = Invitation.objects.create(
        organization=acme,
        grant=grant,
        inviter=admin,
        email="chiara@people.example.com",
        email_key="chiara@people.example.com",
        token_seed="seed",
        token_hash=hash_token("token"),
        expires_at=timezone.now() + timedelta(days=30),
    )
    closed = timezone.now()
    batch = Batch.objects.create(
        organization=acme,
        inviter=admin,
        grant=grant,
        state=Batch.State.DONE,
        file_name="a.csv",
        banner_closed_at=closed,
    )
    role = Role.objects.create(organization=acme, name="Night shift", permissions=["work.view"])
    action = BulkAction.objects.create(
        organization=acme,
        started_by=admin,
        kind="resend",
        total=1,
        expected=1,
        state=BulkAction.State.DONE,
        banner_closed_at=closed,
    )
    found = {"role": role, "site": sites[0], "membership": member_membership, "invitation": invitation, "batch": batch}
    found["entry"] = ActivityEntry.objects.get(organization_id=acme.pk)
    found["reading"] = RememberedReading.objects.create(organization=acme, signature="s", reading={}, file_name="a.csv")
    return {kind: each.pk for kind, each in found.items()} | {"bulk_action": action.pk}


def path_of(name: str, organization: str, things: dict[str, int]) -> str:
    kind = OURS[name][1]
    return reverse(name, args=[organization, things[kind]] if kind else [organization])


def test_no_address_is_forgotten() -> None:
    ours = {each.name for each in FOUND if not each.trusted}
    assert ours == set(OURS) | set(OTHERS)
    brought = {each.route.split("/")[0] for each in FOUND if each.trusted}
    assert brought == {"accounts", "operators", "mail", "webhooks"}
    assert {each.name for each in FOUND if each.route.startswith("accounts/")} == set(SIGN_IN_PAGES)


@pytest.mark.parametrize("found", [each for each in FOUND if each.names_organization], ids=lambda each: each.route)
def test_every_url_of_an_organization_is_for_its_members(found: FoundView) -> None:
    assert found.access is not None
    assert found.access.member


def test_finding_the_organization_in_a_url_does_not_depend_on_earlier_ones() -> None:
    """Reversing a URL in a nested namespace changes the converters of other patterns."""
    reverse("imports:batches", args=["acme"])

    found = {each.name: each.names_organization for each in views_of(urlpatterns)}

    assert (found["imports:batches"], found["users:account"], found["acceptance:invitation"]) == (True, False, False)


def statuses(client: Client, acmes: dict[str, int], names: Iterable[str] = OURS) -> dict[tuple[str, str], int]:
    """What the client gets for these URLs, by name and method."""
    found = {}
    for name in names:
        for method in ("GET", "POST"):
            with undone():
                found[name, method] = client.generic(method, path_of(name, "acme", acmes)).status_code
    return found


def all_of_them(status: int, names: Iterable[str] = OURS) -> dict[tuple[str, str], int]:
    return {(name, method): status for name in names for method in ("GET", "POST")}


def test_nobody_is_sent_to_sign_in(acmes: dict[str, int], client: Client) -> None:
    for name in OURS:
        for method in ("GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE"):
            with undone():
                response = client.generic(method, path_of(name, "acme", acmes))
            assert response.status_code == 302, (name, method)
            assert response.headers["Location"].split("?")[0] == reverse(SIGN_IN), (name, method)


def test_an_admin_of_another_organization_gets_404(
    acmes: dict[str, int], outsider: User, client_of: Callable[..., Client]
) -> None:
    assert statuses(client_of(outsider), acmes) == all_of_them(404)


def test_objects_of_acme_are_404_below_another_organization(
    acmes: dict[str, int], outsider: User, client_of: Callable[..., Client]
) -> None:
    client = client_of(outsider)
    for name in [name for name, (_answers, kind) in OURS.items() if kind]:
        path = path_of(name, "globex", acmes)
        with undone():
            found = {client.get(path).status_code, client.post(path).status_code}
        # A view that accepts only POST answers 405 before it looks anything up.
        assert found in ({404}, {404, 405}), name


def test_members_without_the_permission_get_403(
    acmes: dict[str, int], member: User, client_of: Callable[..., Client]
) -> None:
    names = [name for name, (answers, _kind) in OURS.items() if answers is WITH_PERMISSION]
    assert statuses(client_of(member), acmes, names) == all_of_them(403, names)


# Parameters of queries and forms.
NAMES = (
    "q search status role site page format kind outcome again correct do action all confirmed selected seen-2 cell-2-0 but "
    "email first_name last_name description name country roles sites permissions as_typed use place redraw sheet "
    "asks_sheet encoding hidden_rows header_row shown chosen column-0 suggested-0 not_in_file name_order "
    "message sender_name reply_to language time_zone send send_date send_time"
).split()


# Python can't encode a surrogate for any database; what each of them does with the others differs.
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a\0@example.com", id="nul", marks=pytest.mark.servers),
        pytest.param("\ud800", id="surrogate"),
        pytest.param("9" * 5_000, id="large", marks=pytest.mark.servers),
    ],
)
def test_no_page_fails_for_values_that_a_database_cannot_store(
    text: str, acmes: dict[str, int], admin: User, client_of: Callable[..., Client]
) -> None:
    client, form = client_of(admin), "application/x-www-form-urlencoded"
    query = urlencode(dict.fromkeys(NAMES, text), errors="surrogatepass")
    for name in OURS:
        path = path_of(name, "acme", acmes)
        with undone():
            if not name.endswith("_events"):
                assert client.get(f"{path}?{query}").status_code < 500, name
            answer = client.post(path, query, content_type=form)
            assert answer.status_code < 500, name
            if answer.status_code != 405:
                # Everybody that the query finds is selected.
                answer = client.post(f"{path}?{query}", f"{query}&all=1", content_type=form, headers=HTMX)
                assert answer.status_code < 500, name


# They change nothing, whatever the method.
WORK_WHILE_SUSPENDED = {"directory:export"}
# Questions such as *Revoke this invitation?*
SAY_AT_ONCE_WHY_NOT = {
    *(f"directory:invitation_{act}" for act in ("again", "resend", "revoke", "schedule", "send_now", "unlist")),
    *(
        f"imports:batch_{act}"
        for act in ("delete", "stop", "resend", "schedule", "send_now", "undo", "invite_declined")
    ),
}


def test_nothing_changes_in_a_suspended_organization(
    acme: Organization, acmes: dict[str, int], admin: User, client_of: Callable[..., Client]
) -> None:
    Organization.objects.filter(pk=acme.pk).update(suspended_at=timezone.now())
    client = client_of(admin)
    client.get(reverse("shell:banners", args=["acme"]))
    before = everything_stored()

    for name in OURS:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            # As one sentence, without a page around it.
            response = client.generic(method, path_of(name, "acme", acmes), headers=HTMX)
            if name not in WORK_WHILE_SUSPENDED:
                assert response.status_code == 403, (name, method)
                assert "Acme is suspended." in response.text, (name, method)

    assert everything_stored() == before


def everything_stored() -> dict[str, list[dict[str, object]]]:
    """All rows of the two apps, but not when somebody was last seen."""
    models = [model for app in ("accounts", "invites") for model in apps.get_app_config(app).get_models()]
    found = {model.__name__: list(model._default_manager.order_by("pk").values()) for model in models}
    for row in found["Membership"]:
        del row["last_seen_at"]
    return found


def test_everything_can_be_seen_in_a_suspended_organization(
    acme: Organization, acmes: dict[str, int], admin: User, client_of: Callable[..., Client]
) -> None:
    client = client_of(admin)
    for name in [name for name in OURS if not name.endswith("_events")]:
        path = path_of(name, "acme", acmes)
        with undone():
            before = client.get(path).status_code
            Organization.objects.filter(pk=acme.pk).update(suspended_at=timezone.now())
            response = client.get(path)
        if name in SAY_AT_ONCE_WHY_NOT:
            assert response.status_code == 403, name
            assert "Acme is suspended." in response.text, name
        else:
            assert response.status_code == before, name


def test_nobody_sees_an_organization_that_is_being_deleted(
    acme: Organization, acmes: dict[str, int], admin: User, client_of: Callable[..., Client]
) -> None:
    Organization.objects.filter(pk=acme.pk).update(deletion_started_at=timezone.now())
    assert statuses(client_of(admin), acmes) == all_of_them(404)


@pytest.mark.parametrize("name", [name for name, (answers, _kind) in OURS.items() if answers is MEMBERS])
def test_some_pages_are_for_every_member(
    name: str, acmes: dict[str, int], member: User, client_of: Callable[..., Client]
) -> None:
    assert client_of(member).get(path_of(name, "acme", acmes)).status_code == 200


def test_an_operator_who_is_not_a_member_gets_404(acmes: dict[str, int], client_of: Callable[..., Client]) -> None:
    client = client_of(User.objects.create_superuser("operator@example.org", "a long enough password"))
    assert statuses(client, acmes) == all_of_them(404)


@pytest.mark.parametrize(("name", "answers"), [*OTHERS.items(), *SIGN_IN_PAGES.items()])
def test_addresses_outside_the_organizations(
    name: str,
    answers: Responses,
    member: User,
    outsider: User,
    client_of: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("config.health.CHECKS", {})
    path = reverse(name, args=ARGUMENTS.get(name))
    for user, expected in ((None, answers.nobody), (member, answers.member), (outsider, answers.outsider)):
        response = client_of(user).get(path)
        if name.startswith("acceptance:"):
            # Unknown invitations get the same response for everyone, and no error.
            assert response.status_code < 500
            continue
        assert response.status_code == expected
        if user is None and expected == 302 and name != "account_logout":
            assert response.headers["Location"].startswith(reverse(SIGN_IN))


def test_the_operator_site_is_closed_to_everyone_else(admin: User, client_of: Callable[..., Client]) -> None:
    routes = [each.route for each in FOUND if each.route.startswith("operators/")]
    assert len(routes) > 50
    nobody, somebody, sign_in = client_of(None), client_of(admin), reverse(SIGN_IN)
    of_operators = reverse("admin:login")
    assert nobody.get(of_operators).headers["Location"].split("?")[0] == sign_in
    for route in routes:
        path = "/" + route.replace("^(?P<app_label>account|accounts|invites)/$", "accounts/")
        path = path.replace("(?P<url>.*)$", "nothing")
        path = path.replace("<path:object_id>", "1").replace("<path:content_type_id>", "1")
        with undone():
            response = nobody.get(path)
            if response.headers.get("Location", "").split("?")[0] != of_operators:
                response = nobody.get(path, follow=True)
                assert response.request["PATH_INFO"] == sign_in or response.status_code == 405, path
            assert somebody.get(path, follow=True).status_code in (403, 405), path


@pytest.mark.parametrize(
    "found", [each for each in FOUND if each.route.startswith("mail/")], ids=lambda each: each.route
)
def test_the_development_inbox_is_closed_outside_development(
    found: FoundView, admin: User, client_of: Callable[..., Client]
) -> None:
    path = "/" + found.route.replace(
        "^sent/(?P<id>[0-9]{8}-[0-9]{6}-[0-9]{6}-[0-9a-f]{8})", "sent/20260101-000000-000000-abcdef01"
    )
    path = path.replace("(?P<n>[0-9]+)", "0").replace("$", "").replace("<int:n>", "0")
    path = path.replace("<str:group>", "a").replace("<str:name>", "b")
    assert settings.INBOX_OPEN is False
    for user in (None, admin):
        for method in ("GET", "POST"):
            assert client_of(user).generic(method, path).status_code in (403, 404, 405)


@pytest.mark.parametrize(
    "found", [each for each in FOUND if each.route.startswith("webhooks/")], ids=lambda each: each.route
)
def test_nobody_without_the_secret_reports_a_bounce(
    found: FoundView, admin: User, client_of: Callable[..., Client]
) -> None:
    for user in (None, admin):
        assert client_of(user).get(f"/{found.route}").status_code == 405
        for header in ({}, {"Authorization": "Basic cHJvdmlkZXI6Z3Vlc3NlZA=="}):
            answer = client_of(user).post(f"/{found.route}", {}, "application/json", headers=header)
            assert answer.status_code == 400
