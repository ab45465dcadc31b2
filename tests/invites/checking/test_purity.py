"""The check is a plain package: bytes in, values out, and no Django."""

from __future__ import annotations

import ast
import subprocess
import sys

from config.harness.running import ROOT


def test_importing_the_check_imports_no_django() -> None:
    program = "import sys, invites.checking; print(sorted(name for name in sys.modules if 'django' in name))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_package_imports_nothing_else_of_the_project() -> None:
    program = (
        "import sys, invites.checking\n"
        "ours = {name for name in sys.modules if name.split('.')[0] in ('invites', 'accounts', 'config')}\n"
        "print(sorted(name for name in ours if name != 'invites' and not name.startswith('invites.checking')))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_module_translates() -> None:
    """The package marks its sentences. The code that shows them translates them."""
    for path in (ROOT / "invites" / "checking").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            module = str(node.module) if isinstance(node, ast.ImportFrom) else ""
            assert not {name.split(".")[0] for name in (*names, module)} & {"gettext", "locale", "django"}, path
