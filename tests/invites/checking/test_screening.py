"""The check of a whole file, which screens columns first, and the check of one row say the same about every row."""

from __future__ import annotations

import csv
import io
import random

from benchmarks.addresses import mutated
from benchmarks.files import HEADER
from invites.checking import ANY_DOMAIN, AllowedDomains, Cells, Check, check_cells, intended_domain, typo_notice
from invites.checking.row import doubt_notices
from tests.cases import for_each

_NAMES = (
    "Anna", "Zoë", "Maria José", "", " ", "\u200b", "Anna\x07", "www.company.com", "x" * 151, "An\u202ena", "J.Green",
    "JÃ¼rgen", "M?ller", "O&#39;Brien", "#N/A", '="Bob"', '"Bob"', "M%C3%BCller", "a@b.com", "\xa0Anna", "Anna\u200d",
    "\ufffd", "Ã", "佐藤", "1.2.3.4/x",
)  # fmt: skip
_DESCRIPTIONS = ("", "Depot 3", "see www.company.com", "a\x0bb", "x" * 1001, "JÃ¼rgen", "&amp;", '="x"', "\x07", " x ")
_OF_COMPANY = AllowedDomains(("northwind.com", "b.org", "company.com"))


def rows_of(seed: int, count: int) -> list[Cells]:
    """Rows in which any cell may be odd. Few of them are without an odd one, as some chunks of real files are."""
    dice = random.Random(seed)
    odd = dice.choice((0.01, 0.1, 0.5))
    rows = []
    for number, address in enumerate(mutated(count, seed=seed)):
        cells = (
            address if dice.random() < odd else f"anna.berg{number}@northwind.com",
            dice.choice(_NAMES) if dice.random() < odd else "Anna",
            dice.choice(_NAMES) if dice.random() < odd else "Berg",
            dice.choice(_DESCRIPTIONS) if dice.random() < odd else "Depot 3",
        )
        rows.append(Cells(*cells))
    return rows


@for_each("allowed", [ANY_DOMAIN, _OF_COMPANY, _OF_COMPANY._replace(only_warns=True)])
@for_each("seed", range(8))
def test_each_row_of_a_file_is_checked_like_a_row_alone(seed: int, allowed: AllowedDomains) -> None:
    rows = rows_of(seed, 600)
    file = io.StringIO(newline="")
    csv.writer(file).writerows([HEADER, *rows])
    check = Check(io.BytesIO(file.getvalue().encode("utf-8-sig")), allowed=allowed)
    seen: set[str] = set()
    problems = 0

    for block in check.blocks():
        for position, number in enumerate(block.numbers):
            found = block.row_at(position)
            alone = check_cells(rows[number - 2], row=number, line=number, allowed=allowed)
            if alone.email_key in seen and not alone.problems:
                assert found.duplicate_of or found.problems
                continue
            assert found._replace(text="") == alone
            problems += len(alone.problems)
            if not alone.problems:
                seen.add(alone.email_key)
                doubts = list(doubt_notices(alone, allowed))
                right = intended_domain(alone.values.email)
                typos = [typo_notice(row=number, email=alone.values.email, right=right)] if right else []
                assert block.doubts.get(position, []) == typos + doubts
    assert check.report.rows == len(rows)
    assert problems
