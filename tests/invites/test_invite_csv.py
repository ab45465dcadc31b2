"""`manage.py invite_csv` and `manage.py batch_report`, for scripts and for support."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command

from accounts.models import Organization, Role, Site, User
from invites.imports import check, upload_parts
from invites.management.commands import invite_csv
from invites.models import Batch, Invitation, UploadPart
from tests.files import PROBLEMS, REFUSED, UNDECIDED, csv_of, many
from tests.invites.imports.chunk_work import process_one_chunk
from tests.invites.mailing.mail import addresses

Run = Callable[..., Batch]
FileOf = Callable[[bytes], Path]

OPTIONS = {"organization": "acme", "inviter": "admin@example.com", "role": ["ReadOnly"], "site": ["Lyon depot"]}


@pytest.fixture
def file_of(tmp_path: Path, admin: User) -> FileOf:
    """Writes a file for Acme's admin to invite."""

    def file_of(content: bytes) -> Path:
        path = tmp_path / "team.csv"
        path.write_bytes(content)
        return path

    return file_of


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker runs here, so the command does the work immediately."""
    monkeypatch.setattr(invite_csv, "HELP_AFTER_SECONDS", -1)
    monkeypatch.setattr(invite_csv, "POLL_SECONDS", 0)


@pytest.fixture
def small_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request checks no file of several hundred rows."""
    monkeypatch.setattr(upload_parts, "BYTES_IN_REQUEST", 10_000)


def command(*arguments: object, **options: Any) -> tuple[int, str]:
    """The exit status and the output."""
    out = io.StringIO()
    try:
        call_command(*map(str, arguments), stdout=out, **options)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def refused(*arguments: object, **options: Any) -> tuple[int, str]:
    """The exit status and the message of a command that failed."""
    with pytest.raises(CommandError) as caught:
        command(*arguments, **options)
    return caught.value.returncode, str(caught.value)


# --- invite_csv --------------------------------------------------------------------------------------


def test_starts_a_batch_and_prints_exactly_this_object(file_of: FileOf) -> None:
    status, printed = command("invite_csv", file_of(many(3)), json=True, **OPTIONS)

    assert status == 0
    assert json.loads(printed) == {
        "batch": Batch.objects.get().pk,
        "state": "inviting",
        "rows": 3,
        "invited": 0,
        "skipped": {
            "already_member": 0,
            "already_invited": 0,
            "deactivated": 0,
            "already_declined": 0,
            "address_blocked": 0,
            "duplicate": 0,
            "not_a_person": 0,
            "address_of_another": 0,
        },
        "problems": 0,
        "failed": 0,
        "waiting": 3,
    }


def test_with_wait_it_answers_when_the_batch_has_ended(file_of: FileOf, member: User) -> None:
    content = csv_of("ann@example.com", "ben@example.com", "member@example.com", "ann@example.com")

    status, printed = command("invite_csv", file_of(content), wait=True, json=True, **OPTIONS)

    assert status == 0
    answer = json.loads(printed)
    assert (answer["state"], answer["rows"], answer["invited"]) == ("done", 4, 2)
    assert answer["skipped"] == {
        "already_member": 1,
        "already_invited": 0,
        "deactivated": 0,
        "already_declined": 0,
        "address_blocked": 0,
        "duplicate": 1,
        "not_a_person": 0,
        "address_of_another": 0,
    }
    assert addresses(mail.outbox) == ["ann@example.com", "ben@example.com"]


def test_it_prints_the_banner_and_the_summary(file_of: FileOf) -> None:
    _, printed = command("invite_csv", file_of(many(2)), wait=True, **OPTIONS)

    assert "2 users were invited to Acme." in printed
    assert "team.csv" in printed
    assert [line.split() for line in printed.splitlines() if "Rows in the file" in line] == [
        ["Rows", "in", "the", "file", "2"]
    ]


