"""What is decided about a file, what is asked, and what an answer changes."""

from __future__ import annotations

import io
from typing import Any

import pytest

from invites.checking import NOT_USED, Check, Decisions, Evidence, ReadingOptions, Report, Row, message_of
from tests.workbooks import ods_of, ods_row, ods_table, sheet_of, workbook_of

pytestmark = pytest.mark.usefixtures("forked_children")

HEADER = ["Email", "First name", "Last name"]
ANNA, BO = ["anna@company.com", "Anna", "Berg"], ["bo@company.com", "Bo", "Yu"]
TABLE = sheet_of([HEADER, ANNA])
HIDDEN_ROW = TABLE.replace('<row r="2"', '<row hidden="1" r="2"')


def read(data: str | bytes, *, languages: tuple[str, ...] = (), **options: Any) -> tuple[Report, list[Row]]:
    check = Check(
        io.BytesIO(data.encode() if isinstance(data, str) else data),
        options=ReadingOptions(**options),
        evidence=Evidence(languages=languages),
    )
    rows = [row for block in check.blocks() for row in block]
    return check.report, rows


def asked(data: str | bytes, **options: Any) -> Decisions:
    report, rows = read(data, **options)
    assert report.decisions is not None, (report.verdict, report.problems)
    assert rows == []
    return report.decisions


def people(data: str | bytes, **options: Any) -> list[str]:
    report, rows = read(data, **options)
    assert report.verdict == "ok", (report.problems, report.decisions)
    return [" ".join(row.values).strip() for row in rows]


# --- Sheets and hidden rows --------------------------------------------------------------------------


def test_a_sheet_without_addresses_is_not_asked_about_and_named() -> None:
    workbook = workbook_of(sheet_of([["How to use this file"]]), sheet_of([HEADER, ANNA]))
    report, rows = read(workbook)
    assert (report.verdict, [row.values.email for row in rows]) == ("ok", ["anna@company.com"])
    assert [notice.code for notice in report.warnings] == ["other_sheets"]


def test_two_sheets_with_people_are_asked_about() -> None:
    workbook = workbook_of(sheet_of([HEADER, ANNA]), sheet_of([HEADER, BO, ["c@company.com", "Cy", "Dee"]]))
    assert asked(workbook).open == {"sheet"}
    assert people(workbook, sheets=("Sheet1",)) == ["anna@company.com Anna Berg"]
    assert people(workbook, sheets=("Sheet2", "Sheet1"))[:2] == ["anna@company.com Anna Berg", "bo@company.com Bo Yu"]


def test_a_hidden_sheet_with_people_is_never_ignored() -> None:
    workbook = workbook_of(sheet_of([HEADER, BO]), sheet_of([HEADER, ANNA]), hidden=1)
    decisions = asked(workbook)
    assert decisions.open == {"sheet"}
    assert decisions.sheets == ("Sheet2",)
    assert people(workbook, sheets=("Sheet2",)) == ["anna@company.com Anna Berg"]


def test_the_only_sheet_with_people_may_be_hidden() -> None:
    assert people(workbook_of(TABLE, sheet_of([["A note"]]), hidden=1)) == ["anna@company.com Anna Berg"]


def test_the_columns_of_the_sheets_may_be_in_another_order_and_place() -> None:
    other = sheet_of([["Team Lyon"], [], ["Last name", "Team", "Email", "First name"], ["Yu", "Lyon", BO[0], "Bo"]])
    workbook = workbook_of(sheet_of([HEADER, ANNA]), other)
    for sheets in (("Sheet1", "Sheet2"), ("Sheet2", "Sheet1")):
        found = people(workbook, sheets=sheets)
        assert sorted(found) == ["anna@company.com Anna Berg", "bo@company.com Bo Yu"]


def test_sheets_with_other_columns_are_not_read_together() -> None:
    workbook = workbook_of(sheet_of([HEADER, ANNA]), sheet_of([["Courriel", "Prénom", "Nom"], BO]))
    report, _ = read(workbook, sheets=("Sheet1", "Sheet2"))
    assert (report.verdict, report.problems[0].code) == ("rejected", "other_columns_in_sheet")


