"""Thousands of rows in one go: the two inserts that Django's own way would make ten times as slow.

PostgreSQL gets them by COPY, SQLite by executemany; what is stored is the same.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Lookup, Model
from django.db.models.sql.compiler import SQLCompiler

from accounts.names import fold
from invites.invitations.tokens import hashes_for, new_seeds
from invites.models import Batch, Invitation, Row, UploadPart

Records = Iterable[Sequence[Any]]

if TYPE_CHECKING:
    AnyLookup = Lookup[Any]
else:
    AnyLookup = Lookup


@Field.register_lookup
class AnyOf(AnyLookup):
    """`email_key__any_of=keys`: as `__in`, with all values as one text, where thousands take long to be read.

    The values are a set, for Django looks into each value of a list. None of them has a line break.
    """

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        column, params = self.process_lhs(compiler, connection)
        values = list(self.rhs)
        if connection.vendor == "postgresql":
            kind = self.lhs.output_field.rel_db_type(connection)
            return f"{column} = ANY(string_to_array(%s, E'\n')::{kind}[])", (*params, "\n".join(map(str, values)))
        return f"{column} IN (SELECT value FROM json_each(%s))", (*params, json.dumps(values))  # noqa: S608


class NewRow(NamedTuple):
    """A row about which the check had nothing to say, as it is staged; the fields are those of `Row`."""

    batch_id: int
    number: int
    line: int
    email: str
    email_key: str
    first_name: str
    last_name: str
    description: str


class NewRowApart(NamedTuple):
    """A row with problems, or one that stands above already. Lists are JSON."""

    row: NewRow
    outcome: str
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


def insert_rows(rows: Sequence[NewRow], apart: Sequence[NewRowApart]) -> None:
    """Store new rows of batches. What most of them begin with the columns know themselves."""
    _insert(Row._meta.db_table, NewRow._fields, rows)
    _insert(Row._meta.db_table, (*NewRow._fields, *NewRowApart._fields[1:]), [(*row, *more) for row, *more in apart])


def insert_part(part: UploadPart) -> None:
    """Store a piece of an upload.

    PostgreSQL gets the bytes as they are. Django would write them into the statement as hexadecimal digits, which takes
    four times as long.
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
    """Store an invitation for each, but for those whose address has a pending one already; how many there were.

    What an invitation begins with (pending, its mail queued) the columns know themselves.
    """
    shared = {
        "organization_id": batch.organization_id,
        "grant_id": batch.grant_id,
        "inviter_id": batch.inviter_id,
        "batch_id": batch.pk,
        "created_at": connection.ops.adapt_datetimefield_value(now),
        "expires_at": connection.ops.adapt_datetimefield_value(expires_at),
    }
    own = (*Person._fields, "person_key", "token_seed", "token_hash")
    given = tuple(shared.values())
    # In one order, so that two batches with the same people wait for each other and not both.
    ordered = sorted(people, key=attrgetter("email_key"))
    seeds = new_seeds(len(ordered))

    def records() -> Iterator[Sequence[Any]]:
        for person, seed, token_hash in zip(ordered, seeds, hashes_for(seeds), strict=True):
            yield (*given, *person, _person_key(person), seed, token_hash)

    return _insert_but_conflicts(Invitation._meta.db_table, (*shared, *own), records)


DECIDING: dict[type[Model], Sequence[str]] = {
    Row: ("batch_id", "number", "outcome", "reason"),
    Invitation: (
        *("organization_id", "batch_id", "row_id", "state", "mail_state", "expires_at"),
        *("email_key", "person_key", "token_hash"),
    ),
}


def renew_statistics() -> None:
    """Let PostgreSQL look at how much was stored.

    It does so by itself, but up to a minute later, and until then it would go about tables with thousands of new rows
    as if they were empty. Only what it decides by is looked at. Where it can't be, the import is slower and no worse.
    """
    if connection.vendor == "postgresql":
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            for model, columns in DECIDING.items():
                cursor.execute(f"ANALYZE (SKIP_LOCKED) {model._meta.db_table} ({', '.join(columns)})")


def _person_key(person: Person) -> str:
    """As accounts.names.PersonKeyField makes it. Names come again and again, addresses do not."""
    first, last, email = _folded_name(person.first_name), _folded_name(person.last_name), fold(person.email)
    key = f"{first} {last} {email}" if first and last else " ".join(filter(None, (first, last, email)))
    return key[:_LONGEST_KEY]


_LONGEST_KEY = Invitation._meta.get_field("person_key").max_length
_folded_name = lru_cache(maxsize=20_000)(fold)


def _insert(table: str, columns: Sequence[str], records: Sequence[Sequence[Any]]) -> None:
    """Insert the records; the other columns get what the database gives them."""
    if not records:
        return
    if connection.vendor == "postgresql":
        _copy(table, columns, records)
        return
    with connection.cursor() as cursor:
        cursor.executemany(_insertion(table, columns), records)


def _insert_but_conflicts(table: str, columns: Sequence[str], records: Callable[[], Records]) -> int:
    """As `_insert`, but for records that a unique constraint forbids; how many were inserted.

    COPY knows no conflicts: it is tried first, because there hardly ever are any, and it is half the work.
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
    """How many there were. While the next ones are made, the database works on those before."""
    with connection.wrap_database_errors, connection.cursor() as cursor:
        with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            for record in records:
                copy.write_row(record)
        return int(cursor.rowcount)
