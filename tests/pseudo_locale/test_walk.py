"""The product in a language that nobody speaks: every text is translated, and none is cut off.

All texts are read as "[Îñṽîţé ûšéŕš öñé]". So words without accents are data, or somebody forgot to have them translated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from zoneinfo import available_timezones

import pytest
import requests
from playwright.sync_api import Browser, Page, ViewportSize, expect

from accounts.time_zones import city_of
from config.harness.driving import DROP, ROLE, SITE, csv_of, mixed_people
from config.harness.running import Mail, Stack, wait_for
from tests.catalogs import write_pseudo_catalog
from tests.files import many

ADMIN, MEMBER = "admin@example.com", "ben.lindqvist@example.com"
LINK = re.compile(r"http://\S+/(?:i|accounts/password/reset/key)/\S+")

# Every text node and every attribute that is read to somebody, except those that repeat what else is there. Of the
# page as it stands, or of a page that isn't shown, as its HTML.
READ_TEXTS = """(html) => {
  const document = html ? new DOMParser().parseFromString(html, "text/html") : window.document;
  const attributes = ["aria-label", "title", "placeholder", "alt", "data-busy", "data-guard", "aria-valuetext"];
  const texts = [document.title];
  // An address is one text, although it may break after the @.
  for (const place of document.querySelectorAll("wbr")) {
    const around = place.parentNode;
    place.remove();
    around.normalize();
  }
  const read = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.closest("script, style, svg, noscript, [aria-hidden=true]:not(.rc-dialog)")) continue;
      // The names that Unicode gives to letters, which say that they are English.
      if (element.closest("body [lang=en]")) continue;
      // Cells of a file, some of them in pieces.
      if (element.closest(".rc-spelled, .rc-columns bdi, .rc-cause bdi")) continue;
      if (element instanceof HTMLTemplateElement) read(element.content);
      for (const name of element.getAttributeNames()) {
        if (attributes.includes(name) || /^data-(text|label)/.test(name)) texts.push(element.getAttribute(name));
      }
      for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) texts.push(node.data);
    }
  };
  read(document.body);
  return texts.map((text) => text.trim()).filter((text) => text);
}"""
FIND_CUT_TEXTS = """() => [...document.querySelectorAll("body *")].filter((element) => {
  const style = getComputedStyle(element);
  // Texts for screen readers are in a box of one pixel.
  const isHidden = !element.checkVisibility() || element.closest(".rc-skip") || element.clientWidth <= 1;
  if (isHidden || style.overflowX !== "hidden" || style.textOverflow === "ellipsis") return false;
  return element.scrollWidth > element.clientWidth + 1 && element.innerText.trim();
}).map((element) => `${element.tagName.toLowerCase()}.${element.className}: ${element.innerText.trim().slice(0, 60)}`)"""
# A table scrolls sideways on a narrow screen. On a wide one, it would hide its last column.
FIND_WIDE_TABLES = """() => [...document.querySelectorAll(".rc-table-wrap")]
  .filter((wrap) => innerWidth >= 1280 && wrap.scrollWidth > wrap.clientWidth + 1)
  .map((wrap) => `a table of ${wrap.scrollWidth} in ${wrap.clientWidth} pixels`)"""
FIND_SCROLLING = """() => document.documentElement.scrollWidth > document.documentElement.clientWidth
  ? [`the page scrolls sideways at ${innerWidth}`] : []"""
FIND_WHAT_IS_CUT = f"() => [...({FIND_CUT_TEXTS})(), ...({FIND_WIDE_TABLES})(), ...({FIND_SCROLLING})()]"
WIDE = ViewportSize(width=1280, height=900)
NARROW = ViewportSize(width=390, height=900)

CHANGE_PASSWORD = f"""
from accounts.models import User
user = User.objects.get(email={MEMBER!r})
user.set_password("correct horse battery")
user.save()
"""
# As if its check had taken longer than a minute.
SEND_RESULT = """
from datetime import timedelta
from django.db.models import F
from invites.imports.result_email import send_result_email
from invites.models import Batch
Batch.objects.filter(pk={batch}).update(created_at=F("checked_at") - timedelta(minutes=3), result_emailed_at=None)
send_result_email({batch})
"""
# Bulk actions in every state. The two newest, which have banners, are one that has ended and one that is running. Its
# claim keeps workers away.
CREATE_BULK_ACTIONS = f"""
from datetime import timedelta
from django.utils import timezone
from accounts.models import Organization, User
from invites.models import BulkAction, Outcome
now = timezone.now()
later = now + timedelta(hours=1)
started = dict(organization=Organization.objects.get(slug="acme"), started_by=User.objects.get(email={ADMIN!r}), total=3000, expected=2900)
access = {{"roles": [[0, "Auditor"]], "sites": [[0, "Lyon depot"]], "all_sites": False}}
started["access"] = access
kinds = [(kind, mode) for kind in ("roles", "sites") for mode in ("add", "remove", "replace")]
kinds += [(kind, "") for kind in ("deactivate", "reactivate", "remove", "resend", "revoke")]
for kind, mode in kinds:
    begun = now - timedelta(minutes=5)
    BulkAction.objects.create(
        **started, kind=kind, mode=mode, state="running", done=1500, created_at=begun, claimed_until=later, progressed_at=later
    )
    ends = [(4, "done", "")]
    # Why it was stopped is said in the same words for all kinds.
    if (kind, mode) == kinds[0]:
        ends += [(6, "stopped", ""), (6, "stopped", "access_lost")]
    for minutes, state, reason in ends:
        begun = now - timedelta(minutes=minutes if kind == "revoke" else 6)
        outcomes = [outcome for outcome in Outcome.values if outcome != "same" or kind not in ("resend", "revoke", "remove")]
        counts = dict(done=2900, counts={{outcome: 100 for outcome in outcomes}})
        BulkAction.objects.create(
            **started, **counts, kind=kind, mode=mode, state=state, stop_reason=reason, created_at=begun, ended_at=now
        )
