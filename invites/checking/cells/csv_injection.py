"""Escape cells so that no spreadsheet treats them as formulas (OWASP, CSV injection), and unescape them exactly.

A spreadsheet may split our files at another delimiter, as it does in countries that write 1,5 for 1.5. So the text
after any delimiter or line break inside a cell counts as the start of a cell, too.

We also add the apostrophe where one precedes a dangerous sign already. So when a cell is uploaded again, the first
apostrophe is always ours, and unescaping never changes what somebody typed.
"""

import csv
import re
from collections.abc import Iterable

# Some spreadsheets split the text at these.
SPLITS = ",;|\t\r\n"
# Spreadsheets hide or drop these at the start of a cell: spaces, quotation marks, apostrophes, control characters, and
# invisible characters.
_SKIPPED = (
    r" \"'\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\xa0\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160"
    r"\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0"
    r"\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0001-\U000e01ef"
)
# These start a formula, also in the full-width and small forms that some versions of Excel accept.
_DANGEROUS = r"=+\-@\x00\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
# The start of a cell, or of a part of it. A tab or a line break at the very start is dangerous by itself.
_START = rf"(?:\A|(?<=[{SPLITS}]))"
_BEFORE = re.compile(rf"{_START}(?=[{_SKIPPED}]*[{_DANGEROUS}])|\A(?=[{_SKIPPED}]*[\t\r\n])")
_ESCAPED = re.compile(rf"{_START}'(?=[{_SKIPPED}]*[{_DANGEROUS}])|\A'(?=[{_SKIPPED}]*[\t\r\n])")


def escape_formula(cell: str) -> str:
    """The cell with an apostrophe before everything that a spreadsheet might run."""
    return _BEFORE.sub("'", cell)


def unescape_formula(cell: str) -> str:
    """The cell as it was before `escape_formula`."""
    return _ESCAPED.sub("", cell)


class CsvLines:
    """Writes lines of CSV. A cell with any common delimiter is quoted, not only one with ours."""

    def __init__(self, delimiter: str = ",") -> None:
        # The writer also quotes cells with a character of the line terminator. Since Python 3.13 that may not contain
        # the delimiter; cells with the delimiter are quoted anyway.
        self._line_end = SPLITS.replace(delimiter, "")
        self._writer = csv.writer(_Echo(), delimiter=delimiter, lineterminator=self._line_end)

    def line(self, cells: Iterable[str]) -> str:
        """The cells as one line, without a line end."""
        written: str = self._writer.writerow(cells)
        return written.removesuffix(self._line_end)


class _Echo:
    """A file-like object that returns what the CSV writer writes."""

    def write(self, text: str) -> str:
        return text
