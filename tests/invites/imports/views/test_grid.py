"""The grid: the page, its form without JavaScript, and the responses to grid.js."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Organization, User
from accounts.organizations.grants import AccessSelection
from accounts.organizations.operators import resume_organization, suspend_organization
from invites import tasks
from invites.imports.selectors.rows import cells_now
from invites.imports.selectors.summary import summary_of
from invites.imports.upload import correct_batch, invite_valid_rows
from invites.invitations.wording import send_time_text
from invites.models import Batch, Invitation, Row
from tests.databases import undone
from tests.files import HEADER, csv_of
from tests.invites.imports.grid import counts, grid_url, outcome, row, text
from tests.pages import url_of, words_of

Run = Callable[..., Batch]
# As the browser asks for a page that a response of htmx sends it to.
WITHOUT_HTMX = {"HX-Request": "false"}


def bar(html: str) -> str:
    """The words of the bar."""
    part = html[html.index('id="grid-bar"') :].partition("</div>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", "<" + part).split())


def post(client: Client, batch: Batch, do: str, **fields: str | list[str]) -> Any:
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return client.post(grid_url(batch), {"do": do, **named})


def test_the_page_shows_rows_kinds_and_the_bar(ines: Client, team: Batch) -> None:
    html = text(ines.get(grid_url(team)))

    assert "5 rows need fixing" in html
    assert "Nobody has been invited yet. Correct the rows here, or in your spreadsheet." in html
    assert re.findall(r'data-grid-row="(\d+)"', html) == ["3", "4", "5", "7", "8"]
    assert "This address has 2 @ signs" in html
    assert "Keep one @" in html
    assert bar(html) == "5 left to fix Invite the other 2 Check again"


def test_apply_to_all_is_offered_for_a_kind_with_suggestions(ines: Client, team: Batch) -> None:
    html = text(ines.get(grid_url(team), {"kind": "email_two_at"}))

    assert re.findall(r'data-grid-row="(\d+)"', html) == ["3", "7"]
    assert "Apply to all 2" in html
    assert "Apply to all" not in text(ines.get(grid_url(team)))
    assert "Apply to all" not in text(ines.get(grid_url(team), {"kind": "last_name_needed"}))


def test_rows_that_repeat_the_column_names_can_only_be_skipped(ines: Client, start: Run) -> None:
    batch = start(csv_of(HEADER, "ann@example.com,Ann,Ek,Lyon,Ghent", "bob@example.com,Bob,Lee"))
    html = text(ines.get(grid_url(batch)))

    assert "This row repeats the column names" in html
    assert re.findall(r'value="keep:(\d+)"', html) == ["3"]


def test_markup_in_an_edited_cell_is_escaped(script: Client, team: Batch) -> None:
    html = text(post(script, team, "save", cell_3_0='"><script>alert(1)</script>', seen_3="0"))

    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_fifty_rows_make_a_page_and_an_edit_finds_its_row_by_number(ines: Client, start: Run) -> None:
    batch = start(csv_of(*(f"p{number}@@example.com,P,Q," for number in range(120))))

    last = text(ines.get(grid_url(batch), {"page": "3"}))
    assert re.findall(r'data-grid-row="(\d+)"', last) == [str(number) for number in range(102, 122)]
    ines.post(f"{grid_url(batch)}?page=3", {"do": "take:110:0"})

    assert [found.number for found in Row.objects.filter(batch=batch, outcome="waiting")] == [110]


def test_in_a_suspended_organization_nothing_can_be_typed(ines: Client, start: Run, by: Membership) -> None:
    below = ",,,\nTotal: 3,,,"
    team = start(csv_of("ben@@example.com,Ben,Fox,", "ann@gmial.com", "eve@example.com,EvÃ©,May,", below))
    assert "Import anyway" in ines.get(grid_url(team)).text
    assert 'value="meant:' in ines.get(grid_url(team)).text
    suspend_organization(by.organization, by=None)

    page = ines.get(grid_url(team))
    html = page.text

    main = html[html.index("<main") : html.index("</main")]
    assert not re.search(r"<(input|textarea|select)|contenteditable|type=.submit|data-grid", main)
    assert "ben@@example.com" in main
    assert "Did you mean" in main
    assert "Total: 3" in main
    assert "This address has 2 @ signs" in main
    assert words_of(page).count("You can look at everything, but not change it") == 1
    assert "Download this row" in main
    assert "Upload a corrected file" not in main
    assert "Correct the row here" not in main
    assert "View the row" in ines.get(url_of(team)).text
    assert "Fix the row" not in ines.get(url_of(team)).text
    assert ines.post(grid_url(team), {"do": "save", "cell-2-0": "ben@example.com", "seen-2": "0"}).status_code == 403
    resume_organization(by.organization, by=None)
    assert "Check again" in text(ines.get(grid_url(team)))


# --- Without JavaScript ------------------------------------------------------------------------------


def test_bad_cells_are_fields_of_one_form(ines: Client, team: Batch) -> None:
    html = text(ines.get(grid_url(team)))

    fields = re.findall(r'name="(cell-\d+-\d)"\s+value="([^"]*)"', html)
    assert fields == [
        ("cell-3-0", "ben@@example.com"),
        ("cell-4-2", ""),
        ("cell-5-0", "dan example.com"),
        ("cell-7-0", "fay@@example.com"),
        ("cell-8-0", "gus@example.com"),
    ]
    assert html.index('value="check"') < html.index('value="take:3:0"'), "Enter presses the first button"


def test_the_form_saves_all_cells_and_shows_what_is_left(ines: Client, team: Batch) -> None:
    fields = {"cell-3-0": "ben@example.com", "cell-4-2": "Cole", "cell-5-0": "dan@", "cell-7-0": "fay@@example.com"}
    seen = {f"seen-{number}": "0" for number in (3, 4, 5, 7, 8)}

    response = ines.post(grid_url(team), {"do": "check", **fields, **seen})

    assert response.headers["Location"] == f"{grid_url(team)}#row-5"
    html = text(ines.get(grid_url(team)))
    assert "Row 5 is the first that still needs fixing." in html
    assert bar(html) == "3 left to fix · 2 fixed Invite the other 4 Check again"
    assert (outcome(team, 7), row(team, 7).version) == ("problem", 0)


def test_a_button_of_a_row_also_saves_other_rows(ines: Client, team: Batch) -> None:
    response = ines.post(grid_url(team), {"do": "skip:7", "cell-4-2": "Cole", "seen-4": "0"})

    assert response.headers["Location"] == f"{grid_url(team)}#row-7"
    assert (outcome(team, 4), outcome(team, 7)) == ("waiting", "problem skipped_by_admin")
    assert "Restore<" in text(ines.get(grid_url(team)))


def test_the_page_reports_a_conflicting_edit(ines: Client, team: Batch) -> None:
    ines.post(grid_url(team), {"do": "save", "cell-3-0": "ben@example.com", "seen-3": "0"})
    ines.post(grid_url(team), {"do": "check", "cell-3-0": "bob@example.com", "seen-3": "0"})

    assert "Someone else changed row 3 in the meantime." in text(ines.get(grid_url(team)))
    assert row(team, 3).email == "ben@example.com"


def test_a_cell_of_several_lines_keeps_them(ines: Client, start: Run) -> None:
    batch = start(csv_of('ann@@example.com,Ann,Lee,"one\ntwo\x07"'))
    html = text(ines.get(grid_url(batch)))
    assert re.search(r'<textarea\s+class="form-control"\s+name="cell-2-3"', html)

    # As a browser submits it.
    ines.post(grid_url(batch), {"do": "check", "cell-2-3": "one\r\ntwo\x07", "seen-2": "0"})
    assert row(batch, 2).version == 0
    ines.post(grid_url(batch), {"do": "check", "cell-2-3": "one\r\ntwo", "cell-2-0": "ann@example.com", "seen-2": "0"})
    assert (outcome(batch, 2), row(batch, 2).description) == ("waiting", "one\ntwo")


@pytest.mark.parametrize("sign", ["x", "&", "line\n"])
def test_a_very_long_cell_is_cut_for_display_and_kept_when_another_one_is_saved(
    ines: Client, start: Run, sign: str
) -> None:
    whole = sign * (60_000 // len(sign))
    batch = start(csv_of(f'ann@@example.com,Ann,Lee,"{whole}"'))

    html = text(ines.get(grid_url(batch)))

    assert f"Only the first 2,000 of {len(whole):,} characters can be edited here." in html
    assert len(html) < 100_000
    shown = re.search(r'name="cell-2-3"[^>]*?(?:value="([^"]*)"|>\n(.*?)</textarea>)', html, re.DOTALL)
    assert shown is not None
    sent = unescape(shown[1] or shown[2]).replace("\n", "\r\n")
    ines.post(grid_url(batch), {"do": "save", "cell-2-0": "ann@example.com", "cell-2-3": sent, "seen-2": "0"})
    assert cells_now(row(batch, 2))[:4] == ("ann@example.com", "Ann", "Lee", whole)


# --- Inviting ----------------------------------------------------------------------------------------


def fix_all(client: Client, batch: Batch) -> None:
    for do in ("take:3:0", "take:7:0", "skip:5", "keep:8"):
        post(client, batch, do)
    post(client, batch, "save", cell_4_2="Cole", seen_4="0")


def test_when_nothing_is_left_the_button_checks_and_invites(
    ines: Client, script: Client, team: Batch, work: Run
) -> None:
    fix_all(script, team)
    assert bar(text(ines.get(grid_url(team)))) == "0 left to fix · 4 fixed · 1 skipped Check and invite 6"

    response = post(ines, team, "whole")

    assert response.headers["Location"] == grid_url(team, "imports:batch")
    summary = summary_of(work(team))
    assert (summary.invited, summary.problems, summary.skipped_by_admin, summary.rows) == (6, 1, 1, 7)
    assert "1 was skipped by an admin" in text(ines.get(reverse("directory:users", args=["acme"])))


def test_check_and_invite_invites_nobody_if_a_row_was_restored_meanwhile(
    ines: Client, script: Client, team: Batch
) -> None:
    fix_all(script, team)
    post(script, team, "restore:5")

    response = post(ines, team, "whole")

    team.refresh_from_db()
    assert response.headers["Location"] == f"{grid_url(team)}#row-5"
    assert (team.state, Invitation.objects.count()) == (Batch.State.NEEDS_CORRECTION, 0)


def test_the_others_are_invited_with_corrected_rows(ines: Client, team: Batch, work: Run) -> None:
    response = ines.post(grid_url(team), {"do": "others", "cell-4-2": "Cole", "seen-4": "0"})

    assert response.headers["Location"] == grid_url(team, "imports:batch")
    assert summary_of(work(team)).invited == 3


def test_a_conflicting_edit_invites_nobody(ines: Client, team: Batch) -> None:
    post(ines, team, "save", cell_3_0="ben@example.com", seen_3="0")

    post(ines, team, "others", cell_3_0="bob@example.com", seen_3="0")

    team.refresh_from_db()
    assert team.state == Batch.State.NEEDS_CORRECTION


def test_nobody_can_be_invited_when_all_rows_are_skipped(ines: Client, start: Run) -> None:
    batch = start(csv_of("a@@example.com,A,B,"))
    post(ines, batch, "skip:2")

    assert bar(text(ines.get(grid_url(batch)))) == "0 left to fix · 1 skipped Check again"
    response = post(ines, batch, "whole")
    assert response.headers["Location"] == grid_url(batch)
    assert "Nobody in this file can be invited yet." in text(ines.get(grid_url(batch)))


def test_a_late_action_gets_a_message(ines: Client, script: Client, team: Batch, by: Any) -> None:
    invite_valid_rows(team, by=by)
    page = grid_url(team, "imports:batch")

    for do in ("save", "take:3:0", "skip:3", "undo:3", "all:email_two_at", "check", "others", "whole"):
        response = post(script, team, do, cell_3_0="ben@example.com", seen_3="0")
        assert response.headers["HX-Redirect"] == page, do
        response = post(ines, team, do, cell_3_0="ben@example.com", seen_3="0")
        assert response.headers["Location"] == page, do
        assert "This import is no longer waiting for corrections." in text(ines.get(page)), do
        assert counts(team)[0] == 5, do
    assert "This import is no longer waiting" not in text(ines.get(page)), "It is said once."


# --- For the script ----------------------------------------------------------------------------------


EDITS: list[tuple[str, dict[str, str | list[str]], str, list[str]]] = [
    ("save", {"cell_3_0": "ben@example.com", "seen_3": "0"}, "Row 3 is fixed. 4 left to fix.", ["3"]),
    ("save", {"cell_3_0": "ben@", "seen_3": "0"}, "Row 3: ", ["3"]),
    (
        "save",
        {"cell_3_0": "ann@example.com", "cell_3_1": "Ann", "cell_3_2": "Lee", "seen_3": "0"},
        "Row 3 is skipped. The same address is in row 2. 4 left to fix.",
        ["3"],
    ),
    (
        "save",
        {"cell_3_0": "ben@example.com", "seen_3": "0", "cell_4_2": "Cole", "seen_4": "0"},
        "2 rows changed. 3 left to fix.",
        ["3", "4"],
    ),
    ("save", {"cell_3_0": "x@example.com", "seen_3": "7"}, "Someone else changed row 3", ["3"]),
    ("save", {"cell_3_0": "ben@@example.com", "seen_3": "0"}, "", []),
    ("take:7:0", {}, "Row 7 is fixed. 4 left to fix.", ["7"]),
    ("all:email_two_at", {}, "2 rows fixed. 3 left to fix.", ["3", "7"]),
    ("skip:5", {}, "Row 5 is skipped. 4 left to fix.", ["5"]),
    ("keep:8", {}, "Row 8 is fixed. 4 left to fix.", ["8"]),
    ("undo:8", {}, "Someone else changed row 8", ["8"]),
]


def test_the_response_to_an_edit_has_the_changed_rows_the_bar_and_an_announcement(script: Client, team: Batch) -> None:
    for do, fields, said, rows in EDITS:
        with undone():
            html = text(post(script, team, do, **fields))

        assert re.findall(r'data-grid-row="(\d+)"', html) == rows, (do, fields)
        assert html.count('id="grid-bar"') == 1
        found = re.search(r'<p id="grid-said">([^<]*)</p>', html)
        assert found, (do, fields)
        assert found[1].startswith(said) if said else found[1] == "", (do, fields)
        # It isn't only read aloud: who typed something else has to see it.
        assert ("rc-bar-conflict" in html) == said.startswith("Someone else"), (do, fields)


def test_nobody_is_asked_to_correct_what_is_fixed(script: Client, ines: Client, start: Run) -> None:
    batch = start(csv_of("ann@@example.com", "ben@example.com"))

    changed = text(post(script, batch, "take:2:0"))

    for html in (changed, text(ines.get(grid_url(batch)))):
        assert "Nobody has been invited yet." in html
        assert "Correct the row here" not in html


def test_a_scheduled_import_says_when_its_emails_are_sent(ines: Client, start: Run) -> None:
    at = timezone.now() + timedelta(days=2)
    when = f"The emails will be sent {send_time_text(Organization.objects.get(slug='acme'), at)}"
    scheduled, other = start(csv_of("ann@@example.com"), send_at=at), start(csv_of("ben@@example.com"))

    for path in ("", "problems/"):
        assert when in words_of(ines.get(f"/o/acme/batches/{scheduled.pk}/{path}"))
        assert "The emails will be sent" not in words_of(ines.get(f"/o/acme/batches/{other.pk}/{path}"))


def test_the_heading_counts_what_is_left(script: Client, ines: Client, start: Run) -> None:
    batch = start(csv_of("ann@@example.com", "ben@@example.com", "cat@example.com"))

    assert '<h1 class="rc-title" id="grid-heading">1 row needs fixing</h1>' in text(post(script, batch, "take:2:0"))
    assert "Nothing is left to fix</h1>" in text(post(script, batch, "all:email_two_at"))
    assert "Nothing is left to fix</h1>" in text(ines.get(grid_url(batch)))


def test_unknown_actions_do_nothing(script: Client, ines: Client, team: Batch) -> None:
    actions = ["", "nonsense", "take", "take:x:y", "take:3:9", "take:99999999999:0", "all", "all:x", "skip:0"]
    for do in [*actions, ":", "undo:-1", "all:\0", "take:\0:0", "\0"]:
        assert post(script, team, do).status_code == 200, do
        assert counts(team) == (5, 0, 0, 0), do
    assert post(ines, team, "nonsense").status_code == 302


def test_unknown_kinds_are_ignored(script: Client, ines: Client, team: Batch) -> None:
    for kind in ("nonsense", "\0", "x" * 5_000):
        with undone():
            address = f"{grid_url(team)}?{urlencode({'kind': kind})}"

            assert ines.get(address).status_code == 200, kind
            assert script.post(address, {"do": "take:3:0"}).status_code == 200, kind
            assert counts(team) == (4, 1, 0, 0), kind


@pytest.mark.parametrize("arrived", [False, True])
def test_a_repeated_edit_is_saved_whether_or_not_it_arrived_before(script: Client, team: Batch, arrived: bool) -> None:
    if arrived:
        post(script, team, "save", cell_4_2="Col", seen_4="0")

    again: dict[str, Any] = {"cell_4_2": "Cole", "was_4_2": ["", "Col"], "cell_4_1": "Kate", "was_4_1": ["Cat"]}
    html = text(post(script, team, "save", **again))

    assert (row(team, 4).first_name, row(team, 4).last_name, outcome(team, 4)) == ("Kate", "Cole", "waiting")
    assert "Row 4 is fixed." in html
    html = text(post(script, team, "save", **again))
    assert re.findall(r'data-grid-row="(\d+)"', html) == ["4"], "the response to a repeated edit has the current row"


def test_a_repeated_edit_does_not_overwrite_a_newer_one(script: Client, team: Batch) -> None:
    post(script, team, "save", cell_4_2="Colman", seen_4="0")

    html = text(post(script, team, "save", cell_4_2="Cole", was_4_2=["", "Col"], seen_4="1"))

    assert "Someone else changed row 4" in html
    assert row(team, 4).last_name == "Colman"


def test_unknown_cells_are_ignored(script: Client, team: Batch) -> None:
    strange = {"cell-3-4": "x", "cell-3-0-0": "x", "cell--1-0": "x", "cell-99999999999-0": "x", "seen-3": "x"}

    assert script.post(grid_url(team), {"do": "save", **strange}).status_code == 200
    assert script.post(grid_url(team), {"do": "save", "cell-3-0": "ben@example.com", "seen-3": "²"}).status_code == 200
    endless = {"cell-3-0": "ben@example.com", "seen-3": "9" * 5_000}
    assert script.post(grid_url(team), {"do": "save", **endless}).status_code == 200
    assert counts(team) == (5, 0, 0, 0)


def test_an_edit_of_a_row_that_is_gone_reloads_the_page(script: Client, team: Batch) -> None:
    team.rows.filter(number=3).delete()

    response = post(script, team, "save", cell_3_0="ben@example.com", seen_3="0")

    assert response.headers["HX-Redirect"] == grid_url(team)
    assert "Someone else changed row 3 in the meantime." in text(script.get(grid_url(team), headers=WITHOUT_HTMX))


def test_an_outdated_page_does_not_change_rows_of_a_corrected_file(
    script: Client, team: Batch, by: Membership, read_only: AccessSelection
) -> None:
    shown = re.search(r'name="shown" value="([^"]+)"', text(script.get(grid_url(team))))
    assert shown is not None
    other = csv_of("xia@example.com", "yan@@example.com,Yan,Mo,", "zoe@@example.com,Zoe,Ash,")
    correct_batch(Batch.objects.get(), file_name="other.csv", content=[other], selection=read_only, by=by)
    tasks.check_batch(team.pk)

    for do in ("save", "skip:3", "take:3:0", "others", "check"):
        response = post(script, team, do, cell_3_0="ben@example.com", seen_3="0", shown=shown[1])

        assert response.headers["HX-Redirect"] == grid_url(team), do
        page = text(script.get(grid_url(team), headers=WITHOUT_HTMX))
        assert "Someone uploaded a corrected file." in page, do
        assert "yan@@example.com" in page
        assert counts(team) == (2, 0, 0, 0), do


# --- Permissions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["imports:batch_problems", "imports:batch_problems_file"])
def test_permissions(
    name: str, team: Batch, member: User, manager: User, outsider: User, client_of: Callable[..., Client]
) -> None:
    for user, status in ((member, 403), (manager, 403), (outsider, 404), (None, 302)):
        client = client_of(user)
        assert client.get(grid_url(team, name)).status_code == status
        assert client.post(grid_url(team, name), {"do": "skip:3"}).status_code == status
    elsewhere = reverse(name, args=["globex", team.pk])
    assert client_of(outsider).post(elsewhere, {"do": "skip:3"}).status_code in (404, 405)
    assert client_of(outsider).get(elsewhere).status_code == 404
    assert counts(team) == (5, 0, 0, 0)


def test_a_change_needs_the_csrf_token(admin: User, team: Batch) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)

    assert client.post(grid_url(team), {"do": "skip:3"}).status_code == 403
    assert counts(team) == (5, 0, 0, 0)


def test_banners_on_other_pages_count_what_is_left(ines: Client, team: Batch) -> None:
    post(ines, team, "take:3:0")
    post(ines, team, "skip:5")

    assert "3 rows of team.csv need fixing." in text(ines.get(reverse("directory:users", args=["acme"])))
    assert "rows of team.csv need fixing." not in text(ines.get(grid_url(team)))
    assert "3 rows need fixing" in text(ines.get(grid_url(team, "imports:batch")))
    for do in ("take:7:0", "skip:4", "keep:8"):
        post(ines, team, do)
    assert "Nothing is left to fix in team.csv." in text(ines.get(reverse("directory:users", args=["acme"])))
