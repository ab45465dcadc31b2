"""`manage.py check_csv` for scripts and support; some tests on the real command line."""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from config.harness.running import ROOT
from invites.management.commands.check_csv import Command
from tests.workbooks import sheet_of, workbook_of

DATA = ROOT / "tests" / "data"
KEYS = [
    "verdict",
    "rows",
    "valid",
    "skipped",
    "skipped_by_reason",
    "problem_count",
    "truncated",
    "encoding",
    "delimiter",
    "problems",
    "warnings",
]


def on_the_command_line(
    *arguments: str, stdin: bytes | None = None, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "manage.py", "check_csv", *arguments],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", **(environment or {})},
        input=stdin,
        capture_output=True,
        check=False,
    )


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """What `manage.py` does with the arguments, in this process, because starting one takes longer than the check."""
    out, errors = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    status: object = 0
    with (
        redirect_stdout(out),
        redirect_stderr(errors),
        mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin))),
    ):
        try:
            Command().run_from_argv(["manage.py", "check_csv", *arguments])
        except SystemExit as ended:
            status = ended.code
    assert isinstance(status, int)
    written = [stream.buffer.getvalue() for stream in (out, errors)]
    return subprocess.CompletedProcess(arguments, status, *written)


def answer(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*arguments, "--json").stdout)
    return found


def test_a_good_file_is_ok_and_ends_in_0() -> None:
    done = on_the_command_line(str(DATA / "sample.csv"), "--json", "--people")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert list(found) == [*KEYS, "people"]
    assert {key: found[key] for key in KEYS} == {
        "verdict": "ok",
        "rows": 2,
        "valid": 2,
        "skipped": 0,
        "skipped_by_reason": {"duplicate": 0, "not_a_person": 0},
        "problem_count": 0,
        "truncated": False,
        "encoding": "UTF-8",
        "delimiter": ",",
        "problems": [],
        "warnings": [],
    }
    assert found["people"][0] == {
        "email": "user1@abc.com",
        "first_name": "first name 1",
        "last_name": "last name 1",
        "description": "optional info about user 1",
    }


def test_problems_are_listed_and_end_in_1() -> None:
    done = run(str(DATA / "several-problems-in-a-row.csv"), "--json", "--people")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert (found["verdict"], found["rows"], found["valid"], found["problem_count"]) == ("problems", 2, 1, 3)
    assert found["problems"][0] == {
        "row": 2,
        "line": 2,
        "column": "Email",
        "code": "email_two_at",
        "message": "This address has 2 @ signs",
        "value": "anna@@company.com",
        "suggestion": "anna@company.com",
    }
    assert [person["email"] for person in found["people"]] == ["bob@company.com"]


def test_warnings_have_a_column_and_a_suggestion() -> None:
    text = "Email,First name,Last name,Phone\nfay@gmial.com,M?ller,Orr,1\n"
    found = json.loads(run("-", "--json", stdin=text.encode()).stdout)
    ignored, typo, lost = found["warnings"]
    assert list(ignored) == ["row", "column", "code", "message", "value", "suggestion"]
    assert (ignored["code"], ignored["column"], ignored["suggestion"]) == ("ignored_column", None, None)
    assert typo == {
        "row": 2,
        "column": "Email",
        "code": "likely_typo",
        "message": "“gmial.com” looks like a typo for “gmail.com”",
        "value": "fay@gmial.com",
        "suggestion": "fay@gmail.com",
    }
    assert (lost["column"], lost["code"], lost["suggestion"]) == ("First name", "lost_letter", None)


# Nobody could be invited with this file, however it is read.
NO_ADDRESS = b"Email,First name,Surname\nanna,Anna,Berg\n"


@pytest.mark.exhaustive
def test_a_refused_file_from_the_standard_input_has_one_problem_without_a_row_and_ends_in_1() -> None:
    done = on_the_command_line("-", "--json", "--people", stdin=NO_ADDRESS)
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert (found["verdict"], found["rows"], found["people"]) == ("rejected", 0, [])
    (problem,) = found["problems"]
    assert (problem["row"], problem["column"], problem["code"]) == (None, None, "missing_column")


def test_an_undecided_file_has_decisions_and_ends_in_1() -> None:
    done = run(str(DATA / "header-typo.csv"), "--json", "--people")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert (found["verdict"], found["rows"], found["problems"], found["people"]) == ("undecided", 0, [], [])
    assert list(found["decisions"]) == ["columns"]
    assert found["decisions"]["columns"]["option"] == "--column"


