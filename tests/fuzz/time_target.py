"""Look for text that makes the check slow when it is repeated: no file may take more than linear time.

This uses plain asserts without pytest or Django, because the fuzzer has its own environment.
"""

from __future__ import annotations

import io

from invites.checking import Check
from tests.fuzz.target import TITLES
from tests.growth import Shape, grows_too_fast

# Separates what is before the repeated text, the text, and what is after it.
_SEPARATOR = b"\xff"
HEADER = f"{','.join(TITLES)}\n"


def take(data: bytes) -> None:
    """The bytes are a recipe: the first and the last piece surround the others, which are repeated."""
    pieces = [piece.decode("utf-8", "replace") for piece in data.split(_SEPARATOR) if piece]
    if len(pieces) < 3:
        return
    first, *repeated, last = pieces
    shape = (first, "".join(repeated), last)
    assert _is_linear(shape, header=""), f"more than linear as a file: {shape!r}"
    assert _is_linear(shape, header=HEADER), f"more than linear as rows: {shape!r}"


def check_file(text: str) -> None:
    """Check a text as a file."""
    check = Check(io.BytesIO(text.encode("utf-8", "replace")))
    for _ in check.blocks():
        pass


def _is_linear(shape: Shape, *, header: str) -> bool:
    """What is measured to be slow is measured again: a busy machine disturbs some measurements."""
    return not all(grows_too_fast(lambda text: check_file(header + text), shape) for _ in range(3))
