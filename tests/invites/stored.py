"""Stores invitations and imports as the product does, in a tenth of the time, for tests of what comes after that.

Nothing is locked, checked or emailed. `test_stored.py` compares the rows with those of the product.
"""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.activity.actions import Action
from accounts.activity.log import record
from accounts.activity.source import AUTOMATIC
from accounts.models import Membership
from accounts.names import person_key
from accounts.organizations.access_changes import granted
from accounts.organizations.grants import AccessSelection
from invites import checking
from invites.checking import ANY_DOMAIN, Cells, check_cells
from invites.imports.activity import about_import
from invites.imports.bulk_insert import insert_rows
from invites.imports.stage_rows import _new_flagged_row, _new_row
from invites.invitations.activity import about_invitation
from invites.invitations.links import expiry_from
from invites.invitations.messages import written_by
from invites.invitations.tokens import derive_token, hash_token, new_seed
from invites.models import (
    AccessGrant,
    Batch,
    BatchChunk,
    DailyInviteCount,
    DailyRecipientMail,
    Invitation,
    Row,
    UploadPart,
)
from tests.members import give_access

READ_AS = {
    **{"certainty": "unicode", "names": [], "sheets": [], "export": "", "tails": []},
    **{"remembered_from": "", "remembered_pasted_at": ""},
}


class NewInvitation(NamedTuple):
    """`fields` are those that shall be different."""

    selection: AccessSelection
    cells: Cells
    message: str = ""
    fields: dict[str, Any] | None = None


@transaction.atomic
def store_invitations(by: Membership, new: Collection[NewInvitation]) -> list[Invitation]:
    """Invitations whose emails wait."""
    now = timezone.now()
    grants = _grants(by, [each.selection for each in new])
    invitations = Invitation.objects.bulk_create(
        Invitation(
            **_shared(by, grant)
            | _own(each.cells)
            | written_by(by, each.message)
            | {"mail_due_at": now}
            | (each.fields or {})
        )
        for grant, each in zip(grants, new, strict=True)
    )
    for invitation, each in zip(invitations, new, strict=True):
        about, change = about_invitation(invitation), granted(each.selection)
        record(by.organization_id, Action.INVITED, about, by=by, change=change)
    _count(by, len(new))
    return invitations


@transaction.atomic
def store_import(
    by: Membership, content: bytes, *, selection: AccessSelection, name: str = "team.csv", message: str = ""
) -> Batch:
    """An import that is done: everyone in the file was invited and emailed, except in rows with problems, and once."""
    found = _rows_in(content)
    people = {row.number: _of(row) for row in found if row.is_valid}
    now, count = timezone.now(), len(people)
    problems = sum(bool(row.problems) for row in found)
    skipped = len(found) - count - problems
    outcomes = [["invited", "", count], ["problem", "", problems], ["skipped", "duplicate", skipped]]
    fields: dict[str, Any] = {"state": Batch.State.DONE, "inviting_started_at": now, "ended_at": now}
    fields |= {"outcome_counts": [each for each in outcomes if each[2]], "only_valid": problems > 0}
    batch = _checked(by, content, found, selection, name, **fields, **written_by(by, message))
    batch.rows.filter(outcome=Row.Outcome.WAITING).update(outcome=Row.Outcome.INVITED)
    sent = {**_shared(by, batch.grant), "batch": batch, "mail_state": Invitation.Mail.SENT}
    sent["mail_finished_at"] = timezone.now()
    rows = batch.rows.filter(outcome=Row.Outcome.INVITED).order_by("number").values_list("pk", "number")
    Invitation.objects.bulk_create(Invitation(row_id=pk, **sent, **people[number]) for pk, number in rows)
    BatchChunk.objects.create(
        **{"batch": batch, "first_number": min(people), "last_number": max(people), "people": count},
        **{"stage": BatchChunk.Stage.DONE, "claims": 1},
    )
    DailyRecipientMail.objects.bulk_create(
        DailyRecipientMail(
            organization=by.organization,
            day=_today(),
            email_key=person["email_key"],
            last_token_hash=person["token_hash"],
        )
        for person in people.values()
    )
    about, values = about_import(batch, count=count), {"skipped": skipped, "problems": problems}
    change = replace(granted(selection), values={name: rows for name, rows in values.items() if rows})
    record(by.organization_id, Action.IMPORTED, about, by=by.user, change=change, source=AUTOMATIC)
    _count(by, count)
    return Batch.objects.get(pk=batch.pk)


