"""How fast the check is, compared with bare csv.reader and other libraries, and for the worst files.

    python -m benchmarks.check                  a million rows, 2% of them bad; 10,000 rows for the slower libraries
    python -m benchmarks.check --rows 100000    takes less time

All of them run in one process, in turns, several times. The results are ratios of medians. Memory is measured in
separate processes.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from email_validator import EmailNotValidError, validate_email

from benchmarks import peers
from benchmarks.files import HEADER, bad_people, people, people_of_other_alphabets, short_people, write_file
from benchmarks.rounds import keep, medians, say, verdict
from invites.checking import Check, Limits
from invites.checking.reading.chunks import Columns, take_columns
from invites.checking.reading.file import open_file
from invites.checking.reading.plan import Plan
from invites.checking.screening import Screen

NO_LIMITS = Limits(max_bytes=1 << 40, max_rows=1 << 23)
READER, OURS, LIBRARY = "csv.reader", "Rollcall", "email-validator only"
# The limit of a file.
WORST_ROWS = 200_000
PEER_ROWS, REPEATED = 10_000, 20
# The targets: our time compared with the reader's and with a clean file, and the other libraries' with ours.
MOST_TIMES_READER, MOST_MB, MOST_TIMES_CLEAN = 3.5, 130, 10
LEAST_TIMES_OURS = {peers.FRICTIONLESS: 12, peers.IMPORT_EXPORT: 150, peers.FORM: 25}

Run = Callable[[Path], int | None]
MakeRows = Callable[..., Iterable[list[str]]]


def read_only(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        for _ in csv.reader(file):
            pass


def check(path: Path) -> int:
    """How many rows are rejected."""
    with path.open("rb") as file:
        check = Check(file, limits=NO_LIMITS)
        for _ in check.blocks():
            pass
    return check.report.problem_rows + check.report.skipped


def ask_about_each_address(path: Path) -> int:
    refused = 0
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            try:
                validate_email(row[0], check_deliverability=False)
            except EmailNotValidError:
                refused += 1
    return refused


def seconds_of(runs: Mapping[str, tuple[Run, Path]], *, turns: int) -> dict[str, float]:
    """Seconds of CPU time per run."""
    return medians({name: partial(_time, *run) for name, run in runs.items()}, rounds=turns)


def _time(run: Run, path: Path) -> float:
    start = time.process_time()
    run(path)
    return time.process_time() - start


def peak_memory(path: Path, name: str = OURS) -> float:
    """The peak memory of a contender in MB, above what its process used before."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure_memory, (path, name))


def _measure_memory(path: Path, name: str) -> float:
    own: dict[str, Run] = {READER: read_only, OURS: check, LIBRARY: ask_about_each_address}
    run = own.get(name) or peers.make_peers(say)[name]()
    before = _highest_memory()
    run(path)
    return (_highest_memory() - before) / 1024


