"""The fixed cast of the fast tests, and the running product for tests that need all of it.

    acme      Acme with its default roles, `sites`: "Lyon depot", "Ghent" and "Turin"
    admin     Org Admin of Acme, all sites      manager   Project manager of Acme, all sites
    member    ReadOnly of Acme, Lyon depot      outsider  Org Admin of another organization, Globex

`start` stores a batch and checks it, and `work` does what workers do; both without a queue.

`stack` is the product as a user starts it, in its own processes; `page` and `admin_page` open it in Chromium; `worker`
is a real Celery worker for tests that bring their own database.
"""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib import auth
from django.contrib.auth.models import update_last_login
from django.db import connection
from django.test import Client
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import expect

from accounts.models import Membership, Organization, Role, Site, User
from accounts.organizations.grants import AccessSelection
from accounts.organizations.organizations import create_organization
from accounts.users.sessions import SessionStore
from config.harness.running import CHROMIUM_FLAGS, Stack, find_chromium
from config.harness.visitor import Visitor
from invites import tasks
from invites.imports import chunks
from invites.imports.upload import start_batch
from invites.mailing import sender
from invites.models import Batch
from tests import databases
from tests.mail_catcher import MailCatcher
from tests.members import NewMember, store_members
from tests.worker_on_file import WorkerOnFile

REQUIRE_ALL = bool(os.environ.get("ROLLCALL_REQUIRE_ALL"))
# A busy machine can be slow. The promises about time have tests of their own.
expect.set_options(timeout=60_000)

# The same code gets the same verdict every time; `make fuzz` looks for what nobody has thought of.
hypothesis_settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis_settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_db_blocker: Any, django_db_modify_db_settings: None
) -> Iterator[None]:
    """Empty databases for the fast tests. On SQLite it is a copy of one that was migrated once."""
    with pytest.MonkeyPatch.context() as patch:
        databases.empty_tables_quickly(patch)
        if connection.vendor == "sqlite":
            with django_db_blocker.unblock():
                databases.use_copy()
        else:
            request.getfixturevalue("django_db_setup")
        yield


