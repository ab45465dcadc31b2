"""A workbook is read by a child process, and whatever is in the workbook costs that process only."""

from __future__ import annotations

import fcntl
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from config.harness.running import ROOT
from invites.checking import Limits, Problem
from invites.checking.reading.workbooks import workbook as workbook_module
from invites.checking.reading.workbooks.workbook import Workbook, open_workbook
from tests.checking import check_bytes
from tests.workbooks import ods_of, ods_row, ods_table, sheet_of, workbook_of

FOLDER = ROOT / "invites" / "checking" / "reading" / "workbooks"
HEADER = ["Email", "First name", "Last name", "Description"]
ANNA = ["anna@company.com", "Anna", "Berg", "Night shift"]
TEAM = sheet_of([HEADER, ANNA])
MB = 1024 * 1024


def with_rows(*rows: str) -> bytes:
    return workbook_of(TEAM.replace("</sheetData>", f"{''.join(rows)}</sheetData>"))


def opened(workbook: bytes, limits: Limits | None = None) -> Workbook | str:
    """The workbook, or the code of the problem."""
    found = open_workbook(io.BytesIO(workbook), limits or Limits())
    assert found is not None
    return found.code if isinstance(found, Problem) else found


def aborting() -> bytes:
    """A workbook that makes the reader allocate by a number of twenty digits.

    Its sheet begins with text, as pictures do, so that nothing sees the number before the reader does.
    """
    row = f'<row r="{"9" * 20}"><c r="A{"9" * 20}"><v>1</v></c></row>'
    worksheet = f"<worksheet>{TEAM.replace('</sheetData>', row + '</sheetData>')}</worksheet>"
    return workbook_of(TEAM, more={"xl/worksheets/sheet1.xml": f"x{worksheet}"})


def strings_bomb(count: str = "") -> bytes:
    """30,000 cells that each show the same string of 32,000 characters: a gigabyte."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = (
        f'<Relationships xmlns="{package}"><Relationship Id="rId1" Type="{office}/worksheet" '
        f'Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{kind}" Target="sharedStrings.xml"/>'
        "</Relationships>"
    )
    more = {
        "xl/_rels/workbook.xml.rels": relations,
        "xl/sharedStrings.xml": f'<sst xmlns="{main}" {count}><si><t>{"x" * 32_000}</t></si></sst>',
    }
    rows = "".join(f'<row r="{number}"><c r="A{number}" t="s"><v>0</v></c></row>' for number in range(3, 30_003))
    return workbook_of(TEAM.replace("</sheetData>", f"{rows}</sheetData>"), more=more)


def long_cell(length: int) -> bytes:
    return workbook_of(sheet_of([HEADER, [*ANNA[:3], "x" * length]]))


def many_columns() -> bytes:
    """16,000 columns and 490 rows, without positions: 230 KB."""
    return workbook_of(f"<sheetData>{('<row>' + '<c><v>1</v></c>' * 16_000 + '</row>') * 490}</sheetData>")


def wide_sheets() -> bytes:
    """More than a thousand sheets, each with a hundred columns."""
    return workbook_of(*[f"<sheetData>{('<row>' + '<c><v>12</v></c>' * 100 + '</row>') * 25}</sheetData>"] * 1_200)


BOMBS = {
    "abort": (aborting, "workbook_too_heavy"),
    "far cell": (
        lambda: with_rows('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        "workbook_too_heavy",
    ),
    "strings": (strings_bomb, "workbook_too_heavy"),
    "strings that are counted": (
        lambda: strings_bomb('count="4000000000" uniqueCount="4000000000"'),
        "workbook_too_heavy",
    ),
    "cell of 90 MB": (lambda: long_cell(90_000_000), "workbook_too_heavy"),
    "cell of 2 MB": (lambda: long_cell(2_000_000), "cell_too_long"),
    "cell of 30 MB": (lambda: long_cell(30_000_000), "workbook_too_heavy"),
    "columns": (many_columns, "workbook_too_heavy"),
    "sheets": (wide_sheets, "workbook_too_heavy"),
    "repeated rows": (
        lambda: ods_of(ods_table(ods_row(["a"] * 20, 'table:number-rows-repeated="1048576"'))),
        "workbook_too_heavy",
    ),
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_only_harms_the_child_and_gets_a_clear_message(name: str, tmp_path: Path) -> None:
    make, code = BOMBS[name]
    file = tmp_path / "bomb.xlsx"
    file.write_bytes(make())
    program = (
        "import resource, sys; from invites.checking import Check\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "Check(open('tests/data/workbook.xlsx', 'rb')).blocks(); before = peak()\n"
        "check = Check(open(sys.argv[1], 'rb'))\n"
        "for _ in check.blocks(): pass\n"
        "print(check.report.rejection.code, (peak() - before) // 1024)"
    )
    command = [sys.executable, "-c", program, str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    found, grown = done.stdout.split()
    assert found == code
    assert int(grown) < 20


def test_more_text_than_a_csv_file_may_have_is_too_big() -> None:
    workbook = workbook_of(sheet_of([HEADER, *([ANNA] * 2_000)]))
    assert isinstance(opened(workbook, Limits(max_bytes=100_000)), Workbook)
    assert opened(workbook, Limits(max_bytes=50_000)) == "workbook_too_big"


def slow(rows: int = 300_000) -> bytes:
    """A workbook that takes the reader about a second."""
    return with_rows(*(f'<row r="{row}"><c r="A{row}" s="0"/><c r="B{row}" s="0"/></row>' for row in range(3, rows)))


def children() -> set[str]:
    """The processes that this one has started and that are still there, also those that have only ended."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def test_a_slow_workbook_is_rejected_in_time() -> None:
    workbook, before = slow(), children()
    began = time.monotonic()
    assert opened(workbook, Limits(workbook_seconds=0.3)) == "workbook_too_heavy"
    assert time.monotonic() - began < 10
    assert children() <= before


