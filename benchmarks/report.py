"""Write the measurements into docs/performance.md: `python -m benchmarks.report`.

docs/performance.json has the measurements; those in bench.json replace older ones. The tables between the markers in
docs/performance.md and the plot docs/scaling.svg are generated from it alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from benchmarks import scaling_plot
from benchmarks.rounds import ROOT, all_kept, say

DOCUMENT = ROOT / "docs" / "performance.md"
MEASURED = ROOT / "docs" / "performance.json"
PLOT = ROOT / "docs" / "scaling.svg"

Found = Mapping[str, Any]


@dataclass(frozen=True)
class Target:
    """The required and the desired value of a measurement: an upper or a lower bound."""

    what: str
    measured: float
    must: float
    aim: float
    unit: str
    at_least: bool = False

    @property
    def verdict(self) -> str:
        if self._reaches(self.aim):
            return "aim reached"
        return "reached" if self._reaches(self.must) else "**not reached**"

    def cells(self) -> tuple[str, ...]:
        sign = "at least" if self.at_least else "at most"
        return (
            self.what,
            f"{sign} {self.must:g} {self.unit}",
            f"{self.aim:g} {self.unit}",
            f"{_figures(self.measured)} {self.unit}",
            self.verdict,
        )

    def _reaches(self, bound: float) -> bool:
        return self.measured >= bound if self.at_least else self.measured <= bound


def targets(found: Found) -> list[Target]:
    """All targets that were measured."""
    return [
        *_check(found.get("check")),
        *_drop(found.get("drop")),
        *_invite(found.get("invite")),
        *_mail(found.get("mail")),
        *_users(found.get("users")),
        *_whole(found),
    ]


def _check(found: Found | None) -> Iterator[Target]:
    if not found:
        return
    whole, worst, peers = found["against the reader"], found["worst files"], found["against the peers"]
    rows = f"{whole['rows']:,} rows, {found['bad']:.0%} bad"
    yield Target(f"check {rows}: time of bare `csv.reader`", whole["times"], 3.5, 2.8, "x")
    short = found["short rows"]
    what = (
        f"check {short['rows']:,} short rows of {short['bytes'] / short['rows']:.0f} bytes: time of bare `csv.reader`"
    )
    yield Target(what, short["times"], 3.5, 2.8, "x")
    yield Target("memory of it, above Django's own", whole["peak_mb"]["Rollcall"], 130, 60, "MB")
    yield Target("check the worst of files: time of a clean one", worst["times"], 10, 10, "x")
    for name, must, aim in (
        ("frictionless", 12, 15),
        ("django-import-export", 150, 250),
        ("Django form per row", 25, 30),
    ):
        if name in peers["times"]:
            what = f"check {peers['rows']:,} rows: as fast as {name}"
            yield Target(what, peers["times"][name], must, aim, "x", at_least=True)


def _drop(found: Found | None) -> Iterator[Target]:
    for name, spent in (found or {}).items():
        if isinstance(spent, Mapping):
            yield Target(f"drop of 1,000 rows, {name}: until the verdict is seen", spent["all"], 300, 150, "ms")


def _invite(found: Found | None) -> Iterator[Target]:
    for database, bare in (("PostgreSQL", "COPY"), ("SQLite", "`executemany`")):
        if found and (seconds := found["seconds"].get(database)):
            what = f"stage and invite {found['rows']:,} rows on {database}: time of bare {bare}"
            yield Target(what, seconds["Rollcall"] / seconds["bare"], 4, 3, "x")


def _mail(found: Found | None) -> Iterator[Target]:
    if not found:
        return
    ours = found["seconds"]["Rollcall"]
    django, rendered = found["seconds"]["Django send_messages"], found["seconds"]["smtplib, rendered before"]
    yield Target("mail, one process: as fast as Django's `send_messages`", django / ours, 5, 5, "x", at_least=True)
    yield Target("mail, one process: time of smtplib with rendered bytes", ours / rendered, 1.5, 0.5, "x")


def _users(found: Found | None) -> Iterator[Target]:
    for database, sizes in (found or {"databases": {}})["databases"].items():
        size = max(map(int, sizes))
        slowest = max(sizes[str(size)]["pages"].values())
        yield Target(f"slowest page of *Users*, {size:,} people on {database}", slowest, 50, 50, "ms")
        for name, spent in sizes[str(size)].get("downloads", {}).items():
            yield Target(f"{name}, {size:,} people on {database}: first bytes", spent["first"], 1, 1, "s")
        for name, spent in sizes[str(size)].get("actions", {}).items():
            slower = max(spent["review"], spent["start"])
            yield Target(f"{name}, {size:,} people on {database}: review or start", slower, 1, 1, "s")


def user_rows(found: Found) -> Iterator[tuple[str, ...]]:
    """The slowest of the first, the middle and the last page of each filter, in milliseconds."""
    databases = found.get("users", {}).get("databases", {})
    slowest: dict[str, dict[tuple[str, str], float]] = {}
    for database, sizes in databases.items():
        for size, measured in sizes.items():
            for name, spent in measured["pages"].items():
                known = slowest.setdefault(name.rpartition(", ")[0], {})
                known[database, size] = max(known.get((database, size), 0.0), spent)
    for name, known in slowest.items():
        yield name, *(f"{spent:.0f}" for spent in known.values())


def user_head(found: Found) -> list[str]:
    databases = found.get("users", {}).get("databases", {})
    return ["filter", *(f"{database}, {int(size):,}" for database, sizes in databases.items() for size in sizes)]


def download_rows(found: Found) -> Iterator[tuple[str, ...]]:
    for database, sizes in found.get("users", {}).get("databases", {}).items():
        for size, measured in sizes.items():
            for name, spent in measured.get("downloads", {}).items():
                seconds = (f"{spent['first']:.2f} s", f"{spent['all']:.1f} s")
                yield (
                    f"{name}, {int(size):,} people, {database}",
                    *seconds,
                    f"{spent['mb']} MB",
                    f"{spent['memory_mb']} MB",
                )


def action_rows(found: Found) -> Iterator[tuple[str, ...]]:
    for database, sizes in found.get("users", {}).get("databases", {}).items():
        for size, measured in sizes.items():
            for name, spent in measured.get("actions", {}).items():
                seconds = (f"{spent[step]:.2f} s" for step in ("review", "start", "thousand"))
                yield f"{name}, {int(size):,} people, {database}", *seconds


def _whole(found: Found) -> Iterator[Target]:
    for run in runs_of(found):
        if (run["rows"], run["workers"]) == (100_000, 2):
            yield Target("upload of 100,000 rows until all are invited, 2 workers", run["invited"], 60, 30, "s")
            if run["page_p95"] is not None:
                yield Target("pages meanwhile, 95 of 100 within", run["page_p95"], 150, 150, "ms")


def works(found: Found) -> Iterator[tuple[str, Mapping[str, float]]]:
    """Each task that several libraries did, and how many seconds each of them took."""
    if check := found.get("check"):
        peers = check["against the peers"]
        yield f"check {peers['rows']:,} rows", peers["seconds"]
    if invite := found.get("invite"):
        for database, seconds in invite["seconds"].items():
            yield f"stage and invite {invite['rows']:,} rows on {database}", seconds
    if mail := found.get("mail"):
        yield f"send {mail['messages']:,} mails", mail["seconds"]
    if slow := found.get("mail to a slow server"):
        what = f"send {slow['messages']:,} mails to a server that takes {slow['milliseconds_per_reply']} ms per reply"
        yield what, slow["seconds"]


def beside_others(found: Found) -> Iterator[tuple[str, ...]]:
    """All that did the same task, the fastest first."""
    for work, seconds in works(found):
        for name, spent in sorted(seconds.items(), key=itemgetter(1)):
            yield work, name, f"{spent:,.{1 if spent >= 1 else 3}f} s", f"{_figures(spent / seconds['Rollcall'])} x"


def stages(found: Found) -> Iterator[tuple[str, ...]]:
    """What each stage of the check adds to the time of the stages before it, in both files."""
    measured: Found = found.get("check", {}).get("stages", {})
    files: list[dict[str, float]] = [measured.get("seconds", {}), measured.get("seconds of short rows", {})]
    added = [_added(seconds) for seconds in files]
    for name in files[0]:
        yield name, *(cell for stage in added for cell in stage[name])
    if files[0]:
        yield "all", *(cell for stage in added for cell in stage["all"])


def _added(seconds: Mapping[str, float]) -> dict[str, tuple[str, str]]:
    """The seconds that each stage adds, and how many times those of the reader they are."""
    reader, before = seconds["csv.reader"] if seconds else 1.0, 0.0
    added = {}
    for name, spent in seconds.items():
        added[name] = (f"{spent - before:.2f} s", f"{(spent - before) / reader:.2f} x")
        before = spent
    return {**added, "all": (f"{before:.2f} s", f"{before / reader:.2f} x")}


def _figures(measured: float) -> str:
    """The number with a sensible number of decimals."""
    return f"{measured:,.{0 if measured >= 100 else 1 if measured >= 10 else 2}f}"


def runs_of(found: Found) -> list[dict[str, Any]]:
    """The imports of benchmarks/scaling.py, smallest first."""
    return sorted(found.get("scaling", {}).get("runs", []), key=lambda run: (run["rows"], run["workers"]))


def scaling_rows(found: Found) -> Iterator[tuple[str, ...]]:
    for run in runs_of(found):
        pages = "" if run["page_p95"] is None else f"{run['page_median']:.0f} / {run['page_p95']:.0f} ms"
        moments = (run["uploaded"], run["checked"], run["invited"], run["mailed"])
        seconds = (f"{moment:,.{1 if moment < 100 else 0}f} s" for moment in moments)
        yield (f"{run['rows']:,}", str(run["workers"]), *seconds, f"{run['rows'] / run['mailed']:,.0f}", pages)


def table(head: Sequence[str], rows: Iterator[tuple[str, ...]] | list[tuple[str, ...]], *, right: int = 0) -> str:
    """A Markdown table. The last `right` columns are aligned to the right."""
    marks = ["---"] * (len(head) - right) + ["---:"] * right
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, marks, *rows))


def render(document: str, found: Found) -> str:
    """The document with updated tables."""
    made = {
        "targets": table(
            ("what", "must", "aim", "measured", ""), [each.cells() for each in targets(found)]
        ),
        "others": table(("work", "done by", "takes", "against Rollcall"), beside_others(found), right=2),
        "stages": table(
            ("stage", "takes", "time of `csv.reader`", "short rows", "time of `csv.reader`"), stages(found), right=4
        ),
        "users": table(user_head(found), user_rows(found), right=len(user_head(found)) - 1),
        "downloads": table(
            ("download", "first bytes", "all", "size", "memory that it takes"), download_rows(found), right=4
        ),
        "actions": table(("change of everyone", "review", "start", "a thousand people"), action_rows(found), right=3),
        "scaling": table(
            ("rows", "workers", "uploaded", "checked", "all invited", "all mailed", "people/s", "pages: median / p95"),
            scaling_rows(found),
            right=8,
        )
        + f"\n\n{found.get('scaling', {}).get('machine', '')}".rstrip(),
    }  # fmt: skip
    for name, text in made.items():
        begin, end = f"<!-- {name}: made by benchmarks/report.py -->", f"<!-- end of {name} -->"
        before, between = document.split(begin)
        document = f"{before}{begin}\n\n{text}\n\n{end}{between.split(end)[1]}"
    return document


def newest(published: Found, measured: Found) -> dict[str, Any]:
    """The published measurements, updated with the new ones. Incomplete measurements of whole imports are ignored."""
    found = {**published, **measured}
    missing = {(run["rows"], run["workers"]) for run in runs_of(published)}
    missing -= {(run["rows"], run["workers"]) for run in runs_of(measured)}
    if missing and "scaling" in measured:
        say(f"The table of whole imports isn't updated: {len(missing)} of its lines haven't been measured yet.")
        found["scaling"] = published["scaling"]
    return found


def write() -> None:
    found = newest(json.loads(MEASURED.read_text()), all_kept())
    MEASURED.write_text(json.dumps(found, indent=1) + "\n")
    DOCUMENT.write_text(render(DOCUMENT.read_text(), found))
    PLOT.write_text(scaling_plot.draw(runs_of(found)))
    say(f"Updated {DOCUMENT.relative_to(ROOT)}")


if __name__ == "__main__":
    write()
