"""Tests expect service errors by their code. Otherwise another error could hide that a check is missing."""

from __future__ import annotations

import re

from config.harness.running import ROOT

# `domain_error` of tests/rules.py asks for the code. A sentence alone may be said for several reasons.
UNSURE = re.compile(r"pytest\.raises\((ServiceError|DomainError|AccessDenied)")


def test_every_test_of_a_broken_rule_checks_which_one() -> None:
    files = sorted((ROOT / "tests").rglob("*.py"))
    unsure = [path.name for path in files if UNSURE.search(path.read_text()) and path.name != "rules.py"]

    assert unsure == []
