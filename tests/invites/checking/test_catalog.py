"""The catalog is consistent, its page is up to date, and every code can occur."""

from __future__ import annotations

import io
import re
import string
from collections.abc import Mapping
from itertools import islice, product

import pytest

from config.harness.running import ROOT
from invites.checking import ANY_DOMAIN, CATALOG, AllowedDomains, Check, Limits, ReadingOptions, title_of
from invites.checking.__main__ import as_markdown
from invites.checking.catalog import Cases, Message
from invites.checking.messages import Plural
from tests.cases import for_each
from tests.workbooks import container_of, sheet_of, workbook_of

NO_LIMITS, FIND_OUT = Limits(), ReadingOptions()
pytestmark = pytest.mark.usefixtures("forked_children")

_PAGE = ROOT / "docs" / "problems.md"


def test_the_page_of_problems_matches_the_catalog() -> None:
    assert _PAGE.read_text(encoding="utf-8") == as_markdown(), "python -m invites.checking > docs/problems.md"


def sentences(message: Message | Cases) -> list[str]:
    """The sentence in all its cases and forms."""
    if isinstance(message, Mapping):
        return [sentence for case in message.values() for sentence in sentences(case)]
    return [message] if isinstance(message, str) else [message.singular, message.plural]


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@for_each("code", CATALOG)
def test_titles_messages_and_hints_have_one_style(code: str) -> None:
    kind = CATALOG[code]
    assert kind.code == code
    assert 3 < len(kind.title) <= 40
    for message in (kind.title, *sentences(kind.message)):
        assert not re.search(r"[.!]$", message)
    for hint in sentences(kind.hint):
        assert hint.endswith(".")
    for sentence in (*sentences(kind.message), *sentences(kind.hint)):
        assert not re.search(r"\b(please|invalid|error|oops|successfully)\b|!", sentence, re.IGNORECASE)


@for_each("code", CATALOG)
def test_both_forms_of_a_plural_have_the_same_placeholders(code: str) -> None:
    kind = CATALOG[code]
    for message in (kind.message, kind.hint):
        for case in message.values() if isinstance(message, Mapping) else [message]:
            if isinstance(case, Plural):
                assert placeholders(case.singular) == placeholders(case.plural)
                assert case.number in placeholders(case.plural) | {"count"}


def test_titles_are_unique() -> None:
    titles = [kind.title for kind in CATALOG.values()]
    assert len(set(titles)) == len(titles)


def codes_in_the_source() -> set[str]:
    """The codes that the check of a cell names: `CellError("email_needed")` and `needed="…"`."""
    named = r"""\b(?:CellError\(|needed=)\s*"(\w+)\""""
    sources = [path.read_text() for path in (ROOT / "invites" / "checking").rglob("*.py")]
    return {code for source in sources for code in re.findall(named, source)}


def test_every_code_of_a_cell_is_in_the_catalog() -> None:
    assert len(codes_in_the_source()) > 20
    assert codes_in_the_source() <= set(CATALOG)


def test_a_code_that_is_no_longer_in_use_is_its_own_title() -> None:
    assert title_of("email_other") == "Not an address"
    assert title_of("code_of_last_year") == "code_of_last_year"