@transaction.atomic
def store_waiting_import(
    by: Membership, content: bytes, *, selection: AccessSelection, name: str = "team.csv"
) -> Batch:
    """An import that waits until rows with problems are corrected. Nobody is invited yet."""
    found = _rows_in(content)
    assert any(row.problems for row in found)
    batch = _checked(by, content, found, selection, name, state=Batch.State.NEEDS_CORRECTION)
    UploadPart.objects.create(batch=batch, number=0, content=content)
    return Batch.objects.get(pk=batch.pk)


def _rows_in(content: bytes) -> list[checking.Row]:
    return [row for block in checking.Check(io.BytesIO(content)).blocks() for row in block]


def _checked(
    by: Membership,
    content: bytes,
    found: list[checking.Row],
    selection: AccessSelection,
    name: str,
    **fields: Any,
) -> Batch:
    """An import whose file was checked, with all of its rows."""
    now, [grant] = timezone.now(), _grants(by, [selection])
    batch = Batch.objects.create(
        **{"organization": by.organization, "inviter": by.user, "authors": [by.user_id], "grant": grant},
        **{"source": AUTOMATIC.as_json(), "file_name": name, "file_size": len(content)},
        **{"encoding": "UTF-8", "delimiter": "comma", "read_as": READ_AS, "first_row": 1},
        **{"rows_checked": len(found), "bytes_checked": len(content), "row_total": len(found)},
        **{"created_at": now, "checked_at": now, "progressed_at": now, "claims": 1, "attempts": 1, **fields},
    )
    flagged = [_new_flagged_row(batch, row, is_skipped=False) for row in found if not row.is_valid]
    insert_rows([_new_row(batch, row) for row in found if row.is_valid], flagged)
    return batch


def _grants(by: Membership, selections: Collection[AccessSelection]) -> list[AccessGrant]:
    grants = AccessGrant.objects.bulk_create(
        AccessGrant(organization=by.organization, all_sites=selection.all_sites) for selection in selections
    )
    give_access(grants, selections)
    return grants


def _shared(by: Membership, grant: AccessGrant) -> dict[str, Any]:
    """What the invitations of an import have in common."""
    now = timezone.now()
    return {
        **{"organization": by.organization, "inviter": by.user, "grant": grant},
        **{"created_at": now, "expires_at": expiry_from(now), "mail_state": Invitation.Mail.QUEUED},
    }


def _own(cells: Cells) -> dict[str, Any]:
    """What each invitation has of its own."""
    person = check_cells(cells, row=1, line=1, allowed=ANY_DOMAIN)
    assert not person.problems, person.problems
    return _of(person)


def _of(person: checking.Row) -> dict[str, Any]:
    """The same of a person who was checked."""
    seed = new_seed()
    token = {"token_seed": seed, "token_hash": hash_token(derive_token(seed))}
    values = person.values
    key = person_key(values.first_name, values.last_name, values.email)
    return {"email_key": person.email_key, "person_key": key, **values._asdict(), **token}


def _count(by: Membership, count: int) -> None:
    counted = {"organization": by.organization, "inviter": by.user, "day": _today()}
    if not DailyInviteCount.objects.filter(**counted).update(invitations=F("invitations") + count):
        DailyInviteCount.objects.create(**counted, invitations=count)


def _today() -> Any:
    return datetime.now(UTC).date()
