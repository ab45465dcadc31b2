"""What is understood of a pasted text, and what its fixes write."""

from __future__ import annotations

import pytest

from invites.checking import Understanding, fix_of, read_pasted, understand
from tests.cases import for_each

HEADER = "First name\tLast name\tEmail\n"


def understood(text: str) -> Understanding:
    return understand(read_pasted(text))


def fixed(text: str) -> str:
    """The text after the first fix."""
    fix = next(each.fix for each in understood(text).rows if each.fix)
    lines = text.split("\n")
    replaced = "\n".join(lines[fix.line - 1 : fix.line - 1 + fix.lines])
    written = replaced[: fix.start] + fix.text + ("" if fix.end is None else replaced[fix.end :])
    return "\n".join([*lines[: fix.line - 1], written, *lines[fix.line - 1 + fix.lines :]])


def test_counts_people_and_rows_that_need_fixing() -> None:
    found = understood(f"{HEADER}Ann\tEk\tann@x.example\nLena\tHoff\tlena hoff@x.example\nBo\t\tbo@x.example")

    assert (found.people, found.to_fix, found.row_count) == (1, 2, 3)
    assert [(each.line, bool(each.row.problems)) for each in found.rows] == [(2, False), (3, True), (4, True)]


@pytest.mark.parametrize(
    ("before", "label", "after"),
    [
        ("Ann\tEk\tann ek@x.example", "Remove the space", "Ann\tEk\tannek@x.example"),
        ('"An\nn"\tEk\tann@@x.example\t', "Keep one @", '"An\nn"\tEk\tann@x.example\t'),
    ],
)
def test_a_fix_changes_one_cell_of_a_table(before: str, label: str, after: str) -> None:
    rows = [each for each in understood(HEADER + before).rows if each.fix]

    assert [fix_of(each.fix.problems[0]) for each in rows if each.fix] == [label]
    assert fixed(HEADER + before) == HEADER + after


@for_each(
    "before, after",
    [
        ("Ann Ek <ann..ek@x.example>", "Ann Ek <ann.ek@x.example>"),
        ("lena hoff@x.example, bo@x.example", "lenahoff@x.example, bo@x.example"),
        ('a@x.example; "Ek, Ann" <ann@@x.example>; b@x.example', 'a@x.example; "Ek, Ann" <ann@x.example>; b@x.example'),
        ("Maria Anna Lopez Ruiz <m@x.example>", '"Lopez Ruiz, Maria Anna" <m@x.example>'),
        ("Ann <ann.ek@x.example>", "Ann Ek <ann.ek@x.example>"),
        ("ann.ek@x.example\nBo Li <bo@x.example>", "Ann Ek <ann.ek@x.example>\nBo Li <bo@x.example>"),
        ("ann@company,com; Bo Li <bo@x.example>", "ann@company.com; Bo Li <bo@x.example>"),
        ("\ufeffLena Li <lena li@x.example>; b@x.example", "\ufeffLena Li <lenali@x.example>; b@x.example"),
    ],
)
def test_a_fix_changes_one_person_of_a_list(before: str, after: str) -> None:
    assert fixed(before) == after


def test_a_missing_name_is_written_into_its_cell() -> None:
    assert fixed(f"{HEADER}\t\tann.ek@x.example") == f"{HEADER}Ann\tEk\tann.ek@x.example"
    assert fixed("Email\tFirst name\tLast name\nann.ek@x.example") == (
        "Email\tFirst name\tLast name\nann.ek@x.example\tAnn\tEk"
    )


def test_fixes_lead_to_a_text_without_problems() -> None:
    text = "ann ek@x.example; Maria Anna Lopez Ruiz <m@x.example>\n<chi.vo@@x.example>\nBo Li <bo@x.example>"
    for _fix in range(5):
        if any(each.fix for each in understood(text).rows):
            text = fixed(text)

    assert [each.row.values.email for each in understood(text).rows if not each.row.problems] == [
        "m@x.example",
        "chi.vo@x.example",
        "bo@x.example",
    ]


def test_names_are_taken_from_the_addresses_if_all_are_missing() -> None:
    found = understood("Email\nchiara.rossi@x.example\ninfo@x.example; ann.ek@x.example\n")

    assert found.are_names_missing
    assert found.with_names == (
        "Email\nChiara Rossi <chiara.rossi@x.example>\ninfo@x.example; Ann Ek <ann.ek@x.example>"
    )
    assert [each.row.values.last_name for each in understood(found.with_names).rows] == ["Rossi", "", "Ek"]


@pytest.mark.parametrize(
    "text", ["info@x.example", f"{HEADER}\t\tann.ek@x.example", "Bo Li <bo@x.example>\na.b@x.example"]
)
def test_offers_no_names_otherwise(text: str) -> None:
    assert understood(text).with_names == ""


def test_columns_that_are_not_clear_are_asked() -> None:
    found = understood("Ann\tEk\tann@x.example\nBo\tLi\tbo@x.example")

    assert (found.asks_columns, found.row_count, found.rows) == (True, 2, ())


def test_people_are_shown_as_suggested_before_a_question() -> None:
    found = understood("小林 花 <hana@x.example>\n佐藤 健 <ken@x.example>")

    assert found.asks_columns
    assert [(each.row.values.first_name, each.row.values.last_name) for each in found.rows] == [
        ("花", "小林"),
        ("健", "佐藤"),
    ]


def test_lines_below_the_last_address_are_no_people() -> None:
    found = understood(f"{HEADER}Ann\tEk\tann@x.example\n\nTotal\t1\t")

    assert (found.people, found.to_fix, found.row_count) == (1, 0, 2)
    assert [each.is_person for each in found.rows] == [True, False]


def test_a_table_without_addresses_is_a_problem() -> None:
    found = understood("Name\tPhone\nAnn\t1\nBo\t2\n")

    assert found.problem is not None
    assert found.rows == ()


def test_the_second_row_with_an_address_is_no_other_person() -> None:
    found = understood("Ann Ek <ann@x.example>\nAnn Ek <ANN@x.example>")

    assert (found.people, [each.row.duplicate_of for each in found.rows]) == (1, [None, 1])
