"""The progress of an import in numbers, and an estimate of the time left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership
from accounts.organizations.grants import AccessSelection
from invites.imports import check, check_claims, send, stage_rows
from invites.imports.chunks import ChunkClaim, renew_claim
from invites.imports.presentation.status import stage_of
from invites.imports.selectors.progress import progress_now, with_progress
from invites.imports.selectors.summary import Summary
from invites.imports.upload import start_batch
from invites.invitations.blocking import block_address
from invites.live.progress import Progress, TimeLeft
from invites.mailing import sender
from invites.models import Batch
from tests.files import many
from tests.invites.imports.chunk_work import invite_one_chunk
from tests.invites.mailing.mail_server import MailServer
from tests.plans import plan_of
from tests.workbooks import sheet_of, workbook_of


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "About 1 second left."),
        (7, "About 7 seconds left."),
        (12, "About 20 seconds left."),
        (81, "About 90 seconds left."),
        (91, "About 2 minutes left."),
        (121, "About 3 minutes left."),
        (None, ""),
    ],
)
def test_the_time_left_is_rounded_up(seconds: int | None, words: str) -> None:
    assert Progress(1, 2, 0.5, seconds).time_left == words


@pytest.mark.django_db(transaction=True)
def test_a_poll_reads_only_indexes(start: Callable[..., Batch], run: Callable[..., Batch]) -> None:
    for number in range(4):
        run(many(50, domain=f"other{number}.example.com"))
    batch = start(many(250))
    invite_one_chunk(batch)
    with CaptureQueriesContext(connection) as captured:
        with_progress(Batch.objects.filter(pk=batch.pk)).get()

    plan = plan_of(captured[0]["sql"])

    # Only the rows and invitations that are counted are read.
    for index in ("row_by_outcome", "invitation_by_mail"):
        assert index in plan
    assert "SCAN" not in plan
    assert "Seq Scan" not in plan


def test_sent_emails_are_counted_at_least_every_second(
    server: MailServer, start: Callable[..., Batch], work: Callable[[Batch], Batch], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Called each time that the worker renews its claim."""
    seen: list[int] = []

    def keep(claim: ChunkClaim) -> bool:
        progress = progress_now(Batch.objects.get())
        seen.append(progress.done if progress else 0)
        return renew_claim(claim)

    assert sender.RENEWAL_SECONDS <= 1
    monkeypatch.setattr(send, "renew_claim", keep)
    monkeypatch.setattr(sender, "RENEWAL_SECONDS", 0)

    work(start(many(12)))

    assert seen == sorted(seen)
    assert set(seen) >= set(range(11))


def test_somebody_who_reports_abuse_meanwhile_stays_done(
    start: Callable[..., Batch], work: Callable[[Batch], Batch]
) -> None:
    batch = work(start(many(5)))
    Batch.objects.filter(pk=batch.pk).update(state=Batch.State.INVITING, ended_at=None)
    batch.refresh_from_db()
    reported = batch.invitations.order_by("pk")[0]

    block_address(reported.email_key, reported=reported)

    progress = progress_now(batch)
    assert progress is not None
    assert (progress.done, progress.total) == (5, 5)


def test_the_time_left_never_rises_for_a_viewer() -> None:
    batch, left = Batch(pk=1, state=Batch.State.INVITING), TimeLeft()
    looks = [None, 200, 130, 85, 95, 60, 58, 300, 400, 61, 45, 9, 8, 10, 5]

    told = [left.steady(batch, seconds) for seconds in looks]

    # A small rise keeps the old estimate. A large one hides the estimate until it is lower again.
    assert told == [None, 240, 180, 90, None, 60, 60, None, None, 60, 50, 9, 8, None, 5]
    shown = [seconds for seconds in told if seconds is not None]
    assert shown == sorted(shown, reverse=True)


def test_each_batch_and_each_step_has_its_own_time() -> None:
    left = TimeLeft()
    checking, inviting = Batch(pk=1, state=Batch.State.CHECKING), Batch(pk=1, state=Batch.State.INVITING)

    assert left.steady(checking, 5) == 5
    assert left.steady(inviting, 300) == 300
    assert left.steady(Batch(pk=2, state=Batch.State.CHECKING), 80) == 80


@pytest.fixture
def looks(
    admin_membership: Membership, read_only: AccessSelection, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., list[Progress]]:
    """The progress after each block of a file."""

    def looks(content: bytes, *, name: str = "team.csv") -> list[Progress]:
        batch = start_batch(admin_membership, file_name=name, content=[content], selection=read_only)
        seen: list[Progress] = []
        keep = check_claims.renew_claim

        def kept(kept_batch: Batch, **progress: Any) -> None:
            keep(kept_batch, **progress)
            if "bytes_checked" in progress:
                seen.append(progress_now(Batch.objects.get(pk=batch.pk)) or Progress(0, 0, 0))

        monkeypatch.setattr(stage_rows, "renew_claim", kept)
        check.check_batch(batch.pk)
        return seen

    return looks


def test_the_progress_of_a_check_is_counted_in_bytes(looks: Callable[..., list[Progress]]) -> None:
    seen = looks(many(30_000))

    shares = [progress.share for progress in seen]
    assert len(shares) >= 4
    assert shares == sorted(shares)
    assert shares[0] < 0.4
    assert all(
        share == pytest.approx(progress.done / 30_000, abs=0.15) for share, progress in zip(shares, seen, strict=True)
    )


def test_the_progress_of_a_workbook_is_unknown(looks: Callable[..., list[Progress]]) -> None:
    lines = [["Email", "First name", "Last name"], ["ann@example.com", "Ann", "Lee"]]

    (seen,) = looks(workbook_of(sheet_of(lines)), name="team.xlsx")

    assert (seen.done, seen.share) == (1, 0)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "8,214 rows"),
        (0.1, "8,214 rows"),
        (0.24, "8,214 rows, about a quarter of the file"),
        (0.35, "8,214 rows, about a third of the file"),
        (0.52, "8,214 rows, about half of the file"),
        (0.66, "8,214 rows, about two thirds of the file"),
        (0.78, "8,214 rows, about three quarters of the file"),
        (0.97, "8,214 rows, nearly all of the file"),
    ],
)
def test_a_check_shows_its_rows_and_the_share_of_the_file(share: float, words: str) -> None:
    batch = Batch(state=Batch.State.CHECKING, file_name="team.csv", created_at=timezone.now() - timedelta(minutes=1))

    check = stage_of(batch, summary=Summary(), progress=Progress(8_214, 0, share)).steps[1]

    assert (check.name, check.fact) == ("Checking", words)
    assert check.share == (share or None)
