"""Find typos of the domains that most addresses in a file have, such as nortwind.example beside 200 northwind.example.

This runs once, when all rows are known. A valid address with a likely typo stays valid and gets a warning. For an
invalid address we suggest one with the likely domain.
"""

from __future__ import annotations

from collections.abc import Mapping
from heapq import nlargest
from typing import NamedTuple

from invites.checking.catalog import notice
from invites.checking.cells.email import normalize_address
from invites.checking.cells.provider_typos import PROVIDER_DOMAINS, TYPO_DOMAINS
from invites.checking.cells.text import trim_all
from invites.checking.columns import EMAIL
from invites.checking.problem import Notice

# How many addresses must have a domain before we suggest it for an invalid one, and before we question a valid one.
_FEW, _MANY = 3, 10
# How many times as many as any other domain that may be meant, too.
_TIMES = 10
# How many domains we learn from, and how long they may be. Each takes memory that grows with the square of its length.
_MOST_LEARNED, _LONGEST = 300, 64
# In a shorter word one letter makes another word: abc.example and abd.example are two companies.
_SHORTEST = 5
_EDGES = ".,;:!?()[]<>\"' "


class Correction(NamedTuple):
    """A corrected address, and the code of the label of the button that accepts it."""

    suggestion: str
    fix: str


class DomainTypoDetector:
    """Finds typos with the domains of a file's valid addresses.

    `counts` maps each domain, in lower case, to a count. If very many are frequent, it learns from the most frequent
    ones, and only suggests those that are far more frequent than all others.
    """

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = counts
        self._near: dict[str, list[str]] = {}
        self._stems: dict[str, list[str]] = {}
        self._near_stems: dict[str, list[str]] = {}
        frequent = [domain for domain, count in counts.items() if count >= _FEW and len(domain) <= _LONGEST]
        learned = nlargest(_MOST_LEARNED + 1, frequent, key=counts.__getitem__)
        # Another domain may be meant, too, that we haven't learned.
        self._at_least = _TIMES * counts[learned.pop()] if len(learned) > _MOST_LEARNED else 0
        for domain in learned:
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

    def find_typos(self) -> dict[str, str]:
        """The valid domains that are likely typos, each with the domain that was likely meant."""
        found = {}
        for domain, count in self._counts.items():
            # The closed list in provider_typos covers the domains of the big providers.
            if domain not in TYPO_DOMAINS and domain not in PROVIDER_DOMAINS:
                near = self._find_near(domain) - PROVIDER_DOMAINS
                right = self._clearest(near, at_least=max(_MANY, _TIMES * count))
                if right is not None:
                    found[domain] = right
        return found

    def correct(self, text: str) -> Correction | None:
        """Correct the domain of an invalid address if it is certain which one was meant.

        A missing ending, as in `anna@northwind`, is added. `text` may also be an address that was corrected before,
        whose domain may still be a typo.
        """
        local, at, domain = trim_all(text).rpartition("@")
        domain = domain.strip(_EDGES).lower()
        if not at or not domain or domain in PROVIDER_DOMAINS:
            return None
        is_domain = normalize_address(f"a@{domain}") is not None
        at_least = max(_MANY if is_domain else _FEW, _TIMES * self._counts.get(domain, 0))
        near = self._find_near(domain) - (PROVIDER_DOMAINS if is_domain else frozenset())
        for candidates in (set(self._stems.get(domain, ())), near, self._find_near_stems(domain)):
            if candidates:
                right = self._clearest(candidates, at_least=at_least)
                is_address = right is not None and normalize_address(f"{local}@{right}") is not None
                return Correction(f"{local}@{right}", "use_domain") if is_address else None
        return None

    def _find_near(self, domain: str) -> set[str]:
        """The domains that are one edit away. An internationalized domain isn't compared."""
        if not domain.isascii() or len(domain) > _LONGEST:
            return set()
        near = {right for variant in _variants(domain) for right in self._near.get(variant, ())}
        return {right for right in near if _is_near(domain, right)}

    def _find_near_stems(self, word: str) -> set[str]:
        """The domains that are one edit away apart from their ending. Only for a word that has no ending."""
        if "." in word or len(word) > _LONGEST:
            return set()
        near = {stem for variant in _variants(word) for stem in self._near_stems.get(variant, ())}
        return {domain for stem in near if _is_near(f"{word}.", f"{stem}.") for domain in self._stems[stem]}

    def _clearest(self, domains: set[str], *, at_least: int) -> str | None:
        """The most frequent domain, if it is frequent enough and no other one is likely."""
        first, *others = sorted(domains, key=lambda domain: (-self._counts[domain], domain)) or [""]
        if not first or self._counts[first] < max(at_least, self._at_least):
            return None
        return first if all(self._counts[first] >= _TIMES * self._counts[other] for other in others) else None


def typo_notice(*, row: int, email: str, right: str) -> Notice:
    """The warning for a valid address whose domain is likely a typo of `right`."""
    local, _, domain = email.rpartition("@")
    return notice(
        "likely_typo",
        row=row,
        column=EMAIL.key,
        value=email,
        suggestion=f"{local}@{right}",
        found=domain,
        right=right,
    )


def _variants(word: str) -> set[str]:
    """The word, and the word without each of its letters.

    Two words that are one edit apart have a variant in common.
    """
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}


def _is_near(found: str, right: str) -> bool:
    """Whether one edit turns the one into the other: a letter added, removed or replaced, or two letters swapped."""
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
    # Digits are rarely typos: site1.example and site2.example are two domains.
    if any(sign.isdigit() for sign in (*one[:1], *other[:1])):
        return False
    word = right[right.rfind(".", 0, start) + 1 :].partition(".")[0]
    endings = found.rpartition(".")[2], right.rpartition(".")[2]
    if len(found) - len(endings[0]) <= start:
        # northwind.de and northwind.dk may both exist; there is no northwind.con.
        return not len(endings[0]) == len(endings[1]) == 2
    return len(word) >= _SHORTEST


def _stems(domain: str) -> set[str]:
    """The domain without its ending: northwind.co and northwind of northwind.co.uk."""
    return {domain.partition(".")[0], domain.rpartition(".")[0]}
