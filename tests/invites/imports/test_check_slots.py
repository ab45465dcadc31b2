"""However many files an organization uploads, one process stays free, and other organizations get their share."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Membership, Role, User
from accounts.organizations.grants import AccessSelection
from config.harness.running import wait_for
from invites import tasks
from invites.imports import check
from invites.imports.check_slots import CheckSlots
from invites.imports.upload import start_batch
from invites.models import Batch
from tests.files import many
from tests.invites.imports.slow_check import SECONDS, SLOW
from tests.invites.imports.test_worker import a_large_file
from tests.invites.imports.work import ADMINS, Work
from tests.worker_on_file import WorkerOnFile

FILES = 12
STORE = """
from accounts.models import Membership
from accounts.organizations.grants import AccessSelection
from invites import tasks
from invites.imports.upload import start_batch
by = Membership.objects.get(organization__slug="{organization}", user__email="{admin}")
selection = AccessSelection.of(list(by.organization.roles.filter(name="ReadOnly")), [], all_sites=True)
content = open({path!r}, "rb").read()
for number in range({count}):
    batch = start_batch(by, file_name="{name}", content=[content], selection=selection)
    tasks.enqueue_on_commit(tasks.check_batch, batch.pk)
print(batch.pk)
"""


# --- Slots ---------------------------------------------------------------------------------------------


def in_another_process(do: Callable[[], Any]) -> Any:
    """The result of the function in a forked process."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(writing, json.dumps(do()).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        return json.load(answer)


def is_free(slots: CheckSlots) -> bool:
    with slots.take() as taken:
        return taken


def test_only_as_many_processes_as_slots_get_one() -> None:
    slots = CheckSlots(2)

    with slots.take() as here:
        there, elsewhere = in_another_process(lambda: taken_within(slots))
        assert (here, there, elsewhere) == (True, True, False)

    assert in_another_process(lambda: taken_within(slots)) == [True, True]


def taken_within(slots: CheckSlots) -> tuple[bool, bool]:
    """Whether this process gets a slot, and a process that it starts gets another."""
    with slots.take() as taken:
        return taken, in_another_process(lambda: is_free(slots))


def test_the_slot_of_a_killed_process_is_free_again() -> None:
    slots = CheckSlots(1)
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        with slots.take():
            os.write(writing, b"x")
            time.sleep(60)
            os._exit(0)
    os.read(reading, 1)
    assert not is_free(slots)

    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

    assert is_free(slots)


# --- Whose turn it is ----------------------------------------------------------------------------------


@pytest.fixture
def store(admin_membership: Membership, read_only: AccessSelection, outsider: User) -> Callable[[str], Batch]:
    """`store("acme")` stores a file that waits to be checked."""
    theirs = outsider.memberships.get()
    roles = list(Role.objects.filter(organization=theirs.organization, name="ReadOnly"))
    choices = {"acme": (admin_membership, read_only), "globex": (theirs, AccessSelection.of(roles, [], all_sites=True))}

    def store(organization: str) -> Batch:
        by, selection = choices[organization]
        return start_batch(by, file_name="team.csv", content=[many(3)], selection=selection)

    return store


def test_an_organization_with_one_file_does_not_wait_behind_one_with_many(store: Callable[[str], Batch]) -> None:
    oldest, *_ = [store("acme") for _ in range(5)]
    one = store("globex")

    chosen = [check.find_waiting() for _ in range(60)]

    assert set(chosen) == {oldest.pk, one.pk}


def test_claimed_batches_and_recent_errors_are_not_chosen(store: Callable[[str], Batch]) -> None:
    held, failed = store("acme"), store("acme")
    now = timezone.now()
    Batch.objects.filter(pk=held.pk).update(claimed_until=now + timedelta(seconds=20))
    Batch.objects.filter(pk=failed.pk).update(error_reference="AAAA-AAAA", progressed_at=now)
    assert check.find_waiting() is None

    Batch.objects.filter(pk=failed.pk).update(progressed_at=now - check.RETRY_AFTER)

    assert check.find_waiting() == failed.pk


def test_a_check_left_to_a_worker_costs_no_attempt(store: Callable[[str], Batch]) -> None:
    batch = store("acme")
    batch.file_size = 10**9
    batch.save()

    tasks.start_processing(batch)

    assert (Batch.objects.get().attempts, check.find_waiting()) == (0, batch.pk)


# --- On a real worker ----------------------------------------------------------------------------------


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    with WorkerOnFile(tmp_path, DJANGO_SETTINGS_MODULE="tests.invites.imports.slow_check") as worker:
        yield Work(worker, tmp_path)


def store_files(work: Work, name: str, *, count: int, organization: str) -> int:
    """Stores the same large file this many times. Returns the id of the last batch."""
    content = a_large_file()
    work.path.write_bytes(content + SLOW if name.startswith("slow") else content)
    what = {"path": str(work.path), "name": name, "count": count}
    return int(work.worker.run(STORE.format(**what, organization=organization, admin=ADMINS[organization])))


def checked(work: Work) -> int:
    return int(work.ask("SELECT count(*) FROM invites_batch WHERE organization_id = 1 AND checked_at IS NOT NULL")[0])


def test_slow_files_delay_neither_small_imports_nor_other_organizations(work: Work) -> None:
    last = store_files(work, "slow.csv", count=FILES, organization="acme")
    wait_for(lambda: checked(work) >= 1, what="first check")

    small = work.invite(many(20, domain="small.example.com"), organization="globex")
    work.wait_for_end(small, seconds=20)
    assert checked(work) < FILES - 3, "It did not wait for the slow ones."
    large = store_files(work, "large.csv", count=1, organization="globex")
    wait_for(
        lambda: work.ask(f"SELECT state FROM invites_batch WHERE id = {large}") != ["checking"],
        what="check of the large file",
        seconds=FILES * SECONDS,
    )
    assert work.ask(f"SELECT state FROM invites_batch WHERE id = {last}") == ["checking"]
    wait_for(lambda: checked(work) == FILES, what="end of all checks", seconds=FILES * SECONDS + 20)
