"""What people are called, and what no name is."""

from __future__ import annotations

import sys

import pytest

from invites.checking import hint_of, message_of
from invites.checking.cells.names import USUAL_NAME, USUAL_TEXT, check_name, check_text
from tests.cases import for_each
from tests.checking import check_bytes, check_person

GOOD = [
    "A", "李", "Null", "null", "None", "-", "O'Neil", "D’Arcy", "Anna-Maria", "van der Berg", "J. R. R.", "St.John",
    "Ph.D", "123", "=1+1", "@anna", "+33", "<b>Anna</b>", "n" * 150, "Robert \"Bob\"", "ﷺ", "ẞ", "i̇", "😀",
    "👨\u200d👩\u200d👧\u200d👦", "👩🏽\u200d🚒", "علی\u200cرضا", "क्\u200dष", "श्री", "สมชาย", "Rene\u0301", "U.S.", "No.1",
    "Smith, Jr.", "Robert “Bob” Ray", "“Robert” “Bob”", "’t Hooft", "'n", "’Abd Rafi’", "“Anna", "Rafi'",
    "Yes/No", "macDonald", "ANNA", "anna", "أحمد", "𐌰𐌽𐌽𐌰", "Ünal", "x.y",
]  # fmt: skip

BAD = {
    "": ("first_name_needed", None),
    "  ": ("first_name_needed", None),
    "\u200b\u2060\ufeff": ("first_name_needed", None),
    "\u3164": ("first_name_needed", None),
    "\u2800": ("first_name_needed", None),
    "\u00ad": ("first_name_needed", None),
    "n" * 151: ("name_too_long", None),
    "An\x07na": ("control_character", "Anna"),
    "Anna\tMaria": ("control_character", "Anna Maria"),
    "An\x7fna": ("control_character", None),
    "An\x92na": ("control_character", None),
    "Anna\nMaria": ("line_break", "Anna Maria"),
    "Anna\r\nBcc: x": ("line_break", "Anna Bcc: x"),
    "Anna\u2028Maria": ("line_break", "Anna Maria"),
    "An\u202ena": ("direction_override", "Anna"),
    "An\u2066na\u2069": ("direction_override", "Anna"),
    "Ren\ufffd": ("lost_character", None),
    "www.company.com": ("link_in_name", None),
    "evil.com": ("link_in_name", None),
    "EVIL.COM": ("link_in_name", None),
    "Anna evil.co.uk": ("link_in_name", None),
    "http://evil": ("link_in_name", None),
    "Visit https://evil.com/x now": ("link_in_name", None),
    "win.now/prize": ("link_in_name", None),
    "t.me/x": ("link_in_name", None),
    "evil。com": ("link_in_name", None),
    "evil．com": ("link_in_name", None),
    "evil｡com": ("link_in_name", None),
    "evil․com": ("link_in_name", None),
    "evil﹒com": ("link_in_name", None),
    "evil︒com": ("link_in_name", None),
    "ｅｖｉｌ．ｃｏｍ": ("link_in_name", None),
    "ｗｗｗ．ｅｖｉｌ": ("link_in_name", None),
    "http：／／evil": ("link_in_name", None),
    "anna＠evil.com": ("link_in_name", None),
    "ev\u200bil.com": ("link_in_name", None),
    "evil.c\u200dom": ("link_in_name", None),
    "evil\u2060.\ufe0fcom": ("link_in_name", None),
    "evil.com\u200bfoo": ("link_in_name", None),
    "пример.рф": ("link_in_name", None),
    "xn--e1afmkfd.xn--p1ai": ("link_in_name", None),
    "anna@company.com": ("link_in_name", None),
    "mailto:anna": ("link_in_name", None),
    "J.Green": ("link_in_name", "J. Green"),
    '"Anna"': ("quotes_around_name", "Anna"),
    'Anna"': ("quotes_around_name", "Anna"),
    'Anna""': ("quotes_around_name", "Anna"),
    'Anna ""Annie"" Lee': ("quotes_around_name", "Anna Annie Lee"),
    '""': ("quotes_around_name", None),
    "“Anna”": ("quotes_around_name", "Anna"),
    "„ Anna “": ("quotes_around_name", "Anna"),
    "«Anna»": ("quotes_around_name", "Anna"),
    "'Anna'": ("quotes_around_name", "Anna"),
    "''Anna''": ("quotes_around_name", "Anna"),
    "´Anna´": ("quotes_around_name", "Anna"),
    "＂Anna＂": ("quotes_around_name", "Anna"),
    "『花子』": ("quotes_around_name", "花子"),
    "Ã\x81lvaro": ("control_character", "Álvaro"),
}


