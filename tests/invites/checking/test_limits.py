"""At a limit a file works, one over it is refused, with both numbers said."""

from __future__ import annotations

import io

import pytest

from invites.checking import Check, Limits, check, message_of
from invites.checking.reading import plan
from tests.checking import check_bytes

HEADER = "Email,First name,Last name,Description\n"


def file_of(count: int, *, blank: str = "") -> bytes:
    return (HEADER + "".join(f"p{number}@company.com,Anna,Berg,\n{blank}" for number in range(count))).encode()


@pytest.mark.parametrize("limit", [1, 7, 1000, 1001, 2000])
def test_accepts_as_many_rows_as_allowed_and_no_more(limit: int) -> None:
    limits = Limits(max_rows=limit)
    assert check_bytes(file_of(limit), limits=limits).valid == limit
    report = check_bytes(file_of(limit + 1), limits=limits)
    assert report.rejection is not None
    assert report.rejection.code == "too_many_rows"
    assert f"{limit + 1:,} rows" in message_of(report.rejection)
    assert f"the limit is {limit:,}" in message_of(report.rejection)


def test_counts_all_rows_of_a_file_that_has_too_many_and_no_blank_ones() -> None:
    report = check_bytes(file_of(50, blank="\n,,\n"), limits=Limits(max_rows=5))
    assert report.rejection is not None
    assert "50 rows" in message_of(report.rejection)
    assert check_bytes(file_of(5, blank="\n,,\n"), limits=Limits(max_rows=5)).verdict == "ok"


def test_yields_no_row_over_the_limit() -> None:
    check = Check(io.BytesIO(file_of(2_500)), limits=Limits(max_rows=2_000))
    assert sum(len(block) for block in check.blocks()) <= 2_000
    assert check.report.verdict == "rejected"


def test_a_file_of_the_largest_size_is_fine_and_one_byte_more_is_not() -> None:
    data = file_of(20)
    assert check_bytes(data, limits=Limits(max_bytes=len(data))).verdict == "ok"
    report = check_bytes(data + b"\n", limits=Limits(max_bytes=len(data)))
    assert report.rejection is not None
    assert report.rejection.code == "too_big"


def test_one_byte_over_the_limit_never_looks_the_same() -> None:
    report = check_bytes(b"x" * (1024 * 1024 + 1), limits=Limits(max_bytes=1024 * 1024))
    assert report.rejection is not None
    assert message_of(report.rejection).startswith("This file is 1.1 MB, and the limit is 1 MB")


def test_a_stream_that_cannot_be_rewound_is_checked_and_cut_off_at_the_limit() -> None:
    class Pipe(io.RawIOBase):
        """As a pipe: it can be read once, and not be rewound."""

        def __init__(self, data: bytes) -> None:
            self._data = io.BytesIO(data)
            self.taken = 0

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            piece = self._data.read(size)
            self.taken += len(piece)
            return piece

    check = Check(Pipe(file_of(3)))  # type: ignore[arg-type]
    assert sum(len(block) for block in check.blocks()) == 3
    pipe = Pipe(b"x" * 10_000_000)
    check = Check(pipe, limits=Limits(max_bytes=1_000_000))  # type: ignore[arg-type]
    assert list(check.blocks()) == []
    assert check.report.rejection is not None
    assert check.report.rejection.code == "too_big"
    assert pipe.taken < 2_000_000


def test_a_cell_may_be_as_long_as_the_limit_and_no_longer() -> None:
    limits = Limits(max_cell=200_000)
    row = 'anna@company.com,Anna,Berg,"{}"\n'
    report = check_bytes((HEADER + row.format("d" * 200_000)).encode(), limits=limits)
    assert [problem.code for problem in report.problems] == ["text_too_long"]


def test_an_endless_line_is_rejected_before_it_fills_the_memory() -> None:
    report = check_bytes(HEADER.encode() + b"x" * 5_000_000)
    assert report.rejection is not None
    assert report.rejection.code == "line_too_long"


