"""Stores invitations and imports as the product does, in a tenth of the time, for tests of what comes after that.

Nothing is locked, checked or emailed. `test_stored.py` compares the rows with those of the product.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import Any

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
from invites.checking import ANY_DOMAIN, Cells, check_cells
from invites.imports.activity import about_import
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
)

READ_AS = {
    **{"certainty": "unicode", "names": [], "sheets": [], "export": "", "tails": []},
    **{"remembered_from": "", "remembered_pasted_at": ""},
}


@transaction.atomic
def store_invitation(
    by: Membership, *, selection: AccessSelection, cells: Cells, message: str = "", **fields: Any
) -> Invitation:
    """An invitation whose email waits. `fields` are those that shall be different."""
    now = timezone.now()
    invitation = Invitation(
        **_shared(by, _grant(by, selection)) | _own(cells) | written_by(by, message) | {"mail_due_at": now} | fields
    )
    invitation.save()
    record(by.organization_id, Action.INVITED, about_invitation(invitation), by=by, change=granted(selection))
    _count(by, 1)
    return invitation


@transaction.atomic
def store_import(
    by: Membership, content: bytes, *, selection: AccessSelection, name: str = "team.csv", message: str = ""
) -> Batch:
    """An import that is done: everyone in the file was invited and emailed. The file has no problems."""
    people = [_own(Cells(*cells)) for cells in list(csv.reader(content.decode().splitlines()))[1:]]
    now, count, grant = timezone.now(), len(people), _grant(by, selection)
    batch = Batch.objects.create(
        **{"organization": by.organization, "inviter": by.user, "authors": [by.user_id], "grant": grant},
        **{"source": AUTOMATIC.as_json(), "file_name": name, "file_size": len(content), **written_by(by, message)},
        **{"encoding": "UTF-8", "delimiter": "comma", "read_as": READ_AS, "first_row": 1},
        **{"rows_checked": count, "bytes_checked": len(content), "row_total": count},
        **{"state": Batch.State.DONE, "outcome_counts": [["invited", "", count]], "claims": 1, "attempts": 1},
        **{"created_at": now, "checked_at": now, "inviting_started_at": now, "progressed_at": now, "ended_at": now},
    )
    cells = [{name: value for name, value in person.items() if not name.startswith("token_")} for person in people]
    rows = Row.objects.bulk_create(
        Row(batch=batch, number=number, line=number, outcome=Row.Outcome.INVITED, **each)
        for number, each in enumerate(cells, 2)
    )
    sent = {**_shared(by, grant), "batch": batch, "mail_state": Invitation.Mail.SENT}
    sent["mail_finished_at"] = timezone.now()
    Invitation.objects.bulk_create(
        Invitation(row=row, **sent, **person) for row, person in zip(rows, people, strict=True)
    )
    BatchChunk.objects.create(
        batch=batch, first_number=2, last_number=count + 1, people=count, stage=BatchChunk.Stage.DONE, claims=1
    )
    DailyRecipientMail.objects.bulk_create(
        DailyRecipientMail(
            organization=by.organization,
            day=_today(),
            email_key=person["email_key"],
            last_token_hash=person["token_hash"],
        )
        for person in people
    )
    about = about_import(batch, count=count)
    record(by.organization_id, Action.IMPORTED, about, by=by.user, change=granted(selection), source=AUTOMATIC)
    _count(by, count)
    return Batch.objects.get(pk=batch.pk)


def _grant(by: Membership, selection: AccessSelection) -> AccessGrant:
    grant = AccessGrant.objects.create(organization=by.organization, all_sites=selection.all_sites)
    grant.roles.add(*selection.roles)
    grant.sites.add(*selection.sites)
    return grant


def _shared(by: Membership, grant: AccessGrant) -> dict[str, Any]:
    """What the invitations of an import have in common."""
    now = timezone.now()
    return {
        **{"organization": by.organization, "inviter": by.user, "grant": grant},
        **{"created_at": now, "expires_at": expiry_from(now), "mail_state": Invitation.Mail.QUEUED},
    }


def _own(cells: Cells) -> dict[str, Any]:
    """What each invitation has of its own."""
    person, seed = check_cells(cells, row=1, line=1, allowed=ANY_DOMAIN), new_seed()
    assert not person.problems, person.problems
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
