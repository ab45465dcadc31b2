"""Decode a file: find out its kind and its encoding, and whether that is certain.

We scan all bytes before we read the first row, because an encoding that fits only the first thousand rows is a guess.
"""

import codecs
import io
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, Literal, cast

from invites.checking.catalog import file_problem
from invites.checking.cells.text import visible
from invites.checking.limits import Limits
from invites.checking.problem import Problem
from invites.checking.reading.encodings.candidate_encodings import (
    MAX_CANDIDATES,
    MAX_WORDS_IN_DOUBT,
    find_differences,
    find_rival_of_utf8,
    fits_without_doubt,
    is_damaged_utf8,
    weigh,
)
from invites.checking.reading.encodings.known_encodings import label_of
from invites.checking.reading.encodings.word_sample import WordSample, find_ascii_words
from invites.checking.reading.options import NOTHING_KNOWN, Evidence

# Why an encoding is right: the bytes say so (ASCII, UTF-8 or UTF-16), all plausible encodings give the same text, the
# evidence is overwhelming, or an admin chose it, for an earlier file or for this one. Empty: it is only a candidate.
Certainty = Literal["", "unicode", "only", "evidence", "remembered", "chosen"]

_CHUNK = 1 << 18
_HEAD = 1 << 16
_FIRST_LINE = 400
_LINE_BREAK = re.compile(r"[\r\n]")
_UTF16 = ("utf-16-le", "utf-16-be")
_MAX_WORDS = 50
# No valid text has a lone surrogate.
_INVALID = "\udfff"
_BEFORE_INVALID = 30


class _NonClosingStream(io.RawIOBase):
    """A view of a stream for a TextIOWrapper, which would otherwise close the stream together with itself."""

    # TextIOWrapper reads this before each line, and a property would take longer than the line.
    closed = False

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        return self._stream.read(size)

    def close(self) -> None:
        """Nothing to do. A TextIOWrapper that garbage collection closes after this stream would fail otherwise."""


@dataclass(frozen=True, slots=True)
class Source:
    """A text file in an encoding. `start` is the byte at which its text begins: after a BOM, if it has one."""

    stream: BinaryIO
    codec: str
    encoding: str
    start: int
    size: int
    certainty: Certainty = "unicode"

    def open_text(self) -> io.TextIOWrapper:
        """The text from its start, with its own line ends; lines end in LF, CR or CRLF."""
        self.stream.seek(self.start)
        return io.TextIOWrapper(cast(BinaryIO, _NonClosingStream(self.stream)), encoding=self.codec, newline="")


@dataclass(frozen=True, slots=True)
class EncodingDoubt:
    """The encodings in which a text could be written: two or three, the most likely first. None is right by default.

    `words` are distinct words of the file that the candidates read differently, at most 50, those first that tell most.
    """

    candidates: tuple[Source, ...]
    words: tuple[bytes, ...]


def open_source(
    stream: BinaryIO, limits: Limits, *, encoding: str = "", evidence: Evidence = NOTHING_KNOWN
) -> Source | EncodingDoubt | Problem:
    """Find out the encoding of a file that isn't of another kind (see `open_workbook`), or why it can't be read.

    The stream is left at any position.

    `encoding` is the codec that somebody chose. The file is read in it, or it is a problem.
    """
    stream, size = rewindable(stream, limits)
    if size > limits.max_bytes:
        return file_problem("too_big", size=size, max_size=limits.max_bytes)
    stream.seek(0)
    head = stream.read(_HEAD)
    if not head:
        return file_problem("empty")
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return file_problem("other_kind", kind="utf_32")
    codec, start = _guess_unicode(head)
    if encoding:
        return _read_as_chosen(Source(stream, codec, "", start, size, "chosen"), encoding, limits)
    source = Source(stream, codec, "UTF-8 with BOM" if start and codec == "utf-8" else label_of(codec), start, size)
    invalid_at = _find_invalid_byte(source, limits)
    if isinstance(invalid_at, Problem):
        return invalid_at
    if codec != "utf-8" or start:
        return source if invalid_at is None else explain_invalid(source)
    return _confirm_utf8(source, evidence) if invalid_at is None else _read_as_legacy(source, limits, evidence)


