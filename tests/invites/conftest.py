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
from invites.invitations.invite import invite_person
from invites.models import Batch, Invitation
from tests.files import csv_of
from tests.invites.invitations.helpers import Invite, selection_of
from tests.invites.mailing.mail_server import MailServer

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
    """Invites one person through the service, by default to ReadOnly on Lyon depot and Ghent."""

    def invite(email: str = "chiara.rossi@people.example.com", **how: Any) -> Invitation:
        inviter: Membership = how.pop("by", by)
        names = {"first_name": "Chiara", "last_name": "Rossi", "description": ""}
        names |= {name: how.pop(name) for name in tuple(how) if name in names}
        selection = selection_of(
            inviter.organization, *how.pop("roles", ["ReadOnly"]), sites=how.pop("sites", sites[:2])
        )
        message = how.pop("message", "")
        invitation = invite_person(inviter, email=email, selection=selection, message=message, **names)
        if how.pop("mailed", True):
            Invitation.objects.filter(pk=invitation.pk).update(
                mail_state=Invitation.Mail.SENT, mail_finished_at=timezone.now() - timedelta(hours=1), mail_due_at=None
            )
        if how.pop("expired", False):
            Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
        assert not how, how
        invitation.refresh_from_db()
        return invitation

    return invite


@pytest.fixture
def team(start: Callable[..., Batch]) -> Batch:
    batch = start(csv_of(*TEAM))
    assert batch.state == Batch.State.NEEDS_CORRECTION
    return batch


@pytest.fixture
def script(client_of: Callable[[User | None], Client], admin: User) -> Client:
    """The admin's browser as grid.js asks."""
    client = client_of(admin)
    client.defaults["HTTP_HX_REQUEST"] = "true"
    return client
