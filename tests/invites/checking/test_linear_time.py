"""No text takes more than linear time: each pattern and each heuristic of the check, on input made to be slow.

The test reads which patterns a module has and how it uses them, so it finds new ones automatically.
"""

from __future__ import annotations

import ast
import csv
import importlib
import inspect
import io
import pkgutil
import random
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from types import ModuleType
from typing import Any

import pytest

import invites.checking
from invites.checking import Check, Limits, RecordFile, open_records, read_pasted, understand
from invites.checking.cells.csv_injection import escape_formula, unescape_formula
from invites.checking.cells.damage import doubt_name, fix_damage
from invites.checking.cells.links import defuse, defuse_header, find_link, find_link_in_prose
from invites.checking.cells.look_alikes import doubt_address, plain_form
from invites.checking.cells.names import check_name, check_text
from invites.checking.cells.spreadsheet_text import is_spreadsheet_error, text_of_formula
from invites.checking.cells.text import is_blank, trim, trim_all, visible
from invites.checking.domain_typos import DomainTypoDetector
from invites.checking.full_names import is_decided_by_commas, names_in_address, split_full_name, suggest_order
from invites.checking.pasting.address_list import find_entries
from invites.checking.reading.columns.column_names import find_meaning
from invites.checking.reading.columns.column_suggestions import suggest_columns
from invites.checking.reading.columns.header import read_header
from invites.checking.reading.columns.header_row import find_header_row
from invites.checking.reading.columns.known_exports import is_preamble, recognize_export
from invites.checking.reading.dialect import find_dialect
from invites.checking.reading.encodings.candidate_encodings import weigh
from invites.checking.reading.encodings.word_sample import WordSample, find_ascii_words
from invites.checking.reading.file_types import name_kind
from invites.checking.reading.quotes import explain_quote, find_rows_in_cell
from tests.cases import for_each
from tests.checking import check_person
from tests.fuzz.target import WORDS
from tests.fuzz.time_target import HEADER as FIRST_LINE
from tests.fuzz.time_target import check_file, take
from tests.growth import Function, Shape, grows_too_fast, least_seconds_of

# What is repeated, and what surrounds it so that a match fails at the last moment.
REPEATED = [
    "a", " ", "\t", "0", "@", ".", "-", "_", "'", '"', "<", ">", "(", "/", ":", ",", ";", "=", "\0", "\r", "\n",
    "é", "\u0301", "a\u0301\u0327", "\u200b", "\u200d", "\xa0", "\ufeff", "例", "。", "．", "evil．com", "\u1100\u1161", "أ", "\ufffd",
    "a@", "@ ", "a.", "a-", "a。", "a ", " a", "<a", "<>", "<a@b.co>", "a@b.co, ", "(at)", " at ", "://", "a://",
    "www.", "mailto:", "xn--a.", "A.b.", '""', '",', '"\n', "\r\n", "a,", "a;b|c\t", "<!---->", "<!--", "sep=,", "Email,",
    "Ã¼", "Ã", "é…”", "√º", "&", "&#39;", "&amp;", "?", "#", '="', "“", "аb",
    "+", "+a", "~", "~{", "~{a", "\\", "%", "=C", "!", "$", "*", "[", "]", "^", "`", "{", "}", "|",
]  # fmt: skip
AROUND = [("", ""), ("x", "y"), ("<", "!")]
SHAPES = [(before, repeated, after) for repeated in REPEATED for before, after in AROUND]


def assert_linear(function: Function) -> None:
    least = least_seconds_of(function)

    def is_suspect(shape: Shape) -> bool:
        return grows_too_fast(function, shape, least=least)

    # What is measured to be slow on a busy machine is measured again.
    assert [shape for shape in SHAPES if all(is_suspect(shape) for _ in range(4))] == []


# --- Every pattern ----------------------------------------------------------------------------------


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(invites.checking.__path__, "invites.checking."):
        if not found.ispkg and not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


@cache
def patterns() -> dict[str, Function]:
    """Each way in which a module uses a pattern of its own or of another module."""
    found: dict[str, Function] = {}
    for module in modules():
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                pattern = getattr(module, node.value.id, None)
                if isinstance(pattern, re.Pattern):
                    name = f"{module.__name__.rpartition('.')[2]}.{node.value.id}.{node.attr}"
                    found[name] = use_of(pattern, node.attr)
    return found


def use_of(pattern: re.Pattern[Any], method: str) -> Function:
    def use(text: str) -> object:
        given: Any = text.encode("utf-8", "replace") if isinstance(pattern.pattern, bytes) else text
        if method in ("sub", "subn"):
            return pattern.sub(given[:0], given)
        found = getattr(pattern, method)(given)
        return sum(1 for _ in found) if method == "finditer" else found

    return use


@pytest.mark.exhaustive
@for_each("name", sorted(patterns()))
def test_every_pattern_takes_linear_time(name: str) -> None:
    assert_linear(patterns()[name])


