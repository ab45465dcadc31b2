"""The admin site for operators: they look things up and deactivate accounts, and see no secrets."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.contrib import admin as django_admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters, ModelAdmin
from django.core.exceptions import SuspiciousOperation
from django.core.management import call_command
from django.db.models import Model
from django.http import HttpRequest, QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Organization, User
from invites.models import AccessGrant, BlockedAddress, Invitation
from tests.members import PASSWORD
from tests.pages import words_of

REGISTERED = sorted(django_admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator@example.org", PASSWORD)


@pytest.fixture
def client(operator: User, client_of: Callable[..., Client]) -> Client:
    return client_of(operator)


@pytest.fixture
def invitation(acme: Organization) -> Invitation:
    return Invitation.objects.create(
        organization=acme,
        grant=AccessGrant.objects.create(organization=acme),
        email="chiara@people.example.com",
        email_key="chiara@people.example.com",
        token_seed="5eed5eed5eed5eed5eed5eed5eed5eed",
        token_hash="a5" * 32,
        expires_at=timezone.now() + timedelta(days=1),
    )


def test_operators_can_look_up_these_models() -> None:
    assert {model._meta.label_lower for model in REGISTERED} == {
        "accounts.user",
        "accounts.organization",
        "accounts.role",
        "accounts.site",
        "accounts.membership",
        "invites.batch",
        "invites.row",
        "invites.batchchunk",
        "invites.invitation",
        "invites.blockedaddress",
    }


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_lists_and_pages_open(
    model: type[Model], client: Client, member_membership: Membership, invitation: Invitation
) -> None:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert client.get(reverse(f"{name}_changelist"), {"q": "acme"}).status_code == 200
    for thing in model._default_manager.all()[:1]:
        assert client.get(reverse(f"{name}_change", args=[thing.pk])).status_code == 200


@pytest.mark.parametrize(
    "model", [each for each in REGISTERED if each is not Organization], ids=lambda model: model._meta.label
)
def test_operators_add_and_delete_nothing_else(
    model: type[Model], client: Client, member_membership: Membership
) -> None:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert client.post(reverse(f"{name}_add")).status_code == 403
    for thing in model._default_manager.all()[:1]:
        assert client.post(reverse(f"{name}_delete", args=[thing.pk]), {"post": "yes"}).status_code == 403


def test_roles_and_memberships_are_only_read(client: Client, member_membership: Membership) -> None:
    role = member_membership.roles.get()
    for name, thing in (
        ("role", role),
        ("membership", member_membership),
    ):
        path = reverse(f"admin:accounts_{name}_change", args=[thing.pk])
        assert client.post(path, {"name": "Other", "all_sites": "on"}).status_code == 403
    member_membership.refresh_from_db()
    assert not member_membership.all_sites


def test_no_password_and_no_token_is_shown(client: Client, member: User, invitation: Invitation) -> None:
    pages = [
        client.get(reverse("admin:accounts_user_changelist")),
        client.get(reverse("admin:accounts_user_change", args=[member.pk])),
        client.get(reverse("admin:invites_invitation_changelist")),
        client.get(reverse("admin:invites_invitation_change", args=[invitation.pk])),
    ]
    for page in pages:
        shown = page.content.decode()
        assert page.status_code == 200
        for secret in (member.password, member.password.split("$")[-1], invitation.token_seed, invitation.token_hash):
            assert secret not in shown


def test_an_account_can_be_deactivated_and_its_address_stays(client: Client, member: User) -> None:
    path = reverse("admin:accounts_user_change", args=[member.pk])
    data = {
        "first_name": "Mara",
        "last_name": "Conti",
        "email": "other@example.com",
        "is_superuser": "on",
        "is_staff": "on",
    }
    assert client.post(path, data).status_code == 302
    member.refresh_from_db()
    assert not member.is_active
    assert (member.email, member.is_superuser, member.is_staff) == ("member@example.com", False, False)


SECRETS = ("password", "token_seed", "token_hash", "organizations__memberships__user__password", "inviter__password")
SENSELESS_LOOKUPS = ("__regex", "__iregex", "__id__regex", "__exact", "__isnull", "__id__exact", "__year", "__month")
SENSELESS_VALUES = ("(", "%00", "9" * 30, f"-{'9' * 30}", "%ed%a0%80x")
SENSELESS_LISTS = (f"1,{'9' * 30}", f"{'9' * 11},{'9' * 21}", ",".join(["1"] * 20_000), ",", "x,1", "1,%00")
LOOKUPS = ("", "__exact", "__startswith", "__gte", "__contains", "__regex", "__in", "__isnull", "__range")


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_a_list_accepts_only_the_filters_that_it_offers(
    model: type[Model], client: Client, member_membership: Membership
) -> None:
    page = django_admin.site._registry[model]
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    fields = [field.name for field in model._meta.get_fields()]
    offered = {*page.list_filter, page.date_hierarchy}
    others = sorted({*fields, *SECRETS} - offered)
    request = client.get(path).wsgi_request

    for field, lookup in product(others, LOOKUPS):
        request.GET = QueryDict(f"{field}{lookup}=1")
        with pytest.raises(DisallowedModelAdminLookup):
            page.get_changelist_instance(request)
    assert client.get(path, {others[0]: "1"}).status_code == 400


def ask(page: ModelAdmin[Any], request: HttpRequest, query: str) -> None:
    """What the page would show, but not the page. The expected errors lead to 302 and 400."""
    request.GET = QueryDict(query)
    with suppress(IncorrectLookupParameters, SuspiciousOperation):
        shown = page.get_changelist_instance(request)
        assert len(shown.result_list) >= 0
        assert all(list(spec.choices(shown)) for spec in shown.filter_specs)


@pytest.mark.servers
@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_an_invalid_filter_causes_no_server_error(
    model: type[Model], client: Client, member_membership: Membership
) -> None:
    page = django_admin.site._registry[model]
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    fields = [field for field in (*page.list_filter, page.date_hierarchy) if field]

    asked = [
        *product(fields, SENSELESS_LOOKUPS, SENSELESS_VALUES),
        *product(fields, ("__in", "__id__in"), SENSELESS_LISTS),
    ]

    request = client.get(path).wsgi_request

    for field, lookup, value in asked:
        if field == page.date_hierarchy:
            answer = client.get(f"{path}?{field}{lookup}={value}")
            assert answer.status_code in (200, 302, 400), (field, lookup, value)
            continue
        ask(page, request, f"{field}{lookup}={value}")
    for field in fields[:1]:
        assert client.get(f"{path}?{field}__regex=(").status_code == 400


UNUSUAL_QUERIES = {
    # No database sorts by more than 2,000 columns.
    "o": ("9" * 30, "9" * 5_000, "-1.2.x", ".".join(["1"] * 2_100), "--1", "%00"),
    "all": ("", "x"),
    "e": ("1", "x"),
    "_to_field": ("id", "password", "x", "%00"),
    "_popup": ("1", "x"),
    "_facets": ("True", "x"),
    "q": ("%00",),
    "p": ("9" * 30,),
}
UNUSUAL_KEYS = ("9" * 30, "-1", "x", "_00", "%00", "%ed%a0%80", "1_2C2", "1" * 5_000)


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_no_query_of_a_list_causes_a_server_error(
    model: type[Model], client: Client, member_membership: Membership, invitation: Invitation
) -> None:
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    # The template looks at them again. The first ones are sent together, because the page opens all the same.
    together = ("all", "e", "_popup", "_facets")
    for number, order in enumerate(UNUSUAL_QUERIES["o"]):
        query = "&".join(f"{name}={UNUSUAL_QUERIES[name][number % 2]}" for name in together)
        assert client.get(f"{path}?o={order}&{query}").status_code == 200, (order[:50], query)
    for name in UNUSUAL_QUERIES.keys() - {"o", *together}:
        for value in UNUSUAL_QUERIES[name]:
            assert client.get(f"{path}?{name}={value}").status_code in (200, 302, 400), (name, value[:50])
    # The three pages look the object up in the same way. Together, the models ask for each key on each page.
    for number, key in enumerate(UNUSUAL_KEYS, start=REGISTERED.index(model)):
        page = ("change", "history", "delete")[number % 3]
        assert client.get(f"{path}{key}/{page}/").status_code in (302, 400, 403, 404), (key[:50], page)


@pytest.mark.servers
@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_no_query_of_a_list_is_refused_by_the_database(
    model: type[Model], client: Client, member_membership: Membership, invitation: Invitation
) -> None:
    its_list = django_admin.site._registry[model]
    request = client.get(reverse("admin:index")).wsgi_request
    many_words, one_word = "+".join(["a"] * 3_000), "x" * 60_000
    for name, values in UNUSUAL_QUERIES.items():
        for value in values:
            ask(its_list, request, f"{name}={value}")
    for text in (many_words, one_word, "%ed%a0%80", '"', "'", "%25", "_", "+".join(['"a']) * 3_000):
        ask(its_list, request, f"q={text}")
    for number in ("9" * 5_000, "-1", "0", "x", "1.5", "%00"):
        ask(its_list, request, f"p={number}")


def test_a_refused_filter_is_not_logged_as_an_error(
    client: Client, member_membership: Membership, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.get("/operators/accounts/user/", {"password__startswith": "a"}).status_code == 400

    formatter = next(each.formatter for each in logging.getLogger().handlers if each.name == "stderr")
    assert formatter is not None
    lines = [formatter.format(record) for record in caplog.records]
    assert any("Filtering by password__startswith not allowed" in line for line in lines)
    assert not [line for line in lines if "Traceback" in line or "error" in line]


def test_a_search_finds_rows_that_match_several_words(client: Client, member: User) -> None:
    found = client.get("/operators/accounts/user/", {"q": "member example"})

    assert member.email in found.content.decode()


def test_the_offered_filters_work(client: Client, member_membership: Membership, invitation: Invitation) -> None:
    lists: list[tuple[str, dict[str, str | int]]] = [
        ("accounts_user", {"is_active__exact": "1", "organizations__id__exact": member_membership.organization_id}),
        (
            "accounts_membership",
            {"organization__id__exact": member_membership.organization_id, "all_sites__exact": "0"},
        ),
        (
            "invites_invitation",
            {"state__exact": "pending", "organization__id__exact": member_membership.organization_id},
        ),
        ("invites_batch", {"created_at__year": "2026", "created_at__month": "1", "state__exact": "inviting"}),
        ("invites_row", {"outcome__exact": "problem", "reason": "x"}),
        ("accounts_site", {"organization__id__in": f"{member_membership.organization_id},7"}),
    ]
    for path, offered in lists:
        assert client.get(reverse(f"admin:{path}_changelist"), offered).status_code == 200, path


@pytest.mark.parametrize("field", ["first_name", "last_name"])
def test_an_operator_cannot_turn_a_name_into_a_link(client: Client, member: User, field: str) -> None:
    data = {"first_name": "Mara", "last_name": "Conti", "is_active": "on", field: "evil．com"}

    page = client.post(reverse("admin:accounts_user_change", args=[member.pk]), data)

    assert "This would become a link in emails." in words_of(page)
    member.refresh_from_db()
    assert getattr(member, field) != "evil．com"


def test_operators_sign_in_on_the_normal_page(operator: User, client_of: Callable[..., Client]) -> None:
    """The admin's own page doesn't count attempts."""
    client = client_of(None)
    page = client.get("/operators/", follow=True)
    assert page.request["PATH_INFO"] == "/accounts/login/"
    assert "Forgot your password?" in words_of(page)
    client.post("/operators/login/", {"username": operator.email, "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    signed_in = client.post("/accounts/login/", {"login": operator.email, "password": PASSWORD, "next": "/operators/"})
    assert signed_in.headers["Location"] == "/operators/"
    assert client.get("/operators/").status_code == 200


def test_operators_change_their_password_on_the_normal_page(client: Client, operator: User) -> None:
    """The admin's own page doesn't count guesses of the current password."""
    change = {"new_password1": "a few other words", "new_password2": "a few other words"}

    answers = [client.get("/operators/password_change/")]
    answers += [client.post("/operators/password_change/", {"old_password": PASSWORD, **change}) for _ in range(10)]

    assert {answer.headers.get("Location") for answer in answers} == {"/accounts/password/change/"}
    operator.refresh_from_db()
    assert operator.check_password(PASSWORD)
    wrong = {"oldpassword": "guessed", "password1": "a few other words"}
    pages = [client.post("/accounts/password/change/", wrong) for _ in range(6)]
    assert [page.status_code for page in pages] == [200, 200, 200, 200, 200, 429]


def test_an_org_admin_is_not_an_operator(admin: User, client_of: Callable[..., Client]) -> None:
    assert client_of(admin).get("/operators/", follow=True).status_code == 403


def test_createsuperuser_makes_an_operator(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", interactive=False, email="Root@Example.org", verbosity=0)
    made = User.objects.get(email="root@example.org")
    assert made.is_staff
    assert made.is_superuser
    assert made.check_password(PASSWORD)


def test_an_operator_lifts_the_block_of_an_address(client: Client, operator: User, acme: Organization) -> None:
    block = BlockedAddress.objects.create(email_key="abuse@people.example.com", organization=acme)
    page = reverse("admin:invites_blockedaddress_changelist")
    assert "abuse@people.example.com" in client.get(page).content.decode()

    answer = client.post(page, {"action": "lift", "_selected_action": [block.pk]}, follow=True)

    assert "1 lifted." in answer.content.decode()
    block.refresh_from_db()
    assert (block.lifted_by, block.lifted_at is not None) == (operator, True)
    assert client.post(page, {"action": "delete_selected", "_selected_action": [block.pk], "post": "yes"})
    assert BlockedAddress.objects.count() == 1
