"""Measure how the time of a function grows with the length of its text.

Uses neither pytest nor Django, because the fuzzer has its own environment.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

# Four times as much text may take eight times as long: linear time, with a margin of two. Quadratic time takes sixteen.
TIMES_LONGER, TIMES_SLOWER = 4, 8
# One measurement of each length is enough if they are this close.
TIMES_AT_FIRST = 6
# A text grows until a call takes this long.
LEAST_SECONDS = 0.002
FIRST, LONGEST = 800, 51_200
# What takes less for the square of a character isn't slow: it is a millisecond for 12,800 characters.
SLIGHT = 0.001 / 12_800**2

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


def least_seconds_of(function: Function) -> float:
    """How long the function takes for the shortest text."""
    return min(seconds_of(function, "a") for _ in range(3))


def grows_too_fast(function: Function, shape: Shape, *, least: float | None = None) -> bool:
    """Whether the function isn't linear on texts of this shape. `least` is from `least_seconds_of` the function."""
    least = least_seconds_of(function) if least is None else least
    length, short = FIRST, least
    long = seconds_of(function, text_of(shape, length))
    while long < LEAST_SECONDS:
        if length >= LONGEST:
            return False
        # What the function does for any text may hide how it grows.
        times, short = TIMES_LONGER if long > 2 * least else TIMES_LONGER**2, long
        length = min(length * times, LONGEST)
        long = seconds_of(function, text_of(shape, length))
        if long - least < SLIGHT * length**2:
            return False
    return long > TIMES_AT_FIRST * short and is_much_slower(function, shape, length)


def is_much_slower(function: Function, shape: Shape, length: int) -> bool:
    """Whether a text of this length takes longer than a quarter of it, by more than the length explains.

    A busy machine disturbs some runs, and rarely all: the fastest of some counts.
    """
    short, long = text_of(shape, length // TIMES_LONGER), text_of(shape, length)
    before = min(seconds_of(function, short) for _ in range(3))
    return all(seconds_of(function, long) > TIMES_SLOWER * before for _ in range(3))
