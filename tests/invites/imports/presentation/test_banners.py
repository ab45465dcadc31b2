"""The banners, the progress, the indicator and the event streams of an import."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership, Organization, Role, User
from accounts.organizations.grants import AccessSelection
from invites.imports import chunks
from invites.imports.notices import banner_topic, close_banner
from invites.imports.presentation.banners import SHOWN, banner_of
from invites.imports.upload import invite_valid_rows, start_batch
from invites.models import Batch
from tests.databases import undone
from tests.files import PROBLEMS, REFUSED, csv_of, many
from tests.pages import HTMX, submit_import, text, triggers, url_of

Run = Callable[..., Batch]
ClientOf = Callable[[User | None], Client]


# --- Banners ----------------------------------------------------------------------------------------------


def test_the_banner_says_how_many_were_invited_on_every_page(ines: Client, run: Run, member: User) -> None:
    batch = run(csv_of("ann@example.com", "ben@example.com", "member@example.com"))

    for name in ("directory:users", "organizations:roles", "imports:batches"):
        html = text(ines.get(reverse(name, args=["acme"])))
        assert "2 users were invited to Acme." in html
        assert "1 was already a member" in html
        assert url_of(batch) in html


def test_a_banner_does_not_read_each_invitation(
    ines: Client, imported: Run, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    imported(csv_of("ann@example.com", "ben@example.com"))

    # It is on every page until it is closed, even after an import of 200,000 people.
    with django_assert_max_num_queries(50) as asked:
        html = text(ines.get(reverse("shell:banners", args=["acme"])))

    assert "2 users were invited to Acme." in html
    of_invitations = [each["sql"] for each in asked.captured_queries if '"invites_invitation"' in each["sql"]]
    # Bounced invitations are in an index, and there are few of them. Those that expire are for another banner.
    assert all("'bounced'" in question or '"expires_at" <=' in question for question in of_invitations)


def test_the_banner_of_a_second_import_of_the_same_file_says_that_all_were_skipped(ines: Client, run: Run) -> None:
    content = csv_of("ann@example.com", "ben@example.com")
    run(content)
    run(content)

    html = text(ines.get(reverse("shell:banners", args=["acme"])))
    assert "Nobody new was invited to Acme." in html
    assert "All 2 rows of team.csv were skipped because those people are already invited." in html


def test_the_banner_is_for_the_inviter(
    client_of: ClientOf, imported: Run, acme: Organization, join: Callable[..., User], outsider: User
) -> None:
    imported(csv_of("ann@example.com"))
    colleague = join(acme, "colleague@example.com", "Org Admin")

    assert "was invited" not in text(client_of(colleague).get(reverse("directory:users", args=["acme"])))
    assert "was invited" not in text(client_of(outsider).get(reverse("directory:users", args=["globex"])))


def test_the_banner_stays_until_it_is_closed(ines: Client, imported: Run) -> None:
    batch = imported(csv_of("ann@example.com"))
    url = reverse("shell:banners", args=["acme"])
    assert "1 user was invited to Acme." in text(ines.get(url))
    assert "1 user was invited to Acme." in text(ines.get(url))

    response = ines.post(url_of(batch, "imports:batch_close_banner"), headers=HTMX)

    assert "shell:changed" in triggers(response)
    assert "1 user was invited" not in text(ines.get(url))


def test_closing_a_banner_does_not_close_a_newer_one(
    ines: Client, start: Run, work: Run, admin_membership: Membership
) -> None:
    """The page was opened earlier, or the import continued just before the button was pressed."""
    seen = start(PROBLEMS)
    banners = reverse("shell:banners", args=["acme"])
    shown = re.search(r'hx-post="([^"]+)"', text(ines.get(banners)))
    assert shown is not None
    invite_valid_rows(Batch.objects.get(), by=admin_membership)
    work(Batch.objects.get())

    ines.post(shown[1], headers=HTMX)
    close_banner(seen, read=banner_topic(seen))

    assert "2 users were invited to Acme." in text(ines.get(banners))


def test_without_javascript_the_banner_can_be_closed_too(ines: Client, imported: Run) -> None:
    response = ines.post(url_of(imported(csv_of("ann@example.com")), "imports:batch_close_banner"))

    assert response.status_code == 302
    assert "1 user was invited" not in text(ines.get(response.headers["Location"]))


def test_a_colleague_cannot_close_the_banner(
    client_of: ClientOf, imported: Run, acme: Organization, join: Callable[..., User]
) -> None:
    batch = imported(csv_of("ann@example.com"))

    response = client_of(join(acme, "colleague@example.com", "Org Admin")).post(
        url_of(batch, "imports:batch_close_banner")
    )

    batch.refresh_from_db()
    assert (response.status_code, batch.banner_closed_at) == (404, None)


def test_four_banners_can_be_closed_and_the_others_are_counted(ines: Client, imported: Run) -> None:
    for number in range(6):
        imported(csv_of(f"person{number}@example.com"), name=f"{number}.csv")

    html = text(ines.get(reverse("shell:banners", args=["acme"])))

    assert html.count('class="rc-banner ') == 4
    assert "2 more in Imports" in html


IS_URGENT: list[tuple[dict[str, Any], bool]] = [
    ({"state": "rejected"}, True),
    ({"state": "failed"}, True),
    ({"state": "needs_answer"}, True),
    ({"state": "needs_correction"}, True),
    ({"state": "needs_confirmation"}, True),
    ({"state": "stopped", "state_reasons": [{"code": "inviter_left"}]}, True),
    ({"state": "stopped", "state_reasons": []}, False),
    ({"state": "failed", "undone_at": timezone.now()}, False),
    ({"state": "scheduled"}, False),
    ({"state": "done"}, False),
]


def test_urgent_banners_take_the_places_of_newer_ones_but_not_of_the_newest(ines: Client, imported: Run) -> None:
    batches = [imported(csv_of(f"person{number}@example.com"), name=f"{number}.csv") for number in range(SHOWN + 2)]
    links = [url_of(batch, "imports:batch_close_banner") for batch in batches]
    for state, is_urgent in IS_URGENT:
        with undone():
            Batch.objects.filter(pk=batches[0].pk).update(**state)

            assert Batch.objects.get(pk=batches[0].pk).is_urgent == is_urgent, state
            html = text(ines.get(reverse("shell:banners", args=["acme"])))
            shown = [number for number, link in enumerate(links) if link in html]
            assert shown == ([0, 3, 4, 5] if is_urgent else [2, 3, 4, 5]), state


def test_the_newest_banner_has_its_place_among_urgent_ones(ines: Client, start: Run, imported: Run) -> None:
    for number in range(SHOWN + 1):
        start(PROBLEMS, name=f"{number}.csv")
    imported(csv_of("ann@example.com"), name="newest.csv")

    assert "1 user was invited to Acme." in text(ines.get(reverse("shell:banners", args=["acme"])))


def test_the_page_of_an_import_does_not_show_its_own_banner(ines: Client, imported: Run) -> None:
    batch, other = (
        imported(csv_of("ann@example.com"), name="a.csv"),
        imported(csv_of("b@example.com", "c@example.com"), name="b.csv"),
    )
    titles = ["1 user was invited to Acme.", "2 users were invited to Acme."]

    html = text(ines.get(url_of(batch)))

    assert [title in html for title in titles] == [False, True]
    # Also when the page reloads the banners.
    again = re.search(r'id="banners"[^>]*hx-get="([^"]*)"', html)
    assert again
    assert [title in text(ines.get(again[1])) for title in titles] == [False, True]
    assert [title in text(ines.get(url_of(other))) for title in titles] == [True, False]
    for strange in ("x", "²", "9" * 5_000, "-1"):
        assert titles[0] in text(ines.get(reverse("shell:banners", args=["acme"]), {"but": strange}))


def test_the_banner_appears_when_the_import_ends_on_its_page(ines: Client, start: Run, work: Run) -> None:
    batch = start(csv_of("ann@example.com"))
    again = re.search(r'id="banners"[^>]*hx-get="([^"]*)"', text(ines.get(url_of(batch))))
    work(batch)

    assert again
    assert "1 user was invited to Acme." in text(ines.get(again[1]))


def test_pages_have_curly_quotes(dialog: Client, grant: dict[str, Any], ines: Client) -> None:
    said = text(submit_import(dialog, REFUSED, **grant))

    assert "The column “Last name” is missing" in said
    assert "The column “Last name” is missing" in text(ines.get(url_of(Batch.objects.get())))
    assert "The column “Last name” is missing" in banner_of(Batch.objects.get()).text


def test_the_indicator_shows_what_runs_and_then_nothing(ines: Client, start: Run, work: Run) -> None:
    batch = start(csv_of("ann@example.com"), name="spring.csv")
    url = reverse("shell:indicator", args=["acme"])
    assert "spring.csv" in text(ines.get(url))

    work(batch)

    assert "spring.csv" not in text(ines.get(url))


# --- Progress ------------------------------------------------------------------------------------------


def test_the_dialog_can_be_opened_again_and_the_page_shows_the_same(ines: Client, start: Run) -> None:
    batch = start(many(10))

    dialog, part = (
        ines.get(url_of(batch, "imports:batch_dialog"), headers=HTMX),
        ines.get(url_of(batch, "imports:batch_progress")),
    )

    for html in (text(dialog), text(part)):
        assert "Inviting" in html
        assert "0 of 10 people" in html


def test_without_the_dialog_its_address_leads_to_the_batch(ines: Client, start: Run) -> None:
    batch = start(csv_of("ann@example.com"))

    assert ines.get(url_of(batch, "imports:batch_dialog")).headers["Location"] == url_of(batch)


def events_of(response: Any) -> list[tuple[str, str]]:
    """Names and data of the server-sent events, in their order."""
    stream = b"".join(response).decode()
    events = []
    for block in stream.strip().split("\n\n"):
        lines = [line.partition(": ") for line in block.split("\n")]
        name = next(value for key, _, value in lines if key == "event")
        events.append((name, "\n".join(value for key, _, value in lines if key == "data")))
    return events


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["shell:batch_dialog_events", "shell:batch_progress_events"])
def test_the_stream_sends_the_result_then_triggers_updates_and_ends(ines: Client, imported: Run, name: str) -> None:
    batch = imported(csv_of("ann@example.com", "ben@example.com"))

    response = ines.get(url_of(batch, name))
    events = events_of(response)

    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-store"
    assert [kind for kind, _ in events] == ["fragment", "beside", "trigger", "trigger", "trigger", "end"]
    assert "2 users were invited to Acme" in events[0][1]
    assert "data-live" in events[0][1]
    assert {data for kind, data in events if kind == "trigger"} >= {"shell:changed", "people:changed"}


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")
@pytest.mark.django_db(transaction=True)
def test_the_stream_of_the_indicator_ends_when_nothing_runs(ines: Client, imported: Run) -> None:
    imported(csv_of("ann@example.com"))

    events = events_of(ines.get(reverse("shell:indicator_events", args=["acme"])))

    assert [kind for kind, _ in events][-1] == "end"
    assert ("trigger", "shell:changed") in events


def test_losing_the_permission_blocks_the_next_step(
    ines: Client, start: Run, admin_membership: Membership, grant: dict[str, Any]
) -> None:
    batch = start(PROBLEMS)
    admin_membership.roles.set(Role.objects.filter(organization=admin_membership.organization, name="ReadOnly"))

    assert ines.post(url_of(batch, "imports:batch_invite_valid")).status_code == 403
    assert submit_import(ines, csv_of("ann@example.com"), query=f"?correct={batch.pk}", **grant).status_code == 403
    batch.refresh_from_db()
    assert batch.state == Batch.State.NEEDS_CORRECTION


def test_a_batch_whose_inviter_has_left_still_has_its_page(
    client_of: ClientOf, imported: Run, acme: Organization, join: Callable[..., User], admin: User
) -> None:
    batch = imported(csv_of("ann@example.com"))
    colleague = client_of(join(acme, "colleague@example.com", "Org Admin"))
    admin.delete()

    assert "someone who left" in text(colleague.get(url_of(batch)))
    assert colleague.get(reverse("imports:batches", args=["acme"])).status_code == 200


def test_a_colleague_who_continues_a_waiting_import_gets_its_banner(
    client_of: ClientOf, start: Run, work: Run, acme: Organization, join: Callable[..., User], ines: Client
) -> None:
    batch = start(PROBLEMS)
    colleague = client_of(join(acme, "colleague@example.com", "Org Admin"))

    colleague.post(url_of(batch, "imports:batch_invite_valid"))
    work(batch)

    assert "2 users were invited to Acme." in text(colleague.get(reverse("shell:banners", args=["acme"])))
    assert "2 users were invited" not in text(ines.get(reverse("shell:banners", args=["acme"])))


def test_an_import_whose_role_is_deleted_before_it_is_stored_leaves_nothing(
    admin_membership: Membership, read_only: AccessSelection
) -> None:
    role = read_only.roles[0]
    role.delete()

    with pytest.raises(Exception, match=r"you don’t have that access yourself|has been deleted"):
        start_batch(admin_membership, file_name="x.csv", content=[b"x"], selection=read_only)
    assert Batch.objects.count() == 0


def test_people_who_were_not_invited_do_not_count_as_failed_emails(start: Run, work: Run) -> None:
    batch = start(many(3))
    batch.chunks.update(attempts=chunks.MAX_ATTEMPTS)

    assert banner_of(work(batch)).text == "From team.csv: 3 couldn’t be invited."
