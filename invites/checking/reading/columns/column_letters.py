"""The letters by which spreadsheets name columns: A, B, ..., Z, AA."""

from __future__ import annotations


def index_of_letters(letters: str) -> int:
    """The index of the column with these letters."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def letters_of(index: int) -> str:
    """The letters of the column with this index."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
