"""An import with 199,000 problem rows: every request is fast and needs little memory, and a worker does the rest.

Some workers are killed with -9. Each row is still changed once.
"""

from __future__ import annotations

import json
import os
import random
import signal
from typing import Any

import pytest

from config.harness.running import wait_for
from tests.faults.test_killing import living_children
from tests.files import csv_of
from tests.invites.imports.work import Work

ROWS = 199_000
KILLS = 3
RESUMED_SECONDS = 30
# The seconds that each response may take, and the memory that all downloads together may use. A response may take twice
# as long, because the machine may be busy.
SECONDS = 2
MARGIN = 2
MEMORY_MB = 60
DOWNLOADS = 4

# Sends requests like the admin's browser, with and without JavaScript. Prints how many seconds each took, and how many MB
# the process grew while all streams were read at the same time.
BROWSE = """
import json, resource, time
from concurrent.futures import ThreadPoolExecutor
from asgiref.sync import async_to_sync
from django.test import Client
from accounts.models import User

clients = {{"page": Client(HTTP_HOST="127.0.0.1"), "part": Client(HTTP_HOST="127.0.0.1", HTTP_HX_REQUEST="true")}}
for client in clients.values():
    client.force_login(User.objects.get(email="admin@example.com"))
clients["page"].get("/o/acme/roles/")
memory = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
seconds, streams, before = {{}}, [], memory()
for what, method, address, data in json.loads({requests!r}):
    began = time.monotonic()
    answer = getattr(clients[what], method)(address, data)
    seconds[f"{{len(seconds)}} {{method}} {{address}} {{data}}"] = time.monotonic() - began
    assert answer.status_code < 400, (method, address, data, answer.status_code)
    if answer.streaming:
        streams.append(answer)

async def read(stream):
    return sum([len(piece) async for piece in stream.streaming_content])

if streams:
    with ThreadPoolExecutor(len(streams)) as pool:
        assert all(size > 10_000_000 for size in pool.map(async_to_sync(read), streams))
print(json.dumps({{"seconds": seconds, "mb": memory() - before}}))
"""


# "page" or "part" (without or with JavaScript), the method, the address, the fields.
Request = tuple[str, str, str, dict[str, str]]


class Import:
    """An import as its admin sees it."""

    def __init__(self, work: Work) -> None:
        self._work = work
        people = (f"person{number}@@people.example.com" for number in range(ROWS))
        self.pk = work.invite(csv_of(*people, "good@people.example.com"))
        self.page = f"/o/acme/batches/{self.pk}/"
        self.grid = f"{self.page}problems/"
        self.wait_until("needs_correction")

    def wait_until(self, state: str) -> None:
        asked = f"SELECT state FROM invites_batch WHERE id = {self.pk}"
        wait_for(lambda: self._work.ask(asked) == [state], what=f"import that is {state}", seconds=900)

    def rows_done(self) -> int:
        """How far the job is, and all rows when it has ended."""
        found = self._work.ask(f"SELECT rows_done FROM invites_correctionjob WHERE batch_id = {self.pk}")
        return int(found[0]) if found else ROWS

    def wait_for_rows(self, count: int, *, seconds: float) -> None:
        wait_for(lambda: self.rows_done() >= count, what=f"{count} rows that are done", seconds=seconds)

    def count(self, condition: str) -> int:
        return int(self._work.ask(f"SELECT count(*) FROM invites_row WHERE batch_id = {self.pk} AND {condition}")[0])

    def send(self, *requests: Request) -> float:
        """Sends them one after the other, each of which has to be answered in time; the MB that they took."""
        answer: dict[str, Any] = self._work.worker.ask(BROWSE.format(requests=json.dumps(requests)))
        slow = {name: seconds for name, seconds in answer["seconds"].items() if seconds >= MARGIN * SECONDS}
        assert not slow
        return float(answer["mb"])


@pytest.fixture
def large(work: Work) -> Import:
    return Import(work)


def test_every_request_is_fast_and_downloads_need_little_memory(large: Import) -> None:
    last, kind = f"?page={ROWS // 50}", "?kind=email_two_at"
    looks: list[Request] = [
        ("page", "get", address, {})
        for address in (
            large.page,
            large.grid,
            large.grid + last,
            large.grid + kind,
            "/o/acme/batches/",
            "/o/acme/users/",
        )
    ]
    edits: list[Request] = [
        ("part", "post", large.grid, data)
        for data in (
            {"do": "take:3:0"},
            {"do": "skip:4"},
            {"do": "save", "cell-5-0": "kim@example.com", "seen-5": "0"},
            {"do": "save", "cell-6-0": "kim@example.com", "seen-6": "0"},
            {"do": "undo:6"},
            {"do": "check"},
        )
    ]
    downloads: list[Request] = [("page", "get", f"{large.page}problems.csv", {})] * DOWNLOADS
    report: list[Request] = [("page", "get", f"{large.page}report.csv", {})]

    assert large.send(*looks, *edits, *downloads, *report) < MEMORY_MB

    large.send(("part", "post", large.grid + kind, {"do": "all:email_two_at"}), *looks[:1])
    large.wait_until("needs_correction")
    assert large.count("outcome = 'waiting' AND version = 1") == ROWS - 4
    large.send(*looks, *edits[-1:])
    large.wait_until("needs_correction")
    assert large.count("outcome = 'waiting' AND version > 1") == ROWS - 1
    large.send(("part", "post", f"{large.page}invite-valid/", {}))
    large.wait_until("inviting")
    large.send(("part", "post", f"{large.page}stop/", {}), *looks)


def test_each_row_changes_once_although_workers_are_killed(large: Import, work: Work) -> None:
    large.send(("part", "post", large.grid, {"do": "all:email_two_at"}))
    for number in range(KILLS):
        large.wait_for_rows(int((number + random.SystemRandom().random()) * ROWS / (KILLS + 1)), seconds=300)
        before = large.rows_done()
        for pid in living_children(work):
            os.kill(pid, signal.SIGKILL)
        large.wait_for_rows(before + 2_000, seconds=RESUMED_SECONDS)

    large.wait_until("needs_correction")
    assert large.count("version = 1 AND outcome = 'waiting'") == ROWS
