"""Write records in the format of an admin's own file: its columns, encoding, delimiter and line ends."""

from __future__ import annotations

from collections.abc import Iterable

from invites.checking import COLUMNS, Cells, Column, CsvLines, RecordFile

_BOMS = {"utf-8-sig": b"\xef\xbb\xbf", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}


class Layout:
    """The columns of a file, with the `added` ones at the end, and the positions of the columns that we read."""

    def __init__(self, file: RecordFile, *, added: Iterable[Column]) -> None:
        self.names = list(file.header_record.cells)
        self._stored_width = len(self.names)
        positions = dict(zip(COLUMNS, file.header.positions, strict=True))
        for column in added:
            positions[column] = len(self.names)
            self.names.append(column.title)
        self._positions = list(positions.values())

    def fill(self, record: list[str], cells: Cells | None) -> list[str]:
        """The stored record in the columns of this layout, with these cells in our columns, if given.

        Cells beyond the last column of the file stay beyond the last one of the layout.
        """
        width = self._stored_width
        filled = [*record[:width], *[""] * (len(self.names) - min(width, len(record))), *record[width:]]
        return filled if cells is None else self.with_person(filled, cells)

    def with_person(self, record: list[str], cells: Cells) -> list[str]:
        """A record in the columns of this layout, with these cells in our columns."""
        for position, cell in zip(self._positions, cells, strict=True):
            if position is not None:
                record[position] = cell
        return record


class RecordWriter:
    """Writes records as bytes of CSV, in the format of another file."""

    def __init__(self, like: RecordFile, *, in_utf8: bool = False) -> None:
        """With `in_utf8` the encoding is UTF-8 with a BOM, for text that the encoding of the file doesn't have."""
        codec = "utf-8-sig" if like.codec == "utf-8" and like.has_mark else like.codec
        codec = "utf-8-sig" if in_utf8 else codec
        self._bom = _BOMS.get(codec, b"")
        self._codec = codec.removesuffix("-sig")
        self._like = like
        self._csv = CsvLines(like.delimiter)

    def start(self) -> bytes:
        """What comes before the first row."""
        said = f"sep={self._like.delimiter}{self._like.line_end}" if self._like.says_delimiter else ""
        return self._bom + said.encode(self._codec)

    def mark(self, name: str) -> str:
        """The name of a column, with a no-break space at its end if the file isn't Unicode.

        The byte of that space isn't valid UTF-8. Otherwise a file whose few accented letters happen to be valid UTF-8
        would be read as other letters when it comes back.
        """
        return name if self._codec.startswith("utf") else f"{name}\xa0"

    def line(self, cells: list[str]) -> bytes:
        text = self._csv.line(cells) + self._like.line_end
        # Only our own words can have characters that the encoding lacks.
        return text.encode(self._codec, "replace")

    def blank(self) -> bytes:
        return self._like.line_end.encode(self._codec)


def can_hold(file: RecordFile, cells: Iterable[str]) -> bool:
    """Whether the encoding of the file has all characters of the cells. If it is Unicode, they aren't read."""
    if file.codec.startswith("utf"):
        return True
    try:
        for cell in cells:
            cell.encode(file.codec)
    except UnicodeEncodeError:
        return False
    return True
