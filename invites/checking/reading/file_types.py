"""Recognize other kinds of files by their first bytes, whatever they are called."""

import re

# The kinds of workbooks that we read.
WORKBOOKS = ("xlsx", "xls", "ods")
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"%PDF-", "pdf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
    (b"{\\rtf", "rtf"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7zip"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"SQLite format 3\0", "sqlite"),
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"MZ", "windows_program"),
    (b"\x7fELF", "linux_program"),
    (b"BEGIN:VCARD", "vcard"),
    (b"BEGIN:VCALENDAR", "calendar"),
)
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|table|meta|div|script|style|title|p|a)\b", re.IGNORECASE)
_SVG = re.compile(rb"\s*<svg\b", re.IGNORECASE)
_XML = re.compile(rb"\s*<\?xml\b", re.IGNORECASE)
_JSON = re.compile(rb'\s*(?:\{\s*(?:"[^"\r\n]*"\s*:|\})|\[\s*(?:[\[{"\]]|-?\d|true|false|null))')
_MARKS = (b"\xef\xbb\xbf",)


def name_kind(head: bytes) -> str | None:
    """What the file is if it isn't a table in text, such as "pdf" or "xlsx"; None if it may be one.

    `head` is the start of the file, and of an archive also its end. An archive is recognized by the names in it, and
    never unpacked. What looks like an .xls file may be another file of Microsoft's old container format.
    """
    if is_archive(head):
        return _name_archive(head)
    for magic, name in _MAGIC:
        if head.startswith(magic):
            # Two or three letters can also start a header. A program or an archive soon has a byte that no text has.
            if len(magic) < 4 and head[:512].isascii() and b"\0" not in head[:512]:
                continue
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    for mark in _MARKS:
        head = head.removeprefix(mark)
    if _HTML.match(_skip_comments(head)):
        return "html"
    if _SVG.match(head):
        return "svg"
    if _XML.match(head):
        return "excel_xml" if b"urn:schemas-microsoft-com:office:spreadsheet" in head else "xml"
    if _JSON.match(head):
        return "json"
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


def is_archive(head: bytes) -> bool:
    return head[:2] == b"PK" and head[2:4] in (b"\x03\x04", b"\x05\x06", b"\x07\x08")


def _name_archive(head: bytes) -> str:
    if b"mimetypeapplication/vnd.oasis.opendocument" in head[:200]:
        return "ods" if b"opendocument.spreadsheet" in head[:200] else "opendocument"
    if b"Index/Document.iwa" in head or b"Index/Tables" in head or b"Index.zip" in head:
        return "numbers"
    if b"xl/workbook.bin" in head:
        return "xlsb"
    if b"xl/" in head or (b"[Content_Types].xml" in head and b"word/" not in head and b"ppt/" not in head):
        return "xlsx"
    if b"word/" in head:
        return "word"
    if b"ppt/" in head:
        return "powerpoint"
    return "zip"
