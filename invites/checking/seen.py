"""Remember which addresses a file has had, exactly and in little memory."""

from array import array

# Rows come in blocks of so many, but for the last one: few enough to be gone again before Python's collector of
# garbage looks at them, and many enough for what is done once for all of them.
BLOCK = 256
_MOST_BITS = 22


class Seen:
    """The row of each address's first occurrence.

    A dict of a million addresses takes 150 MB, this takes 50. `_table` is an open hash table of numbers: a slot holds
    the 64 bits of an address's hash, and in them, by exclusive or, the number of its row. Who comes to a free slot is
    new for certain. Who comes to a taken one gets a row number out of it if the hashes are equal; whether the
    addresses are, is seen in `_texts`, where those of all rows stand, a block to a text. With another address in it
    the next slot is tried. What no longer fits into the table goes to a dict.
    """

    def __init__(self, expected: int, *, first: int) -> None:
        """`expected` rows, at a guess, of which the first has the number `first`."""
        bits = min(max(expected * 2, BLOCK * 8).bit_length(), _MOST_BITS)
        self._mask = (1 << bits) - 1
        self._table = array("q", bytes(8 << bits))
        self._free = 3 << bits - 2
        self._rest: dict[str, int] = {}
        self._first = first
        self._texts: list[str] = []
        self._keys: list[str] = []  # of the latest block, which is no text yet
        self._opened = -1  # the text that was looked into last, and its lines
        self._lines: list[str] = []

    def open_block(self, keys: list[str]) -> None:
        """The addresses of the next rows, and "" for those that have none yet. None holds a line break."""
        if self._keys:
            self._texts.append("\n".join(self._keys))
        self._keys = keys

    def add(self, start: int, stop: int) -> list[tuple[int, int]]:
        """Count the addresses of a part of the block, by their places in it, as seen.

        What comes back are the places of those that were seen before, and in which row first.
        """
        if start == stop:
            return []
        table, mask, keys, base = self._table, self._mask, self._keys, self._base
        again = []
        if self._free < stop - start:
            for place in range(start, stop):
                if (row := self.first_row(keys[place], place)) != base + place:
                    again.append((place, row))
            return again
        self._free -= stop - start
        end = base + stop
        for place, code in enumerate(map(hash, keys[start:stop]), start):
            slot = code & mask
            while (entry := table[slot]) and not 0 < entry ^ code < end:
                slot = slot + 1 & mask
            if not entry:
                table[slot] = code ^ (base + place)
            elif (row := self.first_row(keys[place], place)) != base + place:
                again.append((place, row))
        return again

    def first_row(self, key: str, place: int) -> int:
        """The row in which `key` was seen first, which may be the one at `place` in the block itself."""
        number = self._base + place
        self._keys[place] = key
        code = hash(key)
        slot = code & self._mask
        while entry := self._table[slot]:
            if self._first <= (row := entry ^ code) < number and self._key_of(row) == key:
                return row
            slot = slot + 1 & self._mask
        if self._free <= 0:
            return self._rest.setdefault(key, number)
        self._free -= 1
        self._table[slot] = code ^ number
        return number

    @property
    def _base(self) -> int:
        """The number of the first row of the block."""
        return self._first + len(self._texts) * BLOCK

    def _key_of(self, row: int) -> str:
        block, place = divmod(row - self._first, BLOCK)
        if block == len(self._texts):
            return self._keys[place]
        if block != self._opened:
            self._opened, self._lines = block, self._texts[block].split("\n")
        return self._lines[place]
