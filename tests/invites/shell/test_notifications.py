"""The most important banners of a page are open, and the others are folded."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from accounts.organizations.operators import suspend_organization
from invites.models import Batch, BulkAction, InvitationRequest
from tests.files import PROBLEMS, csv_of
from tests.invites.directory.bulk.helpers import resend_all
from tests.invites.invitations.helpers import Invite
from tests.pages import HTMX, text, text_of

Run = Callable[..., Batch]
USERS = "/o/acme/users/"


def titles(html: str) -> list[str]:
    return [text_of(each) for each in re.findall(r'"rc-banner-title">(.*?)</strong>', html, re.DOTALL)]


def parts(client: Client) -> tuple[list[str], list[str], str]:
    """The titles of open banners, those of folded ones, and the line that unfolds them."""
    first, _details, rest = text(client.get(USERS)).partition('<details class="rc-more">')
    line, _summary, folded = rest.partition("</summary>")
    return titles(first), titles(folded.partition("</details>")[0]), text_of(line)


def test_urgent_ones_come_first_and_the_others_are_folded(
    ines: Client, by: Membership, run: Run, imported: Run, invite: Invite
) -> None:
    for name in ("one", "two"):
        run(PROBLEMS, name=f"{name}.csv")
    for name in ("a", "b", "c"):
        imported(csv_of(f"{name}@example.com"), name=f"{name}.csv")
    expired = invite(expired=True)
    InvitationRequest.objects.create(invitation=expired, organization=by.organization)

    assert parts(ines) == (
        ["2 rows of two.csv need fixing.", "1 user was invited to Acme."],
        [
            "2 rows of one.csv need fixing.",
            "1 user was invited to Acme.",
            "1 person asked for a new invitation.",
            "1 invitation has expired.",
        ],
        "5 more notifications",
    )
    html = text(ines.get(USERS))
    assert "1 more in Imports" in html
    # All but the request, which is answered, can be closed.
    assert html.count("Close this message: ") == 5


def test_two_are_not_folded(ines: Client, imported: Run) -> None:
    for name in ("a", "b"):
        imported(csv_of(f"{name}@example.com"), name=f"{name}.csv")

    assert parts(ines) == (["1 user was invited to Acme."] * 2, [], "")


def test_a_closed_banner_makes_room_for_a_folded_one(ines: Client, imported: Run) -> None:
    batches = [imported(csv_of(f"{name}@example.com"), name=f"{name}.csv") for name in ("a", "b", "c")]
    assert parts(ines)[2] == "1 more notification"

    ines.post(reverse("imports:batch_close_banner", args=["acme", batches[2].pk]), headers=HTMX)

    assert parts(ines) == (["1 user was invited to Acme."] * 2, [], "")


def test_what_the_admin_did_last_is_never_folded(ines: Client, by: Membership, run: Run, invite: Invite) -> None:
    for name in ("one", "two"):
        run(PROBLEMS, name=f"{name}.csv")
    resend_all(by, [invite()])

    first, folded, _line = parts(ines)

    assert first[2:] == ["1 invitation will be resent."]
    assert folded == []


def test_what_failed_comes_before_what_is_done(ines: Client, by: Membership, imported: Run, invite: Invite) -> None:
    resend_all(by, [invite()])
    BulkAction.objects.update(state=BulkAction.State.STOPPED, stop_reason="error")
    for name in ("a", "b"):
        imported(csv_of(f"{name}@example.com"), name=f"{name}.csv")

    assert parts(ines)[0][0].startswith("Stopped.")


def test_that_an_organization_is_suspended_comes_before_everything(ines: Client, by: Membership, run: Run) -> None:
    for name in ("one", "two"):
        run(PROBLEMS, name=f"{name}.csv")
    suspend_organization(by.organization, by=by.user)

    first, folded, _line = parts(ines)

    assert (first[0], len(first), len(folded)) == ("Acme is suspended.", 2, 1)
