"""Remember what a file has had already: its addresses, exactly and in little memory, and cells known to be good."""

from array import array
from bisect import bisect_left
from collections.abc import Callable
from operator import itemgetter

from invites.checking.report import Row

_CHUNK = 64
_CELLS_KEPT = 10_000
_number_of, _key_of = itemgetter(Row._fields.index("number")), itemgetter(Row._fields.index("email_key"))


class _AllTaken:
    """A table without a free slot: whoever asks has to ask `first_row`, which keeps the rest in a dict."""

    def __getitem__(self, slot: int) -> int:
        return 1

    def __setitem__(self, slot: int, entry: int) -> None:
        raise IndexError(slot)


_ALL_TAKEN = _AllTaken()


class Seen:
    """The row of each address's first occurrence.

    A dict of a million addresses takes 150 MB, this takes 45. `table` is an open hash table of numbers: a slot holds
    the 64 bits of an address's hash, and in them, by exclusive or, the number of its row. Who comes to a free slot is
    new for certain, and that is all that the loop over a file asks. Who comes to a taken one gets a row number out
    of it if the hashes are equal; whether the addresses are, is seen in `texts`, where those of all rows stand, 64
    to a text. With another address in it the next slot is tried.
    """

    def __init__(self, expected: int, *, block_size: int) -> None:
        """`expected` rows, at a guess, handed to `keep` in blocks of at most `block_size`."""
        bits = max(min(expected * 2, 1 << 21), block_size * 8, 1024).bit_length()
        self.mask = (1 << bits) - 1
        self._slots = array("q", bytes(8 << bits))
        self.table: array[int] | _AllTaken = self._slots
        self._room = self.mask // 2
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
        code = hash(key)
        slot = code & self.mask
        while entry := self._slots[slot]:
            if 0 < (number := entry ^ code) < row and self._key_in(number, block) == key:
                return number
            slot = slot + 1 & self.mask
        if self.table is _ALL_TAKEN:
            return self._rest.setdefault(key, row)
        self._slots[slot] = code ^ row
        return row

    def keep(self, block: list[Row]) -> None:
        """Rows that are done with: of them no more than this is needed."""
        self._numbers.extend(map(_number_of, block))
        latest = self._latest
        latest.extend(map(_key_of, block))
        whole = len(latest) // _CHUNK * _CHUNK
        self._texts.extend("\n".join(latest[start : start + _CHUNK]) for start in range(0, whole, _CHUNK))
        del latest[:whole]
        if len(self._numbers) > self._room:
            self.table = _ALL_TAKEN

    def _key_in(self, number: int, block: list[Row]) -> str | None:
        if block and number >= block[0].number:
            place = bisect_left(block, number, key=_number_of)
            return block[place].email_key if place < len(block) else None
        place = bisect_left(self._numbers, number)
        if place >= len(self._numbers):
            return None
        chunk, place = divmod(place, _CHUNK)
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
