"""A workbook is read whatever it is called, within the same limits; a bomb is refused before it goes off."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invites.checking import Limits, Report, message_of
from invites.checking.reading.workbooks.child.archive import _ODD_POSITION, scan_archive
from invites.checking.reading.workbooks.child.protocol import ChildLimits, WorkbookRejected
from invites.checking.reading.workbooks.workbook import Workbook, open_workbook
from tests.cases import for_each
from tests.checking import check_bytes, read_rows
from tests.growth import grows_too_fast
from tests.workbooks import sheet_of, workbook_of

pytestmark = pytest.mark.usefixtures("forked_children")

HEADER = ["Email", "First name", "Last name", "Description"]
ANNA = ["anna@company.com", "Anna", "Berg", "Night shift"]
LIMITS = ChildLimits(
    memory=1 << 29,
    is_watched=False,
    seconds=30,
    unpacked=1 << 28,
    text=1 << 25,
    cells=8_000_000,
    columns=1_000,
    cell=1_000_000,
    shown_columns=100,
)


def check(data: bytes, *, name: str = "people.xlsx", limits: Limits | None = None) -> Report:
    return check_bytes(data, limits=limits or Limits())


def code_of(report: Report) -> str | None:
    return report.rejection.code if report.rejection else None


def test_reads_the_rows_and_numbers_them_as_the_spreadsheet_does() -> None:
    rows = [[], [], HEADER, ANNA, [], ["bob@", "Bob", "Smith"], ["ANNA@company.com", "anna", "Berg"]]
    report, found = read_rows(workbook_of(sheet_of(rows)))
    assert (report.verdict, report.encoding, report.delimiter) == ("problems", "XLSX", "")
    assert (report.rows, report.valid, report.skipped) == (3, 1, 1)
    assert [(problem.row, problem.line, problem.code) for problem in report.problems] == [(6, 6, "email_no_domain")]
    assert [row.duplicate_of for row in found] == [None, None, 4]


@pytest.mark.parametrize("name", ["people.csv", "people", "people.xlsx.csv", ""])
def test_a_workbook_is_recognized_by_its_content(name: str) -> None:
    report = check(workbook_of(sheet_of([HEADER, ANNA])), name=name)
    assert (report.verdict, report.encoding) == ("ok", "XLSX")


@pytest.mark.parametrize("name", ["people.xlsx", "PEOPLE.XLSX"])
def test_a_csv_file_with_the_name_of_a_workbook_is_read(name: str) -> None:
    report = check(b"Email,First name,Last name\nanna@company.com,Anna,Berg\n", name=name)
    assert (report.verdict, report.encoding) == ("ok", "UTF-8")


def test_a_note_beside_the_table_is_a_problem_of_its_row() -> None:
    report = check(workbook_of(sheet_of([HEADER, [*ANNA, "call her"]])))
    (problem,) = report.problems
    assert (problem.code, problem.row, problem.value) == ("cell_without_column", 2, "call her")


def test_the_same_limits_hold() -> None:
    rows = [HEADER, *([f"p{number}@company.com", "Anna", "Berg"] for number in range(4))]
    data = workbook_of(sheet_of(rows))
    assert check(data, limits=Limits(max_rows=4)).valid == 4
    report = check(data, limits=Limits(max_rows=3))
    assert report.rejection is not None
    assert message_of(report.rejection).startswith("This file has 4 rows, and the limit is 3")
    assert code_of(check(data, limits=Limits(max_bytes=len(data) - 1))) == "too_big"


@pytest.mark.parametrize(("rows", "code"), [([], "empty"), ([HEADER], "no_rows"), ([["Email"]], "missing_column")])
def test_what_is_wrong_with_a_table_is_wrong_with_a_sheet(rows: list[list[str]], code: str) -> None:
    assert code_of(check(workbook_of(sheet_of(rows)))) == code


@pytest.mark.parametrize(("rows", "code"), [([ANNA], "no_header"), ([["Email", "Name"], ANNA], "missing_column")])
def test_what_isnt_certain_in_a_table_isnt_certain_in_a_sheet(rows: list[list[str]], code: str) -> None:
    decisions = check(workbook_of(sheet_of(rows))).decisions
    assert decisions
    assert decisions.doubt
    assert decisions.doubt.code == code


def test_parts_with_a_large_declared_size_are_rejected() -> None:
    data = workbook_of(sheet_of([HEADER, ANNA]), more={"xl/media/large.xml": " " * 3_000_000})
    assert code_of(check(data, limits=Limits(max_bytes=200_000))) == "workbook_too_big"
    assert check(data).verdict == "ok"


def test_parts_larger_than_their_declared_size_are_rejected() -> None:
    data = bytearray(workbook_of(sheet_of([HEADER, ANNA]) + "<!--" + " " * 3_000_000 + "-->"))
    # The size in the archive's directory and in the part's own header, made small.
    for mark, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        start = data.index(mark)
        while start >= 0:
            struct.pack_into("<I", data, start + place, 100)
            start = data.find(mark, start + 4)
    assert code_of(check(bytes(data), limits=Limits(max_bytes=200_000))) == "workbook_unreadable"


def with_rows(more: str) -> bytes:
    """The workbook of Anna, with more rows below her."""
    return workbook_of(sheet_of([HEADER, ANNA]).replace("</sheetData>", f"{more}</sheetData>"))


VALUE = "<v>1</v></c></row>"


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "row",
    [
        f'<row r="{"9" * 20}"><c r="A{"9" * 20}">{VALUE}',
        f'<row r="1048577"><c>{VALUE}',
        f'<row r="4294967299"><c r="A3">{VALUE}',
        f'<row r="3"><c r="A4294967299">{VALUE}',
        f'<row r="3"><c r="XFE3">{VALUE}',
        f'<row r="3"><c r="AAAA3">{VALUE}',
        f'<row r="3"><c r="{"Z" * 40}3">{VALUE}',
        f'<row r="03"><c>{VALUE}',
        f'<row r="3"><c r="A03">{VALUE}',
        f'<row r="0"><c>{VALUE}',
        f'<row r="3"><c r="A3" r="B3">{VALUE}',
        f"<row r='3' r='4'><c>{VALUE}",
        f'<row r="3"><c r="A3"r="A{"9" * 20}">{VALUE}',
        f'<row r="3"><c s=" r=\'A3\'" r="A{"9" * 20}">{VALUE}',
        f'<row r="3"><c s=">" r="A{"9" * 20}">{VALUE}',
        f'<row r="3"><c\n\tr\n=\t"A{"9" * 20}">{VALUE}',
        f'<row r="3"><c {" " * 600_000}r="A{"9" * 20}">{VALUE}',
        f'<row r="3"><{"x" * 600_000}:c r="A{"9" * 20}">{VALUE}',
        f'<row r="3"><:c r="A{"9" * 20}">{VALUE}',
        f'<row r="3"><x:c xmlns:x="x" r="A{"9" * 20}">{VALUE}',
        f'<row r="&#51;"><c>{VALUE}',
        f'<row r="A3"><c>{VALUE}',
        f'<row r="3"><c r="a3">{VALUE}',
        f'<row r="3"><c r=" A3">{VALUE}',
        f'<row r="3"><c r="">{VALUE}',
        f'<row r="3"><c r=A3>{VALUE}',
    ],
    ids=[
        "twenty digits", "beyond the last row", "row that overflows", "cell that overflows", "beyond the last column",
        "four letters", "forty letters", "row with a zero", "cell with a zero", "row 0", "two positions of a cell",
        "two positions of a row", "no blank between them", "a decoy in a value", "a bracket in a value", "lines",
        "many blanks", "long prefix", "empty prefix", "prefix", "entity", "row with a letter", "small letter",
        "blank in a position", "empty position", "no quotation marks",
    ],
)  # fmt: skip
def test_an_odd_position_is_rejected_before_the_library_reads_it(row: str) -> None:
    workbook = with_rows(row)
    with pytest.raises(WorkbookRejected, match="workbook_unreadable"):
        scan_archive(io.BytesIO(workbook), "xlsx", LIMITS)
    assert code_of(check(workbook)) == "workbook_unreadable"


@for_each(
    "shape",
    [
        ("<c", " ", "!"),
        ("<c", ' s="1"', "!"),
        ('<c r="A1"', ' s="1"', "!"),
        ("<c", "  s = '1'", "!"),
        ("<row", " r", "=!"),
        ("<row ", "a", "!"),
        ('<row r="1"', ' spans="1:4"', "!"),
        ('<c s="', ">", "!"),
        ("<", "x:", "c !"),
        ("<", "x", ":c !"),
        ("", "<c ", ""),
        ("", '<row r="1"', ""),
        ("", '<c r="A', ""),
        ('<c r="', "A", '1"/>'),
        ('<c r="A', "1", '"/>'),
    ],
)
def test_looking_for_odd_positions_takes_linear_time(shape: tuple[str, str, str]) -> None:
    def search(text: str) -> object:
        return list(_ODD_POSITION.finditer(text.encode()))

    assert not all(grows_too_fast(search, shape) for _ in range(3))


@pytest.mark.parametrize(
    "row",
    [
        "<row><c><v>1</v></c></row>",
        "<row r='3'><c r='A3'><v>1</v></c></row>",
        '<row spans="1:2" r="3" ht="1"><c s="0" r="A3" t="n"><v>1</v></c></row>',
        '<row\n r = "3"\t><c\n\tr\n=\t"A3" ><v>1</v></c ></row >',
        '<x:row xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main" r="3"><x:c r="A3"><x:v>1</x:v></x:c></x:row>',
        '<row r="3" customFormat="1" x:rr="0"><c r="A3" s="0"/><c r="B3" ph=">"><v>1</v></c></row>',
        '<row r="3"><!-- a comment --><c r="A3"><v>1</v></c></row>',
        '<row r="3"><c r="A3" t="inlineStr"><is><t>a note: r="x" > c r= "A0"</t></is></c></row>',
        '<row r="2000"/><row r="3"><c r="A3"><v>1</v></c></row>',
    ],
    ids=[
        "no positions",
        "quotes",
        "order",
        "lines",
        "prefix",
        "empty cells",
        "comment",
        "text like a tag",
        "order of rows",
    ],
)
def test_a_position_may_be_written_in_any_way_that_xml_allows(row: str) -> None:
    report = check(with_rows(row))
    assert (report.verdict, report.rows, report.not_people_numbers) == ("ok", 2, [3])


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (f'<row r="1048576"><c r="XFD1048576">{VALUE}', "workbook_too_heavy"),
        (f'<row r="3"><c r="XFD3">{VALUE}', "workbook_too_big"),
        (f"<row>{'<c><v>1</v></c>' * 3_000}</row>{f'<row><c>{VALUE}' * 2_000}", "workbook_too_big"),
        (f'<row r="200000"><c r="ZZ200000">{VALUE}', "workbook_too_heavy"),
    ],
    ids=["the last cell", "the last column", "no positions", "hundreds of columns"],
)
def test_a_sheet_that_is_too_large_is_rejected(row: str, code: str) -> None:
    assert code_of(check(with_rows(row))) == code


@pytest.mark.parametrize("name", ["xl/people.xml", "people.bin", "xl/media/image1.png"])
def test_the_sheet_is_checked_whatever_its_name_is(name: str) -> None:
    sheet = sheet_of([HEADER, ANNA])
    assert check(workbook_of(sheet, name=name)).valid == 1
    odd = sheet.replace("</sheetData>", f'<row r="3"><c r="A03">{VALUE}</sheetData>')
    assert code_of(check(workbook_of(odd, name=name))) == "workbook_unreadable"


def test_zero_bytes_in_a_sheet_are_rejected() -> None:
    assert code_of(check(workbook_of(sheet_of([HEADER, [ANNA[0], "An\0na", "Berg"]])))) == "workbook_unreadable"


def test_a_picture_may_hold_any_bytes() -> None:
    picture = "\x89PNG\r\n" + '<row r="0"><c r="A0"/>'
    assert check(workbook_of(sheet_of([HEADER, ANNA]), more={"xl/media/image1.png": picture})).valid == 1


def test_an_archive_with_two_directories_is_rejected() -> None:
    file = io.BytesIO(workbook_of(sheet_of([HEADER, ANNA])))
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = b"PK\x05\x06" + bytes(18)
    assert code_of(check(file.getvalue())) == "workbook_unreadable"


@pytest.mark.exhaustive
def test_a_sheet_of_a_million_blank_rows_ends_with_its_last_person() -> None:
    sheet = sheet_of([HEADER, ANNA]).replace(
        "</sheetData>", '<row r="1048576"><c r="A1048576" t="inlineStr"><is><t> </t></is></c></row></sheetData>'
    )
    opened = open_workbook(io.BytesIO(workbook_of(sheet)), Limits())
    assert isinstance(opened, Workbook)
    assert [len(row) for row in opened.sheets[0].rows()] == [4, 4]


def test_cells_come_back_as_they_are_and_any_number_of_times() -> None:
    rows = [
        HEADER,
        ["a,b", 'say "hi"', "two\nlines", "; | \t '"],
        [],
        ["\u00a0", "Anna", "春子 🙂 e\u0301", '"'],
        ["=1+1", "&lt;", "0012", "x" * 100_000],
        ["", "", "", "last"],
    ]
    opened = open_workbook(io.BytesIO(workbook_of(sheet_of(rows))), Limits())
    assert isinstance(opened, Workbook)
    for _ in range(2):
        assert list(opened.sheets[0].rows()) == rows


def test_values_come_as_a_spreadsheet_shows_them() -> None:
    values = '<c><v>12</v></c><c><v>1.5</v></c><c t="b"><v>1</v></c><c t="d"><v>2024-02-29</v></c>'
    opened = open_workbook(io.BytesIO(workbook_of(f"<sheetData><row>{values}</row></sheetData>")), Limits())
    assert isinstance(opened, Workbook)
    assert list(opened.sheets[0].rows()) == [["12", "1.5", "TRUE", "2024-02-29"]]


def test_a_note_far_from_the_table_is_noticed_once() -> None:
    report = check(workbook_of(sheet_of([HEADER, ANNA, ["", "", "", "", "", "call Anna"]])))
    assert (report.verdict, report.rows, report.problems) == ("ok", 1, [])
    assert [(notice.code, notice.params["count"]) for notice in report.warnings] == [("notes_beside", 1)]


def test_another_archive_is_recognized() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("people.csv", "Email\n")
    assert code_of(check(file.getvalue())) == "other_kind"


def test_an_archive_is_recognized_by_the_names_at_its_end() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("preview.jpg", bytes(100_000))
        archive.writestr("Index/Document.iwa", "")
    assert code_of(check(file.getvalue())) == "numbers_file"


@pytest.mark.exhaustive
@given(st.data())
@settings(max_examples=60)
def test_a_damaged_workbook_gets_a_verdict(data: st.DataObject) -> None:
    whole = bytearray(workbook_of(sheet_of([HEADER, ANNA])))
    for _ in range(data.draw(st.integers(0, 6))):
        whole[data.draw(st.integers(4, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(40, len(whole)))
    assert check(bytes(whole[:cut])).verdict in ("ok", "problems", "undecided", "rejected")