# Sheets in which the names of the columns don't say which of them is used.
@pytest.mark.parametrize(
    ("names", "order"),
    [(["Name", "Name", "Mail"], (0, 1, 2)), (["Name", "", "Mail"], (0, 1, 2)), (["Mail", "Name"], (1, 2, 0))],
    ids=["same names", "no name", "beyond the names"],
)
def test_sheets_with_the_same_column_names_are_read_alike(names: list[str], order: tuple[int, ...]) -> None:
    def sheet(person: list[str]) -> str:
        cells = ["", "", ""]
        for place, cell in zip(order, (person[1], person[2], person[0]), strict=True):
            cells[place] = cell
        return sheet_of([names, cells])

    columns = dict(zip(("first_name", "last_name", "email"), order, strict=True))
    workbook = workbook_of(sheet(ANNA), sheet(BO))
    found = people(workbook, sheets=("Sheet1", "Sheet2"), header_row=1, columns=columns)
    assert found == ["anna@company.com Anna Berg", "bo@company.com Bo Yu"]


def test_columns_with_the_same_name_keep_their_order_in_another_sheet() -> None:
    columns = {"first_name": 0, "last_name": 1, "email": 2}
    other = sheet_of([["Mail", "Team", "Name", "Name"], [BO[0], "Lyon", "Bo", "Yu"]])
    workbook = workbook_of(sheet_of([["Name", "Name", "Mail"], ["Anna", "Berg", ANNA[0]]]), other)
    found = people(workbook, sheets=("Sheet1", "Sheet2"), header_row=1, columns=columns)
    assert found == ["anna@company.com Anna Berg", "bo@company.com Bo Yu"]


@pytest.mark.parametrize(
    "rows",
    [[BO, HEADER, ANNA], [["Email", "E-mail", "First name", "Last name"], ["private@company.com", *BO]]],
    ids=["a person above the names", "two columns for one thing"],
)
def test_a_sheet_whose_columns_are_in_doubt_is_not_read_with_another(rows: list[list[str]]) -> None:
    report, _ = read(workbook_of(TABLE, sheet_of(rows)), sheets=("Sheet1", "Sheet2"))
    assert (report.verdict, report.problems[0].code) == ("rejected", "other_columns_in_sheet")


def test_rows_above_the_column_names_are_reported_for_each_sheet() -> None:
    report, _ = read(workbook_of(TABLE, sheet_of([["Team Lyon"], HEADER, BO])), sheets=("Sheet1", "Sheet2"))
    assert [(notice.code, notice.value) for notice in report.warnings] == [("rows_above", "Team Lyon")]


def test_an_unknown_sheet_is_named_with_those_that_exist() -> None:
    report, _ = read(workbook_of(TABLE), sheets=("Crew",))
    assert (report.verdict, report.problems[0].code) == ("rejected", "sheet_missing")


def test_a_text_has_no_sheets_to_choose() -> None:
    assert people("Email,First name,Last name\nanna@company.com,Anna,Berg\n", sheets=("Crew",))


def test_hidden_rows_are_asked_about() -> None:
    sheet = sheet_of([HEADER, ANNA, BO]).replace('<row r="3"', '<row hidden="1" r="3"')
    workbook = workbook_of(sheet)
    decisions = asked(workbook)
    assert decisions.open == {"hidden_rows"}
    assert (decisions.hidden_count, decisions.hidden_rows) == (1, "exclude")
    assert people(workbook, hidden_rows="exclude") == ["anna@company.com Anna Berg"]
    assert people(workbook, hidden_rows="include") == ["anna@company.com Anna Berg", "bo@company.com Bo Yu"]


def test_filtered_rows_of_an_ods_file_are_asked_about() -> None:
    rows = [ods_row(HEADER), ods_row(ANNA), ods_row(BO, 'table:visibility="filter"')]
    workbook = ods_of(ods_table(*rows))
    assert asked(workbook).open == {"hidden_rows"}
    assert people(workbook, hidden_rows="exclude") == ["anna@company.com Anna Berg"]


