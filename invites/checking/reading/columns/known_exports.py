"""Recognize what other programs export, by the exact names of its columns. The admin isn't asked about these."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from invites.checking.cells.text import is_blank, trim_all
from invites.checking.reading.columns.column_vocabulary import FULL_NAME

# "User name [userPrincipalName] Required": what is in brackets is the same in every language.
_PROPERTY = re.compile(r"[^\[\]]*\[([A-Za-z]+)\][^\[\]]*")
_VERSION = re.compile(r"version: ?v?\d+(\.\d+)*", re.IGNORECASE)
_SEP = re.compile(r"sep=.?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Export:
    """A file of a known program: its `columns` by key, and which required ones are `missing`."""

    name: str
    columns: dict[str, int]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Format:
    """An export of a program.

    It has all columns named in `marks`, and at least one of each group in `any_of`. Each other field lists the names of
    a column, of which the first one counts.
    """

    name: str
    marks: tuple[str, ...]
    email: tuple[str, ...]
    first_name: tuple[str, ...] = ("first name",)
    last_name: tuple[str, ...] = ("last name",)
    full_name: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()


_WORKDAY_EMAIL = ("email - primary work", "email - primary work email", "primary work email", "email - work")
# Names are in lower case. A name in brackets is a property that stood in brackets.
_FORMATS = (
    _Format(
        "Google Workspace",
        marks=("first name [required]", "last name [required]", "email address [required]"),
        email=("email address [required]",),
        first_name=("first name [required]",),
        last_name=("last name [required]",),
    ),
    _Format("Google Contacts", marks=("first name", "last name", "e-mail 1 - value"), email=("e-mail 1 - value",)),
    _Format(
        "Google Contacts",
        marks=("given name", "family name", "e-mail 1 - value"),
        email=("e-mail 1 - value",),
        first_name=("given name",),
        last_name=("family name",),
    ),
    _Format("Microsoft Entra", marks=("[inviteeemail]",), email=("[inviteeemail]",), first_name=(), last_name=()),
    _Format(
        "Microsoft Entra",
        marks=("[userprincipalname]",),
        email=("[mail]", "[userprincipalname]"),
        first_name=("[givenname]",),
        last_name=("[surname]",),
        full_name=("[displayname]",),
    ),
    _Format(
        "Microsoft Entra",
        marks=("displayname", "givenname", "surname"),
        any_of=("mail", "userprincipalname"),
        email=("mail", "userprincipalname"),
        first_name=("givenname",),
        last_name=("surname",),
    ),
    _Format(
        "Active Directory",
        marks=("givenname",),
        any_of=("surname", "sn"),
        email=("mail", "emailaddress", "userprincipalname"),
        first_name=("givenname",),
        last_name=("surname", "sn"),
    ),
    _Format(
        "Microsoft 365",
        marks=("first name", "last name", "display name"),
        any_of=("user principal name", "username", "user name"),
        email=("user principal name", "username", "user name"),
    ),
    _Format(
        "Okta",
        marks=("login", "firstname", "lastname", "email"),
        email=("email",),
        first_name=("firstname",),
        last_name=("lastname",),
    ),
    _Format("Okta", marks=("login", "first name", "last name", "primary email"), email=("primary email",)),
    _Format(
        "Slack",
        marks=("username", "email", "userid", "fullname"),
        email=("email",),
        first_name=(),
        last_name=(),
        full_name=("fullname",),
    ),
    _Format(
        "Salesforce",
        marks=("firstname", "lastname", "email"),
        any_of=("accountid", "profileid", "ownerid", "contactid", "userroleid", "id"),
        email=("email",),
        first_name=("firstname",),
        last_name=("lastname",),
    ),
    _Format(
        "Salesforce",
        marks=("first name", "last name", "email"),
        any_of=("account name", "profile", "profile: name", "user id", "contact id", "account id"),
        email=("email",),
    ),
    _Format(
        "Moodle",
        marks=("first name", "surname", "email address"),
        any_of=("id number", "institution", "groups", "roles", "username", "last downloaded from this course"),
        email=("email address",),
        last_name=("surname",),
    ),
    _Format(
        "Moodle",
        marks=("username", "firstname", "lastname", "email"),
        any_of=("course1", "cohort1", "auth", "idnumber", "institution"),
        email=("email",),
        first_name=("firstname",),
        last_name=("lastname",),
    ),
    _Format(
        "Workday",
        marks=(),
        email=(*_WORKDAY_EMAIL, "work email"),
        first_name=(
            "preferred first name", "preferred name - first name", "legal first name", "legal name - first name",
        ),
        last_name=("preferred last name", "preferred name - last name", "legal last name", "legal name - last name"),
    ),
    _Format("Workday", marks=("first name", "last name"), any_of=_WORKDAY_EMAIL, email=_WORKDAY_EMAIL),
    _Format(
        "BambooHR",
        marks=("first name", "last name", "work email"),
        any_of=("employee #", "employee number", "eeid", "preferred name", "home email", "employment status"),
        email=("work email",),
    ),
    _Format("Outlook", marks=("first name", "last name", "e-mail address"), email=("e-mail address",)),
)  # fmt: skip


def recognize_export(names: Sequence[str]) -> Export | None:
    """The export that has these column names, or None. A file with the same name twice is none."""
    indexes: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        indexes.setdefault(_normalize(name), []).append(index)
    for each in _FORMATS:
        has_marks = all(name in indexes for name in each.marks)
        has_any = not each.any_of or any(name in indexes for name in each.any_of)
        if has_marks and has_any and (export := _match(each, indexes)):
            return export
    return None


def is_preamble(cells: Sequence[str]) -> bool:
    """Whether a row is what programs write above the column names: a version, a type, or the delimiter."""
    first = trim_all(cells[0])[:200] if cells else ""
    if first[:6].upper() == "#TYPE ":
        return True
    is_alone = all(is_blank(cell) for cell in cells[1:])
    return is_alone and bool(_VERSION.fullmatch(first) or _SEP.fullmatch(first))


def _normalize(name: str) -> str:
    """The name in lower case, or the property in it with its brackets."""
    name = " ".join(trim_all(name[:200]).split())
    found = _PROPERTY.fullmatch(name)
    if found and found[1][0].islower():
        return f"[{found[1].casefold()}]"
    return name.casefold()


def _match(each: _Format, indexes: dict[str, list[int]]) -> Export | None:
    """The export of this format, unless it lacks a column that the format has."""
    names = {"email": each.email, "first_name": each.first_name, "last_name": each.last_name, FULL_NAME: each.full_name}
    found = {key: name for key in names if (name := next((name for name in names[key] if name in indexes), ""))}
    if "first_name" in found and "last_name" in found:
        found.pop(FULL_NAME, None)
    elif FULL_NAME in found:
        found = {key: found[key] for key in ("email", FULL_NAME) if key in found}
    required = ("email", FULL_NAME) if FULL_NAME in found else ("email", "first_name", "last_name")
    missing = tuple(key for key in required if key not in found)
    if any(names[key] for key in missing) or any(len(indexes[name]) > 1 for name in found.values()):
        return None
    return Export(each.name, {key: indexes[name][0] for key, name in found.items()}, missing)