def rewindable(stream: BinaryIO, limits: Limits) -> tuple[BinaryIO, int]:
    """A seekable stream with the same content, and its size. A pipe is copied, up to one chunk over the limit."""
    try:
        size = stream.seek(0, io.SEEK_END)
        return stream, stream.tell() if size is None else size
    except (AttributeError, OSError, io.UnsupportedOperation):
        copy = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=1 << 20))  # noqa: SIM115 - lives as long as the check
        size = 0
        while size <= limits.max_bytes and (chunk := stream.read(_CHUNK)):
            size += copy.write(chunk)
        return copy, size


def _guess_unicode(head: bytes) -> tuple[str, int]:
    """The Unicode encoding that the first bytes suggest, and the length of the BOM."""
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8", len(codecs.BOM_UTF8)
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le", 2
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be", 2
    # Without a BOM we look at the first line. Most characters of a header are ASCII, but hardly any are if the bytes
    # are paired wrongly.
    for codec in _UTF16:
        text = head[:_FIRST_LINE].decode(codec, "ignore").lstrip("\r\n")
        line = _LINE_BREAK.split(text, maxsplit=1)[0]
        if sum(" " <= letter <= "~" or letter == "\t" for letter in line) > 0.7 * len(line):
            return codec, 0
    return "utf-8", 0


def _find_invalid_byte(source: Source, limits: Limits) -> int | Problem | None:
    """The position of the first byte that is invalid in the source's encoding; None if there is none."""
    decoder = codecs.getincrementaldecoder(source.codec)()
    is_utf8 = source.codec == "utf-8"
    done, since_break = source.start, 0
    for chunk in _chunks(source):
        if is_utf8 and b"\0" in chunk:
            return file_problem("not_text", line=_count_lines(source, done + chunk.index(b"\0")))
        # Most chunks of most files are ASCII, and so valid UTF-8 without decoding.
        pending = decoder.getstate()[0]
        if not (is_utf8 and not pending and chunk.isascii()):
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return done - len(pending) + error.start
            if not is_utf8 and "\0" in text:
                return file_problem("not_text")
        last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        since_break = since_break + len(chunk) if last < 0 else len(chunk) - last - 1
        if since_break > limits.max_line:
            return file_problem("line_too_long", limit=limits.max_line)
        done += len(chunk)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return done
    return None


def _chunks(source: Source) -> Iterator[bytes]:
    source.stream.seek(source.start)
    while chunk := source.stream.read(_CHUNK):
        yield chunk


def _count_lines(source: Source, position: int) -> int:
    """The number of the line with the byte at `position`. Reads that much of the file, so only for one we reject."""
    source.stream.seek(source.start)
    before = source.stream.read(max(0, position - source.start))
    text = before.decode(source.codec, "replace")
    return text.count("\n") + text.count("\r") - text.count("\r\n") + 1


def _mark_invalid(error: UnicodeError) -> tuple[str, int]:
    """The error handler for `explain_invalid`."""
    return (_INVALID, error.end) if isinstance(error, UnicodeDecodeError) else ("", 0)


codecs.register_error("mark-invalid", _mark_invalid)


def explain_invalid(source: Source) -> Problem:
    """Which lines have bytes that are invalid in the encoding of the source. Reads the whole file."""
    source.stream.seek(source.start)
    raw = cast(BinaryIO, _NonClosingStream(source.stream))
    first, text, count = 1, "", 0
    for number, line in enumerate(io.TextIOWrapper(raw, source.codec, "mark-invalid", newline=""), start=1):
        if not text:
            text = line  # A byte order mark may be all that is wrong.
        if _INVALID in line:
            count += 1
            if count == 1:
                first, text = number, line
    start = max(0, text.find(_INVALID) - _BEFORE_INVALID)
    found = visible(text[start:].rstrip("\r\n").replace(_INVALID, "\N{REPLACEMENT CHARACTER}"))
    case, others = ("one", 0) if count < 2 else ("several", count - 1)
    encoding = label_of(source.codec)
    return file_problem("unreadable", line=first, value=found, case=case, others=others, encoding=encoding, found=found)


