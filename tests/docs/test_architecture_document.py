"""docs/architecture.md and CONTRIBUTING.md name files and code that exist."""

from __future__ import annotations

import re

from config.harness.running import ROOT
from tests.cases import for_each

# Paths in the documents may be relative to one of these.
STARTS = (ROOT, ROOT / "invites", ROOT / "invites" / "checking", ROOT / "invites" / "imports")
DOCUMENTS = {name: (ROOT / name).read_text() for name in ("docs/architecture.md", "CONTRIBUTING.md")}
QUOTED = re.compile(r"`([^`\n]+)`")


def named(pattern: str) -> list[tuple[str, str]]:
    """What the documents have between backticks and that looks like this, with the document's name."""
    found = {(name, quoted) for name, text in DOCUMENTS.items() for quoted in QUOTED.findall(text)}
    return sorted(each for each in found if re.fullmatch(pattern, each[1]))


@for_each("document, path", named(r"[\w.-]+/[\w./-]*|\w+\.(py|md|css|html)"))
def test_a_path_that_is_named_exists(document: str, path: str) -> None:
    assert any((start / path).exists() for start in STARTS)


@for_each("document, name", named(r"[A-Z][a-z]+[A-Z]\w+|[a-z]+(_[a-z]+)+|\w+\.[a-z_]+(?<!\.py)(?<!\.md)"))
def test_a_name_in_the_code_exists(document: str, name: str) -> None:
    last = name.rpartition(".")[2]
    sources = [path for app in ("accounts", "invites", "config", "tests") for path in (ROOT / app).rglob("*.py")]
    assert any(re.search(rf"\b{last}\b", path.read_text()) for path in sources)


def test_every_room_is_on_the_map() -> None:
    rooms = {
        f"{path.relative_to(ROOT)}/"
        for app in ("accounts", "invites")
        for path in (ROOT / app).iterdir()
        if (path / "__init__.py").exists() and path.name not in ("migrations", "management", "models", "templatetags")
    }
    assert rooms <= {quoted for _, quoted in named(r"[\w/]+/")}
