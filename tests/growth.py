"""Measure how the time of a function grows with the length of its text.

Uses neither pytest nor Django, because the fuzzer has its own environment.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

# Four times as much text may take eight times as long: linear time, with a margin of two.
TIMES_LONGER, TIMES_SLOWER = 4, 8
# One measurement of each length is enough if they are this close.
TIMES_AT_FIRST = 6
# A text grows until a call takes this long. Code that never does, up to LONGEST characters, isn't slow.
LEAST_SECONDS = 0.001
LONGEST = 50_000

Function = Callable[[str], object]
Shape = tuple[str, str, str]


def text_of(shape: Shape, length: int) -> str:
    before, repeated, after = shape
    return before + repeated * (length // len(repeated)) + after


def seconds_of(function: Function, text: str) -> float:
    """Seconds of this thread alone, so that other work on the machine counts as little as possible.

    Garbage collection waits, because it visits all objects of the process, and not only those of the function.
    """
    gc.disable()
    began = time.thread_time()
    function(text)
    took = time.thread_time() - began
    gc.enable()
    return took


def grows_too_fast(function: Function, shape: Shape) -> bool:
    """Whether the function isn't linear on texts of this shape."""
    length = 200
    while (before := seconds_of(function, text_of(shape, length))) < LEAST_SECONDS:
        length *= 4
        if length > LONGEST:
            return False
    short, long = text_of(shape, length), text_of(shape, length * TIMES_LONGER)
    # The first call may have taken longer, because memory was new to it.
    before = min(before, seconds_of(function, short), seconds_of(function, short))
    if seconds_of(function, long) <= TIMES_AT_FIRST * before:
        return False
    # A busy machine disturbs some runs, and rarely all: the fastest of some counts.
    before = min(seconds_of(function, short) for _ in range(3))
    return all(seconds_of(function, long) > TIMES_SLOWER * before for _ in range(3))
