"""A text whose encoding and delimiter are known."""

from __future__ import annotations

import csv
from dataclasses import dataclass

from invites.checking.reading.chunks import Records
from invites.checking.reading.dialect import Dialect
from invites.checking.reading.encodings.encoding import Source


@dataclass(frozen=True, slots=True)
class DelimitedText:
    """A text whose rows can be read any number of times, but not twice at the same time."""

    source: Source
    dialect: Dialect

    def rows(self) -> Records:
        """All records after a `sep=` line. Iterating raises csv.Error where the text can't be read further."""
        records = csv.reader(self.source.open_text(), delimiter=self.dialect.delimiter, strict=True)
        for _ in range(self.dialect.lines_before):
            next(records)
        return records
