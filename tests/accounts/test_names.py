"""Names are folded for comparisons, and can't smuggle anything into pages or emails."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from accounts.labels import clean_label
from accounts.models import User
from accounts.names import fold
from accounts.users.passwords import LongEnough, NotAboutYou, NotCommon
from tests.cases import for_each


@for_each(
    "text, folded",
    [
        ("Zoë  ŁUKASIEWICZ", "zoe lukasiewicz"),
        ("Nguyễn Thị Mai", "nguyen thi mai"),
        ("Elif Yılmaz", "elif yilmaz"),
        ("İstanbul", "istanbul"),
        ("Strauß", "strauss"),
        ("Ærøskøbing", "aeroskobing"),
        ("Ｆｕｌｌ ｗｉｄｔｈ", "full width"),
        ("Καλημέρα", "καλημερα"),
        (" one\u00a0two ", "one two"),
        ("", ""),
    ],
)
def test_names_are_folded_to_what_people_type(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert fold(folded) == folded, "folding twice is folding once"


def test_people_are_found_by_the_name_they_have_now(db: None) -> None:
    user = User.objects.create_user("ann@example.com", first_name="Ánn", last_name="Bérg")
    assert user.person_key == "ann berg ann@example.com"
    user.last_name = "Lind"
    user.save(update_fields=["last_name"])
    assert User.objects.get(person_key="ann lind ann@example.com") == user
    (many,) = User.objects.bulk_create([User(email="bo@example.com", first_name="Bø", last_name="Ek", password="!")])
    assert User.objects.get(pk=many.pk).person_key == "bo ek bo@example.com"


def test_an_address_matches_in_any_spelling(db: None) -> None:
    assert User.objects.create_user("Ann@Example.COM").email == "ann@example.com"


@pytest.mark.parametrize(
    "text",
    ["Lyon depot", "Nairobi – office 2", "St. Gallen", "O’Brien & Sons", "می\u200cخواهم", "Dr. Berg", "A.B. Clark"],
)
def test_names_of_people_and_places_are_accepted(text: str) -> None:
    assert clean_label(text) == text


@pytest.mark.parametrize("text", ["Lyon\r\ndepot", " Lyon \t depot "])
def test_white_space_of_any_kind_becomes_one_space(text: str) -> None:
    assert clean_label(text) == "Lyon depot"


@for_each(
    "text",
    [
        "http://evil.example",
        "see www.evil",
        "evil.example",
        "pay@evil.example",
        "Evil.Example now",
        "EVIL.COM",
        "https://x",
        "münchen.de",
        "evil．com",
        "evil。com",
        "evil｡com",
        "evil․com",
        "evil﹒com",
        "ｅｖｉｌ．ｃｏｍ",
        "pay＠evil.com",
        "http：／／evil",
        "ev\u200cil.c\u200dom",
        "evil.com\u200cfoo",
        "evil.\ufe0fcom",
    ],
)
def test_text_that_an_email_program_would_turn_into_a_link_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="link in emails"):
        clean_label(text)


@for_each("unseen", ["\u202e", "\u200b", "\ufeff", "\x00", "\x07", "\u2066", "\ue000", "\U000e0041"])
def test_invisible_characters_are_refused(unseen: str) -> None:
    with pytest.raises(ValidationError, match="invisible character"):
        clean_label(f"Lyon{unseen}depot")


@for_each(
    "password, refused_by",
    [
        ("elevenchars", LongEnough),
        ("012345678901", NotCommon),
        ("QWERTY123456", NotCommon),
        (" qwerty123456 ", NotCommon),
        ("amara.okafor@example.com", NotAboutYou),
        ("Okafor-Amara", None),
        ("a boat on a quiet lake", None),
        ("пароль из слов", None),
    ],
)
def test_a_password_is_long_and_hard_to_guess(password: str, refused_by: type | None) -> None:
    user = User(email="amara.okafor@example.com", first_name="Amara", last_name="Okafor")
    for validator in (LongEnough, NotCommon, NotAboutYou):
        if validator is refused_by:
            with pytest.raises(ValidationError):
                validator().validate(password, user)
        else:
            validator().validate(password, user)
