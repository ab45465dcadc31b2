"""A folded form of names, for sorting and searching people."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    TextField = models.CharField[str, str]
else:
    TextField = models.CharField

# Letters that Unicode doesn't decompose into a base letter and a mark, although people type the base letter.
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ŧ": "t"}
)


def fold(text: str) -> str:
    """Lower case without diacritics, single spaces: "Zoë  ŁUKASIEWICZ" becomes "zoe lukasiewicz"."""
    if not text.isascii():
        parts = unicodedata.normalize("NFKD", text.casefold())
        text = "".join(character for character in parts if not unicodedata.combining(character)).translate(_PLAIN)
    return " ".join(text.lower().split())


LONGEST_KEY = 700
# Only names are cached, because they repeat.
_folded_name = lru_cache(maxsize=20_000)(fold)


def person_key(first_name: str, last_name: str, email: str) -> str:
    """The names and the address, folded, for sorting and searching people."""
    first, last, address = _folded_name(first_name), _folded_name(last_name), fold(email)
    # Computed for each row of an import.
    key = f"{first} {last} {address}" if first and last else " ".join(filter(None, (first, last, address)))
    return key[:LONGEST_KEY]


class PersonKeyField(TextField):
    """First name, last name and address of the row, folded, for sorting and searching people.

    Computed at every save, including `bulk_create`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", LONGEST_KEY)
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        names = (getattr(model_instance, name) for name in ("first_name", "last_name", "email"))
        key = person_key(*names)
        setattr(model_instance, self.attname, key)
        return key