@pytest.mark.exhaustive
def test_every_pattern_is_a_constant_of_its_module() -> None:
    """A pattern inside a function would escape the test above."""
    inside = []
    for module in modules():
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.FunctionDef):
                calls = [each.func for each in ast.walk(node) if isinstance(each, ast.Call)]
                inside += [
                    f"{module.__name__}.{node.name}"
                    for call in calls
                    if isinstance(call, ast.Attribute)
                    and isinstance(call.value, ast.Name)
                    and call.value.id == "re"
                    and call.attr != "escape"
                ]
    assert inside == []


def test_no_pattern_has_a_possessive_quantifier_or_an_atomic_group() -> None:
    """Python 3.11.2, that of Debian 12, gives wrong results for them."""
    found = {name: use for name, use in patterns().items() if is_possessive(name)}
    assert found == {}


@pytest.mark.parametrize("pattern", ["a++b", "(?:ab)*+", "[a-z]{2,3}+", "x?+", "(?>a)b"])
def test_notices_a_possessive_quantifier(pattern: str) -> None:
    assert is_possessive_text(pattern)
    assert not is_possessive_text(r"[a++]+\++")


def is_possessive(name: str) -> bool:
    module, pattern, _ = name.split(".")
    found = {each.__name__.rpartition(".")[2]: each for each in modules()}[module]
    text = getattr(found, pattern).pattern
    return is_possessive_text(text.decode("latin-1") if isinstance(text, bytes) else text)


def is_possessive_text(pattern: str) -> bool:
    """What is quantified is replaced by one character first: in a set, signs of quantifiers mean themselves."""
    without_sets = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "x", pattern, flags=re.DOTALL)
    return re.search(r"[*+?}]\+|\(\?>", without_sets) is not None


# --- Every heuristic --------------------------------------------------------------------------------


def cell_of_a_file(text: str, *, column: int, rows: int = 1) -> None:
    """A file in which one cell of each row is the text."""
    file = io.StringIO(newline="")
    cells = ["anna@company.com", "Anna", "Berg", "Night shift"]
    cells[column] = text
    csv.writer(file).writerows([["Email", "First name", "Last name", "Description"], *[cells] * rows])
    check_file(file.getvalue())


