"""The command `create_organization`."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Membership, Organization, User

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def found(monkeypatch: pytest.MonkeyPatch, *arguments: str, password: str = PASSWORD) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
    out = io.StringIO()
    call_command("create_organization", *arguments, stdout=out)
    return out.getvalue()


def test_the_first_admin_can_do_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    told = found(monkeypatch, "Initech", "--slug", "initech", "--admin", "Ines@Initech.example", "--first-name", "Ines")

    membership = Membership.objects.get(organization__slug="initech")
    assert told == "Created Initech. Its admin is ines@initech.example.\n"
    assert [role.name for role in membership.roles.all()] == ["Org Admin"]
    assert membership.all_sites
    assert membership.user.check_password(PASSWORD)
    assert sorted(role.name for role in membership.organization.roles.all()) == [
        "Org Admin",
        "Project manager",
        "ReadOnly",
    ]


def test_a_user_with_an_account_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    user = User.objects.create_user("ines@initech.example", PASSWORD)

    found(monkeypatch, "Initech", "--slug", "initech", "--admin", "ines@initech.example", password="")

    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert user.memberships.get().organization.name == "Initech"


def test_the_organization_is_in_its_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, "Initech", "--slug", "initech", "--admin", "ines@initech.example", "--time-zone", "Asia/Tokyo")

    assert str(Organization.objects.get().zone) == "Asia/Tokyo"


def test_the_name_of_an_organization_is_not_a_link(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="link"):
        found(monkeypatch, "evil．com", "--slug", "new", "--admin", "a@b.example")

    assert not Organization.objects.filter(slug="new").exists()


@pytest.mark.parametrize(
    ("arguments", "password", "sentence"),
    [
        (("--slug", "acme", "--admin", "a@b.example"), PASSWORD, "already"),
        (("--slug", "a b", "--admin", "a@b.example"), PASSWORD, "slug"),
        (("--slug", "new", "--admin", "nobody"), PASSWORD, "email"),
        (("--slug", "new", "--admin", "a@b.example", "--first-name", "evil．com"), PASSWORD, "link"),
        (("--slug", "new", "--admin", "a@b.example", "--last-name", "evil.com"), PASSWORD, "link"),
        (("--slug", "new", "--admin", "a@b.example"), "short", "12 characters"),
        (("--slug", "new", "--admin", "a@b.example", "--time-zone", "Paris"), PASSWORD, "Europe/Paris"),
    ],
)
def test_creates_nothing_if_something_is_wrong(
    monkeypatch: pytest.MonkeyPatch, acme: Organization, arguments: tuple[str, ...], password: str, sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        found(monkeypatch, "New", *arguments, password=password)

    assert Organization.objects.count() == 1
    assert not User.objects.exists()


def test_the_address_is_stored_as_sign_in_looks_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, "Initech", "--slug", "initech", "--admin", "Ivan@xn--e1afmkfd.xn--p1ai")

    assert User.objects.get().email == "ivan@пример.рф"
