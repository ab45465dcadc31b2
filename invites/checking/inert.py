"""Cells that a spreadsheet takes for formulas (OWASP, CSV injection): made harmless on the way out, whole again on
the way in.

The apostrophe is put before a cell that has apostrophes and a dangerous sign already, too. So of every cell that
comes back it is known whether one of its apostrophes is ours, and nobody comes to be called '=x.
"""

import re

_DANGEROUS = re.compile(r"'*\s*[=+\-@\0\uff1d\uff0b\uff0d\uff20]|'*[\t\r\n]")


def inert(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet might run."""
    return f"'{cell}" if _DANGEROUS.match(cell) else cell


def restore(cell: str) -> str:
    """The cell as it was before `inert`."""
    return cell[1:] if cell[:1] == "'" and _DANGEROUS.match(cell) else cell
