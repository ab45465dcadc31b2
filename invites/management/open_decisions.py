"""What has to be decided before a file can be read, for commands: as JSON, and as text.

Each open decision names the option that answers it.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import Any

from invites.checking import (
    KEYS,
    MAY_BE_MISSING,
    ColumnUse,
    Decisions,
    Question,
    encoding_name,
    label_of,
    letters_of,
    message_of,
    split_full_name,
    visible,
)
from invites.management.reading_arguments import HIDDEN_ROWS, NAME_ORDERS

Decision = dict[str, Any]

_SAMPLES = 3
_ROWS, _CELLS, _SHEETS = 10, 10, 50
_LONGEST_CELL = 80
_OPTIONS: dict[Question, str] = {
    "sheet": "--sheet",
    "hidden_rows": "--hidden-rows",
    "encoding": "--encoding",
    "header_row": "--header-row",
    "columns": "--column",
    "name_order": "--name-order",
}


def decisions_as_json(decisions: Decisions) -> dict[str, Decision]:
    """The open decisions, each with its candidates, what we suggest, and the option that answers it."""
    describe: dict[Question, Callable[[Decisions], Decision]] = {
        "sheet": _sheet,
        "hidden_rows": _hidden_rows,
        "encoding": _encoding,
        "header_row": _header_row,
        "columns": _columns,
        "name_order": _name_order,
    }
    return {
        question: {**describe[question](decisions), "option": option}
        for question, option in _OPTIONS.items()
        if question in decisions.open
    }


def suggested_arguments(decisions: Decisions) -> list[str]:
    """The arguments to add to accept every suggestion. There is none for the encoding, which is spelled NAME."""
    found: dict[Question, list[str]] = {
        "sheet": [part for name in decisions.sheets for part in ("--sheet", name)],
        "hidden_rows": ["--hidden-rows", decisions.hidden_rows],
        "encoding": ["--encoding", "NAME"],
        "header_row": ["--header-row", str(decisions.header_row)],
        "columns": [
            *(part for key, name in _suggested_columns(decisions).items() for part in ("--column", f"{key}={name}")),
            *(part for key in _not_in_file(decisions) for part in ("--not-in-file", key)),
        ],
        "name_order": ["--name-order", decisions.name_order],
    }
    return [part for question in _OPTIONS if question in decisions.open for part in found[question]]


def decisions_as_lines(decisions: Decisions) -> list[str]:
    """The open decisions for people, and the options to add."""
    lines = [f"  {message_of(decisions.doubt)}."] if decisions.doubt else []
    write: dict[Question, Callable[[Decision], list[str]]] = {
        "sheet": _sheet_lines,
        "hidden_rows": _hidden_rows_lines,
        "encoding": _encoding_lines,
        "header_row": _header_row_lines,
        "columns": _columns_lines,
        "name_order": _name_order_lines,
    }
    for question, decision in decisions_as_json(decisions).items():
        lines += ["", *write[question](decision)]  # type: ignore[index]
    command = " ".join(part if part == "NAME" else shlex.quote(part) for part in suggested_arguments(decisions))
    return [*lines, "", "To accept what is suggested, add:", f"  {command}"]


# --- As JSON -----------------------------------------------------------------------------------------


def _sheet(decisions: Decisions) -> Decision:
    candidates = [
        {"name": table.name, "rows": table.count, "has_addresses": table.has_addresses, "is_hidden": table.is_hidden}
        for table in decisions.preview.tables[:_SHEETS]
    ]
    return {"candidates": candidates, "suggested": list(decisions.sheets)}


def _hidden_rows(decisions: Decisions) -> Decision:
    return {
        "candidates": list(HIDDEN_ROWS),
        "suggested": decisions.hidden_rows,
        "count": decisions.hidden_count,
    }


def _encoding(decisions: Decisions) -> Decision:
    candidates = [
        {"name": label_of(codec), "title": encoding_name(codec), "sample": list(names)}
        for codec, names in decisions.samples(_SAMPLES).items()
    ]
    # Nobody may accept a spelling without reading it.
    return {"candidates": candidates, "suggested": None}


def _header_row(decisions: Decisions) -> Decision:
    rows = [row for row in decisions.table.top if row.number <= decisions.last_header_row]
    near = [row for row in rows if row.number <= decisions.header_row + 1] or rows
    candidates = [{"row": row.number, "cells": _shown(row.cells[:_CELLS])} for row in near[-_ROWS:]]
    return {"candidates": candidates, "suggested": decisions.header_row}


def _columns(decisions: Decisions) -> Decision:
    rows = [row.cells for row in decisions.table.top if row.number > decisions.header_row][:_SAMPLES]
    candidates = [
        {
            "letter": letters_of(index),
            "name": column.name,
            "sample": _shown([row[index] for row in rows if index < len(row)]),
        }
        for index, column in enumerate(decisions.columns)
    ]
    return {
        "candidates": candidates,
        "suggested": _suggested_columns(decisions),
        "not_in_file": _not_in_file(decisions),
    }


def _not_in_file(decisions: Decisions) -> list[str]:
    """The keys of required columns that we didn't find. An address can't be missing."""
    return [key for key in (*decisions.not_in_file, *decisions.missing) if key in MAY_BE_MISSING]


def _suggested_columns(decisions: Decisions) -> dict[str, str]:
    """For each key that nobody has chosen, its column: by name, or by its letters if its name isn't the only one."""
    names = [column.name for column in decisions.columns]
    return {
        column.key: _reference(column, index, names)
        for index, column in enumerate(decisions.columns)
        if column.key and column.reason != "chosen"
    }


