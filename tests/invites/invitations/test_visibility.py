"""Only members with *See users* see the people in an organization: every URL, for a member with all other permissions.

`clerk` has all permissions but *See users*, on all sites, and so sees the imports they started and the invitations
they sent. An address that is new has to be entered in `ADDRESSES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

import invites
from accounts.models import Membership, Organization, Role, Site, User
from accounts.organizations.access import views_of
from accounts.organizations.demo import ACME, GLOBEX
from accounts.organizations.grants import AccessSelection
from accounts.organizations.members import change_membership, check_somebody_manages
from accounts.organizations.organizations import DEFAULT_ROLES
from accounts.permissions import Permission, all_permissions
from config.urls import urlpatterns
from invites.directory.bulk.change import BulkChange
from invites.directory.bulk.work import handle_next_chunk
from invites.imports import corrections
from invites.imports.presentation.banners import running_for
from invites.invitations.change import change_invitation
from invites.invitations.declining import decline
from invites.invitations.invite import invite_person
from invites.invitations.tokens import opt_out_token
from invites.models import Batch, BulkAction, CorrectionJob, Invitation, InvitationRequest, Row
from invites.shell.events import BulkActionPoller, ProgressPoller
from tests.files import csv_of
from tests.invites.directory.bulk.helpers import start_for, submit
from tests.invites.imports.test_authorization import everything
from tests.invites.invitations.helpers import Invite, selection_of
from tests.invites.stored import store_waiting_import
from tests.pages import HTMX, downloaded, text_of
from tests.rules import domain_error

ClientOf = Callable[[User | None], Client]
Kind = BulkAction.Kind
SELECTED = "/o/acme/users/selected/"
GONE = "This file isn’t here anymore"
REFUSED = "Your roles don’t allow it. Someone who manages users in Acme can change them."

# Whose data each URL shows.
#   everybody   needs See users; others are refused
#   import, invitation, declined, action    one of these; without See users, members only find their own
#   own         only the member's own work
#   nobody      no people
#   oneself     the user's own account, or an invitation to them
ADDRESSES = {
    "directory:users": "everybody",
    "directory:export": "everybody",
    "directory:member": "everybody",
    "directory:member_edit": "everybody",
    "directory:member_remove": "everybody",
    "directory:leave": "own",
    "directory:member_deactivate": "everybody",
    "directory:member_reactivate": "everybody",
    "imports:batch_download": "everybody",
    "imports:batch_reactivate": "everybody",
    "activity:activity": "everybody",
    "activity:entry": "everybody",
    "activity:export": "everybody",
    "imports:batch": "import",
    "imports:batch_problems": "import",
    "imports:batch_problems_file": "import",
    "imports:batch_invite_valid": "import",
    "imports:batch_stop": "import",
    "imports:batch_resend": "import",
    "imports:batch_undo": "import",
    "imports:batch_schedule": "import",
    "imports:batch_send_now": "import",
    "imports:batch_invite_declined": "import",
    "imports:batch_close_banner": "import",
    "imports:batch_reading": "import",
    "imports:batch_delete": "import",
    "imports:batch_confirm": "import",
    "imports:batch_dialog": "import",
    "shell:batch_dialog_events": "import",
    "imports:batch_progress": "import",
    "shell:batch_progress_events": "import",
    "directory:invitation": "invitation",
    "directory:invitation_edit": "invitation",
    "directory:invitation_resend": "invitation",
    "directory:invitation_revoke": "invitation",
    "directory:invitation_schedule": "invitation",
    "directory:invitation_send_now": "invitation",
    "directory:invitation_again": "declined",
    "directory:invitation_unlist": "declined",
    "directory:request_dismiss": "invitation",
    "directory:request_grant": "invitation",
    "directory:bulk_action": "action",
    "shell:bulk_action_events": "action",
    "directory:bulk_action_banner": "action",
    "shell:bulk_action_banner_events": "action",
    "directory:bulk_action_stop": "action",
    "directory:bulk_results": "action",
    "directory:bulk_results_csv": "everybody",
    "directory:bulk_undo": "action",
    "directory:bulk_action_close_banner": "action",
    "imports:batches": "own",
    "directory:people_bulk": "own",
    "directory:expiring": "own",
    "directory:expiring_close": "own",
    "directory:requests": "own",
    "directory:sent": "own",
    "shell:banners": "own",
    "shell:indicator": "own",
    "shell:indicator_events": "own",
    "imports:import": "own",
    "invitations:invite": "nobody",
    "imports:sample": "nobody",
    "imports:understand_pasted": "nobody",
    "imports:remembered_readings": "nobody",
    "invitations:allowed_domains": "nobody",
    "imports:forget_reading": "nobody",
    "organizations:member_home": "nobody",
    "organizations:settings": "nobody",
    "mailing:settings": "nobody",
    "mailing:settings_preview": "nobody",
    "mailing:settings_test": "nobody",
    "mailing:reminder_note": "nobody",
    "mailing:resend_reply_to_link": "nobody",
    "mailing:invitation_preview": "nobody",
    "mailing:invitation_test": "nobody",
    "organizations:roles": "nobody",
    "organizations:role_new": "nobody",
    "organizations:role_edit": "nobody",
    "organizations:role_delete": "nobody",
    "organizations:sites": "nobody",
    "organizations:site_new": "nobody",
    "organizations:site_edit": "nobody",
    "organizations:site_delete": "nobody",
    "users:home": "nobody",
    "healthz": "nobody",
    "readyz": "nobody",
    "users:account": "oneself",
    "public_mailing:trial": "nobody",
    "public_mailing:reply_to": "oneself",
    "acceptance:invitation_link": "oneself",
    "acceptance:invitation": "oneself",
    "acceptance:invitation_switch": "oneself",
    "acceptance:invitation_ask": "nobody",
    "acceptance:decline_link": "oneself",
    "acceptance:report_link": "oneself",
    "acceptance:decline": "oneself",
    "acceptance:report": "oneself",
}
THINGS = ("import", "invitation", "declined", "action")
STREAMS = [name for name in ADDRESSES if name.endswith("_events")]


@dataclass(frozen=True)
class Brought:
    """One member's work: an import that needs corrections, one that has ended, two invitations and a bulk action.

    The invitee of one asked for a new link, and that of the other declined.
    """

    waiting: Batch
    ended: Batch
    invitation: Invitation
    declined: Invitation
    action: BulkAction

    def addresses(self, name: str) -> list[str]:
        things: dict[str, list[Any]] = {
            "import": [self.waiting, self.ended],
            "invitation": [self.invitation],
            "declined": [self.declined],
            "action": [self.action],
        }
        return [reverse(name, args=["acme", thing.pk]) for thing in things[ADDRESSES[name]]]


@pytest.fixture
def clerk(acme: Organization, sites: list[Site], join: Callable[..., User]) -> Membership:
    Role.objects.create(
        organization=acme, name="Clerk", permissions=sorted(all_permissions() - {Permission.VIEW_USERS.value})
    )
    return join(acme, "clerk@example.com", "Clerk", first_name="Clara", last_name="Kent").memberships.get()


@pytest.fixture
def clara(client_of: ClientOf, clerk: Membership) -> Client:
    """The clerk, in a browser without JavaScript."""
    return client_of(clerk.user)


@pytest.fixture
def bring(imported: Callable[..., Batch], invite: Invite, read_only: AccessSelection) -> Callable[..., Brought]:
    """Create all of this for one member, with `word` in all names and addresses."""

    def bring(by: Membership, word: str) -> Brought:
        ended = imported(csv_of(f"{word}-done@people.example.com"), by=by, name=f"{word}-done.csv")
        # The second row has a problem, the first would be invited.
        problems = csv_of(f"{word}-good@people.example.com", f"{word}-bad@@people.example.com")
        waiting = store_waiting_import(by, problems, selection=read_only, name=f"{word}.csv")
        invitation = invite(f"{word}-one@people.example.com", by=by, first_name=word, last_name=word)
        InvitationRequest.objects.create(invitation=invitation, organization=invitation.organization)
        declined = invite(f"{word}-no@people.example.com", by=by, first_name=word, last_name=word)
        decline(opt_out_token(declined.pk, declined.email_key))
        return Brought(
            waiting, ended, invitation, declined, start_for(by, BulkChange(Kind.RESEND), invitations=[invitation])
        )

    return bring


@pytest.fixture
def hidden(by: Membership, bring: Callable[..., Brought]) -> Brought:
    """The admin's work. The clerk could grant all of it."""
    return bring(by, "secret")