BulkAction.objects.create(
    **started, kind="resend", state="stopped", stop_reason="unexpected", error_reference="K7Q2M",
    created_at=now - timedelta(minutes=6), ended_at=now,
)
"""
# A worker is at it, as in CREATE_BULK_ACTIONS.
START_CORRECTION_JOB = """
from datetime import timedelta
from django.utils import timezone
from invites.models import Batch, CorrectionJob
now = timezone.now()
later = now + timedelta(hours=1)
Batch.objects.filter(pk={batch}).update(state="checking", claimed_until=later, progressed_at=later)
CorrectionJob.objects.update_or_create(batch_id={batch}, defaults=dict(
    action={action!r}, file_name="a.csv", rows_done=1200, rows_total=3000, created_at=now - timedelta(minutes=5)
))
"""
# The emails of an import: one is deferred, one bounced, and the others failed.
CHANGE_EMAIL_STATES = """
from invites.models import FailureReason, Invitation
reasons = [FailureReason.UNREACHABLE, FailureReason.ADDRESS_UNSUPPORTED, FailureReason.MESSAGE_REFUSED]
states = [("deferred", ""), ("bounced", FailureReason.BOUNCED), *(("failed", reason) for reason in reasons)]
found = Invitation.objects.filter(batch={batch}).order_by("pk")
for invitation, (state, detail) in zip(found, states):
    Invitation.objects.filter(pk=invitation.pk).update(mail_state=state, mail_detail=detail, state="pending")
    print(invitation.pk)
