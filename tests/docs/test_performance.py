"""docs/performance.md shows the measurements: a command generates its tables and its plot."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks import report, scaling_plot
from benchmarks.report import DOCUMENT, MEASURED, PLOT, Target
from config.harness.running import ROOT, clean_environment


def run(rows: int, workers: int, **measured: float | None) -> dict[str, Any]:
    known = {"uploaded": 0.5, "checked": 1.0, "invited": 20.0, "mailed": 25.0, "page_median": 20.0, "page_p95": 90.0}
    return {"rows": rows, "workers": workers, "pages": 100, **known, **measured}


def test_the_document_is_up_to_date() -> None:
    measured = json.loads(MEASURED.read_text())

    assert DOCUMENT.read_text() == report.render(DOCUMENT.read_text(), measured)
    assert PLOT.read_text() == scaling_plot.draw(report.runs_of(measured))


@pytest.mark.parametrize(
    ("module", "sizes"),
    [
        ("mail", {"MESSAGES": "5", "TURNS": "1", "MILLISECONDS_PER_REPLY": "0"}),
        ("users", {"BENCH_PEOPLE": "50", "BENCH_TURNS": "1"}),
    ],
)
def test_a_benchmark_of_the_product_measures_something(module: str, sizes: dict[str, str]) -> None:
    measured = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", "--measure"],
        cwd=ROOT,
        env=clean_environment(**sizes),
        capture_output=True,
        text=True,
        check=False,
    )

    assert measured.returncode == 0, measured.stderr
    assert json.loads(measured.stdout)


def test_the_tables_show_measurements() -> None:
    found = {"scaling": {"runs": [run(100_000, 2), run(1_000, 1, page_median=None, page_p95=None, mailed=2.0)]}}

    text = report.render(DOCUMENT.read_text(), found)

    assert "| 100,000 | 2 | 0.5 s | 1.0 s | 20.0 s | 25.0 s | 4,000 | 20 / 90 ms |" in text
    assert text.index("| 1,000 | 1 |") < text.index("| 100,000 | 2 |")
    assert (
        "| upload of 100,000 rows until all are invited, 2 workers | at most 60 s | 30 s | 20.0 s | aim reached |"
        in text
    )
    assert report.render(text, found) == text, "Rendering it again changes nothing."


def test_libraries_are_compared_the_fastest_first() -> None:
    seconds = {"get_or_create, one by one": 60.0, "Rollcall": 2.0, "bare": 0.5}
    found = {"invite": {"rows": 100_000, "seconds": {"PostgreSQL": seconds}}}

    lines = list(report.beside_others(found))

    assert [line[1:] for line in lines] == [
        ("bare", "0.500 s", "0.25 x"),
        ("Rollcall", "2.0 s", "1.00 x"),
        ("get_or_create, one by one", "60.0 s", "30.0 x"),
    ]
    assert {line[0] for line in lines} == {"stage and invite 100,000 rows on PostgreSQL"}


def test_the_page_users_shows_the_slowest_page_of_each_filter() -> None:
    pages = {"everyone, first page": 20.0, "everyone, middle page": 31.4, "role, first page": 51.0}
    download = {"first": 0.12, "all": 9.0, "mb": 20.1, "memory_mb": 3}
    sizes = {"1000": {"pages": pages}, "200000": {"pages": pages, "downloads": {"report of an import": download}}}
    found = {"users": {"databases": {"SQLite": sizes}}}

    text = report.render(DOCUMENT.read_text(), found)

    assert "| filter | SQLite, 1,000 | SQLite, 200,000 |" in text
    assert "| everyone | 31 | 31 |" in text
    assert "| report of an import, 200,000 people, SQLite | 0.12 s | 9.0 s | 20.1 MB | 3 MB |" in text
    what = "slowest page of *Users*, 200,000 people on SQLite"
    assert f"| {what} | at most 50 ms | 50 ms | 51.0 ms | **not reached** |" in text


def test_each_stage_of_the_check_shows_what_it_adds() -> None:
    seconds = {"csv.reader": 1.0, "screen": 2.5, "bad rows": 3.0}
    short = {"csv.reader": 0.5, "screen": 1.5, "bad rows": 2.5}
    found = {"check": {"stages": {"seconds": seconds, "seconds of short rows": short}}}

    assert list(report.stages(found)) == [
        ("csv.reader", "1.00 s", "1.00 x", "0.50 s", "1.00 x"),
        ("screen", "1.50 s", "1.50 x", "1.00 s", "2.00 x"),
        ("bad rows", "0.50 s", "0.50 x", "1.00 s", "2.00 x"),
        ("all", "3.00 s", "3.00 x", "2.50 s", "5.00 x"),
    ]
    assert list(report.stages({})) == []


def test_an_incomplete_run_does_not_replace_a_complete_one() -> None:
    published = {"mail": 1, "scaling": {"runs": [run(1_000, 1), run(1_000, 2)]}}
    part, whole = [run(1_000, 1, invited=5.0)], [run(1_000, 1), run(1_000, 2), run(1_000, 4)]

    assert report.newest(published, {"mail": 2, "scaling": {"runs": part}}) == {**published, "mail": 2}
    assert report.newest(published, {"scaling": {"runs": whole}})["scaling"]["runs"] == whole


@pytest.mark.parametrize(
    ("measured", "at_least", "verdict"),
    [
        (2.0, False, "aim reached"),
        (3.2, False, "reached"),
        (3.6, False, "**not reached**"),
        (2.0, True, "**not reached**"),
        (3.6, True, "aim reached"),
    ],
)
def test_a_target_is_reached_or_not(measured: float, at_least: bool, verdict: str) -> None:
    aim = 2.8 if not at_least else 3.6

    assert Target("check", measured, 3.5, aim, "x", at_least).verdict == verdict


def test_the_plot_has_a_line_for_each_number_of_workers_with_a_mark_for_each_import() -> None:
    runs = [run(rows, workers, mailed=rows / 1_000 / workers) for workers in (1, 2) for rows in (1_000, 10_000)]

    plot = ElementTree.fromstring(scaling_plot.draw(runs))

    parts = [part.tag.rpartition("}")[2] for part in plot.iter()]
    texts = {part.text for part in plot.iter() if part.tag.endswith("text")}
    assert parts.count("polyline") == 2
    assert (parts.count("circle"), parts.count("rect")) == (3, 3), "The legend has one of each."
    assert {"1 worker", "2 workers", "1,000", "10,000", "rows"} <= texts


def test_the_commands_it_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()

    for command in ("bench", "bench-scaling"):
        assert f"make {command}`" in DOCUMENT.read_text()
        assert f"\n{command}:" in makefile
