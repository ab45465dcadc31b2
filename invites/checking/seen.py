"""Remember which addresses a file has had, exactly and in little memory."""

from array import array
from collections.abc import Sequence

_FEWEST_BITS = 12


class Seen:
    """The row of each address's first occurrence.

    A dict of a million addresses takes 150 MB, this takes 45. `_table` is an open hash table of 32 bits a slot: the
    number of the block in which an address was seen first (24 bits, which last for files of 4 GB), and 8 bits of the
    address's hash. Who comes to a free slot is new for certain. Who comes to a taken one with the same 8 bits may be
    there already: whether it is, and where, is seen in `_texts`, in which the addresses of all rows stand, a block to a
    text. With another address in it the next slot is tried.
    """

    def __init__(self, expected: int) -> None:
        """`expected` rows, at a guess."""
        self._texts: list[str] = []
        self._firsts: list[int] = []  # the number of each text's first row
        self._make_table(expected)

    def add(self, keys: Sequence[str], *, first: int) -> list[tuple[int, int]]:
        """Count the addresses of the next block as seen, whose first row has the number `first`.

        "" stands for a row that has none, and none holds a line break. What comes back are the places of those that
        were seen before, and in which row first.
        """
        if self._free < len(keys):
            self._make_table(len(self._table) + len(keys))
        self._firsts.append(first)
        self._texts.append("\n".join(keys))
        return self._store(keys)

    def _make_table(self, expected: int) -> None:
        """A table of which `expected` addresses take up half of the slots at most, with all in it that were seen."""
        bits = max((expected * 2).bit_length(), _FEWEST_BITS)
        self._mask = (1 << bits) - 1
        self._table = array("I", bytes(4 << bits))
        self._free = 1 << bits - 1
        texts, self._texts = self._texts, []
        for text in texts:
            self._texts.append(text)
            self._store(text.split("\n"))

    def _store(self, keys: Sequence[str]) -> list[tuple[int, int]]:
        """Put the addresses of the latest block into the table. What comes back is as in `add`."""
        table, mask = self._table, self._mask
        # An entry is the block's number and eight bits of the hash, which are -128 to 127 when they are shifted down.
        entry = (len(self._texts) << 8) + 128
        taken = []
        for place, code in enumerate(map(hash, keys)):
            slot = code & mask
            if table[slot]:
                taken.append(place)
            else:
                table[slot] = entry + (code >> 56)
        self._free -= len(keys)
        again = []
        for place in taken:
            if key := keys[place]:
                code = hash(key)
                slot, own = code & mask, entry + (code >> 56)
                while found := table[slot]:
                    if not (found ^ own) & 0xFF and (row := self._find(key, found >> 8, before=place)):
                        again.append((place, row))
                        break
                    slot = slot + 1 & mask
                else:
                    table[slot] = own
        return again

    def _find(self, key: str, block: int, *, before: int) -> int:
        """The first row of the block that has the address, in the latest block `before` a place; 0 if none has."""
        text = f"\n{self._texts[block - 1]}\n"
        at = text.find(f"\n{key}\n")
        place = text.count("\n", 0, at) if at >= 0 else -1
        if place < 0 or (block == len(self._texts) and place >= before):
            return 0
        return self._firsts[block - 1] + place