@pytest.fixture
def mine(clerk: Membership, bring: Callable[..., Brought]) -> Brought:
    """The clerk's own work."""
    return bring(clerk, "mine")


def shows_nobody_else(response: Any) -> bool:
    if response.headers.get("Content-Type", "").startswith("text/event-stream"):
        return True  # Streams have tests of their own.
    page = downloaded(response) if response.streaming else response.content.decode()
    return not re.search(r"secret|\bInes\b|\bMartin\b|admin@example|\bMara\b|Conti\b|member@example", page)


# --- Completeness -------------------------------------------------------------------------------------


def test_every_address_is_listed() -> None:
    assert {each.name for each in views_of(urlpatterns) if not each.trusted} == set(ADDRESSES)


def test_views_find_imports_invitations_and_actions_only_by_the_rule() -> None:
    views = [path for path in Path(invites.__path__[0]).rglob("*.py") if {"views", "shell"} & set(path.parts)]
    other_ways = r"organization\.(batches|invitations|bulk_actions|rows)\b|(Batch|Invitation|BulkAction)\.objects\.\w+"
    found = {f"{path.name}: {way[0]}" for path in views for way in re.finditer(other_ways, path.read_text())}

    assert found == {
        # Of the imports that the rule found, those that are running, with their progress.
        "batches.py: Batch.objects.filter",
        # Of an import that the rule found: whether its banner is the member's own.
        "batch_actions.py: Batch.objects.filter",
        # No members, no invitations: the rule for invitations that expire is in invitations/expiry.py.
        "expiring.py: Invitation.objects.none",
        # With the rule as a condition, so that it is checked at that moment.
        "events.py: Batch.objects.filter",
    }


