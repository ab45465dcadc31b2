"""One code, one place: the catalog is complete, its page is up to date, and every code can happen."""

from __future__ import annotations

import re
import string

import pytest

from config.harness.running import ROOT
from invites.checking import CATALOG, title_of
from invites.checking.__main__ import as_markdown

_PAGE = ROOT / "docs" / "problems.md"


def test_the_page_of_problems_is_the_catalog() -> None:
    assert _PAGE.read_text(encoding="utf-8") == as_markdown(), "python -m invites.checking > docs/problems.md"


@pytest.mark.parametrize("code", CATALOG)
def test_every_kind_has_a_title_a_message_and_a_hint_in_one_voice(code: str) -> None:
    kind = CATALOG[code]
    assert kind.code == code
    assert 3 < len(kind.title) <= 40
    assert not re.search(r"[.!]$", kind.title + kind.message)
    assert kind.hint.endswith((".", "}"))
    assert not re.search(r"\b(please|invalid|error|oops|successfully)\b|!", kind.message + kind.hint, re.IGNORECASE)
    fields = {name for _, name, _, _ in string.Formatter().parse(kind.message + kind.hint) if name}
    assert fields <= {"row", "line", "found", "limit", "kind", "names", "name", "guess", "delimiter", "character", "end",
                      "place", "count", "ending", "what", "link", "right", "number", "first"}  # fmt: skip


def test_titles_are_told_apart() -> None:
    titles = [kind.title for kind in CATALOG.values()]
    assert len(set(titles)) == len(titles)


def test_a_code_out_of_use_is_its_own_title() -> None:
    assert title_of("email_other") == "Bad address"
    assert title_of("code_of_last_year") == "code_of_last_year"


def test_every_code_is_one_that_the_check_gives_or_has_a_reason() -> None:
    source = (
        "\n".join(
            path.read_text(encoding="utf-8")
            for path in (ROOT / "invites" / "checking").rglob("*.py")
            if path.name != "catalog.py"
        )
        + (ROOT / "invites" / "checking" / "catalog.py").read_text(encoding="utf-8").partition("CATALOG: dict")[2]
    )
    assert [code for code in CATALOG if f'"{code}"' not in source] == []
