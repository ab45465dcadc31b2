"""The demo: its content, and that seeding it again changes nothing."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import serializers
from django.core.management import call_command

from accounts.models import Membership, Organization, Role, Site, User
from accounts.organizations.demo import demo_password, seed_demo, sign_in_hint
from accounts.organizations.signals import demo_created
from accounts.permissions import all_permissions

PASSWORD = "only for looking at"


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("DEMO_PASSWORD", raising=False)
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", PASSWORD)


def everything() -> list[str]:
    """Every row of this app, in full."""
    models: tuple[Any, ...] = (User, Organization, Role, Site, Membership)
    return [serializers.serialize("json", model.objects.order_by("pk")) for model in models]


@pytest.mark.usefixtures("db", "chosen")
def test_acme_has_what_the_tour_shows() -> None:
    seed_demo()
    acme = Organization.objects.get(slug="acme")
    assert acme.name == "Acme"
    assert [role.name for role in acme.roles.filter(is_default=True)] == ["Org Admin", "Project manager", "ReadOnly"]
    assert [role.name for role in acme.roles.filter(is_default=False)] == ["Auditor", "Field worker"]
    assert all(
        set(role.permissions) < all_permissions() and role.permissions for role in acme.roles.filter(is_default=False)
    )
    assert acme.sites.count() == 8
    assert acme.sites.filter(name="Lyon depot").exists()
    assert acme.memberships.count() == 12
    assert all(
        member.roles.exists() and (member.all_sites or member.sites.exists()) for member in acme.memberships.all()
    )


@pytest.mark.usefixtures("db", "chosen")
def test_each_organization_has_an_admin_of_its_own() -> None:
    seed_demo()
    for slug, email in (("acme", "admin@example.com"), ("globex", "admin@globex.example.com")):
        (membership,) = User.objects.get(email=email).memberships.all()
        assert membership.organization.slug == slug
        assert membership.permissions() == all_permissions()
        assert membership.all_sites


@pytest.mark.usefixtures("db", "chosen")
def test_seeding_twice_changes_nothing() -> None:
    seed_demo()
    before = everything()
    seed_demo()
    assert everything() == before


@pytest.mark.usefixtures("db")
def test_seeding_twice_changes_nothing_without_a_chosen_password_either() -> None:
    seed_demo()
    before = everything()
    seed_demo()
    assert everything() == before


@pytest.mark.usefixtures("db", "chosen")
def test_seeding_again_keeps_what_was_edited_or_removed() -> None:
    seed_demo()
    Site.objects.filter(name="Lyon depot").update(name="Lyon north")
    Membership.objects.filter(user__email="omar.el-sayed@example.com").delete()
    seed_demo()
    assert not Site.objects.filter(name="Lyon depot").exists()
    assert not Membership.objects.filter(user__email="omar.el-sayed@example.com").exists()


@pytest.mark.usefixtures("db", "chosen")
def test_everyone_signs_in_with_the_chosen_password() -> None:
    seed_demo()
    assert all(user.check_password(PASSWORD) for user in User.objects.all())
    assert sign_in_hint() == f"Sign in as admin@example.com with the password {PASSWORD}"


@pytest.mark.usefixtures("db")
def test_another_chosen_password_replaces_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for password in (PASSWORD, "another one to look at"):
        monkeypatch.setenv("DEMO_PASSWORD", password)
        seed_demo()
        assert User.objects.get(email="admin@example.com").check_password(password)


@pytest.mark.usefixtures("db")
def test_an_empty_password_changes_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    seed_demo()
    user = User.objects.get(email="admin@example.com")
    user.set_password("a choice of one's own")
    user.save()
    monkeypatch.setenv("DEMO_PASSWORD", "")

    seed_demo()

    user.refresh_from_db()
    assert user.check_password("a choice of one's own")


@pytest.mark.usefixtures("db")
def test_a_password_is_generated_once_and_only_the_owner_can_read_it(data_dir: Path) -> None:
    seed_demo()
    password = demo_password()
    assert len(password) >= 16
    assert demo_password() == password
    assert User.objects.get(email="admin@example.com").check_password(password)
    assert stat.S_IMODE((data_dir / "demo-password").stat().st_mode) == 0o600


@pytest.mark.usefixtures("db")
def test_a_password_that_a_user_has_set_is_neither_changed_nor_printed() -> None:
    seed_demo()
    admin = User.objects.get(email="admin@example.com")
    admin.set_password("a password of my own")
    admin.save()
    seed_demo()
    admin.refresh_from_db()
    assert admin.check_password("a password of my own")
    assert sign_in_hint() == "Sign in as admin@example.com with the password you have set."


@pytest.mark.usefixtures("db")
def test_gives_no_hint_without_a_demo() -> None:
    assert sign_in_hint() is None


@pytest.mark.usefixtures("db", "chosen")
def test_the_command_prints_what_exists_and_how_to_sign_in() -> None:
    out = StringIO()
    call_command("seed_demo", stdout=out)
    assert out.getvalue().splitlines() == [
        "Acme: 12 members",
        "Globex: 3 members",
        f"Sign in as admin@example.com with the password {PASSWORD}",
    ]
    out = StringIO()
    call_command("seed_demo", quiet=True, stdout=out)
    assert out.getvalue() == ""


@pytest.fixture
def founded() -> Iterator[list[str]]:
    """The organizations that other apps were notified of."""
    told: list[str] = []

    def listen(organization: Organization, **_more: Any) -> None:
        told.append(f"{organization.slug}: {organization.memberships.count()}")

    demo_created.connect(listen)
    yield told
    demo_created.disconnect(listen)


@pytest.mark.usefixtures("db", "chosen")
def test_other_apps_are_notified_once_after_the_people_exist(founded: list[str]) -> None:
    seed_demo()
    seed_demo()
    assert founded == ["acme: 12", "globex: 3"]
