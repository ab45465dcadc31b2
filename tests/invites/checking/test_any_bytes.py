"""Whatever the bytes, there is a verdict; and a well-formed file gives back exactly its rows."""

from __future__ import annotations

import codecs
import csv
import io
import string
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.files import HEADER
from benchmarks.files import people as invented_people
from invites.checking import Limits, Report, hint_of, message_of
from invites.checking.screening import Screen
from tests.checking import check_bytes, read_rows

_SMALL = Limits(max_bytes=20_000, max_rows=50, max_columns=10, max_cell=500, max_line=2_000)
_PIECES = st.sampled_from(
    [b"Email", b"First name", b"Last name", b",", b";", b"\t", b"|", b'"', b'""', b"\r", b"\n", b"\r\n", b"sep=;", b"@",
     b"anna@company.com", b"Anna", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0", b"\xe9", b"\xc3\xa9", b" ", b"<",
     b"\xe2\x80\x8b", b"{", b"[", b"PK\x03\x04", b"\x1a", b"\x85", b"Email,First name,Last name\r\n", b"a@b.co,A,B\n"]
)  # fmt: skip


def must_be_a_verdict(report: Report) -> None:
    assert report.verdict in ("ok", "problems", "undecided", "rejected")
    assert report.rows == report.valid + report.skipped + report.problem_rows
    assert (report.verdict == "rejected") == (report.rejection is not None)
    assert (report.verdict == "problems") == bool(report.problem_rows)
    assert report.problem_count == sum(report.problems_by_code.values())
    for problem in report.problems:
        assert message_of(problem)
        assert hint_of(problem)
        assert "\0" not in problem.value + message_of(problem)
        assert len(problem.value) <= 640


@given(st.binary(max_size=600))
@settings(max_examples=300)
def test_any_bytes_get_a_verdict(data: bytes) -> None:
    must_be_a_verdict(check_bytes(data, limits=_SMALL))


@pytest.mark.exhaustive
@given(st.lists(_PIECES, max_size=60).map(b"".join))
@settings(max_examples=600)
def test_any_pieces_of_files_get_a_verdict(data: bytes) -> None:
    must_be_a_verdict(check_bytes(data, limits=_SMALL))


@given(st.text(max_size=300), st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "mac_roman"]))
@settings(max_examples=300)
def test_any_cell_gets_a_verdict(text: str, encoding: str) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([["Email", "First name", "Last name", "Description"], ["a@b.com", text, text, text]])
    must_be_a_verdict(check_bytes(file.getvalue().encode(encoding, "replace"), limits=_SMALL))


@dataclass(frozen=True)
class Form:
    """How a spreadsheet writes a file: its encoding, how the report calls it, and what it begins with."""

    codec: str
    encoding: str
    mark: bytes = b""


_FORMS = (
    Form("utf-8", "UTF-8"),
    Form("utf-8", "UTF-8 with BOM", codecs.BOM_UTF8),
    Form("utf-16-le", "UTF-16 LE", codecs.BOM_UTF16_LE),
    Form("utf-16-be", "UTF-16 BE", codecs.BOM_UTF16_BE),
    Form("utf-16-le", "UTF-16 LE"),
    Form("utf-16-be", "UTF-16 BE"),
)
_NAMES = st.sampled_from(
    [
        "Anna",
        "O'Neil",
        "van der Berg",
        "Smith, Jr",
        "a;b",
        "a|b",
        "李",
        "😀",
        "علی\u200cرضا",
        'Robert "Bob" X',
        "Null",
        "Ünal",
        "Иван",
    ]
)
_NOTES = st.one_of(
    st.sampled_from(
        ["Бригада подстанции номер два", "", "Night shift", "one\r\ntwo", "tab\tbed", 'say "yes"', "a,b;c|d", "=1+1"]
    ),
    st.text(string.ascii_letters + " ,;|'", max_size=30).map(str.strip),
)
_PEOPLE = st.lists(st.tuples(_NAMES, _NAMES, _NOTES), min_size=1, max_size=30)


