"""What is photographed: every URL, lists that are filtered, dialogs over a page, and what other people see."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.urls import reverse
from playwright.sync_api import Page, expect

from config.harness.running import Stack
from tests.look import recruiters
from tests.look.things import IMPORTS
from tests.test_every_address import ARGUMENTS, OTHERS, OURS, SIGN_IN_PAGES

ADMIN = "admin@example.com"
# With the same password: an admin of a suspended organization, who is invited to Acme, and an operator.
SUSPENDED, INVITED, OPERATOR = "admin@globex.example.com", "clara.schulz@globex.example.com", "operator@example.com"
NOBODY = ""
# Things of these pages look different in each state.
WITH_SEVERAL_PICTURES = ("imports:batch", "directory:member", "directory:invitation", "organizations:role_edit")

Step = Callable[[Page], object]


@dataclass(frozen=True)
class Scene:
    """A page as somebody sees it, after some steps. Of the URLs with the same `url_name`, one page is enough."""

    name: str
    path: str
    viewer: str = ADMIN
    steps: tuple[Step, ...] = ()
    url_name: str = ""


def every_address(things: Mapping[str, list[int | None]]) -> Iterator[Scene]:
    """Every URL of an organization, and those outside, for these ids by kind."""
    for name, (_answers, kind) in OURS.items():
        for number, pk in enumerate(things[kind], start=1):
            path = reverse(name, args=["acme"] if pk is None else ["acme", pk])
            each = name.replace(":", "-")
            if name in WITH_SEVERAL_PICTURES:
                yield Scene(f"{each}-{number}", path)
            else:
                yield Scene(each if number == 1 else f"{each}-{number}", path, url_name=name)
    for name in [*OTHERS, *SIGN_IN_PAGES]:
        # Who is signed in doesn't see the page for signing in. Signing out would come in the way.
        viewer = ADMIN if name in ("users:account", "account_change_password", "account_logout") else NOBODY
        yield Scene(name.replace(":", "-"), reverse(name, args=ARGUMENTS.get(name)), viewer, url_name=name)


def press(name: str) -> Step:
    """Press the link or button, if it is there: some can be pressed only once."""

    def step(page: Page) -> None:
        button = page.get_by_role("button", name=name, exact=True).or_(page.get_by_role("link", name=name, exact=True))
        if button.count():
            button.first.click()
            page.wait_for_load_state()
            expect(page.locator(".htmx-request, .rc-loading")).to_have_count(0, timeout=30_000)

    return step


def choose(text: str) -> Step:
    """Choose a radio button or a checkbox by its text."""
    return lambda page: page.get_by_text(text, exact=True).first.click()


def fill(label: str, value: str) -> Step:
    return lambda page: page.get_by_label(label, exact=True).first.fill(value)


LISTS = {
    "users-pending": "users/?status=pending",
    "users-expired": "users/?status=expired",
    "users-scheduled": "users/?status=scheduled",
    "users-declined": "users/?status=declined",
    "users-deactivated": "users/?status=deactivated",
    "users-soon": "users/?expires=soon",
    "users-nobody": "users/?q=nobody-is-called-so",
    "users-long": "users/?q=featherstonehaugh",
    "batches-found": "batches/?q=pictures",
    "batches-not-found": "batches/?q=nobody-is-called-so",
    "activity-invitations": "activity/?action=invitations",
    "activity-custom": "activity/?period=custom&from=2026-03-02&to=2026-03-01",
    "activity-not-found": "activity/?q=nobody-is-called-so",
    "not-found": "no-such-page/",
}

PASTED = "Email\tFirst name\tLast name\nann@example.com\tAnn\tLee\nbo @example.com\tBo\tLee\ncy@example.com\tCy\tLee"

# On the page Users.
DIALOGS: dict[str, tuple[Step, ...]] = {
    "menu": (press("Your menu"),),
    "invite": (press("Invite users"),),
    "invite-errors": (press("Invite users"), press("Send invitation")),
    "invite-later": (press("Invite users"), choose("Send later")),
    "invite-preview": (press("Invite users"), fill("Email", "ann@example.com"), press("Preview email")),
    "import": (press("Invite users"), press("Import CSV file")),
    "import-errors": (press("Invite users"), press("Import CSV file"), press("Import")),
    "import-later": (press("Invite users"), press("Import CSV file"), choose("Send later")),
    "import-paste": (
        press("Invite users"),
        press("Import CSV file"),
        choose("Paste from a spreadsheet"),
        lambda page: page.locator("#id_pasted").fill(PASTED),
        lambda page: page.locator("#understood-rows > *").first.wait_for(),
    ),
    "selected": (lambda page: page.locator("[data-select-row]").first.check(),),
    "resend-all": (press("Resend all"),),
}

OPERATORS = (
    "",
    "accounts/organization/",
    "accounts/organization/add/",
    *(f"accounts/organization/1/{page}/" for page in ("change", "suspend", "delete")),
    "accounts/user/",
    "accounts/membership/",
    "invites/batch/",
    "invites/invitation/",
    "invites/blockedaddress/",
)


def other_scenes(things: Mapping[str, list[int | None]]) -> Iterator[Scene]:
    """Lists, dialogs, and the pages of a suspended organization and of operators."""
    for name, path in LISTS.items():
        yield Scene(name, f"/o/acme/{path}")
    for name, steps in DIALOGS.items():
        yield Scene(f"dialog-{name}", "/o/acme/users/", steps=steps)
    for number, pk in enumerate(things["batch"], start=1):
        for outcome in ("invited", "skipped", "problem"):
            yield Scene(f"batch-{number}-{outcome}", f"/o/acme/batches/{pk}/?outcome={outcome}")
    responses, late, stopped, suspended = (things[f"{name} import"][0] for name in IMPORTS)
    for outcome in ("accepted", "waiting", "expired", "declined", "bounced", "revoked"):
        yield Scene(f"responses-{outcome}", f"/o/acme/batches/{responses}/?outcome={outcome}")
    yield Scene("late-import", f"/o/acme/batches/{late}/")
    yield Scene("late-rows", f"/o/acme/batches/{late}/problems/")
    upload = press("Upload a corrected file")
    yield Scene("dialog-late-file", f"/o/acme/batches/{late}/problems/", steps=(upload,))
    yield Scene("dialog-late-file-error", f"/o/acme/batches/{late}/problems/", steps=(upload, press("Import")))
    yield Scene("late-file-page", f"/o/acme/import/?correct={late}")
    yield Scene("stopped-import", f"/o/acme/batches/{stopped}/")
    yield Scene("stopped-rows", f"/o/acme/batches/{stopped}/problems/")
    for name in ("users", "batches", "settings", "settings/email", "roles", "sites", "users/requests"):
        yield Scene(f"suspended-{name.replace('/', '-')}", f"/o/globex/{name}/", SUSPENDED)
    for name in ("", "problems/"):
        yield Scene(f"suspended-import-{name.strip('/') or 'page'}", f"/o/globex/batches/{suspended}/{name}", SUSPENDED)
    yield Scene("suspended-invite", "/o/globex/users/", SUSPENDED, steps=(press("Invite users"),))
    yield Scene("no-organization", "/", OPERATOR)
    for path in OPERATORS:
        yield Scene(f"operators-{path.strip('/').replace('/', '-') or 'index'}", f"/operators/{path}", OPERATOR)


def scenes_of_recruiters() -> Iterator[Scene]:
    """The pages of members who can invite users, but don't see them."""
    path = f"/o/{recruiters.SLUG}"
    yield Scene("sent", f"{path}/invitations/", recruiters.RECRUITER)
    yield Scene("sent-page-2", f"{path}/invitations/?page=2", recruiters.RECRUITER)
    yield Scene("sent-nobody", f"{path}/invitations/", recruiters.NEW_RECRUITER)
    invite = press("Invite users")
    yield Scene("sent-invite", f"{path}/invitations/", recruiters.NEW_RECRUITER, steps=(invite,))
    yield Scene("sent-person", f"{path}/invitations/", recruiters.RECRUITER, steps=(press("Expired Schmidt"),))
    yield Scene("sent-imports", f"{path}/batches/", recruiters.NEW_RECRUITER)
    yield Scene("sent-home", f"{path}/", recruiters.NEW_RECRUITER)


