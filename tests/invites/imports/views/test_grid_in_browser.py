"""The grid in Chromium on the running stack: with the keyboard, by pasting, by one click, and without JavaScript."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from config.harness.driving import IMPORT_SECONDS, ROLE, SITE, banner, summary
from config.harness.running import Stack
from tests.axe import EVERY_LOOK, examine_in

PASTE = """(text) => {
  const carried = new DataTransfer();
  carried.setData("text/plain", text);
  document.activeElement.dispatchEvent(
    new ClipboardEvent("paste", {clipboardData: carried, bubbles: true, cancelable: true}));
}"""


@pytest.fixture
def batch(stack: Stack, tmp_path: Path, request: Any) -> Callable[[str], int]:
    """Imports lines below the usual header; the addresses in them get a domain of the test's own for `{d}`."""

    def batch(text: str) -> int:
        path = tmp_path / "team.csv"
        domain = f"{request.node.name.split('[')[0].replace('_', '-')[:50].strip('-')}.example.com"
        path.write_text("Email,First name,Last name,Description\n" + text.replace("{d}", domain))
        arguments = ("--organization", "acme", "--role", ROLE, "--site", SITE, "--as", "admin@example.com", "--wait")
        answer = stack.manage("invite_csv", str(path), *arguments, "--json")
        assert answer.stdout, answer.stderr
        return int(json.loads(answer.stdout)["batch"])

    return batch


TEAM = """ann@{d},Ann,Lee,Night shift
ben@@{d},Ben,Fox,
cat@{d},Cat,,
dan@{d},Dan,,
eve@@{d},Eve,May,
test@,Test,Test,
"""


KEYBOARD = "by-keyboard.example.com"


def open_grid(page: Page, pk: int, query: str = "") -> Any:
    page.goto(f"/o/acme/batches/{pk}/problems/{query}")
    grid = page.get_by_role("grid")
    expect(grid).to_be_visible()
    return grid


def focused(page: Page) -> str:
    """The cell or the button that has the focus: "cell-3-0", "take:3:0", "Check again"."""
    return str(
        page.evaluate("document.activeElement.id || document.activeElement.value || document.activeElement.textContent")
    )


def tab_into(page: Page) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("Boolean(document.activeElement.closest('[data-grid]'))"):
            return
    raise AssertionError("Tab never came to the grid.")


def bar(page: Page) -> Any:
    return page.locator("#grid-bar .rc-bar-text")


