"""How fast rows are staged and people invited, on SQLite and PostgreSQL: `python -m benchmarks.invite`.

The bare version writes the same rows and invitations into tables with the same columns and unique constraints, with two
statements (COPY, or executemany), and does nothing else: no results, no claims, no tokens, and no check whether someone
is already a member or invited. Libraries that invite one person at a time are timed with a few people and extrapolated.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from unittest import mock

from benchmarks.files import HEADER, people
from benchmarks.rounds import keep, medians, on_each_database, product_settings, say, verdict

if TYPE_CHECKING:
    from invites.models import Batch

COUNT = int(os.environ.get("BENCH_ROWS", "100000"))
ONE_BY_ONE = 1_000
ROUNDS = 3
OURS, BARE = "Rollcall", "bare"
PEER, PEERS_MODULE = "django-invitations", "invitations"
MOST_TIMES_BARE = 4


def main() -> None:
    if find_spec(PEERS_MODULE) is None:
        say(f"  {PEER} is not installed and is skipped")
    results = on_each_database("benchmarks.invite")
    for database, seconds in results.items():
        say(f"Invite: {COUNT:,} rows staged and invited on {database}, {ROUNDS} rounds")
        for name, spent in seconds.items():
            say(f"  {name:28}{spent:9.2f} s {COUNT / spent:12,.0f} rows/s {spent / seconds[BARE]:8.2f} x")
        times = seconds[OURS] / seconds[BARE]
        say(f"  at most {MOST_TIMES_BARE} x the bare time: {times:.2f} x, {verdict(times <= MOST_TIMES_BARE)}")
    keep("invite", {"rows": COUNT, "turns": ROUNDS, "seconds": results})


def measure_here() -> None:
    with product_settings(INVITATIONS_PER_DAY="100000000", INVITATIONS_PER_INVITER_PER_DAY="100000000"):
        import django
        from django.conf import settings

        if find_spec(PEERS_MODULE):
            settings.INSTALLED_APPS.append(PEERS_MODULE)
        django.setup()
        json.dump(measure(), sys.stdout)


def batch_of(rows: Sequence[list[str]], *, number: int) -> Batch:
    """A checked batch of these people, in its own organization, about to be invited."""
    from invites.imports.check import check_batch

    batch = stored_batch(rows, number=number)
    check_batch(batch.pk)
    return batch


def stored_batch(rows: Sequence[list[str]], *, number: int) -> Batch:
    from accounts.models import Membership, User
    from accounts.organizations.grants import AccessSelection
    from accounts.organizations.organizations import READ_ONLY, create_organization
    from invites.imports.upload import start_batch

    organization = create_organization(name=f"Bench {number}", slug=f"bench-{number}")
    user = User.objects.create_user(f"admin{number}@bench.example.com", "bench")
    member = Membership.objects.create(user=user, organization=organization, all_sites=True)
    member.roles.set(organization.roles.all())
    text = io.StringIO(newline="")
    csv.writer(text).writerows([HEADER, *rows])
    # A role that nobody has to confirm.
    choice = AccessSelection.of(organization.roles.filter(name=READ_ONLY), [], all_sites=True)
    return start_batch(member, file_name="bench.csv", content=[text.getvalue().encode()], selection=choice)


def measure() -> dict[str, float]:
    from django.core.management import call_command

    from invites import checking
    from invites.imports import check, chunks, invite

    call_command("migrate", verbosity=0)
    rows = list(people(COUNT, bad=0))
    sample = batch_of(rows[:ONE_BY_ONE], number=0)
    whole = _Checked(rows)
    made = iter(range(1, 1_000))

    def product() -> float:
        """From checked rows to invitations. benchmarks/check.py measures reading and checking the file."""
        _empty_tables()
        batch = stored_batch(rows[:1], number=next(made))
        with mock.patch.object(checking, "Check", return_value=whole):
            began = time.perf_counter()
            check.check_batch(batch.pk)
            while claim := chunks.claim_chunk(batch.pk):
                invite.invite_chunk(claim)
                chunks.held(claim).update(stage="done")
            return time.perf_counter() - began

    product()  # The bare contender writes what this one made; and nobody's first turn counts.
    contenders: dict[str, Callable[[], float | None]] = {
        OURS: product,
        BARE: _Bare(),
        "get_or_create, one by one": _OneByOne(sample, rows),
    }
    if find_spec(PEERS_MODULE):
        contenders[PEER] = _Peer(sample, rows)
    return medians(contenders, rounds=ROUNDS)


def _empty_tables() -> None:
    """Start each round like the bare version, so that the indexes don't grow from round to round."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("TRUNCATE invites_invitation, invites_row")
        else:
            cursor.execute("DELETE FROM invites_invitation")
            cursor.execute("DELETE FROM invites_row")