# --- The work of others --------------------------------------------------------------------------------


@pytest.mark.parametrize("thing", THINGS)
def test_the_work_of_others_looks_as_if_it_did_not_exist(thing: str, clara: Client, hidden: Brought) -> None:
    before = everything()
    names = [name for name, shows in ADDRESSES.items() if shows == thing]

    for name, method, headers in product(names, ["GET", "POST"], [{}, HTMX]):
        # URLs that need a POST say so to everyone.
        unknown = clara.generic(method, reverse(name, args=["acme", 999999]), headers=headers)
        for address in hidden.addresses(name):
            answer = clara.generic(method, address, headers=headers)
            # A dialog only shows the message of an answer that isn't an error.
            assert answer.status_code in (404, 405) or GONE in text_of(answer.content.decode()), address
            assert answer.status_code == unknown.status_code, address
            assert shows_nobody_else(answer), address
        if (method, headers) == ("POST", HTMX):
            assert everything() == before, name


def test_a_page_about_everyone_is_refused_with_a_message(clara: Client, hidden: Brought, member: User) -> None:
    things = {
        "directory:users": [],
        "directory:export": [],
        "imports:batch_download": [hidden.ended.pk],
        "activity:activity": [],
        "activity:export": [],
    }
    names = [name for name, shows in ADDRESSES.items() if shows == "everybody"]

    for name, method in product(names, ["GET", "POST"]):
        address = reverse(name, args=["acme", *things.get(name, [member.memberships.get().pk])])
        answer = clara.generic(method, address)
        assert answer.status_code == 403, name
        assert REFUSED in text_of(answer.content.decode()), name
        assert shows_nobody_else(answer), name