@pytest.mark.exhaustive
@given(
    people=_PEOPLE,
    form=st.sampled_from(_FORMS),
    delimiter=st.sampled_from([(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "pipe")]),
    line_end=st.sampled_from(["\r\n", "\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    order=st.permutations(range(4)),
    says_delimiter=st.booleans(),
)
@settings(max_examples=300)
def test_a_well_formed_file_gives_back_exactly_its_rows(
    people: list[tuple[str, str, str]],
    form: Form,
    delimiter: tuple[str, str],
    line_end: str,
    quoting: int,
    order: list[int],
    says_delimiter: bool,
) -> None:
    rows = [(f"person{number}@company.com", *person) for number, person in enumerate(people)]
    file = io.StringIO(newline="")
    if says_delimiter:
        file.write(f"sep={delimiter[0]}{line_end}")
    writer = csv.writer(file, delimiter=delimiter[0], lineterminator=line_end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerows([row[place] for place in order] for row in (HEADER, *rows))
    report, found = read_rows(form.mark + file.getvalue().encode(form.codec))
    assert report.verdict == "ok", report.problems
    assert (report.encoding, report.delimiter) == (form.encoding, delimiter[1])
    assert [row.values[:4] for row in found] == rows
    assert [row.number for row in found] == list(range(2, len(rows) + 2))


_FRENCH = st.sampled_from(["Hélène", "François", "Loïc", "Zoé", "Lefèvre", "Côté", "D’Œuvre", "Anna", "Noël", "Müller"])


@pytest.mark.exhaustive
@given(
    more=st.lists(st.tuples(_FRENCH, _FRENCH), max_size=10),
    line_end=st.sampled_from(["\r\n", "\r"]),
)
@settings(max_examples=150)
def test_the_files_of_a_french_excel_give_back_exactly_their_rows(more: list[tuple[str, str]], line_end: str) -> None:
    people = [("Hélène", "Lefèvre"), ("Loïc", "Noël"), *more]
    lines = ["E-mail;Prénom;Nom", *(f"p{number}@company.com;{a};{b}" for number, (a, b) in enumerate(people))]
    report, rows = read_rows(line_end.join(lines).encode("cp1252"))
    assert (report.verdict, report.encoding) == ("ok", "Windows-1252")
    assert [row.values[1:3] for row in rows] == people


@pytest.mark.parametrize("shuffled", [(0, 1, 2, 3), (3, 2, 1, 0)])
def test_screening_changes_nothing_in_the_report(monkeypatch: pytest.MonkeyPatch, shuffled: tuple[int, ...]) -> None:
    file = io.StringIO(newline="")
    rows = [HEADER, *invented_people(3_000, bad=0.3, seed=3)]
    rows += rows[100:200]
    csv.writer(file).writerows([row[place] for place in shuffled] for row in rows)
    data = file.getvalue().encode()
    quick = read_rows(data)
    monkeypatch.setattr(Screen, "flag", lambda screen, columns: {row: [0, 1, 2, 3] for row in range(len(columns[0]))})
    slow = read_rows(data)
    assert quick == slow
    assert quick[0].rows == 3_100
    assert quick[0].skipped > 50


@pytest.mark.exhaustive
def test_a_byte_that_no_encoding_has_is_found_behind_thousands_of_words() -> None:
    beginnings, ends = ("bä", "dö", "fü", "lé", "gà"), string.ascii_lowercase
    words = [f"{start}{a}{b}e{c}" for start in beginnings for a in ends for b in ends for c in "nrstlmdk"]
    lines = [f"p{number}@company.com,{word},{word[::-1]}" for number, word in enumerate(words)]
    whole = "\n".join(["Email,First name,Last name", *lines, ""]).encode("cp1252")
    report = check_bytes(whole + b"last@company.com,Anna\x90,Berg\n")
    assert report.rejection is not None
    assert report.rejection.code == "unreadable"