@pytest.fixture(scope="session", autouse=True)
def _long_turns() -> Iterator[None]:
    """On a busy machine, a turn would end before everyone was mailed. Tests about that have turns of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sender, "TIME_SLICE_SECONDS", 60)
        yield


# --- The cast ---------------------------------------------------------------------------------------


@pytest.fixture
def acme(db: None) -> Organization:
    return create_organization(name="Acme", slug="acme")


@pytest.fixture
def globex(db: None) -> Organization:
    return create_organization(name="Globex", slug="globex")


@pytest.fixture
def sites(acme: Organization) -> list[Site]:
    names = (("Lyon depot", "France"), ("Ghent", "Belgium"), ("Turin", "Italy"))
    return Site.objects.bulk_create(Site(organization=acme, name=name, country=country) for name, country in names)


@pytest.fixture
def join() -> Callable[..., User]:
    """Makes a user who is a member: `join(acme, "ann@example.com", "ReadOnly", sites=[lyon])`."""

    def join(
        organization: Organization,
        email: str,
        *roles: str,
        sites: list[Site] | None = None,
        first_name: str = "",
        last_name: str = "",
    ) -> User:
        held = [role for role in Role.objects.filter(organization=organization) if role.name in roles]
        assert len(held) == len(roles), roles
        access = AccessSelection.of(held, sites or (), all_sites=sites is None)
        [user] = store_members(organization, [NewMember(email, access, first_name, last_name)])
        return user

    return join


@pytest.fixture
def admin(acme: Organization, sites: list[Site], join: Callable[..., User]) -> User:
    return join(acme, "admin@example.com", "Org Admin", first_name="Ines", last_name="Martin")


@pytest.fixture
def manager(acme: Organization, sites: list[Site], join: Callable[..., User]) -> User:
    return join(acme, "manager@example.com", "Project manager", first_name="Piet", last_name="Janssens")


@pytest.fixture
def member(acme: Organization, sites: list[Site], join: Callable[..., User]) -> User:
    return join(acme, "member@example.com", "ReadOnly", sites=sites[:1], first_name="Mara", last_name="Conti")


@pytest.fixture
def outsider(globex: Organization, join: Callable[..., User]) -> User:
    return join(globex, "admin@globex.example.com", "Org Admin", first_name="Otto", last_name="Weiss")


@pytest.fixture
def client_of() -> Callable[[User | None], Client]:
    """A test client that is signed in as the user; nobody's for None. `force_login` takes three times as many queries."""

    def client_of(user: User | None) -> Client:
        client = Client()
        if user is not None:
            update_last_login(User, user)
            session = SessionStore()
            session[auth.SESSION_KEY] = str(user.pk)
            session[auth.BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
            session[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
            session.save()
            client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
        return client

    return client_of


@pytest.fixture
def ines(client_of: Callable[[User | None], Client], admin: User) -> Client:
    """The admin, in a browser without JavaScript."""
    return client_of(admin)


# --- Batches -----------------------------------------------------------------------------------------


@pytest.fixture
def admin_membership(admin: User) -> Membership:
    return admin.memberships.get()


@pytest.fixture
def manager_membership(manager: User) -> Membership:
    return manager.memberships.get()


@pytest.fixture
def member_membership(member: User) -> Membership:
    return member.memberships.get()


@pytest.fixture
def night_shift(acme: Organization) -> Role:
    """A role of Acme's own that nobody has."""
    return Role.objects.create(
        organization=acme, name="Night shift", description="Works at night.", permissions=["work.view", "work.edit"]
    )


@pytest.fixture
def colleague(acme: Organization, join: Callable[..., User]) -> Membership:
    """A second admin."""
    return join(acme, "second@example.com", "Org Admin").memberships.get()


@pytest.fixture
def limited(acme: Organization, sites: list[Site], join: Callable[..., User]) -> Membership:
    """An admin with two of the sites, those of `read_only`, and no others."""
    return join(acme, "limited@example.com", "Org Admin", sites=sites[:2]).memberships.get()


@pytest.fixture
def lesser(acme: Organization, sites: list[Site], join: Callable[..., User]) -> Membership:
    """Somebody who invites and sees users, and can give nothing but that."""
    Role.objects.create(organization=acme, name="Inviter", permissions=["users.view", "users.invite"])
    return join(acme, "lesser@example.com", "Inviter", first_name="Lee", last_name="Small").memberships.get()


@pytest.fixture
def read_only(admin_membership: Membership, sites: list[Site]) -> AccessSelection:
    """ReadOnly on Lyon depot and Ghent."""
    role = Role.objects.get(organization=admin_membership.organization, name="ReadOnly")
    return AccessSelection.of([role], sites[:2])


@pytest.fixture
def start(admin_membership: Membership, read_only: AccessSelection) -> Callable[..., Batch]:
    """Stores a batch and checks it: `start(csv_of("ann@example.com"))`. Nobody is invited yet."""

    def start(
        content: bytes,
        *,
        by: Membership | None = None,
        name: str = "team.csv",
        only_valid: bool = False,
        message: str = "",
        send_at: datetime | None = None,
    ) -> Batch:
        batch = start_batch(
            by or admin_membership,
            file_name=name,
            content=[content],
            selection=read_only,
            only_valid=only_valid,
            message=message,
            send_at=send_at,
        )
        tasks.check_batch(batch.pk)
        batch.refresh_from_db()
        return batch

    return start


@pytest.fixture
def work() -> Callable[[Batch], Batch]:
    """Does what workers do until nothing is left to do."""

    def work(batch: Batch) -> Batch:
        while claim := chunks.claim_chunk(batch.pk):
            tasks.process_claimed_chunk(claim)
        tasks.finish_batch(batch.pk)
        batch.refresh_from_db()
        return batch

    return work


# --- The running product ----------------------------------------------------------------------------


@pytest.fixture(scope="session")
def mail_catcher() -> Iterator[MailCatcher]:
    """The SMTP server of `stack`."""
    with (
        tempfile.TemporaryDirectory(prefix="rollcall-stack-") as directory,
        MailCatcher(Path(directory) / "var" / "mail") as catcher,
    ):
        yield catcher


@pytest.fixture(scope="session")
def stack(mail_catcher: MailCatcher) -> Iterator[Stack]:
    """`manage.py up` with a data directory of its own; see config/harness/running.py for what it offers."""
    running = Stack(mail_catcher.directory.parent, EMAIL_URL=f"smtp://127.0.0.1:{mail_catcher.port}")
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[WorkerOnFile]:
    """A real worker over an embedded Valkey and an empty SQLite file, driven by scripts in processes of their own."""
    with WorkerOnFile(tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's browser instead of one that Playwright would have to download."""
    chromium = find_chromium()
    if chromium is None:
        pytest.skip(NO_CHROMIUM)
    return {"executable_path": chromium, "args": CHROMIUM_FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(stack: Stack) -> dict[str, Any]:
    return {
        "base_url": stack.url,
        "viewport": {"width": 1280, "height": 900},
        "locale": "en-GB",
        # Drawing a progress bar that moves takes more processor time than the import.
        "reduced_motion": "reduce",
    }


@pytest.fixture(scope="session")
def signed_in_state(stack: Stack) -> Callable[[str], Any]:
    """The cookies of somebody who has signed in, once per address; `browser.new_context(storage_state=...)`."""
    states: dict[str, Any] = {}

    def state(email: str) -> Any:
        if email not in states:
            visitor = Visitor(stack.url)
            visitor.sign_in(email, stack.password)
            cookies = (cookie.split("=", 1) for cookie in visitor.cookies.split("; "))
            place = {"domain": urlsplit(stack.url).hostname, "path": "/"}
            states[email] = {"cookies": [{"name": name, "value": value, **place} for name, value in cookies]}
        return states[email]

    return state


@pytest.fixture
def admin_page(new_context: Any, signed_in_state: Callable[[str], Any]) -> Any:
    """A page of Chromium that is signed in as Acme's admin."""
    return new_context(storage_state=signed_in_state("admin@example.com")).new_page()


# --- What is collected ------------------------------------------------------------------------------

# Files that wait for processes of their own most of the time, or take long in a browser. They come first, so that at the
# end of a run in several processes none of them is still under way alone.
LONG = (
    *("tests/pseudo_locale", "tests/browser", "tests/invites/imports/views/test_reading_in_browser"),
    *("tests/config/devserver", "tests/docs", "tests/ci", "tests/invites/live", "tests/invites/mailing/test_throttle"),
    *(
        "tests/invites/imports/test_worker",
        "tests/invites/imports/test_check_slots",
        "tests/accounts/users/test_account_email",
        "tests/config/test_running_server",
    ),
    *(
        "tests/invites/checking/reading/workbooks/test_workbook_child",
        "tests/invites/checking/cells/test_email_screening",
    ),
)
# About pages, emails, permissions and signing in: what they ask of the database is asked by other tests, too. On
# PostgreSQL, tests/test_every_address.py opens every page.
ON_SQLITE_ALONE = (
    *("/presentation/", "/views/", "/transports/", "_in_browser.py", "test_every_address.py"),
    *("/test_visibility.py", "/test_permissions.py", "/test_authorization.py", "/bulk/test_views.py"),
    *("/test_invite_csv.py", "/test_unexpected_errors.py", "/test_problems.py", "/test_demo.py"),
    *("activity/test_page.py", "live/test_streams_over_http.py"),
    *("mailing/test_template.py", "mailing/test_email_settings.py", "mailing/test_trial.py"),
    *("invitations/test_messages.py", "invitations/test_wording.py", "imports/test_result_email.py"),
    *("accounts/test_admin.py", "accounts/test_languages.py", "accounts/test_settings_and_account.py"),
    *("accounts/test_member_names.py", "accounts/test_names.py"),
    *("organizations/test_grants.py", "organizations/test_role_access.py", "organizations/test_access.py"),
    *("users/test_sign_in.py", "users/test_sign_in_limits.py", "users/test_reset_limits.py"),
    *("users/test_lost_password.py", "users/test_anonymous_sessions.py"),
    *(
        "imports/test_paste.py",
        "imports/test_reading.py",
        "imports/test_damaged_cells.py",
        "imports/test_not_people.py",
    ),
    *("imports/test_broken_quotes.py", "imports/test_domain_suggestions.py", "selectors/test_typos.py"),
    *("invites/test_columns.py", "invitations/test_schedule_pages.py", "invitations/test_send_time.py"),
    *("directory/bulk/test_plan.py", "accounts/test_admin_organizations.py", "accounts/test_create_organization.py"),
)
# In these files, only tests marked `servers` and tests of transactions run on PostgreSQL. What the others run there is
# SQL that marked tests run as well, or that reads or writes a few columns of one table, which is the same everywhere.
MARKED_ON_SERVERS = (
    *("activity/test_recorded.py", "users/test_rate_limits.py", "directory/test_users.py"),
    *("organizations/test_roles.py", "organizations/test_sites.py", "organizations/test_members.py"),
    *("organizations/test_deactivation.py", "organizations/test_suspension.py", "organizations/test_last_manager.py"),
    *(
        "directory/test_person.py",
        "directory/test_members.py",
        "directory/test_export.py",
        "directory/test_declined.py",
    ),
    *("directory/test_deactivation.py", "directory/test_expiry_notice.py", "directory/test_expiry_email.py"),
    *("bulk/test_steps.py", "bulk/test_work.py", "history/test_timeline.py"),
    *("imports/test_continue.py", "imports/test_continue_stopped.py", "imports/test_duplicates.py"),
    *("imports/test_declined.py", "imports/test_deactivated.py", "imports/test_confirm.py"),
    *("imports/test_corrections.py", "imports/test_correction_jobs.py", "imports/test_authors.py"),
    *("imports/test_check_races.py", "imports/test_check_in_request.py", "imports/test_file_of_another_import.py"),
    *("imports/test_consistent_figures.py", "imports/test_chunk_delivery_log.py", "imports/test_late_corrections.py"),
    *("imports/test_problem_file.py", "imports/test_invite.py", "imports/test_row_editors.py"),
    *("imports/test_schedule.py", "imports/test_send.py", "imports/test_undo.py", "imports/test_unauthorized.py"),
    *("invitations/test_acceptance.py", "invitations/test_actions.py", "invitations/test_allowed_domains.py"),
    *("invitations/test_quotas.py", "invitations/test_requests.py", "invitations/test_invite.py"),
    *("mailing/test_outbox.py", "mailing/test_bounces.py", "reminders/test_reminders.py", "test_outdated_pages.py"),
)
# Where tests may use a browser, so that a run of these tests alone needn't import the others.
WITH_BROWSER = ("tests/browser/", "tests/look/", "tests/pseudo_locale/", "in_browser.py")
NO_CHROMIUM = "no Chromium: install it, or name it in the variable CHROMIUM"


def may_use_browser(path: Path) -> bool:
    return any(part in path.as_posix() for part in WITH_BROWSER)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Whether a run of the tests in a browser leaves out the file. None: pytest decides."""
    is_elsewhere = collection_path.suffix == ".py" and not may_use_browser(collection_path)
    return True if config.option.markexpr == "browser" and is_elsewhere else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the browser and run it last, away from the database of the fast tests. Long files come first.

    Playwright's loop goes on in this thread once it was started, and Django then refuses the database.
    What runs on PostgreSQL and Redis, too, is marked. Of a test with parameters, only the first ones are, unless it was
    marked before.
    """
    tried_on_servers = set()
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        test = item.nodeid.partition("[")[0]
        if item.get_closest_marker("servers") or (test not in tried_on_servers and uses_servers(item, fixtures)):
            item.add_marker("servers")
            tried_on_servers.add(test)
        if "playwright" in fixtures or "page" in fixtures:
            item.add_marker("browser")
            if {"db", "transactional_db"} & fixtures:
                raise pytest.UsageError(f"{item.nodeid} uses the browser and the database: drive the running stack.")
        if item.get_closest_marker("browser") and not may_use_browser(item.path):
            raise pytest.UsageError(f"{item.nodeid} uses the browser: name its file test_…_in_browser.py.")
    without_browser = find_chromium() is None
    for item in items:
        if without_browser and item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=NO_CHROMIUM))
    items.sort(key=lambda item: (item.get_closest_marker("browser") is not None, not item.nodeid.startswith(LONG)))


def uses_servers(item: pytest.Item, fixtures: set[str]) -> bool:
    """Whether it runs on PostgreSQL, too, with its first parameters: tests of transactions, and what uses the database
    in a file where the kind of database can matter."""
    mark = item.get_closest_marker("django_db")
    if "transactional_db" in fixtures or (mark and mark.kwargs.get("transaction")):
        return True
    file = item.nodeid.partition("::")[0]
    if any(part in file for part in (*ON_SQLITE_ALONE, *MARKED_ON_SERVERS)):
        return False
    return mark is not None or bool({"django_db_setup", "db", "stack"} & fixtures)


def pytest_collection_finish() -> None:
    """Modules and tests live to the end: garbage collection needn't visit them again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """With ROLLCALL_REQUIRE_ALL set a test that would be skipped has failed."""
    report = yield
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} may not be skipped here: {report.longrepr}"
    return report


def pytest_sessionfinish() -> None:
    shutil.rmtree(settings.DATA_DIR, ignore_errors=True)