def test_options_answer_what_is_open() -> None:
    file = str(DATA / "title-in-hungarian.csv")
    assert list(answer(file)["decisions"]) == ["encoding", "header_row", "columns", "name_order"]
    options = ["--encoding", "windows-1250", "--header-row", "3", "--column", "full_name=Teljes név"]
    options += ["--column", "email=E-mail", "--name-order", "last-first"]
    done = run(file, "--json", "--people", *options)
    found = json.loads(done.stdout)
    assert (done.returncode, found["verdict"], found["encoding"]) == (0, "ok", "Windows-1250")
    names = [f"{person['first_name']} {person['last_name']}" for person in found["people"]]
    assert names == ["Péter Hegedűs", "Zsófia Őry", "Bence Nagy"]


def test_the_options_that_the_text_suggests_leave_nothing_open(tmp_path: Path) -> None:
    file = tmp_path / "crew.csv"
    file.write_text("Our crew\n\nFull name;Work's mail;Site\nNora Ekberg;nora.ekberg@company.com;Ghent\n")
    text = run(str(file)).stdout.decode()
    assert text.startswith("crew.csv can't be imported before this is decided")
    suggested = shlex.split(text.splitlines()[-1])
    assert suggested[:2] == ["--header-row", "3"]
    assert answer(str(file), *suggested)["valid"] == 1


def test_duplicates_are_skipped_and_name_the_row_that_they_repeat() -> None:
    found = answer(str(DATA / "duplicates.csv"))
    assert (found["verdict"], found["valid"], found["skipped"]) == ("ok", 2, 2)
    assert [(warning["row"], warning["code"]) for warning in found["warnings"]] == [(3, "duplicate"), (5, "duplicate")]
    assert "row 2" in found["warnings"][0]["message"]


def test_two_people_with_one_address_are_a_problem_that_names_the_other() -> None:
    file = str(DATA / "same-address-other-names.csv")
    found = answer(file)
    assert (found["verdict"], found["valid"], found["skipped"], found["problem_count"]) == ("problems", 4, 1, 5)
    assert (found["problems"][0]["row"], found["problems"][0]["code"]) == (3, "address_of_another")
    assert found["problems"][0]["message"] == "This is also the address of Ann Ek in row 2"
    text = run(file).stdout.decode()
    assert "One address, two names: 4 problems (address_of_another)" in text
    assert "row      3  Email: ann@company.com  This is also the address of Ann Ek in row 2" in text


def test_the_other_person_is_named_with_their_sheet() -> None:
    header = ["Email", "First name", "Last name"]
    ann, bo, cyd = (["ann@company.com", *names] for names in (["Ann", "Ek"], ["Bo", "Ray"], ["Cyd", "Lam"]))
    workbook = workbook_of(sheet_of([header, ann, bo]), sheet_of([header, cyd]))
    found = json.loads(run("-", "--sheet", "Sheet1", "--sheet", "Sheet2", "--json", stdin=workbook).stdout)
    assert [problem["message"] for problem in found["problems"]] == [
        "This is also the address of Ann Ek in row 2 of Sheet1",
        "This is also the address of Ann Ek in row 2 of Sheet1",
    ]


def test_rows_of_several_sheets_are_named_with_their_sheet() -> None:
    header = ["Email", "First name", "Last name"]
    anna, bo = ["anna@company.com", "Anna", "Berg"], ["bo@@company.com", "Bo", "Yu"]
    workbook = workbook_of(sheet_of([header, anna]), sheet_of([header, bo, anna]))
    options = ("-", "--sheet", "Sheet1", "--sheet", "Sheet2")
    found = json.loads(run(*options, "--json", stdin=workbook).stdout)
    assert (found["problems"][0]["sheet"], found["problems"][0]["row"]) == ("Sheet2", 2)
    assert (found["warnings"][0]["sheet"], found["warnings"][0]["row"]) == ("Sheet2", 3)
    assert "in row 2 of Sheet1." in found["warnings"][0]["message"]
    text = run(*options, stdin=workbook).stdout.decode()
    assert "  Sheet2, row      2  Email: bo@@company.com" in text


def test_names_are_shown_if_the_encoding_is_only_likely() -> None:
    found = answer(str(DATA / "windows-1252-french-excel.csv"))
    assert (found["verdict"], found["example_names"]) == ("ok", ["Zoé Lefèvre", "Loïc D’Œuvre"])
    text = run(str(DATA / "windows-1252-french-excel.csv")).stdout.decode()
    assert "Names are spelled like Zoé Lefèvre, Loïc D’Œuvre" in text
    assert "example_names" not in answer(str(DATA / "sample.csv"))


