"""A page is in the user's language or else the browser's, and an email in its recipient's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.core import mail
from django.test import Client
from django.utils import translation
from pytest_django.fixtures import Settings

from accounts.languages import in_language
from accounts.models import AccountEmail, User
from accounts.tasks import send_account_emails
from tests.pages import words_of

FRENCH_BROWSER = {"Accept-Language": "fr-CA,fr;q=0.8,en;q=0.5"}


@pytest.fixture(autouse=True)
def _is_english_afterwards() -> Iterator[None]:
    """A request of the test client leaves its language behind, because it runs in this thread."""
    with translation.override("en"):
        yield


@pytest.fixture
def french(settings: Settings) -> None:
    settings.LANGUAGES = [("en", "English"), ("fr", "Français")]


def language_of(response: object) -> str:
    language: str = response.headers["Content-Language"]  # type: ignore[attr-defined]
    assert f'<html lang="{language}"' in response.content.decode()  # type: ignore[attr-defined]
    return language


def html_of(message: mail.EmailMessage) -> str:
    assert isinstance(message, mail.EmailMultiAlternatives)
    return str(message.alternatives[0][0])


# --- Pages --------------------------------------------------------------------------------------------


def test_a_page_is_in_the_language_of_the_browser(french: None, client: Client) -> None:
    assert language_of(client.get("/accounts/login/", headers=FRENCH_BROWSER)) == "fr"
    assert language_of(client.get("/accounts/login/", headers={"Accept-Language": "de,en;q=0.2"})) == "en"


@pytest.mark.parametrize("header", ["de", "", "*", ";;;", "x" * 5_000, "fr;q=oops"])
def test_a_page_is_in_english_if_the_product_has_no_language_of_the_browser(header: str, client: Client) -> None:
    response = client.get("/accounts/login/", headers={"Accept-Language": header})
    assert language_of(response).startswith("en")


def test_a_page_is_in_the_language_that_the_user_has_chosen(
    french: None, member: User, client_of: Callable[..., Client]
) -> None:
    client = client_of(member)
    assert language_of(client.get("/account/")) == "en"
    assert language_of(client.get("/account/", headers=FRENCH_BROWSER)) == "fr"
    User.objects.update(language="en")
    assert language_of(client.get("/account/", headers=FRENCH_BROWSER)) == "en"
    assert language_of(client.get("/nowhere/", headers=FRENCH_BROWSER)) == "en", "error pages, too"


def test_a_language_that_the_product_no_longer_has_is_ignored(member: User, client_of: Callable[..., Client]) -> None:
    User.objects.update(language="fr")
    assert language_of(client_of(member).get("/account/")) == "en"


@pytest.mark.parametrize("path", ["/accounts/login/", "/account/", "/nowhere/", "/"])
def test_the_vary_header_names_what_a_page_depends_on(
    path: str, member: User, client_of: Callable[..., Client]
) -> None:
    response = client_of(member).get(path)
    assert {"Accept-Language", "Cookie", "HX-Request"} <= set(response.headers["Vary"].split(", "))


# --- Your account -------------------------------------------------------------------------------------


def test_the_account_page_offers_no_choice_of_one_language(member: User, client_of: Callable[..., Client]) -> None:
    client = client_of(member)
    assert "Language" not in words_of(client.get("/account/"))
    client.post("/account/", {"first_name": "Mara", "last_name": "Member", "language": "fr"})
    assert User.objects.get(pk=member.pk).language == ""


def test_users_choose_their_language(french: None, member: User, client_of: Callable[..., Client]) -> None:
    client = client_of(member)
    assert "Language Same as your browser English Français" in words_of(client.get("/account/")).replace(
        "optional ", ""
    )
    names = {"first_name": "Mara", "last_name": "Member"}
    assert language_of(client.post("/account/", {**names, "language": "fr"}, follow=True)) == "fr"
    assert language_of(client.post("/account/", {**names, "language": ""}, follow=True)) == "en"


def test_users_cannot_choose_a_language_that_is_not_offered(
    french: None, member: User, client_of: Callable[..., Client]
) -> None:
    response = client_of(member).post("/account/", {"first_name": "Mara", "last_name": "M", "language": "tlh"})
    assert response.status_code == 422
    assert "Choose a language from the list." in words_of(response)


# --- Emails -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("preferred", "language"),
    [
        (["fr", "en"], "fr"),
        (["", "fr"], "fr"),
        (["tlh", "fr"], "fr"),
        (["", ""], "en"),
        ([], "en"),
        (["fr-CA"], "fr"),
    ],
)
def test_takes_the_first_language_that_the_product_has(french: None, preferred: list[str], language: str) -> None:
    with in_language(*preferred):
        assert translation.get_language() == language


def test_a_password_email_is_in_the_language_of_its_recipient(french: None, member: User) -> None:
    User.objects.update(language="fr")
    AccountEmail.objects.create(user=member, kind=AccountEmail.Kind.PASSWORD_RESET)
    send_account_emails(member.pk)
    assert '<html lang="fr"' in html_of(mail.outbox[0])


def test_a_worker_does_not_keep_the_language_of_a_task(french: None, member: User, admin: User) -> None:
    User.objects.filter(pk=member.pk).update(language="fr")
    before = translation.get_language()
    for user in (member, admin):
        AccountEmail.objects.create(user=user, kind=AccountEmail.Kind.PASSWORD_RESET)
        send_account_emails(user.pk)
        assert translation.get_language() == before
    assert '<html lang="en"' in html_of(mail.outbox[1])


def test_a_worker_does_not_keep_a_language_after_an_error(french: None) -> None:
    before = translation.get_language()
    with pytest.raises(ZeroDivisionError), in_language("fr"):
        raise ZeroDivisionError
    assert translation.get_language() == before