def test_all_other_pages_show_nobody_else(
    clara: Client, hidden: Brought, mine: Brought, acme: Organization, sites: list[Site]
) -> None:
    kinds = {"role": acme.roles.get(name="ReadOnly").pk, "site": sites[0].pk}
    outside = (
        "users:home",
        "healthz",
        "readyz",
        "users:account",
        "acceptance:invitation",
        "acceptance:invitation_switch",
        "acceptance:invitation_ask",
        "acceptance:decline",
        "acceptance:report",
        "public_mailing:trial",
    )
    links = (
        "acceptance:invitation_link",
        "acceptance:decline_link",
        "acceptance:report_link",
        "public_mailing:reply_to",
    )
    names = [name for name, shows in ADDRESSES.items() if shows in ("own", "nobody", "oneself") and name not in STREAMS]

    for name in names:
        is_about_one = name.endswith(("_edit", "_delete")) or name == "imports:forget_reading"
        of_one = [kinds.get(name.partition(":")[2][:4], 1)] if is_about_one else []
        in_organization = [] if name in outside else ["acme", *of_one]
        arguments = ["unknown"] if name in links else in_organization
        answer = clara.get(reverse(name, args=arguments))
        assert answer.status_code < 500, name
        assert shows_nobody_else(answer), name


def test_the_list_of_imports_has_only_own_imports(
    clara: Client, ines: Client, hidden: Brought, mine: Brought, acme: Organization
) -> None:
    page, of_admin = clara.get("/o/acme/batches/").content.decode(), ines.get("/o/acme/batches/").content.decode()

    assert re.findall(r"<bdi>([\w-]+\.csv)", page) == ["mine.csv", "mine-done.csv"]
    assert "The files that you imported into Acme" in text_of(page)
    assert len(re.findall(r"<bdi>([\w-]+\.csv)", of_admin)) == 4


@pytest.mark.parametrize("name", ["correct", "again"])
def test_no_import_starts_from_an_import_of_others(name: str, clara: Client, hidden: Brought, mine: Brought) -> None:
    assert clara.get(f"/o/acme/import/?{name}={hidden.waiting.pk}").status_code == 404
    assert clara.get(f"/o/acme/import/?{name}={mine.waiting.pk}").status_code == 200


def test_a_running_job_in_an_import_of_others_is_not_shown(clerk: Membership, hidden: Brought) -> None:
    Batch.objects.filter(pk=hidden.waiting.pk).update(state=Batch.State.CHECKING)
    CorrectionJob.objects.create(batch=hidden.waiting, action=CorrectionJob.Action.APPLY, started_by=clerk.user)
    assert not running_for(clerk).exists()

    clerk.roles.set(clerk.organization.roles.filter(name="Org Admin"))
    assert running_for(Membership.objects.get(pk=clerk.pk)).exists()


# --- Own work -----------------------------------------------------------------------------------------


def test_own_work_is_found(clara: Client, mine: Brought) -> None:
    """As fragments. `test_no_page_links_to_pages_that_are_refused` opens the pages."""
    names = [name for name, shows in ADDRESSES.items() if shows in THINGS]
    for address in [address for name in names for address in mine.addresses(name)]:
        answer = clara.get(address, headers=HTMX)
        # 204: nothing is left to resend.
        assert answer.status_code in (200, 204, 302, 405), address
        if answer.status_code == 405:
            assert clara.post(address).status_code in (200, 302, 409), address


