"""Style sheets and templates have the same classes: no rule is unused, and no class has no rule."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

CLASS = re.compile(r"(?<![\w-])rc-[a-z0-9-]*[a-z0-9](?![\w-])")
# The rest of such a name is put in by the template: rc-pill-{{ kind }}.
STEM = re.compile(r"(?<![\w-])(rc-[a-z0-9-]+-)(?=[{$])")


def read(folder: str, *patterns: str) -> str:
    root: Path = settings.BASE_DIR / folder
    return "\n".join(path.read_text() for pattern in patterns for path in sorted(root.rglob(pattern)))


def classes_with_rules() -> set[str]:
    return set(re.findall(r"\.(rc-[a-z0-9-]+)", read("static/css", "*.css")))


def test_every_class_of_the_style_sheets_is_used() -> None:
    where = read("templates", "*.html") + read("static/js", "*.js") + read("accounts", "*.py") + read("invites", "*.py")
    used, stems = set(CLASS.findall(where)), tuple(STEM.findall(where))

    assert not {name for name in classes_with_rules() - used if not name.startswith(stems)}


def test_every_class_of_a_template_has_a_rule_or_is_used_by_a_script() -> None:
    found_by_scripts = set(re.findall(r"\.(rc-[a-z0-9-]+)", read("static/js", "*.js")))

    assert not set(CLASS.findall(read("templates", "*.html"))) - classes_with_rules() - found_by_scripts


def test_every_rule_that_depends_on_other_elements_names_what_it_styles() -> None:
    """Otherwise a browser restyles all that is inside an element whenever a checkbox in it or a neighbor changes."""
    rules = re.sub(r"/\*.*?\*/", "", read("static/css", "*.css"), flags=re.DOTALL)
    # Commas, spaces and combinators in parentheses are parts of a selector's pieces.
    inside = re.compile(r"\([^()]*(?:\([^()]*(?:\([^()]*\)[^()]*)*\)[^()]*)*\)")
    selectors = [
        (selector, inside.sub("()", selector).split()[-1])
        for line in re.findall(r"([^{};]+)\{", rules)
        for selector in re.split(r",(?![^()]*\))", line)
        if selector.strip()
    ]

    assert len(selectors) > 500
    assert not [each for each, end in selectors if end.startswith(("*", ":not(")) and re.search(r":has\(| [+~] ", each)]
