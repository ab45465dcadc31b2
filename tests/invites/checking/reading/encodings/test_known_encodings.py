"""The encodings that we read, by all names that people have for them."""

from __future__ import annotations

from invites.checking.reading.encodings.known_encodings import (
    LEGACY,
    UNICODE,
    KnownEncoding,
    codec_of,
    encoding_name,
    label_of,
)
from tests.cases import for_each


@for_each(
    "typed, codec",
    [
        ("windows-1250", "cp1250"),
        ("Windows 1250", "cp1250"),
        ("cp1250", "cp1250"),
        ("1250", "cp1250"),
        ("Central European (Windows-1250)", "cp1250"),
        ("UTF-8", "utf-8"),
        ("utf8", "utf-8"),
        ("UTF-16", "utf-16"),
        ("utf_16_le", "utf-16-le"),
        ("latin1", "iso8859_1"),
        ("latin-2", "iso8859_2"),
        ("ISO-8859-9", "iso8859_9"),
        ("iso8859-15", "iso8859_15"),
        ("Mac Roman", "mac_roman"),
        ("macintosh", "mac_roman"),
        ("x-mac-cyrillic", "mac_cyrillic"),
        ("IBM850", "cp850"),
        ("DOS 852", "cp852"),
        ("Shift JIS", "cp932"),
        ("shift_jis", "cp932"),
        ("GBK", "gb18030"),
        ("GB2312", "gb18030"),
        ("Big5", "big5"),
        ("EUC-KR", "cp949"),
        ("koi8-r", "koi8_r"),
    ],
)
def test_knows_what_people_type(typed: str, codec: str) -> None:
    assert codec_of(typed) == codec


@for_each("typed", ["", "-", "rot13", "zip", "utf-7", "punycode", "ansi", "cp9999", "12"])
def test_knows_no_other_names(typed: str) -> None:
    assert codec_of(typed) is None


@for_each("known", [*UNICODE, *LEGACY])
def test_every_encoding_is_found_by_all_its_names(known: KnownEncoding) -> None:
    codec, label, title, _languages, aliases = known
    assert "Anna".encode(codec).replace(b"\0", b"").removeprefix(b"\xff\xfe") == b"Anna"
    assert {codec_of(name) for name in (codec, label, *aliases)} == {codec}
    assert (label_of(codec), encoding_name(codec)) == (label, title)


def test_an_unknown_codec_is_its_own_name() -> None:
    assert (label_of("cp500"), encoding_name("cp500")) == ("cp500", "cp500")
