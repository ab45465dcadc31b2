"""Every text that people read goes through gettext."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import polib
import pytest
from django.template.base import Lexer, TokenType

from tests.catalogs import CATALOG

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.*") if path.parent.name != "admin")
# Attributes that people read, with a value that begins with a letter and not with a tag.
ATTRIBUTE_WITH_TEXT = re.compile(r"""\b(?:aria-label|title|placeholder|alt|data-busy|data-guard)=["'][A-Za-z][^"']*""")

# What operators read is in English: commands, the admin site, settings and logs.
FOR_OPERATORS = {
    "management",
    "migrations",
    "admin",
    "admin.py",
    "operators.py",
    "personal_data",
    "demo.py",
    "__main__.py",
}
MODULES = [ROOT / "config/limits.py", *(ROOT / "accounts").rglob("*.py"), *(ROOT / "invites").rglob("*.py")]
PRODUCT = sorted(path for path in MODULES if not FOR_OPERATORS & set(path.parts))
GETTEXT = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "ngettext_noop", "pgettext"}
# Reasons for developers, and exceptions whose text is only in logs.
NOT_READ = {"public", "ImproperlyConfigured", "TypeError", "ValueError", "RuntimeError", "OSError", "ConnectionFailure"}
SENTENCE = re.compile(r"[A-Z{].*[a-z]{2,} [a-z]{2,}.*[.?!…]\s*", re.DOTALL)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def words_outside_of_tags(path: Path) -> str:
    """The text of a template that isn't inside of a tag for translation."""
    texts, is_translated = [], False
    for token in Lexer(path.read_text()).tokenize():
        if token.token_type == TokenType.BLOCK and token.contents.split()[0] in ("blocktranslate", "endblocktranslate"):
            is_translated = token.contents.startswith("blocktranslate")
        elif token.token_type == TokenType.TEXT and not is_translated:
            texts.append(token.contents)
    text = " ".join(texts)
    # In braces are values that a script fills in.
    return unescape(re.sub(r"<style>.*?</style>|<[^>]*>|\{\w+\}", " ", text, flags=re.DOTALL))


def called(node: ast.AST) -> str:
    """The name of the function that is called; empty for other nodes."""
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "id", "") or getattr(node.func, "attr", "")


def sentences_outside_of_gettext(node: ast.AST) -> Iterator[str]:
    """Sentences of the code below the node, except docstrings, and arguments of functions whose texts nobody reads."""
    for child in ast.iter_child_nodes(node):
        is_docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        is_help = isinstance(child, ast.keyword) and child.arg == "help_text"
        if is_docstring or is_help or called(child) in GETTEXT | NOT_READ:
            continue
        if isinstance(child, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in child.values)
        elif isinstance(child, ast.Constant) and isinstance(child.value, str):
            text = child.value
        else:
            yield from sentences_outside_of_gettext(child)
            continue
        if SENTENCE.fullmatch(text):
            yield text


def test_templates_have_no_text_outside_of_tags() -> None:
    found = {}
    for path in TEMPLATES:
        words = re.findall(r"[^\W\d_]+", words_outside_of_tags(path))
        found[name_of(path)] = [word for word in words if word != "Rollcall"]
        found[name_of(path)] += ATTRIBUTE_WITH_TEXT.findall(path.read_text())
    assert found
    assert {name: texts for name, texts in found.items() if texts} == {}


@pytest.fixture(scope="module")
def parsed() -> dict[str, ast.Module]:
    return {name_of(path): ast.parse(path.read_text()) for path in PRODUCT}


def test_python_has_no_sentence_outside_of_gettext(parsed: dict[str, ast.Module]) -> None:
    found = {name: list(sentences_outside_of_gettext(module)) for name, module in parsed.items()}
    assert found
    assert {name: sentences for name, sentences in found.items() if sentences} == {}


def test_python_has_no_gettext_in_f_strings(parsed: dict[str, ast.Module]) -> None:
    """xgettext doesn't look into them."""
    f_strings = [
        (name, node) for name, module in parsed.items() for node in ast.walk(module) if isinstance(node, ast.JoinedStr)
    ]
    assert f_strings
    assert [name for name, f_string in f_strings for node in ast.walk(f_string) if called(node) in GETTEXT] == []


def test_no_text_is_counted_in_one_place_and_not_in_another() -> None:
    """gettext stores both as one message, and finds no translation for the text that isn't counted."""
    sources = "".join(path.read_text() for path in [*PRODUCT, *TEMPLATES])
    uncounted = set(re.findall(r"""(?:translate |\bgettext\(|\bgettext_lazy\(|\b_\()["']([^"']+)["']""", sources))
    counted = {entry.msgid for entry in polib.pofile(str(CATALOG)) if entry.msgid_plural and not entry.msgctxt}
    assert counted & uncounted == set()