def test_the_callback_is_called_while_waiting_and_can_stop_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_module, "_SECONDS_BETWEEN_CALLS", 0.05)
    calls, before = [], children()

    def note() -> None:
        calls.append(time.monotonic())
        if len(calls) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_workbook(io.BytesIO(slow()), Limits(), while_waiting=note)
    assert len(calls) == 3
    assert time.monotonic() - calls[-1] < 5
    assert children() <= before


@pytest.mark.exhaustive
def test_a_million_formatted_rows_with_three_people_take_less_than_three_seconds() -> None:
    cells = "".join(f'<c r="{column}{{0}}" s="1"/>' for column in "ABCD")
    row = f'<row r="{{0}}" spans="1:4" s="1" customFormat="1">{cells}</row>'
    people = sheet_of([HEADER, *([f"p{number}@company.com", "Anna", "Berg"] for number in range(3))])
    rows = "".join(map(row.format, range(5, 1_000_001)))
    workbook = workbook_of(people.replace("</sheetData>", f"{rows}</sheetData>"))
    assert len(workbook) > 10_000_000

    began = processor_seconds()
    report = check_bytes(workbook)
    # The promise is three seconds, with a margin of two. Others may use the machine, so their time is not counted.
    assert processor_seconds() - began < 6
    assert (report.verdict, report.valid) == ("ok", 3)


def processor_seconds() -> float:
    """What this process and those of its children that have ended have used."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


# --- The child process itself -------------------------------------------------------------------------


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that takes the place of the child; to be written by the test."""
    program = tmp_path / "child.py"
    monkeypatch.setattr(workbook_module, "CHILD", [str(program)])
    return program


