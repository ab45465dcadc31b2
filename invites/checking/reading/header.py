"""Match the first row with the columns that we know, and say what stands in the way when it doesn't fit."""

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from invites.checking.catalog import RENAME, file_problem
from invites.checking.cells.text import is_blank, trim_all, visible
from invites.checking.report import COLUMNS, EXPECTED, Limits, Problem

# As people and the Excels of three more languages write them, reduced to letters by `_reduce`.
_NAMES: dict[str, tuple[str, ...]] = {
    "Email": (
        "email", "emailaddress", "emailadresse", "mailadresse", "adresseemail", "adressemail", "mail",
        "courriel", "adressecourriel", "mél", "adresseélectronique", "adresseelectronique", "adressedecourriel",
        "adressedemessagerie",
        "correo", "correoelectrónico", "correoelectronico", "direccióndecorreo", "direcciondecorreo",
        "direccióndecorreoelectrónico", "direcciondecorreoelectronico", "direccióndeemail",
    ),
    "First name": ("firstname", "prénom", "prenom", "prénoms", "vorname", "vornamen", "nombre", "nombres",
                   "nombredepila"),
    "Last name": ("lastname", "nom", "nomdefamille", "nachname", "familienname", "apellido", "apellidos"),
    "Description": ("description", "beschreibung", "descripción", "descripcion"),
}  # fmt: skip
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
    for column, names in _NAMES.items()
    for name in names
    for note in ("", *(_OPTIONAL if column == "Description" else _REQUIRED))
}
# Names that mean one of ours, but not surely enough to act on: "Surname" may be a maiden name, "Name" is both.
_GUESSES: dict[str, tuple[str, ...]] = {
    "Email": ("mails", "emails", "username", "login", "contact", "address", "adresse", "user", "upn",
              "userprincipalname", "mailbox", "emailid", "workemail", "emailprofessionnel"),
    "First name": ("givenname", "given", "forename", "christianname", "first", "fname", "rufname", "prename"),
    "Last name": ("surname", "familyname", "family", "last", "lname", "secondname", "sn", "zuname", "name"),
    "Description": ("notes", "note", "comment", "comments", "info"),
}  # fmt: skip
_BOTH_NAMES = frozenset({
    "name", "names", "fullname", "displayname", "nomcomplet", "nometprénom", "nometprenom", "prénometnom",
    "prenometnom", "vorundnachname", "vornamenachname", "nombrecompleto", "nombreyapellidos",
})  # fmt: skip
# The file of problem rows that we hand out has this column; coming back it means nothing.
_OURS = "whatiswrong"
_DELIMITERS = re.compile(r"[,;\t|]")
_NOT_A_LETTER = re.compile(r"[^\w]|_", re.UNICODE)
_ADDRESS = re.compile(r"\s*[<\"']?[^\s@]+@[^\s@]+[>\"']?\s*")
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһԛԝмткнвАВЕКМНОРСТХІЈЅ" "αεορυνικτχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijsdhqwmtkhbABEKMHOPCTXIJS" "aeopuviktxABEZHIKMNOPTYX",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    """Where our four columns stand, what else there is, and how far the columns reach: those with a name (`width`), and
    all of them (`reach`).

    `positions` are the indexes of Email, First name, Last name, Description; the last is None without that column.
    """

    columns: tuple[str, ...]
    positions: tuple[int, int, int, int | None]
    ignored: tuple[str, ...]
    unnamed: tuple[int, ...]
    width: int
    reach: int


def count_known(cells: list[str]) -> int:
    """How many of our columns a row would name."""
    return len({_COLUMN_OF.get(_reduce(cell)) for cell in cells} - {None})


def holds_an_address(cells: list[str]) -> bool:
    """Whether a row is one of a person, as far as can be seen without knowing how its cells are separated."""
    return any(_ADDRESS.fullmatch(part) for cell in cells for part in _DELIMITERS.split(cell))


def names_our_columns(cells: list[str]) -> bool:
    """Whether a row would do as a header; in one cell, too, where a row above has hidden how cells are separated."""
    names = cells if len(cells) > 1 else _DELIMITERS.split("".join(cells))
    return set(COLUMNS[:3]) <= {_COLUMN_OF.get(_reduce(name)) for name in names}


def read_header(cells: list[str], *, limits: Limits) -> Header | Problem:
    """Take the first row apart, or say what is wrong with it: the first thing to fix, alone."""
    names = [visible(trim_all(cell)) for cell in cells]
    while names and is_blank(names[-1]):
        names.pop()
    reduced = [_reduce(cell) for cell in cells[: len(names)]]
    columns = [_COLUMN_OF.get(name) for name in reduced]
    known = {column for column in columns if column}
    in_one_cell = len(names) == 1 and _holds(reduced[0], COLUMNS[:3])
    if (
        len(known) < 3
        and not in_one_cell
        and any(_ADDRESS.fullmatch(cell) or ("@" in cell and not known) for cell in cells)
    ):
        return file_problem("no_header", value=", ".join(names))
    if len(names) > limits.max_columns:
        return file_problem("too_many_columns", found=f"{len(names):,}", limit=f"{limits.max_columns:,}")
    for column in COLUMNS:
        if columns.count(column) > 1:
            found = [f'"{name}"' for name, known_as in zip(names, columns, strict=True) if known_as == column]
            return file_problem("double_column", name=f'"{column}"', found=_and(found, "and"), value=", ".join(names))
    missing = [column for column in COLUMNS[:3] if column not in known]
    if missing:
        others = [name for name, column in zip(names, columns, strict=True) if column is None and name]
        return file_problem(
            "missing_column",
            names=_and([f'"{column}"' for column in missing], "or"),
            guess=_guess(missing, others),
            value=", ".join(names),
        )
    where = {column: index for index, column in enumerate(columns) if column}
    unknown = [index for index, name in enumerate(reduced) if columns[index] is None and name != _OURS]
    return Header(
        columns=tuple(names),
        positions=(where["Email"], where["First name"], where["Last name"], where.get("Description")),
        ignored=tuple(names[index] for index in unknown if names[index]),
        unnamed=tuple(index + 1 for index in unknown if not names[index]),
        width=len(names),
        reach=len(cells),
    )


def is_ours(name: str) -> bool:
    """Whether a column is the one that our own files of problem rows have."""
    return _reduce(name) == _OURS


def found_and_expected(cells: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What to show beside each other when the header is refused."""
    found = [visible(trim_all(cell)) for cell in cells[:50]]
    while found and not found[-1]:
        found.pop()
    return tuple(found), EXPECTED


