""".xls and .ods files are read like .xlsx; files that can't be read are named as what they are."""

from __future__ import annotations

import io
import random
import struct
import time
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invites.checking import Limits, Problem, hint_of, message_of
from invites.checking.reading.workbooks.child.archive import _HIDING, _ODD_REPETITION
from invites.checking.reading.workbooks.workbook import Workbook, open_workbook
from tests.checking import check_bytes, read_rows
from tests.growth import grows_too_fast
from tests.workbooks import (
    container_of,
    ods_of,
    ods_row,
    ods_table,
    sheet_of,
    workbook_of,
    xls_of,
)

pytestmark = [pytest.mark.exhaustive, pytest.mark.usefixtures("forked_children")]

HEADER = ["Email", "First name", "Last name", "Description"]
ANNA = ["anna@company.com", "Anna", "Bürg 李 😀", "Night shift"]


def rows_of(data: bytes, limits: Limits | None = None) -> list[list[str]]:
    workbook = open_workbook(io.BytesIO(data), limits or Limits())
    assert isinstance(workbook, Workbook), workbook
    return list(workbook.sheets[0].rows())


def problem_of(data: bytes, limits: Limits | None = None) -> Problem:
    problem = open_workbook(io.BytesIO(data), limits or Limits())
    assert isinstance(problem, Problem), problem
    return problem


@pytest.mark.parametrize(
    ("data", "kind"),
    [(xls_of([[], [], HEADER, ANNA, [], ["bob@", "Bob", "Ray"]]), "XLS"),
     (ods_of(ods_table(ods_row([], 'table:number-rows-repeated="2"'), ods_row(HEADER), ods_row(ANNA), ods_row([]),
                       ods_row(["bob@", "Bob", "Ray"]))), "ODS")],
    ids=["xls", "ods"],
)  # fmt: skip
def test_people_are_read_and_rows_are_numbered_as_the_spreadsheet_does(data: bytes, kind: str) -> None:
    report, rows = read_rows(data)
    assert (report.verdict, report.encoding, report.delimiter, report.valid) == ("problems", kind, "", 1)
    assert tuple(rows[0].values) == tuple(ANNA)
    assert [(problem.row, problem.code) for problem in report.problems] == [(6, "email_no_domain")]


def test_values_of_an_xls_file_are_those_of_an_xlsx_file() -> None:
    values: list[str | float | bool] = ["a", 12.0, 1.5, 44_000.0, 44_000.5, True, False]
    assert rows_of(xls_of([values])) == [["a", "12", "1.5", "2020-06-18", "2020-06-18 12:00:00", "TRUE", "FALSE"]]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('office:value-type="float" office:value="12"', "12"),
        ('office:value-type="float" office:value="1.5"', "1.5"),
        ('office:value-type="percentage" office:value="0.5"', "0.5"),
        ('office:value-type="currency" office:value="3"', "3"),
        ('office:value-type="date" office:date-value="2024-02-29"', "2024-02-29"),
        ('office:value-type="date" office:date-value="2024-02-29T10:20:30"', "2024-02-29 10:20:30"),
        ('office:value-type="time" office:time-value="PT12H30M00S"', "12:30:00"),
        ('office:value-type="boolean" office:boolean-value="true"', "TRUE"),
    ],
)
def test_values_of_an_ods_file_are_those_of_an_xlsx_file(cell: str, value: str) -> None:
    row = f"<table:table-row><table:table-cell {cell}><text:p>as shown</text:p></table:table-cell></table:table-row>"
    assert rows_of(ods_of(ods_table(row))) == [[value]]


def test_text_of_an_ods_file() -> None:
    cells = (
        "<text:p>two</text:p><text:p>lines</text:p>",
        "<text:p>a<text:s/>b <text:span>c</text:span></text:p>",
        "<office:annotation><text:p>a note</text:p></office:annotation><text:p>mail <text:a>a@b.co</text:a></text:p>",
    )
    row = "".join(f'<table:table-cell office:value-type="string">{cell}</table:table-cell>' for cell in cells)
    repeated = '<table:table-cell office:value-type="string" table:number-columns-repeated="2"><text:p>x</text:p></table:table-cell>'
    assert rows_of(ods_of(ods_table(f"<table:table-row>{row}{repeated}</table:table-row>"))) == [
        ["two\nlines", "a b c", "mail a@b.co", "x", "x"]
    ]


# --- What can't be read ------------------------------------------------------------------------------

LOCKED_PART = '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry>'
SMALL_XLS, SMALL_ODS = xls_of([["a"]]), ods_of(ods_table(ods_row(["a"])))


