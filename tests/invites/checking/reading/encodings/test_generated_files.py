"""No name is changed silently in generated files: a part of what `make encodings` measures."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.encoding_files import CELLS, LANGUAGES, files_of
from benchmarks.encodings import LEAST_SILENT, WITH_TARGET, find_failures, measure
from tests.cases import for_each

# People in a file, and how many such files of each language and encoding.
FEW = {1: 3, 3: 3, 10: 2, 30: 1}


@pytest.mark.exhaustive
@for_each("language", LANGUAGES)
def test_changes_no_name_silently(language: str) -> None:
    codecs = [codec for name, codec in CELLS if name == language]
    counts = {
        (language, codec): {
            rows: measure(files_of(language, codec, rows=rows, count=count, seed="test")) for rows, count in FEW.items()
        }
        for codec in codecs
    }
    wrong = sum(each["wrong"] for by_size in counts.values() for each in by_size.values())
    assert wrong == 0, [failure for failure in find_failures(counts) if "wrong" in failure]


@pytest.mark.exhaustive
@pytest.mark.parametrize(("language", "codec"), WITH_TARGET)
def test_hardly_asks_about_windows_files_in_western_europe(language: str, codec: str) -> None:
    counts = sum(
        (
            measure(files_of(language, codec, rows=rows, count=count))
            for rows, count in {10: 40, 30: 40, 100: 20}.items()
        ),
        Counter(),
    )
    assert counts["wrong"] == 0
    assert counts["asked"] + counts["refused"] <= (1 - LEAST_SILENT) * counts["files"]


@pytest.mark.exhaustive
def test_a_question_has_the_right_answer() -> None:
    counts = sum((measure(files_of(*cell, rows=1, count=2, seed="asked")) for cell in CELLS), Counter())
    assert counts["asked"] > 50
    assert counts["contains"] >= 0.97 * counts["asked"]


def test_notices_a_wrong_name_and_too_many_questions() -> None:
    counts = {("French", "cp1252"): {10: Counter(files=20, asked=2, contains=1, wrong=1)}}
    assert len(find_failures(counts)) == 3
    assert find_failures({("French", "cp1252"): {10: Counter(files=20, asked=1, contains=1)}}) == []
