"""Which row has the column names: below titles and notes, or none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from invites.checking.reading.columns.header_row import find_header_row
from tests.cases import for_each


def found(*rows: str) -> tuple[int, bool]:
    return find_header_row([(number, row.split(",")) for number, row in enumerate(rows, 1) if row.strip(",")])


@for_each(
    "rows, guess",
    [
        (["Email,First name,Last name", "a@example.com,Ada,Byron"], (1, True)),
        (["Staff list 2026", "", "E-mail cím,Teljes név", "a@example.com,Nagy Anna"], (3, True)),
        (["Questions? hr@example.com", "Email,Name", "a@example.com,Ada Byron"], (2, True)),
        (["version:v1.0,,", "Email address to invite [inviteeEmail] Required,Redirection url", "a@example.com,x"], (2, True)),
        (["#TYPE Selected.User", "mail,GivenName,Surname", "a@example.com,Ada,Byron"], (2, True)),
        (["Person,,Contact", "First,Last,Email", "Ada,Byron,a@example.com"], (2, True)),
        (["Name", "Email,First name,Last name", "a@example.com,Ada,Byron"], (2, True)),
        (["Team,", "Email,Phone", "a@example.com,1"], (2, True)),
        (["Email,Phone", "a@example.com,1"], (1, True)),
        (["Email", "a@example.com"], (1, False)),
        (["a@example.com,Ada,Byron", "b@example.com,Bob,Ray"], (0, True)),
        (["Our people,", "a@example.com,Ada Byron"], (0, False)),
        (["Wer,Wohin", "Ada,a@example.com"], (1, False)),
        (["Wer,Wohin", "1,2,3,a@example.com"], (1, False)),
        (["Wer,Wohin", "1,2,3,4,a@example.com"], (0, False)),
        (["Email,Phone", "fill in,", "a@example.com,1"], (1, False)),
        (["Email,Phone", "x,y"], (1, False)),
        (["Email,Name", "a@example.com,Ada B", "Email,Name", "b@example.com,Bob R"], (1, False)),
        (["Email,Name", "Please fill in,", "a@example.com,Ada B"], (1, True)),
        (["No people here,1", "Or here,2"], (1, False)),
        ([], (0, False)),
        (["a@example.com,Ada", "Contact,none"], (0, True)),
        (["版本,1", "姓名,邮箱", "王小明,a@example.com"], (2, True)),
    ],
)  # fmt: skip
def test_finds_the_header_row(rows: list[str], guess: tuple[int, bool]) -> None:
    assert found(*rows) == guess


def test_looks_at_twenty_rows() -> None:
    titles = [f"Note {number}" for number in range(1, 20)]

    assert found(*titles, "Email,Name", "a@example.com,Ada B") == (20, True)
    assert found("", *titles, "one more", "Email,Name")[0] == 2


@given(
    st.lists(
        st.lists(st.sampled_from(["", "Email", "Name", "x", "a@example.com"]), min_size=1, max_size=4), max_size=25
    )
)
def test_never_takes_a_row_with_an_address(rows: list[list[str]]) -> None:
    number, _ = find_header_row(list(enumerate(rows, 1)))

    assert number == 0 or "a@example.com" not in rows[number - 1]
