"""Slips of the finger in the domains of the big mail providers: a warning with a suggestion, never a block.

The list is closed on purpose. Measuring how far a domain is from a known one would flag real companies
(`mail.com`, `ymail.com`, `gmx.net`); every slip below is of one of the few domains that half of the world's
private addresses have, and none is a provider of its own.
"""

_PROVIDERS = ("gmail", "hotmail", "outlook", "yahoo", "icloud")

# Real providers or companies that look like a slip of another one.
_REAL = frozenset(
    {
        "mail.com", "email.com", "ymail.com", "rmail.com", "hmail.com", "gail.com", "outlook.co", "cloud.com",
        "icloud.co", "yahoo.co", "gmail.co", "iloud.com", "hotel.com", "yaho.co", "oulook.co",
    }
)  # fmt: skip


def _slips(word: str) -> set[str]:
    """Two neighbours swapped, one letter left out (never the first) or typed twice."""
    swapped = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}
    dropped = {word[:i] + word[i + 1 :] for i in range(1, len(word))}
    doubled = {word[: i + 1] + word[i] + word[i + 1 :] for i in range(len(word))}
    return (swapped | dropped | doubled) - {word}


def _known_slips() -> dict[str, str]:
    slips = {}
    for name in _PROVIDERS:
        right = name + ".com"
        for slip in _slips(name):
            slips[slip + ".com"] = right
        for ending in ("con", "cmo", "ocm", "comm", "cim", "vom", "xom", "cpm", "om"):
            slips[f"{name}.{ending}"] = right
    slips |= {
        "gmaill.com": "gmail.com", "gnail.com": "gmail.com", "gmsil.com": "gmail.com", "gmaol.com": "gmail.com",
        "gimail.com": "gmail.com", "hotmal.com": "hotmail.com", "homail.com": "hotmail.com",
        "hotmeil.com": "hotmail.com", "otmail.com": "hotmail.com", "outlok.com": "outlook.com",
        "outllok.com": "outlook.com", "yhaoo.com": "yahoo.com", "yaoo.com": "yahoo.com",
        "iclould.com": "icloud.com", "icluod.com": "icloud.com",
    }  # fmt: skip
    return {slip: right for slip, right in slips.items() if slip not in _REAL}


TYPO_DOMAINS: dict[str, str] = _known_slips()
