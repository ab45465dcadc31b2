"""Only members with the permission to invite see and change imports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from invites.models import Batch, Invitation
from tests.files import PROBLEMS, csv_of
from tests.pages import submit_import, url_of

Run = Callable[..., Batch]
ClientOf = Callable[[User | None], Client]


# --- Who may -------------------------------------------------------------------------------------------


PAGES = ["imports:import", "imports:sample", "imports:batches", "shell:indicator"]
BATCH_PAGES = [
    "imports:batch",
    "imports:batch_download",
    "imports:batch_dialog",
    "imports:batch_progress",
    "imports:batch_stop",
    "imports:batch_resend",
    "imports:batch_undo",
]
BATCH_ACTIONS = [
    "imports:batch_invite_valid",
    "imports:batch_stop",
    "imports:batch_resend",
    "imports:batch_undo",
    "imports:batch_close_banner",
]
EVENTS = ["shell:batch_dialog_events", "shell:batch_progress_events"]


@pytest.mark.parametrize(("who", "status"), [("manager", 403), ("member", 403), ("outsider", 404), ("nobody", 302)])
def test_viewing_imports_needs_the_permission_to_invite(
    request: pytest.FixtureRequest, client_of: ClientOf, imported: Run, who: str, status: int
) -> None:
    batch = imported(csv_of("ann@example.com"))
    client = client_of(None if who == "nobody" else request.getfixturevalue(who))

    for name in [*PAGES, *BATCH_PAGES, *EVENTS, "imports:batch_problems", "shell:indicator_events"]:
        url = url_of(batch, name) if ":batch_" in name or name == "imports:batch" else reverse(name, args=["acme"])
        response = client.get(url)

        assert response.status_code == status, name
        if who == "nobody":
            assert response.headers["Location"].startswith(reverse("account_login")), name


@pytest.mark.parametrize(("who", "status"), [("manager", 403), ("member", 403), ("outsider", 404), ("nobody", 302)])
def test_changing_imports_needs_the_permission_to_invite(
    request: pytest.FixtureRequest, client_of: ClientOf, start: Run, who: str, status: int
) -> None:
    batch = start(PROBLEMS)
    client = client_of(None if who == "nobody" else request.getfixturevalue(who))

    for name in BATCH_ACTIONS:
        response = client.post(url_of(batch, name))

        batch.refresh_from_db()
        assert response.status_code == status, name
        assert (batch.state, batch.banner_closed_at) == (Batch.State.NEEDS_CORRECTION, None), name


@pytest.mark.parametrize(("who", "status"), [("manager", 403), ("member", 403), ("outsider", 404), ("nobody", 302)])
def test_importing_needs_the_permission_to_invite(
    request: pytest.FixtureRequest, client_of: ClientOf, grant: dict[str, Any], who: str, status: int
) -> None:
    client = client_of(None if who == "nobody" else request.getfixturevalue(who))

    assert submit_import(client, csv_of("ann@example.com"), **grant).status_code == status
    assert (Batch.objects.count(), Invitation.objects.count()) == (0, 0)


def test_a_batch_is_not_found_under_another_organization(client_of: ClientOf, imported: Run, outsider: User) -> None:
    batch, client = imported(csv_of("ann@example.com")), client_of(outsider)

    for name in [*BATCH_PAGES, *EVENTS, "imports:batch_problems"]:
        assert client.get(reverse(name, args=["globex", batch.pk])).status_code == 404, name


def test_a_batch_is_not_changed_under_another_organization(client_of: ClientOf, start: Run, outsider: User) -> None:
    batch, client = start(PROBLEMS), client_of(outsider)

    for name in BATCH_ACTIONS:
        assert client.post(reverse(name, args=["globex", batch.pk])).status_code == 404, name
        batch.refresh_from_db()
        assert (batch.state, batch.banner_closed_at) == (Batch.State.NEEDS_CORRECTION, None), name


def test_the_roles_of_a_batch_of_another_organization_are_not_shown(
    client_of: ClientOf, imported: Run, outsider: User
) -> None:
    batch, client = imported(csv_of("ann@example.com")), client_of(outsider)

    for query in ("again", "correct"):
        url = reverse("imports:import", args=["globex"])
        assert client.get(f"{url}?{query}={batch.pk}").status_code == 404, query


def test_every_page_supports_head(ines: Client, imported: Run) -> None:
    batch = imported(csv_of("ann@example.com"))

    for name in [
        *PAGES,
        "imports:batch",
        *(f"imports:batch_{each}" for each in "download dialog progress stop".split()),
    ]:
        url = reverse(name, args=["acme"]) if name in PAGES else url_of(batch, name)
        response = ines.head(url)
        assert response.status_code == ines.get(url).status_code, name
        assert response.content == b"" if not response.streaming else True, name


def test_reading_changes_nothing(ines: Client, start: Run) -> None:
    batch = start(PROBLEMS)

    for name in BATCH_ACTIONS:
        ines.get(url_of(batch, name))

        batch.refresh_from_db()
        assert (batch.state, batch.banner_closed_at) == (Batch.State.NEEDS_CORRECTION, None), name


def test_a_change_without_the_forms_token_is_refused(admin: User, start: Run) -> None:
    batch = start(PROBLEMS)
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)

    for name in BATCH_ACTIONS:
        assert client.post(url_of(batch, name)).status_code == 403, name
        batch.refresh_from_db()
        assert (batch.state, batch.banner_closed_at) == (Batch.State.NEEDS_CORRECTION, None), name
