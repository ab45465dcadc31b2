"""All sheets of a workbook are listed, and the rows of those that were chosen, or of the only one in question."""

from __future__ import annotations

import io

import pytest

from invites.checking import Limits, Problem
from invites.checking.reading.workbooks.workbook import SheetInfo, Workbook, open_workbook
from tests.workbooks import ods_of, ods_row, ods_table, sheet_of, workbook_of, xls_of

pytestmark = [pytest.mark.exhaustive, pytest.mark.usefixtures("forked_children")]

HEADER = ["Email", "First name", "Last name"]
ANNA, BOB = ["anna@company.com", "Anna", "Berg"], ["bob@company.com", "Bob", "Ray"]
NOTES = [["Call Anna"], [], ["and Bob"]]
TOO_HEAVY = '<sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
TOO_WIDE = '<sheetData><row r="3"><c r="XFD3"><v>1</v></c></row></sheetData>'


def opened(data: bytes, *names: str, limits: Limits | None = None) -> Workbook:
    workbook = open_workbook(io.BytesIO(data), limits or Limits(), sheets=names)
    assert isinstance(workbook, Workbook), workbook
    return workbook


def problem_of(data: bytes, *names: str, limits: Limits | None = None) -> Problem:
    problem = open_workbook(io.BytesIO(data), limits or Limits(), sheets=names)
    assert isinstance(problem, Problem), problem
    return problem


def names_of(infos: tuple[SheetInfo, ...]) -> list[str]:
    return [info.name for info in infos]


def read_from(workbook: Workbook) -> dict[str, list[list[str]]]:
    return {sheet.info.name: list(sheet.rows()) for sheet in workbook.sheets}


def test_lists_every_sheet_with_text_and_hidden_ones_last() -> None:
    workbook = opened(
        workbook_of(sheet_of([HEADER, BOB]), sheet_of([HEADER, ANNA, [], ["\u200b", " "]]), sheet_of([]), sheet_of(NOTES), hidden=1)
    )  # fmt: skip
    assert workbook.kind == "XLSX"
    assert [(info.name, info.rows, info.is_hidden, info.has_addresses) for info in workbook.infos] == [
        ("Sheet2", 2, False, True),
        ("Sheet4", 2, False, False),
        ("Sheet1", 2, True, True),
    ]
    assert workbook.infos[1].top == ((1, ("Call Anna",)), (3, ("and Bob",)))


def test_the_top_of_a_sheet_is_cut_off() -> None:
    rows = [[], *[["x" * 300, *[str(number)] * 5] for number in range(40)]]
    (info,) = opened(workbook_of(sheet_of(rows)), limits=Limits(max_columns=3)).infos
    assert [number for number, _ in info.top] == list(range(2, 27))
    assert info.top[0][1] == ("x" * 200, "0", "0")


@pytest.mark.parametrize(
    ("sheets", "read"),
    [
        ([[HEADER, ANNA]], ["Sheet1"]),
        ([NOTES], ["Sheet1"]),
        ([NOTES, [HEADER, ANNA]], ["Sheet2"]),
        ([[HEADER, ANNA], NOTES], ["Sheet1"]),
        ([[], NOTES, []], ["Sheet2"]),
        ([[HEADER, ANNA], NOTES, [HEADER, BOB]], []),
        ([NOTES, NOTES], []),
    ],
    ids=["people", "notes", "notes before", "notes after", "empty sheets", "people twice", "notes twice"],
)
def test_without_a_choice_reads_the_only_sheet_in_question(sheets: list[list[list[str]]], read: list[str]) -> None:
    workbook = opened(workbook_of(*map(sheet_of, sheets)))
    assert [sheet.info.name for sheet in workbook.sheets] == read
    for sheet in workbook.sheets:
        assert list(sheet.rows()) == sheets[int(sheet.info.name[-1]) - 1]
        assert sheet.info in workbook.infos


def test_a_hidden_sheet_with_people_is_in_question_too() -> None:
    assert not opened(workbook_of(sheet_of([HEADER, ANNA]), sheet_of([HEADER, BOB]), hidden=1)).sheets


@pytest.mark.parametrize(
    ("chosen", "read"),
    [
        (["Sheet1"], ["Sheet1"]),
        (["Sheet3"], ["Sheet3"]),
        (["Sheet3", "Sheet1"], ["Sheet1", "Sheet3"]),
        (["Sheet2"], ["Sheet2"]),
        (["Sheet2", "Sheet3", "Sheet3"], ["Sheet2", "Sheet3"]),
    ],
)
def test_reads_the_chosen_sheets_in_the_order_of_the_workbook(chosen: list[str], read: list[str]) -> None:
    rows = {"Sheet1": [HEADER, ANNA], "Sheet2": NOTES, "Sheet3": [HEADER, BOB, ["ü", "春子", "😀"]]}
    workbook = opened(workbook_of(*map(sheet_of, rows.values())), *chosen)
    assert read_from(workbook) == {name: rows[name] for name in read}
    assert names_of(workbook.infos) == list(rows)
    # A second time, and one after the other.
    assert read_from(workbook) == {name: rows[name] for name in read}


@pytest.mark.parametrize("name", ["Sheet9", "sheet1", "Sheet2", "", "a\0b", "\u202ex"])
def test_a_chosen_sheet_that_is_missing_or_empty_is_a_problem(name: str) -> None:
    problem = problem_of(workbook_of(sheet_of([HEADER, ANNA]), sheet_of([])), "Sheet1", name)
    assert (problem.code, problem.params["names"]) == ("sheet_missing", ["Sheet1"])


