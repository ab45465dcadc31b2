"""What commands say about a file that can't be read before something is decided."""

from __future__ import annotations

import io
import json

import pytest

from invites.checking import Check, Decisions, ReadingOptions, codec_of
from invites.checking.reading.encodings.known_encodings import LABELS
from invites.management.open_decisions import decisions_as_json, decisions_as_lines, suggested_arguments
from tests.cases import for_each
from tests.workbooks import sheet_of, workbook_of

PEOPLE = [["Email", "First name", "Last name"], ["anna@company.com", "Anna", "Berg"], ["bo@company.com", "Bo", "Yu"]]


def decisions_of(data: str | bytes, options: ReadingOptions = ReadingOptions()) -> Decisions:  # noqa: B008 - frozen
    check = Check(io.BytesIO(data.encode() if isinstance(data, str) else data), options=options)
    assert list(check.blocks()) == []
    assert check.report.decisions is not None, check.report.problems
    return check.report.decisions


def test_only_open_decisions_are_there_and_json_can_store_them() -> None:
    found = decisions_as_json(decisions_of("Mail,Vorname,Surname\nanna@company.com,Anna,Berg\n"))
    assert list(found) == ["columns"]
    assert json.loads(json.dumps(found)) == found


def test_an_encoding_has_candidates_and_no_suggestion() -> None:
    data = "Email,First name,Last name\np@company.com,Péter,Hegedűs\n".encode("cp1250")
    decision = decisions_as_json(decisions_of(data))["encoding"]
    assert (decision["suggested"], decision["option"]) == (None, "--encoding")
    samples = {candidate["name"]: candidate["sample"] for candidate in decision["candidates"]}
    assert samples["Windows-1250"] == ["Péter Hegedűs"]
    assert samples["Windows-1252"] == ["Péter Hegedûs"]
    assert decision["candidates"][0]["title"] == "Central European (Windows-1250)"


@for_each("codec", LABELS)
def test_the_name_of_a_candidate_is_understood_as_an_argument(codec: str) -> None:
    assert codec_of(LABELS[codec]) == codec


def test_columns_have_names_letters_samples_and_what_is_not_in_the_file() -> None:
    decisions = decisions_of("Nr,Mail,Vorname\n1,anna@company.com,Anna\n")
    assert decisions_as_json(decisions)["columns"] == {
        "candidates": [
            {"letter": "A", "name": "Nr", "sample": ["1"]},
            {"letter": "B", "name": "Mail", "sample": ["anna@company.com"]},
            {"letter": "C", "name": "Vorname", "sample": ["Anna"]},
        ],
        "suggested": {"email": "Mail", "first_name": "Vorname"},
        "not_in_file": ["last_name"],
        "option": "--column",
    }
    assert suggested_arguments(decisions) == [
        *("--column", "email=Mail", "--column", "first_name=Vorname", "--not-in-file", "last_name")
    ]


def test_what_was_chosen_is_not_suggested_again() -> None:
    options = ReadingOptions(columns={"email": "Mail"})
    decisions = decisions_of("Mail,Vorname\nanna@company.com,Anna\n", options)
    assert "email" not in decisions_as_json(decisions)["columns"]["suggested"]


def test_a_file_without_column_names_has_letters() -> None:
    decisions = decisions_of("anna@company.com,Anna Berg\nbo.yu@company.com,Bo Yu\n")
    found = decisions_as_json(decisions)
    assert (found["header_row"]["suggested"], found["header_row"]["option"]) == (0, "--header-row")
    assert found["columns"]["suggested"] == {"email": "A", "full_name": "B"}


def test_a_row_of_column_names_is_suggested_with_the_rows_above() -> None:
    decisions = decisions_of("Team list\n\nEmail,First name,Last name\nanna@company.com,Anna,Berg\n")
    decision = decisions_as_json(decisions)["header_row"]
    assert decision["suggested"] == 3
    assert [row["row"] for row in decision["candidates"]] == [1, 3, 4]


def test_full_names_are_split_both_ways() -> None:
    decision = decisions_as_json(decisions_of("Email,Full name\nl@company.com,Ludwig van Dyk\n"))["name_order"]
    assert decision["suggested"] == "first-last"
    assert {each["name"]: each["sample"] for each in decision["candidates"]} == {
        "first-last": [{"first_name": "Ludwig", "last_name": "van Dyk"}],
        "last-first": [{"first_name": "van Dyk", "last_name": "Ludwig"}],
    }


def test_sheets_have_their_numbers_of_rows() -> None:
    decisions = decisions_of(workbook_of(sheet_of(PEOPLE), sheet_of(PEOPLE[:2]), sheet_of([["A note"]])))
    decision = decisions_as_json(decisions)["sheet"]
    assert decision["candidates"] == [
        {"name": "Sheet1", "rows": 3, "has_addresses": True, "is_hidden": False},
        {"name": "Sheet2", "rows": 2, "has_addresses": True, "is_hidden": False},
        {"name": "Sheet3", "rows": 1, "has_addresses": False, "is_hidden": False},
    ]


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (
            b"Mail,Vorname,Surname\nanna@company.com,Anna,Berg\n",
            ["  B  Vorname: Anna  (suggested: first_name)", "  --column email=Mail --column first_name=Vorname "],
        ),
        (
            "Email,First name,Last name\np@company.com,Péter,Hegedűs\n".encode("cp1250"),
            ["  Windows-1250  Péter Hegedűs", "  --encoding NAME"],
        ),
        (
            b"Email,Full name\nl@company.com,Ludwig van Dyk\n",
            ["  first-last: Ludwig + van Dyk", "--name-order first-last"],
        ),
        (b"My team\n\nEmail,First name,Last name\na@b.com,A,B\n", ["  row   1  My team", "  --header-row 3"]),
        (workbook_of(sheet_of(PEOPLE), sheet_of(PEOPLE[:2])), ["  Sheet1: 3 rows", "  --sheet Sheet"]),
    ],
)
def test_the_text_names_what_is_open_and_the_option(data: bytes, lines: list[str]) -> None:
    text = "\n".join(decisions_as_lines(decisions_of(data)))
    for line in lines:
        assert line in text


def test_arguments_are_quoted_for_a_shell() -> None:
    text = decisions_as_lines(decisions_of("Work's mail;Vor name\nanna@company.com;Anna\n"))[-1]
    assert """'email=Work'"'"'s mail'""" in text


def test_a_file_with_thousands_of_columns_and_sheets_gets_a_short_answer() -> None:
    wide = "\n".join([",".join(f"column {number}" for number in range(90)), "a@b.com," + "x" * 5_000])
    assert len(json.dumps(decisions_as_json(decisions_of(wide)))) < 20_000
    sheets = workbook_of(*[sheet_of(PEOPLE)] * 300)
    assert len(json.dumps(decisions_as_json(decisions_of(sheets)))) < 20_000
    assert len("\n".join(decisions_as_lines(decisions_of(sheets)))) < 20_000
