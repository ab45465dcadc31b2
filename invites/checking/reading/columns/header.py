"""Match the first row with the columns that we know, or say why it can't be a header."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from invites.checking.catalog import file_problem
from invites.checking.cells.csv_injection import unescape_formula
from invites.checking.cells.error import CellError, Param, Params
from invites.checking.cells.text import is_blank, trim_all, visible
from invites.checking.columns import COLUMNS, FIRST_NAME, LAST_NAME, REQUIRED, Cells, Column
from invites.checking.full_names import SplitName, is_decided_by_commas, split_full_name
from invites.checking.limits import Limits
from invites.checking.problem import Problem
from invites.checking.reading.columns.column_names import reduce_name
from invites.checking.reading.options import NameOrder

# What people and spreadsheets in four languages add to a column name.
_OPTIONAL = ("optional", "opcional", "facultatif", "facultative", "facultatifs", "optionnel", "optionnelle")
_REQUIRED = (
    "required",
    "mandatory",
    "obligatory",
    "obligatoire",
    "requis",
    "erforderlich",
    "pflichtfeld",
    "obligatorio",
)
_COLUMN_OF = {
    name + note: column
    for column in COLUMNS
    for name in column.aliases
    for note in ("", *(_REQUIRED if column.is_required else _OPTIONAL))
}
# Columns that hold the first and the last name.
_BOTH_NAMES = frozenset({
    "name", "names", "fullname", "displayname", "nomcomplet", "nometprénom", "nometprenom", "prénometnom",
    "prenometnom", "vorundnachname", "vornamenachname", "nombrecompleto", "nombreyapellidos",
})  # fmt: skip
# Files of problem rows have this column, which isn't read when they are uploaded again.
_WHAT_IS_WRONG = "whatiswrong"
# Our CSV exports have this empty column. It tells people and the import that `escape_formula` was applied to the cells.
ESCAPED_COLUMN = "Formulas start with an apostrophe"
# The code of the problem of a row that has the column names again.
COLUMN_NAMES_AGAIN = "column_names_again"
_ADDRESS = re.compile(r"\s*[<\"']?[^\s@]+@[^\s@]+[>\"']?\s*")
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһԛԝмткнвАВЕКМНОРСТХІЈЅ" "αεορυνικτχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijsdhqwmtkhbABEKMHOPCTXIJS" "aeopuviktxABEZHIKMNOPTYX",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a file.

    `names` are its column names. `positions` has the index of each column of the registry, None if it is missing. Other
    columns are `ignored` by name, or `unnamed` by number. `width` counts the columns up to the last one with a name or
    a use, and `reach` all of them.

    `full_name` is the index of a column with full names, which are split in `name_order`. `is_escaped`: it has our
    `ESCAPED_COLUMN`, so cells are unescaped.
    """

    names: tuple[str, ...]
    positions: tuple[int | None, ...]
    ignored: tuple[str, ...]
    unnamed: tuple[int, ...]
    width: int
    reach: int
    full_name: int | None = None
    name_order: NameOrder = ""
    is_escaped: bool = False

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        columns: Mapping[str, int],
        *,
        reach: int,
        full_name: int | None = None,
        name_order: NameOrder = "",
    ) -> Header:
        """The header whose columns are known: `columns` has the index of each key that has a column."""
        used = {*columns.values(), full_name}
        others = [index for index, name in enumerate(names) if index not in used and not is_what_is_wrong(name)]
        is_escaped = any(names[index] == ESCAPED_COLUMN for index in others)
        others = [index for index in others if names[index] != ESCAPED_COLUMN]
        return cls(
            names=tuple(names),
            positions=tuple(columns.get(column.key) for column in COLUMNS),
            ignored=tuple(names[index] for index in others if names[index]),
            unnamed=tuple(index + 1 for index in others if not names[index]),
            width=len(names),
            reach=reach,
            full_name=full_name,
            name_order=name_order,
            is_escaped=is_escaped,
        )

    @property
    def required_positions(self) -> list[int]:
        """The indexes of the required columns; the first is that of the address."""
        pairs = zip(COLUMNS, self.positions, strict=True)
        found = [position for column, position in pairs if column.is_required and position is not None]
        return found if self.full_name is None else [*found, self.full_name]

    def missing(self) -> list[Column]:
        """The optional columns that the file doesn't have."""
        return [column for column, position in zip(COLUMNS, self.positions, strict=True) if position is None]

    def pick(self, record: Sequence[str]) -> Cells:
        """The cells of a record that belong to our columns. Missing cells are empty."""
        width = len(record)
        cells = Cells(*["" if at is None or at >= width else record[at] for at in self.positions])
        if self.is_escaped:
            cells = Cells(*map(unescape_formula, cells))
        if self.full_name is None or self.full_name >= width:
            return cells
        name = self.split(record[self.full_name])
        return cells._replace(first_name=name.first_name, last_name=name.last_name)

    def is_repeated_by(self, record: Sequence[str]) -> bool:
        """Whether a record that isn't blank has the column names again, and nothing else."""
        if "@" in record[0]:
            # Most rows begin with an address, and need no comparison.
            return False
        names = [visible(trim_all(cell)).casefold() for cell in record]
        return names[: self.width] == [name.casefold() for name in self.names] and not any(names[self.width :])

    def split(self, full_name: str) -> SplitName:
        """Split a full name. Without an order, only a comma makes it sure."""
        name = _split(full_name, self.name_order or "first-last")
        is_ordered = self.name_order or is_decided_by_commas([full_name])
        return name if is_ordered else name._replace(is_sure=False)

    def unsure_name(self, record: Sequence[str]) -> CellError | None:
        """The error of a record whose full name could be split in another place, unless its first name is wrong."""
        if self.full_name is None or self.full_name >= len(record):
            return None
        name = self.split(record[self.full_name])
        first_name = COLUMNS[FIRST_NAME].check(name.first_name)
        if name.is_sure or not name.last_name or isinstance(first_name, CellError):
            return None
        params: Params = {"first_name": visible(first_name), "last_name": visible(name.last_name)}
        return CellError("unsure_full_name", params, suggestion=first_name, fix="keep_names")

    def find_unsure(self, cells: Sequence[Sequence[str]]) -> list[int]:
        """The positions of the full names, out of all columns of some records, that could be split in another place."""
        if self.full_name is None:
            return []
        return [at for at, name in enumerate(cells[self.full_name]) if name and not self.split(name).is_sure]

    def take(self, cells: Sequence[Sequence[str]], count: int) -> list[Sequence[str]]:
        """The columns of the registry out of all columns of `count` records."""
        empty = ("",) * count
        columns: list[Sequence[str]] = [empty if at is None else cells[at] for at in self.positions]
        if self.is_escaped:
            columns = [list(map(unescape_formula, column)) for column in columns]
        if self.full_name is not None:
            names = [self.split(name) for name in cells[self.full_name]]
            columns[FIRST_NAME] = [name.first_name for name in names]
            columns[LAST_NAME] = [name.last_name for name in names]
        return columns


