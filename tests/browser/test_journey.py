"""The whole journey, from the dialog to the invitee who has joined, in Chromium on the running stack."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from config.harness.driving import (
    IMPORT_SECONDS,
    ROLE,
    SITE,
    banner,
    choose_roles_and_sites,
    csv_of,
    drop,
    heading,
    import_by_dropping,
    mixed_people,
    open_import,
    press_import,
    summary,
)
from config.harness.running import Stack
from tests.mail_catcher import MailCatcher
from tests.stories import import_file

PASSWORD = "seven quiet harbors"
# Several chunks of rows.
HUNDREDS = 250
LINK = re.compile(r"http://\S+/i/\S+")


def has_ended(page: Page, title: str) -> None:
    expect(heading(page)).to_have_text(title, timeout=IMPORT_SECONDS * 1000)


def test_the_sample_is_dropped_mailed_accepted_and_skipped_the_second_time(
    stack: Stack, admin_page: Page, new_context: Any
) -> None:
    open_import(admin_page)
    with admin_page.expect_download() as download:
        admin_page.get_by_role("link", name="Download a sample file").click()
    assert download.value.suggested_filename == "sample_batch_invite.csv"
    sample = Path(download.value.path()).read_bytes()
    assert len(sample) == 174

    choose_roles_and_sites(admin_page)
    drop(admin_page, "sample_batch_invite.csv", sample)
    press_import(admin_page)
    has_ended(admin_page, "2 users were invited to Acme")
    admin_page.get_by_role("button", name="Close", exact=True).last.click()
    expect(banner(admin_page, "2 users were invited to Acme.")).to_be_visible()
    admin_page.reload()
    expect(banner(admin_page, "2 users were invited to Acme.")).to_be_visible()

    mail = stack.wait_for_mail("user1@abc.com")
    assert mail.subject == "Ines Martin invited you to Acme"
    for part in (mail.text, mail.html):
        assert "Ines Martin" in part
        assert ROLE in part
        assert SITE in part
    assert len(stack.inbox("user2@abc.com")) == 1

    invitee = new_context().new_page()
    invitee.goto(LINK.search(mail.text)[0])  # type: ignore[index]
    expect(invitee.get_by_role("heading", name="Join Acme")).to_be_visible()
    expect(invitee.get_by_label("First name")).to_have_value("first name 1")
    invitee.get_by_label("Password", exact=True).fill(PASSWORD)
    invitee.get_by_role("button", name="Accept and sign in").click()
    expect(invitee.get_by_role("heading", level=1)).to_contain_text("Acme")
    expect(invitee.get_by_text(SITE)).to_be_visible()

    admin_page.goto("/o/acme/users/?q=user1@abc.com")
    line = admin_page.get_by_role("row").filter(has_text="user1@abc.com")
    expect(line).to_contain_text("Active")
    expect(line).to_contain_text(ROLE)
    expect(line).to_contain_text(SITE)
    expect(line).to_contain_text("optional info about user 1")

    import_by_dropping(admin_page, "sample_batch_invite.csv", sample)
    has_ended(admin_page, "Nobody new was invited to Acme")
    admin_page.get_by_role("link", name="View import").last.click()
    assert summary(admin_page) == {
        "Invited": 0,
        "accepted": 0,
        "pending": 0,
        "bounced": 0,
        "Skipped": 2,
        "already a member": 1,
        "already invited": 1,
        "twice in the file": 0,
        "Problems": 0,
        "Failed": 0,
        "Rows in the file": 2,
    }
    admin_page.goto("/o/acme/roles/")
    expect(banner(admin_page, "Nobody new was invited to Acme.")).to_contain_text("All 2 rows")
    assert len(stack.inbox("user1@abc.com")) == 1
    assert len(stack.inbox("user2@abc.com")) == 1


def test_hundreds_of_people_of_mixed_names_are_invited_and_skipped_the_second_time(
    stack: Stack, admin_page: Page, tmp_path: Path
) -> None:
    people, file = mixed_people(HUNDREDS, "hundreds"), tmp_path / "hundreds.csv"
    file.write_bytes(csv_of(people, delimiter=";", encoding="utf-16"))
    import_by_dropping(admin_page, file.name, file.read_bytes())
    has_ended(admin_page, f"{HUNDREDS} users were invited to Acme")
    admin_page.get_by_role("link", name="View import").last.click()
    expect(admin_page.get_by_text("Read as UTF-16")).to_be_visible()
    found = summary(admin_page)
    assert (found["Invited"], found["Skipped"], found["Rows in the file"]) == (HUNDREDS, 0, HUNDREDS)
    admin_page.goto("/o/acme/roles/")
    expect(banner(admin_page, f"{HUNDREDS} users were invited to Acme.")).to_be_visible()
    mailed = [to for to in stack.recipients() if to.startswith("hundreds.")]
    assert sorted(mailed) == sorted(email for email, *_ in people)

    admin_page.goto(f"/o/acme/batches/{import_file(stack, file)}/")
    assert summary(admin_page)["already invited"] == HUNDREDS
    assert len([to for to in stack.recipients() if to.startswith("hundreds.")]) == HUNDREDS


def test_progress_goes_on_without_the_dialog_and_is_the_same_elsewhere(
    mail_catcher: MailCatcher, admin_page: Page, new_context: Any, signed_in_state: Any
) -> None:
    mail_catcher.hangs = True
    import_by_dropping(admin_page, "long.csv", csv_of(mixed_people(3, "long")))
    expect(heading(admin_page)).to_have_text("Inviting from long.csv")
    expect(admin_page.locator(".rc-step-now")).to_contain_text("0 of 3 people")
    admin_page.keyboard.press("Escape")
    expect(admin_page.locator("#dialog")).to_be_hidden()
    expect(admin_page.locator(".rc-side .rc-indicator")).to_contain_text("long.csv")

    elsewhere = new_context(storage_state=signed_in_state("admin@example.com")).new_page()
    elsewhere.goto("/o/acme/batches/")
    elsewhere.locator(".rc-side .rc-indicator").click()
    expect(heading(elsewhere)).to_have_text("Inviting from long.csv")

    # Both are told of the end, each where it is.
    mail_catcher.hangs = False
    has_ended(elsewhere, "3 users were invited to Acme")
    expect(banner(admin_page, "3 users were invited to Acme.").filter(has_text="long.csv")).to_be_visible()
    expect(admin_page.locator(".rc-side .rc-indicator")).to_be_hidden()


def test_the_banner_waits_until_it_is_closed(
    stack: Stack, admin_page: Page, new_context: Any, signed_in_state: Any, tmp_path: Path
) -> None:
    (tmp_path / "waits.csv").write_bytes(csv_of(mixed_people(3, "waits")))
    import_file(stack, tmp_path / "waits.csv")
    admin_page.goto("/o/acme/roles/")
    expect(banner(admin_page, "3 users were invited to Acme.").filter(has_text="waits.csv")).to_be_visible()
    admin_page.context.close()

    later = new_context(storage_state=signed_in_state("admin@example.com")).new_page()
    later.goto("/o/acme/roles/")
    news = banner(later, "3 users were invited to Acme.").filter(has_text="waits.csv")
    news.get_by_role("button", name=re.compile("Close this message")).click()
    expect(news).to_be_hidden()
    later.reload()
    expect(later.get_by_role("heading", name="Roles")).to_be_visible()
    expect(news).to_be_hidden()


def test_a_refused_file_says_why_and_the_next_choice_keeps_roles_and_sites(admin_page: Page) -> None:
    import_by_dropping(admin_page, "surname.csv", b"Email,First name,Surname\r\nrefused,A,B\r\n")
    has_ended(admin_page, "surname.csv was not imported")
    failed = admin_page.locator(".rc-step-failed")
    expect(failed).to_contain_text("The column “Last name” is missing")
    expect(failed).to_contain_text("Email, First name, Surname")
    expect(failed).to_contain_text("Nobody has been invited.")
    admin_page.get_by_role("link", name="Choose another file").click()
    expect(heading(admin_page)).to_have_text("Import users")
    expect(admin_page.get_by_role("checkbox", name=re.compile(rf"^{ROLE}\b"))).to_be_checked()
    expect(admin_page.locator(".ts-control .item")).to_contain_text(SITE)
    drop(admin_page, "corrected.csv", csv_of(mixed_people(1, "edit")))
    press_import(admin_page)
    has_ended(admin_page, "1 user was invited to Acme")


def test_all_problem_rows_are_listed_and_the_valid_ones_can_be_invited(
    stack: Stack, admin_page: Page, tmp_path: Path
) -> None:
    rows = mixed_people(4, "partly")
    rows[1] = ("partly.1@mixed", *rows[1][1:])
    rows[3] = (*rows[3][:2], "", rows[3][3])
    (tmp_path / "partly.csv").write_bytes(csv_of(rows))
    admin_page.goto(f"/o/acme/batches/{import_file(stack, tmp_path / 'partly.csv')}/problems/")
    expect(admin_page.get_by_role("heading", name="2 rows need fixing")).to_be_visible()
    lines = admin_page.locator(".rc-grid tbody tr")
    expect(lines).to_have_count(2)
    expect(lines.nth(0)).to_contain_text("partly.1@mixed")
    expect(lines.nth(0).locator("th")).to_contain_text("3")
    expect(lines.nth(1)).to_contain_text("The last name is missing")
    assert not [to for to in stack.recipients() if to.startswith("partly.")]

    admin_page.get_by_role("button", name="Invite the other 2").click()
    expect(admin_page.get_by_role("heading", name="Results")).to_be_visible(timeout=IMPORT_SECONDS * 1000)
    found = summary(admin_page)
    assert (found["Invited"], found["Problems"], found["Rows in the file"]) == (2, 2, 4)
    admin_page.goto("/o/acme/roles/")
    expect(banner(admin_page, "2 users were invited to Acme.").first).to_contain_text("2 had problems")


def test_a_corrected_file_goes_on_where_the_first_one_stopped(admin_page: Page) -> None:
    rows = [("nobody", "No", "Body", ""), ("also-nobody", "No", "Body", "")]
    import_by_dropping(admin_page, "to-correct.csv", csv_of(rows))
    has_ended(admin_page, "2 rows need fixing")
    admin_page.get_by_role("link", name="Fix the rows").last.click()
    admin_page.get_by_role("link", name="Upload a corrected file").click()
    expect(heading(admin_page)).to_have_text("Upload a corrected file")
    drop(admin_page, "corrected.csv", csv_of([("nobody@corrected.example.com", "No", "Body", "")]))
    press_import(admin_page)
    has_ended(admin_page, "1 user was invited to Acme")


def test_a_batch_is_stopped_and_says_so(mail_catcher: MailCatcher, admin_page: Page) -> None:
    mail_catcher.seconds_per_mail = 0.05
    import_by_dropping(admin_page, "stopped.csv", csv_of(mixed_people(900, "stopped")))
    admin_page.get_by_role("link", name="Stop inviting").click(timeout=IMPORT_SECONDS * 1000)
    expect(heading(admin_page)).to_have_text("Stop inviting?")
    admin_page.get_by_role("button", name="Stop", exact=True).click()
    expect(heading(admin_page)).to_contain_text("Stopped.")
    mail_catcher.seconds_per_mail = 0
    admin_page.get_by_role("link", name="View import").last.click()
    expect(admin_page.locator(".rc-page-title")).to_contain_text("Stopped")
    found = summary(admin_page)
    assert found["Rows in the file"] == 900
    assert found["Invited"] + found["Failed"] == 900
    assert found["Failed"] > 0


def test_a_batch_is_sent_again_and_undone_from_its_page(stack: Stack, admin_page: Page, tmp_path: Path) -> None:
    (tmp_path / "again.csv").write_bytes(csv_of(mixed_people(2, "again")))
    admin_page.goto(f"/o/acme/batches/{import_file(stack, tmp_path / 'again.csv')}/")

    admin_page.get_by_role("link", name="Resend to 2 people").click()
    expect(heading(admin_page)).to_have_text("Nothing to change")
    expect(admin_page.locator("#dialog")).to_contain_text("Skipped")
    admin_page.locator("#dialog").get_by_role("link", name="Close").click()
    expect(admin_page.locator("#dialog")).to_be_hidden()

    admin_page.get_by_role("button", name="More actions for this import").click()
    admin_page.get_by_role("link", name="Undo import").click()
    admin_page.locator("#dialog").get_by_role("button", name="Undo import").click()
    expect(admin_page.locator("#alerts")).to_contain_text("2 invitations were revoked.")
    # The message comes first, then the new figures.
    expect(admin_page.locator(".rc-summary")).to_contain_text("revoked")
    assert summary(admin_page)["revoked"] == 2


def test_a_file_is_imported_without_javascript(stack: Stack, new_context: Any, signed_in_state: Any) -> None:
    page = new_context(storage_state=signed_in_state("admin@example.com"), java_script_enabled=False).new_page()
    page.goto("/o/acme/users/")
    page.get_by_role("link", name="Invite users").click()
    page.get_by_role("link", name="Import CSV file").click()
    page.get_by_role("checkbox", name=re.compile(rf"^{ROLE}\b")).check()
    page.get_by_label("CSV file", exact=True).set_input_files(
        {"name": "plain.csv", "mimeType": "text/csv", "buffer": csv_of(mixed_people(2, "plain"))}
    )
    page.get_by_role("button", name="Import", exact=True).click()
    # The sites were forgotten; the roles are kept.
    expect(page.get_by_text("Choose at least one site, or All sites.").first).to_be_visible()
    expect(page.get_by_role("checkbox", name=re.compile(rf"^{ROLE}\b"))).to_be_checked()
    page.locator("select[name=sites]").select_option(label=SITE)
    page.get_by_label("CSV file", exact=True).set_input_files(
        {"name": "plain.csv", "mimeType": "text/csv", "buffer": csv_of(mixed_people(2, "plain"))}
    )
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("heading", name="plain.csv", exact=True)).to_be_visible()
    stack.wait_for_mail("plain.1@mixed.example.com")
    # The page loads itself again while the import runs.
    expect(page.get_by_role("row", name="Invited", exact=False).first).to_contain_text("2", timeout=30_000)
    assert summary(page)["Invited"] == 2