@pytest.mark.parametrize(
    "data",
    [
        container_of({"EncryptionInfo": b"x", "EncryptedPackage": b"x"}),
        xls_of([["a"]], is_locked=True),
        ods_of(more={"META-INF/manifest.xml": f"<manifest:manifest>{LOCKED_PART}</manifest:manifest>"}),
    ],
    ids=["xlsx", "xls", "ods"],
)
def test_a_workbook_with_a_password_is_named_as_such(data: bytes) -> None:
    problem = problem_of(data)
    assert problem.code == "workbook_locked"
    assert "Save a copy without a password" in hint_of(problem)


def test_a_name_in_a_cell_does_not_make_a_workbook_locked() -> None:
    text = "EncryptedPackage\0"
    assert rows_of(xls_of([["a" * 7, text, "WordDocument\0"]])) != []


def archive(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (archive("Index/Document.iwa", "Metadata/Properties.plist"), "This file is an Apple Numbers spreadsheet"),
        (archive("Index.zip", "preview.jpg"), "This file is an Apple Numbers spreadsheet"),
        (archive("[Content_Types].xml", "xl/workbook.bin"), "This file is an Excel binary workbook (.xlsb), not a CSV file"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>', "This file is an Excel XML spreadsheet, not a CSV file"),
        (container_of({"WordDocument": b"x"}), "This file is a Word document, not a CSV file"),
        (container_of({"PowerPoint Document": b"x"}), "This file is a PowerPoint file, not a CSV file"),
        (container_of({"__properties_version1.0": b"x"}), "This workbook can’t be read because it’s damaged"),
        (ods_of(kind="application/vnd.oasis.opendocument.text"), "This file is an OpenDocument file, not a CSV file"),
    ],
    ids=["numbers", "old numbers", "xlsb", "excel xml", "doc", "ppt", "msg", "odt"],
)  # fmt: skip
def test_other_files_are_named_as_what_they_are(data: bytes, message: str) -> None:
    assert message_of(problem_of(data)) == message
    assert hint_of(problem_of(data))


def test_an_archive_of_two_kinds_is_rejected() -> None:
    workbook, sheet = workbook_of(sheet_of([["a"]])), ods_of(ods_table(ods_row(["b"])))
    for first, second in ((workbook, sheet), (sheet, workbook)):
        file = io.BytesIO(first)
        with zipfile.ZipFile(file, "a") as both, zipfile.ZipFile(io.BytesIO(second)) as other:
            for name in other.namelist():
                both.writestr(name, other.read(name))
        assert problem_of(file.getvalue()).code == "workbook_unreadable"


def test_a_workbook_that_contains_a_document_is_a_workbook() -> None:
    start = SMALL_XLS.index("Root Entry".encode("utf-16-le"))
    assert SMALL_XLS[start + 256 : start + 384] == bytes(128)
    entry = bytearray(SMALL_XLS[start + 128 : start + 256])
    entry[:66] = struct.pack("<64sH", "WordDocument\0".encode("utf-16-le"), 26)
    assert rows_of(SMALL_XLS[: start + 256] + bytes(entry) + SMALL_XLS[start + 384 :]) == [["a"]]


# --- Hostile files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([ods_row(["a"], 'table:number-rows-repeated="99999999"')], "workbook_unreadable"),
        ([ods_row(["a"], "table:number-rows-repeated = '18446744073709551615'")], "workbook_unreadable"),
        ([ods_row(["a"]).replace("<table:table-cell ", '<table:table-cell table:number-columns-repeated="12345678" ')], "workbook_unreadable"),
        ([ods_row(["a"]).replace("<table:table-cell ", '<table:table-cell table:number-columns-repeated="1001" ')], "workbook_too_big"),
        ([ods_row(["a"], 'table:number-rows-repeated="1048576"').replace("<table:table-cell ", '<table:table-cell table:number-columns-repeated="16384" ')], "workbook_unreadable"),
        ([ods_row(["a"] * 20, 'table:number-rows-repeated="1048576"')], "workbook_too_heavy"),
    ],
    ids=["many rows", "overflow", "many columns", "a thousand columns", "a full sheet", "twenty columns"],
)  # fmt: skip
def test_repetition_without_end_is_rejected(rows: list[str], code: str) -> None:
    assert problem_of(ods_of(ods_table(*rows)), Limits(workbook_seconds=10)).code == code


def test_a_million_repeated_people_are_too_many() -> None:
    people = ods_row(["a@b.co", "A", "B"], 'table:number-rows-repeated="9999999"')
    report = check_bytes(ods_of(ods_table(ods_row(HEADER), people)), limits=Limits(max_rows=10_000))
    assert report.rejection is not None
    assert report.rejection.code == "too_many_rows"


