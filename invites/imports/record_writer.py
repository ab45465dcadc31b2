"""Write records the way an admin's own file has them: its columns, encoding, delimiter and line ends."""

from __future__ import annotations

from collections.abc import Iterable

from invites.checking import CsvLines, RecordFile

DESCRIPTION = "Description"
_BOMS = {"utf-8-sig": b"\xef\xbb\xbf", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}


class Layout:
    """The columns of a file, and the positions of ours; with a description where one is needed and missing."""

    def __init__(self, file: RecordFile, *, with_description: bool) -> None:
        self.names = list(file.header_record.cells)
        *places, description = file.header.positions
        if description is None and with_description:
            description = len(self.names)
            self.names.append(DESCRIPTION)
        self.places: list[int | None] = [*places, description]

    def fill(self, cells: list[str], person: list[str] | None) -> list[str]:
        """The cells of a record, with the four of a person put in."""
        filled = cells + [""] * (len(self.names) - len(cells))
        for place, value in zip(self.places, person or (), strict=False):
            if place is not None:
                filled[place] = value
        return filled


class RecordWriter:
    """Records as bytes of CSV, written the way another file is."""

    def __init__(self, like: RecordFile, *, in_utf8: bool = False) -> None:
        """With `in_utf8` the encoding is UTF-8 with a byte order mark, for text that the file's own can't hold."""
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
        # Only our own words can hold what the encoding has no sign for.
        return text.encode(self._codec, "replace")

    def blank(self) -> bytes:
        return self._like.line_end.encode(self._codec)


def can_hold(file: RecordFile, cells: Iterable[str]) -> bool:
    """Whether the file's encoding has a sign for everything in the cells; Unicode has, and then none is looked at."""
    if file.codec.startswith("utf"):
        return True
    try:
        for cell in cells:
            cell.encode(file.codec)
    except UnicodeEncodeError:
        return False
    return True
