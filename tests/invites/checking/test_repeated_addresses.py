"""Rows with the same address: the same person is skipped, and another one is a problem. Compared with a naive model."""

from __future__ import annotations

import io
import random
import tracemalloc
import unicodedata
from itertools import islice, product

import pytest

from invites.checking import Check, ReadingOptions, Row, message_of, repeated_addresses
from invites.checking.reading.chunks import RECORDS_AT_ONCE
from invites.checking.same_address import MOST_OTHERS
from tests.cases import for_each
from tests.checking import read_rows
from tests.workbooks import sheet_of, workbook_of


@pytest.fixture(autouse=True, params=[0, repeated_addresses.CHUNKS_KEPT])
def _chunks_kept(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of earlier rows are kept or read again."""
    monkeypatch.setattr(repeated_addresses, "CHUNKS_KEPT", request.param)


HEADER = "Email,First name,Last name,Description"


def csv_of(*rows: str) -> bytes:
    return "\n".join([HEADER, *rows, ""]).encode()


def verdicts(rows: list[Row]) -> list[str]:
    """Of each row: valid, the row that it repeats, or its problems."""
    return [
        f"repeats {row.duplicate_of}" if row.duplicate_of else " ".join(each.code for each in row.problems) or "valid"
        for row in rows
    ]


def test_the_problem_names_the_first_row() -> None:
    report, rows = read_rows(csv_of("ann@x.com,Ann,Ek,", "Ann@X.com,Bo,Ray,"))
    [problem] = report.problems
    assert (problem.row, problem.line, problem.column, problem.value) == (3, 3, "email", "Ann@x.com")
    assert message_of(problem) == "This is also the address of Ann Ek in row 2"
    assert (report.valid, report.skipped, report.problem_rows) == (1, 0, 1)
    assert rows[1].cells == ("Ann@X.com", "Bo", "Ray", "")


@for_each(
    "first, second, same",
    [
        ("Ann,Ek", "Ann,Ek", True),
        ("Ann,Ek", "ann,EK", True),
        ("Ann,Ek", " Ann , Ek ", True),
        ("Zo\u00eb,Ek", "Zoe\u0308,Ek", True),
        ("Zo\u00eb,Ek", "ZO\u00cb,Ek", True),
        ("Mary Ann,Lee", "Mary,Ann Lee", True),
        ("Ann,Ek,Night", "Ann,Ek,Day", True),
        ("Zo\u00eb,Ek", "Zoe,Ek", False),
        ("Ann,Ek", "Ek,Ann", False),
        ("Ann,Ek", "Anna,Ek", False),
        ("Ann,Ek", "Ann,-", False),
    ],
)
def test_compares_names_but_not_how_they_are_written(first: str, second: str, *, same: bool) -> None:
    _, rows = read_rows(csv_of(f"ann@x.com,{first}", f"ann@x.com,{second}"))
    assert verdicts(rows) == ["valid", "repeats 2" if same else "address_of_another"]


@for_each(
    "names, expected",
    [
        ("A B A", ["valid", "address_of_another", "repeats 2"]),
        ("A B B", ["valid", "address_of_another", "address_of_another"]),
        ("A A B", ["valid", "repeats 2", "address_of_another"]),
        ("A B C", ["valid", "address_of_another", "address_of_another"]),
    ],
)
def test_compares_each_row_with_the_first_one(names: str, expected: list[str]) -> None:
    report, rows = read_rows(csv_of(*(f"ann@x.com,{name},Ek," for name in names.split())))
    assert verdicts(rows) == expected
    assert {problem.params["first"] for problem in report.problems} == {2}


def test_a_row_with_another_problem_has_no_address_yet() -> None:
    _, rows = read_rows(csv_of("ann@x.com,Ann,,", "ann@x.com,Bo,Ray,", "ann@x.com,Cyd,,"))
    assert verdicts(rows) == ["last_name_needed", "valid", "last_name_needed"]


def test_problems_are_in_the_order_of_the_rows() -> None:
    report, _ = read_rows(csv_of("ann@x.com,Ann,Ek,", "ann@x.com,Bo,Ray,", "cyd@x.com,Cyd,,", "ann@x.com,Dee,Lam,"))
    assert [problem.row for problem in report.problems] == [3, 4, 5]


NAMES = (
    "Ann,Ek",
    "ANN,ek",
    "Bo,Ray",
    "Zo\u00eb,Ek",
    "Zoe\u0308,Ek",
    '"Ann\nMaria",Ek',
    "Ann Maria,Ek",
    ",Ek",
    " Bo,Ray",
)


def expected_verdicts(rows: list[tuple[str, str]]) -> list[str]:
    """What a person with all rows on the table would say."""
    first: dict[str, tuple[int, str]] = {}
    found = []
    number = 1
    for address, names in rows:
        number += 1
        if names.startswith('"'):
            found.append("line_break")
        elif names.startswith(","):
            found.append("first_name_needed")
        else:
            name = unicodedata.normalize("NFC", names.strip().casefold())
            known = first.setdefault(address.lower(), (number, name))
            found.append(
                "valid" if known[0] == number else f"repeats {known[0]}" if known[1] == name else "address_of_another"
            )
    return found


@pytest.mark.exhaustive
@for_each("seed", range(12))
def test_agrees_with_a_naive_model(seed: int) -> None:
    """Chunks of 256 rows with few or many repeated addresses, rows that are checked one by one, and broken lines."""
    dice = random.Random(seed)
    count = dice.choice((5, 300, 1_200))
    addresses = [f"person{number}@x.com" for number in range(dice.choice((1, 3, count, 40 * count)))]
    rows = [
        (dice.choice((address, address.upper())), dice.choice(NAMES))
        for address in (dice.choice(addresses) for _ in range(count))
    ]
    _, found = read_rows(csv_of(*(f"{address},{names}," for address, names in rows)))
    assert verdicts(found) == expected_verdicts(rows)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_reads_names_again_however_the_file_is_written(encoding: str) -> None:
    """More rows than a chunk and a buffer hold, with a `sep=` line and blank lines."""
    rows = [f"person{number}@x.com;Zo\u00eb {number};Berg" for number in range(2_000)]
    rows[10] = ""
    again = ["person1500@x.com;zo\u00eb 1500;berg", "person3@x.com;Bo;Ray", "person1999@x.com;Zo\u00eb 1999;Berg"]
    rows[1_800:1_800] = again[:2]
    text = "\n".join(["sep=;", "Email;First name;Last name", *rows, again[2], ""])
    report, found = read_rows(text.encode(encoding))
    assert report.rows == 2_002
    told = {row.number: verdict for row, verdict in zip(found, verdicts(found), strict=True) if verdict != "valid"}
    assert told == {1_802: "repeats 1502", 1_803: "address_of_another", 2_004: "repeats 2003"}


def test_reads_names_of_a_workbook() -> None:
    rows = [["Email", "First name", "Last name"]]
    rows += [[f"person{number}@x.com", f"Ann {number}", "Ek"] for number in range(RECORDS_AT_ONCE + 10)]
    rows += [["person1@x.com", "ann 1", "Ek"], ["person2@x.com", "Bo", "Ray"]]
    _, found = read_rows(workbook_of(sheet_of(rows)))
    assert verdicts(found)[-2:] == ["repeats 3", "address_of_another"]


def test_reads_split_full_names() -> None:
    options = ReadingOptions(columns={"email": 0, "full_name": 1}, name_order="first-last")
    data = b"Mail,Name\nann@x.com,Ann Ek\nann@x.com,ANN EK\nann@x.com,Bo Ray\n"
    check = Check(io.BytesIO(data), options=options)
    assert verdicts([row for block in check.blocks() for row in block]) == ["valid", "repeats 2", "address_of_another"]


class CountedStream(io.BytesIO):
    """Counts the bytes that are read."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        self.taken += len(piece)
        return piece

    read1 = read


def test_names_are_read_again_only_once_and_only_if_an_address_is_repeated() -> None:
    rows = [f"person{number}@x.com,Ann,Ek," for number in range(20_000)]
    plain, repeated = CountedStream(csv_of(*rows)), CountedStream(csv_of(*rows, *rows[:10_000]))
    for stream in (plain, repeated):
        for _block in Check(stream).blocks():
            pass
    size = len(plain.getvalue())
    # The parts of a file that tell its kind and encoding are read before.
    before = plain.taken - size
    assert repeated.taken - len(repeated.getvalue()) < before * 1.6 + size * 1.1


def test_names_of_a_small_file_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeated_addresses, "CHUNKS_KEPT", 40)
    rows = [f"person{number}@x.com,Ann,Ek," for number in range(5_000)]
    plain, repeated = CountedStream(csv_of(*rows)), CountedStream(csv_of(*rows, rows[0]))
    for stream in (plain, repeated):
        for _block in Check(stream).blocks():
            pass
    assert repeated.taken < plain.taken * 1.1