def many_rows(text: str) -> None:
    """As many rows as there are hundreds of characters, each with the beginning of the text in all of its cells."""
    file = io.StringIO(newline="")
    rows = [[f"{number}{text[:90]}"] * 4 for number in range(len(text) // 100)]
    csv.writer(file).writerows([["Email", "First name", "Last name", "Description"], *rows])
    check_file(file.getvalue())


def cells_of(text: str) -> list[list[str]]:
    """The text as rows of cells: one that has all of it, and those of its lines."""
    return [[text], ["anna@company.com", text], *(line.split(",") for line in text.splitlines())]


def row_of_column_names(text: str) -> None:
    # A second call would find all names in the cache, and so take no time.
    find_meaning.cache_clear()
    find_header_row(list(enumerate(cells_of(text), start=1)))


def undecided_file(text: str) -> None:
    """Check a text as a file, and again as suggested if something has to be decided first."""
    for header in ("", "Email,Full name\n", "Crew\n\nE-mail;Nom complet;Note\n"):
        data = f"{header}anna@company.com,{text}".encode("cp1252", "replace")
        check = Check(io.BytesIO(data))
        list(check.blocks())
        if check.report.decisions:
            list(Check(io.BytesIO(data), options=check.report.decisions.as_options()).blocks())


def records_of(text: str) -> None:
    found = open_records(io.BytesIO(f"Email,First name,Last name\n{text}".encode("utf-8", "replace")), limits=Limits())
    with suppress(csv.Error):
        list(found if isinstance(found, RecordFile) else ())


def in_another_encoding(text: str) -> None:
    for codec in ("cp1252", "mac_roman", "gb18030"):
        words = [
            text.encode(codec, "replace"),
            f"é{text}".encode(codec, "replace"),
            text[::-1].encode(codec, "replace"),
        ]
        sample = WordSample()
        for start in range(0, len(text), 1 << 10):
            sample.add(b" ".join(words)[start : start + (1 << 10)])
        found = sample.finish() or [b"\xe9"]
        weigh(found, find_ascii_words(b" ".join(words)))


def quote(text: str) -> None:
    lines = text.splitlines(keepends=True)
    explain_quote(lines, delimiter=",", row=1, line=1, limits=Limits(), error="")


HEADER = read_header(["Email", "First name", "Last name", "Description"], limits=Limits())
OWN_DOMAINS = DomainTypoDetector({"northwind.example": 100, "company.com": 40})


def broken_rows(text: str) -> None:
    """Rows with a quotation mark that isn't closed, and parts of the text between them."""
    rows = "".join(f'p{number}@company.com,"Anna,Berg,\n{line}\n' for number, line in enumerate(text.split("a")))
    check_file(f"Email,First name,Last name,Description\n{rows}")


HEURISTICS: dict[str, Function] = {
    "email": lambda text: check_person(email=text),
    "email before a domain": lambda text: check_person(email=f"{text}@company.com"),
    "domain": lambda text: check_person(email=f"anna@{text}.com"),
    "name": lambda text: check_name(text, needed="first_name_needed", longest=10**9),
    "description": lambda text: check_text(text, longest=10**9),
    "error or formula of a spreadsheet": lambda text: (is_spreadsheet_error(text), text_of_formula(f'="{text}"')),
    "damaged text": lambda text: (fix_damage(text), doubt_name(text, str), doubt_name(f"{text}?", str)),
    "look-alikes": lambda text: (plain_form(text), doubt_address(f"{text}@company.com")),
    "link": find_link,
    "link in prose": find_link_in_prose,
    "defused link": defuse,
    "defused header": defuse_header,
    "own domain": lambda text: OWN_DOMAINS.correct(f"anna@{text}"),
    "own domains": lambda text: DomainTypoDetector({text: 100, "company.com": 100}).find_typos(),
    "trim": lambda text: (trim(text), trim_all(text), is_blank(text), visible(text), visible(text, limit=10**9)),
    "formula": lambda text: (escape_formula(text), unescape_formula(text)),
    "kind of file": lambda text: name_kind(text.encode("utf-8", "replace")),
    "dialect": lambda text: find_dialect(text.splitlines(keepends=True)),
    "header cell": lambda text: read_header([text], limits=Limits()),
    "header": lambda text: read_header(["Email", "First name", text, *text[:200].split(",")], limits=Limits()),
    "meaning of a column name": find_meaning.__wrapped__,
    "row of column names": row_of_column_names,
    "suggested columns": lambda text: suggest_columns(text[:400].split(","), cells_of(text)),
    "known export": lambda text: (recognize_export([text, *text.split(",")]), is_preamble([text, *text.split(",")])),
    "full name": lambda text: [split_full_name(text, order) for order in ("first-last", "last-first")],
    "full names": lambda text: (is_decided_by_commas([text]), suggest_order([text, *text.split(",")], text, ("hu",))),
    "names in an address": names_in_address,
    "line of addresses": find_entries,
    "pasted text": lambda text: [understand(read_pasted(each)) for each in (text, f"a.b@c.co;{text}", f"\t{text}")],
    "pasted lines": lambda text: understand(
        read_pasted("\n".join(text[at : at + 40] for at in range(0, len(text), 40)))
    ),
    "undecided file": undecided_file,
    "quotes": quote,
    "swallowed rows": lambda text: find_rows_in_cell(["a", text, "b"], delimiter=",", header=HEADER),  # type: ignore[arg-type]
    "records": records_of,
    "broken rows": broken_rows,
    "whole file": check_file,
    "other encodings": in_another_encoding,
    "email in a file": lambda text: cell_of_a_file(text, column=0),
    "name in a file": lambda text: cell_of_a_file(text, column=1),
    "description in a file": lambda text: cell_of_a_file(text, column=3),
    "many rows": many_rows,
}


@pytest.mark.exhaustive
@for_each("name", HEURISTICS)
def test_every_heuristic_takes_linear_time(name: str) -> None:
    assert_linear(HEURISTICS[name])


def compare_all(text: str) -> int:
    """Compare each letter with each that comes later, which takes quadratic time."""
    return sum(letter == text[start] for start in range(len(text)) for letter in text[start:])


def copy_all_ends(text: str) -> None:
    """Quadratic, but fast: copying a character takes far less than a nanosecond."""
    for start in range(len(text)):
        text[start:]


def take_from_the_front(text: str) -> None:
    letters = list(text)
    while letters:
        letters.pop(0)


def look_for_spaces_in_a_file(text: str) -> None:
    check_file(f"{FIRST_LINE}anna@company.com,Anna,Berg,\n")
    re.search(r"\s*x|\s+y", text)


@pytest.mark.exhaustive
def test_notices_what_is_not_linear() -> None:
    assert grows_too_fast(re.compile(r"\s*x|\s+y").search, ("", " ", ""))
    assert grows_too_fast(re.compile(r"\+[A-Za-z0-9+/]*-").search, ("", "+", ""))
    assert grows_too_fast(re.compile(r"[\w.]+@[\w.]+").search, ("", "a.", ""))
    assert grows_too_fast(compare_all, ("", "a", ""))
    assert any(grows_too_fast(copy_all_ends, ("", "a", "")) for _ in range(4))
    assert grows_too_fast(take_from_the_front, ("", "a", ""))
    assert any(grows_too_fast(look_for_spaces_in_a_file, ("", " ", "")) for _ in range(4))
    # Reserving memory on a busy machine can look like it.
    assert not all(grows_too_fast(lambda text: [text[:5] for _ in text], ("", "a", "")) for _ in range(4))


@pytest.mark.exhaustive
@for_each("seed", range(40))
def test_no_repeated_pieces_of_a_file_take_more_than_linear_time(seed: int) -> None:
    dice = random.Random(seed)
    pieces = [dice.choice(WORDS if dice.random() < 0.5 else REPEATED) for _ in range(dice.randrange(3, 9))]
    take(b"\xff".join(piece.encode() for piece in pieces))
