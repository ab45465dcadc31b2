"""Describe in the report how a file is read."""

from __future__ import annotations

import csv
from contextlib import suppress
from itertools import islice

from invites.checking.catalog import notice
from invites.checking.cells.text import trim_all, visible
from invites.checking.reading.decisions import Decisions
from invites.checking.reading.plan import Plan, first_numbers
from invites.checking.report import Report

_ROWS_SEARCHED = 20_000
_NAMES = 3


def describe_reading(report: Report, plan: Plan) -> None:
    """Say in the report how the rows are read, and warn about everything in the file that isn't read."""
    header = plan.header
    report.columns, report.ignored_columns = header.names, header.ignored
    if plan.text:
        report.encoding, report.delimiter = plan.text.source.encoding, plan.text.dialect.name
        report.certainty = plan.text.source.certainty
        if report.certainty in ("evidence", "remembered"):
            report.example_names = _example_names(plan)
    if plan.workbook:
        report.encoding = plan.workbook.kind
        report.sheets = tuple(first_numbers(plan))
    for name in header.ignored:
        report.warn(notice("ignored_column", row=plan.header_row or None, value=name, name=name))
    for place in header.unnamed:
        report.warn(notice("unnamed_column", row=plan.header_row or None, number=place))
    if plan.decisions:
        _describe_decisions(report, plan.decisions)


def _describe_decisions(report: Report, decisions: Decisions) -> None:
    report.remembered = decisions.remembered
    report.export = decisions.export
    if skipped := decisions.skipped_rows:
        text = ", ".join(filter(None, (visible(trim_all(cell)) for cells in skipped for cell in cells)))
        report.warn(notice("rows_above", row=None, value=text, number=decisions.header_row, count=len(skipped)))
    if decisions.hidden_count:
        code = "hidden_rows_included" if decisions.hidden_rows == "include" else "hidden_rows_excluded"
        report.warn(notice(code, row=None, count=decisions.hidden_count))
    if not decisions.preview.knows_hidden_rows:
        report.warn(notice("hidden_rows_unknown", row=None))
    others = [table.name for table in decisions.preview.tables if table.name not in decisions.sheets]
    if decisions.preview.is_workbook and others:
        report.warn(notice("other_sheets", row=None, count=len(others), names=others))


def _example_names(plan: Plan) -> tuple[str, ...]:
    """Up to three names with letters that depend on the encoding."""
    found: dict[str, None] = {}
    # The check will report a record that can't be read.
    with suppress(csv.Error):
        for record in islice(plan.rows(), plan.header_row, _ROWS_SEARCHED):
            person = plan.header.pick(record)
            name = " ".join(filter(None, (person.first_name.strip(), person.last_name.strip())))
            if not name.isascii():
                found[visible(name)] = None
                if len(found) == _NAMES:
                    break
    return tuple(found)
