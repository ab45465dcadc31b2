"""Typos in the domains of the big mail providers. They cause a warning with a suggestion, never a problem.

The list is closed on purpose: a measure of similarity would flag real companies (`mail.com`, `ymail.com`, `gmx.net`).
Every entry is a typo of one of the few domains that half of the world's private addresses have, and no entry is itself
a provider.
"""

# Each provider with its endings.
_PROVIDERS = {
    "gmail": ("com",),
    "hotmail": ("com", "fr", "de", "es", "it", "co.uk"),
    "outlook": ("com", "fr", "de", "es", "it"),
    "yahoo": ("com", "fr", "de", "es", "it", "co.uk"),
    "icloud": ("com",),
}
_ENDING_TYPOS = ("con", "cmo", "ocm", "comm", "cim", "vom", "xom", "cpm", "om", "co", "c", "cm", "coom", "comn", "cok")

# Real providers, companies and words that look like typos.
_REAL = frozenset(
    {
        "mail", "email", "ymail", "rmail", "hmail", "gail", "cloud", "iloud", "hotel",
    }
)  # fmt: skip
_OTHER_TYPOS = {
    "gnail": "gmail", "gmsil": "gmail", "gmaol": "gmail", "gimail": "gmail", "gmaik": "gmail", "gmqil": "gmail",
    "hotmeil": "hotmail", "otmail": "hotmail", "hotmaul": "hotmail", "homtail": "hotmail", "hormail": "hotmail",
    "outllok": "outlook", "outlokk": "outlook", "putlook": "outlook", "yhaoo": "yahoo", "uahoo": "yahoo",
    "iclould": "icloud",
}  # fmt: skip


def _typos_of(word: str) -> set[str]:
    """The word with two neighbors swapped, one letter missing (never the first) or one letter typed twice."""
    swapped = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}
    dropped = {word[:i] + word[i + 1 :] for i in range(1, len(word))}
    doubled = {word[: i + 1] + word[i] + word[i + 1 :] for i in range(len(word))}
    return (swapped | dropped | doubled) - {word} - _REAL


def _make_typo_domains() -> dict[str, str]:
    """Every typo with the domain that was likely meant."""
    typos: dict[str, str] = {}
    for name, endings in _PROVIDERS.items():
        words = _typos_of(name) | {typo for typo, right in _OTHER_TYPOS.items() if right == name}
        typos |= {f"{word}.{ending}": f"{name}.{ending}" for word in words for ending in endings}
        typos |= {f"{name}.{ending}": f"{name}.com" for ending in _ENDING_TYPOS}
    return typos


TYPO_DOMAINS = _make_typo_domains()
PROVIDER_DOMAINS = frozenset(f"{name}.{ending}" for name, endings in _PROVIDERS.items() for ending in endings)


def intended_domain(email: str) -> str | None:
    """The domain that was likely meant if that of a valid address looks like a typo for a well-known one."""
    return TYPO_DOMAINS.get(email.rpartition("@")[2])