def told(page: Page, sentence: str) -> None:
    expect(page.locator("body > [data-live-line]")).to_contain_text(sentence)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_a_file_can_be_corrected_and_invited_with_the_keyboard(
    stack: Stack, admin_page: Page, batch: Callable[[str], int]
) -> None:
    page = admin_page
    pk = batch(TEAM.replace("{d}", KEYBOARD))
    open_grid(page, pk)
    expect(bar(page)).to_have_text("5 left to fix")
    tab_into(page)
    assert focused(page) == "cell-3-0", "the first problem is the tab stop"

    # The arrows move from cell to cell, and to the button below a value.
    moves = {
        "ArrowRight": "cell-3-1",
        "End": "skip:3",
        "Home": "cell-3-0",
        "ArrowDown": "take:3:0",
        "ArrowUp": "cell-3-0",
        "Control+End": "skip:7",
        "Control+Home": "cell-3-0",
    }
    for key, place in moves.items():
        press(page, key)
        assert focused(page) == place, key
    press(page, "ArrowLeft")
    assert focused(page) == "cell-3-0"

    # Space applies the suggestion of the cell.
    press(page, "Space")
    expect(bar(page)).to_have_text("4 left to fix · 1 fixed")
    told(page, "Row 3 is fixed. 4 left to fix.")
    assert focused(page) == "cell-3-0"
    expect(page.locator("#row-3 th")).to_contain_text("Fixed")

    # Typing edits. Enter saves and moves to the next problem.
    press(page, "ArrowDown", "End", "ArrowLeft", "ArrowLeft")
    assert focused(page) == "cell-4-2"
    page.keyboard.type("Cole")
    press(page, "Enter")
    told(page, "Row 4 is fixed. 3 left to fix.")
    assert focused(page) == "cell-5-2"
    expect(page.locator("#cell-4-2")).to_contain_text("Cole")

    # Escape restores the old value. F2 edits the current one.
    page.keyboard.type("Nobody")
    press(page, "Escape")
    assert focused(page) == "cell-5-2"
    expect(page.locator("#cell-5-2")).to_contain_text("The last name is missing")
    press(page, "Home", "F2")
    expect(page.get_by_role("textbox", name="Email, row 5")).to_have_value(f"dan@{KEYBOARD}")
    press(page, "Escape", "End", "ArrowLeft", "ArrowLeft", "Enter")
    page.keyboard.type("www.win.example")
    press(page, "Enter")
    told(page, "Row 5:")
    assert focused(page) == "cell-6-0"
    expect(page.locator("#cell-5-2")).to_have_attribute("aria-invalid", "true")
    cause = page.locator(f"#{page.locator('#cell-5-2').get_attribute('aria-describedby')}")
    expect(cause).to_be_visible()
    press(page, "ArrowUp", "ArrowRight", "ArrowRight")
    assert focused(page) == "cell-5-2"
    page.keyboard.type("Ray")
    # Tab saves, too, and leaves the grid.
    press(page, "Tab")
    told(page, "Row 5 is fixed. 2 left to fix.")
    assert not page.evaluate("Boolean(document.activeElement.closest('[data-grid]'))")
    press(page, "Shift+Tab")
    assert focused(page) == "cell-5-2"

    # Skip, restore, skip.
    press(page, "Control+End")
    press(page, "Enter")
    expect(bar(page)).to_have_text("1 left to fix · 3 fixed · 1 skipped")
    assert focused(page) == "restore:7"
    press(page, "Enter")
    expect(bar(page)).to_have_text("2 left to fix · 3 fixed")
    press(page, "Space")
    told(page, "Row 7 is skipped.")

    # Nothing is lost on a reload.
    page.reload()
    expect(bar(page)).to_have_text("1 left to fix · 3 fixed · 1 skipped")
    tab_into(page)
    assert focused(page) == "cell-6-0"
    press(page, "ArrowDown", "Enter")
    expect(bar(page)).to_have_text("0 left to fix · 4 fixed · 1 skipped")
    assert not [to for to in stack.recipients() if to.endswith(KEYBOARD)]

    press(page, "Tab")
    assert focused(page) == "whole"
    press(page, "Enter")
    expect(page.get_by_role("heading", name="Results")).to_be_visible(timeout=IMPORT_SECONDS * 1000)
    found = summary(page)
    assert (found["Invited"], found["Problems"], found["Rows in the file"]) == (5, 1, 6)
    page.goto("/o/acme/roles/")
    expect(banner(page, "5 users were invited to Acme.").first).to_contain_text("1 was skipped by an admin")


def test_a_block_from_a_spreadsheet_fills_cells_to_the_right_and_below(
    admin_page: Page, batch: Callable[[str], int]
) -> None:
    page = admin_page
    open_grid(page, batch("a@@{d},,,\nb@@{d},,,\nc@@{d},,,\n"))
    tab_into(page)
    page.evaluate(PASTE, 'anna@paste.example.com\tAnna\tBerg\t"Night ""A"" shift"\r\nbo@paste.example.com\tBo\tLi\r\n')

    expect(bar(page)).to_have_text("1 left to fix · 2 fixed")
    told(page, "2 rows changed. 1 left to fix.")
    page.reload()
    expect(page.locator("#row-2")).to_contain_text('Night "A" shift')
    expect(page.locator("#cell-3-2")).to_contain_text("Li")
    expect(page.locator("#row-4")).to_contain_text("The last name is missing")

    # Into an open cell, from the middle of a row, and more than fits.
    page.locator("#cell-4-1").click()
    page.evaluate(PASTE, "Cy\tDee\textra\tmore\nnobody\there")
    told(page, "Cells that didn’t fit on this page were not pasted.")
    expect(page.locator("#cell-4-2")).to_contain_text("Dee")
    expect(page.locator("#cell-4-3")).to_contain_text("extra")
    expect(bar(page)).to_have_text("1 left to fix · 2 fixed")


