"""Sentences about an import, for one and for many."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from accounts.models import Organization
from invites.imports.presentation.before_stopping import before_stopping
from invites.imports.presentation.grid import tally_texts
from invites.imports.presentation.status import file_size, rows_need_fixing, stage_of
from invites.imports.presentation.wording import result_text, result_title, stopped_text, undone_text
from invites.imports.selectors.grid import Tally
from invites.imports.selectors.summary import Summary
from invites.live.progress import Progress
from invites.models import Batch

State = Batch.State


@pytest.fixture
def batch() -> Batch:
    """An import that is done. It isn't stored."""
    return Batch(organization=Organization(name="Acme"), file_name="team.csv", state=State.DONE, row_total=1)


@pytest.mark.parametrize(
    ("state", "summary", "title"),
    [
        (State.DONE, Summary(invited=1), "1 user was invited to Acme"),
        (State.DONE, Summary(invited=1_000), "1,000 users were invited to Acme"),
        (State.DONE, Summary(), "Nobody new was invited to Acme"),
        (State.STOPPED, Summary(invited=1), "Stopped. 1 user was invited to Acme"),
        (State.STOPPED, Summary(invited=2), "Stopped. 2 users were invited to Acme"),
        (State.STOPPED, Summary(), "Stopped. Nobody was invited to Acme"),
        (State.FAILED, Summary(), "team.csv was not imported"),
        (State.REJECTED, Summary(), "team.csv was not imported"),
    ],
)
def test_the_title_is_the_result(batch: Batch, state: str, summary: Summary, title: str) -> None:
    batch.state = State(state)
    assert result_title(batch, summary) == title


@pytest.mark.parametrize(
    ("summary", "text"),
    [
        (Summary(rows=2, invited=2), "Everyone in team.csv was invited."),
        (
            Summary(rows=1, skips=Counter(already_member=1)),
            "The only row of team.csv was skipped because that person is already a member.",
        ),
        (
            Summary(rows=1_000, skips=Counter(already_invited=1_000)),
            "All 1,000 rows of team.csv were skipped because those people are already invited.",
        ),
        (
            Summary(rows=1, skips=Counter(deactivated=1)),
            "The only row of team.csv was skipped because that person is deactivated.",
        ),
        (
            Summary(rows=2, skips=Counter(deactivated=2)),
            "All 2 rows of team.csv were skipped because those people are deactivated.",
        ),
        (Summary(rows=2, skips=Counter(already_member=1, duplicate=1)), "All 2 rows of team.csv were skipped."),
        (
            Summary(rows=5, invited=1, skips=Counter(already_invited=1, deactivated=2, duplicate=1)),
            "From team.csv: 1 was already invited. 2 are deactivated. 1 was in the file twice.",
        ),
        (
            Summary(rows=5, invited=1, problems=1, skips=Counter(already_member=1, already_invited=1, duplicate=1)),
            "From team.csv: 1 was already a member. 1 was already invited. 1 was in the file twice. 1 had a problem.",
        ),
        (
            Summary(
                rows=20,
                invited=10,
                problems=4,
                skipped_by_admin=2,
                skips=Counter(already_member=2, already_invited=2, duplicate=2),
            ),
            "From team.csv: 2 were already members. 2 were already invited. 2 were in the file twice. 2 had problems. "
            "2 were skipped by an admin.",
        ),
        (
            Summary(rows=9, invited=3, bounced=1, failed=3, mail_refused=2),
            "From team.csv: 2 emails couldn’t be sent. 1 email bounced. 1 couldn’t be invited.",
        ),
    ],
)
def test_the_text_says_who_was_not_invited_and_why(batch: Batch, summary: Summary, text: str) -> None:
    assert result_text(batch, summary) == text


def test_a_stopped_import_says_how_many_were_not_invited(batch: Batch) -> None:
    assert stopped_text(batch, Summary(stopped=1)) == "1 person in team.csv was not invited."
    assert stopped_text(batch, Summary(stopped=2, mail_refused=1)) == (
        "2 people in team.csv were not invited. 1 email couldn’t be sent."
    )


