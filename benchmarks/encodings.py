"""Measure how the check reads generated files in many languages and encodings: `python -m benchmarks.encodings`.

Writes the table in docs/encodings.md. The seeds are fixed, so the table changes only if the code or the names do. Fails
if a name was changed silently, or if too many files are asked about.
"""

from __future__ import annotations

import argparse
import io
import os
from collections import Counter
from collections.abc import Iterable
from functools import partial
from multiprocessing import Pool

from benchmarks.encoding_files import CELLS, SIZES, EncodedFile, files_of, is_same
from benchmarks.rounds import ROOT, say
from invites.checking import Limits
from invites.checking.reading.encodings.encoding import EncodingDoubt, Source, open_source
from invites.checking.reading.encodings.known_encodings import label_of

DOCUMENT = ROOT / "docs" / "encodings.md"
# Files of each language, encoding and size. The languages with a target have more of them.
FILES, FILES_WITH_TARGET = 45, 150
WITH_TARGET = [(language, "cp1252") for language in ("French", "German", "Spanish", "Portuguese")]
LEAST_SILENT, LARGE = 0.95, 10
CANDIDATES_CONTAIN = 0.99

Cell = tuple[str, str]
Counts = Counter[str]

INTRODUCTION = """# Character encodings

The check never guesses an encoding when the guess changes a name:
`invites/checking/reading/encodings/candidate_encodings.py` says how it weighs them. `make encodings` measures it and
writes this page. The files are generated with names and jobs from Faker. The check's own lists of names were written
without them, but its thresholds were set while measuring such files, with other seeds. A third of the files have
descriptions, and in a fifth a quarter of the people have names of neighboring languages. Each encoding of a language
has as many files of 1, 3, 10, 30 and 100 people.
"""


def measure(files: Iterable[EncodedFile]) -> Counts:
    """Count the files: `wrong` have changed names, `asked` are in doubt, `contains` have a right candidate."""
    counts: Counts = Counter()
    for file in files:
        counts["files"] += 1
        found = open_source(io.BytesIO(file.data), Limits())
        if isinstance(found, Source):
            counts["wrong"] += not is_same(found.open_text().read(), file.text)
        elif isinstance(found, EncodingDoubt):
            counts["asked"] += 1
            counts["contains"] += any(_is_right(source, file) for source in found.candidates)
        else:
            counts["refused"] += 1
    return counts


def _is_right(source: Source, file: EncodedFile) -> bool:
    return is_same(source.open_text().read(), file.text)


def measure_cell(cell: Cell, *, files: int) -> tuple[Cell, dict[int, Counts]]:
    language, codec = cell
    count = FILES_WITH_TARGET * files // FILES if cell in WITH_TARGET else files
    return cell, {rows: measure(files_of(language, codec, rows=rows, count=count)) for rows in SIZES}


def find_failures(measured: dict[Cell, dict[int, Counts]]) -> list[str]:
    failures = [
        f"{language}, {label_of(codec)}: {by_size[rows]['wrong']} of the files with {rows} people are wrong"
        for (language, codec), by_size in measured.items()
        for rows in by_size
        if by_size[rows]["wrong"]
    ]
    for cell in WITH_TARGET:
        large = sum((counts for rows, counts in measured.get(cell, {}).items() if rows >= LARGE), Counter())
        if large["asked"] + large["refused"] > (1 - LEAST_SILENT) * large["files"]:
            failures.append(f"{cell[0]}: {_percent(large['asked'], large['files'])} of the large files are asked about")
    every = sum((counts for by_size in measured.values() for counts in by_size.values()), Counter())
    if every["contains"] < CANDIDATES_CONTAIN * every["asked"]:
        failures.append(f"only {_percent(every['contains'], every['asked'])} of the questions have the right answer")
    return failures


def write(measured: dict[Cell, dict[int, Counts]]) -> str:
    every = sum((counts for by_size in measured.values() for counts in by_size.values()), Counter())
    lines = [
        INTRODUCTION,
        f"**{every['files']:,} files, {every['wrong']} with a changed name.** A candidate is right in "
        f"{_percent(every['contains'], every['asked'])} of the {every['asked']:,} questions.",
        "",
        "| language | encoding | files | changed silently | asked, by people: "
        + " / ".join(map(str, SIZES))
        + " | right reading among the candidates |",
        "| --- | --- | --: | --: | --- | --: |",
    ]
    for (language, codec), by_size in measured.items():
        total = sum(by_size.values(), Counter())
        asked = " / ".join(
            _percent(counts["asked"] + counts["refused"], counts["files"]) for counts in by_size.values()
        )
        right = _percent(total["contains"], total["asked"]) if total["asked"] else "–"
        cells = (language, label_of(codec), total["files"], total["wrong"], asked, right)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join([*lines, ""])


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%".replace(".0%", "%") if whole else "–"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=FILES, help="files of each language, encoding and size")
    options = parser.parse_args()
    with Pool(os.cpu_count()) as pool:
        measured = {}
        for cell, by_size in pool.imap(partial(measure_cell, files=options.files), CELLS):
            measured[cell] = by_size
            say(f"{cell[0]}, {label_of(cell[1])}: {sum(by_size.values(), Counter())}")
    DOCUMENT.write_text(write(measured))
    failures = find_failures(measured)
    for failure in failures:
        say(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