"""
# The pages that a test can't get without harm: after too many attempts nobody could sign in.
RENDER_ERRORS = """
import json
from django.template.loader import render_to_string
pages = {
    "429 within a minute": render_to_string("429.html", {"is_over_in_a_minute": True}),
    "429 within an hour": render_to_string("429.html", {"is_over_in_a_minute": False}),
    "500": render_to_string("500.html"),
    "503": render_to_string("503.html"),
}
print(json.dumps(pages))
"""
# What people typed, and what is in files. Codes and paths are in the same columns, but on no page.
READ_DATA = """
import json
from django.apps import apps
from django.db.models import CharField, TextField
texts = set()
for model in [*apps.get_app_config("accounts").get_models(), *apps.get_app_config("invites").get_models()]:
    for field in model._meta.concrete_fields:
        is_text = isinstance(field, (CharField, TextField)) and not field.choices
        if is_text and field.name in DATA_FIELDS:
            texts |= set(model.objects.values_list(field.attname, flat=True))
print(json.dumps(sorted(texts)))
"""
DATA_FIELDS = ("email", "first_name", "last_name", "name", "description", "country", "file_name")
IN_FILES = (
    "Csapat",
    "Törzs, Név, Cím, Email",
    "Szűcs Őrs",
    "Surname",
    "Email, Surname",
    "Email, First name, Surname",
    "a.csv",
    "a.pdf",
    "many.csv",
    "Ann",
    "Example",
)
# Names of the product, of programs and of standards, units as the browser writes them, and parts of dates.
SAME_EVERYWHERE = set(
    "Rollcall Pseudo UTC HeadlessChrome Linux CSV csv MB KB bytes UTF Ctrl Esc Enter AM PM Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
)
# What a script fills in.
VALUE = re.compile(r"\{\w+\}")
ADDRESS = re.compile(r"https?://\S+|[^\s\[\]<>()“”]+@[^\s\[\]<>()“”]+")


@dataclass
class Found:
    """What is wrong, by the texts and by the addresses of the pages that have them first."""

    untranslated: dict[str, str] = field(default_factory=dict)
    cut: dict[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.untranslated or self.cut)

    def __str__(self) -> str:
        lines = [f"not translated: {text!r} on {place}" for text, place in self.untranslated.items()]
        lines += [f"cut off: {text} on {place}" for text, place in self.cut.items()]
        return "\n".join(lines)


@pytest.fixture(scope="module")
def pseudo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The running product with a pseudo translation."""
    directory = tmp_path_factory.mktemp("pseudo")
    write_pseudo_catalog(directory / "locale", "en_XA")
    stack = Stack(
        directory / "var",
        DJANGO_SETTINGS_MODULE="tests.pseudo_locale.settings",
        PSEUDO_LOCALE=str(directory / "locale"),
    )
    stack.start()
    try:
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def batches(pseudo: Stack, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Ids of imports that are done, need fixing (two), are asked about, were refused, were stopped, and failed."""
    directory = tmp_path_factory.mktemp("files")
    rows = mixed_people(4, "pseudo")
    problems = [
        ("axe@x", "No", "Ending", ""),
        ("two@@axe.example.com", "", "Signs", ""),
        ("a b@axe.example.com", "X", "Y", ""),
    ]
    contents = {
        "done": csv_of([*rows, rows[0], ("ann@gmial.com", "Ann", "Typo", "")]),
        "problems": csv_of([*rows, *problems]),
        "refused": b"Email,First name,Surname\r\na,A,B\r\n",
        "columns": "Csapat;;;\r\nTörzs;Név;Cím;Email\r\n1;Szűcs Őrs;;a@b.example.com\r\n".encode("cp1250"),
        "spelling": "Email;First name;Last name\r\na@b.example.com;Őrs;Szűcs\r\n".encode("cp1250"),
        "corrected": csv_of([("two@@corrected.example.com", "Cora", "Corrected", "")]),
        "stopped": csv_of([("stopped@mixed.example.com", "Stan", "Stopped", "")]),
        "failed": csv_of([("failed@mixed.example.com", "Fay", "Failed", "")]),
    }
    ids = {}
    for name, content in contents.items():
        path = directory / f"{name}.csv"
        path.write_bytes(content)
        arguments = ("--organization", "acme", "--role", ROLE, "--site", SITE, "--as", ADMIN, "--wait", "--json")
        done = pseudo.manage("invite_csv", str(path), *arguments)
        assert done.stdout, done.stderr
        ids[name] = int(json.loads(done.stdout)["batch"])
    code = "from invites.models import Batch\nfor pk, state in {}: Batch.objects.filter(pk=pk).update(state=state)"
    states = [(ids["stopped"], "stopped"), (ids["failed"], "failed")]
    pseudo.manage("shell", "--no-imports", "-c", code.format(states))
    return ids


@pytest.fixture(scope="module")
def data(pseudo: Stack, batches: dict[str, int]) -> list[str]:
    """Every text that people typed, in the database or in a file, and all time zones, the longest first."""
    done = pseudo.manage("shell", "--no-imports", "-c", f"DATA_FIELDS = {DATA_FIELDS!r}\n{READ_DATA}")
    assert done.stdout, done.stderr
    typed: list[str] = json.loads(done.stdout.strip().splitlines()[-1])
    zones = [text for zone in available_timezones() for text in (zone, city_of(zone))]
    return sorted([*typed, *IN_FILES, *zones], key=len, reverse=True)


@pytest.fixture(scope="module")
def is_translated(data: list[str]) -> Callable[[str], bool]:
    """Whether nothing in the text is in English, except for data. The same texts are on many pages."""
    typed = re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(text) for text in data if text.strip())})(?!\w)")

    @cache
    def is_translated(text: str) -> bool:
        rest = typed.sub(" ", ADDRESS.sub(" ", VALUE.sub(" ", text)))
        return not set(re.findall(r"(?<!\w)[A-Za-z]{2,}(?!\w)", rest)) - SAME_EVERYWHERE

    return is_translated


class Reader:
    """Reads texts and notes those that are wrong."""

    def __init__(self, is_translated: Callable[[str], bool]) -> None:
        self.found = Found()
        self._is_translated = is_translated

    def read(self, texts: list[str], place: str) -> None:
        for text in texts:
            if not self._is_translated(text):
                self.found.untranslated.setdefault(text[:120], place)

    def fetch(self, page: Page, path: str) -> None:
        """Read a page without showing it, which takes a tenth of the time: for one that looks like others."""
        answer = page.request.get(path)
        assert answer.ok, path
        self.read(page.evaluate(READ_TEXTS, answer.text()), path)

    def visit(self, page: Page, path: str, place: str = "") -> None:
        """Open the page and look at it. It stays as it was seen last, so that the next one is opened on that screen."""
        page.goto(path)
        self._look(page, place)

    def look(self, page: Page, place: str = "") -> None:
        """Read the page as it stands, and look for texts that are cut off. It ends on a wide screen."""
        self._look(page, place)
        page.set_viewport_size(WIDE)

    def _look(self, page: Page, place: str) -> None:
        place = place or page.url.partition("//")[2].partition("/")[2]
        self.read(page.evaluate(READ_TEXTS), place)
        for screen in (NARROW, WIDE) if page.viewport_size == NARROW else (WIDE, NARROW):
            page.set_viewport_size(screen)
            for text in page.evaluate(FIND_WHAT_IS_CUT):
                self.found.cut.setdefault(text, place)


@pytest.fixture
def reader(is_translated: Callable[[str], bool]) -> Reader:
    return Reader(is_translated)


@pytest.fixture(scope="module")
def cookies(browser: Browser, pseudo: Stack) -> Callable[[str], Any]:
    """The cookies of somebody who has signed in."""

    @cache
    def cookies(email: str) -> Any:
        page = browser.new_page(base_url=pseudo.url)
        page.goto("/accounts/login/")
        page.locator("input[name=login]").fill(email)
        page.locator("input[name=password]").fill(pseudo.password)
        page.locator("input[name=password]").press("Enter")
        page.wait_for_url(re.compile("/o/"))
        state = page.context.storage_state()
        page.close()
        return state

    return cookies


@pytest.fixture
def page_of(browser: Browser, pseudo: Stack, cookies: Callable[[str], Any]) -> Iterator[Callable[[str | None], Page]]:
    """Opens a page of somebody who has signed in, or of nobody."""
    contexts = []

    def page_of(email: str | None) -> Page:
        state = cookies(email) if email else None
        context = browser.new_context(base_url=pseudo.url, storage_state=state, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        page.set_viewport_size(WIDE)
        return page

    yield page_of
    for context in contexts:
        context.close()


def ids_of(pseudo: Stack, model: str, organization: str = "acme") -> list[int]:
    code = f"""
from accounts.models import *
from invites.models import *
print(*{model}.objects.filter(organization__slug={organization!r}).order_by("pk").values_list("pk", flat=True))"""
    return [int(pk) for pk in pseudo.manage("shell", "--no-imports", "-c", code).stdout.split()]


def run_code(pseudo: Stack, code: str) -> str:
    """Run it in the product's shell. Returns what it printed."""
    done = pseudo.manage("shell", "--no-imports", "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_pages_of_an_admin(
    pseudo: Stack, batches: dict[str, int], page_of: Callable[[str | None], Page], reader: Reader
) -> None:
    page = page_of(ADMIN)
    members, invitations = ids_of(pseudo, "Membership"), ids_of(pseudo, "Invitation")
    roles, sites = ids_of(pseudo, "Role"), ids_of(pseudo, "Site")
    done, problems = batches["done"], batches["problems"]
    ended = [batches[name] for name in ("refused", "stopped", "failed")]
    paths = [
        "users/", "users/?status=expired", "users/?status=declined", "users/?q=x%C3%A4%C3%A4x", "users/export/", "users/requests/",
        "invite/", "import/", f"import/?correct={problems}",
        *(f"users/{members[0]}/{page}" for page in ("", "edit/", "remove/")), f"users/{members[1]}/deactivate/",
        *(f"invitations/{invitations[0]}/{action}" for action in ("", "edit/", "resend/", "revoke/")),
        *(f"batches/{batches['columns']}/{page}" for page in ("", "reading/", "reading/delete/")),
        *(f"batches/{batches['spelling']}/{page}" for page in ("", "reading/")),
        "batches/99999/reading/", "settings/imports/", "settings/email/",
        "batches/", f"batches/{done}/", f"batches/{done}/?outcome=problem", f"batches/{done}/resend/", f"batches/{done}/undo/",
        f"batches/{problems}/", f"batches/{problems}/problems/", *(f"batches/{pk}/" for pk in ended),
        "roles/", "roles/new/", *(f"roles/{roles[n]}/" for n in (0, 1, -1)), *(f"roles/{roles[n]}/delete/" for n in (1, -1)),
        "sites/", "sites/?q=x%C3%A4x", "sites/new/", f"sites/{sites[0]}/", f"sites/{sites[0]}/delete/",
        "activity/", "activity/1/", "activity/?q=x%C3%A4x", "activity/?period=custom&from=2026-03-01&to=2026-03-02",
        "settings/", "no-such-page/",
    ]  # fmt: skip
    # Parts of pages, and pages that differ from those above in a few words.
    read = [
        *(f"batches/{pk}/progress/" for pk in (done, problems, *ended)),
        "users/?status=active", "users/?page=2", "users/?status=deactivated", f"users/{members[1]}/reactivate/",
        *(f"users/{members[1]}/{page}" for page in ("", "edit/", "remove/")),
        f"batches/{batches['spelling']}/reading/delete/", f"batches/{done}/?outcome=skipped", f"batches/{problems}/undo/",
    ]  # fmt: skip
    for path in [
        *(f"/o/acme/{path}" for path in paths),
        "/account/",
        "/accounts/password/change/",
        "/accounts/logout/",
    ]:
        reader.visit(page, path)
    for path in read:
        reader.fetch(page, f"/o/acme/{path}")
    assert not reader.found, str(reader.found)


def test_pages_of_a_member_without_permissions(page_of: Callable[[str | None], Page], reader: Reader) -> None:
    page = page_of_member(page_of)
    for path in ("/o/acme/", "/o/acme/users/", "/o/acme/roles/", "/account/"):
        reader.visit(page, path)
    assert not reader.found, str(reader.found)


def page_of_member(page_of: Callable[[str | None], Page]) -> Page:
    return page_of(MEMBER)


def test_dialogs_and_errors_of_forms(
    pseudo: Stack, batches: dict[str, int], page_of: Callable[[str | None], Page], reader: Reader
) -> None:
    page = page_of(ADMIN)
    title = page.locator("#dialog-title")
    page.goto("/o/acme/users/")
    page.locator("a[href$='/invite/']").first.click()
    expect(title).to_be_visible()
    reader.look(page, "the dialog to invite users")
    page.locator("#dialog-content button[type=submit]").last.click()
    expect(page.locator(".rc-problem-summary")).to_be_visible()
    reader.look(page, "errors of the dialog to invite users")
    page.locator("#dialog-content a[href$='/import/']").click()
    expect(page.locator("[data-dropzone]")).to_be_visible()
    page.locator("#dialog-content button[type=submit]").last.click()
    expect(page.locator(".rc-problem-summary")).to_be_visible()
    reader.look(page, "errors of the dialog to import a file")
    combobox = page.get_by_role("combobox").last
    combobox.click()
    combobox.press_sequentially("ääää")
    expect(page.locator(".ts-dropdown")).to_be_visible()
    reader.look(page, "sites that don't match")
    combobox.fill("")
    page.locator(".ts-dropdown").get_by_role("option", name=SITE).click()
    page.keyboard.press("Escape")
    page.locator("#dialog-content input[name=roles]").first.check()
    page.evaluate(DROP, ["#dialog .rc-dialog-head", "a.pdf", "AAAA"])
    reader.look(page, "a file of the wrong type")
    page.locator("#dialog-content input[type=file]").set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": b"Email,Surname\r\na,b"}
    )
    expect(page.locator("[data-drop-name]")).to_have_text("a.csv")
    reader.look(page, "a chosen file")
    page.locator("#dialog-content button[type=submit]").last.click()
    expect(page.locator("[data-dropzone]")).to_have_count(0)
    reader.look(page, "a refused file")
    page.goto("/o/acme/import/")
    page.get_by_role("combobox").last.click()
    page.locator(".ts-dropdown").get_by_role("option", name=SITE).click()
    page.keyboard.press("Escape")
    page.locator("#dialog-content input[name=roles]").first.check()
    page.locator("#dialog-content input[type=file]").set_input_files(
        {"name": "many.csv", "mimeType": "text/csv", "buffer": many(600)}
    )
    page.locator("#dialog-content button[type=submit]").last.click()
    confirm = page.locator("#dialog-content button[name=do][value=invite]")
    expect(confirm).to_be_visible()
    reader.look(page, "the question before people may invite others")
    confirm.click()
    expect(page.locator(".rc-step-now").first).to_be_visible()
    reader.look(page, "a running import")
    expect(page.locator("#see-dialog, #see-page").first).to_be_visible(timeout=60_000)
    reader.look(page, "an import that is done")
    for path in ("roles/new/", "sites/new/"):
        page.goto(f"/o/acme/{path}")
        page.locator("#dialog-content button[type=submit]").last.click()
        expect(page.locator(".rc-error").first).to_be_visible()
        reader.look(page, f"errors of {path}")
    page.goto("/accounts/password/change/")
    page.locator("input[name=oldpassword]").fill("x")
    page.locator("input[name=password1]").fill("1234")
    page.locator("main button[type=submit]").click()
    expect(page.locator(".rc-error").first).to_be_visible()
    reader.look(page, "errors of a new password")
    assert not reader.found, str(reader.found)


