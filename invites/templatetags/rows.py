"""Template filters: how rows of a file are numbered, and what is in those that aren't people."""

from __future__ import annotations

from django import template

from invites.imports.presentation import wording
from invites.imports.presentation.rows import row_text
from invites.invitations.late_rows import can_be_fixed
from invites.models import Batch
from invites.wording import emptied_text

register = template.Library()
register.filter("row_text", row_text)
register.filter("can_be_fixed", can_be_fixed)
register.filter("emptied_text", emptied_text)


@register.filter
def row_name(number: int, batch: Batch) -> str:
    """The number of a row as its spreadsheet shows it, with its sheet if several were read."""
    return wording.row_name(batch, number)


@register.filter
def row_number(number: int, batch: Batch) -> str:
    """The same after the word "row"."""
    return wording.row_number(batch, number)
