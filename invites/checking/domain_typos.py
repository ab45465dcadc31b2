"""The domains that most people of a file have, and what looks like a slip of one: nortwind.example beside 200 times
northwind.example.

Not a part of the loop: it is asked once, when all rows are known. A good address that looks like a slip stays good,
and a warning tells of it. Of an unreadable one the domain is put right.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from invites.checking.catalog import notice
from invites.checking.cells.email import read_address
from invites.checking.cells.provider_typos import PROVIDER_DOMAINS, TYPO_DOMAINS
from invites.checking.cells.text import trim_all
from invites.checking.report import COLUMNS, Notice

# So many people have a domain before an unreadable one is put right after it, and before a good one is doubted.
_FEW, _MANY = 3, 10
# And so many for each of another that it might be as well.
_TIMES = 10
# In a shorter word one letter makes another word: abc.example and abd.example are two companies.
_SHORTEST = 5
# A longer domain isn't compared with others: it takes memory and time that grow with the square of its length.
_LONGEST = 64
_EDGES = ".,;:!?()[]<>\"' "


class Correction(NamedTuple):
    """An address that was unreadable, repaired, and what to call that."""

    suggestion: str
    label: str


class DomainTypoDetector:
    """What the good addresses of a file say of its others; `counts` are their domains, in small letters."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = counts
        self._near: dict[str, list[str]] = {}
        self._stems: dict[str, list[str]] = {}
        self._near_stems: dict[str, list[str]] = {}
        for domain, count in counts.items():
            if count >= _FEW and len(domain) <= _LONGEST:
                for variant in _variants(domain):
                    self._near.setdefault(variant, []).append(domain)
                for stem in _stems(domain):
                    self._stems.setdefault(stem, []).append(domain)
        for stem in self._stems:
            for variant in _variants(stem):
                self._near_stems.setdefault(variant, []).append(stem)

    def __bool__(self) -> bool:
        """False when no domain is frequent enough to learn from."""
        return bool(self._near)

    def find_slips(self) -> dict[str, str]:
        """The good domains that are likely slips, with the domain that is likely meant."""
        found = {}
        for domain, count in self._counts.items():
            # What is known of the big providers' domains is known better elsewhere.
            if domain not in TYPO_DOMAINS and domain not in PROVIDER_DOMAINS:
                near = self._find_near(domain) - PROVIDER_DOMAINS
                right = self._clearest(near, least=max(_MANY, _TIMES * count))
                if right is not None:
                    found[domain] = right
        return found

    def correct(self, text: str) -> Correction | None:
        """The unreadable address with the domain that is surely meant; `anna@northwind` lacks its ending.

        Of an address that was repaired already the domain may still be a slip.
        """
        local, at, domain = trim_all(text).rpartition("@")
        domain = domain.strip(_EDGES).lower()
        if not at or not domain or domain in PROVIDER_DOMAINS:
            return None
        is_domain = read_address(f"a@{domain}") is not None
        least = max(_MANY if is_domain else _FEW, _TIMES * self._counts.get(domain, 0))
        near = self._find_near(domain) - (PROVIDER_DOMAINS if is_domain else frozenset())
        for likely in (set(self._stems.get(domain, ())), near, self._find_near_stems(domain)):
            if likely:
                right = self._clearest(likely, least=least)
                is_address = right is not None and read_address(f"{local}@{right}") is not None
                return Correction(f"{local}@{right}", f"Use {right}") if is_address else None
        return None

    def _find_near(self, domain: str) -> set[str]:
        """The domains that are one edit away. An internationalized domain isn't compared."""
        if not domain.isascii() or len(domain) > _LONGEST:
            return set()
        near = {right for variant in _variants(domain) for right in self._near.get(variant, ())}
        return {right for right in near if _is_near(domain, right)}

    def _find_near_stems(self, word: str) -> set[str]:
        """The domains that are so but for their ending; only where there is none, for an ending would be one more."""
        if "." in word or len(word) > _LONGEST:
            return set()
        near = {stem for variant in _variants(word) for stem in self._near_stems.get(variant, ())}
        return {domain for stem in near if _is_near(f"{word}.", f"{stem}.") for domain in self._stems[stem]}

    def _clearest(self, domains: set[str], *, least: int) -> str | None:
        """The one that so many people have, unless another might be meant as well."""
        first, *others = sorted(domains, key=lambda domain: (-self._counts[domain], domain)) or [""]
        if not first or self._counts[first] < least:
            return None
        return first if all(self._counts[first] >= _TIMES * self._counts[other] for other in others) else None


def typo_notice(*, row: int, email: str, right: str) -> Notice:
    """The warning for a good address whose domain is likely a slip of `right`."""
    local, _, domain = email.rpartition("@")
    return notice(
        "likely_typo",
        row=row,
        column=COLUMNS[0],
        value=email,
        suggestion=f"{local}@{right}",
        found=domain,
        right=right,
    )


def _variants(word: str) -> set[str]:
    """The word, and the word without each of its letters: two that are one edit apart have one of them in common."""
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}


def _is_near(found: str, right: str) -> bool:
    """Whether the one becomes the other by a letter more, less or another, or by two that change places."""
    if found == right:
        return False
    start = 0
    while start < min(len(found), len(right)) and found[start] == right[start]:
        start += 1
    one, other = found[start:], right[start:]
    if not (
        one[1:] == other
        or one == other[1:]
        or one[1:] == other[1:]
        or (one[:2] == other[1::-1] and len(one) > 1 and one[2:] == other[2:])
    ):
        return False
    # Another number is another thing: site1.example and site2.example.
    if any(sign.isdigit() for sign in (*one[:1], *other[:1])):
        return False
    word = right[right.rfind(".", 0, start) + 1 :].partition(".")[0]
    endings = found.rpartition(".")[2], right.rpartition(".")[2]
    if len(found) - len(endings[0]) <= start:
        # northwind.de and northwind.dk are two countries; northwind.con is none.
        return not len(endings[0]) == len(endings[1]) == 2
    return len(word) >= _SHORTEST


def _stems(domain: str) -> set[str]:
    """The domain without its ending: northwind.co and northwind of northwind.co.uk."""
    return {domain.partition(".")[0], domain.rpartition(".")[0]}
