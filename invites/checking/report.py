"""What a check returns: plain values, with no behavior beyond counting."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from invites.checking.cells.email import email_key
from invites.checking.cells.error import Params
from invites.checking.columns import Cells

Verdict = Literal["ok", "problems", "rejected"]

PROBLEMS_KEPT = 10_000
WARNINGS_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one file may hold. Lengths are in characters, sizes in bytes.

    A cell longer than `max_cell` is a problem of the whole file: no spreadsheet writes a cell of a million characters
    (Excel's limit is 32,767), and the reader would have to keep all of it in memory.

    A child process reads a workbook, with `workbook_memory` and `workbook_seconds`. `max_cells` counts all cells
    between the first and the last one of its sheet, including empty ones.
    """

    max_bytes: int = 25 * 1024 * 1024
    max_rows: int = 200_000
    max_columns: int = 100
    max_cell: int = 1_000_000
    max_cells: int = 8_000_000
    workbook_memory: int = 512 * 1024 * 1024
    workbook_seconds: float = 30.0


class Problem(NamedTuple):
    """One thing that is wrong, as a code of the catalog and the values of its sentences. `describe.py` words it.

    JSON can store the `params`. `row` counts as the spreadsheet does (the header is row 1), and `line` is the line of
    the file at which that row starts; both are None for a problem of the whole file. `column` is a key of the registry.
    `value` is for display: shortened, with invisible characters made visible. `suggestion` is the corrected cell, given
    only when it is certain, and `fix` the code of its label.
    """

    code: str
    params: Params
    row: int | None
    line: int | None
    column: str | None
    value: str
    suggestion: str | None = None
    fix: str | None = None


class Notice(NamedTuple):
    """Something the admin should know that stops nobody from being invited."""

    code: str
    params: Params
    row: int | None
    column: str | None = None
    value: str = ""
    suggestion: str | None = None


class Row(NamedTuple):
    """A row below the header that isn't blank: a valid one, a duplicate, or one with problems.

    `values` are its cells in their normal form; a cell with an error has an empty value. A row with problems also has
    its `cells` as found in the file.
    """

    number: int
    line: int
    values: Cells
    problems: tuple[Problem, ...] = ()
    duplicate_of: int | None = None
    cells: Cells | None = None

    @property
    def email_key(self) -> str:
        """The key that identifies the person; empty without a valid address."""
        return email_key(self.values.email)

    @property
    def is_valid(self) -> bool:
        return not self.problems and self.duplicate_of is None


@dataclass(slots=True)
class Report:
    """What one check found. rows = valid + skipped + problem_rows, whenever the check yields a block.

    `problems`, `warnings` and `duplicates` are cut off at a maximum length; the counts are complete. `found` are the
    names in the first row if the file is rejected because of them.
    """

    verdict: Verdict = "ok"
    rows: int = 0
    valid: int = 0
    skipped: int = 0
    problem_rows: int = 0
    problem_count: int = 0
    truncated: bool = False
    encoding: str = ""
    delimiter: str = ""
    columns: tuple[str, ...] = ()
    ignored_columns: tuple[str, ...] = ()
    rejection: Problem | None = None
    found: tuple[str, ...] | None = None
    problems: list[Problem] = field(default_factory=list)
    problems_by_code: dict[str, int] = field(default_factory=dict)
    warnings: list[Notice] = field(default_factory=list)
    warning_count: int = 0
    duplicates: list[Notice] = field(default_factory=list)

    def add_problems(self, problems: tuple[Problem, ...]) -> None:
        """Count one row with problems."""
        self.verdict = "problems"
        self.problem_rows += 1
        self.problem_count += len(problems)
        for problem in problems:
            self.problems_by_code[problem.code] = self.problems_by_code.get(problem.code, 0) + 1
            if len(self.problems) < PROBLEMS_KEPT:
                self.problems.append(problem)
            else:
                self.truncated = True

    def skip(self, duplicate: Notice) -> None:
        """Count one row whose address is in an earlier row."""
        self.skipped += 1
        if len(self.duplicates) < WARNINGS_KEPT:
            self.duplicates.append(duplicate)

    def count(self, rows: int) -> None:
        """Count more rows, whose problems and duplicates have been added."""
        self.rows += rows
        self.valid = self.rows - self.skipped - self.problem_rows

    def warn(self, notice: Notice) -> None:
        self.warning_count += 1
        if len(self.warnings) < WARNINGS_KEPT:
            self.warnings.append(notice)

    def reject(self, problem: Problem, *, found: tuple[str, ...] | None = None) -> None:
        """Reject the file: this problem replaces everything that was counted before."""
        self.verdict = "rejected"
        self.rejection = problem
        self.rows = self.valid = self.skipped = self.problem_rows = 0
        self.problems = [problem]
        self.problem_count = 1
        self.problems_by_code = {problem.code: 1}
        self.truncated = False
        self.warnings = []
        self.warning_count = 0
        self.duplicates = []
        self.found = found

    def grouped(self) -> Iterator[tuple[str, int]]:
        """The kinds of problem with their counts, the most frequent first."""
        return iter(sorted(self.problems_by_code.items(), key=lambda item: (-item[1], item[0])))