def test_a_missing_end_tag_is_noticed_before_the_library_looks_for_it_without_end() -> None:
    began = time.monotonic()
    row = "<table:table-row><table:table-cell>"
    assert problem_of(ods_of(f'<table:table table:name="a">{row}')).code == "workbook_unreadable"
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "shape",
    [
        ("hidden", " ", "!"),
        ("", "hidden ", ""),
        ("table:display", " ", "!"),
        ("", "table:", ""),
        ("-repeated", " ", "!"),
        ("", "-repeated=", ""),
        ('-repeated="', "1", '"'),
    ],
)
def test_looking_for_repetition_and_hidden_rows_takes_linear_time(shape: tuple[str, str, str]) -> None:
    patterns = [pattern for _, pattern in _HIDING.values()]

    def search(text: str) -> object:
        return [list(pattern.finditer(text.encode())) for pattern in (*patterns, _ODD_REPETITION)]

    assert not all(grows_too_fast(search, shape) for _ in range(3))


def test_repeated_empty_rows_at_the_end_cost_nothing() -> None:
    end = ods_row([""], 'table:number-rows-repeated="1048574"').replace(
        "<table:table-cell/>", '<table:table-cell table:number-columns-repeated="16384"/>'
    )
    assert rows_of(ods_of(ods_table(ods_row(HEADER), ods_row(ANNA), end))) == [HEADER, ANNA]


def test_a_far_cell_of_an_xls_file_is_rejected() -> None:
    workbook = xls_of([["a"], ["b"]])
    cell = struct.pack("<HHHHH", 0x0204, 11, 1, 0, 0)
    far = struct.pack("<HHHHH", 0x0204, 11, 65_535, 65_535, 0)
    assert workbook.count(cell) == 1
    assert problem_of(workbook.replace(cell, far)).code in ("workbook_too_heavy", "workbook_too_big")


def test_a_chain_of_sectors_that_is_a_circle_is_rejected() -> None:
    workbook = bytearray(xls_of([["a"] * 250] * 250))
    # The table of sectors begins in the first one. The last sector of the stream continues in an earlier one.
    chains = list(struct.unpack_from("<1024I", workbook, 512))
    last = max(place for place, after in enumerate(chains) if after == 0xFFFFFFFE)
    struct.pack_into("<I", workbook, 512 + 4 * last, last - 3)
    found = open_workbook(io.BytesIO(workbook), Limits(workbook_seconds=10))
    assert isinstance(found, Problem)
    assert found.code in ("workbook_too_heavy", "workbook_unreadable")


@pytest.mark.parametrize("whole", [SMALL_XLS, SMALL_ODS], ids=["xls", "ods"])
def test_a_file_that_was_cut_off_gets_a_verdict(whole: bytes) -> None:
    for end in range(8, len(whole), len(whole) // 12):
        found = open_workbook(io.BytesIO(whole[:end]), Limits())
        assert found is None or isinstance(found, (Problem, Workbook))


WHOLE = {
    "xls": xls_of([HEADER, ANNA], [["x", 1.5, True]]),
    "ods": ods_of(ods_table(ods_row(HEADER), ods_row(ANNA, 'table:visibility="filter"'))),
    "xlsx": workbook_of(sheet_of([HEADER, ANNA]).replace('<row r="2"', '<row r="2" hidden="1"')),
}


@pytest.mark.parametrize("kind", WHOLE)
@given(st.data())
@settings(max_examples=30)
def test_a_damaged_workbook_gets_a_verdict(kind: str, data: st.DataObject) -> None:
    whole = bytearray(WHOLE[kind])
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(4, len(whole) - 1))] = data.draw(st.integers(0, 255))
    assert check_bytes(bytes(whole)).verdict in ("ok", "problems", "undecided", "rejected")


def test_damaged_records_of_an_xls_file_get_a_verdict() -> None:
    """Most bytes of the file are filling. Here only those of the tables and the records are changed."""
    whole, source = WHOLE["xls"], random.Random(7)
    used = [place for place, byte in enumerate(whole) if byte]
    for _ in range(70):
        damaged = bytearray(whole)
        for place in source.sample(used, 3):
            damaged[place] = source.choice([0, 1, 127, 128, 255, source.randrange(256)])
        found = open_workbook(io.BytesIO(damaged), Limits())
        assert found is None or isinstance(found, (Problem, Workbook))


@pytest.mark.parametrize("kind", ["ods", "xlsx"])
def test_damaged_xml_gets_a_verdict(kind: str) -> None:
    """Changes to the packed bytes mostly break the archive, so here the XML is changed before it is packed."""
    source = random.Random(7)
    name = "content.xml" if kind == "ods" else "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(io.BytesIO(WHOLE[kind])) as packed:
        parts = {part: packed.read(part) for part in packed.namelist()}
    for _ in range(50):
        damaged = bytearray(parts[name])
        for place in source.sample(range(len(damaged)), 2):
            damaged[place] = source.choice(b"<>\"'/=&;x0 1:")
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as made:
            for part, content in parts.items():
                made.writestr(part, bytes(damaged) if part == name else content)
        found = open_workbook(file, Limits())
        assert isinstance(found, (Problem, Workbook))
