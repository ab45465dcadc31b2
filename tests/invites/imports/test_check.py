"""Whatever a file contains and whatever goes wrong in the check, the page responds and the import ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from invites import tasks
from invites.imports import stage_rows
from invites.models import Batch, Invitation
from tests.files import HEADER, csv_of
from tests.pages import submit_import

# What no spreadsheet writes, and somebody sends all the same.
ODD_FILES = {
    "nothing": b"",
    "zeros": b"\0" * 5_000,
    "a zero in a cell": csv_of("ann@example.com,An\0n,Lee,", "ben@example.com,Ben,Lee,"),
    "a zero in a cell that is too much": csv_of("ann@example.com,Ann,Lee,,\0", "ben@example.com,Ben,Lee,"),
    "all bytes": bytes(range(256)) * 40,
    "half a character": csv_of("ann@example.com,Ann,Lee,") + b"\xf0\x9f",
    "a lone surrogate": csv_of("ann@example.com,Ann,Lee,") + b"x\xed\xa0\x80@example.com,Ann,Lee,\r\n",
    "UTF-16 cut in the middle": csv_of("ann@example.com,Ann,Lee,").decode().encode("utf-16")[:-1],
    "an archive": b"PK\x03\x04" + b"\0\xff" * 2_000,
    "one cell that never ends": b'Email,First name,Last name\r\n"' + b"x" * 200_000,
    "thousands of columns": f"{HEADER}{',' * 20_000}\r\nann@example.com,Ann,Lee{',' * 20_000}\r\n".encode(),
    "line breaks only": b"\r\n" * 50_000,
    "a description without an end": csv_of("ann@example.com,Ann,Lee," + "x" * 100_000),
}


@pytest.mark.parametrize("content", ODD_FILES.values(), ids=ODD_FILES.keys())
def test_no_file_causes_a_server_error(ines: Client, grant: dict[str, Any], content: bytes) -> None:
    answer = submit_import(ines, content, **grant)

    assert answer.status_code in {302, 422}
    assert not Batch.objects.filter(state=Batch.State.CHECKING).exists()
    for batch in Batch.objects.all():
        pages = ["imports:batch"]
        pages += ["imports:batch_problems"] if batch.state == Batch.State.NEEDS_CORRECTION else []
        for page in pages:
            assert ines.get(reverse(page, args=["acme", batch.pk])).status_code == 200


def test_the_worker_retries_a_failed_check_immediately(
    ines: Client, grant: dict[str, Any], monkeypatch: pytest.MonkeyPatch, work: Callable[[Batch], Batch]
) -> None:
    with monkeypatch.context() as once:
        once.setattr(stage_rows, "insert_rows", lambda rows, apart: 1 / 0)
        submit_import(ines, csv_of("ann@example.com"), **grant)
    batch = Batch.objects.get()

    tasks.check_batch(batch.pk)
    work(batch)

    assert (batch.state, Invitation.objects.get().email) == (Batch.State.DONE, "ann@example.com")