@pytest.mark.parametrize("who", ["clerk", "viewer", "admin"])
def test_no_page_links_to_pages_that_are_refused(
    who: str,
    client_of: ClientOf,
    acme: Organization,
    sites: list[Site],
    join: Callable[..., User],
    mine: Brought,
    by: Membership,
) -> None:
    """Addresses in hx-get and hx-post are asked as fragments, and others as pages. One's own work is asked as both.

    The work is the clerk's; the admin finds all of it in the lists.
    """
    Role.objects.create(organization=acme, name="Viewer", permissions=[Permission.VIEW_USERS.value])
    viewer = join(acme, "viewer@example.com", "Viewer", sites=sites[:1])
    people = {"clerk": User.objects.get(email="clerk@example.com"), "viewer": viewer, "admin": by.user}
    client = client_of(people[who])
    addresses = {"/o/acme/", "/o/acme/users/"} if who == "viewer" else {"/o/acme/"}
    if who == "clerk":
        names = [name for name, shows in ADDRESSES.items() if shows in THINGS and name not in STREAMS]
        addresses |= {address for name in names for address in mine.addresses(name)}
    if who != "viewer":
        addresses |= {"/o/acme/batches/", "/o/acme/invite/", "/o/acme/import/", "/o/acme/indicator/"}
    to_do = {Link(address, is_fragment) for address in addresses for is_fragment in (False, True)}
    # Every page has the banners that the first page has.
    to_do |= links_of(client.get("/o/acme/", follow=True))
    for model in (Batch, BulkAction):
        model._default_manager.update(banner_closed_at=timezone.now())
    found = {}
    while to_do:
        address, is_fragment = to_do.pop()
        headers = HTMX if is_fragment else {}
        answer = client.get(address, headers=headers)
        if answer.status_code == 302:
            address = answer.headers["Location"].partition("#")[0]
            answer = client.get(address, headers=headers)
        found[Link(address, is_fragment)] = answer.status_code
        if not answer.streaming:
            to_do |= links_of(answer) - set(found)

    assert len(found) > (0 if who == "viewer" else 30)
    # 204: nothing is left to resend, which is said on the page behind the dialog.
    assert {link: status for link, status in found.items() if status not in (200, 204, 405)} == {}
    assert (Link("/o/acme/users/", is_fragment=False) in found) == (who != "clerk")


class Link(NamedTuple):
    address: str
    is_fragment: bool


def links_of(answer: Any) -> set[Link]:
    links = re.findall(r'(href|action|hx-get|hx-post)="(/o/acme/[^"#?]*)', answer.content.decode())
    return {Link(address, name.startswith("hx-")) for name, address in links if "/events/" not in address}


def test_an_invitation_of_an_own_import_stays_visible_after_a_colleague_changed_it(
    by: Membership, clerk: Membership, clara: Client, mine: Brought
) -> None:
    imported = mine.ended.invitations.get()
    for invitation in (imported, mine.invitation):
        change_invitation(by, invitation, selection_of(by.organization, "ReadOnly"))

    page = clara.get(f"/o/acme/invitations/{imported.pk}/")

    assert page.status_code == 200
    assert "mine-done@people.example.com" in page.content.decode()
    assert shows_nobody_else(page)
    assert "by <bdi>Ines Martin</bdi>" not in page.content.decode()
    # The colleague is now the inviter of the other one.
    assert clara.get(f"/o/acme/invitations/{mine.invitation.pk}/").status_code == 404


@pytest.mark.parametrize("name", ["imports:batch_problems", "imports:batch"])
def test_rows_do_not_name_colleagues_who_edited_them(
    name: str, by: Membership, clerk: Membership, clara: Client, mine: Brought
) -> None:
    address = mine.addresses(name)[0]
    number = mine.waiting.rows.get(outcome=Row.Outcome.PROBLEM).number
    corrections.skip_row(mine.waiting, number, by=by)
    batch = Batch.objects.filter(pk=mine.waiting.pk)
    batch.update(state=Batch.State.DONE if name == "imports:batch" else Batch.State.NEEDS_CORRECTION)

    page = clara.get(address)

    assert "Edited by someone else" in text_of(page.content.decode())
    assert shows_nobody_else(page)
    mine.waiting.rows.filter(number=number).update(edited_by=clerk.user)
    assert "Edited by Clara Kent" in text_of(clara.get(address).content.decode())


