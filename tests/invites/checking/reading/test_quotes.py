"""Cells with several lines: a description with an address, or rows between two forgotten quotation marks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.checking import read_rows

HEADER = "Email,First name,Last name,Description\n"


def descriptions_of(text: str) -> list[str]:
    report, rows = read_rows((HEADER + text).encode())
    assert report.verdict == "ok", report.problems
    return [row.values.description for row in rows]


@pytest.mark.parametrize(
    "description",
    [
        "Backup:\nbob@company.com, Bob Ray, room 5",
        "Backup:\nbob@company.com, Bob Ray, room 5\ncarl@company.com, Carl Gray, room 6",
        "Backup:\r\nbob@company.com, Bob Ray, room 5\r\n",
        "Ask:\nx@company.com, y@company.com, z@company.com",
        "Ask:\nx@company.com",
        "Bob Ray\nbob@company.com\nroom 5",
    ],
)
def test_a_description_can_have_an_address_below_a_line_break(description: str) -> None:
    assert descriptions_of(f'anna@company.com,Anna,Berg,"{description}"\n') == [description.rstrip()]


def test_blanks_after_commas_say_nothing_if_the_row_has_them_too() -> None:
    text = HEADER + 'anna@company.com, Anna, Berg,"Night\nbob@company.com, Bob, Ray"\n'
    report, _ = read_rows(text.encode())
    assert [problem.code for problem in report.problems] == ["rows_in_cell"]


def test_says_how_many_lines_look_like_rows() -> None:
    inside = "".join(f"p{number}@company.com,Bob,Ray,Day\n" for number in range(3))
    report, rows = read_rows(
        f'{HEADER}anna@company.com,Anna,Berg,"Night\n{inside}x@company.com,Al,Fox,Late"\n'.encode()
    )
    [problem] = report.problems
    assert (problem.code, problem.row, problem.column) == ("rows_in_cell", 2, None)
    assert problem.params["count"] == 4
    assert problem.value == "p0@company.com,Bob,Ray,Day"
    assert [row.number for row in rows] == [2]


@pytest.mark.parametrize(
    ("names", "rows"),
    [
        ("Description,First name,Last name,Email", '"Day,Bob,Ray,bob@company.com\nLate",Al,Fox,al@company.com'),
        ("Team,Email,First name,Last name", '"Day,bob@company.com,Bob,Ray\nLate",al@company.com,Al,Fox'),
        ("First name,Description,Email,Last name", 'Bob,"Day,bob@company.com,Ray\nAl,Late",al@company.com,Fox'),
    ],
)
def test_a_cell_may_be_the_end_of_one_row_and_the_start_of_the_next(names: str, rows: str) -> None:
    report, found = read_rows(f"{names}\n{rows}\n".encode())
    assert [(problem.code, problem.row) for problem in report.problems] == [("rows_in_cell", 2)]
    assert "bob@company.com" in report.problems[0].value
    assert [row.number for row in found] == [2]


def test_a_description_before_the_address_can_have_an_address() -> None:
    names = "Description,First name,Last name,Email"
    for text in ("Backup: bob@company.com\nfrom 5, or later", "Bob, Ray\nbob@company.com", "a,b,c,d\ne"):
        report, _ = read_rows(f'{names}\n"{text}",Al,Fox,al@company.com\n'.encode())
        assert report.verdict == "ok"


def test_rejects_the_file_if_a_cell_holds_many_rows() -> None:
    inside = "".join(f"p{number}@company.com,Bob,Ray,Day\n" for number in range(30))
    report, _ = read_rows(f'{HEADER}anna@company.com,Anna,Berg,"Night\n{inside}x@company.com,Al,Fox,Late"\n'.encode())
    assert [(problem.code, problem.row) for problem in report.problems] == [("unclosed_quote", 2)]


WORDS = st.sampled_from(["Anna", "Bob", "Lee", "Night shift", "Room 5", "Ray Jr"])
ROWS = st.lists(st.tuples(WORDS, WORDS, st.none() | WORDS), min_size=2, max_size=8)


@given(ROWS, st.integers(0, 7), st.integers(1, 7), st.booleans())
def test_never_accepts_rows_between_two_forgotten_marks(
    rows: list[tuple[str, str, str | None]], first: int, distance: int, with_blanks: bool
) -> None:
    """The mark at the start of a last cell isn't closed there, and one at the end of a later row isn't opened."""
    separator = ", " if with_blanks else ","
    lines = [separator.join([f"p{number}@company.com", *filter(None, row)]) for number, row in enumerate(rows)]
    first %= len(rows) - 1
    last = min(len(rows) - 1, first + distance)
    head, _, cell = lines[first].rpartition(separator)
    lines[first] = f'{head},"{cell}'
    lines[last] += '"'
    report, found = read_rows((HEADER + "\n".join(lines)).encode())
    assert report.verdict in ("problems", "rejected")
    inside = {f"p{number}@company.com" for number in range(first, last + 1)}
    assert not inside & {row.email_key for row in found if row.is_valid and "\n" in row.values.description}
    accepted = {row.email_key for row in found if row.is_valid}
    in_problems = "".join(str(row.cells) for row in found if row.problems)
    if report.verdict == "problems":
        assert all(f"p{n}@company.com" in accepted or f"p{n}@company.com" in in_problems for n in range(len(rows)))


PROSE = st.sampled_from(["Bob Ray", "room 5", "after 5 pm", "or call 555-0123", "Ann"])


@given(
    st.lists(st.lists(PROSE, min_size=0, max_size=2), min_size=1, max_size=5),
    st.sampled_from(["Backup:", "Ask one of these", "", "See below:"]),
    st.booleans(),
)
def test_accepts_addresses_in_prose(lines: list[list[str]], lead: str, with_row_below: bool) -> None:
    prose = [", ".join([f"b{number}@company.com", *words]) for number, words in enumerate(lines)]
    description = "\n".join([lead, *prose]).strip()
    below = "carl@company.com,Carl,Gray,Day\n" if with_row_below else ""
    found = descriptions_of(f'anna@company.com,Anna,Berg,"{description}"\n{below}')
    assert found == [description, *(["Day"] if with_row_below else [])]
