"""Memory is flat but for the addresses; a file of only bad rows or strange domains takes no more."""

from __future__ import annotations

import gc
import io
import tracemalloc
from collections.abc import Iterator

import pytest

from invites.checking import Check, report

pytestmark = pytest.mark.exhaustive
HEADER = b"Email,First name,Last name,Description\n"
MB = 1024 * 1024


class Rows(io.RawIOBase):
    """A file of so many rows that exists only while it is read."""

    def __init__(self, pattern: str, count: int) -> None:
        self._row, self._count = pattern, count
        self._parts = self._write()
        self._rest = b""
        self._at = 0
        self._size = len(HEADER) + sum(len(part) for part in self._write()) - len(HEADER)

    def _write(self) -> Iterator[bytes]:
        yield HEADER
        for start in range(0, self._count, 1000):
            yield "".join(self._row.format(number) for number in range(start, start + 1000)).encode()

    def seek(self, position: int, whence: int = 0) -> int:
        if whence == io.SEEK_END:
            return self._size
        if whence == io.SEEK_CUR:
            assert position == 0
            return self._at
        self._parts, self._rest, self._at = self._write(), b"", 0
        while self._at < position and self.read(min(1 << 16, position - self._at)):
            pass
        return self._at

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size and (part := next(self._parts, b"")):
            self._rest += part
        piece, self._rest = self._rest[:size], self._rest[size:]
        self._at += len(piece)
        return piece


def growth_of(pattern: str, *, after: int, count: int) -> int:
    """By how many bytes the most memory that a check takes grows after so many rows."""
    gc.collect()  # Not in the middle of the measurement.
    tracemalloc.start()
    check = Check(Rows(pattern, count))  # type: ignore[arg-type]
    rows = before = 0
    for block in check.blocks():
        if rows < after:
            before = tracemalloc.get_traced_memory()[1]
        rows += len(block)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert check.report.rows == rows == count
    return peak - before


@pytest.mark.parametrize(
    "pattern",
    [
        "person{0}@@company.com,,Berg,\n",
        "person@company{0}.test,\u200b,www.company.com,\n",
        "anna@company.com,Anna,Berg,\n",
        "anna@company.com,Anna{0},Berg,\n",
        "anna@münchen{0}.test,Anna,Berg,\n",
        "person{0},Anna{0},Berg{0},Description {0}\n",
    ],
    ids=[
        "bad rows",
        "rows with three problems",
        "duplicates",
        "other names",
        "bad domains in other letters",
        "unique names",
    ],
)
def test_no_kind_of_bad_row_grows_the_memory(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Fewer than in the product, so that less of a file is needed to reach it.
    monkeypatch.setattr(report, "PROBLEMS_KEPT", 300)
    # The rows with other names share one address.
    monkeypatch.setattr("invites.checking.repeated_addresses.MOST_OTHERS", 10_000)
    assert growth_of(pattern, after=1_000, count=5_000) < 1.3 * MB


def test_an_address_takes_less_than_130_bytes() -> None:
    pattern = "person{0}@company.com,Anna,Berg,\n"
    # A set doubles when it is full. With these numbers, it is as full as with a million addresses.
    assert growth_of(pattern, after=31_000, count=62_000) / 31_000 < 130
