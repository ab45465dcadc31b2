"""What the check of a single cell returns when the cell is wrong."""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

# What fills a placeholder of a sentence, as JSON can store it. describe.py says how each is written.
Param: TypeAlias = int | str | list[str] | list[list[str]]
Params: TypeAlias = Mapping[str, Param]
NO_PARAMS: Params = {}


class CellError(NamedTuple):
    """What is wrong with one cell, whichever row it is in.

    `code` is a code of the catalog, and `params` fill in its sentences. `suggestion` is the corrected cell, given only
    when it is certain, and `fix` is the code of the label that says what accepting it does.
    """

    code: str
    params: Params = NO_PARAMS
    suggestion: str | None = None
    fix: str | None = None


class Doubt(NamedTuple):
    """What looks wrong with a valid cell: a code of the catalog's warnings, and the cell that was probably meant."""

    code: str
    suggestion: str | None = None
