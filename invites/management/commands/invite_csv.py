"""`manage.py invite_csv FILE …`: start an import, as the page does."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from django.utils import timezone

from accounts.activity.source import coming_from, source_of_command
from accounts.errors import ServiceError
from accounts.models import Membership, Organization, Role, Site
from accounts.organizations.grants import AccessSelection, GrantableAccess
from accounts.organizations.suspension import is_active
from invites import tasks
from invites.imports import check, chunks
from invites.imports.presentation.confirmation import able_text
from invites.imports.upload import start_batch
from invites.invitations.authorization import check_may_invite
from invites.invitations.send_time import send_time_from
from invites.management.batch_results import batch_as_json, batch_as_text
from invites.management.reading_arguments import add_reading_arguments, reading_options
from invites.models import Batch

POLL_SECONDS = 0.2
HELP_AFTER_SECONDS = 3
WRONG_USAGE = ("beyond_permissions", "bad_message")


class Command(BaseCommand):
    help = (
        "Invite the people in a CSV file or a workbook to an organization, as the page Import CSV file does. Exit "
        "status: 0 if it worked; 1 if --confirm-access is missing, or the import waits for an answer, corrections or a "
        "confirmation, or has failed; 2 usage error."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the CSV file or workbook")
        parser.add_argument("--organization", required=True, metavar="SLUG", help="the organization, such as acme")
        parser.add_argument("--as", required=True, dest="inviter", metavar="EMAIL", help="the user who invites")
        parser.add_argument("--role", action="append", default=[], metavar="NAME", help="a role; can be repeated")
        parser.add_argument("--site", action="append", default=[], metavar="NAME", help="a site; can be repeated")
        parser.add_argument("--all-sites", action="store_true", help="all sites, including those added later")
        parser.add_argument("--message", default="", metavar="TEXT", help="a personal message for every email")
        parser.add_argument("--only-valid", action="store_true", help="invite the valid rows of a file with problems")
        parser.add_argument(
            "--as-written",
            action="store_true",
            help="invite people whose names or addresses look damaged, as they are written in the file",
        )
        parser.add_argument(
            "--confirm-access",
            action="store_true",
            help="confirm that everyone in the file will be able to invite or manage users, if a role allows it",
        )
        parser.add_argument(
            "--send-at",
            metavar="TIME",
            help='send the emails later, such as "2026-12-01 09:00" in the time zone of the organization',
        )
        parser.add_argument("--wait", action="store_true", help="wait until the import has ended, or is scheduled")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        add_reading_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        for name in (
            options["organization"],
            options["inviter"],
            *options["role"],
            *options["site"],
            options["message"],
        ):
            if any("\ud800" <= letter <= "\udfff" for letter in name):
                # Undecodable bytes arrive as surrogates, which no database can search for.
                raise CommandError(f"{name!a} isn't valid UTF-8.", returncode=2)
        reading = reading_options(options)
        by = self._inviter(options["organization"], options["inviter"])
        selection = self._selection(by, options)
        send_at = self._send_at(by.organization, options["send_at"])
        path: Path = options["file"]
        try:
            check_access_is_confirmed(by, selection, is_confirmed=options["confirm_access"])
            with path.open("rb") as file, coming_from(source_of_command("invite_csv")):
                batch = start_batch(
                    by,
                    file_name=path.name,
                    content=iter(lambda: file.read(1024 * 1024), b""),
                    selection=selection,
                    only_valid=options["only_valid"],
                    options=reading,
                    confirm_access=options["confirm_access"],
                    as_written=options["as_written"],
                    message=options["message"],
                    send_at=send_at,
                )
        except OSError as error:
            raise CommandError(f"{path} can't be read: {error.strerror}.", returncode=2) from error
        except ServiceError as broken:
            if broken.code == "suspended":
                raise CommandError(f"{by.organization.name} is suspended. Nobody has been invited.") from broken
            if broken.code == "not_allowed":
                raise CommandError(
                    f"{by.user.email} isn't allowed to invite users to {by.organization.name}."
                ) from broken
            raise CommandError(broken.message, returncode=2 if broken.code in WRONG_USAGE else 1) from broken
        tasks.start_processing(batch)
        if options["wait"]:
            wait_for(batch)
        batch.refresh_from_db()
        self.stdout.write(json.dumps(batch_as_json(batch)) if options["json"] else batch_as_text(batch))
        if batch.state in (*Batch.WAITING, Batch.State.REJECTED, Batch.State.STOPPED, Batch.State.FAILED):
            raise SystemExit(1)

    def _inviter(self, slug: str, email: str) -> Membership:
        organization = Organization.objects.existing().filter(slug=slug).first()
        if organization is None:
            known = ", ".join(Organization.objects.existing().order_by("slug").values_list("slug", flat=True)[:20])
            raise CommandError(f"There is no organization “{slug}”. Organizations: {known or 'none'}.", returncode=2)
        member = organization.memberships.filter(user__email=email.lower()).select_related("user", "organization")
        membership = member.first()
        if membership is None:
            raise CommandError(f"{email} is not a member of {organization.name}.", returncode=2)
        if not membership.is_active:
            raise CommandError(f"{email} is deactivated in {organization.name}.", returncode=2)
        return membership

    def _send_at(self, organization: Organization, text: str | None) -> datetime | None:
        if text is None:
            return None
        try:
            local = datetime.strptime(text, "%Y-%m-%d %H:%M")
            return send_time_from(organization, local.date(), local.time())
        except ValueError as error:
            raise CommandError('Enter a time such as --send-at "2026-12-01 09:00".', returncode=2) from error
        except ServiceError as broken:
            raise CommandError(broken.message, returncode=2) from broken

    def _selection(self, by: Membership, options: dict[str, Any]) -> AccessSelection:
        organization = by.organization
        roles = [named(organization.roles.all(), name, "role") for name in options["role"]]
        sites = [named(organization.sites.all(), name, "site") for name in options["site"]]
        if not roles:
            raise CommandError("Choose at least one role with --role.", returncode=2)
        if not sites and not options["all_sites"] and organization.sites.exists():
            raise CommandError("Choose at least one site with --site, or use --all-sites.", returncode=2)
        return AccessSelection.of(roles, sites, all_sites=options["all_sites"])


def check_access_is_confirmed(by: Membership, selection: AccessSelection, *, is_confirmed: bool) -> None:
    """Raises CommandError if people would get one of `USER_POWERS`, and AccessDenied if `by` can't give it."""
    if selection.user_powers and not is_confirmed:
        check_may_invite(by)
        GrantableAccess(by).check_can_grant(selection)
        able = able_text(selection.user_powers)
        raise CommandError(f"{able} To confirm that, add --confirm-access. Nobody has been invited.")


Named = TypeVar("Named", Role, Site)


def named(choices: QuerySet[Named], name: str, what: str) -> Named:
    """The role or site with this name. Case doesn't matter."""
    found = choices.filter(name__iexact=name).first()
    if found is None:
        known: Sequence[str] = [str(choice) for choice in choices]
        raise CommandError(f"There is no {what} “{name}”. Choose one of: {', '.join(known) or 'none'}.", returncode=2)
    return found


def wait_for(batch: Batch) -> None:
    """Wait until the batch has ended, needs a person, or its organization was suspended.

    If no worker makes progress for a while, process it here.
    """
    while True:
        batch.refresh_from_db()
        if not batch.is_running or not is_active(batch.organization_id):
            return
        if (timezone.now() - batch.progressed_at).total_seconds() > HELP_AFTER_SECONDS:
            process_inline(batch)
        time.sleep(POLL_SECONDS)


def process_inline(batch: Batch) -> None:
    """Check the batch, or process one chunk of it, in this process."""
    if batch.state == Batch.State.CHECKING:
        check.check_batch(batch.pk)
    elif claim := chunks.claim_chunk(batch.pk):
        tasks.process_claimed_chunk(claim)
    else:
        tasks.finish_batch(batch.pk)
