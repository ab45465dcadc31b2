"""A small file is checked in the request. If that takes more than a second, a worker checks it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Membership
from accounts.organizations.grants import AccessSelection
from invites import tasks
from invites.checking.reading.workbooks import workbook as workbook_module
from invites.imports import check, check_claims, upload_parts
from invites.imports.upload import start_batch
from invites.models import Batch
from tests.files import PROBLEMS, many
from tests.pages import submit_import
from tests.workbooks import sheet_of, workbook_of

HEADER = ["Email", "First name", "Last name"]
ANNA = ["anna@example.com", "Anna", "Berg"]
FAR = '<row r="250000"><c r="A250000"><v>1</v></c></row>'


def people(count: int) -> list[list[str]]:
    return [HEADER, *([f"person{number}@example.com", "Anna", "Berg"] for number in range(count))]


def with_comment(length: int) -> bytes:
    """A workbook with one person that unpacks to `length` more bytes."""
    return workbook_of(f"{sheet_of([HEADER, ANNA])}<!--{' ' * length}-->")


def with_rows(*rows: str) -> bytes:
    """A workbook with one person, and more rows below."""
    return workbook_of(sheet_of([HEADER, ANNA]).replace("</sheetData>", f"{''.join(rows)}</sheetData>"))


def slow() -> bytes:
    """A workbook that takes about a second to read."""
    return with_rows(*(f'<row r="{row}"><c r="A{row}" s="0"/><c r="B{row}" s="0"/></row>' for row in range(3, 300_000)))


def state_after_upload(ines: Client, content: bytes, name: str, grant: dict[str, Any]) -> str:
    began = time.monotonic()
    response = submit_import(ines, content, name=name, **grant)
    # We promise two seconds, and allow four for a busy machine.
    assert time.monotonic() - began < 4
    assert response.status_code == 302
    return Batch.objects.get().state


@pytest.mark.parametrize(
    ("name", "content", "state"),
    [
        ("team.csv", many(200), Batch.State.INVITING),
        ("team.csv", PROBLEMS, Batch.State.NEEDS_CORRECTION),
        ("team.xlsx", workbook_of(sheet_of(people(200))), Batch.State.INVITING),
        ("team.xlsx", b"PK\x03\x04xl/", Batch.State.REJECTED),
    ],
    ids=["csv", "csv with problems", "workbook", "damaged workbook"],
)
def test_a_small_file_is_checked_in_the_request(
    ines: Client, grant: dict[str, Any], monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, state: str
) -> None:
    # On a busy machine, a workbook takes longer than a second and would be left to a worker.
    monkeypatch.setattr(upload_parts, "SECONDS_IN_REQUEST", 3.5)
    assert state_after_upload(ines, content, name, grant) == state


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("team.csv", many(5_000)[: 300 * 1024]),
        ("team.csv", b"Email,First name,Last name\n" + b"a@b.co,A,B\n" * 6_000),
        ("team.xlsx", workbook_of(sheet_of(people(6_000)))),
        ("team.xlsx", with_comment(3_000_000)),
        ("team.xlsx", workbook_of(f"<sheetData>{('<row>' + '<c><v>1</v></c>' * 900 + '</row>') * 150}</sheetData>")),
        ("team.xlsx", with_rows(FAR)),
        ("team.xlsx", workbook_of(sheet_of([HEADER, ANNA]), f"<sheetData><row><c><v>1</v></c></row>{FAR}</sheetData>")),
    ],
    ids=[
        "bytes",
        "rows",
        "rows of a workbook",
        "unpacked size",
        "text of a workbook",
        "cells",
        "cells of another sheet",
    ],
)
def test_a_large_file_is_left_to_a_worker(ines: Client, grant: dict[str, Any], name: str, content: bytes) -> None:
    assert state_after_upload(ines, content, name, grant) == Batch.State.CHECKING

    tasks.check_batch(Batch.objects.get().pk)

    assert Batch.objects.get().state != Batch.State.CHECKING


def test_a_slow_workbook_is_left_to_a_worker(
    ines: Client, grant: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_parts, "SECONDS_IN_REQUEST", 0.001)
    workbook = workbook_of(sheet_of([["Notes"]]))
    assert state_after_upload(ines, workbook, "team.xlsx", grant) == Batch.State.CHECKING

    tasks.check_batch(Batch.objects.get().pk)

    assert Batch.objects.get().state == Batch.State.REJECTED


def test_a_slow_csv_file_is_left_to_a_worker(
    ines: Client, grant: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_parts, "SECONDS_IN_REQUEST", 0.0)
    assert state_after_upload(ines, many(2), "team.csv", grant) == Batch.State.CHECKING


def test_a_file_that_takes_long_to_understand_is_left_to_a_worker(
    ines: Client, grant: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_parts, "SECONDS_IN_REQUEST", 0.0)
    names = ("Email,Full name\n" + "ann@example.com,Szűcs Ann\n" * 1_000).encode("cp1250")
    assert state_after_upload(ines, names, "team.csv", grant) == Batch.State.CHECKING

    tasks.check_batch(Batch.objects.get().pk)

    assert Batch.objects.get().state == Batch.State.NEEDS_ANSWER


def test_a_request_does_not_load_a_large_file(
    ines: Client, grant: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "stored_upload", lambda batch: pytest.fail("It was loaded."))
    assert state_after_upload(ines, many(20_000), "team.csv", grant) == Batch.State.CHECKING


def test_a_file_is_left_to_a_worker_while_the_process_checks_others(ines: Client, grant: dict[str, Any]) -> None:
    with check._checks_in_request, check._checks_in_request:
        assert state_after_upload(ines, many(2), "team.csv", grant) == Batch.State.CHECKING
    Batch.objects.all().delete()

    assert state_after_upload(ines, many(2), "team.csv", grant) == Batch.State.INVITING


def test_while_it_reads_a_workbook_a_worker_renews_its_claim_and_notices_a_stop(
    admin_membership: Membership, read_only: AccessSelection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook_module, "_SECONDS_BETWEEN_CALLS", 0.05)
    monkeypatch.setattr(check_claims, "RENEW_SECONDS", 0.0)
    batch = start_batch(admin_membership, file_name="a.xlsx", content=[slow()], selection=read_only)
    renewals: list[str] = []

    def stop_after_some(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        if sql.startswith("UPDATE") and '"claimed_until"' in sql:
            renewals.append(sql)
            if len(renewals) == 5:
                Batch.objects.update(state=Batch.State.STOPPED)
        return execute(sql, *more)

    with connection.execute_wrapper(stop_after_some):
        assert check.check_batch(batch.pk) is None

    assert len(renewals) == 5, "The workbook was not read to the end."
    batch.refresh_from_db()
    assert batch.state == Batch.State.STOPPED
    assert not batch.rows.exists()


def test_a_large_file_is_not_claimed_by_its_request(
    ines: Client, grant: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_parts, "BYTES_IN_REQUEST", 100)

    submit_import(ines, many(200), **grant)

    batch = Batch.objects.get()
    assert (batch.state, batch.claims) == (Batch.State.CHECKING, 0)


@pytest.mark.django_db(transaction=True)
def test_on_sqlite_an_upload_waits_for_its_turn_without_a_lock(
    start: Callable[..., Batch], admin_membership: Membership, read_only: AccessSelection
) -> None:
    earlier = start(many(2))

    def upload_another() -> None:
        start_batch(admin_membership, file_name="team.csv", content=[many(2)], selection=read_only)
        connection.close()

    thread = threading.Thread(target=upload_another)
    with upload_parts.in_turn():
        thread.start()
        thread.join(timeout=0.3 if connection.vendor == "sqlite" else 10)
        began = time.monotonic()
        Batch.objects.filter(pk=earlier.pk).update(notice="Somebody else writes.")
        assert time.monotonic() - began < 1
        assert Batch.objects.count() == (1 if connection.vendor == "sqlite" else 2)
    thread.join()
    assert Batch.objects.count() == 2


def test_a_small_file_waits_a_moment_for_a_check_that_is_about_to_end(ines: Client, grant: dict[str, Any]) -> None:
    with check._checks_in_request:
        check._checks_in_request.acquire()
        threading.Timer(0.2, check._checks_in_request.release).start()

        assert state_after_upload(ines, many(2), "team.csv", grant) == Batch.State.INVITING
