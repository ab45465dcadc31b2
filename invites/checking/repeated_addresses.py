"""Find the rows of a file whose address is in an earlier row, one chunk at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from invites.checking.block import Block
from invites.checking.catalog import duplicate_notice, file_problem
from invites.checking.cells.text import visible
from invites.checking.columns import FIRST_NAME, LAST_NAME, Cells
from invites.checking.reading.chunks import Columns
from invites.checking.reading.columns.header import Header
from invites.checking.report import Report
from invites.checking.same_address import MOST_OTHERS, Addresses, Names, address_problem, name_key

# Of how many chunks the names are kept: those of 10,240 rows.
CHUNKS_KEPT = 40

# Yields a number of chunks from the first row on once more.
ReadAgain = Callable[[int], Iterator[Columns]]


class RepeatedAddresses:
    """Sees every chunk of one file, in order."""

    def __init__(self, header: Header, report: Report, *, read_again: ReadAgain | None) -> None:
        """`read_again` is None for a workbook, which isn't read twice."""
        self._header, self._report = header, report
        self._read_again = read_again
        self._addresses = Addresses()
        self._first_numbers: list[int] = []  # the number of the first row of each chunk
        # How many people have the address of another one, by address.
        self._others: Counter[str] = Counter()
        # None as long as no address is repeated.
        self._names = None if read_again else Names()
        # The names in all chunks so far, as long as they are few: then they needn't be read again.
        self._kept: list[tuple[Sequence[str], Sequence[str]]] = []

    def find(self, block: Block, chunk: Columns) -> bool:
        """Mark the rows of the block whose address occurs in an earlier row. A row with problems doesn't count.

        `block` has the checked rows of the chunk. False if there are none. Rejects a file with too many of them.
        """
        keys = list(block.emails)
        for position, row in block.flagged_rows.items():
            keys[position] = row.email_key if row and not row.problems else ""
        self._first_numbers.append(block.numbers[0])
        first_chunks = self._addresses.add(keys)
        self._remember_names(block.columns, chunk)
        if first_chunks is None:
            return False
        self._names = self._names or self._find_names()
        for position, (key, chunk_of_first) in enumerate(zip(keys, first_chunks, strict=True)):
            if not key:
                continue
            at = self._addresses.chunks[chunk_of_first].index(key)
            if self._first_numbers[chunk_of_first] + at != block.numbers[position]:
                self._compare_names(block, chunk, position, chunk_of_first, at)
                keys[position] = ""
                if self._others[key] > MOST_OTHERS:
                    address = visible(block.emails[position])
                    self._report.reject(file_problem("shared_address", limit=MOST_OTHERS, address=address))
                    return True
        self._addresses.replace_last(keys)
        return True

    def _compare_names(self, block: Block, chunk: Columns, position: int, chunk_of_first: int, at: int) -> None:
        """Mark a row whose address is in an earlier one, at a position of another chunk or of its own.

        If its name is the same, the row is skipped. Otherwise somebody has to decide which of the two is right.
        """
        assert self._names
        row = block.row_at(position)
        first = self._first_numbers[chunk_of_first] + at
        other = self._names.name_at(chunk_of_first, at)
        if name_key(row.values.first_name, row.values.last_name) == name_key(*other):
            self._report.skip(duplicate_notice(row=row.number, first=first, value=row.values.email))
            block.flagged_rows[position] = row._replace(duplicate_of=first)
            return
        problem = address_problem(
            row=row.number,
            line=row.line,
            value=row.values.email,
            first=first,
            other=Cells("", *other),
            sheets=self._report.sheets,
        )
        self._others[row.email_key] += 1
        cells = self._header.pick(chunk.record(position))
        block.flagged_rows[position] = row._replace(problems=(problem,), cells=cells)
        self._report.add_problems((problem,))

    def _remember_names(self, columns: Sequence[Sequence[str]], chunk: Columns) -> None:
        if self._names:
            self._names.add(*self._names_of(columns, chunk))
        elif len(self._first_numbers) <= CHUNKS_KEPT:
            self._kept.append(self._names_of(columns, chunk))
        else:
            self._kept.clear()

    def _find_names(self) -> Names:
        """The names in all chunks so far, read once more unless they were kept."""
        assert self._read_again
        names = Names()
        for kept in self._kept:
            names.add(*kept)
        if not self._kept:
            for chunk in self._read_again(len(self._first_numbers)):
                names.add(*self._names_of(self._header.take(chunk.cells, len(chunk.lines)), chunk))
        self._kept.clear()
        return names

    def _names_of(self, columns: Sequence[Sequence[str]], chunk: Columns) -> tuple[Sequence[str], Sequence[str]]:
        """The first names and the last names of a chunk. `columns` are those of the registry."""
        if not chunk.irregular_rows:
            return columns[FIRST_NAME], columns[LAST_NAME]
        first_names, last_names = list(columns[FIRST_NAME]), list(columns[LAST_NAME])
        for position, record in chunk.irregular_rows.items():
            cells = self._header.pick(record)
            first_names[position], last_names[position] = cells.first_name, cells.last_name
        return first_names, last_names