def test_says_which_product_wrote_the_file() -> None:
    text = run(str(DATA / "export-workday.csv")).stdout.decode()
    assert "The columns are those of Workday" in text


def test_says_how_the_file_was_read() -> None:
    found = answer(str(DATA / "windows-1252-french-excel.csv"))
    assert (found["encoding"], found["delimiter"]) == ("Windows-1252", ";")


@pytest.mark.parametrize(
    "arguments", [("no-such-file.csv",), (str(DATA),), (), ("a.csv", "--no-such-option"), ("a.csv", "--encoding", "x")]
)
def test_wrong_usage_is_one_sentence_and_ends_in_2(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr
    assert b"Traceback" not in done.stderr


def test_tells_people_what_is_wrong_and_how_to_fix_it() -> None:
    text = run(str(DATA / "several-problems-in-a-row.csv")).stdout.decode()
    assert "several-problems-in-a-row.csv has 1 row to fix" in text
    assert "Read as UTF-8, cells separated by comma" in text
    assert "This address has 2 @ signs" in text
    assert "Keep the one before the domain." in text


def test_tells_people_what_was_found_and_what_was_expected() -> None:
    text = run("-", stdin=NO_ADDRESS).stdout.decode()
    assert "Found     Email, First name, Surname" in text
    assert "Expected  Email, First name, Last name, Description (optional)" in text
    assert "Is “Surname” the column “Last name”?" in text


def test_reads_the_standard_input() -> None:
    done = run("-", "--json", stdin=(DATA / "sample.csv").read_bytes())
    assert done.returncode == 0
    assert json.loads(done.stdout)["valid"] == 2


def test_prints_for_a_terminal_that_knows_only_ascii() -> None:
    done = on_the_command_line(str(DATA / "world-names.csv"), "--people", environment={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert b"\\u7f8e" in done.stdout


@pytest.mark.exhaustive
def test_the_configured_limits_apply_and_the_message_has_both_numbers() -> None:
    done = on_the_command_line(str(DATA / "sample.csv"), "--json", environment={"MAX_ROWS": "1"})
    found = json.loads(done.stdout)
    assert found["verdict"] == "rejected"
    assert "2 rows" in found["problems"][0]["message"]
    assert "the limit is 1" in found["problems"][0]["message"]


def test_a_likely_typo_of_a_frequent_domain_is_a_warning(tmp_path: Path) -> None:
    people = [f"p{number}@northwind.example.com,Ann,Lee" for number in range(20)]
    file = tmp_path / "team.csv"
    file.write_text("\n".join(["Email,First name,Last name", *people, "anna@nortwind.example.com,Anna,Berg"]))
    found = answer(str(file))
    assert (found["verdict"], found["valid"]) == ("ok", 21)
    assert found["warnings"] == [
        {
            "row": 22,
            "column": "Email",
            "code": "likely_typo",
            "message": "“nortwind.example.com” looks like a typo for “northwind.example.com”",
            "value": "anna@nortwind.example.com",
            "suggestion": "anna@northwind.example.com",
        }
    ]


def test_rows_that_arent_people_are_reported_once() -> None:
    done = run(str(DATA / "footer-of-a-report.csv"))
    shown = done.stdout.decode()
    assert done.returncode == 0
    assert "5 rows: 2 valid, 3 skipped (3 not people), 0 with problems" in shown
    sentence = "3 rows below the last address were skipped because they aren’t people: rows 5, 6 and 7"
    assert shown.count("aren’t people") == 1
    assert sentence in shown
    found = json.loads(run(str(DATA / "footer-of-a-report.csv"), "--json").stdout)
    assert (found["verdict"], found["skipped"], found["problem_count"]) == ("ok", 3, 0)
    assert found["skipped_by_reason"] == {"duplicate": 0, "not_a_person": 3}
    assert [each["message"] for each in found["warnings"] if each["code"] == "not_people"] == [sentence]


def test_notes_beside_the_table_are_reported_once() -> None:
    done = run(str(DATA / "note-beside-the-table.csv"), "--people")
    shown = done.stdout.decode()
    assert "2 notes beside the table were ignored: rows 3 and 4" in shown
    assert "bob@company.com  Bob Ray  Night shift" in shown
