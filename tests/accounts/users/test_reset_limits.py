"""Requesting a reset link reveals nothing, and can't be used to spam or lock out the owner."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any

import pytest
from django.conf import LazySettings, settings
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from kombu.exceptions import OperationalError
from time_machine import travel

from accounts import tasks
from accounts.models import AccountEmail, User
from accounts.users import account_email
from config.celery import app
from tests.accounts.users.test_lost_password import ASK, CHANGE, NEW, ask, choose, deliver
from tests.members import PASSWORD
from tests.pages import words_of

ADDRESSES = ["admin@example.com", "nobody@example.com"]


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> list[tuple[Any, ...]]:
    """The arguments of the tasks that were enqueued."""
    found: list[tuple[Any, ...]] = []
    monkeypatch.setattr(tasks.send_account_emails, "apply_async", lambda given, **_options: found.append(given))
    monkeypatch.setattr("django.db.transaction.on_commit", lambda function: function())
    return found


def statements_of(email: str) -> list[str]:
    """What a request asks of the database, without the values."""
    with CaptureQueriesContext(connection) as captured:
        # From a client for which nothing has been counted yet.
        assert Client(REMOTE_ADDR=f"192.0.2.{len(email)}").post(ASK, {"email": email}).status_code == 302
    return [re.sub(r"'[^']*'|\b\d+\b|\bNULL\b|\bs\d+_x\d+\b", "?", each["sql"]) for each in captured.captured_queries]


# --- The response reveals nothing -----------------------------------------------------------------------


def test_the_same_work_is_done_whether_or_not_there_is_an_account(
    admin: User, published: list[tuple[Any, ...]]
) -> None:
    known, unknown = (statements_of(email) for email in ADDRESSES)

    assert known == unknown
    assert len(known) > 3
    assert published == [(admin.pk,), (None,)], "The task has the id of the user, no address and no token."


@pytest.mark.parametrize("email", ADDRESSES)
def test_a_mail_server_that_is_down_changes_neither_response_nor_duration(
    admin: User, client: Client, email: str, settings: LazySettings
) -> None:
    settings.EMAIL_BACKEND = "tests.accounts.users.slow_mail.EmailBackend"
    began = time.monotonic()

    answer = client.post(ASK, {"email": email}, follow=True)

    assert time.monotonic() - began < 2.5
    assert "we’re sending a link to it" in words_of(answer)


@pytest.mark.parametrize("email", ADDRESSES)
def test_a_broker_that_is_down_changes_no_response(
    admin: User, client: Client, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise OperationalError

    monkeypatch.setattr(tasks.send_account_emails, "apply_async", fail)
    monkeypatch.setattr("django.db.transaction.on_commit", lambda function: function())

    assert client.post(ASK, {"email": email}).status_code == 302

    deliver()
    assert len(mail.outbox) == (email == admin.email), "The schedule has found it."


# --- The daily limit --------------------------------------------------------------------------------------


def test_an_address_gets_five_links_a_day_and_always_the_same_answer(admin: User) -> None:
    pages = []
    for number in range(8):
        client = Client(REMOTE_ADDR=f"192.0.2.{number}")
        pages.append(words_of(client.post(ASK, {"email": admin.email}, follow=True)))
        deliver()

    assert len(set(pages)) == 1
    assert len(mail.outbox) == 5


def test_the_limit_is_that_of_the_settings_and_of_each_address(
    client: Client, admin: User, member: User, settings: LazySettings
) -> None:
    settings.PASSWORD_RESETS_PER_ADDRESS_PER_DAY = 1
    for email in (admin.email, "ADMIN@Example.com", member.email):
        client.post(ASK, {"email": email})
        deliver()
    assert [message.to for message in mail.outbox] == [[admin.email], [member.email]]


def use_up(email: str = "admin@example.com") -> None:
    for number in range(9):
        Client(REMOTE_ADDR=f"192.0.2.{number}").post(ASK, {"email": email})
        deliver()


def test_the_last_link_stays_valid_until_the_limit_ends(client: Client, admin: User) -> None:
    began = timezone.now()
    use_up()
    last = re.findall(r"/accounts/password/reset/key/\S+", str(mail.outbox[-1].body))[0]
    # The owner doesn't notice, and signs in as usual.
    with travel(began + timedelta(hours=5)):
        client.post("/accounts/login/", {"login": admin.email, "password": PASSWORD})
        assert client.get("/account/").status_code == 200

    with travel(began + timedelta(hours=23, minutes=59)):
        Client().post(ASK, {"email": admin.email})
        deliver()
        assert len(mail.outbox) == 5
        assert choose(Client(), last).redirect_chain[-1][0] == "/o/acme/users/"


def test_a_new_link_is_sent_when_the_limit_has_ended(admin: User) -> None:
    use_up()
    with travel(timezone.now() + timedelta(days=1, seconds=1)):
        ask(Client())
    assert len(mail.outbox) == 6


def by_last_link(client: Client, user: User) -> None:
    choose(client, re.findall(r"/accounts/password/reset/key/\S+", str(mail.outbox[-1].body))[0])


def by_command_and_worker(client: Client, user: User) -> None:
    user.set_password(NEW)
    user.save()
    deliver()


@pytest.mark.parametrize("change", [by_last_link, lambda *who: by_page(*who), by_command_and_worker])
def test_after_a_new_password_the_owner_can_request_another_link(
    client: Client, admin: User, change: Callable[[Client, User], None]
) -> None:
    use_up()
    change(client, admin)
    admin.refresh_from_db()
    assert admin.check_password(NEW)

    choose(Client(), ask(Client()), "another boat on a lake")

    admin.refresh_from_db()
    assert admin.check_password("another boat on a lake")


def test_links_last_longer_than_the_limit() -> None:
    assert timedelta(days=1).total_seconds() < settings.PASSWORD_RESET_TIMEOUT


# --- The worker ---------------------------------------------------------------------------------------------


def test_several_waiting_requests_become_one_email(client: Client, admin: User) -> None:
    for _ in range(3):
        client.post(ASK, {"email": admin.email})
    deliver()
    assert len(mail.outbox) == 1


def test_an_email_that_the_mail_server_deferred_is_sent_later(
    client: Client, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: object) -> None:
        raise SMTPServerDisconnected

    client.post(ASK, {"email": admin.email})
    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMultiAlternatives.send", fail)
        deliver()
    deliver()
    assert mail.outbox == [], "Not at once."
    with travel(timezone.now() + timedelta(seconds=6)):
        deliver()
    assert len(mail.outbox) == 1
    assert not AccountEmail.objects.exists()


def test_an_email_that_fails_by_a_bug_is_retried_with_backoff_and_blocks_no_other(
    client: Client, admin: User, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def message_of(user: User) -> Any:
        if user == admin:
            raise ZeroDivisionError
        return working(user)

    kind = AccountEmail.Kind.PASSWORD_RESET
    working = account_email.MESSAGES[kind]
    monkeypatch.setitem(account_email.MESSAGES, kind, message_of)
    began, attempts = timezone.now(), 0
    for email in (admin.email, member.email):
        client.post(ASK, {"email": email})
    for seconds in range(0, 400, 4):
        with travel(began + timedelta(seconds=seconds)):
            try:
                deliver()
            except ZeroDivisionError:
                attempts += 1

    assert [message.to for message in mail.outbox] == [[member.email]]
    assert 5 <= attempts <= 8


def test_an_address_that_is_permanently_refused_is_not_retried(
    client: Client, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: object) -> None:
        raise SMTPRecipientsRefused({"admin@example.com": (550, b"unknown")})

    client.post(ASK, {"email": admin.email})
    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
    deliver()
    assert not AccountEmail.objects.exists()


def test_a_claimed_email_is_not_sent_twice_and_is_retried_if_the_worker_died(
    client: Client, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_self: object) -> None:
        deliver()
        raise KeyboardInterrupt

    client.post(ASK, {"email": admin.email})
    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMultiAlternatives.send", die)
        with pytest.raises(KeyboardInterrupt):
            deliver()
    deliver()
    assert mail.outbox == []
    with travel(timezone.now() + account_email.CLAIM + timedelta(seconds=1)):
        deliver()
    assert len(mail.outbox) == 1


def test_an_email_that_could_not_be_sent_for_a_day_is_given_up(client: Client, admin: User) -> None:
    client.post(ASK, {"email": admin.email})
    with travel(timezone.now() + timedelta(days=1, seconds=1)):
        tasks.clean_up()
        deliver()
    assert mail.outbox == []


def test_tasks_of_accounts_have_a_queue_of_their_own() -> None:
    for task in (tasks.send_account_emails, tasks.record_failed_sign_in):
        assert app.amqp.router.route({}, task.name)["queue"].name == "account-email"


# --- The owner is notified of a new password --------------------------------------------------------------------


def by_page(client: Client, user: User) -> None:
    client.force_login(user)
    client.post(CHANGE, {"oldpassword": PASSWORD, "password1": NEW})


def for_the_first_time(client: Client, user: User) -> None:
    user.set_unusable_password()
    user.save()
    client.force_login(user)
    client.post("/accounts/password/set/", {"password1": NEW})


def by_link(client: Client, user: User) -> None:
    link = ask(client, user.email)
    mail.outbox.clear()
    choose(client, link)


def by_command(client: Client, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda **_prompt: NEW)
    call_command("changepassword", user.email)


@pytest.mark.parametrize("change", [by_page, for_the_first_time, by_link])
def test_the_owner_is_notified_of_a_new_password(client: Client, admin: User, change: Callable[..., None]) -> None:
    change(client, admin)
    deliver()

    (message,) = mail.outbox
    assert message.to == ["admin@example.com"]
    assert message.subject == "Your Rollcall password was changed"
    assert "The Rollcall password for admin@example.com was changed." in message.body
    assert f"{settings.BASE_URL}/accounts/password/reset/" in message.body
    assert NEW not in message.body


def test_the_owner_is_notified_of_a_password_set_by_an_operator(
    client: Client, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_command(client, admin, monkeypatch)
    deliver()
    assert [message.subject for message in mail.outbox] == ["Your Rollcall password was changed"]


def test_the_task_follows_a_new_password_at_once(client: Client, admin: User, published: list[tuple[Any, ...]]) -> None:
    by_page(client, admin)
    assert published == [(admin.pk,)]


def test_no_notice_without_a_new_password(client: Client, admin: User) -> None:
    User.objects.create_user("new@example.com", PASSWORD)
    admin.first_name = "Inès"
    admin.save()
    client.post("/accounts/login/", {"login": admin.email, "password": PASSWORD})
    client.post(CHANGE, {"oldpassword": "wrong", "password1": NEW})
    deliver()
    assert mail.outbox == []
