"""A text is opened in a known encoding, or with a doubt that says which encodings are likely."""

from __future__ import annotations

import io

import pytest

from invites.checking import Limits, Problem
from invites.checking.reading.encodings.encoding import EncodingDoubt, Source, open_source
from invites.checking.reading.options import Evidence

HEADER = "Email,First name,Last name\n"


def open_text(text: str, codec: str, *, encoding: str = "", evidence: Evidence | None = None) -> Source:
    found = open_source(io.BytesIO(text.encode(codec)), Limits(), encoding=encoding, evidence=evidence or Evidence())
    assert isinstance(found, Source)
    return found


def doubt(text: str, codec: str, *, evidence: Evidence | None = None) -> EncodingDoubt:
    found = open_source(io.BytesIO(text.encode(codec)), Limits(), evidence=evidence or Evidence())
    assert isinstance(found, EncodingDoubt)
    return found


def test_names_the_likely_encodings_and_the_words_in_doubt() -> None:
    found = doubt(HEADER + "u@example.com,P\u00e9ter,Heged\u0171s\nv@example.com,J\u00fcrgen,Berg\n", "cp1250")
    assert [source.encoding for source in found.candidates][:2] == ["Windows-1250", "Windows-1252"]
    assert 2 <= len(found.candidates) <= 3
    assert {source.certainty for source in found.candidates} == {""}
    assert found.words == ("Heged\u0171s".encode("cp1250"),)
    assert next(iter(found.candidates[0].open_text())) == HEADER


def test_the_words_that_tell_most_come_first() -> None:
    lines = "u@example.com,\u0130brahim,Y\u0131ld\u0131r\u0131m\nv@example.com,\u015eule,\u00c7elik\nw@example.com,Se\u00e7il,Su\n"
    found = doubt(HEADER + lines, "cp1254")
    first, second = ([word.decode(source.codec) for word in found.words] for source in found.candidates[:2])
    differ = [one != other for one, other in zip(first, second, strict=True)]
    assert differ == sorted(differ, reverse=True)
    assert differ[0]


def test_the_words_in_doubt_are_bounded() -> None:
    lines = "".join(f"u@example.com,Heged\u0171s{chr(97 + at // 26)}{chr(97 + at % 26)},Berg\n" for at in range(200))
    assert len(doubt(HEADER + lines, "cp1250").words) <= 50


def test_reads_the_chosen_encoding() -> None:
    text = HEADER + "u@example.com,P\u00e9ter,Heged\u0171s\n"
    source = open_text(text, "cp1250", encoding="cp1250")
    assert (source.encoding, source.certainty, source.open_text().read()) == ("Windows-1250", "chosen", text)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_reads_unicode_that_was_chosen(codec: str) -> None:
    source = open_text(HEADER, codec, encoding=codec.replace("-sig", ""))
    assert (source.open_text().read(), source.certainty) == (HEADER, "chosen")


@pytest.mark.parametrize(
    ("data", "encoding", "line"),
    [
        (b"Email\na\xe9b\n", "utf-8", 2),
        (b"Email\nAnna\na\x81\n", "cp1252", 3),
        ("Email\n".encode("utf-8-sig"), "cp1252", 1),
        ("Email\n".encode("utf-16"), "cp1250", 1),
        ("Email\n".encode("utf-8-sig"), "utf-16", 1),
    ],
)
def test_the_chosen_encoding_must_fit(data: bytes, encoding: str, line: int) -> None:
    problem = open_source(io.BytesIO(data), Limits(), encoding=encoding)
    assert isinstance(problem, Problem)
    assert (problem.code, problem.line) == ("unreadable", line)


def test_a_remembered_encoding_that_fits_settles_the_doubt() -> None:
    text = HEADER + "u@example.com,P\u00e9ter,Heged\u0171s\n"
    source = open_text(text, "cp1250", evidence=Evidence(encoding="cp1250"))
    assert (source.encoding, source.certainty, source.open_text().read()) == ("Windows-1250", "remembered", text)


@pytest.mark.parametrize(("remembered", "written"), [("cp850", "cp1250"), ("cp1250", "cp852"), ("nonsense", "cp1250")])
def test_a_remembered_encoding_that_makes_no_names_is_ignored(remembered: str, written: str) -> None:
    doubt(HEADER + "u@example.com,P\u00e9ter,Heged\u0171s\n", written, evidence=Evidence(encoding=remembered))


def test_a_remembered_encoding_changes_nothing_in_unicode() -> None:
    text = HEADER + "u@example.com,P\u00e9ter,Heged\u0171s\n"
    source = open_text(text, "utf-8", evidence=Evidence(encoding="cp1252"))
    assert (source.encoding, source.certainty) == ("UTF-8", "unicode")


def test_doubts_utf_8_that_may_be_chinese() -> None:
    found = doubt(HEADER + "u@example.com,Wei,\u90d1\n", "gbk")
    assert [source.encoding for source in found.candidates] == ["GB18030", "UTF-8"]


def test_a_text_can_be_closed_after_its_bytes() -> None:
    """Garbage collection closes them in any order. An exception there can only be printed."""
    source = open_text(HEADER, "utf-8")
    text = source.open_text()
    text.buffer.close()
    text.close()
    assert source.open_text().read() == HEADER
