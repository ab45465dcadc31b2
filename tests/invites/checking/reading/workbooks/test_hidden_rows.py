"""The rows that the spreadsheet hides, or that a filter hides, are known with their numbers. They are read nevertheless."""

from __future__ import annotations

import io
import zipfile

import pytest

from invites.checking import Limits, Problem
from invites.checking.reading.workbooks.workbook import SheetInfo, Workbook, open_workbook
from tests.workbooks import ods_of, ods_row, ods_table, sheet_of, workbook_of, xls_of

pytestmark = [pytest.mark.exhaustive, pytest.mark.usefixtures("forked_children")]

TEXT = '<c t="inlineStr"><is><t>anna@company.com</t></is></c>'
PREFIX = 'xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def infos(data: bytes) -> tuple[SheetInfo, ...]:
    workbook = open_workbook(io.BytesIO(data), Limits())
    assert isinstance(workbook, Workbook), workbook
    return workbook.infos


def hidden_in(data: bytes) -> tuple[int, ...]:
    (info,) = infos(data)
    return info.hidden_rows


def code_of(data: bytes) -> str:
    problem = open_workbook(io.BytesIO(data), Limits())
    assert isinstance(problem, Problem), problem
    return problem.code


@pytest.mark.parametrize(
    ("rows", "hidden"),
    [
        (f'<row r="1">{TEXT}</row><row r="2" hidden="1">{TEXT}</row><row r="3">{TEXT}</row>', (2,)),
        (f'<row r="4" hidden="true">{TEXT}</row><row hidden="1">{TEXT}</row><row>{TEXT}</row>', (4, 5)),
        (f'<row hidden="1">{TEXT}</row><row hidden="0">{TEXT}</row><row hidden="false">{TEXT}</row>', (1,)),
        (f"<row\n hidden = '1'\tr='7'>{TEXT}</row>", (7,)),
        (f'<row r="2" hidden="1"/><row r="3" hidden="1"><c r="A3"/></row><row r="4">{TEXT}</row>', ()),
        (f'<row r="9" hidden="1">{TEXT}</row><row r="3" hidden="1">{TEXT}</row><row r="5">{TEXT}</row>', (3, 9)),
        (f'<!-- <row r="2" hidden="1"> --><row r="2">{TEXT}</row>', ()),
        (f'<row r="2"><c t="inlineStr"><is><t>hidden="1"</t></is></c></row><row r="3" hidden="1">{TEXT}</row>', (3,)),
        (f'<x:row {PREFIX} r="2" hidden="1">{TEXT}</x:row><row>{TEXT}</row>', (2,)),
        (f'<row r="2" ht="15" customHeight="1" hidden="1" outlineLevel="1" x:hidden="0" {PREFIX}>{TEXT}</row>', (2,)),
        (f'<row r="2" spans="1:1">{TEXT}</row>', ()),
    ],
    ids=[
        "one", "without numbers", "not hidden", "spaces", "without text", "order of rows", "comment", "word in a cell",
        "prefix", "other attributes", "none",
    ],
)  # fmt: skip
def test_hidden_rows_of_an_xlsx_file(rows: str, hidden: tuple[int, ...]) -> None:
    assert hidden_in(workbook_of(f"<sheetData>{rows}</sheetData>")) == hidden


@pytest.mark.parametrize(
    ("rows", "hidden"),
    [
        ([ods_row(["a"]), ods_row(["b"], 'table:visibility="filter"'), ods_row(["c"])], (2,)),
        ([ods_row(["a"], 'table:visibility="collapse"'), ods_row(["b"], 'table:visibility="visible"')], (1,)),
        ([ods_row([], 'table:number-rows-repeated="3"'), ods_row(["a"], 'table:visibility="collapse"')], (4,)),
        ([ods_row(["a"], 'table:number-rows-repeated="3" table:visibility="filter"'), ods_row(["b"])], (1, 2, 3)),
        (
            [
                "<table:table-header-rows>", ods_row(["a"]), "</table:table-header-rows>",
                '<table:table-row-group table:display="false">', "<table:table-row-group>", ods_row(["b"]),
                "</table:table-row-group>", ods_row(["c"]), "</table:table-row-group>",
                "<table:table-row-group>", ods_row(["d"]), "</table:table-row-group>", ods_row(["e"]),
            ],
            (2, 3),
        ),
        (
            [
                "<table:table-row><table:table-cell><table:table table:name='x'>",
                ods_row(["inner"], 'table:visibility="collapse"'), "</table:table></table:table-cell>",
                '<table:table-cell office:value-type="string"><text:p>outer</text:p></table:table-cell></table:table-row>',
                ods_row(["b"], 'table:visibility="collapse"'),
            ],
            (2,),
        ),
        (
            [
                ods_row(["a"]),
                ods_row([], 'table:number-rows-repeated="1048575" table:visibility="collapse"'),
            ],
            (),
        ),
        ([ods_row(["visibility"]), ods_row(["row-group"])], ()),
    ],
    ids=["filtered", "hidden", "below empty rows", "repeated", "groups", "table in a cell", "without text", "none"],
)  # fmt: skip
def test_hidden_rows_of_an_ods_file(rows: list[str], hidden: tuple[int, ...]) -> None:
    assert hidden_in(ods_of(ods_table(*rows))) == hidden