def test_an_endless_cell_with_many_lines_is_rejected_with_its_row() -> None:
    long = "\n".join(["dddddddddd"] * 200_000)
    report = check_bytes((HEADER + f'anna@company.com,Anna,Berg,"{long}"\n').encode())
    assert report.rejection is not None
    assert (report.rejection.code, report.rejection.row) == ("cell_too_long", 2)


@pytest.mark.exhaustive
def test_counts_all_problems_and_lists_the_first_thousands() -> None:
    report = check_bytes((HEADER + "anna,,Berg,\n" * 30_000).encode())
    assert (report.verdict, report.problem_rows, report.problem_count) == ("problems", 30_000, 60_000)
    assert report.truncated
    assert len(report.problems) == 10_000
    assert list(report.grouped()) == [("email_no_at", 30_000), ("first_name_needed", 30_000)]


def test_a_check_is_one_pass() -> None:
    check = Check(io.BytesIO(file_of(1)))
    list(check.blocks())
    with pytest.raises(RuntimeError):
        list(check.blocks())


@pytest.mark.exhaustive
def test_a_file_of_empty_lines_is_rejected_beyond_the_rows_of_a_spreadsheet() -> None:
    report = check_bytes((HEADER + "ann@company.com,Anna,Berg,\n" + "\n" * 1_100_000).encode())
    assert report.rejection is not None
    assert report.rejection.code == "too_many_lines"
    assert "more than 1,048,576 lines" in message_of(report.rejection)


@pytest.fixture
def few_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit of lines is 2,000."""
    monkeypatch.setattr(check, "MOST_RECORDS", 2_000)
    monkeypatch.setattr(plan, "MOST_RECORDS", 2_000)


@pytest.mark.usefixtures("few_lines")
@pytest.mark.parametrize("lines", ["\n", ",,,\n"], ids=["blank", "delimiters"])
@pytest.mark.parametrize(
    "above",
    [
        HEADER + "ann@company.com,Anna,Berg,\n",
        "",
        "Email,Full name\n",
        "Email,First name,Last name\nann@company.com,Szűcs,Lee\n",
    ],
    ids=["a person", "nothing", "a full name", "letters in doubt"],
)
def test_empty_lines_count_wherever_they_are(lines: str, above: str) -> None:
    def check_lines(count: int) -> str:
        data = (above + lines * count + HEADER + "ben@company.com,Ben,Fox,\n").encode("cp1250")
        check = Check(io.BytesIO(data), limits=Limits(max_rows=1_000))
        list(check.blocks())
        return check.report.rejection.code if check.report.rejection else ""

    assert check_lines(1_500) != "too_many_lines"
    assert check_lines(2_500) == "too_many_lines"


@pytest.mark.parametrize("people", ["ann@company.com,Ann Lee\n", "ann@company.com,Szűcs\n"])
def test_the_callback_runs_while_a_file_in_doubt_is_read(people: str) -> None:
    heard: list[None] = []
    data = ("Email,Full name\n" + people * 10_000).encode("cp1250")
    check = Check(io.BytesIO(data), while_waiting=lambda: heard.append(None))

    assert list(check.blocks()) == []
    assert check.report.verdict == "undecided"
    assert len(heard) > 30


def test_the_callback_runs_while_only_empty_lines_are_read() -> None:
    heard: list[None] = []
    check = Check(io.BytesIO((HEADER + "\n" * 100_000).encode()), while_waiting=lambda: heard.append(None))

    assert list(check.blocks()) == []
    assert len(heard) > 300


def test_the_callback_runs_while_rows_over_the_limit_are_counted() -> None:
    heard: list[None] = []
    check = Check(io.BytesIO(file_of(100_000)), limits=Limits(max_rows=10), while_waiting=lambda: heard.append(None))

    assert list(check.blocks()) == []
    assert len(heard) > 300