def test_one_click_fixes_all_rows_of_a_kind_and_one_undoes_a_row(admin_page: Page, batch: Callable[[str], int]) -> None:
    page = admin_page
    open_grid(page, batch(TEAM))
    page.get_by_role("link", name="Several @ signs 2").click()
    expect(page.locator("[data-grid-row]")).to_have_count(2)
    page.get_by_role("button", name="Apply to all 2").click()

    expect(bar(page)).to_have_text("3 left to fix · 2 fixed")
    expect(page.get_by_role("heading", level=1)).to_have_text("3 rows need fixing")
    expect(page.get_by_role("button", name="Apply to all")).to_have_count(0)
    page.get_by_role("button", name="Undo row 6").click()
    expect(bar(page)).to_have_text("4 left to fix · 1 fixed")
    expect(page.locator("#row-6")).to_contain_text("This address has 2 @ signs")
    expect(page.get_by_role("button", name="Apply to all 1")).to_be_visible()


def test_the_progress_of_fixing_many_rows_is_shown(admin_page: Page, batch: Callable[[str], int]) -> None:
    page = admin_page
    pk = batch("".join(f"p{number}@@{{d}},Ann,Lee,\n" for number in range(1_100)) + "dan@{d},Dan,,\n")
    open_grid(page, pk, "?kind=email_two_at")
    page.get_by_role("button", name="Apply to all 1,100").press("Enter")

    page.wait_for_url(f"**/batches/{pk}/")
    expect(page.get_by_text("1,101 rows, 1 with a problem")).to_be_visible(timeout=IMPORT_SECONDS * 1000)
    page.get_by_role("region", name="What to do next").get_by_role("link", name="Fix the row").click()
    expect(bar(page)).to_have_text("1 left to fix · 1,100 fixed")


START_JOB = """
from datetime import timedelta
from django.utils import timezone
from accounts.models import Membership
from invites.models import Batch
from invites.imports.correction_jobs import start_job
batch = Batch.objects.get(pk={pk})
start_job(batch, Membership.objects.get(user=batch.inviter, organization=batch.organization), "use_file")
Batch.objects.filter(pk=batch.pk).update(claimed_until=timezone.now() + timedelta(hours=1))
"""
STOP_JOB = """
from accounts.models import Membership
from invites.models import Batch
from invites.imports.correction_jobs import stop_job
batch = Batch.objects.get(pk={pk})
assert stop_job(Membership.objects.get(user=batch.inviter, organization=batch.organization), batch)
"""


def test_an_edit_during_a_job_is_saved_when_the_grid_is_opened_again(
    stack: Stack, admin_page: Page, batch: Callable[[str], int]
) -> None:
    page, pk = admin_page, batch("x@{d},Ann,,\n")
    open_grid(page, pk)
    started = stack.manage("shell", "--no-imports", "-c", START_JOB.format(pk=pk))
    assert started.returncode == 0, started.stderr
    tab_into(page)
    page.keyboard.type("Berg")
    page.keyboard.press("Enter")

    page.wait_for_url(f"**/batches/{pk}/")
    expect(page.get_by_text("This import is being checked. Try again in a moment.").first).to_be_visible()
    expect(page.get_by_text("Checking the corrected file").first).to_be_visible()
    stopped = stack.manage("shell", "--no-imports", "-c", STOP_JOB.format(pk=pk))
    assert stopped.returncode == 0, stopped.stderr
    # The page has followed the job.
    what_next = page.get_by_role("region", name="What to do next")
    what_next.get_by_role("link", name="Fix the row").click(timeout=IMPORT_SECONDS * 1000)

    expect(bar(page)).to_have_text("0 left to fix · 1 fixed")
    expect(page.locator("#cell-2-2")).to_contain_text("Berg")


def test_edits_faster_than_the_responses_are_all_saved(admin_page: Page, batch: Callable[[str], int]) -> None:
    page = admin_page
    open_grid(page, batch("x@{d},,,\ny@{d},,,\n"))
    tab_into(page)
    assert focused(page) == "cell-2-1"
    for name in ("Ada", "Lace", "Bob", "Lowe"):
        page.keyboard.type(name)
        press(page, "Enter")

    expect(bar(page)).to_have_text("0 left to fix · 2 fixed")
    page.reload()
    for cell, name in (("2-1", "Ada"), ("2-2", "Lace"), ("3-1", "Bob"), ("3-2", "Lowe")):
        expect(page.locator(f"#cell-{cell}")).to_contain_text(name)