@pytest.mark.usefixtures("small_request")
def test_a_large_file_is_left_to_the_worker_or_checked_while_waiting(file_of: FileOf) -> None:
    content = many(600)
    assert len(content) > upload_parts.BYTES_IN_REQUEST
    assert json.loads(command("invite_csv", file_of(content), json=True, **OPTIONS)[1])["state"] == "checking"

    invite_csv.wait_for(Batch.objects.get())

    assert Invitation.objects.count() == 600


def test_gives_the_roles_and_sites_that_were_named_in_any_case(file_of: FileOf, acme: Organization) -> None:
    options = {**OPTIONS, "role": ["readonly", "Project Manager"], "site": ["lyon DEPOT", "Ghent"]}

    command("invite_csv", file_of(many(1)), **options)

    grant = Batch.objects.get().grant
    assert {role.name for role in grant.roles.all()} == {"ReadOnly", "Project manager"}
    assert {site.name for site in grant.sites.all()} == {"Lyon depot", "Ghent"}


def test_gives_all_sites(file_of: FileOf) -> None:
    command("invite_csv", file_of(many(1)), **{**OPTIONS, "site": []}, all_sites=True)

    assert Batch.objects.get().grant.all_sites is True


def test_an_organization_without_sites_needs_none(file_of: FileOf, acme: Organization) -> None:
    Site.objects.filter(organization=acme).delete()

    assert command("invite_csv", file_of(many(1)), **{**OPTIONS, "site": []})[0] == 0


def test_a_refused_file_ends_with_1_and_says_why(file_of: FileOf) -> None:
    status, printed = command("invite_csv", file_of(REFUSED), wait=True, **OPTIONS)

    assert status == 1
    assert "team.csv was not imported." in printed
    assert "Last name" in printed


def test_an_undecided_file_ends_with_1_and_waits_for_an_answer(file_of: FileOf) -> None:
    status, printed = command("invite_csv", file_of(UNDECIDED), wait=True, json=True, **OPTIONS)

    answer = json.loads(printed)
    batch = Batch.objects.get()
    assert (status, answer["state"], answer["invited"]) == (1, "needs_answer", 0)
    assert answer["decisions"]["columns"]["suggested"]["last_name"] == "Surname"
    assert answer["decisions"]["columns"]["option"] == "--column"
    assert answer["answer_at"].endswith(f"/o/acme/batches/{batch.pk}/reading/")
    assert batch.state == Batch.State.NEEDS_ANSWER


def test_an_undecided_file_is_explained_with_the_options_to_add(file_of: FileOf) -> None:
    status, printed = command("invite_csv", file_of(UNDECIDED), wait=True, **OPTIONS)

    assert status == 1
    assert "The column “Last name” is missing." in printed
    assert "--column last_name=Surname" in printed
    assert "is deleted after 7 days" in printed
    assert printed == command("batch_report", Batch.objects.get().pk)[1]


def test_with_options_nothing_is_open(file_of: FileOf) -> None:
    how = {"column": ["last_name=Surname"], "header_row": 1, "delimiter": "comma"}
    status, printed = command("invite_csv", file_of(UNDECIDED), wait=True, json=True, **OPTIONS, **how)

    assert (status, json.loads(printed)["invited"]) == (0, 1)
    row = Batch.objects.get().rows.get()
    assert (row.first_name, row.last_name, row.number) == ("Ann", "Lee", 2)


@pytest.mark.usefixtures("small_request")
def test_options_hold_for_the_check_of_a_worker(file_of: FileOf) -> None:
    content = many(600).replace(b"Last name", b"Surname", 1)
    options = {**OPTIONS, "column": ["last_name=Surname"]}
    assert json.loads(command("invite_csv", file_of(content), json=True, **options)[1])["state"] == "checking"

    invite_csv.wait_for(Batch.objects.get())

    assert Invitation.objects.filter(last_name="Example").count() == 600


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"encoding": "klingon"}, "“klingon” isn't an encoding that we know."),
        ({"column": ["email"]}, "--column email has no column."),
        ({"not_in_file": ["email"]}, "“email” isn't a key of --not-in-file."),
    ],
)
def test_wrong_options_end_with_2_and_store_nothing(file_of: FileOf, how: dict[str, Any], said: str) -> None:
    status, message = refused("invite_csv", file_of(UNDECIDED), **OPTIONS, **how)

    assert (status, Batch.objects.count()) == (2, 0)
    assert said in message