def _reference(column: ColumnUse, index: int, names: Sequence[str]) -> str:
    return column.name if column.name and names.count(column.name) == 1 else letters_of(index)


def _name_order(decisions: Decisions) -> Decision:
    candidates = []
    for order in NAME_ORDERS:
        names = [split_full_name(name, order) for name in decisions.full_names[:_SAMPLES]]
        sample = [{"first_name": visible(name.first_name), "last_name": visible(name.last_name)} for name in names]
        candidates.append({"name": order, "sample": sample})
    return {"candidates": candidates, "suggested": decisions.name_order}


def _shown(cells: Sequence[str]) -> list[str]:
    return [visible(cell, limit=_LONGEST_CELL) for cell in cells]


# --- As text -----------------------------------------------------------------------------------------


def _sheet_lines(decision: Decision) -> list[str]:
    lines = ["Sheets: which of them have people to invite?"]
    for sheet in decision["candidates"]:
        notes = [
            f"{sheet['rows']:,} {'row' if sheet['rows'] == 1 else 'rows'}",
            "" if sheet["has_addresses"] else "no email addresses",
            "hidden" if sheet["is_hidden"] else "",
        ]
        lines.append(f"  {visible(sheet['name'])}: {', '.join(filter(None, notes))}")
    return [*lines, "  Add --sheet NAME for each of them."]


def _hidden_rows_lines(decision: Decision) -> list[str]:
    count = decision["count"]
    hidden = "1 row is" if count == 1 else f"{count:,} rows are"
    return [f"Hidden rows: {hidden} hidden or filtered.", "  Add --hidden-rows include or --hidden-rows exclude."]


def _encoding_lines(decision: Decision) -> list[str]:
    candidates = decision["candidates"]
    width = max(len(candidate["name"]) for candidate in candidates)
    readings = [f"  {candidate['name']:<{width}}  {', '.join(candidate['sample'])}" for candidate in candidates]
    return [
        "Character encoding: which of these is spelled right?",
        *readings,
        "  Add --encoding with its name, or with another one if all of these are wrong.",
    ]


def _header_row_lines(decision: Decision) -> list[str]:
    rows = [f"  row {row['row']:>3}  {', '.join(filter(None, row['cells']))}" for row in decision["candidates"]]
    return ["Row of column names: which row has them?", *rows, "  Add --header-row NUMBER, or 0 if no row has them."]


def _columns_lines(decision: Decision) -> list[str]:
    used = {name: key for key, name in decision["suggested"].items()}
    lines = ["Columns: which of them are the email address and the names?"]
    for column in decision["candidates"]:
        key = used.get(column["name"]) or used.get(column["letter"])
        sample = ", ".join(filter(None, column["sample"])) or "empty"
        title = f"{column['letter']:>3}  {column['name'] or '(no name)'}: {sample}"
        lines.append(f"{title}  (suggested: {key})" if key else title)
    lines.append(f"  Add --column KEY=COLUMN for each. Keys: {', '.join(KEYS)}.")
    if decision["not_in_file"]:
        lines.append(f"  Not found: {', '.join(decision['not_in_file'])}. If the file has none, add --not-in-file KEY.")
    return lines


def _name_order_lines(decision: Decision) -> list[str]:
    lines = ["Full names: how are they split into first and last name?"]
    for candidate in decision["candidates"]:
        names = (f"{name['first_name']} + {name['last_name'] or '?'}" for name in candidate["sample"])
        lines.append(f"  {candidate['name']}: {', '.join(names)}")
    return [*lines, "  Add --name-order with one of these. In a name with a comma, the last name comes first."]
