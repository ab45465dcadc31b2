"""The organizations that `benchmarks.users` measures. Django has to be set up before this is imported."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Max, Model
from django.utils import timezone

from accounts.models import Membership, Organization, Role, Site, User
from accounts.organizations.organizations import add_first_admin, create_organization
from benchmarks.files import people
from invites.imports.bulk_insert import insert_records
from invites.imports.selectors.summary import outcome_counts
from invites.models import AccessGrant, Batch, Invitation, Row

SITES = 40
BLOCK = 5_000
Rows = Sequence[Sequence[str]]


def settle() -> None:
    """What autovacuum, and SQLite after a while, do on their own."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)" if connection.vendor == "postgresql" else "PRAGMA optimize")


@transaction.atomic
def stored_organization(size: int) -> Membership:
    """An organization of as many people: six of ten are members, and every tenth invitation has expired."""
    dice = random.Random(size)  # noqa: S311 - the same people every time
    organization = create_organization(name=f"Bench {size}", slug=f"bench-{size}")
    admin = User.objects.create_user(f"admin{size}@bench.example.com", "bench", first_name="Ada", last_name="Admin")
    viewer = add_first_admin(organization, admin)
    for name in ("Field worker", "Night shift"):
        Role.objects.create(organization=organization, name=name, permissions=["work.view"])
    roles = {role.name: role for role in organization.roles.all()}
    sites = Site.objects.bulk_create(Site(organization=organization, name=f"Site {n:02}") for n in range(SITES))
    grants = []
    for number in range(60):
        grant = AccessGrant.objects.create(organization=organization, all_sites=number % 10 == 0)
        grant.roles.set([roles["Night shift" if number == 1 else "Field worker" if number % 5 == 0 else "ReadOnly"]])
        grant.sites.set([] if grant.all_sites else dice.sample(sites, 2))
        grants.append(grant)

    rows = [[f"person.{number}@b{size}.example.com", *row[1:]] for number, row in enumerate(people(size - 1, bad=0))]
    members = size * 6 // 10
    batch = Batch.objects.create(
        organization=organization, inviter=admin, grant=grants[0], state=Batch.State.DONE, file_name="team.csv"
    )
    imported = _store_import(batch, rows, members)
    _store_members(organization, rows[:members], roles, sites, dice)
    _store_invitations(batch, rows[members:], imported[members:], grants)
    return viewer


def _store_import(batch: Batch, rows: Rows, members: int) -> list[Row]:
    imported = [
        Row(
            batch=batch,
            number=number,
            line=number,
            email=row[0],
            email_key=row[0],
            first_name=row[1],
            last_name=row[2],
            description=row[3],
            outcome="skipped" if number < members + 2 else "invited",
            reason="already_member" if number < members + 2 else "",
        )
        for number, row in enumerate(rows, start=2)
    ]
    _store(imported)
    batch.outcome_counts = outcome_counts(batch)
    batch.save()
    return imported


def _store_members(
    organization: Organization, rows: Rows, roles: dict[str, Role], sites: Sequence[Site], dice: random.Random
) -> None:
    now = timezone.now()
    users = [User(email=row[0], first_name=row[1], last_name=row[2]) for row in rows]
    _store(users)
    memberships = [
        Membership(
            user=user,
            organization=organization,
            first_name=user.first_name,
            last_name=user.last_name,
            description=row[3],
            all_sites=number % 20 == 0,
            last_seen_at=now - timedelta(minutes=number),
        )
        for number, (user, row) in enumerate(zip(users, rows, strict=True))
    ]
    _store(memberships)
    with_role = [
        (each.pk, roles["Night shift" if n % 2_000 == 0 else "Field worker" if n % 6 == 0 else "ReadOnly"].pk)
        for n, each in enumerate(memberships)
    ]
    insert_records(Membership.roles.through._meta.db_table, ("membership_id", "role_id"), with_role)
    with_site = [(each.pk, site.pk) for each in memberships if not each.all_sites for site in dice.sample(sites, 2)]
    insert_records(Membership.sites.through._meta.db_table, ("membership_id", "site_id"), with_site)


def _store_invitations(batch: Batch, rows: Rows, imported: Sequence[Row], grants: Sequence[AccessGrant]) -> None:
    now = timezone.now()
    _store(
        [
            Invitation(
                organization=batch.organization,
                grant=grants[number % len(grants)],
                inviter=batch.inviter,
                batch=batch,
                row=staged,
                email=row[0],
                email_key=row[0],
                first_name=row[1],
                last_name=row[2],
                description=row[3],
                token_seed=f"{batch.pk}-{number}",
                token_hash=f"{batch.pk}-{number}",
                mail_state="sent",
                mail_finished_at=now,
                expires_at=now + timedelta(days=-1 if number % 10 == 0 else 7),
            )
            for number, (row, staged) in enumerate(zip(rows, imported, strict=True))
        ]
    )


def _store(objects: Sequence[Model]) -> None:
    """The same as `bulk_create`, in a fraction of the time. The objects get their ids."""
    model = type(objects[0])
    first = (model._base_manager.aggregate(last=Max("pk"))["last"] or 0) + 1
    for pk, each in enumerate(objects, first):
        each.pk = pk
    # The database fills in the others.
    fields = [field for field in model._meta.concrete_fields if field.has_default() or not field.has_db_default()]
    for start in range(0, len(objects), BLOCK):
        records = [
            [field.get_db_prep_save(field.pre_save(each, add=True), connection) for field in fields]
            for each in objects[start : start + BLOCK]
        ]
        insert_records(model._meta.db_table, [str(field.column) for field in fields], records)
    _execute(connection.ops.sequence_reset_sql(no_style(), [model]))


def _execute(statements: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