def test_each_sheet_has_its_own_hidden_rows() -> None:
    row, hidden = f"<row>{TEXT}</row>", f'<row hidden="1">{TEXT}</row>'
    sheets = [f"<sheetData>{rows}</sheetData>" for rows in (row + row, row + hidden, hidden + row + hidden)]
    assert [info.hidden_rows for info in infos(workbook_of(*sheets))] == [(), (2,), (1, 3)]

    tables = (
        ods_table(ods_row(["a"]), ods_row(["b"]), name="A"),
        ods_table(ods_row(["a"]), ods_row(["b"], 'table:visibility="filter"'), name="B &amp; “C”"),
    )
    assert [info.hidden_rows for info in infos(ods_of(*tables))] == [(), (2,)]


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("xl/worksheets/sheet1.xml", "/xl/worksheets/sheet1.xml"),
        ("xl/worksheets/sheet1.xml", "worksheets/sheet1.xml"),
        ("xl\\worksheets\\sheet1.xml", "worksheets/sheet1.xml"),
        ("xl/Worksheets/Sheet1.XML", "worksheets/sheet1.xml"),
        ("xl/people.bin", "people.bin"),
    ],
)
def test_the_part_of_a_sheet_is_found_as_the_library_finds_it(name: str, target: str) -> None:
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"
    relations = (
        f'<Relationships xmlns="{package}"><Relationship Id="rId1" Type="{kind}" Target="{target}"/></Relationships>'
    )
    sheet = f'<sheetData><row hidden="1">{TEXT}</row></sheetData>'
    data = workbook_of(sheet, name=name, more={"xl/_rels/workbook.xml.rels": relations})
    assert hidden_in(data) == (1,)


def test_the_parts_of_a_workbook_may_be_in_any_folder() -> None:
    row = f'<sheetData><row hidden="1">{TEXT}</row></sheetData>'
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook_of(row))) as made, zipfile.ZipFile(file, "w") as moved:
        for name in made.namelist():
            moved.writestr(name.replace("xl/", "Other/"), made.read(name).replace(b"xl/", b"Other/"))
    assert hidden_in(file.getvalue()) == (1,)


def test_a_sheet_is_not_read_if_we_can_not_find_out_which_rows_it_hides() -> None:
    row = f'<sheetData><row hidden="1">{TEXT}</row></sheetData>'
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook_of(row))) as made, zipfile.ZipFile(file, "w") as odd:
        for name in made.namelist():
            # The library keeps a line break in an attribute. A parser of XML reads a space, so another name.
            odd.writestr(name, made.read(name).replace(b'name="Sheet1"', b'name="Sheet\n1"'))
    assert code_of(file.getvalue()) == "workbook_unreadable"


def test_a_hidden_row_is_read_like_any_other() -> None:
    workbook = open_workbook(io.BytesIO(workbook_of(f'<sheetData><row hidden="1">{TEXT}</row></sheetData>')), Limits())
    assert isinstance(workbook, Workbook)
    assert list(workbook.sheets[0].rows()) == [["anna@company.com"]]


def test_hidden_rows_of_an_xls_file_are_unknown() -> None:
    workbook = open_workbook(io.BytesIO(xls_of([["a"], ["b"]])), Limits())
    assert isinstance(workbook, Workbook)
    assert not workbook.knows_hidden_rows
    assert workbook.infos[0].hidden_rows == ()


# --- Hostile and damaged ----------------------------------------------------------------------------

BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def test_entities_are_never_expanded() -> None:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'{BOMB}<worksheet xmlns="{main}"><sheetData><row hidden="1">{TEXT}</row></sheetData></worksheet>'
    assert code_of(workbook_of(sheet_of([["a"]]), more={"xl/worksheets/sheet1.xml": sheet})) == "workbook_unreadable"


def test_xml_that_can_not_be_parsed_is_a_damaged_workbook() -> None:
    assert code_of(workbook_of(f'<sheetData><row hidden="1" hidden="0">{TEXT}</row></sheetData>')) == (
        "workbook_unreadable"
    )


def test_a_file_in_which_every_row_is_hidden_is_read() -> None:
    rows = [f'<row r="{number}" hidden="1"><c r="A{number}"><v>1</v></c></row>' for number in range(1, 200_001)]
    assert len(hidden_in(workbook_of(f"<sheetData>{''.join(rows)}</sheetData>"))) == 200_000
