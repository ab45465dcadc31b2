"""Pages, emails and documents have no retired words, and templates no text that can't be translated."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import polib
import pytest
from django.template.base import Lexer, TokenType

from tests.catalogs import CATALOG, texts

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

# Attributes that people read, with a value that begins with a letter and not with a tag.
ATTRIBUTE_WITH_TEXT = re.compile(r"""\b(?:aria-label|title|placeholder|alt|data-busy|data-guard)=["'][A-Za-z][^"']*""")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def words_of_template(path: Path) -> str:
    """The text of a template outside of its tags. Texts inside of them are in the catalogs."""
    texts, is_translated = [], False
    for token in Lexer(path.read_text()).tokenize():
        if token.token_type == TokenType.BLOCK and token.contents.split()[0] in ("blocktranslate", "endblocktranslate"):
            is_translated = token.contents.startswith("blocktranslate")
        elif token.token_type == TokenType.TEXT and not is_translated:
            texts.append(token.contents)
    text = " ".join(texts)
    # In braces are values that a script fills in.
    return unescape(re.sub(r"<style>.*?</style>|<[^>]*>|\{\w+\}", " ", text, flags=re.DOTALL))


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_every_text_of_a_template_can_be_translated(path: Path) -> None:
    words = re.findall(r"[^\W\d_]+", words_of_template(path))
    assert [word for word in words if word != "Rollcall"] == []
    assert ATTRIBUTE_WITH_TEXT.findall(path.read_text()) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_templates_have_no_retired_word(path: Path) -> None:
    assert RETIRED.findall(path.read_text()) == []
    assert RETIRED_ON_PAGES.findall(words_of_template(path)) == []


def test_texts_have_no_retired_word() -> None:
    assert [text for text in texts() if RETIRED_ON_PAGES.search(text)] == []


def test_no_text_is_counted_in_one_place_and_not_in_another() -> None:
    """gettext stores both as one message, and finds no translation for the text that isn't counted."""
    sources = "".join(
        path.read_text()
        for folder in ("accounts", "config", "invites", "templates")
        for path in (ROOT / folder).rglob("*.*")
        if path.suffix in (".py", ".html", ".txt")
    )
    uncounted = set(re.findall(r"""(?:translate |\bgettext\(|\bgettext_lazy\(|\b_\()["']([^"']+)["']""", sources))
    counted = {entry.msgid for entry in polib.pofile(str(CATALOG)) if entry.msgid_plural and not entry.msgctxt}
    assert counted & uncounted == set()


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_documents_have_no_retired_word(path: Path) -> None:
    assert RETIRED.findall(path.read_text()) == []
