"""Collect the words of a file that depend on its encoding, and the words that don't."""

from __future__ import annotations

import re

MAX_LENGTH = 1_000
_NON_ASCII = re.compile(rb"[\x80-\xff]+")
_PIECE = 1024
_MAX_WORDS = 20_000
# Bytes that are part of no character beyond ASCII in any of the encodings. Digits are (in GB18030), so they stay.
_SEPARATORS = bytes([*range(0x30), *range(0x3A, 0x40)])
_SPACED = bytes.maketrans(_SEPARATORS, b" " * len(_SEPARATORS))
_ASCII_WORD = re.compile(rb"[A-Za-z\x80-\xff]{3,30}")
_MAX_ASCII_WORDS = 150


class WordSample:
    """Collects the distinct words with bytes over 127, in the order of the file."""

    def __init__(self, limit: int = _MAX_WORDS) -> None:
        self.words: dict[bytes, None] = {}
        self._limit = limit
        self._rest = b""

    @property
    def is_full(self) -> bool:
        return len(self.words) >= self._limit

    def add(self, chunk: bytes) -> None:
        if chunk.isascii() and self._rest.isascii():
            chunk = chunk[-MAX_LENGTH:]  # Only the start of a word at its end matters.
        whole, _space, self._rest = (self._rest + chunk.translate(_SPACED)).rpartition(b" ")
        self._take(whole)
        if len(self._rest) > MAX_LENGTH:
            self._rest = self._rest[: MAX_LENGTH + 1]

    def finish(self) -> list[bytes]:
        if not self.is_full:
            self._take(self._rest)
        return list(self.words)

    def _take(self, text: bytes) -> None:
        """Look only at the words around non-ASCII bytes: most pieces of most files are ASCII."""
        end = 0
        for offset in range(0, len(text), _PIECE):
            piece = text[offset : offset + _PIECE]
            if piece.isascii():
                continue
            for found in _NON_ASCII.finditer(piece):
                at = offset + found.start()
                if at >= end:
                    start = text.rfind(b" ", end, at) + 1 or end
                    space = text.find(b" ", at)
                    end = len(text) if space < 0 else space
                    self.words[text[start:end]] = None
                    if self.is_full:
                        return


def find_ascii_words(text: bytes) -> list[str]:
    """The distinct words of ASCII letters: they tell about the languages of a file in any encoding."""
    found: dict[str, None] = {}
    for word in _ASCII_WORD.finditer(text):
        if word[0].isascii():
            found[word[0].decode("ascii").lower()] = None
            if len(found) == _MAX_ASCII_WORDS:
                break
    return list(found)