class _Checked:
    """A file that was already checked, with the interface of a check."""

    def __init__(self, rows: Sequence[list[str]]) -> None:
        from invites import checking

        text = io.StringIO(newline="")
        csv.writer(text).writerows([HEADER, *rows])
        check = checking.Check(io.BytesIO(text.getvalue().encode()), limits=checking.Limits(max_rows=10_000_000))
        self._blocks = list(check.blocks())
        self.report, self.sheet_problems, self.table_to_store = check.report, check.sheet_problems, None

    def blocks(self) -> Any:
        return iter(self._blocks)


class _Bare:
    """Write the rows and invitations of the last batch again, as fast as the database allows."""

    # With the unique columns.
    TABLES = (
        ("invites_row", ("batch_id, number",)),
        ("invites_invitation", ("token_hash", "organization_id, email_key")),
    )

    def __init__(self) -> None:
        from django.db import connection

        self._tables: dict[str, tuple[list[str], list[tuple[Any, ...]]]] = {}
        with connection.cursor() as cursor:
            cursor.execute("SELECT max(id) FROM invites_batch")
            (batch,) = cursor.fetchone()
            for table, _ in self.TABLES:
                cursor.execute(f"SELECT * FROM {table} WHERE batch_id = {batch} ORDER BY id")  # noqa: S608
                columns = [column[0] for column in cursor.description]
                self._tables[table] = (columns, cursor.fetchall())

    def __call__(self) -> float:
        from django.db import connection, transaction

        with connection.cursor() as cursor:
            for table, uniques in self.TABLES:
                cursor.execute(f"DROP TABLE IF EXISTS bare_{table}")
                cursor.execute(f"CREATE TABLE bare_{table} AS SELECT * FROM {table} WHERE 0 = 1")  # noqa: S608
                for number, unique in enumerate(("id", *uniques)):
                    cursor.execute(f"CREATE UNIQUE INDEX bare_{table}_{number} ON bare_{table} ({unique})")
        began = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            for table, (columns, records) in self._tables.items():
                if connection.vendor == "postgresql":
                    with cursor.copy(f"COPY bare_{table} ({', '.join(columns)}) FROM STDIN") as copy:
                        for record in records:
                            copy.write_row(record)
                else:
                    marks = ", ".join(["%s"] * len(columns))
                    cursor.executemany(f"INSERT INTO bare_{table} VALUES ({marks})", records)  # noqa: S608
        return time.perf_counter() - began


class _OneByOne:
    """What people usually write: one person at a time, and only the invitation."""

    def __init__(self, batch: Batch, rows: Sequence[list[str]]) -> None:
        self._batch = batch
        self._rows = rows[:ONE_BY_ONE]

    def __call__(self) -> float:
        from datetime import timedelta

        from django.utils import timezone

        from invites.invitations.tokens import derive_token, hash_token, new_seed
        from invites.models import Invitation

        Invitation.objects.filter(organization=self._batch.organization).delete()
        began = time.perf_counter()
        for email, first_name, last_name, description in self._rows:
            seed = new_seed()
            Invitation.objects.get_or_create(
                organization=self._batch.organization,
                email_key=email.lower(),
                state=Invitation.State.PENDING,
                defaults={
                    "email": email,
                    "first_name": first_name,
                    "last_name": last_name,
                    "description": description,
                    "grant": self._batch.grant,
                    "inviter": self._batch.inviter,
                    "batch": self._batch,
                    "token_seed": seed,
                    "token_hash": hash_token(derive_token(seed)),
                    "expires_at": timezone.now() + timedelta(days=14),
                },
            )
        return (time.perf_counter() - began) * COUNT / len(self._rows)


class _Peer:
    """django-invitations, used as documented: an invitation with a key for each address, and no names."""

    def __init__(self, batch: Batch, rows: Sequence[list[str]]) -> None:
        self._inviter = batch.inviter
        self._addresses = [row[0] for row in rows[:ONE_BY_ONE]]
        self._invitation: Any = import_module(f"{PEERS_MODULE}.models").Invitation

    def __call__(self) -> float:
        self._invitation.objects.all().delete()
        began = time.perf_counter()
        for address in self._addresses:
            self._invitation.create(address, inviter=self._inviter)
        return (time.perf_counter() - began) * COUNT / len(self._addresses)


if __name__ == "__main__":
    measure_here() if "--measure" in sys.argv else main()
