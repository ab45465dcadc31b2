"""Files and batches for the tests of the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from accounts.models import Membership, Role, Site, User
from accounts.services.grants import GrantChoice
from invites import tasks
from invites.models import Batch
from invites.services import leases
from invites.services.batches import start_batch

HEADER = "Email,First name,Last name,Description"


def csv_of(*people: str, header: str = HEADER) -> bytes:
    """A file of those lines; a person given as a bare address gets a name."""
    lines = (person if "," in person else f"{person},Ann,Example,Night shift" for person in people)
    return ("\r\n".join([header, *lines]) + "\r\n").encode()


def many(count: int, *, domain: str = "people.example.com") -> bytes:
    return csv_of(*(f"person{number}@{domain}" for number in range(count)))


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
