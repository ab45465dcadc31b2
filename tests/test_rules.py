"""A test that expects a broken rule says which: another rule that is broken first would hide that a guard is gone."""

from __future__ import annotations

from tests.running import ROOT

UNSURE = "pytest.raises(RuleBroken)" + ":"


def test_every_test_of_a_broken_rule_checks_which_one() -> None:
    unsure = [path.name for path in sorted((ROOT / "tests").rglob("*.py")) if UNSURE in path.read_text()]

    assert unsure == []
