"""A preview is the real email, in which nothing can be pressed."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from invites.mailing.content import EmailContent, EmailSettings, Inviter, Writing
from invites.mailing.preview import Person, preview_html
from tests.pages import text_of

INES = Inviter("Ines Martin", "Ines", "ines@example.com")
CONTENT = EmailContent("Acme", EmailSettings(), INES, roles=("ReadOnly",), sites=("Lyon",))
CHIARA = Person("Chiara", "chiara@example.com")


def words_of(html: str) -> str:
    shown = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    return unescape(re.sub(r" (?=[.,])", "", text_of(re.sub(r"</?(bdi|span)[^>]*>|<wbr\n>|\u2060", "", shown))))


def test_shows_the_email_below_its_headers() -> None:
    settings = EmailSettings(sender_name="Acme Energy", reply_to="help@example.com", message="Call 4100.")

    words = words_of(preview_html(replace(CONTENT, settings=settings, personal=Writing("Hi!", "Ines")), CHIARA))

    assert "From Acme Energy via Rollcall <no-reply@127.0.0.1> Reply to help@example.com Subject Ines Martin" in words
    assert "Hi Chiara, Ines Martin has invited you to join Acme as ReadOnly for Lyon." in words
    assert "From Ines Hi! From Acme Call 4100. Accept the invitation" in words
    assert "Reply to ines@example.com" in words_of(preview_html(CONTENT, CHIARA))


def test_what_is_missing_is_a_dashed_word() -> None:
    html = preview_html(replace(CONTENT, roles=(), sites=()), Person())

    dashed = re.findall(r"dashed\">([^<]*)<", html)
    assert dashed == ["first name", "roles", "sites", "email address"]


@pytest.mark.parametrize("evil", ['<img src=x onerror="alert(1)">', '"><script>alert(1)</script>', '<a href="//evil">'])
def test_what_is_typed_is_text(evil: str) -> None:
    settings = EmailSettings(sender_name=evil, reply_to=evil, message=evil)
    content = EmailContent(evil, settings, Inviter(evil, evil, evil), roles=(evil,), sites=(evil,))

    html = preview_html(replace(content, personal=Writing(evil, evil)), Person(evil, evil))

    assert not re.search(r"<(img|script)|<a href", html)
    assert words_of(html).count(evil) >= 6


def test_nothing_leads_anywhere() -> None:
    html = preview_html(CONTENT, CHIARA)

    assert "Accept the invitation</a>" in html
    assert "href" not in html
