"""Rows below the last address that hold no @ aren't people, unless somebody could be lost."""

from __future__ import annotations

import io
import random

import pytest

from invites.checking import Check, Limits, ReadingOptions, Report, message_of
from invites.checking.tail import KnownRows
from tests.cases import for_each
from tests.checking import check_bytes, read_rows
from tests.workbooks import sheet_of, workbook_of

HEADER = "Email,First name,Last name,Description"
ANNA, BOB = "anna@company.com,Anna,Berg,", "bob@company.com,Bob,Ray,"


def check_lines(*lines: str) -> Report:
    return check_bytes("\n".join([HEADER, *lines]).encode())


def check_known(known: KnownRows, *lines: str) -> Report:
    check = Check(io.BytesIO("\n".join([HEADER, *lines]).encode()), known=known)
    list(check.blocks())
    return check.report


def skipped_in(report: Report) -> list[int]:
    assert report.not_people == len(report.not_people_numbers)
    return report.not_people_numbers


@for_each(
    "line",
    [
        "Total: 2,,,",
        "Total,2,,",
        "2,,,",
        "Confidential,,,",
        ",,,Generated on 01/02/2026",
        "Generated: 10:15",
        "Page 1 of 2,,,",
        "Total,2,people,",
        ",Carl,,",
        "http://company.com/list,,,",
        "Total: 2,,,,,,",
        '"Confidential:\nfor HR only",,,',
        ",#N/A,#N/A,",
    ],
)
def test_a_row_below_the_people_is_skipped(line: str) -> None:
    report = check_lines(ANNA, BOB, line)
    assert (report.verdict, report.rows, report.valid, report.skipped, report.problem_rows) == ("ok", 3, 2, 1, 0)
    assert (skipped_in(report), report.problems, report.problems_by_code) == ([4], [], {})
    assert [message_of(notice) for notice in report.warnings] == [
        "1 row below the last address was skipped because it isn’t a person: row 4"
    ]


@for_each(
    "line",
    [
        ",Carl,Hill,",
        "unknown,Carl,Hill,",
        ',"""Carl""",Hill,',
        "carl.company.com,,,",
        "carl.hill.company.com,Carl,,",
        "carl at company.com,,,",
        "carl(at)company.com,,,",
        "carl\uff20company.com,,,",
        "Questions? hr@company.com,,,",
        ",,,ask hr@company.com",
        "@,,,",
    ],
)
def test_a_row_that_may_be_a_person_stays_a_problem(line: str) -> None:
    report = check_lines(ANNA, BOB, line)
    assert (report.verdict, report.problem_rows, report.skipped) == ("problems", 1, 0)
    assert {problem.row for problem in report.problems} == {4}


def test_rows_above_the_last_person_stay_problems() -> None:
    report = check_lines(
        ANNA, "Crew South,,,", BOB, "Crew North,,,", ",Carl,Hill,", "Total: 3,,,", ",,,", "Confidential"
    )
    assert [problem.row for problem in report.problems] == [3, 3, 3, 5, 5, 5, 6]
    assert (skipped_in(report), report.tails) == ([7, 9], [(7, 9)])
    assert report.rows == report.valid + report.skipped + report.problem_rows == 7


def test_without_any_address_all_rows_stay_problems() -> None:
    report = check_lines("Total: 2,,,", ",Carl,Hill,", "Total: 2,,,")
    assert (report.problem_rows, report.skipped, report.tails) == (3, 0, [])


def test_an_address_with_a_problem_is_an_address() -> None:
    report = check_lines("anna@@company.com,Anna,Berg,", "Total: 1,,,")
    assert ({problem.row for problem in report.problems}, skipped_in(report)) == ({2}, [3])


def test_a_duplicate_is_a_person() -> None:
    report = check_lines(ANNA, "Crew North,,,", ANNA, "Total: 2,,,")
    assert (report.problem_rows, skipped_in(report), report.skipped) == (1, [5], 2)


@pytest.mark.parametrize("count", [3, 6, 700])
def test_many_rows_are_counted_and_some_named(count: int) -> None:
    report = check_lines(*[ANNA.replace("anna", f"anna{n}") for n in range(300)], *["Note,,,"] * count)
    assert (report.verdict, report.valid, report.not_people) == ("ok", 300, count)
    assert report.not_people_numbers == list(range(302, 302 + min(count, 5)))
    [notice] = report.warnings
    assert f"{count} rows below" in message_of(notice)
    assert message_of(notice).endswith(
        "rows 302, 303 and 304" if count == 3 else f"rows 302, 303, 304, 305, 306 and {count - 5} more"
    )


