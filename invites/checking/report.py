"""What a check returns: plain values, with no behavior beyond counting."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from invites.checking.cells.email import email_key
from invites.checking.columns import Cells
from invites.checking.problem import Notice, Problem
from invites.checking.reading.decisions import Decisions

Verdict = Literal["ok", "problems", "undecided", "rejected"]

PROBLEMS_KEPT = 10_000
WARNINGS_KEPT = 1_000


class Row(NamedTuple):
    """A row below the header that isn't blank: a valid one, a duplicate, or one with problems.

    `text` are all cells of its record, shortened, if they don't look like a person.

    `values` are its cells in their normal form; a cell with an error has an empty value. A row with problems also has
    its `cells` as found in the file.
    """

    number: int
    line: int
    values: Cells
    problems: tuple[Problem, ...] = ()
    duplicate_of: int | None = None
    cells: Cells | None = None
    text: str = ""

    @property
    def email_key(self) -> str:
        """The key that identifies the person; empty without a valid address."""
        return email_key(self.values.email)

    @property
    def is_valid(self) -> bool:
        return not self.problems and self.duplicate_of is None


class RowRange(NamedTuple):
    """Row numbers from `first` to `last`."""

    first: int
    last: int

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self.first <= number <= self.last


def found_columns(problem: Problem | None) -> tuple[str, ...] | None:
    """The names of the columns, if they are the problem."""
    names = problem.params.get("found_names") if problem else None
    return tuple(str(name) for name in names) if isinstance(names, list) else None


@dataclass(slots=True)
class Report:
    """What one check found. rows = valid + skipped + problem_rows, whenever the check yields a block.

    `skipped` are duplicates and the `not_people`: the rows in `tails`, which are known after the last block. Blocks
    have them as rows with problems.

    `problems`, `warnings` and `duplicates` are cut off at a maximum length; the counts are complete. `found` are the
    names of the columns if the file isn't read because of them. `decisions` says what is open in an undecided file.

    `certainty` says why a text has this encoding, with some `example_names` if it is only likely. `sheets` are the
    names of several sheets, each with the number that its rows start after. `export` is the product that wrote the
    file, if we know its columns, and `remembered` the signature of columns that are read as remembered.
    """

    verdict: Verdict = "ok"
    rows: int = 0
    valid: int = 0
    skipped: int = 0
    not_people: int = 0
    not_people_numbers: list[int] = field(default_factory=list)
    tails: list[RowRange] = field(default_factory=list)
    problem_rows: int = 0
    problem_count: int = 0
    truncated: bool = False
    encoding: str = ""
    delimiter: str = ""
    columns: tuple[str, ...] = ()
    ignored_columns: tuple[str, ...] = ()
    certainty: str = ""
    example_names: tuple[str, ...] = ()
    sheets: tuple[tuple[str, int], ...] = ()
    export: str = ""
    remembered: str = ""
    decisions: Decisions | None = None
    rejection: Problem | None = None
    found: tuple[str, ...] | None = None
    problems: list[Problem] = field(default_factory=list)
    problems_by_code: dict[str, int] = field(default_factory=dict)
    warnings: list[Notice] = field(default_factory=list)
    warning_count: int = 0
    doubtful_cells: int = 0
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

    def sort_problems(self, *, since: int) -> None:
        """Put the problems from this index on in the order of their rows."""
        self.problems[since:] = sorted(self.problems[since:], key=lambda problem: problem.row or 0)

    def skip(self, duplicate: Notice) -> None:
        """Count one row whose address is in an earlier row with the same name."""
        self.skipped += 1
        if len(self.duplicates) < WARNINGS_KEPT:
            self.duplicates.append(duplicate)

    def skip_tail(self, numbers: RowRange, rows: int, problems_by_code: Mapping[str, int]) -> None:
        """Skip the rows with problems in this range, which aren't people. Call `drop_problems_of_tails` at the end."""
        self.tails.append(numbers)
        self.not_people += rows
        self.skipped += rows
        self.problem_rows -= rows
        for code, count in problems_by_code.items():
            self.problem_count -= count
            self.problems_by_code[code] -= count
            if not self.problems_by_code[code]:
                del self.problems_by_code[code]

    def drop_problems_of_tails(self) -> None:
        """Remove the problems of the rows that aren't people."""
        if not self.tails:
            return
        firsts = [tail.first for tail in self.tails]
        self.problems = [
            problem
            for problem in self.problems
            if problem.row is None or not self._is_in_tail(problem.row, bisect_right(firsts, problem.row) - 1)
        ]
        self.truncated = len(self.problems) < self.problem_count
        if not self.problem_rows:
            self.verdict = "ok"

    def _is_in_tail(self, number: int, place: int) -> bool:
        return place >= 0 and number in self.tails[place]

    def count(self, rows: int) -> None:
        """Count more rows, whose problems and duplicates have been added."""
        self.rows += rows
        self.valid = self.rows - self.skipped - self.problem_rows

    def warn(self, notice: Notice) -> None:
        self.warning_count += 1
        # There are only a few about the whole file.
        if notice.row is None or len(self.warnings) < WARNINGS_KEPT:
            self.warnings.append(notice)

    def warn_first(self, notice: Notice) -> None:
        """Add a notice about the whole file, which must not be cut off."""
        self.warning_count += 1
        self.warnings.insert(0, notice)

    def leave_undecided(self, decisions: Decisions) -> None:
        """Wait for somebody to decide how the file is read."""
        self.verdict = "undecided"
        self.decisions = decisions
        self.found = found_columns(decisions.doubt)

    def reject(self, problem: Problem) -> None:
        """Reject the file: this problem replaces everything that was counted before."""
        self.verdict = "rejected"
        self.rejection = problem
        self.rows = self.valid = self.skipped = self.problem_rows = 0
        self.problems = [problem]
        self.problem_count = 1
        self.problems_by_code = {problem.code: 1}
        self.truncated = False
        self.warnings = []
        self.warning_count = self.doubtful_cells = 0
        self.duplicates = []
        self.not_people, self.not_people_numbers, self.tails = 0, [], []
        self.found = found_columns(problem)

    def grouped(self) -> Iterator[tuple[str, int]]:
        """The kinds of problem with their counts, the most frequent first."""
        return iter(sorted(self.problems_by_code.items(), key=lambda item: (-item[1], item[0])))
