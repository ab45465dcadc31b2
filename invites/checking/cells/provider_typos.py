"""Slips of the finger in the domains of the big mail providers: a warning with a suggestion, never a block.

The list is closed on purpose. Measuring how far a domain is from a known one would flag real companies
(`mail.com`, `ymail.com`, `gmx.net`); every slip below is of one of the few domains that half of the world's
private addresses have, and none is a provider of its own.
"""

# With the endings that each of them has.
_PROVIDERS = {
    "gmail": ("com",),
    "hotmail": ("com", "fr", "de", "es", "it", "co.uk"),
    "outlook": ("com", "fr", "de", "es", "it"),
    "yahoo": ("com", "fr", "de", "es", "it", "co.uk"),
    "icloud": ("com",),
}
_ENDING_SLIPS = ("con", "cmo", "ocm", "comm", "cim", "vom", "xom", "cpm", "om", "co", "c", "cm", "coom", "comn", "cok")

# Real providers, companies and words that look like a slip of another one.
_REAL = frozenset(
    {
        "mail", "email", "ymail", "rmail", "hmail", "gail", "cloud", "iloud", "hotel",
    }
)  # fmt: skip
_OTHER_SLIPS = {
    "gnail": "gmail", "gmsil": "gmail", "gmaol": "gmail", "gimail": "gmail", "gmaik": "gmail", "gmqil": "gmail",
    "hotmeil": "hotmail", "otmail": "hotmail", "hotmaul": "hotmail", "homtail": "hotmail", "hormail": "hotmail",
    "outllok": "outlook", "outlokk": "outlook", "putlook": "outlook", "yhaoo": "yahoo", "uahoo": "yahoo",
    "iclould": "icloud",
}  # fmt: skip


def _slips(word: str) -> set[str]:
    """Two neighbours swapped, one letter left out (never the first) or typed twice."""
    swapped = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}
    dropped = {word[:i] + word[i + 1 :] for i in range(1, len(word))}
    doubled = {word[: i + 1] + word[i] + word[i + 1 :] for i in range(len(word))}
    return (swapped | dropped | doubled) - {word} - _REAL


def _known_slips() -> dict[str, str]:
    slips: dict[str, str] = {}
    for name, endings in _PROVIDERS.items():
        words = _slips(name) | {slip for slip, right in _OTHER_SLIPS.items() if right == name}
        slips |= {f"{word}.{ending}": f"{name}.{ending}" for word in words for ending in endings}
        slips |= {f"{name}.{ending}": f"{name}.com" for ending in _ENDING_SLIPS}
    return slips


TYPO_DOMAINS: dict[str, str] = _known_slips()
PROVIDER_DOMAINS = frozenset(f"{name}.{ending}" for name, endings in _PROVIDERS.items() for ending in endings)
