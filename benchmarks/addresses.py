"""Compare our check of addresses with email-validator's: `python -m benchmarks.addresses 1000000` mutates a million."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Iterator

from email_validator import EmailNotValidError, validate_email

from benchmarks.files import people
from benchmarks.rounds import keep, say
from invites.checking import Cells
from invites.checking.cells.email import LOCAL_OCTETS, normalize_address
from invites.checking.cells.email_mistakes import diagnose_common_mistakes
from invites.checking.cells.text import trim_all
from invites.checking.screening import Screen

_SEEDS = (
    "Anna.Berg@Company.com", "info@company.co.uk", "Postmaster@company.com", "anna@xn--mnchen-3ya.de",
    "o'neil@mail.test", "anna@münchen.de", "a@b.c", "x" * 60 + "@company.com", "anna@sub.company.local",
    "anna@a--b.com", "用户@例子.广告", "anna+tag@gmail.com", "anna@gmial.com", "anna@123.456", "\"anna\"@company.com",
    "anna@company.com.", "anna@localhost", "'anna@company.com", "\u201canna@company.com", "Zoë.Müller@company.com",
    "мария@münchen.de", "ω" * 32 + "@компания.рф",
)  # fmt: skip
_INSERTED = (
    "!?`{}\u2018\u201cab.-_@+'\" 0A\u00e9\u00df\u0130\u200d\u0430<>(),;:\\[]xn\u3002\uff0e"
    "\u0301\u0338\u037e\u1fef\u212a"
)


def mutated(count: int, *, seed: int) -> Iterator[str]:
    """Addresses with up to three characters inserted, removed, doubled or swapped."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    plain = [row[0] for row in people(2_000, bad=0, seed=seed)]
    for _ in range(count):
        text = dice.choice(_SEEDS if dice.random() < 0.4 else plain)
        for _ in range(dice.randrange(4)):
            place = dice.randrange(len(text) + 1)
            match dice.randrange(5):
                case 0:
                    text = text[:place] + dice.choice(_INSERTED) + text[place:]
                case 1:
                    text = text[:place] + text[place + 1 :]
                case 2:
                    text = text[:place] + text[place : place + 1] * 2 + text[place + 1 :]
                case 3:
                    text = text[:place] + text[place : place + 1].swapcase() + text[place + 1 :]
                case _:
                    text = text[:place] + text[place + 1 : place + 2] + text[place : place + 1] + text[place + 2 :]
        yield trim_all(text)


def ask_library(text: str) -> str | None:
    """What email-validator says, with the local part counted in octets as in RFC 5321."""
    try:
        checked = validate_email(text, check_deliverability=False, strict=True)
    except (EmailNotValidError, ValueError):
        return None
    return checked.normalized if len(checked.local_part.encode()) <= LOCAL_OCTETS else None


def differences(texts: Iterable[str]) -> Iterator[str]:
    """Each address on which we and the library disagree."""
    screen = Screen()
    for text in texts:
        right = ask_library(text)
        normal = normalize_address(text)
        if normal != right:
            yield f"{text!r}: {normal} instead of {right!r}"
        if right != text and not screen.flag([[text], *([cell] for cell in Cells("", "Anna", "Berg")[1:])]):
            yield f"{text!r}: accepted as written instead of {right!r}"
        if right is not None and diagnose_common_mistakes(text) is not None:
            yield f"{text!r}: rejected instead of {right!r}"


def main(arguments: list[str]) -> int:
    count = int(arguments[0]) if arguments else 1_000_000
    found = 0
    for difference in differences(mutated(count, seed=random.SystemRandom().randrange(2**32))):
        found += 1
        say(difference)
    say(f"Addresses: {count:,} mutated; we and email-validator disagree on {found:,}")
    keep("addresses", {"mutated": count, "differences": found})
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
