"""Insert thousands of rows, ten times as fast as Django's bulk_create.

With COPY on PostgreSQL, with executemany on SQLite.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Lookup, Model, QuerySet
from django.db.models.sql.compiler import SQLCompiler

from invites.checking import Cells
from invites.invitations.tokens import hashes_for, new_seeds
from invites.models import Batch, Invitation, Row, UploadPart

Records = Iterable[Sequence[Any]]

if TYPE_CHECKING:
    AnyLookup = Lookup[Any]
else:
    AnyLookup = Lookup


class AnyOf(AnyLookup):
    """`filter(AnyOf(F("email_key"), keys))` is `email_key__in=keys` with all values in one parameter.

    It is faster for thousands of values. They are a set, because Django resolves each value of a list. None of them
    may contain a line break.
    """

    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        column, params = self.process_lhs(compiler, connection)
        values = list(self.rhs)
        if connection.vendor == "postgresql":
            kind = self.lhs.output_field.rel_db_type(connection)
            return f"{column} = ANY(string_to_array(%s, E'\n')::{kind}[])", (*params, "\n".join(map(str, values)))
        return f"{column} IN (SELECT value FROM json_each(%s))", (*params, json.dumps(values))  # noqa: S608


# A valid row as the check stages it: the values of ROW_FIELDS, in their order.
NewRow = tuple[int | str, ...]
ROW_FIELDS = ("batch_id", "number", "line", "email_key", *Cells._fields, "person_key")


class NewFlaggedRow(NamedTuple):
    """A row with problems or doubts, or a duplicate. Lists are JSON."""

    row: NewRow
    outcome: str
    reason: str = Row.Reason.NONE.value
    duplicate_of: int | None = None
    problems: str = "[]"
    problem_codes: str = ""
    suggested_codes: str = ""
    cells: str | None = None
    doubts: str | None = None
    open_doubts: int | None = None
    fixable_doubts: int | None = None


class Person(NamedTuple):
    """A person to invite, from a row."""

    row_id: int
    email_key: str
    person_key: str
    values: Cells


def people_in(rows: QuerySet[Row]) -> list[Person]:
    """The people of these rows, in the order of the file."""
    records = rows.order_by("number").values_list("pk", "email_key", "person_key", *Cells._fields)
    return [Person(row_id, email, key, Cells(*values)) for row_id, email, key, *values in records]


def insert_rows(rows: Sequence[NewRow], flagged: Sequence[NewFlaggedRow]) -> None:
    """Store new rows. The database fills in the columns that they don't have."""
    insert_records(Row._meta.db_table, ROW_FIELDS, rows)
    fields = (*ROW_FIELDS, *NewFlaggedRow._fields[1:])
    insert_records(Row._meta.db_table, fields, [(*row, *more) for row, *more in flagged])


def insert_part(part: UploadPart) -> None:
    """Store a piece of an upload.

    On PostgreSQL, the bytes are sent in binary. Django would send them as hexadecimal digits, which takes four times as
    long.
    """
    if connection.vendor != "postgresql":
        part.save(force_insert=True)
        return
    columns = {"batch_id": "int8", "is_correction": "bool", "number": "int4", "content": "bytea"}
    statement = f"COPY {UploadPart._meta.db_table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(list(columns.values()))
        copy.write_row([getattr(part, name) for name in columns])


def insert_invitations(batch: Batch, people: Iterable[Person], *, now: datetime, expires_at: datetime) -> int:
    """Store an invitation for each person whose address has no pending one. Returns how many were stored.

    The database fills in the initial state, which is pending.
    """
    mail_state = Invitation.Mail.QUEUED if batch.send_at is None else Invitation.Mail.SCHEDULED
    shared = {
        "organization_id": batch.organization_id,
        "grant_id": batch.grant_id,
        "inviter_id": batch.working_inviter_id,
        "batch_id": batch.pk,
        "mail_state": mail_state.value,
        "created_at": connection.ops.adapt_datetimefield_value(now),
        "expires_at": connection.ops.adapt_datetimefield_value(expires_at),
    }
    own = ("row_id", "email_key", *Cells._fields, "person_key", "token_seed", "token_hash")
    given = tuple(shared.values())
    # Sorted, so that two batches with the same people can't deadlock.
    ordered = sorted(people, key=attrgetter("email_key"))
    seeds = new_seeds(len(ordered))

    def records() -> Iterator[Sequence[Any]]:
        for person, seed, token_hash in zip(ordered, seeds, hashes_for(seeds), strict=True):
            yield (
                *given,
                person.row_id,
                person.email_key,
                *person.values,
                person.person_key,
                seed,
                token_hash,
            )

    return _insert_but_conflicts(Invitation._meta.db_table, (*shared, *own), records)


DECIDING: dict[type[Model], Sequence[str]] = {
    Row: ("batch_id", "number", "outcome", "reason"),
    Invitation: (
        *("organization_id", "batch_id", "row_id", "state", "mail_state", "expires_at"),
        *("email_key", "person_key", "token_hash"),
    ),
}


def renew_statistics() -> None:
    """Run ANALYZE on PostgreSQL, so that plans don't assume empty tables.

    Autovacuum does so as well, but up to a minute later. Analyzes only the columns that matter for plans. If it fails,
    the import is only slower.
    """
    if connection.vendor == "postgresql":
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            for model, columns in DECIDING.items():
                cursor.execute(f"ANALYZE (SKIP_LOCKED) {model._meta.db_table} ({', '.join(columns)})")


def insert_records(table: str, columns: Sequence[str], records: Sequence[Sequence[Any]]) -> None:
    """Insert the records. The database fills in the other columns."""
    if not records:
        return
    if connection.vendor == "postgresql":
        _copy(table, columns, records)
        return
    with connection.cursor() as cursor:
        cursor.executemany(_insertion(table, columns), records)


def _insert_but_conflicts(table: str, columns: Sequence[str], records: Callable[[], Records]) -> int:
    """Insert the records that don't violate a unique constraint. Returns how many were inserted.

    COPY can't skip conflicts. It is tried first, because conflicts are rare and it takes half the time.
    """
    if connection.vendor == "postgresql":
        with contextlib.suppress(IntegrityError), transaction.atomic():
            return _copy(table, columns, records())
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.executemany(f"{_insertion(table, columns)} ON CONFLICT DO NOTHING", list(records()))
            return int(cursor.rowcount)
        names = ", ".join(columns)
        cursor.execute(f"CREATE TEMPORARY TABLE copied ON COMMIT DROP AS SELECT {names} FROM {table} LIMIT 0")  # noqa: S608
        _copy("copied", columns, records())
        cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM copied ON CONFLICT DO NOTHING")  # noqa: S608
        count = int(cursor.rowcount)
        cursor.execute("DROP TABLE copied")
        return count


def _insertion(table: str, columns: Sequence[str]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"  # noqa: S608


def _copy(table: str, columns: Sequence[str], records: Records) -> int:
    """Copy the records, and return how many there were. The database stores some while the next ones are generated."""
    with connection.wrap_database_errors, connection.cursor() as cursor:
        with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            for record in records:
                copy.write_row(record)
        return int(cursor.rowcount)


def update_rows(names: Sequence[str], records: Sequence[tuple[Any, ...]]) -> None:
    """Save the columns with these names. A record has their values for one row, and the id of the row."""
    if not records:
        return
    changes = ", ".join(f"{name} = %s" for name in names)
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {Row._meta.db_table} SET {changes} WHERE id = %s", records)  # noqa: S608 - ours
