"""How fast the check is: against bare csv.reader and email-validator, and against other ways to check a file.

    python -m benchmarks.check                  a file of 100,000 rows, and one of 10,000 for the slower peers
    python -m benchmarks.check --rows 1000000

All run in one process, in turns, several times; what counts is the ratio of the medians. Memory is measured in
processes of their own. A peer that is not installed is skipped by name: benchmarks/requirements.txt has them.
"""

from __future__ import annotations

import argparse
import csv
import json
import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from email_validator import EmailNotValidError, validate_email

from benchmarks import peers
from benchmarks.files import people, write_file
from invites.checking import Check, Limits

ROOT = Path(__file__).resolve().parent.parent
NO_LIMITS = Limits(max_bytes=1 << 40, max_rows=1 << 23)
PEER_ROWS = 10_000
# The targets: ours against the reader, and the peers against ours.
MOST_TIMES_READER, MOST_MB = 3.5, 130
LEAST_TIMES_OURS = {"frictionless": 12, "django-import-export": 150, "Django form per row": 25}

Run = Callable[[Path], object]


def read_only(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        for _ in csv.reader(file):
            pass


def check(path: Path) -> None:
    with path.open("rb") as file:
        for _ in Check(file, limits=NO_LIMITS).blocks():
            pass


def ask_about_each_address(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            try:
                validate_email(row[0], check_deliverability=False)
            except EmailNotValidError:
                continue


def medians(runs: dict[str, Run], path: Path, *, turns: int) -> dict[str, float]:
    """Seconds of the processor per run, the median of `turns`; the runs take turns, so that a busy minute is shared."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(turns):
        for name, run in runs.items():
            start = time.process_time()
            run(path)
            times[name].append(time.process_time() - start)
    return {name: statistics.median(taken) for name, taken in times.items()}


def peak_memory(path: Path) -> float:
    """MB that a check of the file takes at its highest, above what the process had before."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure_memory, (path,))


def _measure_memory(path: Path) -> float:
    before = _highest_memory()
    check(path)
    return (_highest_memory() - before) / 1024


def _highest_memory() -> int:
    """The most kilobytes that this process ever had in memory."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux: ru_maxrss would tell what the parent had before this program was started.
        return int(status.read_text().partition("VmHWM:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--bad", type=float, default=0.02, help="the share of rows that have something wrong")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        large = write_file(Path(folder) / "large.csv", people(options.rows, bad=options.bad))
        small = write_file(Path(folder) / "small.csv", people(PEER_ROWS, bad=options.bad))
        say(f"{options.rows:,} rows, {large.stat().st_size / 1e6:.1f} MB, {options.bad:.0%} bad, {options.turns} turns")
        base: dict[str, Run] = {"csv.reader": read_only, "rollcall": check}
        found = medians(base, large, turns=options.turns)
        megabytes = peak_memory(large)
        others = peers.installed(say)
        beside = medians({"rollcall": check, "email-validator": ask_about_each_address, **others}, small, turns=3)
    times_reader = found["rollcall"] / found["csv.reader"]
    for name, seconds in found.items():
        say(
            f"  {name:24}{seconds:9.3f} s {options.rows / seconds:12,.0f} rows/s {seconds / found['csv.reader']:8.2f} x"
        )
    say(f"  at most {MOST_TIMES_READER} x: {verdict(times_reader <= MOST_TIMES_READER)}")
    say(f"  {megabytes:.0f} MB above the process; at most {MOST_MB}: {verdict(megabytes <= MOST_MB)}")
    say(f"{PEER_ROWS:,} rows, the same file for all")
    slower = {name: seconds / beside["rollcall"] for name, seconds in beside.items()}
    for name, seconds in beside.items():
        aim = LEAST_TIMES_OURS.get(name)
        told = f"  at least {aim} x: {verdict(slower[name] >= aim)}" if aim else ""
        say(f"  {name:24}{seconds:9.3f} s {PEER_ROWS / seconds:12,.0f} rows/s {slower[name]:8.1f} x{told}")
    keep({
        "rows": options.rows,
        "bad": options.bad,
        "turns": options.turns,
        "seconds": found,
        "times_csv_reader": round(times_reader, 2),
        "peak_mb": round(megabytes, 1),
        "peers_seconds": beside,
        "peers_times_rollcall": {name: round(times, 1) for name, times in slower.items()},
    })  # fmt: skip


def verdict(reached: bool) -> str:
    return "reached" if reached else "not reached"


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def keep(results: dict[str, object]) -> None:
    """Write the results under "check" into bench.json, beside those of other benchmarks."""
    path = Path(os.environ.get("DATA_DIR") or ROOT / "var") / "bench.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    everything = json.loads(path.read_text()) if path.exists() else {}
    everything["check"] = results
    path.write_text(json.dumps(everything, indent=2) + "\n")
    say(f"Written to {path}")


if __name__ == "__main__":
    main()