def _highest_memory() -> int:
    """The peak memory of this process in KB."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux: ru_maxrss would tell what the parent had before this program was started.
        return int(status.read_text().partition("VmHWM:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--bad", type=float, default=0.02, help="the share of rows with problems")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        results = {
            "turns": options.turns,
            "bad": options.bad,
            "against the reader": beside_the_reader(
                Path(folder), people(options.rows, bad=options.bad), options.rows, options.turns
            ),
            "short rows": beside_the_reader(
                Path(folder), short_people(options.rows, bad=options.bad), options.rows, options.turns
            ),
            "stages": by_stages(Path(folder), options.rows, options.bad, options.turns),
            "worst files": of_the_worst_files(Path(folder), min(options.rows, WORST_ROWS), options.turns),
            "against the peers": beside_the_peers(Path(folder), options.bad, options.turns),
        }
    keep("check", results)


def beside_the_reader(folder: Path, made: Iterable[list[str]], rows: int, turns: int) -> dict[str, object]:
    path = write_file(folder / "large.csv", made)
    size = path.stat().st_size
    say(f"Check: {rows:,} rows, {size / 1e6:.1f} MB, {size / rows:.0f} bytes per row, {turns} rounds")
    seconds = seconds_of({READER: (read_only, path), OURS: (check, path)}, turns=turns)
    megabytes = {name: peak_memory(path, name) for name in seconds}
    times = seconds[OURS] / seconds[READER]
    _tell(rows, seconds, megabytes, base=READER)
    say(f"  at most {MOST_TIMES_READER} x: {times:.2f} x, {verdict(times <= MOST_TIMES_READER)}")
    say(f"  at most {MOST_MB} MB: {megabytes[OURS]:.0f} MB, {verdict(megabytes[OURS] <= MOST_MB)}")
    return {"rows": rows, "bytes": size, "seconds": seconds, "times": round(times, 2), "peak_mb": megabytes}


def by_stages(folder: Path, rows: int, bad: float, turns: int) -> dict[str, object]:
    """Where the time goes: each stage includes the work of the stages before it."""
    return {
        "rows": rows,
        "seconds": _seconds_by_stages(folder, people, rows, bad, turns),
        "seconds of short rows": _seconds_by_stages(folder, short_people, rows, bad, turns),
    }


def _seconds_by_stages(folder: Path, make: MakeRows, rows: int, bad: float, turns: int) -> dict[str, float]:
    clean = write_file(folder / "clean.csv", make(rows, bad=0))
    spoiled = write_file(folder / "spoiled.csv", make(rows, bad=bad))
    stages: dict[str, tuple[Run, Path]] = {
        READER: (read_only, clean),
        "find encoding, delimiter and columns": (read_with_plan, clean),
        "turn rows into columns": (read_columns, clean),
        "match addresses, look up their domains": (screen_addresses, clean),
        "look up or match names and descriptions": (screen, clean),
        "find duplicates, hand out rows": (check, clean),
        f"check the {bad:.0%} of bad rows one by one": (check, spoiled),
    }
    say(f"Check: {rows:,} rows of {clean.stat().st_size / rows:.0f} bytes, stage by stage, {turns} rounds")
    seconds = seconds_of(stages, turns=turns)
    for name, spent in seconds.items():
        say(f"  {name:56}{spent:9.3f} s {spent / seconds[READER]:8.2f} x")
    return seconds


def read_with_plan(path: Path) -> None:
    with path.open("rb") as file:
        for _ in _plan_of(file).rows():
            pass


def read_columns(path: Path) -> None:
    with path.open("rb") as file:
        for _ in _chunks_of(file):
            pass


def screen_addresses(path: Path) -> None:
    screen = Screen()
    with path.open("rb") as file:
        for columns in _chunks_of(file):
            screen.flag_addresses(columns.cells[0])


def screen(path: Path) -> None:
    screen = Screen()
    with path.open("rb") as file:
        for columns in _chunks_of(file):
            screen.flag(columns.cells)


def _chunks_of(file: BinaryIO) -> Iterator[Columns]:
    """The chunks of a file with our four columns, read like the check does."""
    records = _plan_of(file).rows()
    next(records)
    while columns := take_columns(records, len(HEADER)):
        yield columns


def _plan_of(file: BinaryIO) -> Plan:
    plan = open_file(file, NO_LIMITS)
    assert isinstance(plan, Plan)
    return plan


def of_the_worst_files(folder: Path, rows: int, turns: int) -> dict[str, object]:
    files: dict[str, Iterable[list[str]]] = {
        "clean": people(rows, bad=0),
        "only bad rows": bad_people(rows),
        "only domains beyond ASCII": people_of_other_alphabets(rows),
    }
    paths = {name: write_file(folder / f"{name}.csv", made) for name, made in files.items()}
    say(f"Check: {rows:,} rows, files of one kind, {turns} rounds")
    seconds = seconds_of({name: (check, path) for name, path in paths.items()}, turns=turns)
    megabytes = {name: peak_memory(path) for name, path in paths.items()}
    _tell(rows, seconds, megabytes, base="clean")
    slowest = max(seconds.values()) / seconds["clean"]
    say(f"  at most {MOST_TIMES_CLEAN} x the clean file: {slowest:.2f} x, {verdict(slowest <= MOST_TIMES_CLEAN)}")
    return {"rows": rows, "seconds": seconds, "times": round(slowest, 2), "peak_mb": megabytes}


def beside_the_peers(folder: Path, bad: float, turns: int) -> dict[str, object]:
    made = list(people(PEER_ROWS - REPEATED, bad=bad))
    path = write_file(folder / "small.csv", chain(made, islice(made, REPEATED)))
    say(f"Check: {PEER_ROWS:,} rows, the same file for all, {turns} rounds")
    runs: dict[str, Run] = {READER: read_only, OURS: check, LIBRARY: ask_about_each_address}
    runs |= {name: make() for name, make in peers.make_peers(say).items()}
    refused = {name: run(path) for name, run in runs.items()}
    seconds = seconds_of({name: (run, path) for name, run in runs.items()}, turns=turns)
    megabytes = {name: peak_memory(path, name) for name in runs}
    _tell(PEER_ROWS, seconds, megabytes, base=OURS, refused=refused)
    times = {name: round(spent / seconds[OURS], 1) for name, spent in seconds.items()}
    for name, aim in LEAST_TIMES_OURS.items():
        if name in times:
            say(f"  {name} at least {aim} x ours: {times[name]} x, {verdict(times[name] >= aim)}")
    return {"rows": PEER_ROWS, "seconds": seconds, "times": times, "peak_mb": megabytes, "refused": refused}


def _tell(
    rows: int,
    seconds: Mapping[str, float],
    megabytes: Mapping[str, float],
    *,
    base: str,
    refused: Mapping[str, int | None] | None = None,
) -> None:
    for name, spent in seconds.items():
        told = f"  {name:28}{spent:9.3f} s {rows / spent:12,.0f} rows/s {spent / seconds[base]:8.2f} x"
        found = (refused or {}).get(name)
        say(f"{told} {megabytes[name]:7.0f} MB" + (f"  rejects {found:,}" if found is not None else ""))


if __name__ == "__main__":
    main()