def test_rows_keep_their_numbers_when_hidden_ones_are_excluded() -> None:
    sheet = sheet_of([HEADER, ANNA, BO]).replace('<row r="2"', '<row hidden="1" r="2"')
    _, rows = read(workbook_of(sheet), hidden_rows="exclude")
    assert [row.number for row in rows] == [3]


def test_hidden_column_names_are_still_read() -> None:
    sheet = sheet_of([HEADER, ANNA]).replace('<row r="1"', '<row hidden="1" r="1"')
    assert people(workbook_of(sheet), hidden_rows="exclude") == ["anna@company.com Anna Berg"]


# --- Column names ------------------------------------------------------------------------------------


def test_a_row_of_column_names_can_be_chosen() -> None:
    text = "Crew,2026,x\nEmail,First name,Last name\nanna@company.com,Anna,Berg\n"
    assert asked(text).open == {"header_row"}
    assert asked(text).header_row == 2
    assert people(text, header_row=2) == ["anna@company.com Anna Berg"]


def test_a_file_can_be_without_column_names() -> None:
    text = "Anna,Berg,anna@company.com\nBo,Yu,bo@company.com\n"
    found = people(text, header_row=0, columns={"email": "C", "first_name": "A", "last_name": "B"})
    assert found == ["anna@company.com Anna Berg", "bo@company.com Bo Yu"]


def test_column_names_may_be_below_many_blank_rows() -> None:
    assert people(workbook_of(sheet_of([*[[]] * 30, HEADER, ANNA]))) == ["anna@company.com Anna Berg"]
    decisions = asked("Team\n" + "\n" * 30 + "Email,First name,Last name\nanna@company.com,Anna,Berg\n")
    assert decisions.open == {"header_row"}
    assert (decisions.header_row, decisions.last_header_row) == (32, 33)


def test_a_row_that_is_too_far_down_is_rejected() -> None:
    report, _ = read("Email,First name,Last name\nanna@company.com,Anna,Berg\n", header_row=21)
    assert report.problems[0].code == "header_row_too_far"


def test_no_column_names_and_no_addresses_stay_rejected() -> None:
    assert read("Anna,Berg\nBo,Yu\n")[0].verdict == "rejected"


# --- Columns -----------------------------------------------------------------------------------------


MAIL = "Mail (work),Rufname,Surname\nanna@company.com,Anna,Berg\n"


def test_a_column_is_chosen_by_name_letter_or_index() -> None:
    for email in ("Mail (work)", "mail work", "A", "a", 0):
        columns = {"email": email, "first_name": "Rufname", "last_name": 2}
        assert people(MAIL, columns=columns) == ["anna@company.com Anna Berg"]


def test_what_is_not_chosen_is_still_asked_with_its_suggestion() -> None:
    decisions = asked(MAIL, columns={"email": "A"})
    assert decisions.open == {"columns"}
    assert decisions.columns[0][1:] == ("email", "chosen")
    assert [column.key for column in decisions.columns][2] == "last_name"


def test_columns_with_their_usual_names_need_not_be_chosen() -> None:
    assert people("Mail,Vorname,Given\nanna@company.com,Anna,Berg\n", columns={"last_name": "Given"}) == [
        "anna@company.com Anna Berg"
    ]


def test_a_column_that_is_only_suggested_is_never_used_in_silence() -> None:
    text = "Email,Given name\nanna@company.com,Anna\n"
    assert asked(text, not_in_file=("last_name",)).open == {"columns"}


def test_a_required_name_can_be_missing() -> None:
    report, rows = read("Email,First name\nanna@company.com,Anna\n", not_in_file=("last_name",))
    assert report.verdict == "problems"
    assert [problem.code for row in rows for problem in row.problems] == ["last_name_needed"]


def test_a_file_without_names_can_have_descriptions_of_several_lines() -> None:
    text = 'Email,Description\nanna@company.com,"Write to:\nbo@company.com"\n'
    report, rows = read(text, not_in_file=("first_name", "last_name"))
    assert (report.verdict, len(rows)) == ("problems", 1)
    swallowed = 'Email,Description\nanna@company.com,"Anna\nbo@company.com,"Bo"\n'
    report, rows = read(swallowed, not_in_file=("first_name", "last_name"))
    assert (report.problems[0].code, len(rows)) == ("broken_quote", 2)