def test_actions_on_selected_users(page_of: Callable[[str | None], Page], reader: Reader) -> None:
    page = page_of(ADMIN)
    page.goto("/o/acme/users/?status=pending")
    page.locator("input[type=checkbox][name=selected]").first.check()
    reader.look(page, "selected users")
    page.locator("#people-more").click()
    page.locator("button[name=action][value=revoke]").click()
    expect(page.locator("#dialog-title")).to_be_visible()
    reader.look(page, "the dialog to revoke selected invitations")
    page.keyboard.press("Escape")
    expect(page.locator("#dialog-title")).to_be_hidden()
    page.locator("button[name=action][value=resend]").click()
    expect(page.locator("#dialog-title")).to_be_visible()
    reader.look(page, "the dialog to resend selected invitations")
    assert not reader.found, str(reader.found)


def test_bulk_actions(pseudo: Stack, page_of: Callable[[str | None], Page], reader: Reader) -> None:
    if not ids_of(pseudo, "BulkAction"):
        run_code(pseudo, CREATE_BULK_ACTIONS)
    actions = ids_of(pseudo, "BulkAction")
    page = page_of(ADMIN)
    # Before the page that follows two of them.
    for pk in actions:
        for path in (f"/o/acme/users/selected/{pk}/", f"/o/acme/users/selected/{pk}/results/"):
            reader.fetch(page, path)
    page.goto("/o/acme/users/")
    page.locator("#banners summary").click()
    expect(page.locator(".rc-banner-progress")).to_be_visible()
    reader.look(page, "banners of two bulk actions")
    page.locator(".rc-banner-progress a").click()
    expect(page.locator("#stop-action")).to_be_visible()
    reader.look(page, "the dialog of a running bulk action")
    # One of each state, and the one that ended with an error.
    for pk in (*actions[:4], actions[-1]):
        for path in (f"/o/acme/users/selected/{pk}/", f"/o/acme/users/selected/{pk}/results/"):
            reader.visit(page, path)
    assert not reader.found, str(reader.found)