def test_a_file_with_problems_ends_with_1_and_invites_nobody(file_of: FileOf) -> None:
    status, printed = command("invite_csv", file_of(PROBLEMS), wait=True, json=True, **OPTIONS)

    answer = json.loads(printed)
    assert (status, answer["state"], answer["problems"], answer["invited"]) == (1, "needs_correction", 2, 0)
    assert Invitation.objects.count() == 0


def test_only_valid_invites_the_others(file_of: FileOf) -> None:
    status, printed = command("invite_csv", file_of(PROBLEMS), wait=True, json=True, only_valid=True, **OPTIONS)

    answer = json.loads(printed)
    assert (status, answer["state"], answer["problems"], answer["invited"]) == (0, "done", 2, 2)


def test_only_valid_of_a_file_without_a_valid_row_waits_for_a_correction(file_of: FileOf) -> None:
    content = csv_of("ben@@example.com")

    status, printed = command("invite_csv", file_of(content), wait=True, json=True, only_valid=True, **OPTIONS)

    assert (status, json.loads(printed)["state"]) == (1, "needs_correction")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"organization": "nowhere"}, "There is no organization “nowhere”. Organizations: acme."),
        ({"role": ["\udcff"]}, "'\\udcff' isn't valid UTF-8."),
        ({"inviter": "stranger@example.com"}, "stranger@example.com is not a member of Acme."),
        ({"role": ["Boss"]}, "There is no role “Boss”. Choose one of: Org Admin, Project manager, ReadOnly."),
        ({"site": ["Mars"]}, "There is no site “Mars”. Choose one of: Ghent, Lyon depot, Turin."),
        ({"role": []}, "Choose at least one role with --role."),
        ({"site": []}, "Choose at least one site with --site, or use --all-sites."),
    ],
)
def test_wrong_usage_ends_with_2_and_a_sentence(file_of: FileOf, changed: dict[str, Any], said: str) -> None:
    assert refused("invite_csv", file_of(many(1)), **{**OPTIONS, **changed}) == (2, said)
    assert Batch.objects.count() == 0