def test_a_chosen_name_replaces_the_usual_one() -> None:
    text = "Email,First name,Last name,Called\nanna@company.com,Anna Maria,Berg,Anna\n"
    assert people(text, columns={"first_name": "Called"}) == ["anna@company.com Anna Berg"]


def test_a_full_name_replaces_first_and_last_name() -> None:
    text = "Email,First name,Last name,Full\nanna@company.com,x,y,Anna Berg\n"
    assert people(text, columns={"full_name": "Full"}, name_order="first-last") == ["anna@company.com Anna Berg"]


def test_a_description_can_be_left_unused() -> None:
    text = "Email,First name,Last name,Description\nanna@company.com,Anna,Berg,Night shift\n"
    assert people(text, columns={"description": NOT_USED}) == ["anna@company.com Anna Berg"]


@pytest.mark.parametrize("column", ["Nobody", "D", "ZZ", 3, 700])
def test_a_column_that_does_not_exist_is_a_problem(column: int | str) -> None:
    report, _ = read(MAIL, columns={"email": column})
    assert (report.verdict, report.problems[0].code) == ("rejected", "column_not_found")


def test_a_name_that_two_columns_have_is_a_problem_and_their_letters_are_not() -> None:
    text = "Mail,Mail,First name,Last name\nanna@company.com,anna@home.example,Anna,Berg\n"
    assert asked(text).open == {"columns"}
    assert read(text, columns={"email": "Mail"})[0].problems[0].code == "double_column"
    assert people(text, columns={"email": "B"}) == ["anna@home.example Anna Berg"]


def test_a_name_without_letters_is_still_a_name() -> None:
    text = "#,@,First name,Last name\n1,anna@company.com,Anna,Berg\n"
    assert people(text, columns={"email": "@"}) == ["anna@company.com Anna Berg"]


# --- Full names --------------------------------------------------------------------------------------


def test_the_order_of_full_names_is_asked_and_changes_them() -> None:
    text = "Email,Full name\np@company.com,Hegedűs Péter\n"
    columns = {"full_name": "Full name"}
    assert asked(text, columns=columns).open == {"name_order"}
    assert people(text, columns=columns, name_order="first-last") == ["p@company.com Hegedűs Péter"]
    assert people(text, columns=columns, name_order="last-first") == ["p@company.com Péter Hegedűs"]


def test_hungarians_write_the_last_name_first() -> None:
    text = "Email,Full name\np@company.com,Hegedűs Péter\n"
    report, _ = read(text, languages=("hu",))
    assert report.decisions is not None
    assert report.decisions.name_order == "last-first"


def test_names_with_commas_need_no_order() -> None:
    text = 'Email,Full name\np@company.com,"Hegedűs, Péter"\n'
    assert people(text, columns={"full_name": "Full name"}) == ["p@company.com Péter Hegedűs"]


@pytest.mark.parametrize("name", ["Davis Sammy, Jr.", "Davis Sammy"])
def test_a_later_name_without_such_a_comma_is_a_problem(name: str) -> None:
    text = "Email,Full name\n" + 'p@company.com,"Hegedűs, Péter"\n' * 30 + f'd@company.com,"{name}"\n'
    report, _ = read(text, columns={"full_name": "Full name"})
    assert [(problem.code, problem.row) for problem in report.problems] == [("unsure_full_name", 32)]


def test_a_first_name_that_is_wrong_has_only_its_own_problem() -> None:
    text = "Email,Full name\nm@company.com,Maria Elena\x07 Rossi\n"
    report, _ = read(text, columns={"full_name": "B"}, name_order="first-last")
    assert [problem.suggestion for problem in report.problems if problem.code == "unsure_full_name"] == []
    assert report.verdict == "problems"


