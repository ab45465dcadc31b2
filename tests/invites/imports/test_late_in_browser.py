"""Rows that an import left are downloaded, corrected, uploaded and invited, in Chromium on the running stack."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from config.harness.driving import IMPORT_SECONDS, drop, heading, summary
from config.harness.running import Stack
from tests.axe import examine
from tests.files import csv_of

pytestmark = pytest.mark.browser
AS = ("--organization", "acme", "--as", "admin@example.com", "--role", "ReadOnly", "--all-sites", "--only-valid")
PEOPLE = ("ann@late.example.com,Ann,Lee,", "ben@@late.example.com,Ben,Fox,", "cat late.example.com,Cat,Ray,Night shift")


def test_the_rows_that_are_left_join_the_import_by_a_corrected_file(
    stack: Stack, admin_page: Page, tmp_path: Path
) -> None:
    path = tmp_path / "late.csv"
    path.write_bytes(csv_of(*PEOPLE))
    done = stack.manage("invite_csv", str(path), *AS, "--wait")
    assert done.returncode == 0, done.stderr
    page = admin_page
    page.goto("/o/acme/batches/")
    page.get_by_role("link", name="late.csv").first.click()
    expect(page.locator("main")).to_contain_text("2 rows of this file haven’t been invited yet")
    page.get_by_role("main").get_by_role("link", name="Fix the rows").last.click()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download these rows").click()
    rows = list(csv.reader(io.StringIO(Path(downloading.value.path()).read_text("utf-8-sig"), newline="")))
    assert [row[0] for row in rows] == ["Email", "ben@@late.example.com", "cat late.example.com"]
    rows[1][0], rows[2][0] = "ben@late.example.com", "cat@late.example.com"
    out = io.StringIO(newline="")
    csv.writer(out).writerows([*rows, ["new@late.example.com", "New", "Person", "", ""]])

    page.get_by_role("link", name="Upload a corrected file").click()
    expect(heading(page)).to_be_focused()
    drop(page, "other.csv", csv_of("x@late.example.com"))
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator("#dialog")).to_contain_text("It doesn’t say which rows it corrects.")
    drop(page, "fixed.csv", out.getvalue().encode())
    page.get_by_role("button", name="Import", exact=True).click()
    # Somebody has to read that a row wasn't used, before anyone is invited.
    expect(page.locator("main")).to_contain_text("1 row of “fixed.csv” wasn’t used")
    assert list(examine(page)) == []
    page.get_by_role("button", name="Invite 2 more users").click()
    expect(page.locator(".rc-page-title")).to_contain_text("Done", timeout=IMPORT_SECONDS * 1000)
    stack.wait_for_mail("ben@late.example.com")
    assert summary(page)["Invited"] == 3
