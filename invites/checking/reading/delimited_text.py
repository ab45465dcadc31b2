"""A text whose encoding and delimiter are known."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from invites.checking.reading.chunks import Records
from invites.checking.reading.dialect import Dialect, is_blank_line, split_header
from invites.checking.reading.encodings.encoding import Source


@dataclass(frozen=True, slots=True)
class DelimitedText:
    """A text whose rows can be read any number of times, but not twice at the same time."""

    source: Source
    dialect: Dialect

    def lines(self) -> Iterable[str]:
        """All lines, with the column names separated as the rows are."""
        lines = self.source.open_text()
        return self._with_same_delimiter(lines) if self.dialect.header_delimiter else lines

    def _with_same_delimiter(self, lines: Iterable[str]) -> Iterator[str]:
        unread = iter(lines)
        for line in unread:
            if is_blank_line(line):
                yield line
                continue
            header = io.StringIO()
            names = split_header(line, self.dialect)
            csv.writer(header, delimiter=self.dialect.delimiter, lineterminator="\n").writerow(names)
            yield header.getvalue()
            break
        yield from unread

    def rows(self) -> Records:
        """All records after a `sep=` line. Iterating raises csv.Error where the text can't be read further."""
        records = csv.reader(self.lines(), delimiter=self.dialect.delimiter, strict=True)
        for _ in range(self.dialect.lines_before):
            next(records)
        return records
