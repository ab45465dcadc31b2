"""Files and batches for the tests of invites."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Site, User
from accounts.organizations.grants import AccessSelection
from invites.checking import Cells
from invites.invitations.invite import invite_person
from invites.models import Batch, Invitation
from tests.files import csv_of
from tests.invites.invitations.helpers import Invite, selection_of
from tests.invites.mailing.mail_server import MailServer
from tests.invites.stored import NewInvitation, store_import, store_invitations, store_waiting_import

# Rows 2 to 8 of the spreadsheet; 3, 4, 5, 7 and 8 have problems.
TEAM = (
    "ann@example.com,Ann,Lee,Night shift",
    "ben@@example.com,Ben,Fox,",
    "cat@example.com,Cat,,",
    "dan example.com,Dan,Ray,",
    "eve@example.com,Eve,May,",
    "fay@@example.com,Fay,Orr,Porto",
    "gus@example.com,Gus,Hill,Day shift,Lyon",
)


@pytest.fixture
def run(start: Callable[..., Batch], work: Callable[[Batch], Batch]) -> Callable[..., Batch]:
    """From the file to the end."""

    def run(content: bytes, **how: object) -> Batch:
        return work(start(content, **how))

    return run


@pytest.fixture
def imported(admin_membership: Membership, read_only: AccessSelection) -> Callable[..., Batch]:
    """What `run` makes of a file without problems, if it is new to everyone in it. Nobody is emailed."""

    def imported(content: bytes, *, by: Membership | None = None, **how: str) -> Batch:
        return store_import(by or admin_membership, content, selection=read_only, **how)

    return imported


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """An import of 45 people has three chunks: two with 20 people, and one with 5."""
    monkeypatch.setattr("invites.imports.invite.MIN_CHUNK_ROWS", 20)


# --- The mail server -----------------------------------------------------------------------------------


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    """A mail server that takes everything, until a test tells it otherwise."""
    with MailServer() as running:
        settings.EMAIL_BACKEND = "invites.mailing.transports.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_TIMEOUT = 1
        yield running


# --- The pages --------------------------------------------------------------------------------------


@pytest.fixture
def dialog(ines: Client) -> Client:
    """The admin's browser as htmx asks."""
    ines.defaults["HTTP_HX_REQUEST"] = "true"
    return ines


@pytest.fixture
def grant(read_only: AccessSelection) -> dict[str, list[int]]:
    """The fields of the form for `read_only`."""
    return {"roles": [role.pk for role in read_only.roles], "sites": [site.pk for site in read_only.sites]}


@pytest.fixture
def by(admin: User) -> Membership:
    """The admin's membership in Acme: who invites, unless a test says otherwise."""
    return admin.memberships.get()


@pytest.fixture
def invite(by: Membership, sites: list[Site]) -> Invite:
    """Invites one person, by default to ReadOnly on Lyon depot and Ghent.

    Stores the invitation directly; `by_service=True` calls the service, which is slower and may refuse.
    """

    def invite(email: str = "chiara.rossi@people.example.com", **how: Any) -> Invitation:
        inviter: Membership = how.pop("by", by)
        cells = {"email": email, "first_name": "Chiara", "last_name": "Rossi", "description": ""}
        cells |= {name: how.pop(name) for name in tuple(how) if name in cells}
        selection = selection_of(
            inviter.organization, *how.pop("roles", ["ReadOnly"]), sites=how.pop("sites", sites[:2])
        )
        message, fields, now = how.pop("message", ""), {}, timezone.now()
        if how.pop("mailed", True):
            fields = {
                "mail_state": Invitation.Mail.SENT, "mail_finished_at": now - timedelta(hours=1), "mail_due_at": None
            }  # fmt: skip
        if how.pop("expired", False):
            fields["expires_at"] = now - timedelta(minutes=1)
        if how.pop("by_service", False):
            pk = invite_person(inviter, selection=selection, message=message, **cells).pk
            if fields:
                Invitation.objects.filter(pk=pk).update(**fields)
        else:
            pk = store_invitations(inviter, [NewInvitation(selection, Cells(**cells), message, fields)])[0].pk
        assert not how, how
        return Invitation.objects.get(pk=pk)

    return invite


@pytest.fixture
def team(admin_membership: Membership, read_only: AccessSelection) -> Batch:
    """It waits until its rows are corrected."""
    return store_waiting_import(admin_membership, csv_of(*TEAM), selection=read_only)


@pytest.fixture
def script(client_of: Callable[[User | None], Client], admin: User) -> Client:
    """The admin's browser as grid.js asks."""
    client = client_of(admin)
    client.defaults["HTTP_HX_REQUEST"] = "true"
    return client
