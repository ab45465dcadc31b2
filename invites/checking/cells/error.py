"""What the check of a single cell returns when the cell is wrong."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class CellError(NamedTuple):
    """What is wrong with one cell, whichever row it is in.

    `code` is a code of the catalog, and `facts` fill in its message. `suggestion` is the corrected cell, given only
    when it is certain, and `label` says what accepting it does.
    """

    code: str
    facts: Mapping[str, object] = MappingProxyType({})
    suggestion: str | None = None
    label: str | None = None
