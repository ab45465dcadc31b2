"""With 200,000 members and as many invitations of one import, every page and every button responds quickly.

A real worker then does what the button started, while others open pages and invite people.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from config.harness.running import run_manage, wait_for
from tests.invites.imports.work import Work

MANY = 200_000
PART = 20_000
# The target in seconds. Twice as much is allowed, because the machine may be busy.
MOST_SECONDS = 2
MARGIN = 2
WORK_SECONDS = 600

# The number of members, and of rows of an import whose invitations were emailed three days ago.
SEED = """
from datetime import timedelta
from django.db import transaction
from django.utils import timezone
from accounts.models import Membership, Organization, Role, User
from invites.models import Batch, AccessGrant, Invitation, Row
from invites.invitations.tokens import hashes_for, new_seeds
acme, admin = Organization.objects.get(slug="acme"), User.objects.get(email="admin@example.com")
role, now = Role.objects.get(organization=acme, name="ReadOnly"), timezone.now()
past = now - timedelta(days=3)
batch = Batch.objects.filter(file_name="large.csv").first()
if batch is None:
    grant = AccessGrant.objects.create(organization=acme, all_sites=True)
    grant.roles.add(role)
    times = dict.fromkeys(["checked_at", "inviting_started_at", "ended_at", "banner_closed_at", "result_emailed_at"], past)
    batch = Batch.objects.create(
        organization=acme, inviter=admin, grant=grant, file_name="large.csv", state="done", row_total={many}, **times
    )
with transaction.atomic():
    people = range({start}, {start} + {part})
    users = User.objects.bulk_create(
        User(email=f"member{{n}}@example.com", first_name=f"Ann {{n % 997}}", last_name="Lee", password="!") for n in people
    )
    members = Membership.objects.bulk_create(
        Membership(user=each, organization=acme, all_sites=True, first_name=each.first_name, last_name=each.last_name)
        for each in users
    )
    through = Membership.roles.through
    through.objects.bulk_create(through(membership=each, role=role) for each in members)
    person = {{"first_name": "Ben", "last_name": "Cole"}}
    rows = Row.objects.bulk_create(
        Row(batch=batch, number=n + 2, line=n + 2, email=email, email_key=email, outcome="invited", **person)
        for n in people for email in [f"guest{{n}}@example.com"]
    )
    seeds = new_seeds(len(rows))
    Invitation.objects.bulk_create(
        Invitation(
            organization=acme, grant=batch.grant, inviter=admin, row=row, batch=batch, email=row.email,
            email_key=row.email, token_seed=seed, token_hash=token_hash, created_at=past, mail_state="sent",
            mail_finished_at=past, expires_at=now + timedelta(days=9 if row.number % 4 else -1), **person,
        )
        for row, seed, token_hash in zip(rows, seeds, hashes_for(seeds))
    )
"""
# A large file that a worker is about to check, and one that needs corrections, both with all their rows.
SEED_UNFINISHED = """
from django.utils import timezone
from invites.models import Batch, Row, UploadPart
large = Batch.objects.get(file_name="large.csv")
shared = {{"organization": large.organization, "inviter": large.inviter, "grant": large.grant}}
later = timezone.now() + timezone.timedelta(hours=1)
for state, times in (("checking", {{"claimed_until": later}}), ("needs_correction", {{"checked_at": timezone.now()}})):
    batch = Batch.objects.create(file_name=f"{{state}}.csv", state=state, **shared, **times)
    UploadPart.objects.create(batch=batch, number=0, content=b"Email")
    for start in range(0, {many}, {part}):
        Row.objects.bulk_create(
            Row(batch=batch, number=n, line=n, email=email, email_key=email, first_name="Cy", last_name="Poe")
            for n in range(start, start + {part}) for email in [f"{{state}}{{n}}@example.com"]
        )
"""
# Sends requests like the admin's browser, and prints how many seconds each took.
ASK = """
import json, re, time
from django.test import Client
from accounts.models import User
client = Client(HTTP_HOST="127.0.0.1", headers={{"HX-Request": "true"}})
client.force_login(User.objects.get(email="admin@example.com"))
client.get("/o/acme/settings/")
seconds = {{}}
for method, path, data in json.loads({requests!r}):
    began = time.monotonic()
    if "seen" in data:
        data["seen"] = re.search(r'name="seen" value="([^"]*)"', answer.content.decode())[1]
        data["step"] = "start"
    answer = getattr(client, method)("/o/acme/" + path, data)
    seconds[f"{{method}} {{path}}"] = time.monotonic() - began
    assert answer.status_code in (200, 204), (path, answer.status_code)