def test_invisible_characters_of_a_full_name_are_made_visible() -> None:
    text = f"Email,Full name\nm@company.com,Maria Elena Ro\u202essi\nn@company.com,Maria Elena Ross{'i' * 500}\n"
    report, _ = read(text, columns={"full_name": "B"}, name_order="first-last")
    messages = [message_of(problem) for problem in report.problems]
    assert all("\u202e" not in message and len(message) < 300 for message in messages)


# --- Text --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Staff, 2026\nNév;Cím;E-mail\nNagy Éva;Pest, Fő u;eva@company.com\nKis Pál;Pest, Ó u;pal@company.com\n",
        "Staff, 2026\nEmail;First name;Last name\nanna@company.com;Anna, Eva;Berg\nbo@company.com;Bo, Li;Yu\n",
        "Berg, Anna;anna@company.com\nYu, Bo;bo@company.com\n",
        "Berg;1,5;anna@company.com\nYu;2,5;bo@company.com\n",
    ],
    ids=["a title", "a title above our names", "names with commas", "decimal commas"],
)
def test_commas_in_cells_and_titles_are_no_delimiters(text: str) -> None:
    decisions = asked(text)
    assert not any("@" in cell and ";" in cell for row in decisions.table.top for cell in row.cells)
    assert "email" in decisions.positions


def test_a_delimiter_can_be_chosen() -> None:
    text = "Email;First name;Last name\nanna@company.com;Anna;Berg\n"
    assert people(text) == people(text, delimiter=";")
    assert read(text, delimiter=",")[0].verdict != "ok"


def test_an_encoding_can_be_chosen() -> None:
    data = "Email,First name,Last name\np@company.com,Péter,Hegedűs\n".encode("cp1250")
    assert asked(data).open == {"encoding"}
    assert people(data, encoding="cp1250") == ["p@company.com Péter Hegedűs"]
    assert people(data, encoding="cp1252") == ["p@company.com Péter Hegedûs"]


def test_a_quote_that_is_never_closed_is_a_problem_in_a_file_whose_encoding_is_only_likely() -> None:
    people_of_paris = "".join(f"p{n}@company.com,Hélène,Lefèvre\n" for n in range(9)) + "z@company.com,Zoé,Noël\n"
    data = f"Email,First name,Last name\n{people_of_paris}".encode("cp1252")
    assert read(data)[0].example_names == ("Hélène Lefèvre", "Zoé Noël")
    report, _ = read(data + b'q@company.com,"Quentin,Roy\n')
    assert [(problem.code, problem.row) for problem in report.problems] == [("broken_quote", 12)]


def test_an_encoding_in_which_the_file_cannot_be_is_a_problem() -> None:
    data = "Email,First name,Last name\np@company.com,Péter,Hegedűs\n".encode("cp1250")
    assert read(data, encoding="utf-8")[0].verdict == "rejected"


# --- All of it ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        MAIL,
        "Crew\n\nMail,Rufname,Surname\nanna@company.com,Anna,Berg\n",
        "Anna Berg;anna.berg@company.com\nBo Yu;bo.yu@company.com\n",
        "Email,Full name\np@company.com,Hegedűs Péter\n",
        "Email,First name,Last name\np@company.com,Péter,Hegedűs\n".encode("cp1250"),
        workbook_of(sheet_of([HEADER, ANNA]), HIDDEN_ROW),
        workbook_of(HIDDEN_ROW, sheet_of([["Crew"], ["Mail", "Full name"], ["bo@company.com", "Bo Yu"]])),
    ],
)
def test_accepting_what_is_suggested_leaves_nothing_open(data: str | bytes) -> None:
    options = asked(data).as_options()
    check = Check(io.BytesIO(data.encode() if isinstance(data, str) else data), options=options)
    assert sum(len(block) for block in check.blocks()) > 0
    assert check.report.decisions is None


@pytest.mark.parametrize(
    "options", [{"header_row": 2}, {"sheets": ("A", "B"), "columns": {"email": "Mail", "last_name": 2}}]
)
def test_options_can_be_stored(options: dict[str, Any]) -> None:
    stored = ReadingOptions(**options)
    assert ReadingOptions.from_json(stored.as_json()) == stored
