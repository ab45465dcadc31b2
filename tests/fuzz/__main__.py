"""Let atheris look for a file that breaks the check: `make fuzz`, or `python -m tests.fuzz file|time SECONDS`.

`file` looks for any file that fails an assertion, `time` for one that takes more than linear time. The fuzzer starts
with the files of tests/data and stores what it learns in var/fuzz/learned. It writes a failing file to var/fuzz as
crash-...: `python -m tests.fuzz file|time FILE` checks it again.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
FOUND = ROOT / "var" / "fuzz"
LONGEST = 4_096
SECONDS_FOR_ONE = 10
MEGABYTES = 2_048


def main() -> None:
    atheris: Any = import_module("atheris")  # In an environment of its own: requirements.txt beside this file.
    with atheris.instrument_imports(include=["invites.checking", "email_validator"]):
        from tests.fuzz import target, time_target
    what = sys.argv[2] if len(sys.argv) > 2 else "60"
    take = time_target.take if sys.argv[1:2] == ["time"] else target.take
    (FOUND / "learned").mkdir(parents=True, exist_ok=True)
    words = FOUND / "words"
    words.write_text("".join(f"{_quoted(word)}\n" for word in target.WORDS))
    options = [
        f"-max_total_time={what}",
        f"-max_len={LONGEST}",
        f"-timeout={SECONDS_FOR_ONE}",
        f"-rss_limit_mb={MEGABYTES}",
        f"-artifact_prefix={FOUND}/",
        f"-dict={words}",
        "-print_final_stats=1",
        str(FOUND / "learned"),
        str(ROOT / "tests" / "data"),
    ]
    atheris.Setup([sys.argv[0], *(options if what.isdecimal() else [what])], take)
    atheris.Fuzz()


def _quoted(word: str) -> str:
    return '"' + "".join(f"\\x{byte:02x}" for byte in word.encode()) + '"'


if __name__ == "__main__":
    main()