@lru_cache(maxsize=1_024)
def _split(full_name: str, order: NameOrder) -> SplitName:
    """As `split_full_name`, which takes a while. A check asks several times about each name of a chunk."""
    return split_full_name(full_name, order)


def count_known(cells: list[str]) -> int:
    """How many of our columns these cells name."""
    return len({_COLUMN_OF.get(reduce_name(cell)) for cell in cells} - {None})


def known_columns(names: Sequence[str]) -> list[str]:
    """For each name the key of the column that it certainly means, or an empty string."""
    found = (_COLUMN_OF.get(reduce_name(name)) for name in names)
    return [column.key if column else "" for column in found]


def read_header(cells: list[str], *, limits: Limits) -> Header | Problem:
    """Match the first row with our columns, or return the first thing to fix, with the names that were found."""
    header = _match_names(cells, limits=limits)
    return header if isinstance(header, Header) else with_found_names(header, cells)


def with_found_names(problem: Problem, cells: Sequence[str]) -> Problem:
    """The problem with the names of the columns, which are shown next to those that we expect."""
    found = [visible(trim_all(cell)) for cell in cells[:50]]
    while found and not found[-1]:
        found.pop()
    return problem._replace(params={**problem.params, "found_names": found})


def _match_names(cells: list[str], *, limits: Limits) -> Header | Problem:
    names = [visible(trim_all(cell)) for cell in cells]
    while names and is_blank(names[-1]):
        names.pop()
    reduced = [reduce_name(cell) for cell in cells[: len(names)]]
    columns = [_COLUMN_OF.get(name) for name in reduced]
    known = {column for column in columns if column}
    in_one_cell = len(names) == 1 and _names_all(reduced[0], REQUIRED)
    if (
        len(known) < len(REQUIRED)
        and not in_one_cell
        and any(_ADDRESS.fullmatch(cell) or ("@" in cell and not known) for cell in cells)
    ):
        return file_problem("no_header", value=", ".join(names))
    if len(names) > limits.max_columns:
        return file_problem("too_many_columns", found=len(names), limit=limits.max_columns)
    for column in COLUMNS:
        if columns.count(column) > 1:
            found = [name for name, known_as in zip(names, columns, strict=True) if known_as == column]
            return file_problem("double_column", column=column.key, names=found, value=", ".join(names))
    missing = [column for column in REQUIRED if column not in known]
    if missing:
        others = [name for name, column in zip(names, columns, strict=True) if column is None and name]
        keys = [column.key for column in missing]
        problem = file_problem("missing_column", value=", ".join(names), count=len(keys), columns=keys)
        return problem._replace(params={**problem.params, **_guess(missing, others)})
    where = {column.key: index for index, column in enumerate(columns) if column}
    return Header.of(names, where, reach=len(cells))


