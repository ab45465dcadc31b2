"""What is checked of an .xls file, Microsoft's old container format (CFB), before the library reads it."""

from __future__ import annotations

from typing import BinaryIO

from .protocol import WorkbookRejected

# What a file in Microsoft's old container format is if it has a stream with this name. The first one counts: a workbook
# may contain a document.
_STREAMS = {
    "Workbook": "xls",
    "Book": "xls",
    "EncryptedPackage": "locked",
    "WordDocument": "word",
    "PowerPoint Document": "powerpoint",
}
_BEGINNING, _WRITE_PROTECTION, _PASSWORD = 0x0809, 0x0086, 0x002F  # records of a workbook


def recognize_container(file: BinaryIO) -> None:
    """Reject a file of Microsoft's old container format (CFB) that isn't an .xls workbook, or is a locked one."""
    file.seek(0)
    data = file.read()
    found = ((kind, entry) for name, kind in _STREAMS.items() if (entry := find_stream(data, name)))
    kind, entry = next(found, ("", b""))
    if kind == "locked" or (kind == "xls" and has_password(data, entry)):
        raise WorkbookRejected("workbook_locked")
    if not kind:
        raise WorkbookRejected("workbook_unreadable")
    if kind != "xls":
        raise WorkbookRejected("other_kind", kind=kind)


def find_stream(data: bytes, name: str) -> bytes:
    """The entry of a stream in the container's directory. It has 128 bytes; the name and its length lead."""
    encoded = f"{name}\0".encode("utf-16-le")
    place = data.find(encoded)
    while place >= 0:
        if place % 128 == 0 and data[place + 64 : place + 66] == len(encoded).to_bytes(2, "little"):
            return data[place : place + 128]
        place = data.find(encoded, place + 1)
    return b""


def has_password(data: bytes, entry: bytes) -> bool:
    """Whether the workbook in this stream is encrypted. Its first records say so; nearly all others are encrypted."""
    sector = int.from_bytes(entry[116:120], "little")
    place = sector + 1 << int.from_bytes(data[30:32], "little") % 16
    kind = _BEGINNING
    while kind in (_BEGINNING, _WRITE_PROTECTION):
        kind = int.from_bytes(data[place : place + 2], "little")
        place += 4 + int.from_bytes(data[place + 2 : place + 4], "little")
    return kind == _PASSWORD