def hold_edits(page: Page, *, only_first: bool = False) -> None:
    """Edits never reach the server, as if the machine went to sleep."""
    held: list[Any] = []

    def hold(route: Any) -> None:
        if route.request.method != "POST" or (only_first and held):
            route.continue_()
        else:
            held.append(route)

    page.route("**/problems/", hold)


def type_two_names(page: Page) -> None:
    """The second waits for the first."""
    for name in ("Ada", "Lace"):
        page.keyboard.type(name)
        press(page, "Enter")


def type_a_name_in_vain(page: Page) -> None:
    """The network is down until `unroute`."""
    tab_into(page)
    page.route("**/problems/", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.keyboard.type("Berg")
    press(page, "Enter")
    expect(page.locator("#cell-2-2")).to_contain_text("Not saved")


def test_pending_edits_are_sent_after_a_reload(admin_page: Page, batch: Callable[[str], int]) -> None:
    page = admin_page
    open_grid(page, batch("x@{d},,,\n"))
    tab_into(page)
    hold_edits(page)
    type_two_names(page)
    page.unroute("**/problems/")
    page.reload()

    expect(bar(page)).to_have_text("0 left to fix · 1 fixed")
    for cell, name in (("2-1", "Ada"), ("2-2", "Lace")):
        expect(page.locator(f"#cell-{cell}")).to_contain_text(name)
    page.reload()
    expect(page.locator("#cell-2-2")).to_contain_text("Lace")
    page.wait_for_function("Object.keys(sessionStorage).every((key) => !key.startsWith('rollcall:'))")


CORRECT = """
from accounts.models import Membership
from invites.models import Batch
from invites.imports.upload import correct_batch
from invites.imports.check import check_batch
from invites.invitations.authorization import selection_of
batch = Batch.objects.get(pk={pk})
by = Membership.objects.get(user=batch.inviter, organization=batch.organization)
correct_batch(batch, file_name="team.csv", content=[{content!r}], selection=selection_of(batch.grant), by=by)
check_batch(batch.pk)
"""


def test_pending_edits_of_a_replaced_file_are_not_applied(
    stack: Stack, admin_page: Page, batch: Callable[[str], int]
) -> None:
    page, pk = admin_page, batch("x@{d},Ann,,\n")
    open_grid(page, pk)
    type_a_name_in_vain(page)
    other = b"Email,First name,Last name,Description\nother@replaced.example.com,Zoe,,\n"
    done = stack.manage("shell", "--no-imports", "-c", CORRECT.format(pk=pk, content=other))
    assert done.returncode == 0, done.stderr

    # When the page is left, it sends the edits again, and is told that the file was replaced.
    page.unroute("**/problems/")
    page.reload()
    page.wait_for_load_state("networkidle")
    page.reload()

    expect(page.locator("#cell-2-0")).to_contain_text("other@replaced.example.com")
    expect(page.locator("#cell-2-2")).not_to_contain_text("Berg")
    expect(bar(page)).to_have_text("1 left to fix")


def test_pending_edits_are_sent_when_the_page_is_left(
    admin_page: Page, batch: Callable[[str], int], new_context: Any, signed_in_state: Any
) -> None:
    page, pk = admin_page, batch("x@{d},,,\n")
    open_grid(page, pk)
    tab_into(page)
    hold_edits(page, only_first=True)
    type_two_names(page)
    page.goto("/o/acme/batches/")

    other = new_context(storage_state=signed_in_state("admin@example.com")).new_page()
    # A page that is made while they arrive may count the row before it has both names.
    for _ in range(40):
        open_grid(other, pk)
        if "1 fixed" in bar(other).inner_text():
            break
    expect(bar(other)).to_have_text("0 left to fix · 1 fixed")
    expect(other.get_by_text("Lace")).to_be_visible()


def test_failed_edits_are_sent_after_a_reload(admin_page: Page, batch: Callable[[str], int]) -> None:
    page = admin_page
    open_grid(page, batch("x@{d},Ann,,\n"))
    type_a_name_in_vain(page)

    page.unroute("**/problems/")
    page.reload()

    expect(bar(page)).to_have_text("0 left to fix · 1 fixed")
    expect(page.locator("#cell-2-2")).to_contain_text("Berg")


def test_an_open_cell_is_saved_when_the_page_is_left(admin_page: Page, batch: Callable[[str], int]) -> None:
    page = admin_page
    open_grid(page, batch("x@{d},Ann,,\n"))
    tab_into(page)
    page.keyboard.type("Typed")
    page.goto("/o/acme/batches/")
    page.go_back()

    expect(page.locator("#cell-2-2")).to_contain_text("Typed")
    expect(bar(page)).to_have_text("0 left to fix · 1 fixed")


def test_the_second_of_two_editors_of_a_row_is_told(
    admin_page: Page, batch: Callable[[str], int], new_context: Any, signed_in_state: Any
) -> None:
    pk = batch("x@{d},Ann,,\n")
    other = new_context(storage_state=signed_in_state("admin@example.com")).new_page()
    for page in (admin_page, other):
        open_grid(page, pk)
        tab_into(page)
    admin_page.keyboard.type("First")
    press(admin_page, "Enter")
    expect(bar(admin_page)).to_have_text("0 left to fix · 1 fixed")

    other.keyboard.type("Second")
    press(other, "Enter")

    told(other, "Someone else changed row 2 in the meantime.")
    expect(other.locator("#grid-bar")).to_contain_text("Someone else changed row 2 in the meantime.")
    expect(other.locator("#cell-2-2")).to_contain_text("First")
    admin_page.get_by_role("button", name="Check and invite 1").click()
    expect(admin_page.get_by_role("heading", name="Results")).to_be_visible(timeout=IMPORT_SECONDS * 1000)
    other.locator("#cell-2-1").click()
    other.keyboard.type("x")
    press(other, "Enter")
    # No row is left to fix, so the results are shown instead.
    expect(other.get_by_role("heading", name="Results")).to_be_visible()


def test_a_failed_edit_stays_and_says_so(admin_page: Page, batch: Callable[[str], int]) -> None:
    page = admin_page
    open_grid(page, batch("x@{d},Ann,,\n"))
    tab_into(page)
    page.route("**/problems/", lambda route: route.abort())
    page.keyboard.type("Berg")
    press(page, "Enter")

    expect(page.locator("#cell-2-2")).to_contain_text("Not saved")
    expect(page.get_by_role("alert")).to_contain_text("Can’t reach Rollcall.")
    expect(page.locator("#cell-2-2")).to_contain_text("Berg")
    page.unroute("**/problems/")
    press(page, "Enter", "Enter")
    expect(bar(page)).to_have_text("0 left to fix · 1 fixed")


def test_without_javascript_the_bad_cells_are_fields(
    new_context: Any, signed_in_state: Any, batch: Callable[[str], int]
) -> None:
    page = new_context(storage_state=signed_in_state("admin@example.com"), java_script_enabled=False).new_page()
    page.goto(f"/o/acme/batches/{batch(TEAM)}/problems/")
    page.get_by_role("textbox", name="Last name, row 4").fill("Cole")
    page.get_by_role("textbox", name="Last name, row 5").fill("Ray")
    page.get_by_role("textbox", name="Last name, row 5").press("Enter")
    expect(bar(page)).to_have_text("3 left to fix · 2 fixed")
    page.get_by_role("button", name="Keep one @").first.click()
    page.get_by_role("button", name="Skip row 7").click()
    expect(bar(page)).to_have_text("1 left to fix · 3 fixed · 1 skipped")
    page.get_by_role("button", name="Keep one @").click()
    page.get_by_role("button", name="Check and invite 5").click()
    expect(page.get_by_role("heading", name="team.csv", exact=True)).to_be_visible()


def test_rows_can_be_downloaded_corrected_and_uploaded(admin_page: Page, batch: Callable[[str], int]) -> None:
    page = admin_page
    pk = batch(TEAM)
    open_grid(page, pk)
    page.get_by_role("button", name="Keep one @").first.click()
    expect(bar(page)).to_have_text("4 left to fix · 1 fixed")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download these rows").click()
    assert download.value.suggested_filename == "team - rows to fix.csv"
    content = Path(download.value.path()).read_text()
    assert "What is wrong" in content
    corrected = content.replace("@@", "@").replace("Cat,,", "Cat,Cole,").replace("Dan,,", "Dan,Ray,")
    corrected = "".join(line for line in corrected.splitlines(keepends=True) if not line.startswith("test@"))

    page.get_by_role("link", name="Upload a corrected file").click()
    expect(page.locator("#dialog .rc-dialog-lead")).to_contain_text("its rows are merged into team.csv")
    page.locator("#dialog input[type=file]").set_input_files(
        {"name": "team - rows to fix.csv", "mimeType": "text/csv", "buffer": corrected.encode()}
    )
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator("#dialog-title")).to_have_text("Nothing is left to fix", timeout=IMPORT_SECONDS * 1000)
    open_grid(page, pk)
    expect(bar(page)).to_have_text("0 left to fix · 1 skipped")
    page.get_by_role("button", name="Check and invite 5").click()
    expect(page.get_by_role("heading", name="Results")).to_be_visible(timeout=IMPORT_SECONDS * 1000)
    assert summary(page)["Invited"] == 5