def is_what_is_wrong(name: str) -> bool:
    """Whether this is the column *What is wrong*, which our files of problem rows have."""
    return reduce_name(name) == _WHAT_IS_WRONG


def _names_all(reduced: str, columns: Iterable[Column]) -> bool:
    """Whether one cell has the names of all these columns."""
    return all(any(name in reduced for name in column.aliases) for column in columns)


def _guess(missing: list[Column], others: list[str]) -> dict[str, Param]:
    """The case of the hint and its values: the likely matches among the other columns."""
    for name in others:
        reduced = reduce_name(name)
        if reduced in _BOTH_NAMES and {"first_name", "last_name"} <= {column.key for column in missing}:
            return {"case": "both_names", "name": name, "name_columns": ["first_name", "last_name"]}
        if len(missing) > 1 and _names_all(reduced, missing):
            return {"case": "one_cell", "name": name}
    found = _match(missing, others)
    if not found:
        return {"case": "unknown"}
    if len(found) > 1:
        return {
            "case": "several",
            "renames": [[found[column].name, column.key] for column in missing if column in found],
        }
    [(column, match)] = found.items()
    return {"case": match.case, "name": match.name, "column": column.key}


@dataclass(frozen=True, slots=True)
class _Match:
    """A column of the file that is probably one of ours with another name. `case` is one of the hint."""

    name: str
    case: str


def _match(missing: list[Column], others: list[str]) -> dict[Column, _Match]:
    """The likeliest of the other columns for each missing one, if any. The most certain kind of match goes first."""
    found: dict[Column, _Match] = {}
    for find in (_find_lookalike, _find_known, _find_near):
        for column in missing:
            rest = [name for name in others if name not in {match.name for match in found.values()}]
            if column not in found and (match := find(column, rest)):
                found[column] = match
    return found


def _find_lookalike(column: Column, names: list[str]) -> _Match | None:
    for name in names:
        latin = unicodedata.normalize("NFKC", name).translate(_LOOKALIKES)
        if latin != name and _COLUMN_OF.get(reduce_name(latin)) == column:
            return _Match(name, "other_alphabet")
    return None


def _find_known(column: Column, names: list[str]) -> _Match | None:
    return next((_Match(name, "other_name") for name in names if reduce_name(name) in column.guesses), None)


def _find_near(column: Column, names: list[str]) -> _Match | None:
    near = difflib.get_close_matches(reduce_name(column.title), [reduce_name(name) for name in names], n=1, cutoff=0.75)
    return next((_Match(name, "similar_name") for name in names if near and reduce_name(name) == near[0]), None)
