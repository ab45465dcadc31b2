"""Remember what a file has had already: its addresses, exactly and in little memory, and cells known to be good."""

from array import array
from bisect import bisect_left
from collections.abc import Callable
from operator import attrgetter

from invites.checking.report import Row

_CHUNK = 64
_CELLS_KEPT = 10_000
_keys_of, _numbers_of = attrgetter("email_key"), attrgetter("number")


class Seen:
    """The row of each address's first occurrence.

    A dict of a million addresses takes 150 MB, this takes 50. `table` is a sparse hash table that holds row numbers
    and nothing else: an address whose slot is free is new for certain, and that is all that the loop over a file has
    to ask. Whether a slot was taken by the same address is seen by looking it up in `texts`, where the addresses of
    all rows stand, 64 to a text; the next free slot is taken by another one.
    """

    def __init__(self, expected: int) -> None:
        """`expected` rows, at a guess; addresses that come when the table is half full go to a dict."""
        bits = min(max(expected * 4, 1024).bit_length(), 23)
        self.mask = (1 << bits) - 1
        self.table = array("I", bytes(4 << bits))
        self._free = 1 << (bits - 1)
        self._texts: list[str] = []
        self._latest: list[str] = []  # the addresses that don't fill a text yet
        self._numbers = array("I")
        self._rest: dict[str, int] = {}
        self._opened = -1  # the text that was looked into last, and its lines
        self._lines: list[str] = []

    def first_row(self, key: str, row: int, block: list[Row]) -> int:
        """The row in which `key` was seen first; `row` itself when that is now. Keys hold no line break.

        `block` are the rows above it that were not yet handed to `keep`.
        """
        slot = hash(key) & self.mask
        while number := self.table[slot]:
            if self._key_in(number, block) == key:
                return number
            slot = slot + 1 & self.mask
        if len(self._numbers) >= self._free:
            return self._rest.setdefault(key, row)
        self.table[slot] = row
        return row

    def keep(self, block: list[Row]) -> None:
        """Rows that are done with: of them no more than this is needed."""
        self._numbers.extend(map(_numbers_of, block))
        latest = self._latest
        latest.extend(map(_keys_of, block))
        whole = len(latest) // _CHUNK * _CHUNK
        self._texts.extend("\n".join(latest[start : start + _CHUNK]) for start in range(0, whole, _CHUNK))
        del latest[:whole]

    def _key_in(self, number: int, block: list[Row]) -> str:
        if block and number >= block[0].number:
            return block[bisect_left(block, number, key=_numbers_of)].email_key
        chunk, place = divmod(bisect_left(self._numbers, number), _CHUNK)
        if chunk == len(self._texts):
            return self._latest[place]
        if chunk != self._opened:
            self._opened, self._lines = chunk, self._texts[chunk].split("\n")
        return self._lines[place]


class Known:
    """Cells that were found good as they stand, so that the next one like them need not be looked at again."""

    def __init__(self, check: Callable[[str], object]) -> None:
        """`check` gives back the very text that it was given when nothing is wrong with it or around it."""
        self.good: set[str] = set()
        self._check = check

    def learn(self, text: str) -> bool:
        """Look at a cell that is not in `good`: True when it is good. The set stops growing, so that memory does."""
        if self._check(text) != text:
            return False
        if len(self.good) < _CELLS_KEPT:
            self.good.add(text)
        return True