@pytest.mark.exhaustive
def test_a_file_of_repeated_addresses_takes_little_more_memory() -> None:
    """The names take about as many bytes as in the file."""
    peaks = []
    for repeats in (0, 1):
        rows = [f"person{number}@x.com,Ann{number},Ek{number}," for number in range(30_000)]
        data = csv_of(*rows, *rows[:repeats])
        tracemalloc.start()
        for _block in Check(io.BytesIO(data)).blocks():
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 30_000 * 25 + 100_000


@pytest.mark.exhaustive
def test_an_address_of_more_than_a_thousand_others_is_refused() -> None:
    """Every edit in one of these rows would compare it with all of them."""
    names = ["".join(letters) for letters in islice(product("abcdefghij", repeat=4), MOST_OTHERS + 2)]
    people = [f"Info@company.com,Ann,{name}," for name in names]
    most, _rows = read_rows(csv_of(*people[:-1]))
    assert (most.verdict, most.problem_rows) == ("problems", MOST_OTHERS)
    # The same person any number of times is no problem.
    same, _rows = read_rows(csv_of(*people[:-1], *[people[0]] * 2_000))
    assert (same.problem_rows, same.skipped) == (MOST_OTHERS, 2_000)
    refused, _rows = read_rows(csv_of(*people, "ben@company.com,Ben,Fox,"))
    assert refused.rejection is not None
    assert refused.rejection.code == "shared_address"
    assert refused.rejection.params == {"limit": MOST_OTHERS, "address": "Info@company.com"}
    assert (refused.rows, refused.problem_count) == (0, 1)
