"""How fast the emails of one batch are sent, by one process over one connection: `python -m benchmarks.mail`.

Compared with Django's own backend for the same messages, and with smtplib for messages that were rendered before. Once
with a server that replies immediately, and once with a server that takes 20 ms per reply, as over a real network.
Rollcall's time includes everything that a worker does with a chunk: claiming it, reading the invitations, creating
their links, counting emails per address, and saving each result before the next message ends.
"""

from __future__ import annotations

import json
import os
import smtplib
import sys
import time
from unittest import mock

from benchmarks.files import people
from benchmarks.invite import batch_of
from benchmarks.mail_sink import MailSink
from benchmarks.rounds import in_a_process, keep, medians, product_settings, say, verdict

COUNT, ROUNDS = 2_000, 5
# Without pipelining, a message takes four replies.
SLOW_COUNT, SLOW_ROUNDS, SLOW_MILLISECONDS = 100, 3, 20
OURS, BYTES, DJANGO = "Rollcall", "smtplib, rendered before", "Django send_messages"
LEAST_TIMES_DJANGO, MOST_TIMES_BYTES = 5, 1.5


def main() -> None:
    seconds = _measured(COUNT, ROUNDS, milliseconds=0)
    django, rendered = seconds[DJANGO] / seconds[OURS], seconds[OURS] / seconds[BYTES]
    say(f"  at least {LEAST_TIMES_DJANGO} x as fast as Django: {django:.1f} x, {verdict(django >= LEAST_TIMES_DJANGO)}")
    say(f"  at most {MOST_TIMES_BYTES} x the time of bytes: {rendered:.2f} x, {verdict(rendered <= MOST_TIMES_BYTES)}")
    keep("mail", {"messages": COUNT, "turns": ROUNDS, "seconds": seconds})
    slow = {"messages": SLOW_COUNT, "turns": SLOW_ROUNDS, "milliseconds_per_reply": SLOW_MILLISECONDS}
    seconds = _measured(SLOW_COUNT, SLOW_ROUNDS, milliseconds=SLOW_MILLISECONDS)
    keep("mail to a slow server", {**slow, "seconds": seconds})


def _measured(count: int, rounds: int, *, milliseconds: int) -> dict[str, float]:
    say(f"Mail: {count:,} messages over one connection, {milliseconds} ms per reply, {rounds} rounds")
    settings = {"MESSAGES": count, "TURNS": rounds, "MILLISECONDS_PER_REPLY": milliseconds}
    seconds = in_a_process("benchmarks.mail", **{name: str(value) for name, value in settings.items()})
    for name, spent in seconds.items():
        say(f"  {name:28}{count / spent:12,.0f} messages/s {spent / seconds[BYTES]:8.2f} x")
    return seconds


def measure_here() -> None:
    delay = int(os.environ["MILLISECONDS_PER_REPLY"]) / 1_000
    with MailSink(delay) as sink, product_settings(DATABASE_URL="", EMAIL_URL=f"smtp://127.0.0.1:{sink.port}"):
        import django

        django.setup()
        json.dump(measure(sink.port, count=int(os.environ["MESSAGES"]), rounds=int(os.environ["TURNS"])), sys.stdout)


def measure(port: int, *, count: int, rounds: int) -> dict[str, float]:
    from django.core.mail import get_connection
    from django.core.management import call_command

    from invites.imports import chunks, invite
    from invites.imports.send import send_chunk
    from invites.mailing.content import content_of
    from invites.mailing.template import InvitationTemplate
    from invites.models import BatchChunk, Invitation

    call_command("migrate", verbosity=0)
    # One chunk, and therefore one connection, like the others.
    with mock.patch.object(invite, "MIN_CHUNK_ROWS", count):
        batch = batch_of(list(people(count, bad=0)), number=1)
    claim = chunks.claim_chunk(batch.pk)
    assert claim is not None
    invite.invite_chunk(claim)
    chunks.release_claim(claim)
    invitations = list(Invitation.objects.select_related("organization", "inviter", "grant"))
    assert len(invitations) == count
    template = InvitationTemplate(content_of(invitations[0]))
    link, opt_out = "https://rollcall.example.com/i/abcdefghijklmnopqrstuvwxyzA/", "12-abcdefghijklmnopqrstuvwxyzA"
    rendered = [
        (each.email, template.build(each, link=link, opt_out=opt_out).message().as_bytes()) for each in invitations
    ]

    def with_django() -> None:
        with get_connection("django.core.mail.backends.smtp.EmailBackend") as connection:
            connection.send_messages([template.build(each, link=link, opt_out=opt_out) for each in invitations])

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
        assert Invitation.objects.filter(mail_state=Invitation.Mail.SENT).count() == count
        return spent

    return medians({OURS: with_rollcall, BYTES: with_smtplib, DJANGO: with_django}, rounds=rounds)


if __name__ == "__main__":
    measure_here() if "--measure" in sys.argv else main()
