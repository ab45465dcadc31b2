"""Files and batches for the tests of the engine."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.errors import RuleBroken
from accounts.services.grants import GrantChoice
from invites.models import Batch, TroubledDomain
from invites.services.mailing import MailRun, Turn, send_invitations
from tests.batches.mail_server import MailServer
from tests.files import csv_of, whole_of

HTMX = {"HX-Request": "true"}


def many(count: int, *, domain: str = "people.example.com") -> bytes:
    return csv_of(*(f"person{number}@{domain}" for number in range(count)))


PROBLEMS = csv_of("ann@example.com", "ben@@example.com", "c@example.com,,Cole,", "dee@example.com")
REFUSED = b"Email,First name,Surname\r\nann@example.com,Ann,Lee\r\n"


@pytest.fixture
def run(start: Callable[..., Batch], work: Callable[[Batch], Batch]) -> Callable[..., Batch]:
    """From the file to the end."""

    def run(content: bytes, **how: object) -> Batch:
        return work(start(content, **how))

    return run


def addresses(mails: Iterable[object]) -> list[str]:
    """Who was written to, sorted."""
    return sorted(mail.to[0] for mail in mails)  # type: ignore[attr-defined]


def send_now(ids: Sequence[int]) -> MailRun:
    """Sends the invitations where nobody else is at work."""
    return send_invitations(ids, turn=Turn(lambda: True))


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """What the jobs returned or raised, each in a thread of its own."""
    results: list[Any] = [None] * len(jobs)
    gate = threading.Barrier(len(jobs))

    def run(number: int, job: Callable[[], Any]) -> None:
        try:
            gate.wait(10)
            results[number] = job()
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def crossing(*jobs: tuple[str, Callable[[], Any]]) -> list[Any]:
    """As `at_once`, for jobs each of which waits after its statement until all others have come to theirs.

    Where one needs what another one holds, it does not come so far, and the others go on after a moment.
    """
    gate = threading.Barrier(len(jobs))

    def wait() -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            gate.wait(1)

    def stopping(statement: str, job: Callable[[], Any]) -> Any:
        with once_after(statement, wait):
            return job()

    return at_once(*(partial(stopping, *job) for job in jobs))


@contextlib.contextmanager
def once_after(statement: str, do: Callable[[], object]) -> Iterator[None]:
    """Does what somebody else may do after the first statement that has these words, and before the next one."""
    is_done = False

    def notice(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        nonlocal is_done
        found = execute(sql, *more)
        if statement in sql and not is_done:
            is_done = True
            do()
        return found

    with connection.execute_wrapper(notice):
        yield


def unexpected(results: Sequence[Any]) -> list[Any]:
    return [result for result in results if isinstance(result, Exception) and not isinstance(result, RuleBroken)]


# --- The mail server -----------------------------------------------------------------------------------


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    """A mail server that takes everything, until a test tells it otherwise."""
    with MailServer() as running:
        settings.EMAIL_BACKEND = "invites.services.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_TIMEOUT = 1
        yield running


def let_time_pass(batch: Batch) -> None:
    """As if all pauses were over."""
    past = timezone.now() - timedelta(seconds=1)
    Batch.objects.filter(pk=batch.pk).update(mail_not_before=past)
    batch.ranges.update(not_before=past, put_off_until=past)
    TroubledDomain.objects.update(not_before=past)


# --- The pages --------------------------------------------------------------------------------------


@pytest.fixture
def dialog(ines: Client) -> Client:
    """The admin's browser as htmx asks."""
    ines.defaults["HTTP_HX_REQUEST"] = "true"
    return ines


@pytest.fixture
def grant(read_only: GrantChoice) -> dict[str, list[int]]:
    """The fields of the form for `read_only`."""
    return {"roles": [role.pk for role in read_only.roles], "sites": [site.pk for site in read_only.sites]}


def upload(client: Client, content: bytes | None, *, name: str = "team.csv", query: str = "", **fields: Any) -> Any:
    """Sends the import form."""
    if content is not None:
        fields["file"] = SimpleUploadedFile(name, content, content_type="text/csv")
    return client.post(reverse("import", args=["acme"]) + query, fields)


def of(batch: Batch, name: str = "batch") -> str:
    return reverse(name, args=[batch.organization.slug, batch.pk])


def text(response: Any) -> str:
    return str(response.content.decode())


def downloaded(response: Any) -> str:
    """The whole text of a file that is streamed."""
    return whole_of(response).decode("utf-8-sig")


def triggers(response: Any) -> set[str]:
    return set(json.loads(response.headers.get("HX-Trigger", "{}")))
