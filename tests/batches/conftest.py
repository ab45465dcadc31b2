"""Files and batches for the tests of the engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Role, Site, User
from accounts.services.grants import GrantChoice
from invites import tasks
from invites.models import Batch
from invites.services import leases
from invites.services.batches import start_batch

HTMX = {"HX-Request": "true"}
HEADER = "Email,First name,Last name,Description"


def csv_of(*people: str, header: str = HEADER) -> bytes:
    """A file of those lines; a person given as a bare address gets a name."""
    lines = (person if "," in person else f"{person},Ann,Example,Night shift" for person in people)
    return ("\r\n".join([header, *lines]) + "\r\n").encode()


def many(count: int, *, domain: str = "people.example.com") -> bytes:
    return csv_of(*(f"person{number}@{domain}" for number in range(count)))


PROBLEMS = csv_of("ann@example.com", "ben@@example.com", "c@example.com,,Cole,", "dee@example.com")
REFUSED = b"Email,First name,Surname\r\nann@example.com,Ann,Lee\r\n"


@pytest.fixture
def admin_membership(admin: User) -> Membership:
    return admin.memberships.get()


@pytest.fixture
def read_only(admin_membership: Membership, sites: list[Site]) -> GrantChoice:
    """ReadOnly on Lyon depot and Ghent."""
    role = Role.objects.get(organization=admin_membership.organization, name="ReadOnly")
    return GrantChoice.of([role], sites[:2])


@pytest.fixture
def start(admin_membership: Membership, read_only: GrantChoice) -> Callable[..., Batch]:
    """Stores a batch and checks it: `start(csv_of("ann@example.com"))`. Nobody is invited yet."""

    def start(
        content: bytes, *, by: Membership | None = None, name: str = "team.csv", only_valid: bool = False
    ) -> Batch:
        batch = start_batch(
            by or admin_membership, file_name=name, content=[content], choice=read_only, only_valid=only_valid
        )
        tasks.check_batch(batch.pk)
        batch.refresh_from_db()
        return batch

    return start


@pytest.fixture
def work() -> Callable[[Batch], Batch]:
    """Does what workers do until nothing is left to do."""

    def work(batch: Batch) -> Batch:
        while lease := leases.claim_range(batch.pk):
            tasks.work_on_range(lease)
        tasks.end_batch(batch.pk)
        batch.refresh_from_db()
        return batch

    return work


@pytest.fixture
def run(start: Callable[..., Batch], work: Callable[[Batch], Batch]) -> Callable[..., Batch]:
    """From the file to the end."""

    def run(content: bytes, **how: object) -> Batch:
        return work(start(content, **how))

    return run


def addresses(mails: Iterable[object]) -> list[str]:
    """Who was written to, sorted."""
    return sorted(mail.to[0] for mail in mails)  # type: ignore[attr-defined]


# --- The pages --------------------------------------------------------------------------------------


@pytest.fixture
def ines(client_of: Callable[[User | None], Client], admin: User) -> Client:
    """The admin, in a browser without JavaScript."""
    return client_of(admin)


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
    return b"".join(response.streaming_content).decode("utf-8-sig")


def triggers(response: Any) -> set[str]:
    return set(json.loads(response.headers.get("HX-Trigger", "{}")))
