"""Mails of one batch, one process, one connection: `python -m benchmarks.mail`.

Against Django's own `send_messages` with the same messages, and against smtplib with bytes that were rendered before.
The product's own figure has everything in it that a worker does with a chunk: claiming it, reading the invitations,
their links, counting what each address is sent, and saving before each next mail that the last one was taken.
"""

from __future__ import annotations

import json
import os
import smtplib
import sys
import tempfile
import time
from unittest import mock

from benchmarks.files import people
from benchmarks.invite import batch_of
from benchmarks.mail_sink import MailSink
from benchmarks.rounds import in_a_process, keep, medians, say, verdict

COUNT = 2_000
ROUNDS = 5
OURS, BYTES, DJANGO = "Rollcall", "smtplib, rendered before", "Django send_messages"
LEAST_TIMES_DJANGO, MOST_TIMES_BYTES = 5, 1.5


def main() -> None:
    seconds = in_a_process("benchmarks.mail")
    say(f"Mail: {COUNT:,} messages over one connection, {ROUNDS} turns")
    for name, spent in seconds.items():
        say(f"  {name:28}{COUNT / spent:12,.0f} messages/s {spent / seconds[BYTES]:8.2f} x")
    django, rendered = seconds[DJANGO] / seconds[OURS], seconds[OURS] / seconds[BYTES]
    say(f"  at least {LEAST_TIMES_DJANGO} x as fast as Django: {django:.1f} x, {verdict(django >= LEAST_TIMES_DJANGO)}")
    say(f"  at most {MOST_TIMES_BYTES} x the time of bytes: {rendered:.2f} x, {verdict(rendered <= MOST_TIMES_BYTES)}")
    keep("mail", {"messages": COUNT, "turns": ROUNDS, "seconds": seconds})


def measure_here() -> None:
    with MailSink() as sink, tempfile.TemporaryDirectory(prefix="rollcall-bench-") as directory:
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        os.environ |= {
            "DATA_DIR": directory,
            "DATABASE_URL": "",
            "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}",
            "LOG_LEVEL": "ERROR",
        }
        import django

        django.setup()
        json.dump(measure(sink.port), sys.stdout)


def measure(port: int) -> dict[str, float]:
    from django.core.mail import get_connection
    from django.core.management import call_command

    from invites.imports import chunks, invite
    from invites.imports.send import send_chunk
    from invites.mailing.template import InvitationTemplate
    from invites.models import BatchChunk, Invitation

    call_command("migrate", verbosity=0)
    # One chunk, and so one connection, as the others have.
    with mock.patch.object(invite, "MIN_CHUNK_ROWS", COUNT):
        batch = batch_of(list(people(COUNT, bad=0)), number=1)
    claim = chunks.claim_chunk(batch.pk)
    assert claim is not None
    invite.invite_chunk(claim)
    chunks.release_claim(claim)
    invitations = list(Invitation.objects.select_related("organization", "inviter", "grant"))
    assert len(invitations) == COUNT
    template = InvitationTemplate(invitations[0])
    link = "https://rollcall.example.com/i/abcdefghijklmnopqrstuvwxyzA/"
    rendered = [(each.email, template.build(each, link=link).message().as_bytes()) for each in invitations]

    def with_django() -> None:
        with get_connection() as connection:
            connection.send_messages([template.build(each, link=link) for each in invitations])

    def with_smtplib() -> None:
        with smtplib.SMTP("127.0.0.1", port) as server:
            for address, content in rendered:
                server.sendmail("no-reply@example.com", [address], content)

    def with_rollcall() -> float:
        Invitation.objects.update(mail_state=Invitation.Mail.QUEUED)
        BatchChunk.objects.update(stage=BatchChunk.Stage.MAIL, attempts=0)
        began = time.perf_counter()
        while claim := chunks.claim_chunk(batch.pk):
            send_chunk(claim)
        spent = time.perf_counter() - began
        assert Invitation.objects.filter(mail_state=Invitation.Mail.SENT).count() == COUNT
        return spent

    return medians({OURS: with_rollcall, BYTES: with_smtplib, DJANGO: with_django}, rounds=ROUNDS)


if __name__ == "__main__":
    measure_here() if "--measure" in sys.argv else main()