@for_each("name", GOOD)
def test_accepts_any_name_as_written(name: str) -> None:
    row = check_person(first_name=name, last_name=name)
    assert row.problems == ()
    assert row.values[1:3] == (name, name)


@pytest.mark.parametrize("around", [" {} ", "\u00a0{}\u200b", "\ufeff{}\u2003", "\u200f{}\u200f", "\n{}\n"])
def test_removes_what_surrounds_a_name(around: str) -> None:
    row = check_person(first_name=around.format("Anna"), last_name=around.format("علی\u200cرضا"))
    assert row.problems == ()
    assert row.values[1:3] == ("Anna", "علی\u200cرضا")


@for_each("name, told", BAD.items())
def test_rejects_what_is_not_a_name(name: str, told: tuple[str, str | None]) -> None:
    (problem,) = check_person(first_name=name).problems
    assert (problem.code, problem.suggestion) == told
    assert problem.column == "first_name"
    assert hint_of(problem).endswith(".")


@pytest.mark.parametrize(
    ("description", "shown"),
    {"a\x0bb": "a b", "a\u2028b\u2029c": "a b c", "a\x85": "a", "a\nb\x0bc": "a\nb c", "\u2028": ""}.items(),
)
def test_separators_in_a_description_become_spaces(description: str, shown: str) -> None:
    row = check_person(description=description)
    assert (row.problems, row.values.description) == ((), shown)


def test_a_file_with_separators_has_one_notice_that_counts_them() -> None:
    rows = "".join(f"p{number}@company.com,Anna,Berg,Night\x0bshift\n" for number in range(300))
    report = check_bytes(f"Email,First name,Last name,Description\n{rows}a@company.com,Bo,Ray,x\x0b\n".encode())
    (notice,) = report.warnings
    assert message_of(notice) == "Special line separators in 300 descriptions are replaced by spaces"


def test_shows_invisible_characters() -> None:
    (problem,) = check_person(first_name="An\u202ena\x07").problems
    assert problem.value == "An⟨U+202E⟩na␇"


def test_shortens_a_long_value() -> None:
    (problem,) = check_person(first_name="n" * 500).problems
    assert len(problem.value) == 80
    assert "500" in message_of(problem)
    assert "150" in message_of(problem)


@pytest.mark.parametrize(
    ("description", "code"),
    {"d" * 1001: "text_too_long", "a\x01b": "control_character", "a\u202eb": "direction_override"}.items(),
)
def test_rejects_a_harmful_description(description: str, code: str) -> None:
    (problem,) = check_person(description=description).problems
    assert (problem.code, problem.column) == (code, "description")


@pytest.mark.parametrize("description", ["", "d" * 1000, "one\r\ntwo", "tab\there", "See www.company.com", '"quoted"'])
def test_accepts_any_other_description(description: str) -> None:
    row = check_person(description=description)
    assert row.problems == ()
    assert row.values.description == description


def test_the_full_check_accepts_every_letter_of_a_usual_name(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = [chr(code) for code in range(sys.maxunicode + 1) if USUAL_NAME.fullmatch(chr(code))]
    assert len(letters) > 40_000

    class Never:
        def fullmatch(self, text: str) -> None:
            return None

    monkeypatch.setattr("invites.checking.cells.names.USUAL_NAME", Never())
    for letter in letters:
        for name in (letter, f"a{letter}", f"{letter} {letter}"):
            assert check_name(name, needed="first_name_needed", longest=150) == name


def test_the_full_check_accepts_every_letter_of_a_usual_description() -> None:
    letters = [chr(code) for code in range(sys.maxunicode + 1) if USUAL_TEXT.fullmatch(chr(code))]
    assert len(letters) > 40_000
    for letter in letters:
        for text in (letter, f"a{letter}", f"{letter} {letter}"):
            assert check_text(text, longest=1_000) == text
    assert USUAL_TEXT.fullmatch("")
    for text in (" a", "a ", " ", "a\x07", "a\u202eb", "a\ufffd", "a\nb"):
        assert not USUAL_TEXT.fullmatch(text)