@pytest.mark.exhaustive
def test_problems_that_were_cut_off_are_counted() -> None:
    report = check_lines(*["@,,,"] * 4_000, *["Note,,,"] * 4_000)
    assert report.truncated
    assert (report.problem_rows, report.not_people, report.problem_count) == (4_000, 4_000, 12_000)
    assert len(report.problems) == 10_000
    report = check_lines(*["@,,,"] * 2_000, *["Note,,,"] * 4_000)
    assert not report.truncated
    assert len(report.problems) == report.problem_count == 6_000


def test_each_sheet_has_rows_below_its_people() -> None:
    rows = [
        [HEADER.split(","), ["anna@company.com", "Anna", "Berg"], ["Total", "1"]],
        [HEADER.split(","), ["bob@company.com", "Bob", "Ray"], [], ["Confidential"]],
        [HEADER.split(","), ["Nobody yet"]],
    ]
    options = ReadingOptions(sheets=("Sheet1", "Sheet2", "Sheet3"), hidden_rows="exclude")
    check = Check(io.BytesIO(workbook_of(*map(sheet_of, rows))), options=options)
    list(check.blocks())
    report = check.report
    assert report.sheets == (("Sheet1", 0), ("Sheet2", 3), ("Sheet3", 7))
    assert (report.tails, skipped_in(report)) == ([(3, 3), (7, 7)], [3, 7])
    assert ({problem.row for problem in report.problems}, report.problem_rows) == ({9}, 1)
    # The table that is stored instead of the workbook has no sheets.
    stored = io.StringIO()
    for record in check.table_to_store or ():
        stored.write(",".join(record) + "\n")
    known = KnownRows(sheet_starts=[start for _name, start in report.sheets])
    again = Check(io.BytesIO(stored.getvalue().encode()), first_row=0, known=known)
    list(again.blocks())
    assert (again.report.tails, again.report.problem_rows) == (report.tails, 1)


def test_rows_that_were_skipped_stay_skipped_when_people_are_added_below() -> None:
    lines = (ANNA, "Total: 1,,,", "Confidential,,,", BOB, "Total: 2,,,")
    report = check_known(KnownRows(not_people={3, 4}), *lines)
    assert (report.verdict, report.tails, skipped_in(report)) == ("ok", [(3, 4), (6, 6)], [3, 4, 6])
    assert check_known(KnownRows(not_people={3}), *lines).problem_rows == 2


def test_a_row_that_is_imported_anyway_stays_a_problem() -> None:
    report = check_known(KnownRows(people={4}), ANNA, "Total: 1,,,", "Confidential,,,", "Page 1,,,")
    assert ({problem.row for problem in report.problems}, skipped_in(report)) == ({3, 4}, [5])


def test_too_many_rows_are_too_many_with_a_footer() -> None:
    data = "\n".join([HEADER, ANNA, "Total: 1,,,"]).encode()
    report = check_bytes(data, limits=Limits(max_rows=1))
    assert (report.verdict, report.not_people, report.tails) == ("rejected", 0, [])


@pytest.mark.exhaustive
def test_any_order_of_rows_adds_up_and_loses_nobody() -> None:
    chosen = random.Random(15)
    kinds = {"person": "{n}@company.com,Anna,Berg,", "bad": "{n}@@company.com,Anna,Berg,", "named": ",Anna,Berg,"}
    others = {"total": "Total: {n},,,", "note": ",,,note {n}", "blank": ",,,"}
    for _ in range(300):
        kind_of = chosen.choices([*kinds, *others], k=chosen.choice([1, 2, 5, 9, 300]))
        report, rows = read_rows(
            "\n".join([HEADER, *((kinds | others)[kind].format(n=n) for n, kind in enumerate(kind_of))]).encode()
        )
        people = [number for number, kind in enumerate(kind_of, start=2) if kind in kinds]
        last = people[-1] if people else 0
        has_address = {"person", "bad"} & set(kind_of)
        below = [number for number, kind in enumerate(kind_of, start=2) if number > last and kind in ("total", "note")]
        if report.verdict == "rejected":
            assert set(kind_of) == {"blank"}
            continue
        assert report.not_people == (len(below) if has_address else 0)
        assert report.rows == report.valid + report.skipped + report.problem_rows == len(rows)
        assert report.problem_count == sum(report.problems_by_code.values())
        assert report.valid == kind_of.count("person"), "people are never skipped"
        in_tails = {row.number for row in rows if any(row.number in tail for tail in report.tails)}
        assert in_tails == (set(below) if has_address else set())
