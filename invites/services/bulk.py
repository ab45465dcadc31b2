"""Thousands of rows in one go: the two inserts that Django's own way would make ten times as slow.

PostgreSQL gets them by COPY, SQLite by executemany; what is stored is the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Lookup
from django.db.models.sql.compiler import SQLCompiler

from accounts.names import fold
from invites.models import Batch, Invitation, Row
from invites.services.tokens import derive_token, hash_token, new_seeds

if TYPE_CHECKING:
    AnyLookup = Lookup[Any]
else:
    AnyLookup = Lookup


@Field.register_lookup
class AnyOf(AnyLookup):
    """`email_key__any_of=keys`: as `__in`, with all values as one parameter, where thousands take long to be read."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        column, params = self.process_lhs(compiler, connection)
        values = list(self.rhs)
        if connection.vendor == "postgresql":
            return f"{column} = ANY(%s)", (*params, values)
        return f"{column} IN (SELECT value FROM json_each(%s))", (*params, json.dumps(values))  # noqa: S608


class NewRow(NamedTuple):
    """What is stored of a row when it is staged; the fields are those of `Row`, lists as JSON."""

    batch_id: int
    number: int
    line: int
    email: str
    email_key: str
    first_name: str
    last_name: str
    description: str
    outcome: str = Row.Outcome.WAITING.value
    reason: str = Row.Reason.NONE.value
    detail: str = ""
    problems: str = "[]"
    problem_codes: str = ""
    suggested_codes: str = ""
    cells: str | None = None


class Person(NamedTuple):
    """Whom a row tells of, in the order of `PERSON`."""

    row_id: int
    email: str
    email_key: str
    first_name: str
    last_name: str
    description: str


PERSON = ("pk", "email", "email_key", "first_name", "last_name", "description")


def insert_rows(rows: Sequence[NewRow]) -> None:
    """Store new rows of batches."""
    _insert(Row._meta.db_table, NewRow._fields, rows)


def insert_invitations(batch: Batch, people: Sequence[Person], *, now: datetime, expires_at: datetime) -> int:
    """Store an invitation for each, but for those whose address has a pending one already; how many there were."""
    shared = {
        "organization_id": batch.organization_id,
        "grant_id": batch.grant_id,
        "inviter_id": batch.inviter_id,
        "batch_id": batch.pk,
        "state": Invitation.State.PENDING.value,
        "created_at": connection.ops.adapt_datetimefield_value(now),
        "expires_at": connection.ops.adapt_datetimefield_value(expires_at),
        "mail_state": Invitation.Mail.QUEUED.value,
        "mail_detail": "",
        "mail_attempts": 0,
        "times_resent": 0,
    }
    own = (*Person._fields, "person_key", "token_seed", "token_hash")
    given = tuple(shared.values())
    records = [
        (*given, *person, _person_key(person), seed, hash_token(derive_token(seed)))
        for person, seed in zip(people, new_seeds(len(people)), strict=True)
    ]
    return _insert(Invitation._meta.db_table, (*shared, *own), records, skip_conflicts=True)


def _person_key(person: Person) -> str:
    """As accounts.names.PersonKeyField makes it."""
    return fold(f"{person.first_name} {person.last_name} {person.email}")


def _insert(
    table: str, columns: Sequence[str], records: Sequence[Sequence[Any]], *, skip_conflicts: bool = False
) -> int:
    """Insert the records; how many were."""
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            marks = ", ".join(["%s"] * len(columns))
            clause = "ON CONFLICT DO NOTHING" if skip_conflicts else ""
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks}) {clause}", records)  # noqa: S608
            return int(cursor.rowcount)
        target = table
        if skip_conflicts:
            # COPY knows no conflicts.
            target = "copied"
            cursor.execute(f"CREATE TEMPORARY TABLE copied ON COMMIT DROP AS SELECT {names} FROM {table} LIMIT 0")  # noqa: S608
        with cursor.copy(f"COPY {target} ({names}) FROM STDIN") as copy:
            for record in records:
                copy.write_row(record)
        if skip_conflicts:
            cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM copied ON CONFLICT DO NOTHING")  # noqa: S608
            count = int(cursor.rowcount)
            cursor.execute("DROP TABLE copied")
            return count
        return len(records)
