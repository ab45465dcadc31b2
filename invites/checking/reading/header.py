"""Match the first row with the columns that we know, or say why it can't be a header."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from invites.checking.catalog import file_problem
from invites.checking.cells.error import Param
from invites.checking.cells.text import is_blank, trim_all, visible
from invites.checking.columns import COLUMNS, REQUIRED, Cells, Column
from invites.checking.report import Limits, Problem

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
_DELIMITERS = re.compile(r"[,;\t|]")
_NOT_A_LETTER = re.compile(r"[^\w]|_", re.UNICODE)
_ADDRESS = re.compile(r"\s*[<\"']?[^\s@]+@[^\s@]+[>\"']?\s*")
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһԛԝмткнвАВЕКМНОРСТХІЈЅ" "αεορυνικτχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijsdhqwmtkhbABEKMHOPCTXIJS" "aeopuviktxABEZHIKMNOPTYX",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a file.

    `names` are its column names. `positions` has the index of each column of the registry, None if it is missing. Other
    columns are `ignored` by name, or `unnamed` by number. `width` counts the columns up to the last one with a name,
    and `reach` all of them.
    """

    names: tuple[str, ...]
    positions: tuple[int | None, ...]
    ignored: tuple[str, ...]
    unnamed: tuple[int, ...]
    width: int
    reach: int

    @property
    def required_positions(self) -> list[int]:
        """The indexes of the required columns; the first is that of the address."""
        pairs = zip(COLUMNS, self.positions, strict=True)
        return [position for column, position in pairs if column.is_required and position is not None]

    def missing(self) -> list[Column]:
        """The optional columns that the file doesn't have."""
        return [column for column, position in zip(COLUMNS, self.positions, strict=True) if position is None]

    def pick(self, record: Sequence[str]) -> Cells:
        """The cells of a record that belong to our columns. Missing cells are empty."""
        width = len(record)
        return Cells(*["" if at is None or at >= width else record[at] for at in self.positions])


def count_known(cells: list[str]) -> int:
    """How many of our columns these cells name."""
    return len({_COLUMN_OF.get(_reduce(cell)) for cell in cells} - {None})


def holds_an_address(cells: list[str]) -> bool:
    """Whether a row has an address in a cell, or in a part of a cell if the delimiter is wrong."""
    return any(_ADDRESS.fullmatch(part) for cell in cells for part in _DELIMITERS.split(cell))


def names_our_columns(cells: list[str]) -> bool:
    """Whether a row names all required columns, even in one cell: rows above it can hide the delimiter."""
    names = cells if len(cells) > 1 else _DELIMITERS.split("".join(cells))
    return set(REQUIRED) <= {_COLUMN_OF.get(_reduce(name)) for name in names}


def read_header(cells: list[str], *, limits: Limits) -> Header | Problem:
    """Match the first row with our columns, or return the first thing to fix."""
    names = [visible(trim_all(cell)) for cell in cells]
    while names and is_blank(names[-1]):
        names.pop()
    reduced = [_reduce(cell) for cell in cells[: len(names)]]
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
    where = {column: index for index, column in enumerate(columns) if column}
    unknown = [index for index, name in enumerate(reduced) if columns[index] is None and name != _WHAT_IS_WRONG]
    return Header(
        names=tuple(names),
        positions=tuple(where.get(column) for column in COLUMNS),
        ignored=tuple(names[index] for index in unknown if names[index]),
        unnamed=tuple(index + 1 for index in unknown if not names[index]),
        width=len(names),
        reach=len(cells),
    )


def is_what_is_wrong(name: str) -> bool:
    """Whether this is the column *What is wrong*, which our files of problem rows have."""
    return _reduce(name) == _WHAT_IS_WRONG


def found_names(cells: list[str]) -> tuple[str, ...]:
    """The column names to show when the header is rejected."""
    found = [visible(trim_all(cell)) for cell in cells[:50]]
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def _reduce(cell: str) -> str:
    """A column name as we compare it: only letters and digits, in lower case and NFC."""
    return _NOT_A_LETTER.sub("", unicodedata.normalize("NFC", cell[:200]).casefold())


def _names_all(reduced: str, columns: Iterable[Column]) -> bool:
    """Whether one cell has the names of all these columns."""
    return all(any(name in reduced for name in column.aliases) for column in columns)


def _guess(missing: list[Column], others: list[str]) -> dict[str, Param]:
    """The case of the hint and its values: the likely matches among the other columns."""
    for name in others:
        reduced = _reduce(name)
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
        if latin != name and _COLUMN_OF.get(_reduce(latin)) == column:
            return _Match(name, "other_alphabet")
    return None


def _find_known(column: Column, names: list[str]) -> _Match | None:
    return next((_Match(name, "other_name") for name in names if _reduce(name) in column.guesses), None)


def _find_near(column: Column, names: list[str]) -> _Match | None:
    near = difflib.get_close_matches(_reduce(column.title), [_reduce(name) for name in names], n=1, cutoff=0.75)
    return next((_Match(name, "similar_name") for name in names if near and _reduce(name) == near[0]), None)