@pytest.mark.parametrize(("name", "reason"), [("missing.csv", "No such file or directory"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read_ends_with_2(admin: User, tmp_path: Path, name: str, reason: str) -> None:
    path = tmp_path / name

    assert refused("invite_csv", path, **OPTIONS) == (2, f"{path} can't be read: {reason}.")


def test_options_that_are_missing_are_named(admin: User) -> None:
    assert "--as" in refused("invite_csv", "team.csv", organization="acme")[1]


def test_inviting_needs_the_permission(file_of: FileOf, manager: User) -> None:
    status, said = refused("invite_csv", file_of(many(1)), **{**OPTIONS, "inviter": manager.email})

    assert (status, said) == (1, f"{manager.email} isn't allowed to invite users to Acme.")
    assert (Batch.objects.count(), UploadPart.objects.count()) == (0, 0)


def test_nobody_grants_more_than_they_have(
    file_of: FileOf, acme: Organization, sites: list[Site], join: Callable[..., User]
) -> None:
    Role.objects.create(organization=acme, name="Inviter", permissions=["users.view", "users.invite"])
    join(acme, "helper@example.com", "Inviter", sites=sites[:1])
    options = {**OPTIONS, "inviter": "helper@example.com", "role": ["Org Admin"]}

    status, said = refused("invite_csv", file_of(many(1)), **options)

    assert status == 2
    assert "you don’t have that access yourself" in said


@pytest.mark.parametrize(
    ("permissions", "can"),
    [
        (["users.invite"], "invite users"),
        (["users.view", "users.manage"], "manage users"),
        (["users.view", "users.manage", "users.invite"], "invite and manage users"),
    ],
)
def test_access_to_other_users_has_to_be_confirmed(
    file_of: FileOf, acme: Organization, permissions: list[str], can: str
) -> None:
    Role.objects.create(organization=acme, name="Lead", permissions=permissions)
    options = {**OPTIONS, "role": ["Lead", "ReadOnly"]}

    assert refused("invite_csv", file_of(many(2)), **options) == (
        1,
        f"Everyone you import will be able to {can}. To confirm that, add --confirm-access. Nobody has been invited.",
    )
    assert (Batch.objects.count(), UploadPart.objects.count(), Invitation.objects.count()) == (0, 0, 0)

    status, printed = command("invite_csv", file_of(many(2)), wait=True, json=True, confirm_access=True, **options)

    assert (status, json.loads(printed)["invited"]) == (0, 2)


def test_names_that_look_damaged_are_not_invited_without_an_option(file_of: FileOf) -> None:
    content = csv_of("ju@example.com,JÃ¼rgen,Moser,", "ann@example.com")

    status, printed = command("invite_csv", file_of(content), wait=True, **OPTIONS)

    batch = Batch.objects.get()
    assert (status, batch.state, Invitation.objects.count()) == (1, Batch.State.NEEDS_CORRECTION, 0)
    assert "1 cell in team.csv may have a mistake. Nobody has been invited yet." in printed
    assert f"/o/acme/batches/{batch.pk}/problems/." in printed
    assert "To invite them as written, run the command again with --as-written." in printed
    report = json.loads(command("batch_report", batch.pk, json=True)[1])
    assert (report["possible_mistakes"], report["problems"], report["waiting"]) == (1, 0, 2)
    assert report["fix_at"].endswith(f"/o/acme/batches/{batch.pk}/problems/")

    status, printed = command("invite_csv", file_of(content), wait=True, json=True, as_written=True, **OPTIONS)

    assert (status, json.loads(printed)["invited"]) == (0, 2)
    assert Invitation.objects.get(email="ju@example.com").first_name == "JÃ¼rgen"


def test_the_option_is_allowed_for_other_roles(file_of: FileOf) -> None:
    assert command("invite_csv", file_of(many(1)), wait=True, confirm_access=True, **OPTIONS)[0] == 0


def test_an_import_that_waits_for_a_confirmation_says_where(
    file_of: FileOf, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A role has gained a permission since the command asked."""
    role = Role.objects.create(organization=acme, name="Lead", permissions=["users.view"])
    check_batch = check.check_batch

    def gain(batch_id: int, **how: bool) -> Batch | None:
        Role.objects.filter(pk=role.pk).update(permissions=["users.invite"])
        return check_batch(batch_id, **how)

    monkeypatch.setattr(check, "check_batch", gain)
    status, printed = command("invite_csv", file_of(many(2)), wait=True, **{**OPTIONS, "role": ["Lead"]})

    batch = Batch.objects.get()
    address = f"/o/acme/batches/{batch.pk}/confirm/"
    assert status == 1
    assert "team.csv needs your confirmation. Nobody has been invited yet." in printed
    assert "Everyone you import will be able to invite users." in printed
    assert f"{address}." in printed
    status, printed = command("batch_report", batch.pk, json=True)
    assert json.loads(printed)["confirm_at"].endswith(address)


def test_a_file_over_the_limit_is_refused(file_of: FileOf, settings: Any) -> None:
    settings.MAX_UPLOAD_MB = 1

    status, said = refused("invite_csv", file_of(b"x" * 1_100_000), **OPTIONS)

    assert (status, Batch.objects.count()) == (1, 0)
    assert "larger than 1 MB" in said


# --- batch_report ------------------------------------------------------------------------------------


def test_the_report_of_a_batch_is_the_same_object(run: Run) -> None:
    batch = run(csv_of("ann@example.com", "ann@example.com"))

    status, printed = command("batch_report", batch.pk, json=True)

    assert status == 0
    assert json.loads(printed) == {
        "batch": batch.pk,
        "state": "done",
        "rows": 2,
        "invited": 1,
        "skipped": {
            "already_member": 0,
            "already_invited": 0,
            "deactivated": 0,
            "already_declined": 0,
            "address_blocked": 0,
            "duplicate": 1,
            "not_a_person": 0,
            "address_of_another": 0,
        },
        "problems": 0,
        "failed": 0,
        "waiting": 0,
    }


def test_the_report_for_people_adds_up(run: Run) -> None:
    _, printed = command("batch_report", run(csv_of("ann@example.com", "ann@example.com")).pk)

    counts = {line[2:20].strip(): int(line[20:]) for line in printed.splitlines() if line.startswith("  ")}
    assert counts.pop("Rows in the file") == sum(counts.values()) == 2


def test_the_report_of_a_batch_in_the_middle_adds_up_with_who_is_waiting(start: Run) -> None:
    batch = start(many(450))
    process_one_chunk(batch)

    answer = json.loads(command("batch_report", batch.pk, json=True)[1])
    assert (answer["state"], answer["rows"], answer["invited"], answer["waiting"]) == ("inviting", 450, 200, 250)
    outcomes = ("invited", "problems", "failed", "waiting")
    assert sum(answer[name] for name in outcomes) + sum(answer["skipped"].values()) == answer["rows"]
    assert "Waiting                     250" in command("batch_report", batch.pk)[1]


@pytest.mark.django_db
@pytest.mark.parametrize("number", ["0", "12345", "99999999999999999999"])
def test_an_unknown_import_ends_with_2(number: str) -> None:
    assert refused("batch_report", number) == (2, f"There is no import {number}.")


def test_a_personal_message_is_in_every_email(file_of: FileOf, acme: Organization, sites: list[Site]) -> None:
    path = file_of(csv_of("ann@people.example.com"))

    assert command("invite_csv", path, wait=True, message="See you on Tuesday.", **OPTIONS)[0] == 0

    assert "From Ines Martin:\n  See you on Tuesday." in mail.outbox[0].body


def test_a_message_with_a_link_is_refused(file_of: FileOf, acme: Organization, sites: list[Site]) -> None:
    with pytest.raises(CommandError, match="Messages can’t contain links") as raised:
        command("invite_csv", file_of(csv_of("ann@people.example.com")), message="See evil.com", **OPTIONS)

    assert raised.value.returncode == 2
    assert not Batch.objects.exists()


# --- Send later --------------------------------------------------------------------------------------


def test_sends_later_in_the_time_zone_of_the_organization(file_of: FileOf, acme: Organization) -> None:
    Organization.objects.filter(pk=acme.pk).update(time_zone="Europe/Paris")
    with time_machine.travel(datetime(2026, 11, 1, 12, tzinfo=UTC)):
        status, printed = command(
            "invite_csv", file_of(many(3)), send_at="2026-12-01 09:00", wait=True, json=True, **OPTIONS
        )
        _, words = command("batch_report", Batch.objects.get().pk)

    assert (status, mail.outbox) == (0, [])
    found = json.loads(printed)
    assert (found["state"], found["invited"]) == ("scheduled", 3)
    assert datetime.fromisoformat(found["send_at"]) == datetime(2026, 12, 1, 8, tzinfo=UTC)
    assert "3 users will be invited to Acme. The emails will be sent Dec 1, 9:00 AM, Paris time." in words


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        ("tomorrow", 'such as --send-at "2026-12-01 09:00"'),
        ("2026-12-01", 'such as --send-at "2026-12-01 09:00"'),
        ("2026-10-31 09:00", "This time has passed"),
        ("2027-03-01 09:00", "within the next 90 days"),
    ],
)
def test_refuses_a_time_to_send_that_it_cannot_use(file_of: FileOf, at: str, sentence: str) -> None:
    with time_machine.travel(datetime(2026, 11, 1, 12, tzinfo=UTC)):
        status, message = refused("invite_csv", file_of(many(3)), send_at=at, **OPTIONS)

    assert status == 2
    assert sentence in message
    assert not Batch.objects.exists()