@pytest.mark.parametrize("word", ["secret-one", "nobody"])
def test_inviting_reveals_that_an_address_is_invited_but_not_the_list(
    word: str, clerk: Membership, by: Membership, hidden: Brought
) -> None:
    """It must, or the address would be invited twice. But it can't mention the list, which the clerk may not see."""
    person = {"email": f"{word}@people.example.com", "first_name": "A", "last_name": "B", "description": ""}
    selection = selection_of(clerk.organization, "ReadOnly")
    if word == "nobody":
        assert invite_person(clerk, selection=selection, **person).pk
        return
    with domain_error("already_invited") as refused:
        invite_person(clerk, selection=selection, **person)
    assert "list" not in refused.value.message
    with domain_error("already_invited", match="choose Resend in the list"):
        invite_person(by, selection=selection, **person)


# --- In bulk -------------------------------------------------------------------------------------------


STEPS = ("", "review", "start")


def test_all_that_match_a_search_are_own_invitations(clara: Client, hidden: Brought, mine: Brought) -> None:
    before = everything()
    for action, step in product(Kind.values, STEPS):
        form = {"all": "1", "action": action, "step": step}
        found = clara.post(f"{SELECTED}?q=secret-one", form, headers=HTMX)
        nobody = clara.post(f"{SELECTED}?q=xyzzy", form, headers=HTMX)

        assert_same(found, nobody, (action, step))
        if step == STEPS[-1]:
            assert everything() == before, action
    page = clara.post(SELECTED, {"all": "1", "action": "revoke"})
    assert "Revoke 2 invitations" in text_of(page.content.decode())


def test_selecting_a_user_by_id_reveals_nothing(clara: Client, hidden: Brought, mine: Brought) -> None:
    before = everything()
    for action, step in product(Kind.values, STEPS):
        form = {"action": action, "step": step}
        found = clara.post(SELECTED, form | {"selected": f"i{hidden.invitation.pk}"}, headers=HTMX)
        nobody = clara.post(SELECTED, form | {"selected": "i999999"}, headers=HTMX)

        assert_same(found, nobody, (action, step))
        if step == STEPS[-1]:
            assert everything() == before, action


def assert_same(answer: Any, other: Any, what: tuple[str, str]) -> None:
    assert (answer.status_code, answer.headers["HX-Trigger"]) == (other.status_code, other.headers["HX-Trigger"]), what
    assert answer.content == other.content, what


def test_selected_invitations_of_others_are_neither_changed_nor_counted(
    clara: Client, hidden: Brought, mine: Brought
) -> None:
    form = {"selected": [f"i{hidden.invitation.pk}", f"i{mine.invitation.pk}"], "action": "revoke"}

    answer = submit(clara, form, headers={})
    page = clara.get("/o/acme/batches/")

    assert answer.headers["Location"] == "/o/acme/batches/"
    assert "1 invitation was revoked." in text_of(page.content.decode())
    assert "skipped" not in text_of(page.content.decode()).partition("Imports")[2].partition("Files")[0]
    hidden.invitation.refresh_from_db()
    assert hidden.invitation.state == Invitation.State.PENDING