def _read_as_chosen(guess: Source, encoding: str, limits: Limits) -> Source | Problem:
    """The file in the encoding that somebody chose. A byte order mark of another encoding contradicts it."""
    codec = encoding
    if encoding == "utf-16":
        codec = guess.codec if guess.codec in _UTF16 else "utf-16-le"
    if guess.start and guess.codec != codec:
        return explain_invalid(replace(guess, codec=codec, start=0))
    source = replace(guess, codec=codec, encoding=label_of(codec))
    return _read_whole(source, limits)


def _read_whole(source: Source, limits: Limits) -> Source | Problem:
    """The source, unless bytes of it are invalid in its encoding."""
    invalid_at = _find_invalid_byte(source, limits)
    if isinstance(invalid_at, Problem):
        return invalid_at
    return source if invalid_at is None else explain_invalid(source)


def _confirm_utf8(source: Source, evidence: Evidence) -> Source | EncodingDoubt:
    """The source, unless its few non-ASCII words are more likely names in another encoding."""
    words = _sample_words(source, limit=MAX_WORDS_IN_DOUBT + 1)
    rival = find_rival_of_utf8(words) if words else None
    if rival is None:
        return source
    if evidence.encoding in (rival, source.codec):
        return _as(source, evidence.encoding, "remembered")
    return _doubt(source, words, [rival, source.codec])


def _read_as_legacy(source: Source, limits: Limits, evidence: Evidence) -> Source | EncodingDoubt | Problem:
    """The source in the encoding for which the evidence is overwhelming, or the encodings in doubt.

    A file that is partly UTF-8 can't be read in any encoding.
    """
    words = _sample_words(source)
    weighed = weigh(words, _find_ascii_words(source), evidence.languages)
    if fits_without_doubt(weighed, evidence.encoding) and _fits(_as(source, evidence.encoding), limits):
        return _as(source, evidence.encoding, "remembered")
    almost: Source | None = None
    if weighed.is_overwhelming:
        # The words are a sample. A byte that this encoding doesn't have can follow them.
        certain = _as(source, weighed.decodings[0].codec, "only" if weighed.is_only else "evidence")
        if _fits(certain, limits):
            return certain
        almost = certain
    likely = [each.codec for each in weighed.likely if _fits(_as(source, each.codec), limits)][:MAX_CANDIDATES]
    is_damaged = bool(weighed.decodings) and is_damaged_utf8(words, weighed)
    if len(likely) < 2 or is_damaged:
        return explain_invalid(source if almost is None or is_damaged else almost)
    return _doubt(source, words, likely)


def _as(source: Source, codec: str, certainty: Certainty = "") -> Source:
    return replace(source, codec=codec, encoding=label_of(codec), certainty=certainty)


def _fits(source: Source, limits: Limits) -> bool:
    return _find_invalid_byte(source, limits) is None


def _doubt(source: Source, words: list[bytes], candidates: list[str]) -> EncodingDoubt:
    differences = find_differences(words, candidates)
    return EncodingDoubt(tuple(_as(source, codec) for codec in candidates), tuple(differences[:_MAX_WORDS]))


def _find_ascii_words(source: Source) -> list[str]:
    source.stream.seek(source.start)
    return find_ascii_words(source.stream.read(_HEAD))


def _sample_words(source: Source, *, limit: int | None = None) -> list[bytes]:
    sample = WordSample() if limit is None else WordSample(limit)
    for chunk in _chunks(source):
        sample.add(chunk)
        if sample.is_full:
            break
    return sample.finish()
