"""A worker is killed while automatic reminders go out: nobody gets two, and almost everybody gets one."""

from __future__ import annotations

import os
import random
import signal

import pytest

from config.harness.running import wait_for
from tests.daylight import zone_by_day
from tests.faults.conftest import FEWER
from tests.faults.test_killing import RESUMED_SECONDS, living_children, mailed
from tests.files import many
from tests.invites.imports.work import Work
from tests.invites.mailing.mail_server import MailServer

PEOPLE = 250
# Makes the reminders of a batch due.
DUE = """
from datetime import timedelta
from django.utils import timezone
from invites.invitations.reminders import Kind
from invites.mailing.reminders.switching import follow_settings
from invites.models import Batch, ReminderCursor
batch = Batch.objects.get(pk={batch})
organization = batch.organization
organization.time_zone, organization.reminder_days_after = "{zone}", 3
organization.save()
ReminderCursor.objects.filter(organization=organization).delete()
follow_settings(organization, [Kind.AFTER])
batch.invitations.update(mail_finished_at=timezone.now() - timedelta(days=3))
"""


@pytest.mark.parametrize("whole", [False, True], ids=["all children", "the whole worker"])
def test_a_killed_worker_sends_no_reminder_twice(work: Work, server: MailServer, whole: bool) -> None:
    server.seconds_per_mail = 0.02
    for trial in range(FEWER):
        remind_and_kill(work, server, domain=f"reminded{trial}.example.com", whole=whole)


def remind_and_kill(work: Work, server: MailServer, *, domain: str, whole: bool) -> None:
    batch = work.invite(many(PEOPLE, domain=domain))
    work.wait_for_end(batch)
    assert mailed(server, domain).total() == PEOPLE
    victims = living_children(work)
    point = PEOPLE + random.SystemRandom().randrange(1, PEOPLE)
    work.worker.run(DUE.format(batch=batch, zone=zone_by_day()))
    wait_for(lambda: mailed(server, domain).total() >= point, what=f"{point} mails", seconds=120)

    if whole:
        work.worker.kill_worker()
    else:
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
    if whole:
        work.worker.start_worker()

    of_batch = (
        f"FROM invites_reminder WHERE invitation_id IN (SELECT id FROM invites_invitation WHERE batch_id = {batch})"
    )
    wait_for(
        lambda: work.ask(f"SELECT count(*) {of_batch} AND sent_at IS NOT NULL") == [PEOPLE],
        what=f"the other reminders, killed after {point}",
        seconds=RESUMED_SECONDS + 120,
    )
    mails = mailed(server, domain)
    assert set(mails.values()) <= {1, 2}, f"Somebody got two reminders, killed after {point} mails."
    # The killed process may have started two: while a server ends one email, it is told the next recipient.
    assert mails.total() >= 2 * PEOPLE - 2, f"Killed after {point} mails."
    states = work.ask(f"SELECT count(*) FROM invites_invitation WHERE batch_id = {batch} AND mail_state = 'sent'")
    assert states == [PEOPLE]
