"""Whatever admins and invitees do with an import, in any order: every row is counted once, and nobody is lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

import pytest

from accounts.errors import AccessDenied, DomainError
from accounts.models import Membership
from invites import tasks
from invites.imports import correction_jobs, corrections, not_people
from invites.imports.corrections import Edit
from invites.imports.declined import invite_declined
from invites.imports.problem_file import problem_file
from invites.imports.selectors.summary import summary_of
from invites.imports.stop import stop_import
from invites.imports.undo import undo_import
from invites.imports.upload import correct_batch, invite_valid_rows
from invites.invitations.actions import invite_again, revoke
from invites.invitations.authorization import selection_of
from invites.invitations.declining import decline
from invites.invitations.tokens import opt_out_token
from invites.models import Batch, CorrectionJob, Invitation
from tests.files import csv_of

Work = Callable[[Batch], Batch]
Then = CorrectionJob.Then
STEPS = 30
EMAILS = ("ann@x.org", "bob@x.org", "cat@x.org", "dan@x.org", "ann@@x.org", "bad", "fay@gmial.com", "")
NAMES = ("Ann", "Ann", "Bob", "M?ller", "")
# How often an action is chosen, if not once.
OFTEN = {"edit": 6, "person": 3, "not a person": 3, "invite": 2, "work": 2, "file": 2, "stop": 0.3, "undo import": 0.1}


class Actions:
    """Does things with an import, by chance."""

    def __init__(self, batch: Batch, by: Membership, chance: random.Random, work: Work) -> None:
        self.batch, self.by, self.chance, self.work = batch, by, chance, work

    def any(self) -> str:
        """Do one of them, which may be refused. Returns its name."""
        batch, by, chance, number = self.batch, self.by, self.chance, chance_of_row(self.chance)
        actions: dict[str, Callable[[], object]] = {
            "edit": lambda: self._edit(number),
            "take": lambda: corrections.apply_suggestion(batch, number, 0, by=by),
            "meant": lambda: corrections.use_intended_cell(batch, number, 0, by=by),
            "keep": lambda: corrections.keep_as_shown(batch, number, by=by),
            "this": lambda: corrections.keep_person(batch, number, chance_of_row(chance), is_this=True, by=by),
            "other": lambda: corrections.keep_person(batch, number, chance_of_row(chance), is_this=False, by=by),
            "skip": lambda: corrections.skip_row(batch, number, by=by),
            "restore": lambda: corrections.restore_row(batch, number, by=by),
            "undo": lambda: corrections.undo(batch, number, by=by),
            "person": lambda: not_people.import_anyway(batch, number, by=by),
            "not a person": lambda: not_people.skip_again(batch, number, by=by),
            "all": lambda: correction_jobs.apply_to_all(batch, "email_two_at", by=by),
            "check": lambda: correction_jobs.check_all_again(batch, by=by, then=chance.choice(list(Then))),
            "invite": lambda: invite_valid_rows(batch, by=by),
            "file": self._correct,
            "work": lambda: self.work(batch),
            "stop": lambda: stop_import(by, batch),
            "undo import": lambda: undo_import(by, batch),
            "invite declined": lambda: invite_declined(by, batch),
            "decline": lambda: [decline(opt_out_token(each.pk, each.email_key)) for each in self._one("pending")],
            "revoke": lambda: [revoke(by, each) for each in self._one("pending")],
            "invite again": lambda: [invite_again(by, each) for each in self._one("declined")],
        }
        [name] = chance.choices(list(actions), [OFTEN.get(each, 1) for each in actions])
        with suppress(DomainError, AccessDenied):
            actions[name]()
        batch.refresh_from_db()
        if batch.state == Batch.State.CHECKING:
            tasks.check_batch(batch.pk)
        batch.refresh_from_db()
        return f"{name} {number}"

    def _edit(self, number: int) -> None:
        row = self.batch.rows.filter(number=number).first()
        values = (self.chance.choice((*EMAILS, *4 * [f"zoe{number}@x.org"])), "Zoe", self.chance.choice(("Ek", "Lee")))
        seen = row.version if row else 0
        edits = [Edit(number, place, value, seen) for place, value in enumerate(values)]
        corrections.edit_cells(self.batch, edits, by=self.by)

    def _correct(self) -> None:
        """Upload the rows that are left, with some corrected and one removed."""
        lines = b"".join(problem_file(self.batch)).replace(b"@@", b"@").split(b"\r\n")
        if len(lines) > 3:
            del lines[self.chance.randint(1, len(lines) - 2)]
        content = b"\r\n".join(line.replace(b",,", b",Zoe,", 1) for line in lines)
        selection = None if self.batch.has_invited else selection_of(self.batch.grant)
        correct_batch(self.batch, file_name="fixed.csv", content=[content], selection=selection, by=self.by)

    def _one(self, state: str) -> list[Invitation]:
        return list(self.batch.invitations.filter(state=state)[:1])


def chance_of_row(chance: random.Random) -> int:
    """The number of a row, more often of one that isn't a person."""
    numbers = [*range(2, 11), 9, 9, 9, 9]
    number: int = chance.choice(numbers)
    return number


def some_file(chance: random.Random) -> bytes:
    """Seven rows with and without problems, and two that aren't people."""
    people = (f"{chance.choice(EMAILS)},{chance.choice(NAMES)},{chance.choice(NAMES)}," for _ in range(6))
    return csv_of("eve@x.org,Eve,May,", *people, "Total: 7,,,", "For HR only,,,")


# Together, they do everything with the same results as the first ten.
@pytest.mark.parametrize("seed", [0, 2, 5, 8, 9])
def test_every_row_is_counted_once_and_all_who_are_invited_have_an_invitation(
    seed: int, start: Callable[..., Batch], work: Work, by: Membership
) -> None:
    chance = random.Random(seed)
    batch = start(some_file(chance), only_valid=chance.random() < 0.5)
    actions, done = Actions(batch, by, chance, work), list[str]()

    for _ in range(STEPS):
        done.append(actions.any())

        found = summary_of(batch)
        parts = (found.invited, found.skipped, found.problems, found.failed, found.waiting)
        assert found.rows == sum(parts) == batch.rows.count(), done
        invited = set(batch.rows.filter(outcome="invited").values_list("pk", flat=True))
        assert invited <= set(batch.invitations.values_list("row", flat=True)), done
        pending = batch.invitations.filter(state="pending")
        assert set(pending.values_list("row", flat=True)) <= invited, done
