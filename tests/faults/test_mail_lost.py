"""A mail server that fails at the worst moments, and an email that kills workers: nobody is lost, and repeats are the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from config.harness.running import children_of
from tests.faults.mail_servers import CloseMailServer, at_port, kill
from tests.files import many
from tests.invites.imports.work import Work

PEOPLE = 400
DROPS = 6


@pytest.fixture
def server() -> Iterator[CloseMailServer]:
    with CloseMailServer() as running:
        yield running


@pytest.mark.parametrize("pipelining", [False, True], ids=["in turn", "pipelined"])
def test_a_connection_lost_after_acceptance_causes_one_more_email_with_the_same_link(
    work: Work, server: CloseMailServer, pipelining: bool
) -> None:
    server.pipelining = pipelining
    unlucky = {f"person{number}@people.example.com" for number in range(0, PEOPLE, PEOPLE // DROPS)}
    server.silent_after = set(unlucky)

    batch = work.invite(many(PEOPLE))
    work.wait_for_end(batch)

    report = work.report(batch)
    assert (report["rows"], report["invited"], report["failed"]) == (PEOPLE, PEOPLE, 0)
    mails = Counter(server.taken)
    assert len(mails) == PEOPLE
    assert {address for address, count in mails.items() if count > 1} <= unlucky, (
        "Only those who might not have been emailed."
    )
    assert max(mails.values()) <= 2
    assert all(len(set(links)) == 1 for links in server.links.values()), "All emails to a person have the same link."


def test_an_email_that_kills_workers_is_given_up_and_everyone_else_is_emailed(
    work_on_servers: Work, server: CloseMailServer
) -> None:
    work, poison = work_on_servers, f"person{PEOPLE // 3}@people.example.com"
    assert work.worker.worker is not None
    worker = work.worker.worker.pid

    def dies(address: str, port: int) -> None:
        if address == poison:
            killed = at_port(port, children_of(worker))
            assert killed
            kill(killed)

    server.before_each = dies
    batch = work.invite(many(PEOPLE))

    work.wait_for_end(batch, seconds=400)

    report = work.report(batch)
    assert (report["rows"], report["invited"] + report["failed"]) == (PEOPLE, PEOPLE)
    failed = work.ask(f"SELECT email FROM invites_row WHERE batch_id = {batch} AND outcome = 'failed'")
    assert failed == [poison]
    everybody = {f"person{number}@people.example.com" for number in range(PEOPLE)}
    assert set(server.taken) & everybody == everybody - {poison}, (
        "Everyone who counts as invited was emailed, and nobody else."
    )
