"""The columns of a file as an admin matched them, and what is wrong with that."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.wording import listed
from invites.checking import COLUMNS, FULL_NAME, KEYS, NAME_KEYS, REQUIRED, ColumnUse, letters_of
from invites.imports.presentation.wording import key_title
from invites.problems import column_title

_CHOOSE_COLUMN = {
    "email": gettext_lazy("Choose the column that has the email addresses"),
    "first_name": gettext_lazy("Choose the column that has the first names"),
    "last_name": gettext_lazy("Choose the column that has the last names"),
}
_NOT_BESIDE_FULL_NAME = {
    "first_name": gettext_lazy("Column {full} is a full name, so column {column} can’t be a first name."),
    "last_name": gettext_lazy("Column {full} is a full name, so column {column} can’t be a last name."),
}


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one answer. `target` is the id of its control, and `brief` says it in the bar."""

    field: str
    target: str
    message: str
    brief: str


@dataclass(frozen=True)
class Column:
    """A column in the preview: its key (empty if it isn't used), and why it has that key."""

    index: int
    use: ColumnUse
    key: str
    is_chosen: bool = False

    @property
    def letters(self) -> str:
        return letters_of(self.index)

    @property
    def is_suggested(self) -> bool:
        return bool(self.key) and not self.is_chosen


def column_errors(
    columns: Sequence[Column], *, used: Collection[str], not_in_file: Collection[str]
) -> list[FieldError]:
    """What is wrong with the columns, in the order of the page. `used` are the keys that the file has."""
    missing = [column.key for column in REQUIRED if column.key not in used and column.key not in not_in_file]
    return [
        *_used_twice(columns),
        *_beside_full_name(columns),
        *[_not_matched(key, columns) for key in missing],
    ]


def _used_twice(columns: Sequence[Column]) -> Iterator[FieldError]:
    for key in KEYS:
        same = [column for column in columns if column.key == key]
        if len(same) > 1:
            message = _("Columns {columns} are both set to {key}. Choose one.")
            if len(same) > 2:
                message = _("Columns {columns} are all set to {key}. Choose one.")
            letters = listed([column.letters for column in same])
            yield _error(same[-1], message.format(columns=letters, key=key_title(key)))


def _beside_full_name(columns: Sequence[Column]) -> Iterator[FieldError]:
    full = next((column.letters for column in columns if column.key == FULL_NAME), None)
    for column in columns if full else ():
        if column.key in NAME_KEYS:
            yield _error(column, str(_NOT_BESIDE_FULL_NAME[column.key]).format(full=full, column=column.letters))


def _not_matched(key: str, columns: Sequence[Column]) -> FieldError:
    """Points to the first column that isn't used, or else isn't required."""
    optional = [column.key for column in COLUMNS if not column.is_required]
    free = min(columns, key=lambda column: (bool(column.key), column.key not in optional), default=None)
    brief = _("{column} isn’t matched yet").format(column=column_title(key))
    return FieldError(key, f"column-{free.index if free else 0}", str(_CHOOSE_COLUMN[key]), brief)


def _error(column: Column, message: str) -> FieldError:
    return FieldError(f"column-{column.index}", f"column-{column.index}", message, message)
