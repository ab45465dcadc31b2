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