def test_an_undone_import_says_who_stays(batch: Batch) -> None:
    assert undone_text(batch, Summary()) == "Nobody from team.csv had accepted."
    assert undone_text(batch, Summary(accepted=1)) == "1 person from team.csv had already accepted and stays a member."
    assert undone_text(batch, Summary(accepted=2)) == "2 people from team.csv had already accepted and stay members."


@pytest.mark.parametrize(
    ("progress", "question"),
    [
        (Progress(0, 9, 0), "Nobody has been invited yet, and nobody will be."),
        (
            Progress(0, 9, 0, on_the_way=1),
            "1 person has already been invited and stays invited. The email is still being sent.",
        ),
        (
            Progress(1, 9, 0, on_the_way=2),
            "1 person has already been invited and stays invited. 2 more people have been invited. "
            "Their emails are still being sent.",
        ),
        (Progress(2, 9, 0), "2 people have already been invited and stay invited."),
        (
            Progress(8, 9, 0, on_the_way=1),
            "Everyone has already been invited and stays invited. 1 email is still being sent, even if you stop now.",
        ),
    ],
)
def test_the_question_before_stopping_says_who_stays_invited(batch: Batch, progress: Progress, question: str) -> None:
    batch.state = State.INVITING
    assert before_stopping(batch, progress) == question


def test_a_running_import_says_how_far_it_is(batch: Batch) -> None:
    batch.state, batch.created_at = State.INVITING, batch.created_at
    progress = Progress(1, 1, 0.3, seconds_left=1, skipped=1, failed=1)
    stage = stage_of(batch, summary=Summary(), progress=progress)
    _, _, inviting = stage.steps
    assert (stage.title, stage.announced) == ("Inviting from team.csv", "Inviting from team.csv: 25% done")
    assert (inviting.name, inviting.fact) == ("Inviting", "1 of 1 person")
    assert inviting.text == (
        "About 1 second left. 1 person was skipped. The results will say why. 1 person couldn’t be invited."
    )
    many = replace(progress, done=1_000, total=2_000, seconds_left=120, skipped=2, failed=2)
    _, _, inviting = stage_of(batch, summary=Summary(), progress=many).steps
    assert inviting.fact == "1,000 of 2,000 people"
    assert inviting.text == (
        "About 2 minutes left. 2 people were skipped. The results will say why. 2 people couldn’t be invited."
    )


@pytest.mark.parametrize(
    ("share", "fact"),
    [
        (0.0, "1,000 rows"),
        (0.19, "1,000 rows"),
        (0.2, "1,000 rows, about a quarter of the file"),
        (0.5, "1,000 rows, about half of the file"),
        (0.99, "1,000 rows, nearly all of the file"),
    ],
)
def test_the_check_says_about_how_much_of_the_file_is_checked(batch: Batch, share: float, fact: str) -> None:
    batch.state = State.CHECKING
    _, checking, _ = stage_of(batch, summary=Summary(), progress=Progress(1_000, 0, share)).steps
    assert checking.fact == fact


def test_counted_facts() -> None:
    assert [rows_need_fixing(count) for count in (0, 1, 2)] == [
        "Nothing is left to fix",
        "1 row needs fixing",
        "2 rows need fixing",
    ]
    assert [file_size(size) for size in (1, 174, 18 * 1024, 1_258_291)] == ["1 byte", "174 bytes", "18 KB", "1.2 MB"]
    assert tally_texts(Tally(waiting=22)) == ["22 people"]
    assert tally_texts(Tally(fixed=2)) == ["0 left to fix", "2 fixed"]
    assert tally_texts(Tally(left=1_000, fixed=2, twice=1, skipped_by_admin=3)) == [
        "1,000 left to fix",
        "2 fixed",
        "1 twice in the file",
        "3 skipped",
    ]
