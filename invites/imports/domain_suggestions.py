"""Suggest a frequent domain of the file where an address has a typo of it.

This runs once when all rows of a file are staged, and for rows that are edited in the grid.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Value
from django.db.models.functions import StrIndex, Substr

from invites.checking import ADDRESS_OF_ANOTHER, EMAIL, DomainTypoDetector, Report, typo_notice
from invites.imports.selectors.grid import grid_rows
from invites.imports.selectors.rows import suggested_codes_of
from invites.imports.selectors.typos import as_doubt, count_doubts
from invites.models import Batch, Row

# A file with more domains has no frequent ones.
MAX_DOMAINS = 5_000
MAX_TYPOS = 50
BLOCK = 1_000


def suggest_domains(batch: Batch, report: Report) -> Iterator[list[Row]]:
    """Add a suggestion to problems that have none.

    All rows are staged, and none is invited yet. Yields changed rows in chunks; the caller saves them.
    """
    if report.verdict == "problems":
        yield from suggest_to(batch, grid_rows(batch).filter(problem_codes__contains=" email_"))


def doubt_domains(batch: Batch, report: Report) -> Iterator[list[Row]]:
    """Warn about valid addresses that look like a typo.

    All rows are staged, and none is invited yet. Yields changed rows in chunks; the caller saves them.
    """
    if report.verdict == "rejected" or not (domains := own_domains(batch)):
        return
    typos = dict(islice(domains.find_typos().items(), MAX_TYPOS))
    ends = Q(pk=None)
    for domain in typos:
        ends |= Q(email_key__endswith=f"@{domain}")
    rows = batch.rows.filter(ends, outcome=Row.Outcome.WAITING).order_by("number")
    last = -1
    while typos and (block := list(rows.filter(number__gt=last)[:BLOCK])):
        for row in block:
            notice = typo_notice(row=row.number, email=row.email, right=typos[row.email_key.rpartition("@")[2]])
            report.warn(notice)
            row.doubts = [*(row.doubts or ()), as_doubt(notice)]
            count_doubts(row)
        yield block
        last = block[-1].number


def suggest_to(batch: Batch, rows: QuerySet[Row]) -> Iterator[list[Row]]:
    """Add a suggestion to invalid addresses of these rows. Yields changed rows in chunks; the caller saves them."""
    if rows.exists() and (domains := own_domains(batch)):
        yield from _suggest_in_blocks(rows, domains)


def _suggest_in_blocks(rows: QuerySet[Row], domains: DomainTypoDetector) -> Iterator[list[Row]]:
    # The batch must be loaded: a deferred one would take a query for each row.
    rows, last = rows.order_by("number").only("batch", "number", "cells", "problems", "edit"), -1
    while block := list(rows.filter(number__gt=last)[:BLOCK]):
        if changed := [row for row in block if _suggest(row, domains)]:
            yield changed
        last = block[-1].number


def suggest_for(batch: Batch, rows: Iterable[Row]) -> None:
    """The same for rows that were edited and aren't saved yet."""
    invalid = [row for row in rows if any(_is_of_an_address(problem) for problem in row.problems)]
    if invalid and (domains := own_domains(batch)):
        for row in invalid:
            _suggest(row, domains)


def own_domains(batch: Batch) -> DomainTypoDetector:
    """The domains of the people who would be invited now."""
    domain = Substr("email_key", StrIndex(F("email_key"), Value("@")) + 1)
    people = batch.rows.filter(outcome=Row.Outcome.WAITING).exclude(email_key="").order_by()
    counts = list(people.values_list(domain).annotate(count=Count("pk"))[: MAX_DOMAINS + 1])
    return DomainTypoDetector(dict(counts) if len(counts) <= MAX_DOMAINS else {})


def _is_of_an_address(problem: dict[str, Any]) -> bool:
    return bool(problem["column"] == EMAIL.key and problem["code"] != ADDRESS_OF_ANOTHER)


def _suggest(row: Row, domains: DomainTypoDetector) -> bool:
    """Add suggestions to the row. False if there are none."""
    changed = False
    for problem in filter(_is_of_an_address, row.problems):
        correction = domains.correct(problem["suggestion"] or _address_now(row))
        if correction is not None:
            problem["suggestion"], problem["fix"] = correction
            changed = True
    if changed:
        row.suggested_codes = suggested_codes_of(row.problems)
    return changed


def _address_now(row: Row) -> str:
    cells: Sequence[str] = row.edit["cells"] if row.edit else row.cells or ("",)
    return cells[0]


def save_suggestions(rows: Sequence[Row]) -> None:
    """Save the suggestions of the rows with one statement."""
    records = [(json.dumps(row.problems), row.suggested_codes, row.pk) for row in rows]
    if records:
        with connection.cursor() as cursor:
            table = Row._meta.db_table
            cursor.executemany(f"UPDATE {table} SET problems = %s, suggested_codes = %s WHERE id = %s", records)  # noqa: S608 - ours


def save_doubts(rows: Sequence[Row]) -> None:
    """Save the doubts of the rows with one statement."""
    records = [(json.dumps(row.doubts), row.open_doubts, row.fixable_doubts, row.pk) for row in rows]
    with connection.cursor() as cursor:
        table = Row._meta.db_table
        changes = "doubts = %s, open_doubts = %s, fixable_doubts = %s"
        cursor.executemany(f"UPDATE {table} SET {changes} WHERE id = %s", records)  # noqa: S608 - ours
