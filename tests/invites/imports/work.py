"""A real worker with the demo organizations, and what tests need to know about its batches.

The test process reads the worker's database with plain SQL, and changes it through the product.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from config.harness.running import wait_for
from tests.worker_on_file import WorkerOnFile

ADMINS = {"acme": "admin@example.com", "globex": "admin@globex.example.com"}
# The form of the page, sent by a test client in a process that has this worker's broker; prints how long it took.
UPLOAD = """
import json, time
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from accounts.models import Role, User
client = Client(HTTP_HOST="127.0.0.1")
client.force_login(User.objects.get(email="admin@example.com"))
role = Role.objects.get(organization__slug="acme", name="ReadOnly")
file = SimpleUploadedFile("team.csv", open({path!r}, "rb").read())
began = time.monotonic()
answer = client.post("/o/acme/import/", {{"roles": [role.pk], "sites": ["all"], "file": file}})
print(json.dumps({{"status": answer.status_code, "seconds": time.monotonic() - began}}))
"""
# All whom a batch invited are sent their invitation again; prints how many.
RESEND = """
from django.conf import settings
from accounts.models import Membership
from invites import tasks
from invites.models import Batch
from invites.directory.bulk.change import BulkChange, Kind
from invites.directory.bulk.selection import Selection
from invites.directory.bulk.start import start_bulk_action
from invites.directory.bulk.work import handle_now
settings.RESEND_PAUSE = 0
batch = Batch.objects.get(pk={batch})
by = Membership.objects.get(user=batch.inviter, organization=batch.organization)
action = start_bulk_action(by, BulkChange(Kind.RESEND), Selection.of_invitations(by, batch.invitations.open()).ids())
handle_now(action)
print(action.changed)
tasks.enqueue_on_commit(tasks.send_due_invitations, batch.organization_id)
"""
# Invitations of which the database says that they were mailed an hour ago, as those of an import that has ended.
PRETEND_INVITED = """
from datetime import timedelta
from django.utils import timezone
from accounts.models import Organization, User
from invites.models import Batch, AccessGrant, Invitation
from invites.invitations.tokens import hashes_for, new_seeds
acme, admin, now = Organization.objects.get(slug="acme"), User.objects.get(email={admin!r}), timezone.now()
grant = AccessGrant.objects.create(organization=acme, all_sites=True)
batch = Batch.objects.create(organization=acme, inviter=admin, grant=grant, state="done", file_name="team.csv")
seeds = new_seeds({count})
Invitation.objects.bulk_create(
    Invitation(
        organization=acme, grant=grant, inviter=admin, batch=batch, email=email, email_key=email, token_seed=seed,
        token_hash=token_hash, expires_at=now + timedelta(days=9), mail_state="sent",
        mail_finished_at=now - timedelta(hours=1),
    )
    for number, (seed, token_hash) in enumerate(zip(seeds, hashes_for(seeds)))
    for email in [f"person{{number}}@{domain}"]
)
print(batch.pk)
"""
# The time of a scheduled batch has come.
MAKE_DUE = """
from django.utils import timezone
from invites.models import Batch
Batch.objects.filter(pk={batch}).update(send_at=timezone.now())
"""
# All whom a batch invited are sent their invitation again, by workers; prints the id of the action.
RESEND_IN_BACKGROUND = """
from accounts.models import Membership
from invites import tasks
from invites.models import Batch
from invites.directory.bulk.change import BulkChange, Kind
from invites.directory.bulk.selection import Selection
from invites.directory.bulk.start import start_bulk_action
batch = Batch.objects.get(pk={batch})
by = Membership.objects.get(user=batch.inviter, organization=batch.organization)
ids = Selection.of_invitations(by, batch.invitations.open()).ids()
action = start_bulk_action(by, BulkChange(Kind.RESEND), ids)
tasks.enqueue_on_commit(tasks.process_bulk_action, action.pk)
print(action.pk)
"""
# The inviter takes the batch back; prints how many invitations that are.
UNDO = """
from accounts.models import Membership
from invites import tasks
from invites.models import Batch
from invites.imports.undo import undo_import
batch = Batch.objects.get(pk={batch})
by = Membership.objects.get(user=batch.inviter, organization=batch.organization)
print(undo_import(by, batch))
tasks.enqueue_on_commit(tasks.revoke_slice, batch.pk)
"""
# An admin invites people of a domain, each alone; prints how many.
INVITE_SINGLY = """
from accounts.models import Membership
from accounts.organizations.grants import AccessSelection
from invites import tasks
from invites.invitations.invite import invite_person
by = Membership.objects.get(user__email={admin!r}, organization__slug={organization!r})
selection = AccessSelection.of([], all_sites=True)
for number in range({count}):
    email = f"person{{number}}@{domain}"
    invite_person(by, email=email, first_name="Ann", last_name="Example", description="", selection=selection)
    tasks.enqueue_on_commit(tasks.send_due_invitations, by.organization_id)