def scenes_of_emails(emails: Mapping[str, str]) -> Iterator[Scene]:
    """The emails, by their names."""

    def show(html: str) -> Step:
        return lambda page: page.set_content(html)

    for name, html in emails.items():
        yield Scene(f"email-{name}", "about:blank", NOBODY, steps=(show(html),))


def scenes_of_invitees(stack: Stack) -> Iterator[Scene]:
    """The pages of their links, which come in emails. The last ones use the invitations up."""
    links = [_links_of(stack, f"pictures.{number}@mixed.example.com") for number in range(3)]
    yield Scene("accept", links[0]["accept"], NOBODY)
    yield Scene("accept-errors", links[0]["accept"], NOBODY, steps=(press("Accept and sign in"),))
    yield Scene("accept-as-another", links[0]["accept"])
    theirs = _links_of(stack, INVITED)
    yield Scene("accept-with-account", theirs["accept"], NOBODY)
    yield Scene("accept-signed-in", theirs["accept"], INVITED)
    yield Scene("dead-link", "/i/not-a-token/", NOBODY)
    yield Scene("asked", "/i/not-a-token/", NOBODY, steps=(press("Ask for a new invitation"),))
    yield Scene("decline", links[1]["decline"], NOBODY)
    yield Scene("report", links[2]["report"], NOBODY)
    yield Scene("declined", links[1]["decline"], NOBODY, steps=(press("Decline this invitation"),))
    yield Scene("reported", links[2]["report"], NOBODY, steps=(press("Report abuse and stop invitations"),))


def _links_of(stack: Stack, email: str) -> dict[str, str]:
    """The paths in the newest email: accept, decline, report."""
    found = re.findall(r"https?://[^/\s]+(/i/(?:(decline|report)/)?\S+)", stack.wait_for_mail(email).text)
    return {kind or "accept": path for path, kind in found}