print(json.dumps(seconds))
"""
Request = tuple[str, str, dict[str, str]]


def get(*paths: str) -> list[Request]:
    return [("get", path, {}) for path in paths]


def reviewed(path: str, data: dict[str, str]) -> list[Request]:
    """The review of a bulk action, and its start with the numbers that were reviewed."""
    return [("post", path, data), ("post", path, {**data, "seen": ""})]


class Office:
    """The admin's browser in front of a large organization, each of whose answers has to come at once."""

    def __init__(self, work: Work) -> None:
        self.work = work
        for start in range(0, MANY, PART):
            self._run(SEED.format(many=MANY, part=PART, start=start))
        self._run(SEED_UNFINISHED.format(many=MANY, part=PART))
        found = zip(
            work.ask("SELECT file_name FROM invites_batch"), work.ask("SELECT id FROM invites_batch"), strict=True
        )
        self.ids = dict(found)
        self._guests = 0

    def ask(self, *requests: Request) -> None:
        seconds: dict[str, float] = self.work.worker.ask(ASK.format(requests=json.dumps(requests)))
        print(json.dumps(seconds, indent=1))  # noqa: T201 - shown where the test fails, and with -s
        assert {path: took for path, took in seconds.items() if took >= MARGIN * MOST_SECONDS} == {}

    def ask_while_others_write(self, *paths: str) -> None:
        """Pages, and an invitation of somebody that has to be stored among what the worker stores."""
        self._guests += 1
        (role,) = self.work.ask(
            "SELECT r.id FROM accounts_role r JOIN accounts_organization o ON o.id = r.organization_id "
            "WHERE o.slug = 'acme' AND r.name = 'ReadOnly'"
        )
        guest = {"email": f"new{self._guests}@one.example.com", "first_name": "Di", "last_name": "Roe"}
        self.ask(*get(*paths), ("post", "invite/", {**guest, "roles": str(role), "sites": "all"}))

    def wait(self, question: str, answers: Sequence[object], *, pages: Sequence[str], what: str) -> None:
        """Until the database says so; meanwhile pages are opened and people invited."""
        while self.work.ask(question) != answers:
            self.ask_while_others_write(*pages)
            if self._guests > WORK_SECONDS:
                break
        wait_for(lambda: self.work.ask(question) == answers, what=what, seconds=WORK_SECONDS)

    def _run(self, code: str) -> None:
        done = run_manage("shell", "--no-imports", "-c", code, **self.work.worker.settings)
        assert done.returncode == 0, done.stderr


def test_every_response_is_fast_in_an_organization_of_200_000(work: Work) -> None:
    office = Office(work)
    large = f"batches/{office.ids['large.csv']}/"
    last = 2 * MANY // 25
    lists = [
        "users/",
        f"users/?page={last}",
        f"users/?page={last // 2}",
        "users/?status=pending&page=9",
        "users/?q=ben",
    ]
    office.ask(*get(*lists, "roles/", "sites/", "batches/", large, f"{large}?page=2000", f"{large}remind/"))
    state = "SELECT state FROM invites_bulkaction ORDER BY id"

    everybody = {"action": "resend", "all": "1"}
    office.ask(*reviewed("users/selected/", everybody))
    office.wait(state, ["done"], pages=["users/", "banners/", "indicator/"], what="end of the resend")
    assert work.ask("SELECT count(*) FROM invites_invitation WHERE times_resent = 1") >= [MANY]

    office.ask(*reviewed("users/selected/?q=guest1", {"action": "revoke", "all": "1"}))
    office.wait(state, ["done", "done"], pages=["users/?status=pending", "banners/"], what="end of the revoking")
    of_them = "SELECT count(*) FROM invites_invitation WHERE email LIKE 'guest1%' AND state = 'pending'"
    assert work.ask(of_them) == [0]

    office.ask(("post", f"{large}undo/", {}))
    undone = "SELECT count(*) FROM invites_batch WHERE is_being_undone"
    office.wait(undone, [0], pages=["users/", large, "banners/", "batches/"], what="end of the undo")
    assert work.ask("SELECT count(*) FROM invites_invitation WHERE email LIKE 'guest%' AND state = 'pending'") == [0]

    for name in ("checking.csv", "needs_correction.csv"):
        office.ask(("post", f"batches/{office.ids[name]}/stop/", {}), *get(f"batches/{office.ids[name]}/", "batches/"))
    left = f"SELECT count(*) FROM invites_row WHERE batch_id = {office.ids['checking.csv']}"
    office.wait(left, [0], pages=["users/", "batches/"], what="end of the cleaning up")
