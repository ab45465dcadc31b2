"""What one check found: plain values, without behaviour beyond counting."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Verdict = Literal["ok", "problems", "rejected"]

COLUMNS = ("Email", "First name", "Last name", "Description")
EXPECTED = ("Email", "First name", "Last name", "Description (optional)")

PROBLEMS_KEPT = 10_000
WARNINGS_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one file may hold. Lengths are in characters, sizes in bytes.

    `max_cell` is where a cell stops being a problem of its row: no spreadsheet writes a cell of a million
    characters (Excel ends at 32,767), and a reader that went on would have to hold it all.

    A workbook is read by a child process, with `workbook_memory` and `workbook_seconds`. `max_cells` are those
    between the first and the last one of its sheet, empty ones included.
    """

    max_bytes: int = 25 * 1024 * 1024
    max_rows: int = 200_000
    max_name: int = 150
    max_description: int = 1_000
    max_columns: int = 100
    max_cell: int = 1_000_000
    max_cells: int = 8_000_000
    workbook_memory: int = 512 * 1024 * 1024
    workbook_seconds: float = 30.0


class Problem(NamedTuple):
    """One thing that is wrong, in words: news about the file, never an exception.

    `row` counts as the spreadsheet does (the header is row 1), `line` is the physical line at which that row
    starts; both are None for a problem of the whole file. `value` is shortened, and its invisible characters
    are made visible: it is for showing. `suggestion` is the repaired cell, given only where it is sure.
    """

    code: str
    message: str
    hint: str
    row: int | None
    line: int | None
    column: str | None
    value: str
    suggestion: str | None = None
    suggestion_label: str | None = None


class Notice(NamedTuple):
    """Something that the admin should know and that stops nobody from being invited."""

    row: int | None
    code: str
    message: str
    column: str | None = None
    value: str = ""
    suggestion: str | None = None


class Row(NamedTuple):
    """One non-blank data row: a valid one, a duplicate, or one with problems.

    A row with problems has its four raw cells (Email, First name, Last name, Description) in `cells`, for
    fixing; its other values are then only as good as the check could make them.
    """

    number: int
    line: int
    email: str
    email_key: str
    first_name: str
    last_name: str
    description: str
    problems: tuple[Problem, ...] = ()
    duplicate_of: int | None = None
    cells: tuple[str, str, str, str] | None = None

    @property
    def is_valid(self) -> bool:
        return not self.problems and self.duplicate_of is None


@dataclass(slots=True)
class Report:
    """What one check found. rows = valid + skipped + problem_rows, whenever a block of rows is handed out.

    `problems`, `warnings` and `duplicates` are lists for reading, and end somewhere; the counts go on.
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
    found: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    problems_by_code: dict[str, int] = field(default_factory=dict)
    warnings: list[Notice] = field(default_factory=list)
    warning_count: int = 0
    duplicates: list[Notice] = field(default_factory=list)
    people: list[Row] | None = None

    def add_problems(self, problems: tuple[Problem, ...]) -> None:
        """Count one problem row. The list stops at PROBLEMS_KEPT; the counts go on."""
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
        """Count one row whose address stands above it already."""
        self.skipped += 1
        if len(self.duplicates) < WARNINGS_KEPT:
            self.duplicates.append(duplicate)

    def count(self, rows: int) -> None:
        """Count so many more rows, whose problems and duplicates were told before."""
        self.rows += rows
        self.valid = self.rows - self.skipped - self.problem_rows

    def warn(self, notice: Notice) -> None:
        self.warning_count += 1
        if len(self.warnings) < WARNINGS_KEPT:
            self.warnings.append(notice)

    def reject(self, problem: Problem, *, found: tuple[str, ...] = (), expected: tuple[str, ...] = ()) -> None:
        """Refuse the file: its one problem stands alone, and whatever was counted before it is void."""
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
        self.people = None
        self.found, self.expected = found, expected

    def grouped(self) -> Iterator[tuple[str, int]]:
        """The kinds of problem with their counts, the most frequent first."""
        return iter(sorted(self.problems_by_code.items(), key=lambda item: (-item[1], item[0])))
