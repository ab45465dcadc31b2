"""Messages and names of senders: plain text without links, and without characters that nobody can see."""

from __future__ import annotations

import time

import pytest
from django.core.exceptions import ValidationError

from accounts.labels import MessageField, clean_message, clean_sender_name


def test_line_breaks_stay_and_blanks_at_the_ends_go() -> None:
    assert clean_message(" Hi Chiara,\r\n\r\nsee\tyou \u2028on Tuesday.\x0b ") == "Hi Chiara,\n\nsee you\non Tuesday."


def test_characters_that_nobody_can_see_are_dropped() -> None:
    assert clean_message("a\u202eb\u2066c\u200bd\u00ade\ufefff\x00g\x1bh") == "abcdefgh"
    kept = "می\u200cخواهم \u200fשלום 👩\u200d🔧"
    assert clean_message(kept) == kept


def test_counts_what_is_left() -> None:
    assert clean_message("é" * 500 + "\u200b\r\n ") == "é" * 500
    with pytest.raises(ValidationError, match="Shorten the message to 500 characters"):
        clean_message("é" * 501)


@pytest.mark.parametrize("text", ["\u200b" * 1_900_000, "a." * 900_000, "e\u0301\u0316" * 300_000])
def test_a_text_that_is_far_too_long_is_refused_at_once(text: str) -> None:
    began = time.thread_time()
    with pytest.raises(ValidationError, match="Shorten the message to 500 characters"):
        clean_message(text)
    with pytest.raises(ValidationError, match="Shorten the name to 80 characters"):
        clean_sender_name(text)
    assert time.thread_time() - began < 0.1


@pytest.mark.parametrize("text", ["see evil.com", "evil\u200b.com", "e\u202evil.com", "a@b.co", "x\n10.0.0.1\ny"])
def test_a_message_with_a_link_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match=r"Remove “.*”\. Messages can’t contain links"):
        clean_message(text)


def test_names_the_link_and_cuts_a_long_one() -> None:
    with pytest.raises(ValidationError, match=r"Remove “evil\.com”\."):
        MessageField().clean("Look at (evil.com), please.")
    with pytest.raises(ValidationError) as raised:
        clean_message(f"https://{'a' * 5_000}")
    assert len(raised.value.messages[0]) < 150


@pytest.mark.parametrize("name", ["a<b", "a>b", "a\nBcc: x", "a\rb", "a\u2028b", "a\u202eb", "a\u200bb", "a\0b"])
def test_a_sender_name_has_one_visible_line(name: str) -> None:
    with pytest.raises(ValidationError, match="Enter a name without < > or line breaks"):
        clean_sender_name(name)


@pytest.mark.parametrize("name", ["Northwind Energy", "St. Gallen AG", 'O"Neill, Sons & Co.', "Zoë 花子", "  a   b "])
def test_other_names_are_fine(name: str) -> None:
    assert clean_sender_name(name) == " ".join(name.split())


def test_a_sender_name_has_no_link_and_eighty_characters() -> None:
    with pytest.raises(ValidationError, match=r"Remove “evil\.com”\. Sender names can’t contain links"):
        clean_sender_name("Acme (evil.com)")
    assert clean_sender_name("a" * 80) == "a" * 80
    with pytest.raises(ValidationError, match="Shorten the name to 80 characters"):
        clean_sender_name("a" * 81)
