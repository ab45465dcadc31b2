"""The check is a plain package: bytes in, values out, and no Django."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache

import pytest

from config.harness.running import ROOT

pytestmark = pytest.mark.exhaustive


@cache
def imported_with_the_check() -> set[str]:
    program = "import sys, invites.checking; print(*sys.modules)"
    return set(subprocess.check_output([sys.executable, "-c", program], cwd=ROOT, text=True).split())


def test_importing_the_check_imports_no_django() -> None:
    assert "invites.checking.check" in imported_with_the_check()
    assert [name for name in imported_with_the_check() if "django" in name] == []


def test_the_package_imports_nothing_else_of_the_project() -> None:
    ours = {name for name in imported_with_the_check() if name.split(".")[0] in ("invites", "accounts", "config")}
    assert [name for name in ours if name != "invites" and not name.startswith("invites.checking")] == []


def test_no_module_translates() -> None:
    """The package marks its sentences. The code that shows them translates them."""
    for path in (ROOT / "invites" / "checking").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            module = str(node.module) if isinstance(node, ast.ImportFrom) else ""
            assert not {name.split(".")[0] for name in (*names, module)} & {"gettext", "locale", "django"}, path