def test_progress_of_corrections(
    pseudo: Stack, batches: dict[str, int], page_of: Callable[[str | None], Page], reader: Reader
) -> None:
    batch = batches["corrected"]
    page = page_of(ADMIN)
    for action in ("use_file", "apply", "fix", "check"):
        run_code(pseudo, START_CORRECTION_JOB.format(batch=batch, action=action))
        for path in (f"batches/{batch}/", f"batches/{batch}/stop/", "batches/"):
            reader.visit(page, f"/o/acme/{path}", f"{path} during {action}")
    assert not reader.found, str(reader.found)


def test_states_of_emails(
    pseudo: Stack, batches: dict[str, int], page_of: Callable[[str | None], Page], reader: Reader
) -> None:
    batch = batches["done"]
    invitations = run_code(pseudo, CHANGE_EMAIL_STATES.format(batch=batch)).split()
    page = page_of(ADMIN)
    for path in (
        "users/?status=pending",
        "batches/",
        *(f"batches/{batch}/{query}" for query in ("", "?outcome=bounced", "?outcome=waiting")),
        *(f"invitations/{pk}/" for pk in invitations),
    ):
        reader.visit(page, f"/o/acme/{path}", f"{path} after deferred and bounced emails")
    assert not reader.found, str(reader.found)


