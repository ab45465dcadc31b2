"""`manage.py check_csv FILE`: check a CSV file and print a report. Needs no database."""

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from invites.checking import (
    COLUMNS,
    DELIMITERS,
    Check,
    DomainTypoDetector,
    Notice,
    Problem,
    ReadingOptions,
    Report,
    Row,
    column_title,
    expected_column,
    hint_of,
    message_of,
    title_of,
    typo_notice,
    visible,
    with_row_names,
)
from invites.imports.upload_parts import limits
from invites.management.open_decisions import decisions_as_json, decisions_as_lines
from invites.management.reading_arguments import add_reading_arguments, reading_options

SHOWN_OF_A_KIND = 20
_CHARACTERS = {name: character for character, name in DELIMITERS.items()}


class Command(BaseCommand):
    help = (
        "Check a CSV file or a workbook as the page does. Invites nobody. Exit status: 0 ok; 1 problems, rejected, or "
        "undecided because something isn't certain; 2 usage error."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own shape

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the CSV file or workbook, or - for standard input")
        parser.add_argument(
            "--json",
            action="store_true",
            help="print one JSON object. Each problem and warning has the keys row, column, code, message, value and "
            "suggestion, and a problem also has its line. They are null where they don't apply",
        )
        parser.add_argument("--people", action="store_true", help="also print the people who would be invited")
        add_reading_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["file"]
        reading = reading_options(options)
        try:
            # In binary, because the check detects the encoding.
            with sys.stdin.buffer if name == "-" else Path(name).open("rb") as stream:
                report, people = run_check(stream, reading, people=options["people"])
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise CommandError(f"{name} can't be read: {reason}.", returncode=2) from None
        if options["json"]:
            answer = as_json(report)
            if options["people"]:
                answer["people"] = [row.values._asdict() for row in people]
            self.stdout.write(json.dumps(answer))
        else:
            text = "\n".join(as_lines("Standard input" if name == "-" else Path(name).name, report, people))
            # An ASCII terminal gets \xe9 for characters that it can't show.
            encoding = getattr(self.stdout, "encoding", None) or "utf-8"
            self.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        if report.verdict != "ok":
            raise SystemExit(1)


def run_check(stream: Any, reading: ReadingOptions, *, people: bool) -> tuple[Report, list[Row]]:
    check = Check(stream, limits=limits(), options=reading)
    found: list[Row] = []
    counts: Counter[str] = Counter()
    some: dict[str, list[Row]] = {}
    for block in check.blocks():
        for row in filter(attrgetter("is_valid"), block):
            domain = row.email_key.rpartition("@")[2]
            counts[domain] += 1
            if counts[domain] <= SHOWN_OF_A_KIND:
                some.setdefault(domain, []).append(row)
            if people:
                found.append(row)
    if check.report.verdict == "rejected":
        return check.report, []
    # The page does the same after it has staged the rows.
    for domain, right in DomainTypoDetector(counts).find_typos().items():
        for row in some[domain]:
            check.report.warn(typo_notice(row=row.number, email=row.values.email, right=right))
    return check.report, found


def as_json(report: Report) -> dict[str, Any]:
    decisions = {} if report.decisions is None else {"decisions": decisions_as_json(report.decisions)}
    names = {"example_names": list(report.example_names)} if report.example_names else {}
    return {
        "verdict": report.verdict,
        **decisions,
        "rows": report.rows,
        "valid": report.valid,
        "skipped": report.skipped,
        "skipped_by_reason": {
            "duplicate": report.skipped - report.not_people,
            "not_a_person": report.not_people,
        },
        "problem_count": report.problem_count,
        "truncated": report.truncated,
        "encoding": report.encoding,
        **names,
        "delimiter": _CHARACTERS.get(report.delimiter, ""),
        "problems": [
            {
                **_place_as_json(report, problem.row),
                "line": problem.line,
                "column": problem.column and column_title(problem.column),
                "code": problem.code,
                "message": message_of(problem),
                "value": problem.value,
                "suggestion": problem.suggestion,
            }
            for problem in report.problems
        ],
        "warnings": [
            {
                **_place_as_json(report, notice.row),
                "column": notice.column and column_title(notice.column),
                "code": notice.code,
                "message": _message_of(report, notice),
                "value": notice.value,
                "suggestion": notice.suggestion,
            }
            for notice in sorted(report.warnings + report.duplicates, key=lambda notice: notice.row or 0)
        ],
    }


def as_lines(name: str, report: Report, people: list[Row]) -> list[str]:
    """The text report: the verdict, how the file was read, the counts, and the problems by kind."""
    if report.rejection is not None:
        lines = [f"{name} can't be imported", f"  {message_of(report.rejection)}"]
        if report.found is not None:
            expected = ", ".join(map(expected_column, COLUMNS))
            lines += [f"  Found     {', '.join(report.found)}", f"  Expected  {expected}"]
        return [*lines, f"  {hint_of(report.rejection)}"]
    if report.decisions is not None:
        return [f"{name} can't be imported before this is decided", *decisions_as_lines(report.decisions)]
    verdict = "is fine" if report.verdict == "ok" else f"has {_counted(report.problem_rows, 'row')} to fix"
    lines = [
        f"{name} {verdict}",
        f"  Read as {report.encoding}" + (f", cells separated by {report.delimiter}" if report.delimiter else ""),
        *([f"  Names are spelled like {', '.join(report.example_names)}"] if report.example_names else []),
        *([f"  The columns are those of {report.export}"] if report.export else []),
        f"  {_counted(report.rows, 'row')}: {report.valid:,} valid, {_skipped(report)}, "
        f"{report.problem_rows:,} with problems",
    ]
    by_code = sorted(report.problems, key=lambda problem: problem.code)
    groups = {code: list(group) for code, group in groupby(by_code, key=lambda problem: problem.code)}
    for code, count in report.grouped():
        lines += ["", *_group_lines(report, code, count, groups.get(code, []))]
    duplicates = report.skipped - report.not_people
    if report.duplicates:
        lines += ["", f"{_counted(duplicates, 'row')} skipped"]
        lines += [
            f"  {_place(report, notice.row)}  {notice.value}  {_message_of(report, notice)}"
            for notice in report.duplicates[:SHOWN_OF_A_KIND]
        ]
        if duplicates > SHOWN_OF_A_KIND:
            lines.append(f"  and {duplicates - SHOWN_OF_A_KIND:,} more")
    if report.warnings:
        lines += ["", _counted(report.warning_count, "warning")]
        lines += [
            f"  {_place(report, notice.row)}  {_message_of(report, notice)}"
            for notice in report.warnings[:SHOWN_OF_A_KIND]
        ]
        if report.warning_count > SHOWN_OF_A_KIND:
            lines.append(f"  and {report.warning_count - SHOWN_OF_A_KIND:,} more")
    if people:
        lines += ["", "People"]
        for row in people:
            email, first_name, last_name, *others = row.values
            lines.append("  ".join(["", email, f"{first_name} {last_name}", *others]).rstrip())
    return lines


def _place_in_sheet(report: Report, number: int) -> tuple[str, int] | None:
    """The sheet of a row, and its number there; None if only one sheet was read."""
    sheets = [(name, before) for name, before in report.sheets if before < number]
    return (sheets[-1][0], number - sheets[-1][1]) if sheets else None


def _place_as_json(report: Report, number: int | None) -> dict[str, Any]:
    place = number and _place_in_sheet(report, number)
    return {"sheet": place[0], "row": place[1]} if place else {"row": number}


def _place(report: Report, number: int | None) -> str:
    if number is None:
        return "whole file"
    place = _place_in_sheet(report, number)
    return f"{visible(place[0])}, row {place[1]:>6,}" if place else f"row {number:>6,}"


def _message_of(report: Report, notice: Notice) -> str:
    """The message, in which other rows are named with their sheets if there are several."""
    first = notice.params.get("first")
    if isinstance(first, int) and report.sheets:
        notice = notice._replace(params={**notice.params, "first": _number_in_sheet(report, first)})
    return message_of(with_row_names(notice, partial(_number_in_sheet, report)))


def _number_in_sheet(report: Report, number: int) -> str:
    """The number after the word "row": "4", or "4 of Crew 2025"."""
    place = _place_in_sheet(report, number)
    return f"{place[1]} of {visible(place[0])}" if place else str(number)


def _skipped(report: Report) -> str:
    """ "3 skipped (2 duplicates, 1 not a person)"."""
    duplicates, not_people = report.skipped - report.not_people, report.not_people
    reasons = [_counted(duplicates, "duplicate")] if duplicates else []
    if not_people:
        reasons.append(f"{not_people:,} {'not a person' if not_people == 1 else 'not people'}")
    return f"{report.skipped:,} skipped" + (f" ({', '.join(reasons)})" if reasons else "")


def _counted(number: int, noun: str) -> str:
    """ "1 row" or "12,480 rows". Commands are in English only."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _group_lines(report: Report, code: str, count: int, problems: list[Problem]) -> list[str]:
    lines = [f"{title_of(code)}: {_counted(count, 'problem')} ({code})"]
    for problem in problems[:SHOWN_OF_A_KIND]:
        column = column_title(problem.column) if problem.column else "whole row"
        lines.append(f"  {_place(report, problem.row)}  {column}: {problem.value or '(empty)'}  {message_of(problem)}")
    if count > SHOWN_OF_A_KIND:
        lines.append(f"  and {count - SHOWN_OF_A_KIND:,} more")
    if problems:
        lines.append(f"  {hint_of(problems[0])}")
    return lines
