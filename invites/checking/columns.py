"""The registry of columns. Code that reads, checks, stores or shows cells asks it which columns there are.

To add a column, append it to `Cells` and to `COLUMNS`, and add a field named like its key to the models Row and
Invitation.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from email_validator.rfc_constants import EMAIL_MAX_LENGTH

from invites.checking.cells.damage import doubt_name, doubt_text
from invites.checking.cells.email_mistakes import check_email
from invites.checking.cells.error import CellError, Doubt
from invites.checking.cells.look_alikes import doubt_address
from invites.checking.cells.names import USUAL_NAME, USUAL_TEXT, check_name, check_text
from invites.checking.messages import gettext_noop


class Cells(NamedTuple):
    """One cell per column, in the order of `COLUMNS`: as found in a file, or as the check returns them.

    Append new columns. Rows that were stored before have fewer cells, and `Cells(*stored)` fills in the others.
    """

    email: str = ""
    first_name: str = ""
    last_name: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A column that we read.

    `key` is its name in `Cells`, in forms, and in the models Row and Invitation. `title` is its name in our files, and
    pages show it translated.
    `aliases` are names that mean this column in a header, and `guesses` names that only suggest it: both have
    lowercase letters and digits only. `longest` is in characters.

    `check` takes a cell and returns its normal form, or what is wrong with it. A cell of at most `longest` characters
    that matches `usual` must be its own normal form, and without doubt: the check of a whole file relies on that.

    `doubt` takes a normal form and returns what looks wrong with it, if anything.

    `sample` is the cell in row {n} of the sample file.
    """

    key: str
    title: str
    sample: str
    aliases: tuple[str, ...]
    guesses: tuple[str, ...]
    longest: int
    check: Callable[[str], str | CellError]
    doubt: Callable[[str], Doubt | None]
    is_required: bool = False
    usual: re.Pattern[str] | None = None


_LONGEST_NAME, _LONGEST_DESCRIPTION = 150, 1_000
_check_first_name = partial(check_name, needed="first_name_needed", longest=_LONGEST_NAME)
_check_last_name = partial(check_name, needed="last_name_needed", longest=_LONGEST_NAME)
_check_description = partial(check_text, longest=_LONGEST_DESCRIPTION)

COLUMNS = (
    Column(
        key="email",
        title=gettext_noop("Email"),
        sample="user{n}@abc.com",
        aliases=(
            "email", "emailaddress", "emailadresse", "mailadresse", "adresseemail", "adressemail", "mail",
            "courriel", "adressecourriel", "mél", "adresseélectronique", "adresseelectronique", "adressedecourriel",
            "adressedemessagerie",
            "correo", "correoelectrónico", "correoelectronico", "direccióndecorreo", "direcciondecorreo",
            "direccióndecorreoelectrónico", "direcciondecorreoelectronico", "direccióndeemail",
        ),
        guesses=(
            "mails", "emails", "username", "login", "contact", "address", "adresse", "user", "upn",
            "userprincipalname", "mailbox", "emailid", "workemail", "emailprofessionnel",
        ),
        longest=EMAIL_MAX_LENGTH,
        check=check_email,
        doubt=doubt_address,
        is_required=True,
    ),
    Column(
        key="first_name",
        title=gettext_noop("First name"),
        sample="first name {n}",
        aliases=("firstname", "prénom", "prenom", "prénoms", "vorname", "vornamen", "nombre", "nombres",
                 "nombredepila"),
        guesses=("givenname", "given", "forename", "christianname", "first", "fname", "rufname", "prename"),
        longest=_LONGEST_NAME,
        check=_check_first_name,
        doubt=partial(doubt_name, check=_check_first_name),
        is_required=True,
        usual=USUAL_NAME,
    ),
    Column(
        key="last_name",
        title=gettext_noop("Last name"),
        sample="last name {n}",
        aliases=("lastname", "nom", "nomdefamille", "nachname", "familienname", "apellido", "apellidos"),
        guesses=("surname", "familyname", "family", "last", "lname", "secondname", "sn", "zuname", "name"),
        longest=_LONGEST_NAME,
        check=_check_last_name,
        doubt=partial(doubt_name, check=_check_last_name),
        is_required=True,
        usual=USUAL_NAME,
    ),
    Column(
        key="description",
        title=gettext_noop("Description"),
        sample="optional info about user {n}",
        aliases=("description", "beschreibung", "descripción", "descripcion"),
        guesses=("notes", "note", "comment", "comments", "info"),
        longest=_LONGEST_DESCRIPTION,
        check=_check_description,
        doubt=partial(doubt_text, check=_check_description),
        usual=USUAL_TEXT,
    ),
)  # fmt: skip

EMAIL = COLUMNS[0]
# The positions of the names, which a full name is split into.
FIRST_NAME, LAST_NAME = Cells._fields.index("first_name"), Cells._fields.index("last_name")
REQUIRED = tuple(column for column in COLUMNS if column.is_required)
