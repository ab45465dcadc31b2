"""Pages, emails and documents use one word for each thing, and none of the retired ones."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cases import for_each
from tests.catalogs import texts

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.*"))
DOCUMENTS = sorted([*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md")])

RETIRED = re.compile(
    r"\b(mend\w*|slips?|withdr(?:aw|ew)\w*|(?:tak(?:e|es|en|ing)|took) back|(?:leav(?:e|es|ing)|left) out|"
    r"put(?:s|ting)? back|lapsed|lest|whoever)\b",
    re.IGNORECASE,
)
# Code and documents for developers say batch, because import is a keyword. Pages say import, and results.
RETIRED_ON_PAGES = re.compile(rf"{RETIRED.pattern}|\b(batch(?:es)?|ledger)\b", re.IGNORECASE)

# HTML and values, whose quotation marks are code.
MARKUP = re.compile(r"<[^>]*>|\{[^}]*\}|%\([^)]*\)s")


@for_each("path", TEMPLATES)
def test_templates_have_no_retired_word(path: Path) -> None:
    assert RETIRED.findall(path.read_text()) == []


def test_texts_have_no_retired_word() -> None:
    assert [text for text in texts() if RETIRED_ON_PAGES.search(text)] == []


def test_texts_have_typographic_apostrophes_and_quotes() -> None:
    assert [text for text in texts() if re.search(r"""['"]""", MARKUP.sub("", text))] == []


@for_each("path", DOCUMENTS)
def test_documents_have_no_retired_word(path: Path) -> None:
    assert RETIRED.findall(path.read_text()) == []