def test_a_workbook_without_text_is_empty() -> None:
    assert problem_of(workbook_of(sheet_of([]), sheet_of([["", " "]]))).code == "empty"


def test_two_sheets_with_the_same_name_are_rejected() -> None:
    assert problem_of(ods_of(ods_table(ods_row(["a"])), ods_table(ods_row(["b"])))).code == "workbook_unreadable"


# --- A sheet that can't be read ---------------------------------------------------------------------


@pytest.mark.parametrize(("sheet", "code"), [(TOO_WIDE, "workbook_too_big"), (TOO_HEAVY, "workbook_too_heavy")])
def test_the_others_can_still_be_chosen(sheet: str, code: str) -> None:
    data = workbook_of(sheet_of([HEADER, ANNA]), sheet, sheet_of([HEADER, BOB]))
    workbook = opened(data)
    assert names_of(workbook.infos) == ["Sheet1", "Sheet2", "Sheet3"]
    first, second, _ = workbook.infos
    assert (first.rows, first.problem) == (2, None)
    assert second.problem is not None
    assert (second.rows, second.has_addresses, second.problem.code) == (0, True, code)
    # It may have people, so we don't ignore it.
    assert workbook.sheets == ()
    assert read_from(opened(data, "Sheet1", "Sheet3")) == {"Sheet1": [HEADER, ANNA], "Sheet3": [HEADER, BOB]}
    assert problem_of(data, "Sheet1", "Sheet2").code == code


def test_a_sheet_that_may_be_the_only_one_with_people_gives_its_problem() -> None:
    assert problem_of(workbook_of(sheet_of(NOTES), TOO_WIDE)).code == "workbook_too_big"
    assert problem_of(workbook_of(TOO_HEAVY, TOO_HEAVY)).code == "workbook_too_heavy"


def test_a_damaged_sheet_does_not_harm_the_others() -> None:
    data = workbook_of(sheet_of([HEADER, ANNA]), "<sheetData><row r='1'><c t='s'><v>9</v></c></row></wrong>")
    (_, damaged) = opened(data).infos
    assert damaged.problem is not None
    assert damaged.problem.code == "workbook_unreadable"
    assert read_from(opened(data, "Sheet1")) == {"Sheet1": [HEADER, ANNA]}


def test_the_limit_of_text_holds_for_the_chosen_sheets_together() -> None:
    many = [HEADER, *([[*ANNA, "x" * 200]] * 1_000)]
    data, limits = workbook_of(*[sheet_of(many)] * 5), Limits(max_bytes=600_000)
    assert [info.rows for info in opened(data, limits=limits).infos] == [1_001] * 5
    assert len(read_from(opened(data, "Sheet2", "Sheet5", limits=limits))) == 2
    assert problem_of(data, "Sheet1", "Sheet2", "Sheet5", limits=limits).code == "workbook_too_big"


def test_the_limit_of_cells_holds_for_all_sheets_together() -> None:
    data, limits = workbook_of(*[sheet_of([HEADER, ANNA])] * 3), Limits(max_cells=12)
    assert [info.problem is None for info in opened(data, limits=limits).infos] == [True, True, False]
    assert list(read_from(opened(data, "Sheet3", "Sheet1", limits=limits))) == ["Sheet1", "Sheet3"]
    assert problem_of(data, "Sheet1", "Sheet2", "Sheet3", limits=limits).code == "workbook_too_big"


def test_a_thousand_sheets_are_listed() -> None:
    infos = opened(workbook_of(*[sheet_of([HEADER, ANNA])] * 1_000)).infos
    assert len(infos) == 1_000
    assert infos[-1].rows == 2


# --- Other kinds of workbooks -----------------------------------------------------------------------


def test_the_sheets_of_other_workbooks_are_listed_and_chosen_in_the_same_way() -> None:
    tables = [ods_table(*map(ods_row, rows), name=f"Sheet{n}") for n, rows in enumerate(([HEADER, ANNA], [HEADER, BOB]), 1)]  # fmt: skip
    for data, kind, knows in (
        (ods_of(*tables), "ODS", True),
        (xls_of([HEADER, ANNA], [HEADER, BOB]), "XLS", False),
        (workbook_of(sheet_of([HEADER, ANNA]), sheet_of([HEADER, BOB])), "XLSX", True),
    ):
        workbook = opened(data)
        assert (workbook.kind, workbook.knows_hidden_rows, workbook.sheets) == (kind, knows, ())
        assert names_of(workbook.infos) == ["Sheet1", "Sheet2"]
        assert read_from(opened(data, "Sheet2")) == {"Sheet2": [HEADER, BOB]}
        assert read_from(opened(data, "Sheet2", "Sheet1")) == {"Sheet1": [HEADER, ANNA], "Sheet2": [HEADER, BOB]}


def test_hidden_sheets_of_other_workbooks_come_last() -> None:
    style = (
        '<style:style style:name="h" style:family="table"><style:table-properties table:display="false"/></style:style>'
    )
    hidden = ods_table(ods_row(["x"]), name="Sheet1", attributes='table:style-name="h"')
    for data in (
        xls_of([["x"]], [["y"]], hidden=1),
        ods_of(hidden, ods_table(ods_row(["y"]), name="Sheet2"), styles=style),
    ):
        assert [(info.name, info.is_hidden) for info in opened(data).infos] == [("Sheet2", False), ("Sheet1", True)]