def test_the_child_inherits_no_environment_no_files_and_no_terminal(
    child: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child.write_text(
        "import os, json, sys\n"
        "files = sorted(map(int, os.listdir('/dev/fd')))[:-1]  # The last one is this list itself.\n"
        "rows = [sorted(os.environ), files, os.getsid(0) == os.getpid(), sys.path]\n"
        "os.lseek(int(sys.argv[2]), 0, os.SEEK_END)\n"
        "print(json.dumps({'code': 'other_kind', 'kind': rows}), file=open(int(sys.argv[2]), 'w'))\n"
        "sys.exit(3)\n"
    )
    monkeypatch.setenv("SECRET_KEY", "not for workbooks")
    read_end, write_end = os.pipe()
    os.set_inheritable(write_end, True)
    try:
        problem = open_workbook(io.BytesIO(with_rows()), Limits())
    finally:
        os.close(read_end)
        os.close(write_end)
    assert isinstance(problem, Problem)
    environment, files, is_session, path = cast(Any, problem.params["kind"])
    # Python sets this one itself where it finds no locale.
    assert set(environment) <= {"LC_CTYPE"}
    assert files[:3] == [0, 1, 2]
    assert len(files) == 4, "The only other one is for its answers."
    assert is_session
    assert not {str(ROOT), str(child.parent), ""} & set(path)


def test_a_child_that_fails_is_our_bug_and_not_a_fault_of_the_file(child: Path) -> None:
    child.write_text("raise ImportError('No module named x')")
    with pytest.raises(RuntimeError, match=r"(?s)status 1: .*No module named x"):
        opened(with_rows())


def test_the_child_does_not_outlive_a_parent_that_was_killed(child: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.touch()
    child.write_text(
        f"import fcntl, json, sys, time; sys.path.insert(0, {str(FOLDER)!r})\n"
        "from child.process_limits import limit_this_process\n"
        "limit_this_process(json.loads(sys.argv[1]))\n"
        f"file = open({str(locked)!r}, 'r+'); fcntl.flock(file, fcntl.LOCK_EX); file.write('locked'); file.flush()\n"
        "while True: time.sleep(1)\n"
    )
    program = (
        "import io, sys; from invites.checking import Limits; from invites.checking.reading.workbooks import workbook\n"
        "workbook.CHILD = [sys.argv[1]]\n"
        "workbook.open_workbook(open(sys.argv[2], 'rb'), Limits(workbook_seconds=6))\n"
    )
    file = tmp_path / "people.xlsx"
    file.write_bytes(with_rows())

    with subprocess.Popen([sys.executable, "-c", program, str(child), str(file)], cwd=ROOT) as parent:
        wait_until(lambda: locked.read_text() == "locked", seconds=60)
        parent.kill()
    with locked.open() as handle:

        def is_free() -> bool:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        assert not is_free()
        wait_until(is_free, seconds=60)


def wait_until(claim: Callable[[], bool], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.exhaustive
@pytest.mark.parametrize("is_watched", [False, True], ids=["limited", "watched"])
def test_memory_can_be_watched_where_it_cannot_be_limited(tmp_path: Path, *, is_watched: bool) -> None:
    """On macOS it is watched. Only the call that tells how much is used differs from this."""
    file = tmp_path / "bomb.xlsx"
    file.write_bytes(strings_bomb())
    program = (
        "import resource, sys; from invites.checking import Check, Limits\n"
        "from invites.checking.reading.workbooks import workbook\n"
        "workbook.IS_MEMORY_WATCHED = sys.argv[1] == 'True'\n"
        "def read(name):\n"
        "    check = Check(open(name, 'rb'), limits=Limits(workbook_memory=200 << 20))\n"
        "    for _ in check.blocks(): pass\n"
        "    return check.report.verdict, check.report.rejection and check.report.rejection.code\n"
        "print(*read('tests/data/workbook.xlsx'), *read(sys.argv[2]))\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // (1 if sys.platform != 'darwin' else 1024))"
    )
    command = [sys.executable, "-c", program, str(is_watched), str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    found, peak = done.stdout.splitlines()
    assert found.split() == ["ok", "None", "rejected", "workbook_too_heavy"]
    assert 100 < int(peak) / 1024 < 260


def test_a_process_that_watches_its_memory_ends_itself() -> None:
    program = (
        "import sys, threading, time; sys.path.insert(0, sys.argv[1]); from child import process_limits\n"
        "threading.Thread(target=process_limits.watch_memory, args=(100 << 20,), daemon=True).start()\n"
        "held = b'x' * (int(sys.argv[2]) << 20); time.sleep(1)\n"
    )
    command = [sys.executable, "-c", program, str(FOLDER)]
    assert subprocess.run([*command, "10"], check=False).returncode == 0
    assert subprocess.run([*command, "200"], check=False).returncode == -signal.SIGKILL