def test_axe_finds_nothing_in_the_grid_while_a_cell_is_open(admin_page: Page, batch: Callable[[str], int]) -> None:
    page = admin_page
    open_grid(page, batch(TEAM + "much.too.long.an.address.to.break.anywhere" * 3 + '@@{d},A,B,"one\ntwo\x07"\n'))
    page.locator("#row-3").get_by_role("button", name="Keep one @").click()
    page.locator("#row-7").get_by_role("button", name="Skip").click()
    expect(page.locator("#row-7.rc-row-out")).to_be_visible()
    page.locator("#cell-4-2").click()
    cell = page.get_by_role("textbox", name="Last name, row 4")
    expect(cell).to_be_focused()

    assert list(examine_in(page, *EVERY_LOOK)) == []
    expect(cell).to_be_focused()


def test_who_has_an_address_is_decided_by_keyboard_and_undone(admin_page: Page, batch: Callable[[str], int]) -> None:
    page = admin_page
    open_grid(page, batch("ann@{d},Ann,Ek,\nann@{d},Bo,Ray,\ncyd@@{d},Cyd,Lam,\n"))
    tab_into(page)
    expect(page.locator("#cell-3-0")).to_contain_text("This is also the address of Ann Ek in row 2")

    # Space doesn't choose one of the two, but moves to them.
    press(page, " ")
    assert focused(page) == "other:3:2"
    press(page, "ArrowDown")
    assert focused(page) == "this:3:2"
    press(page, "Enter")
    told(page, "Row 3 is kept. Row 2 is skipped. 1 left to fix.")
    assert focused(page) == "cell-3-0"
    expect(bar(page)).to_have_text("1 left to fix · 1 fixed")

    press(page, "End", "ArrowLeft", "End", "Enter")
    told(page, "Row 3: This is also the address of Ann Ek in row 2. 2 left to fix.")
    page.get_by_role("button", name="Keep Ann Ek").click()
    told(page, "Row 3 is skipped. The same address is in row 2, which was kept. 1 left to fix.")
    expect(bar(page)).to_have_text("1 left to fix · 1 twice in the file")


def test_on_a_phone_the_buttons_of_the_bar_are_as_wide_as_their_texts(
    admin_page: Page, batch: Callable[[str], int]
) -> None:
    page = admin_page
    open_grid(page, batch("x@{d},Ann,,\na@{d},Ann,Lee,\nb@{d},Bo,Ray,\n"))
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        buttons = page.locator("#grid-bar .btn")
        expect(buttons).to_have_text(["Invite the other 2", "Check again"])
        for button in buttons.all():
            assert button.evaluate("each => each.scrollWidth <= each.clientWidth"), (width, button.inner_text())


def test_on_a_phone_both_people_can_be_kept(admin_page: Page, batch: Callable[[str], int]) -> None:
    page = admin_page
    page.set_viewport_size({"width": 390, "height": 800})
    open_grid(page, batch(f"ann@{{d}},{'Anneliese-Maximiliana' * 5},Ek,\nann@{{d}},Bo,Ray,\n"))
    for name in ("Keep Anneliese", "Keep Bo Ray"):
        box = page.get_by_role("button", name=name).bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert box["height"] >= 24
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
