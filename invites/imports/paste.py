"""Understand what an admin has pasted, before it becomes an import. Nothing is stored."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from accounts.errors import DomainError
from accounts.models import Membership
from accounts.wording import counted, grouped
from invites import checking
from invites.checking import LONGEST_PASTE, MOST_PASTED_ROWS, PastedText, Understanding
from invites.imports.reading import evidence_for
from invites.imports.upload_parts import limits
from invites.invitations.allowed_domains import allowed_domains

_TOO_MANY = ngettext_lazy(
    "That’s {count} row. Save the cells as a file and upload it: files can have up to {limit}.",
    "That’s {count} rows. Save the cells as a file and upload it: files can have up to {limit}.",
)


class Understood(NamedTuple):
    """A pasted text, and what its check finds."""

    pasted: PastedText
    understanding: Understanding


def read_paste(by: Membership, text: str, *, line_count: int = 0) -> PastedText:
    """The table in a pasted text. `line_count` is how many lines it has if `text` is only its beginning.

    Raises DomainError: "empty", "too_many_rows", "too_long".
    """
    if len(text) > LONGEST_PASTE or line_count:
        raise _too_long(text, line_count)
    pasted = checking.read_pasted(text, evidence_for(by.user, by.organization).languages)
    if pasted.is_too_long:
        raise _too_long(text, line_count)
    if not pasted.rows:
        raise DomainError("empty", _("Paste at least one row."))
    if pasted.people_at_most > MOST_PASTED_ROWS:
        raise _too_many_rows(pasted.people_at_most)
    return pasted


def understand_paste(by: Membership, text: str, *, line_count: int = 0) -> Understood:
    """What an import of this text will find. Raises the same."""
    pasted = read_paste(by, text, line_count=line_count)
    evidence = evidence_for(by.user, by.organization)
    allowed = allowed_domains(by.organization)
    return Understood(pasted, checking.understand(pasted, evidence=evidence, limits=limits(), allowed=allowed))


def _too_long(text: str, line_count: int) -> DomainError:
    count = max(line_count, checking.count_lines(text))
    if count > MOST_PASTED_ROWS:
        return _too_many_rows(count)
    message = _("That’s too much text. Save the cells as a file and upload it: files can have up to {limit} MB.")
    return DomainError("too_long", message.format(limit=grouped(settings.MAX_UPLOAD_MB)))


def _too_many_rows(count: int) -> DomainError:
    return DomainError("too_many_rows", counted(_TOO_MANY, count, limit=grouped(settings.MAX_ROWS)))
