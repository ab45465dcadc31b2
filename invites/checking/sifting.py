"""Find the odd ones among many texts by one call of a regex, where a call for each would cost more than the look."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, cast

# The end of a text that no pattern takes, so that every search ends with one that was found.
_LAST = "\n\t\n"


def others_than(pattern: str) -> re.Pattern[str]:
    """A regex for `sift`: it runs over all lines that fit the pattern, and stops at each one that does not.

    The pattern is possessive, takes no tab and no line break, and holds for a whole line.
    """
    return re.compile(rf"(?:{pattern}\n)*+([^\n]*+)\n")


def sift(others: re.Pattern[str], texts: Sequence[str]) -> list[str]:
    """Those of the texts that do not fit, in order. No text holds a line break."""
    return cast("list[str]", others.findall("\n".join(texts) + _LAST))[:-1]


def any_of(words: Iterable[str]) -> str:
    """A regex for any of the words: letter by letter, as a tree.

    What `|` between hundreds of words would try one after the other is decided at the first letters.
    """
    tree: dict[str, Any] = {}
    for word in words:
        branch = tree
        for letter in word:
            branch = branch.setdefault(letter, {})
        branch[""] = {}
    return _regex_of(tree)


def _regex_of(tree: dict[str, Any]) -> str:
    ways = [re.escape(letter) + _regex_of(tree[letter]) for letter in sorted(tree, reverse=True)] if tree else [""]
    return ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"