def test_rows_of_the_grid(batches: dict[str, int], page_of: Callable[[str | None], Page], reader: Reader) -> None:
    page = page_of(ADMIN)
    page.goto(f"/o/acme/batches/{batches['problems']}/problems/")
    cell = page.locator("[role=grid] [data-problem], [role=grid] .rc-cell-bad").first
    if cell.count():
        cell.dblclick()
        reader.look(page, "a cell that is edited")
    assert not reader.found, str(reader.found)


def test_pages_of_somebody_who_is_invited(
    pseudo: Stack, batches: dict[str, int], page_of: Callable[[str | None], Page], reader: Reader
) -> None:
    page = page_of(None)
    for path in (
        "/accounts/login/", "/accounts/password/reset/", "/accounts/password/reset/done/", "/accounts/inactive/",
        "/accounts/password/reset/key/1-unknown/", "/accounts/password/reset/key/done/", "/i/not-a-token/",
    ):  # fmt: skip
        page.goto(path)
        reader.look(page)
    page.goto("/accounts/login/")
    page.locator("main button[type=submit]").click()
    expect(page.locator(".rc-error").first).to_be_visible()
    reader.look(page, "errors of signing in")
    page.locator("input[name=login]").fill("nobody@example.com")
    page.locator("input[name=password]").fill("wrong")
    page.locator("main button[type=submit]").click()
    expect(page.locator(".rc-error").first).to_be_visible()
    reader.look(page, "a wrong password")
    mail = pseudo.wait_for_mail("pseudo.0@mixed.example.com").text
    for found in re.findall(r"http://\S+/i/(?:decline|report)/\S+", mail):
        page.goto(found)
        reader.look(page, found.split("/")[4])
    page.goto("/i/not-a-token/")
    page.locator("main button[type=submit]").click()
    reader.look(page, "after asking for a new invitation")
    link = LINK.search(mail)
    assert link
    page.goto(link[0])
    reader.look(page, "an invitation")
    page.locator("main button[type=submit]").first.click()
    expect(page.locator(".rc-error").first).to_be_visible()
    reader.look(page, "errors of accepting an invitation")
    assert not reader.found, str(reader.found)