def _reduce(cell: str) -> str:
    """A column name as we compare it: its letters and digits, small, composed. Letters stay what they are."""
    return _NOT_A_LETTER.sub("", unicodedata.normalize("NFC", cell[:200]).casefold())


def _holds(reduced: str, columns: Sequence[str]) -> bool:
    """Whether the names of all the columns stand in one cell."""
    return all(any(name in reduced for name in _NAMES[column]) for column in columns)


def _and(parts: list[str], word: str) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + f" {word} {parts[-1]}"


def _guess(missing: list[str], others: list[str]) -> str:
    """The likely matches among the columns that nobody asked for, in a sentence."""
    for name in others:
        reduced = _reduce(name)
        if reduced in _BOTH_NAMES and {"First name", "Last name"} <= set(missing):
            return (
                f"Does {name} hold both names? Put them into two columns, First name and Last name, save as CSV, and "
                "choose the file again."
            )
        if len(missing) > 1 and _holds(reduced, missing):
            return (
                f'"{name}" is one cell. Split it into columns in your spreadsheet, save as CSV, and choose the file '
                "again."
            )
    found = _match(missing, others)
    if not found:
        return (
            "Name the columns Email, First name and Last name in the first row, save as CSV, and choose the file again."
        )
    if len(missing) > 1:
        pairs = [f'"{column}" called {found[column].name}' for column in missing if column in found]
        rename = RENAME if len(pairs) == 1 else RENAME.replace("Rename it", "Rename them")
        return f"Is {_and(pairs, 'and')}? {rename}"
    [(column, match)] = found.items()
    if match.has_foreign_letters:
        return (
            f'"{match.name}" looks like "{column}", but some of its letters are from another alphabet. '
            "Type the name anew in your spreadsheet, save as CSV, and choose the file again."
        )
    return f"Is it {match.name}? {RENAME}" if match.is_known else f'"{match.name}" looks like "{column}". {RENAME}'


@dataclass(frozen=True, slots=True)
class _Match:
    """A column of the file that is probably one of ours under another name."""

    name: str
    has_foreign_letters: bool = False
    is_known: bool = False


def _match(missing: list[str], others: list[str]) -> dict[str, _Match]:
    """For each of the missing columns the likeliest of the others, if there is one. The surest kind goes first."""
    found: dict[str, _Match] = {}
    for find in (_find_lookalike, _find_known, _find_near):
        for column in missing:
            left = [name for name in others if name not in {match.name for match in found.values()}]
            if column not in found and (match := find(column, left)):
                found[column] = match
    return found


def _find_lookalike(column: str, names: list[str]) -> _Match | None:
    for name in names:
        latin = unicodedata.normalize("NFKC", name).translate(_LOOKALIKES)
        if latin != name and _COLUMN_OF.get(_reduce(latin)) == column:
            return _Match(name, has_foreign_letters=True)
    return None


def _find_known(column: str, names: list[str]) -> _Match | None:
    return next((_Match(name, is_known=True) for name in names if _reduce(name) in _GUESSES[column]), None)


def _find_near(column: str, names: list[str]) -> _Match | None:
    near = difflib.get_close_matches(_reduce(column), [_reduce(name) for name in names], n=1, cutoff=0.75)
    return next((_Match(name) for name in names if near and _reduce(name) == near[0]), None)