HEADER, ANNA = ["Email", "First name", "Last name"], ["anna@company.com", "Anna", "Berg"]
ROWS = b"Email,First name,Last name,Description\n%s,Anna,Berg,%s\n"
SHEET = workbook_of(sheet_of([HEADER, ANNA]))
FULL_NAMES = b"Email,Full name\nanna@company.com,Anna Maria Berg\n"
FILTERED = (ROOT / "tests" / "data" / "filtered-rows.xlsx").read_bytes()
HEADINGS = b"Email,First name,Last name\n"
NAMES = [bytes(letters) for letters in islice(product(b"abcdefghij", repeat=4), 1_002)]
# A file and its limits for each code that no file of tests/data has.
EXAMPLES: dict[str, tuple[bytes, Limits]] = {
    "workbook_unreadable": (SHEET[:300], Limits()),
    "workbook_too_big": (SHEET, Limits(max_cells=1)),
    "workbook_too_heavy": (SHEET, Limits(workbook_seconds=0.001)),
    "workbook_locked": (container_of({"EncryptedPackage": b""}), Limits()),
    "numbers_file": (b"PK\x03\x04Index/Document.iwa", Limits()),
    "several_sheets": (workbook_of(sheet_of([HEADER, ANNA]), sheet_of([HEADER, ANNA])), Limits()),
    "cell_without_column": (workbook_of(sheet_of([HEADER, [*ANNA, "a note"]])), Limits()),
    "too_big": (b"Email", Limits(max_bytes=4)),
    "too_many_rows": (ROWS % (b"anna@company.com", b""), Limits(max_rows=0)),
    "shared_address": (HEADINGS + b"".join(b"info@company.com,Ann,%s\n" % name for name in NAMES), Limits()),
    "too_many_lines": (b"\n" * 1_048_577, Limits()),
    "line_too_long": (b"Email" * 100, Limits(max_line=400)),
    "cell_too_long": (ROWS % (b"anna@company.com", b'"%s"' % (b"a\n" * 600_000)), Limits()),
    "unnamed_column": (b"Email,,First name,Last name\nanna@company.com,,Anna,Berg\n", Limits()),
    "email_needed": (ROWS % (b"", b""), Limits()),
    "email_link": (ROWS % (b"mailto:anna@company.com", b""), Limits()),
    "email_with_name": (ROWS % (b"Anna <anna@company.com>", b""), Limits()),
    "email_twice": (ROWS % (b"anna@company.com; bob@company.com", b""), Limits()),
    "email_other": (ROWS % ("\u0301anna@company.com".encode(), b""), Limits()),
    "text_too_long": (ROWS % (b"anna@company.com", b"d" * 1_001), Limits()),
}


# The same for codes that depend on what somebody has decided.
DECIDED: dict[str, tuple[bytes, ReadingOptions]] = {
    "header_row_too_far": (ROWS % (b"anna@company.com", b""), ReadingOptions(header_row=40)),
    "column_not_found": (ROWS % (b"anna@company.com", b""), ReadingOptions(columns={"email": "Mail"})),
    "sheet_missing": (SHEET, ReadingOptions(sheets=("Crew",))),
    "other_columns_in_sheet": (
        workbook_of(sheet_of([HEADER, ANNA]), sheet_of([["Mail", "Name"], ["bob@company.com", "Bob"]])),
        ReadingOptions(sheets=("Sheet1", "Sheet2")),
    ),
    "unsure_name_order": (FULL_NAMES, ReadingOptions(columns={"email": 0, "full_name": 1})),
    "unsure_full_name": (
        FULL_NAMES,
        ReadingOptions(columns={"email": 0, "full_name": 1}, name_order="first-last"),
    ),
    "hidden_rows_included": (FILTERED, ReadingOptions(hidden_rows="include")),
    "hidden_rows_excluded": (FILTERED, ReadingOptions(hidden_rows="exclude")),
    "rows_above": (b"Team\n" + ROWS % (b"anna@company.com", b""), ReadingOptions(header_row=2)),
}


# The same for codes that depend on the domains that an organization allows.
ALLOWED = {
    "email_domain_not_allowed": AllowedDomains(("company.com",)),
    "other_domain": AllowedDomains(("company.com",), only_warns=True),
}


def codes_in(
    data: bytes,
    *,
    limits: Limits = NO_LIMITS,
    options: ReadingOptions = FIND_OUT,
    allowed: AllowedDomains = ANY_DOMAIN,
) -> set[str]:
    """The codes that the check reports for a file, or that say what isn't decided."""
    check = Check(io.BytesIO(data), limits=limits, options=options, allowed=allowed)
    for _block in check.blocks():
        pass
    report = check.report
    doubts = [report.decisions.as_problem(), report.decisions.doubt] if report.decisions else []
    return (
        {problem.code for problem in doubts if problem}
        | {problem.code for problem in report.problems}
        | {notice.code for notice in (*report.warnings, *report.duplicates)}
    )


@pytest.fixture(scope="module")
def codes_of_test_data() -> set[str]:
    files = [path for path in (ROOT / "tests" / "data").iterdir() if path.suffix != ".toml"]
    return set().union(*(codes_in(path.read_bytes()) for path in files))


@for_each("code", CATALOG)
def test_every_code_can_occur(code: str, codes_of_test_data: set[str]) -> None:
    if code in ALLOWED:
        assert code in codes_in(ROWS % (b"anna@gmail.com", b""), allowed=ALLOWED[code])
    elif code in DECIDED:
        data, options = DECIDED[code]
        assert code in codes_in(data, options=options)
    elif code not in codes_of_test_data:
        assert code in EXAMPLES, "Add a file that gets this code to tests/data, EXAMPLES or DECIDED"
        data, limits = EXAMPLES[code]
        assert code in codes_in(data, limits=limits)
