"""What the fuzzer looks for, looked for a little each time: the files of tests/data, each a bit damaged."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest

from config.harness.running import ROOT
from tests.cases import for_each
from tests.fuzz.target import WORDS, take
from tests.workbooks import sheet_of

pytestmark = [pytest.mark.exhaustive, pytest.mark.usefixtures("forked_children")]

DATA = ROOT / "tests" / "data"
FILES = {path.name: path.read_bytes() for path in sorted(DATA.iterdir()) if path.suffix != ".toml"}
SECONDS_FOR_ONE = 5


def mutated(whole: bytes, *, seed: str, count: int = 8) -> Iterator[bytes]:
    """The file with bits turned, pieces taken out, doubled, moved or put in: the same ones each time."""
    dice = random.Random(seed)
    for _ in range(count):
        data = bytearray(whole)
        for _ in range(dice.randrange(1, 5)):
            start = dice.randrange(len(data) + 1)
            stop = min(len(data), start + dice.choice((1, 1, 2, 10, 100)))
            match dice.randrange(5):
                case 0 if start < len(data):
                    data[start] ^= 1 << dice.randrange(8)
                case 1:
                    del data[start:stop]
                case 2:
                    data[start:start] = data[start:stop]
                case 3:
                    piece, to = data[start:stop], dice.randrange(len(data) + 1)
                    data[to:to] = piece
                case _:
                    data[start:start] = dice.choice(WORDS).encode()
        yield bytes(data)


@for_each("name", FILES)
def test_a_damaged_file_gets_a_consistent_report(name: str) -> None:
    for data in (FILES[name], *mutated(FILES[name], seed=name)):
        began = time.process_time()
        take(data)
        assert time.process_time() - began < SECONDS_FOR_ONE


def test_a_damaged_sheet_gets_a_consistent_report() -> None:
    sheet = sheet_of([["Email", "First name", "Last name"], ["anna@company.com", "Anna", "Berg"], ["ben@", "Ben", ""]])
    for data in mutated(sheet.encode(), seed="sheet", count=80):
        take(data)
