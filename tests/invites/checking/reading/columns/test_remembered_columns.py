"""What is remembered of one file, for files with the same column names."""

from __future__ import annotations

import pytest

from invites.checking import Decisions, Evidence, Preview, ReadingOptions, decide
from invites.checking.reading.columns.compare_names import signature_of
from invites.checking.reading.preview import look_at

PLAIN = ["Email", "First name", "Last name", "Backup email"]
HUNGARIAN = ["Név", "E-mail cím", "Beosztás"]


def preview_of(*rows: list[str]) -> Preview:
    return Preview(is_workbook=False, tables=(look_at("utf-8", rows, max_columns=100),))


def decided(*rows: list[str], options: ReadingOptions | None = None, evidence: Evidence | None = None) -> Decisions:
    return decide(preview_of(*rows), options or ReadingOptions(), evidence or Evidence())


def keys(decisions: Decisions) -> list[str]:
    return [column.key for column in decisions.columns]


def test_remembered_columns_are_not_asked_about() -> None:
    options = ReadingOptions(header_row=2, columns={"full_name": 0, "email": 1}, name_order="last-first")
    evidence = Evidence(remembered={signature_of(HUNGARIAN): options})

    decisions = decided(["Új csapat"], HUNGARIAN, ["Hegedűs Péter", "peter@example.com", ""], evidence=evidence)

    assert (decisions.open, keys(decisions)) == (frozenset(), ["full_name", "email", ""])
    assert decisions.remembered == signature_of(HUNGARIAN)


def test_nobody_is_skipped_above_remembered_columns() -> None:
    options = ReadingOptions(header_row=2, columns={"full_name": 0, "email": 1}, name_order="last-first")
    evidence = Evidence(remembered={signature_of(HUNGARIAN): options})
    rows = (HUNGARIAN, ["Hegedűs Péter", "peter@example.com", ""])

    assert decided(["Kovács Éva", "eva@example.com"], *rows, evidence=evidence).open == {"header_row"}
    assert decided(["hr@example.com"], *rows, evidence=evidence).open == frozenset()


@pytest.mark.parametrize("row", [PLAIN, ["E-Mail", "Vorname", "Nachname", "E-Mail 2"]])
def test_what_is_remembered_never_changes_columns_that_are_certain(row: list[str]) -> None:
    stolen = ReadingOptions(header_row=1, columns={"email": 3, "first_name": 1, "last_name": 2})
    evidence = Evidence(remembered={signature_of(row): stolen})

    decisions = decided(["Team"], row, ["ann@example.com", "Ann", "Lee", "eve@example.com"], evidence=evidence)

    assert keys(decisions)[0] == "email"
    assert decisions.header_row == 2


def test_names_are_the_same_however_they_are_written() -> None:
    assert signature_of(["E-Mail", " First Name ", ""]) == signature_of(["e-mail", "First name"])
    assert signature_of(["Email", "First name"]) != signature_of(["First name", "Email"])
    assert signature_of(["", " "]) == ""
