"""Recognize other kinds of files by their first bytes, whatever they are called."""

import re

_EXCEL = "excel"
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF87a", "a GIF picture"),
    (b"GIF89a", "a GIF picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"%PDF-", "a PDF document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _EXCEL),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a Linux program"),
    (b"BEGIN:VCARD", "an address book (vCard)"),
    (b"BEGIN:VCALENDAR", "a calendar"),
)
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|table|meta|div|script|style|title|p|a)\b", re.IGNORECASE)
_SVG = re.compile(rb"\s*<svg\b", re.IGNORECASE)
_XML = re.compile(rb"\s*<\?xml\b", re.IGNORECASE)
_JSON = re.compile(rb'\s*(?:\{\s*(?:"[^"\r\n]*"\s*:|\})|\[\s*(?:[\[{"\]]|-?\d|true|false|null))')
_MARKS = (b"\xef\xbb\xbf",)


def name_kind(head: bytes) -> str | None:
    """What the file is if it isn't a table in text, such as "a PDF document" or "excel"; None if it may be one.

    `head` is the start of the file. An archive is recognized by the names in it, and never unpacked.
    """
    if head[:2] == b"PK" and head[2:4] in (b"\x03\x04", b"\x05\x06", b"\x07\x08"):
        return _name_archive(head)
    for magic, name in _MAGIC:
        if head.startswith(magic):
            # Two or three letters can also start a header. A program or an archive soon has a byte that no text has.
            if len(magic) < 4 and head[:512].isascii() and b"\0" not in head[:512]:
                continue
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "a WebP picture"
    for mark in _MARKS:
        head = head.removeprefix(mark)
    if _HTML.match(_skip_comments(head)):
        return "a web page (HTML)"
    if _SVG.match(head):
        return "an SVG picture"
    if _XML.match(head):
        return _EXCEL if b"urn:schemas-microsoft-com:office:spreadsheet" in head else "an XML file"
    if _JSON.match(head):
        return "a JSON file"
    return None


def _skip_comments(head: bytes) -> bytes:
    """The text after the spaces and comments at the start of a web page."""
    start = len(head) - len(head.lstrip())
    while head.startswith(b"<!--", start):
        end = head.find(b"-->", start + 4)
        if end < 0:
            break
        start = end + 3
        while head[start : start + 1].isspace():
            start += 1
    return head[start:]


def is_excel(kind: str) -> bool:
    return kind == _EXCEL


def _name_archive(head: bytes) -> str:
    if b"mimetypeapplication/vnd.oasis.opendocument" in head[:200]:
        return "an OpenDocument file"
    if b"xl/" in head or (b"[Content_Types].xml" in head and b"word/" not in head and b"ppt/" not in head):
        return _EXCEL
    if b"word/" in head:
        return "a Word document"
    if b"ppt/" in head:
        return "a PowerPoint file"
    if b"Index/Document.iwa" in head or b"Index/Tables" in head:
        return "an Apple Numbers file"
    return "a ZIP archive"
