"""What is certain about a file, what is open, and what is suggested."""

from __future__ import annotations

import pytest

from invites.checking import Decisions, Evidence, Preview, ReadingOptions, decide
from invites.checking.reading.decisions import signature_of
from invites.checking.reading.preview import look_at

PLAIN = ["Email", "First name", "Last name", "Backup email"]
HUNGARIAN = ["Név", "E-mail cím", "Beosztás"]


def preview_of(*rows: list[str]) -> Preview:
    return Preview(is_workbook=False, tables=(look_at("utf-8", rows, max_columns=100),))


def decided(*rows: list[str], options: ReadingOptions | None = None, evidence: Evidence | None = None) -> Decisions:
    return decide(preview_of(*rows), options or ReadingOptions(), evidence or Evidence())


def keys(decisions: Decisions) -> list[str]:
    return [column.key for column in decisions.columns]


def test_our_own_names_are_certain() -> None:
    decisions = decided(PLAIN, ["ann@example.com", "Ann", "Lee", ""])
    assert (decisions.open, keys(decisions)) == (frozenset(), ["email", "first_name", "last_name", ""])


def test_other_names_are_suggested_and_asked_about() -> None:
    decisions = decided(HUNGARIAN, ["Hegedűs Péter", "peter@example.com", "Villanyszerelő"])
    assert decisions.open == {"columns", "name_order"}
    assert keys(decisions) == ["full_name", "email", "description"]
    assert decisions.name_order == "last-first"


def test_rows_above_the_names_are_asked_about() -> None:
    decisions = decided(["Csapat"], PLAIN, ["ann@example.com", "Ann", "Lee", ""])
    assert decisions.open == {"header_row"}
    assert decisions.header_row == 2
    assert decisions.skipped_rows == (("Csapat",),)


def test_a_file_without_names_is_suggested_by_its_content() -> None:
    decisions = decided(["ann@example.com", "Ann", "Lee"], ["ben@example.com", "Ben", "Fox"])
    assert decisions.header_row == 0
    assert {"columns", "header_row"} <= decisions.open
    assert keys(decisions)[0] == "email"
    assert decisions.missing == ("first_name", "last_name")


def test_the_options_of_decisions_leave_nothing_open() -> None:
    decisions = decided(["Csapat"], HUNGARIAN, ["Hegedűs Péter", "peter@example.com", ""])
    again = decided(["Csapat"], HUNGARIAN, ["Hegedűs Péter", "peter@example.com", ""], options=decisions.as_options())
    assert (again.open, again.problem) == (frozenset(), None)
    assert ReadingOptions.from_json(decisions.as_options().as_json()) == decisions.as_options()


def test_commas_decide_the_order_of_names() -> None:
    decisions = decided(["Full name", "Email"], ["Hegedűs, Péter", "peter@example.com"])
    assert "name_order" not in decisions.open
    assert decisions.name_order == ""


# --- Remembered ----------------------------------------------------------------------------------------


def test_remembered_columns_are_not_asked_about() -> None:
    options = ReadingOptions(header_row=2, columns={"full_name": 0, "email": 1}, name_order="last-first")
    evidence = Evidence(remembered={signature_of(HUNGARIAN): options})

    decisions = decided(["Új csapat"], HUNGARIAN, ["Hegedűs Péter", "peter@example.com", ""], evidence=evidence)

    assert (decisions.open, keys(decisions)) == (frozenset(), ["full_name", "email", ""])
    assert decisions.remembered == signature_of(HUNGARIAN)


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
