"""The questions about a file in words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.http import QueryDict

from accounts.models import Organization
from invites.imports.forms.reading_form import ReadingForm
from invites.imports.presentation import reading, reading_columns, spellings
from invites.imports.presentation.remembered import remembered_lines
from invites.imports.presentation.summary import how_read
from invites.imports.presentation.wording import row_name, row_number
from invites.models import Batch, RememberedReading
from tests.files import csv_of
from tests.workbooks import sheet_of, workbook_of


def marked(*readings: str) -> list[str]:
    """The readings, with brackets around what differs."""
    return [
        "".join(f"[{piece.text}]" if piece.differs else piece.text for piece in pieces)
        for pieces in spellings.mark_differences(readings)
    ]


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        (["Hegedűs", "Hegedûs"], ["Heged[ű]s", "Heged[û]s"]),
        (["Kőszegi Borbála", "Kõszegi Borbįla"], ["K[ő]szegi Borb[á]la", "K[õ]szegi Borb[į]la"]),
        (["Zoë", "Zoê", "Zo‘"], ["Zo[ë]", "Zo[ê]", "Zo[‘]"]),
        # One reading has fewer letters.
        (["Wáng 王芳 x", "Wáng Íõ·¼ x"], ["Wáng [王芳] x", "Wáng [Íõ·¼] x"]),
        (["aa", "a"], ["a[a]", "a"]),
        (["", ""], ["", ""]),
        (["a", ""], ["[a]", ""]),
    ],
)
def test_letters_that_differ_are_marked(readings: list[str], expected: list[str]) -> None:
    assert marked(*readings) == expected


@pytest.mark.parametrize(
    ("letter", "words"),
    [
        ("ű", "u with double acute"),
        ("û", "u with circumflex"),
        ("Ø", "capital O with stroke"),
        ("ж", "cyrillic zhe"),
        ("王", "王"),
        ("\x81", "\x81"),
    ],
)
def test_letters_are_described(letter: str, words: str) -> None:
    assert spellings.letter_in_words(letter) == words


@pytest.fixture
def form_of(start: Callable[..., Batch]) -> Callable[..., ReadingForm]:
    """The form of a file, as it is opened."""

    def form_of(content: bytes, name: str = "team.csv", query: str = "") -> ReadingForm:
        batch = start(content, name=name)
        assert batch.state == Batch.State.NEEDS_ANSWER
        return ReadingForm(batch, QueryDict(query), is_bound=False)

    return form_of


@pytest.mark.parametrize(
    ("above", "said"),
    [
        (["Team"], "Row 1 is skipped: Team."),
        (["Team", "", "North."], "Rows 1 and 3 are skipped: Team, North."),
        (["a", "b", "c", "d"], "Rows 1 to 4 are skipped: a, b, c, d."),
    ],
)
def test_rows_above_the_names_are_told(form_of: Callable[..., ReadingForm], above: list[str], said: str) -> None:
    lines = [*above, "Email;First name;Surname", "ann@example.com;Ann;Lee"]

    assert reading_columns.skipped_text(form_of("\n".join(lines).encode())) == said


def test_cells_break_after_the_at_sign_and_are_shortened(form_of: Callable[..., ReadingForm]) -> None:
    form = form_of(f"Email,First name,Surname\nann@example.com,{'A' * 300},\n".encode())

    email, first_name, last_name = (column.cells[0] for column in reading_columns.shown_columns(form))

    assert email.parts == ["ann@", "example.com"]
    assert len(first_name.text) == 120
    assert last_name.text == ""


def test_rows_of_all_chosen_sheets_are_counted(form_of: Callable[..., ReadingForm]) -> None:
    names = ["Email", "First name", "Last name"]
    sheets = [sheet_of([names, *[[f"{at}@example.com", "A", "B"]] * count]) for at, count in enumerate((3, 2))]

    form = form_of(workbook_of(*sheets), name="crew.xlsx", query="sheet=0&sheet=1")

    assert reading.figures_of(form) == ("Ready to check", "5 rows")


@pytest.mark.parametrize(
    ("query", "figures"),
    [
        ("", ("Last name isn’t matched yet", "")),
        ("shown=:1&column-0=&column-1=first_name", ("2 things are missing", "")),
        ("shown=:1&column-0=email&column-1=first_name&not_in_file=last_name", ("Ready to check", "1 row")),
    ],
)
def test_the_bar_says_what_is_missing(
    form_of: Callable[..., ReadingForm], query: str, figures: tuple[str, str]
) -> None:
    assert reading.figures_of(form_of(b"Email,First name\nann@example.com,Ann\n", query=query)) == figures


def test_what_is_read_again_is_announced(form_of: Callable[..., ReadingForm]) -> None:
    form = form_of("Csapat\nTeljes név;E-mail cím\nHegedűs Péter;p@example.com\n".encode())

    assert reading.announcement_of(form) == "Row 2: 2 columns, everything required is matched."


# --- How a file was read -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("read_as", "said"),
    [
        ({}, "Read as Windows-1252, separated by semicolons."),
        ({"names": ["Zoë Müller", "Åse Dahl"]}, "Read as Windows-1252: Zoë Müller, Åse Dahl."),
        (
            {"remembered_from": "crew.csv"},
            "Read as Windows-1252, separated by semicolons. Read as remembered from crew.csv.",
        ),
        (
            {"export": "Microsoft Entra"},
            "Read as Windows-1252, separated by semicolons. Columns recognized: Microsoft Entra.",
        ),
    ],
)
def test_how_a_file_was_read(read_as: dict[str, object], said: str) -> None:
    assert how_read(Batch(encoding="Windows-1252", delimiter="semicolon", read_as=read_as)) == said


def test_what_was_not_read_is_told(start: Callable[..., Batch]) -> None:
    batch = start(
        workbook_of(
            sheet_of([["Email", "First name", "Last name"], ["a@example.com", "A", "B"]]), sheet_of([["Notes"]])
        ),
        name="a.xlsx",
    )

    assert batch.state == Batch.State.INVITING
    assert "1 sheet isn’t read: “Sheet2”." in how_read(batch)


def test_replaced_line_separators_are_told_however_many_other_warnings_there_are(start: Callable[..., Batch]) -> None:
    doubtful = (f"p{number}@example.com,M?ller,B," for number in range(1_100))
    batch = start(csv_of(*doubtful, "q@example.com,A,B,one\vtwo\u2028three", "bob@@example.com,A,B,"))

    assert batch.rows.get(number=1_102).description == "one two three"
    assert "Special line separators in 1 description are replaced by spaces." in how_read(batch)


def test_rows_of_several_sheets_have_the_numbers_of_their_sheet() -> None:
    batch = Batch(read_as={"sheets": [["Crew 2025", 0], ["Crew 2026", 30]]})

    assert [row_name(batch, number) for number in (4, 30, 31)] == [
        "Crew 2025, row 4",
        "Crew 2025, row 30",
        "Crew 2026, row 1",
    ]
    assert row_number(batch, 34) == "4 of Crew 2026"
    assert (row_name(Batch(), 4), row_number(Batch(), 4)) == ("4", "4")


def test_a_remembered_reading_in_words(acme: Organization) -> None:
    RememberedReading.objects.create(
        organization=acme,
        signature="s",
        column_names=["E-mail cím", "Név", ""],
        reading={
            "columns": {"email": 0, "full_name": 1, "description": 2, "first_name": -1},
            "name_order": "last-first",
            "encoding": "cp1250",
        },
        file_name="a.csv",
    )

    [line] = remembered_lines(acme)

    assert line.columns == "E-mail cím, Név"
    assert line.how == (
        "Email: E-mail cím · Full name: Név · Description: column C · last name first · Central European (Windows-1250)"
    )