print({count})
"""


def first_column(settings: dict[str, str], question: str) -> list[Any]:
    """The result of the SQL in the database of a product that runs with these settings."""
    if url := settings.get("DATABASE_URL"):
        with psycopg.connect(url) as connection:
            return [row[0] for row in connection.execute(question).fetchall()]
    with closing(sqlite3.connect(Path(settings["DATA_DIR"]) / "rollcall.sqlite3", timeout=20)) as database:
        return [row[0] for row in database.execute(question)]


class Work:
    """A worker and its batches. `invite(content)` starts an import; the other methods ask about it."""

    def __init__(self, worker: WorkerOnFile, directory: Path) -> None:
        self.worker = worker
        self.path = directory / "team.csv"

    def manage(self, *arguments: str) -> str:
        done = self.worker.manage(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def invite(self, content: bytes, *, organization: str = "acme", send_at: str = "") -> int:
        """The batch that was started."""
        self.path.write_bytes(content)
        who = ("--organization", organization, "--as", ADMINS[organization])
        later = ("--send-at", send_at) if send_at else ()
        self.manage("invite_csv", str(self.path), *who, "--role", "ReadOnly", "--all-sites", "--json", *later)
        return self.newest()

    def newest(self) -> int:
        """The batch that was started last."""
        return int(self.ask("SELECT max(id) FROM invites_batch")[0])

    def let_time_pass(self, batch: int) -> None:
        """The time of a scheduled batch comes now."""
        self.worker.run(MAKE_DUE.format(batch=batch))

    def upload(self, content: bytes) -> dict[str, Any]:
        """The status of the response, and how many seconds it took."""
        self.path.write_bytes(content)
        answer: dict[str, Any] = self.worker.ask(UPLOAD.format(path=str(self.path)))
        return answer

    def resend(self, batch: int) -> int:
        """Resends invitations of the batch without waiting for the minimum interval. Returns how many."""
        return int(self.worker.ask(RESEND.format(batch=batch)))

    def pretend_invited(self, count: int, *, domain: str) -> int:
        """A batch with this many invitations that weren't really emailed."""
        return int(self.worker.ask(PRETEND_INVITED.format(count=count, domain=domain, admin=ADMINS["acme"])))

    def resend_in_background(self, batch: int) -> int:
        """The action by which workers resend all invitations of the batch."""
        return int(self.worker.ask(RESEND_IN_BACKGROUND.format(batch=batch)))

    def undo(self, batch: int) -> int:
        """How many invitations are revoked. If there are many, this has only started."""
        return int(self.worker.ask(UNDO.format(batch=batch)))

    def invite_singly(self, count: int, *, domain: str, organization: str) -> None:
        """Invites this many people one by one, as the form does."""
        how = {"count": count, "domain": domain, "organization": organization, "admin": ADMINS[organization]}
        self.worker.ask(INVITE_SINGLY.format(**how))

    def ask(self, question: str) -> list[Any]:
        """The first column of the result of the SQL."""
        return first_column(self.worker.settings, question)

    def held(self, batch: int) -> set[str]:
        """The chunks that workers hold, each with values that change when its claim is renewed, lost or released."""
        what = "id || ', claim ' || claims || ', until ' || claimed_until"
        return set(
            self.ask(
                f"SELECT {what} FROM invites_batchchunk "
                f"WHERE batch_id = {batch} AND stage <> 'done' AND claimed_until IS NOT NULL"
            )
        )

    def wait_until_taken_up(self, batch: int, held: set[str], *, seconds: float) -> None:
        """Wait until all chunks have changed since a kill: renewed by living workers, or claimed from the dead one."""
        wait_for(lambda: not held & self.held(batch), what="one that takes up what the dead held", seconds=seconds)

    def wait_until_done(self, *, batches: int = 1, seconds: float = 120) -> None:
        states = "SELECT state FROM invites_batch"
        wait_for(lambda: self.ask(states) == ["done"] * batches, what="end of the batch", seconds=seconds)

    def wait_for_end(self, batch: int, *, seconds: float = 180) -> None:
        """Wait until this batch is done."""
        state = f"SELECT state FROM invites_batch WHERE id = {batch}"
        wait_for(lambda: self.ask(state) == ["done"], what=f"end of batch {batch}", seconds=seconds)

    def report(self, batch: int = 1) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.manage("batch_report", str(batch), "--json"))
        return report

    def sent(self, batch: int = 1) -> int:
        sent = f"SELECT count(*) FROM invites_invitation WHERE batch_id = {batch} AND mail_state = 'sent'"
        return int(self.ask(sent)[0])

    def mails(self, domain: str = "") -> Counter[str]:
        """How many emails each address got, or each of a domain."""
        return Counter(to for to in self.worker.recipients() if to.endswith(domain))
