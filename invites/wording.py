"""The quotation marks of a page. The check has straight ones, which every encoding and every terminal can show."""

from __future__ import annotations

import re

_QUOTED = re.compile(r'"([^"]*)"')


def smart_quotes(sentence: str) -> str:
    """ "No column is called “Last name”" for one with straight marks; a single mark stays as it is."""
    return _QUOTED.sub(r"“\1”", sentence)
