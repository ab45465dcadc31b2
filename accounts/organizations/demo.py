"""The demo: two organizations with members who share a password."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Membership, Organization, Role, Site, User
from accounts.organizations.organizations import (
    ORG_ADMIN,
    PROJECT_MANAGER,
    READ_ONLY,
    create_organization,
    sort_permissions,
)
from accounts.organizations.signals import demo_created
from accounts.permissions import Permission

ADMIN_EMAIL = "admin@example.com"


@dataclass(frozen=True)
class DemoRole:
    """A custom role of the organization, besides the three default ones."""

    name: str
    description: str
    permissions: frozenset[Permission]


@dataclass(frozen=True)
class DemoPerson:
    """A member. `seen` is how long ago they were last seen, or None if never since joining.

    `deactivated` is how long ago they were deactivated; None if they are active.
    """

    email: str
    first_name: str
    last_name: str
    roles: tuple[str, ...]
    sites: tuple[str, ...] = ()  # none: all sites
    description: str = ""
    seen: timedelta | None = None
    deactivated: timedelta | None = None


@dataclass(frozen=True)
class DemoOrganization:
    """An organization of the demo. The first of its people is its admin."""

    name: str
    slug: str
    people: Sequence[DemoPerson]
    sites: Sequence[tuple[str, str]]
    roles: Sequence[DemoRole] = field(default=())
    time_zone: str = "UTC"


FIELD_WORKER = DemoRole(
    "Field worker",
    "Enters and corrects work on their sites.",
    frozenset({Permission.VIEW_WORK, Permission.EDIT_WORK}),
)
AUDITOR = DemoRole(
    "Auditor",
    "Sees users and work, and exports data.",
    frozenset({Permission.VIEW_USERS, Permission.VIEW_WORK, Permission.EXPORT_DATA}),
)
DISPATCHER = DemoRole(
    "Dispatcher",
    "Plans and reviews work, and sees users.",
    frozenset({Permission.VIEW_USERS, Permission.VIEW_WORK, Permission.EDIT_WORK, Permission.REVIEW_WORK}),
)

ACME = DemoOrganization(
    name="Acme",
    slug="acme",
    time_zone="Europe/Paris",
    roles=(FIELD_WORKER, AUDITOR),
    sites=(
        ("Lyon depot", "France"),
        ("Ghent harbor", "Belgium"),
        ("Turin works", "Italy"),
        ("Porto yard", "Portugal"),
        ("Oslo substation", "Norway"),
        ("Bergen quay", "Norway"),
        ("Gdańsk terminal", "Poland"),
        ("Nairobi office", "Kenya"),
    ),
    people=(
        DemoPerson(ADMIN_EMAIL, "Ines", "Martin", (ORG_ADMIN,), seen=timedelta(minutes=20)),
        DemoPerson(
            "amara.okafor@example.com",
            "Amara",
            "Okafor",
            (PROJECT_MANAGER,),
            ("Lyon depot", "Porto yard"),
            "Leads the southern region",
            timedelta(hours=2),
        ),
        DemoPerson(
            "ben.lindqvist@example.com", "Ben", "Lindqvist", (READ_ONLY,), ("Oslo substation",), seen=timedelta(days=1)
        ),
        DemoPerson(
            "elif.yilmaz@example.com",
            "Elif",
            "Yılmaz",
            (ORG_ADMIN,),
            description="Stands in for Ines",
            seen=timedelta(hours=5),
        ),
        DemoPerson(
            "gustav.berg@example.com",
            "Gustav",
            "Berg",
            (PROJECT_MANAGER, AUDITOR.name),
            ("Oslo substation", "Bergen quay"),
            seen=timedelta(days=10),
        ),
        DemoPerson(
            "nguyen.thi.mai@example.com",
            "Mai",
            "Nguyễn",
            (FIELD_WORKER.name,),
            ("Lyon depot",),
            "Night shift, substation crew",
            timedelta(minutes=50),
        ),
        DemoPerson(
            "wanjiru.kamau@example.com",
            "Wanjirũ",
            "Kamau",
            (FIELD_WORKER.name,),
            ("Nairobi office",),
            seen=timedelta(days=3),
        ),
        DemoPerson(
            "lukasz.wojcik@example.com",
            "Łukasz",
            "Wójcik",
            (FIELD_WORKER.name,),
            ("Gdańsk terminal", "Bergen quay", "Ghent harbor"),
            "Crane operator",
            timedelta(days=1, hours=4),
        ),
        DemoPerson(
            "sofia.conti@example.com",
            "Sofia",
            "Conti",
            (AUDITOR.name,),
            description="From the auditors, until March",
            seen=timedelta(days=33),
        ),
        DemoPerson(
            "joao.figueiredo@example.com",
            "João",
            "Figueiredo",
            (READ_ONLY,),
            ("Porto yard",),
            seen=timedelta(days=6),
            deactivated=timedelta(days=5),
        ),
        DemoPerson(
            "hana.kobayashi@example.com", "Hana", "Kobayashi", (READ_ONLY,), ("Turin works", "Lyon depot"), seen=None
        ),
        DemoPerson(
            "omar.el-sayed@example.com",
            "Omar",
            "El-Sayed",
            (FIELD_WORKER.name,),
            ("Turin works",),
            "Welding and inspection",
            timedelta(days=2),
        ),
    ),
)

GLOBEX = DemoOrganization(
    name="Globex",
    slug="globex",
    time_zone="Europe/Amsterdam",
    roles=(DISPATCHER,),
    sites=(("Rotterdam hub", "Netherlands"), ("Leipzig hub", "Germany"), ("Valencia hub", "Spain")),
    people=(
        DemoPerson("admin@globex.example.com", "Henk", "de Vries", (ORG_ADMIN,), seen=timedelta(hours=3)),
        DemoPerson(
            "clara.schulz@globex.example.com",
            "Clara",
            "Schulz",
            (DISPATCHER.name,),
            ("Leipzig hub", "Rotterdam hub"),
            seen=timedelta(days=1),
        ),
        DemoPerson(
            "pablo.garcia@globex.example.com",
            "Pablo",
            "García",
            (READ_ONLY,),
            ("Valencia hub",),
            seen=timedelta(days=8),
        ),
    ),
)


def demo_password() -> str:
    """The password of all members of the demo.

    `DEMO_PASSWORD` sets it. Otherwise it is generated once and kept in DATA_DIR/demo-password, which only the owner can
    read.
    """
    if chosen := os.environ.get("DEMO_PASSWORD"):
        return chosen
    path = _password_file()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Created with its mode, so that others can never read it.
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(_new_password() + "\n")
    return path.read_text().strip()


def sign_in_hint() -> str | None:
    """How to sign in to the demo, without a period at the end; None if there is no demo.

    Doesn't show the password if the admin has changed it.
    """
    admin = User.objects.filter(email=ADMIN_EMAIL, memberships__organization__slug=ACME.slug).first()
    if admin is None or not (os.environ.get("DEMO_PASSWORD") or _password_file().exists()):
        return None
    password = demo_password()
    if not admin.check_password(password):
        return f"Sign in as {ADMIN_EMAIL} with the password you have set."
    return f"Sign in as {ADMIN_EMAIL} with the password {password}"


@transaction.atomic
def seed_demo() -> tuple[Organization, ...]:
    """Create Acme and Globex with their people. Existing rows are not changed."""
    organizations = tuple(_seed(each) for each in (ACME, GLOBEX))
    _set_passwords((person.email for each in (ACME, GLOBEX) for person in each.people), demo_password())
    return organizations


def _seed(demo: DemoOrganization) -> Organization:
    organization = Organization.objects.filter(slug=demo.slug).first()
    if organization is None:
        organization = create_organization(demo.name, demo.slug, time_zone=demo.time_zone)
        _add_roles(organization, demo.roles)
        Site.objects.bulk_create(
            Site(organization=organization, name=name, country=country) for name, country in demo.sites
        )
        _add_people(organization, demo.people)
        demo_created.send(sender=Organization, organization=organization)
    return organization


def _add_roles(organization: Organization, roles: Iterable[DemoRole]) -> None:
    Role.objects.bulk_create(
        Role(
            organization=organization,
            name=role.name,
            description=role.description,
            permissions=sort_permissions(frozenset(each.value for each in role.permissions)),
        )
        for role in roles
    )


def _add_people(organization: Organization, people: Iterable[DemoPerson]) -> None:
    roles = {role.name: role for role in organization.roles.all()}
    sites = {site.name: site for site in organization.sites.all()}
    now = timezone.now()
    for number, person in enumerate(people):
        user, _created = User.objects.get_or_create(
            email=person.email,
            defaults={"first_name": person.first_name, "last_name": person.last_name, "password": "!"},
        )
        membership = Membership.objects.create(
            user=user,
            organization=organization,
            all_sites=not person.sites,
            description=person.description,
            joined_at=now - timedelta(days=200 - 9 * number),
            last_seen_at=now - person.seen if person.seen is not None else None,
            deactivated_at=now - person.deactivated if person.deactivated is not None else None,
        )
        membership.roles.set(roles[name] for name in person.roles)
        membership.sites.set(sites[name] for name in person.sites)


def _set_passwords(emails: Iterable[str], password: str) -> None:
    """Set the password of users who have none, and with `DEMO_PASSWORD` of all users.

    All share one hash, because hashing is slow on purpose. Only `DEMO_PASSWORD` replaces a password that a user chose.
    """
    users = list(User.objects.filter(email__in=list(emails)))
    overrule = bool(os.environ.get("DEMO_PASSWORD"))
    known: dict[str, bool] = {}
    stale: list[User] = []
    for user in users:
        if not user.has_usable_password():
            stale.append(user)
        elif overrule:
            if user.password not in known:
                known[user.password] = user.check_password(password)
            if not known[user.password]:
                stale.append(user)
    if stale:
        first = User()
        first.set_password(password)
        User.objects.filter(pk__in=[user.pk for user in stale]).update(password=first.password)


def _password_file() -> Path:
    return Path(settings.DATA_DIR) / "demo-password"


def _new_password() -> str:
    """About 77 bits, without letters that look alike, so that it is easy to type."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))
