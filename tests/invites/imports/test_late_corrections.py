"""A corrected file for an import that has ended: its rows correct those that are left, and their people join it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.models import ActivityEntry, Membership, Role
from accounts.organizations.grants import AccessSelection
from invites import tasks
from invites.imports import correction_work
from invites.imports.correction_jobs import stop_job
from invites.imports.corrections import Edit, edit_cells, restore_row
from invites.imports.stop import stop_import
from invites.imports.undo import undo_import
from invites.imports.upload import correct_batch, invite_valid_rows
from invites.models import Batch, DailyInviteCount, Invitation, Row
from invites.reasons import text_of
from tests.files import csv_of
from tests.invites.conftest import TEAM
from tests.invites.imports.late_rows import counted
from tests.pages import HTMX, downloaded, submit_import, url_of, words_of
from tests.rules import domain_error

Work = Callable[[Batch], Batch]
Upload = Callable[..., Batch]
# The rows of TEAM that have problems.
LATE = [3, 4, 5, 7, 8]


@pytest.fixture
def ended(imported: Callable[..., Batch]) -> Batch:
    """Two people are invited, five rows have problems."""
    return imported(csv_of(*TEAM), message="Welcome aboard")


@pytest.fixture
def upload(by: Membership) -> Upload:
    """Uploads a corrected file, and does what a worker does with it."""

    def upload(batch: Batch, content: bytes, *, by: Membership = by) -> Batch:
        batch.refresh_from_db()
        correct_batch(batch, file_name="fixed.csv", content=[content], selection=None, by=by)
        tasks.check_batch(batch.pk)
        batch.refresh_from_db()
        return batch

    return upload


def table(client: Client, batch: Batch) -> list[list[str]]:
    """The rows that are left, as they are downloaded; the names of the columns first."""
    content = downloaded(client.get(url_of(batch, "imports:batch_problems_file")))
    return list(csv.reader(io.StringIO(content, newline="")))


def file_of(lines: list[list[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(lines)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def number_of(line: list[str]) -> int:
    return int(line[4].removeprefix("Row ").split(".")[0])


def fixed(lines: list[list[str]], *numbers: int) -> list[list[str]]:
    """The file with these rows corrected."""
    return [
        [f"late{number_of(line)}@example.com", line[1] or "Ann", "Late", *line[3:]]
        if line[4].startswith("Row ") and number_of(line) in numbers
        else line
        for line in lines
    ]


def figures(batch: Batch) -> tuple[int, int, int, int]:
    """Rows, invited, problems and those of them that are fixed. They always add up."""
    found = counted(batch)
    return found.rows, found.invited, found.problems, found.fixed


def test_the_rows_are_downloaded_use_corrected_fileed_and_join_the_import(
    ines: Client, ended: Batch, upload: Upload, work: Work
) -> None:
    lines = table(ines, ended)
    assert lines[0] == ["Email", "First name", "Last name", "Description", "What is wrong"]
    assert [number_of(line) for line in lines[1:]] == LATE
    assert lines[1][:4] == ["ben@@example.com", "Ben", "Fox", ""]
    assert "@" in lines[1][4]
    mail.outbox.clear()

    upload(ended, file_of(fixed(lines, *LATE)))
    assert ended.state == "inviting"
    work(ended)

    assert (ended.state, figures(ended)) == ("done", (7, 7, 0, 0))
    assert sorted(message.to[0] for message in mail.outbox) == [f"late{number}@example.com" for number in LATE]
    assert all("Welcome aboard" in str(message.body) for message in mail.outbox)
    assert {each.grant_id for each in ended.invitations.all()} == {ended.grant_id}
    assert not ended.parts.exists()
    assert Batch.objects.count() == 1


def test_rows_that_are_still_wrong_wait_and_nobody_is_invited(ines: Client, ended: Batch, upload: Upload) -> None:
    upload(ended, file_of(fixed(table(ines, ended), 3, 4)))

    assert (ended.state, figures(ended)) == ("done", (7, 2, 5, 2))
    assert [number_of(line) for line in table(ines, ended)[1:]] == [5, 7, 8]
    # Nobody has looked at its last cell, so it isn't dropped.
    assert [each["code"] for each in ended.rows.get(number=8).problems] == ["too_many_cells"]


def test_rows_that_were_removed_are_skipped_and_can_be_restored(
    ines: Client, ended: Batch, by: Membership, upload: Upload, work: Work
) -> None:
    lines = fixed(table(ines, ended), *LATE)
    del lines[1:3]
    upload(ended, file_of(lines))
    work(ended)

    assert figures(ended) == (7, 5, 2, 0)
    assert set(ended.rows.filter(reason="skipped_by_admin").values_list("number", flat=True)) == {3, 4}
    restore_row(ended, 3, by=by)
    assert [number_of(line) for line in table(ines, ended)[1:]] == [3]


def test_rows_of_others_are_never_added_and_nobody_is_invited_before_it_is_read(
    ines: Client, ended: Batch, by: Membership, upload: Upload
) -> None:
    lines = fixed(table(ines, ended), *LATE)
    lines += [["new@example.com", "New", "Person", "", ""], ["ann@example.com", "Ann", "Other", "", "Row 2. Nothing"]]
    lines.append(["more@example.com", "More", "Cells", "", "Row 90. x", "y"])
    upload(ended, file_of(lines))

    assert (ended.state, figures(ended)) == ("done", (7, 2, 5, 5))
    assert ended.rows.get(number=2).last_name == "Lee"
    assert text_of(ended.notice).startswith("3 rows of “fixed.csv” weren’t used")
    assert "3 rows of “fixed.csv”" in words_of(ines.get(url_of(ended)))
    invite_valid_rows(ended, by=by)
    assert (ended.state, ended.notice) == ("inviting", [])


def test_another_file_is_not_used(ines: Client, ended: Batch, upload: Upload) -> None:
    upload(ended, csv_of("x@example.com", "y@example.com"))

    assert (ended.state, ended.file_name, figures(ended)) == ("done", "team.csv", (7, 2, 5, 0))
    assert "It doesn’t say which rows it corrects." in text_of(ended.notice)
    assert not ended.parts.exists()


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\x00\x00", b'Email,What is wrong\r\n"x'])
def test_unreadable_files_change_nothing(ended: Batch, upload: Upload, content: bytes) -> None:
    upload(ended, content)

    assert (ended.state, figures(ended)) == ("done", (7, 2, 5, 0))
    assert text_of(ended.notice).startswith("“fixed.csv” wasn’t used.")


def test_who_invites_them_is_their_inviter_and_uses_their_quota(
    ines: Client, ended: Batch, colleague: Membership, by: Membership, upload: Upload, work: Work
) -> None:
    upload(ended, file_of(fixed(table(ines, ended), *LATE)), by=colleague)
    work(ended)

    assert ended.inviter_id == by.user_id
    assert ended.invitations.get(email="late3@example.com").inviter_id == colleague.user_id
    used = dict(DailyInviteCount.objects.values_list("inviter", "invitations"))
    assert used == {by.user_id: 2, colleague.user_id: 5}
    assert {row.editor for row in ended.rows.filter(number__in=LATE)} == {colleague.user}
    assert ActivityEntry.objects.filter(action="import_corrected", actor_id=colleague.user_id).exists()


def test_the_quota_is_the_same(ines: Client, ended: Batch, upload: Upload, settings: Any) -> None:
    settings.INVITATIONS_PER_DAY = 3
    upload(ended, file_of(fixed(table(ines, ended), *LATE)))

    assert (ended.state, figures(ended)) == ("done", (7, 2, 5, 5))
    assert "3 people a day" in text_of(ended.notice)
    assert not Invitation.objects.filter(email="late3@example.com").exists()


def test_only_who_could_grant_the_access(ines: Client, ended: Batch, lesser: Membership) -> None:
    content = file_of(fixed(table(ines, ended), *LATE))

    with domain_error("beyond_permissions"):
        correct_batch(ended, file_name="b.csv", content=[content], selection=None, by=lesser)
    assert (ended.state, figures(ended)) == ("done", (7, 2, 5, 0))


def test_who_loses_the_permission_meanwhile_corrects_nothing(ines: Client, ended: Batch, colleague: Membership) -> None:
    content = file_of(fixed(table(ines, ended), *LATE))
    correct_batch(ended, file_name="b.csv", content=[content], selection=None, by=colleague)
    colleague.roles.clear()
    tasks.check_batch(ended.pk)
    ended.refresh_from_db()

    assert (ended.state, figures(ended)) == ("done", (7, 2, 5, 0))
    assert "can no longer change this import" in text_of(ended.notice)


def test_the_access_must_still_exist(ines: Client, ended: Batch, by: Membership, upload: Upload) -> None:
    content = file_of(fixed(table(ines, ended), *LATE))
    Role.objects.get(organization=by.organization, name="ReadOnly").delete()
    upload(ended, content)

    assert ended.state == "done"
    assert not Invitation.objects.filter(email="late3@example.com").exists()


def test_roles_and_sites_do_not_change_with_a_form_from_before_the_end(
    ines: Client, ended: Batch, by: Membership, read_only: AccessSelection, grant: dict[str, Any]
) -> None:
    content = file_of(fixed(table(ines, ended), *LATE))
    with domain_error("moved_on"):
        correct_batch(ended, file_name="b.csv", content=[content], selection=read_only, by=by)

    response = submit_import(ines, content, query=f"?correct={ended.pk}", **grant)

    assert response.status_code == 422
    assert "its roles and sites can’t change anymore" in words_of(response)
    assert figures(ended) == (7, 2, 5, 0)


def test_before_the_end_a_file_needs_roles(team: Batch, by: Membership) -> None:
    with domain_error("moved_on"):
        correct_batch(team, file_name="b.csv", content=[b"x"], selection=None, by=by)


def test_rows_invited_since_the_download_stay_as_they_are(
    ines: Client, ended: Batch, by: Membership, upload: Upload, work: Work
) -> None:
    lines = table(ines, ended)
    row = ended.rows.get(number=3)
    edit_cells(ended, [Edit(3, 0, "grid@example.com", row.version)], by=by)
    invite_valid_rows(ended, by=by)
    work(ended)
    upload(ended, file_of(fixed(lines, *LATE)))

    assert ended.rows.get(number=3).email == "grid@example.com"
    assert "1 row of “fixed.csv” wasn’t used" in text_of(ended.notice)
    invite_valid_rows(ended, by=by)
    work(ended)
    assert figures(ended) == (7, 7, 0, 0)


def test_an_address_that_is_invited_already_needs_a_decision(ines: Client, ended: Batch, upload: Upload) -> None:
    lines = table(ines, ended)
    lines[1][0] = "ann@example.com"
    upload(ended, file_of(lines))

    assert [each["code"] for each in ended.rows.get(number=3).problems] == ["address_of_another"]


def test_undo_revokes_all_of_them_and_then_nothing_can_be_corrected(
    ines: Client, ended: Batch, by: Membership, upload: Upload, work: Work
) -> None:
    content = file_of(fixed(table(ines, ended), *LATE))
    upload(ended, content)
    work(ended)

    assert undo_import(by, ended) == 7
    with domain_error("moved_on"):
        upload(ended, content)
    assert ines.get(url_of(ended, "imports:batch_problems_file")).status_code == 302


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correction_work, "CHUNK", 1)


class Died(BaseException):
    """What ends a worker at once."""


@pytest.mark.usefixtures("one_at_a_time")
def test_a_worker_that_dies_is_continued_by_another(
    ines: Client, ended: Batch, by: Membership, monkeypatch: pytest.MonkeyPatch, work: Work
) -> None:
    content = file_of(fixed(table(ines, ended), *LATE))
    correct_batch(ended, file_name="b.csv", content=[content], selection=None, by=by)
    saved = correction_work._save_chunk
    calls: Iterator[int] = iter(range(9))

    def die(*given: Any) -> bool:
        if next(calls) == 2:
            raise Died
        return saved(*given)

    monkeypatch.setattr(correction_work, "_save_chunk", die)
    with pytest.raises(Died):
        tasks.check_batch(ended.pk)
    monkeypatch.setattr(correction_work, "_save_chunk", saved)
    assert ended.rows.filter(outcome="waiting").count() == 2
    Batch.objects.filter(pk=ended.pk).update(claimed_until=None)
    tasks.check_batch(ended.pk)
    work(ended)

    assert (ended.state, figures(ended)) == ("done", (7, 7, 0, 0))
    assert Invitation.objects.count() == 7


@pytest.mark.servers
@pytest.mark.usefixtures("one_at_a_time")
def test_a_stopped_job_keeps_what_it_corrected_and_invites_nobody(
    ines: Client, ended: Batch, by: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = file_of(fixed(table(ines, ended), *LATE))
    correct_batch(ended, file_name="b.csv", content=[content], selection=None, by=by)
    saved = correction_work._save_chunk

    def stop(batch: Batch, *given: Any) -> bool:
        is_saved = saved(batch, *given)
        stop_job(by, Batch.objects.get(pk=batch.pk))
        return is_saved

    monkeypatch.setattr(correction_work, "_save_chunk", stop)
    tasks.check_batch(ended.pk)
    ended.refresh_from_db()

    assert (ended.state, figures(ended)) == ("done", (7, 2, 5, 1))
    assert not ended.parts.exists()


def test_stopping_the_import_before_the_file_is_read_keeps_everything(
    ines: Client, ended: Batch, by: Membership
) -> None:
    content = file_of(fixed(table(ines, ended), *LATE))
    correct_batch(ended, file_name="b.csv", content=[content], selection=None, by=by)
    stop_import(by, ended)
    tasks.enqueue_next_step(ended)

    assert (ended.state, figures(ended)) == ("done", (7, 2, 5, 0))
    assert Row.objects.filter(batch=ended, outcome="problem").count() == 5


def test_the_pages_lead_from_the_download_to_the_invitations(ines: Client, ended: Batch) -> None:
    grid = words_of(ines.get(url_of(ended, "imports:batch_problems")))
    assert "Download these rows" in grid
    assert "Upload a corrected file" in grid
    dialog = ines.get(f"/o/acme/import/?correct={ended.pk}")
    assert "Rows that you removed from it are skipped." in words_of(dialog)
    assert 'name="roles"' not in dialog.text
    lines = table(ines, ended)

    wrong = submit_import(ines, csv_of("x@example.com"), query=f"?correct={ended.pk}")
    assert wrong.status_code == 422
    assert "It doesn’t say which rows it corrects." in words_of(wrong)
    half = submit_import(ines, file_of(fixed(lines, 3, 4, 5)), query=f"?correct={ended.pk}")
    assert half.url == url_of(ended, "imports:batch_problems")
    page = words_of(ines.get(half.url))
    assert "The corrected file was used." in page
    assert "2 left to fix" in page
    submit_import(ines, file_of(fixed(table(ines, ended), 7, 8)), query=f"?correct={ended.pk}")

    assert Batch.objects.get().state == "inviting"


# --- The banner, after a worker has used the file ----------------------------------------------------


def banners(client: Client) -> str:
    return words_of(client.get("/o/acme/roles/"))


def close(client: Client, batch: Batch) -> None:
    html = client.get("/o/acme/roles/").text
    address = next(found for found in re.findall(r'hx-post="([^"]+)"', html) if f"/{batch.pk}/" in found)
    client.post(unescape(address), headers=HTMX)


@pytest.fixture
def read_result(ines: Client, ended: Batch) -> None:
    """Ines has closed the banner about the import."""
    close(ines, ended)
    assert "team.csv" not in banners(ines)


@pytest.mark.usefixtures("read_result")
def test_the_one_who_uploaded_it_learns_what_is_left(ines: Client, ended: Batch, upload: Upload) -> None:
    upload(ended, file_of(fixed(table(ines, ended), 3, 4)))

    assert "3 rows of team.csv need fixing. Your corrections were saved. Fix the rows" in banners(ines)
    assert "need fixing. Your corrections" not in words_of(ines.get(url_of(ended)))
    close(ines, ended)
    assert "team.csv" not in banners(ines)


@pytest.mark.usefixtures("read_result")
def test_the_banner_says_why_a_file_was_not_used(ines: Client, ended: Batch, upload: Upload) -> None:
    upload(ended, csv_of("x@example.com"))

    assert "5 rows of team.csv need fixing. “fixed.csv” wasn’t used. It doesn’t say which rows" in banners(ines)


@pytest.mark.usefixtures("read_result")
def test_the_banner_says_why_nobody_was_invited(ines: Client, ended: Batch, upload: Upload) -> None:
    lines = [*fixed(table(ines, ended), *LATE), ["new@example.com", "New", "Person", "", ""]]
    upload(ended, file_of(lines))

    assert "5 fixed rows of team.csv can be invited. 1 row of “fixed.csv” wasn’t used" in banners(ines)


@pytest.mark.usefixtures("read_result")
def test_the_banner_is_about_rows_that_were_skipped_too(ines: Client, ended: Batch, upload: Upload) -> None:
    upload(ended, file_of([*table(ines, ended)[:1], ["", "", "", "", "Row 99. Nothing"]]))

    assert "Nothing is left to fix in team.csv." in banners(ines)


@pytest.mark.servers
def test_the_banner_is_for_nobody_else(
    ines: Client, ended: Batch, upload: Upload, colleague: Membership, client_of: Callable[[Any], Client]
) -> None:
    upload(ended, file_of(fixed(table(ines, ended), 3)), by=colleague)
    theirs = client_of(colleague.user)

    assert "4 rows of team.csv need fixing." in banners(theirs)
    assert "2 users were invited to Acme." in banners(ines)
    assert "need fixing" not in banners(ines)
    # Nobody can close somebody else's.
    ines.post(f"{url_of(ended, 'imports:batch_close_banner')}?read=late", headers=HTMX)
    assert "4 rows of team.csv need fixing." in banners(theirs)
    close(theirs, ended)
    assert "team.csv" not in banners(theirs)
    assert "2 users were invited to Acme." in banners(ines)


def test_the_banner_goes_with_the_permission(
    ines: Client, ended: Batch, upload: Upload, colleague: Membership, client_of: Callable[[Any], Client]
) -> None:
    upload(ended, file_of(fixed(table(ines, ended), 3)), by=colleague)
    role = Role.objects.create(organization=ended.organization, name="Inviter", permissions=["users.invite"])
    colleague.roles.set([role])

    assert "team.csv" not in banners(client_of(colleague.user))


@pytest.mark.usefixtures("read_result")
def test_the_banner_gives_way_to_what_happens_next(
    ines: Client, ended: Batch, by: Membership, upload: Upload, work: Work
) -> None:
    upload(ended, file_of(fixed(table(ines, ended), 3, 4)))
    invite_valid_rows(ended, by=by)
    assert "team.csv need fixing" not in banners(ines)
    work(ended)
    assert "4 users were invited to Acme." in banners(ines)
    close(ines, ended)
    assert "team.csv" not in banners(ines)

    upload(ended, file_of(fixed(table(ines, ended), 5)))
    assert "2 rows of team.csv need fixing." in banners(ines)
    undo_import(by, ended)
    assert "need fixing" not in banners(ines)


@pytest.mark.usefixtures("read_result")
def test_an_admin_who_waited_for_the_result_needs_no_banner(ines: Client, ended: Batch) -> None:
    submit_import(ines, file_of(fixed(table(ines, ended), 3, 4)), query=f"?correct={ended.pk}")
    # The response says it, and so does the next page.
    ines.get(url_of(ended, "imports:batch_problems"))

    assert figures(ended) == (7, 2, 5, 2)
    assert "team.csv" not in banners(ines)


def test_others_cannot_upload_one(
    client_of: Callable[[Any], Client], lesser: Membership, outsider: Any, ended: Batch
) -> None:
    for user, status in ((lesser.user, 403), (outsider, 404)):
        response = submit_import(client_of(user), b"x", query=f"?correct={ended.pk}")
        assert response.status_code == status
        assert client_of(user).get(url_of(ended, "imports:batch_problems_file")).status_code == status
