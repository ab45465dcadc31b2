"""Open a file, whatever it is: text with delimiters, or a workbook."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from invites.checking.limits import Limits
from invites.checking.problem import Problem
from invites.checking.reading.decisions import Decisions
from invites.checking.reading.encodings.encoding import open_source, rewindable
from invites.checking.reading.options import FIND_OUT, NOTHING_KNOWN, Evidence, ReadingOptions
from invites.checking.reading.plan import Plan, plan_text, plan_workbook
from invites.checking.reading.workbooks.workbook import open_workbook


def open_file(
    stream: BinaryIO,
    limits: Limits,
    *,
    options: ReadingOptions = FIND_OUT,
    evidence: Evidence = NOTHING_KNOWN,
    while_waiting: Callable[[], None] | None = None,
) -> Plan | Decisions | Problem:
    """How to read the file; or what has to be decided first; or why it can't be read.

    `while_waiting` is called every few seconds while a workbook is read, and again and again while a text is.
    """
    stream, size = rewindable(stream, limits)
    if size <= limits.max_bytes:
        workbook = open_workbook(stream, limits, sheets=options.sheets, while_waiting=while_waiting)
        if isinstance(workbook, Problem):
            return workbook
        if workbook is not None:
            return plan_workbook(
                workbook,
                options,
                evidence,
                limits,
                reopen=lambda sheets: open_workbook(stream, limits, sheets=sheets, while_waiting=while_waiting),
            )
    found = open_source(stream, limits, encoding=options.encoding, evidence=evidence)
    if isinstance(found, Problem):
        return found
    return plan_text(found, options, evidence, limits, while_waiting=while_waiting)