@pytest.mark.parametrize("kind", ["resend", "revoke"])
def test_a_worker_skips_what_the_starter_may_no_longer_see(
    kind: str, by: Membership, clerk: Membership, hidden: Brought, mine: Brought, colleague: Membership
) -> None:
    BulkAction.objects.all().delete()
    action = start_for(by, BulkChange(Kind(kind)), invitations=[hidden.invitation, mine.invitation])
    by.roles.set(clerk.roles.all())

    handle_next_chunk(action.pk)

    action.refresh_from_db()
    assert (action.done, action.counts) == (2, {"changed": 1, "gone": 1})
    before = mine.invitation.times_resent, mine.invitation.state
    mine.invitation.refresh_from_db()
    assert (mine.invitation.times_resent, mine.invitation.state) == before


# --- Streams -------------------------------------------------------------------------------------------


@pytest.fixture
def asked(by: Membership, client_of: ClientOf) -> Any:
    """A request by a colleague who can lose See users."""
    client = client_of(by.user)
    request: Any = RequestFactory().get("/")
    request.session = SessionStore(client.session.session_key)
    request.user, request.membership, request.organization = by.user, by, by.organization
    return request


@pytest.mark.parametrize("kind", ["import", "action"])
def test_a_stream_ends_when_its_viewer_may_no_longer_see_it(
    kind: str, asked: HttpRequest, by: Membership, clerk: Membership, mine: Brought, colleague: Membership
) -> None:
    Batch.objects.filter(pk=mine.ended.pk).update(state=Batch.State.INVITING, inviting_started_at=timezone.now())
    poller: ProgressPoller | BulkActionPoller
    if kind == "import":
        poller = ProgressPoller(asked, pk=mine.ended.pk, place="page")  # type: ignore[arg-type]
    else:
        poller = BulkActionPoller(asked, pk=mine.action.pk, place="banner")  # type: ignore[arg-type]
    assert poller.poll() is not None

    Membership.objects.get(pk=by.pk).roles.set(clerk.roles.all())

    assert poller.poll() is None
    mine.action.started_by = by.user
    mine.action.save()
    Batch.objects.filter(pk=mine.ended.pk).update(inviter=by.user)
    assert poller.poll() is not None


# --- Permissions ---------------------------------------------------------------------------------------


def test_every_default_role_that_invites_or_manages_sees_users() -> None:
    needing = {Permission.INVITE_USERS, Permission.MANAGE_USERS}
    stored = [(name, frozenset(permissions)) for name, _about, permissions in DEFAULT_ROLES if permissions]
    stored += [(role.name, role.permissions) for organization in (ACME, GLOBEX) for role in organization.roles]

    assert stored
    assert [name for name, permissions in stored if needing & permissions and "users.view" not in permissions] == []
    # Org Admin stores no permissions and has all of them.
    assert Permission.VIEW_USERS.value in all_permissions()


def test_a_member_who_cannot_see_users_does_not_count_as_manager(
    acme: Organization, by: Membership, clerk: Membership
) -> None:
    check_somebody_manages(acme)
    selection = AccessSelection.of(acme.roles.filter(name="Clerk"), all_sites=True)
    with domain_error("last_manager"):
        change_membership(by, by, selection, confirmed=True)


@pytest.mark.parametrize("address", ["/o/acme/batches/", "/o/acme/batches/{}/", "/o/acme/invitations/{}/"])
def test_takes_no_more_queries_than_for_a_colleague_who_sees_everyone(
    address: str, clara: Client, clerk: Membership, mine: Brought
) -> None:
    address = address.format(mine.invitation.pk if "invitations" in address else mine.ended.pk)
    counts = []
    for role in ("Clerk", "Org Admin"):
        clerk.roles.set(Role.objects.filter(name=role))
        clara.get(address)
        with CaptureQueriesContext(connection) as asked:
            assert clara.get(address).status_code == 200
        counts.append(len(asked))

    assert counts[0] <= counts[1]


def test_work_from_long_ago_is_still_visible(clara: Client, mine: Brought) -> None:
    Invitation.objects.filter(pk=mine.invitation.pk).update(expires_at=timezone.now() - timedelta(days=1))

    assert clara.get(f"/o/acme/invitations/{mine.invitation.pk}/").status_code == 200
