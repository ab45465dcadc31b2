"""Files named by their oddity, each with the verdict that it must get: tests/data/verdicts.toml."""

from __future__ import annotations

import io
import re
import tomllib
from functools import cache
from typing import Any

import pytest

from config.harness.running import ROOT
from invites.checking import COLUMNS, Check, ReadingOptions, Report, Row, hint_of, message_of
from tests.cases import for_each
from tests.checking import read_rows

pytestmark = pytest.mark.usefixtures("forked_children")

DATA = ROOT / "tests" / "data"
VERDICTS: dict[str, dict[str, Any]] = tomllib.loads((DATA / "verdicts.toml").read_text(encoding="utf-8"))


@cache
def read_file(name: str) -> tuple[Report, list[Row]]:
    return read_rows((DATA / name).read_bytes())


def check_file(name: str) -> Report:
    return read_file(name)[0]


@cache
def answered(name: str) -> tuple[Report, list[Row]]:
    """The report on a file and its rows. An undecided file is read as suggested, except for its `answer`."""
    report, rows = read_file(name)
    if report.decisions is None:
        return report, rows
    answer = VERDICTS[name].get("answer", {})
    options = ReadingOptions.from_json({**report.decisions.as_options().as_json(), **answer})
    check = Check(io.BytesIO((DATA / name).read_bytes()), options=options)
    rows = [row for block in check.blocks() for row in block]
    return check.report, rows


def of(verdict: str) -> list[str]:
    return [name for name, expected in VERDICTS.items() if expected["verdict"] == verdict]


def test_every_file_has_a_verdict_and_every_verdict_a_file() -> None:
    assert {path.name for path in DATA.iterdir() if path.suffix != ".toml"} == set(VERDICTS)


@for_each("name", of("rejected"))
def test_rejects_a_file_with_one_problem_and_a_hint(name: str) -> None:
    expected, report = VERDICTS[name], check_file(name)
    assert report.verdict == "rejected"
    (problem,) = report.problems
    assert problem.code == expected["code"]
    assert message_of(problem)
    assert hint_of(problem).endswith(".")
    assert (report.rows, report.valid, report.skipped) == (0, 0, 0)
    if "row" in expected:
        assert problem.row == expected["row"]
        assert re.search(rf"\brow {expected['row']}\b", message_of(problem), re.IGNORECASE)
    if "line" in expected:
        assert problem.line == expected["line"]
    assert expected.get("says", "") in hint_of(problem)
    assert expected.get("message", "") in message_of(problem)


@for_each("name", of("undecided"))
def test_asks_what_isnt_certain(name: str) -> None:
    expected, report = VERDICTS[name], check_file(name)
    assert report.verdict == "undecided"
    assert report.decisions is not None
    assert sorted(report.decisions.open) == expected["open"]
    doubt = report.decisions.doubt
    assert (doubt.code if doubt else None) == expected.get("code")
    if doubt:
        assert expected.get("says", "") in hint_of(doubt)
        assert expected.get("message", "") in message_of(doubt)


@for_each("name", of("undecided"))
def test_suggests_how_the_file_is_read(name: str) -> None:
    expected, decisions = VERDICTS[name], check_file(name).decisions
    assert decisions is not None
    if "sheets" in expected:
        assert decisions.sheets == tuple(expected["sheets"])
    assert decisions.header_row == expected.get("header_row", decisions.header_row)
    assert decisions.name_order == expected.get("name_order", decisions.name_order)
    if "not_in_file" in expected:
        assert [*decisions.not_in_file, *decisions.missing] == expected["not_in_file"]
    spelled = (
        {name for names in decisions.samples().values() for name in names} if "encoding" in decisions.open else set()
    )
    assert spelled >= set(expected.get("readings", ()))


@for_each("name", [name for name in of("undecided") if "people" in VERDICTS[name]])
def test_reads_an_undecided_file_once_it_is_decided(name: str) -> None:
    assert answered(name)[0].verdict == VERDICTS[name].get("then", "ok")


@for_each("name", [*of("ok"), *of("problems")])
def test_reads_every_row(name: str) -> None:
    expected, report = VERDICTS[name], check_file(name)
    assert report.verdict == expected["verdict"], report.problems
    assert (report.encoding, report.delimiter) == (expected["encoding"], expected["delimiter"])
    assert (report.rows, report.valid, report.skipped) == (
        expected["rows"],
        expected["valid"],
        expected.get("skipped", 0),
    )
    warnings = report.warnings
    if "ignored" in expected:
        assert len(report.ignored_columns) == expected["ignored"]
        warnings = [notice for notice in warnings if notice.code != "ignored_column"]
    assert [f"{notice.row} {notice.code}" for notice in warnings] == expected.get("warnings", [])
    assert report.export == expected.get("export", "")


@for_each("name", [name for name, expected in VERDICTS.items() if "problems" in expected])
def test_finds_each_problem(name: str) -> None:
    report, _ = answered(name)
    titles: dict[str | None, str] = {column.key: column.title for column in COLUMNS}
    told = [
        (
            f"{problem.row} {titles.get(problem.column, '-')} {problem.code}",
            f"{problem.row}/{problem.line} {titles.get(problem.column, '-')} {problem.code}",
        )
        for problem in report.problems
    ]
    assert len(told) == len(VERDICTS[name]["problems"])
    for one_of, expected in zip(told, VERDICTS[name]["problems"], strict=True):
        assert expected in one_of


@for_each("name", [name for name, expected in VERDICTS.items() if "people" in expected])
def test_reads_the_values_of_each_row(name: str) -> None:
    _, rows = answered(name)
    assert ["|".join(row.values) for row in rows] == VERDICTS[name]["people"]


@pytest.mark.parametrize("name", [name for name, expected in VERDICTS.items() if "duplicates" in expected])
def test_finds_duplicates(name: str) -> None:
    report, rows = read_file(name)
    repeated = [row for row in rows if row.duplicate_of]
    assert [f"{row.number} of {row.duplicate_of}" for row in repeated] == VERDICTS[name]["duplicates"]
    assert [notice.row for notice in report.duplicates] == [row.number for row in repeated]
    assert all(
        f"row {row.duplicate_of}." in message_of(notice)
        for row, notice in zip(repeated, report.duplicates, strict=True)
    )