def test_pages_about_errors(pseudo: Stack, page_of: Callable[[str | None], Page], reader: Reader) -> None:
    page = page_of(None)
    # Relative addresses of style sheets lead there.
    page.goto("/accounts/login/")
    answers = {
        400: requests.get(f"{pseudo.url}/", headers={"Host": "elsewhere.example"}, timeout=10),
        403: requests.post(f"{pseudo.url}/accounts/login/", {"login": "x"}, timeout=10),
        404: requests.get(f"{pseudo.url}/nowhere/", timeout=10),
        413: requests.post(f"{pseudo.url}/accounts/login/", {"login": "x" * 600_000}, timeout=10),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
    pages = {str(status): answer.text for status, answer in answers.items()}
    pages |= json.loads(run_code(pseudo, RENDER_ERRORS))
    for name, text in pages.items():
        page.set_content(text)
        reader.look(page, f"the page of {name}")
    assert not reader.found, str(reader.found)


def test_emails(pseudo: Stack, batches: dict[str, int], browser: Browser, reader: Reader) -> None:
    page = browser.new_page(base_url=pseudo.url)
    page.goto("/accounts/password/reset/")
    page.locator("input[name=email]").fill(MEMBER)
    page.locator("main button[type=submit]").click()
    pseudo.wait_for_mail(MEMBER)
    for code in (CHANGE_PASSWORD, SEND_RESULT.format(batch=batches["done"])):
        run_code(pseudo, code)
    wait_for(lambda: len(pseudo.inbox(MEMBER)) >= 2, what="email about the new password", seconds=120)
    pseudo.wait_for_mail(ADMIN, seconds=120)
    # Another page, because the policy of the first one forbids the styles of emails.
    page = browser.new_page(viewport={"width": 390, "height": 900})
    widest: dict[tuple[str, str], Mail] = {}
    # Hundreds of people got the same email, and to read it takes time: two of them stand for all.
    recipients = sorted(set(pseudo.recipients()), key=len)
    many = [to for to in recipients if to.endswith("@people.example.com")]
    for mail in (mail for to in recipients if to not in many[1:-1] for mail in pseudo.inbox(to)):
        reader.read([mail.subject, *mail.text.splitlines()], f"the email {mail.subject!r}")
        # The one with the longest names and addresses is looked at.
        shape = mail.subject, re.sub(r">[^<]*<", "><", re.sub(r'href="[^"]*"', "", mail.html))
        widest[shape] = max(mail, widest.get(shape, mail), key=lambda each: len(each.html))
    assert len(widest) >= 4
    for mail in widest.values():
        if mail.html:
            page.set_content(mail.html)
            reader.look(page, f"the email {mail.subject!r}")
    assert not reader.found, str(reader.found)
