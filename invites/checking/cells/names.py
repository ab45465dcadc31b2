"""Check names and descriptions: any script, any case, emoji, one letter; but nothing invisible and no links.

Names are kept as written, joiners and case included; only spaces and invisible marks at their ends are removed. What is
rejected would do harm later: a line break could forge a mail header, a direction override could reverse a sentence, and
a mail program turns a bare domain into a link, so that anybody could send links in our emails.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from invites.checking.catalog import CellError
from invites.checking.cells.links import find_link
from invites.checking.cells.text import is_blank, name_of, trim, visible
from invites.checking.report import Limits

# Most names: letters of the large scripts with their combining marks, and single spaces, hyphens and apostrophes
# between them. None of the checks below finds anything in such a text; a test tries every letter.
_LETTERS = (
    "A-Za-z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0300-\u034e\u0370-\u0377\u037a-\u037d\u0386\u0388-\u03ff\u0400-\u0481"
    "\u048a-\u0556\u0561-\u0587\u05d0-\u05ea\u0620-\u065f\u066e-\u06d3\u0900-\u0963\u0e01-\u0e3a\u0e40-\u0e4e\u1e00-\u1fbc"
    "\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
)
USUAL_NAME = re.compile(rf"[{_LETTERS}]+(?:[ '\-][{_LETTERS}]+)*")
# Most descriptions: the same letters and printable ASCII, without a space at either end. May be empty.
USUAL_DESCRIPTION = re.compile(rf"(?! )[ -~{_LETTERS}]*(?<! )")

# J.Green and B.Com, which lack a blank; not win.bet, which is what it looks like.
_INITIAL_AND_NAME = re.compile(r"([^\W\d_]{1,3})\.([^\W\d_]+)")
# Control characters, line breaks, overrides of the direction, the sign of a lost letter, and halves of surrogate pairs.
_NEVER_IN_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffd\ud800-\udfff]")
_TABS = re.compile(r"[\t\x0b\x0c]")
_INVISIBLE_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f]")
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINE_BREAKS = frozenset("\n\r\u2028\u2029\x0b\x0c\x85")
_ALLOWED_IN_TEXT = frozenset("\n\r\t")
_REMEMBERED = 200


def check_name(raw: str, needed: str, limits: Limits) -> str | CellError:
    """The name without what surrounds it, or what is wrong with it; `needed` is the code for a blank one."""
    if len(raw) <= limits.max_name and USUAL_NAME.fullmatch(raw):
        return raw
    return (_look_again if len(raw) <= _REMEMBERED else _look_closely)(raw, needed, limits.max_name)


def _look_closely(raw: str, needed: str, longest: int) -> str | CellError:
    name = trim(raw)
    if not name or is_blank(name):
        return CellError(needed)
    if len(name) > longest:
        return CellError("name_too_long", {"found": f"{len(name):,}", "limit": f"{longest:,}"})
    fault = _find_fault_of_name(name)
    return _if_sure(fault, lambda text: _look_closely(text, needed, longest)) if fault else name


# What is wrong in one row is wrong in many.
_look_again = lru_cache(maxsize=4096)(_look_closely)


def check_description(raw: str, limits: Limits) -> str | CellError:
    """The description without what surrounds it (it may be empty), or what is wrong with it. Lines may break."""
    if not raw or (
        raw.isascii() and raw.isprintable() and raw[0] != " " != raw[-1] and len(raw) <= limits.max_description
    ):
        return raw
    text = trim(raw)
    if len(text) > limits.max_description:
        return CellError("description_too_long", {"found": f"{len(text):,}", "limit": f"{limits.max_description:,}"})
    if not text.isprintable() and is_blank(text):
        return ""
    for wrong in _NEVER_IN_TEXT.finditer(text):
        if wrong[0] not in _ALLOWED_IN_TEXT:
            return _if_sure(_refuse_character(wrong[0], text), lambda text: check_description(text, limits))
    return text


def _find_fault_of_name(name: str) -> CellError | None:
    if wrong := _NEVER_IN_TEXT.search(name):
        if wrong[0] in _LINE_BREAKS:
            return CellError("line_break", {}, " ".join(name.split()), "Put it on one line")
        return _refuse_character(wrong[0], name)
    if '"' in name and (name.count('"') % 2 or (name[0] == '"' and name[-1] == '"')):
        at_edge = '"' in (name[0], name[-1])
        place = "at the edge of this name" if at_edge else "in this name that opens or closes nothing"
        return CellError(
            "quotes_around_name", {"place": place}, trim(name.replace('"', "")), "Remove the quotation marks"
        )
    if link := find_link(name):
        dotted = _INITIAL_AND_NAME.fullmatch(name)
        apart = f"{dotted[1]}. {dotted[2]}" if dotted and dotted[2][0].isupper() else None
        return CellError(
            "link_in_name", {"link": visible(link, limit=60)}, apart, apart and "Put a space after the dot"
        )
    return None


def _refuse_character(character: str, text: str) -> CellError:
    """The fault of a text that holds this one of _NEVER_IN_TEXT."""
    if character in _OVERRIDES:
        without = "".join(kept for kept in text if kept not in _OVERRIDES)
        return CellError("direction_override", {"character": name_of(character)}, without, "Remove it")
    if character == "\ufffd":
        return CellError("lost_character", {"character": character})
    # One of 128 to 159 was a letter or a sign in another encoding: only who knows the word can fix it.
    repaired = None
    if character < "\x20":
        repaired = trim(_TABS.sub(" ", _INVISIBLE_CONTROLS.sub("", text)))
    return CellError("control_character", {"character": name_of(character)}, repaired, repaired and "Remove it")


def _if_sure(fault: CellError, check: Callable[[str], str | CellError]) -> CellError:
    """The fault, without its suggestion if that is wrong, too."""
    if not fault.suggestion or isinstance(check(fault.suggestion), CellError):
        return fault._replace(suggestion=None, label=None)
    return fault
