"""How pages describe bulk actions, for one invitation and for many."""

from __future__ import annotations

import pytest

from invites.directory.bulk.presentation import view_of
from invites.models import BulkAction, FailureReason

Kind, State = BulkAction.Kind, BulkAction.State


@pytest.mark.parametrize(
    ("kind", "total", "title"),
    [
        (Kind.RESEND, 1, "Resending 1 invitation."),
        (Kind.RESEND, 20_000, "Resending 20,000 invitations."),
        (Kind.REVOKE, 1, "Revoking 1 invitation."),
        (Kind.REVOKE, 20_000, "Revoking 20,000 invitations."),
    ],
)
def test_a_running_action_counts_its_invitations(kind: str, total: int, title: str) -> None:
    view = view_of(BulkAction(kind=kind, total=total, expected=total))

    assert (view.kind, view.title, view.heading) == ("info", title, title.removesuffix("."))
    assert (view.text, view.announced) == ("0 done.", title)


def test_a_running_action_announces_each_quarter() -> None:
    view = view_of(BulkAction(kind=Kind.RESEND, total=4_000, expected=4_000, done=1_234, counts={"changed": 1_234}))

    assert view.text == "1,234 done."
    assert view.announced == "Resending 4,000 invitations: 25% done"


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ({"changed": 9}, ""),
        ({"changed": 8, "gone": 1}, "1 was no longer in the list."),
        (
            {"changed": 7, "beyond": 1, "gone": 2},
            "1 was skipped because they have access you don’t have. 2 were no longer in the list.",
        ),
    ],
)
def test_a_finished_action_says_what_was_skipped(counts: dict[str, int], text: str) -> None:
    assert view_of(BulkAction(kind=Kind.REVOKE, state=State.DONE, total=9, done=9, counts=counts)).text == text


@pytest.mark.parametrize(("done", "text"), [(9, ""), (8, "1 user wasn’t changed."), (7, "2 users weren’t changed.")])
def test_a_stopped_action_says_what_was_not_changed(done: int, text: str) -> None:
    action = BulkAction(kind=Kind.REVOKE, state=State.STOPPED, total=9, done=done, counts={"changed": done})

    view = view_of(action)

    assert (view.kind, view.title, view.text) == ("warn", f"Stopped. {done} invitations were revoked.", text)


def test_an_action_that_failed_gives_the_reference() -> None:
    reason = FailureReason.UNEXPECTED
    action = BulkAction(
        kind=Kind.RESEND,
        state=State.STOPPED,
        total=1,
        expected=1,
        done=1,
        stop_reason=reason,
        error_reference="K3QF-7ZPD",
    )

    assert view_of(action).text.startswith(
        "Something went wrong on our side. If this happens again, tell the person who runs this site, and mention reference K3QF-7ZPD."
    )
