"""Check names and descriptions: any script, any case, emoji, one letter, but nothing invisible and no links.

Names are kept as written, including joiners and case; only spaces and invisible characters at their ends are removed.
We reject what would do harm later: a line break could forge a mail header, a direction override could reverse a
sentence, and mail programs turn a bare domain into a link, so anybody could send links in our emails.
"""

import re
from collections.abc import Callable
from functools import lru_cache, partial

from invites.checking.cells.damage import fix_mojibake
from invites.checking.cells.error import CellError
from invites.checking.cells.links import find_link
from invites.checking.cells.spreadsheet_text import is_spreadsheet_error, text_of_formula
from invites.checking.cells.text import is_blank, trim, visible

# Most names: letters of the common scripts with their combining marks, and single spaces, hyphens and apostrophes
# between them. None of the checks below finds an error in such a text; a test tries every letter. Ã, Ä, Å, Î, Ï, Ð
# and ƒ are looked at more closely: damaged text has them, see cells/damage.py. So is what starts with a digit: it may
# be a date.
_LETTERS = (
    "A-Za-z\u00c0-\u00c2\u00c6-\u00cd\u00d1-\u00d6\u00d8-\u00f6\u00f8-\u0191\u0193-\u024f\u0300-\u034e\u0370-\u0377\u037a-\u037d\u0386\u0388-\u03ff\u0400-\u0481"
    "\u048a-\u0556\u0561-\u0587\u05d0-\u05ea\u0620-\u065f\u066e-\u06d3\u0900-\u0963\u0e01-\u0e3a\u0e40-\u0e4e\u1e00-\u1fbc"
    "\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
)
USUAL_NAME = re.compile(rf"[{_LETTERS}][0-9{_LETTERS}]*(?:[ '\-][0-9{_LETTERS}]+)*")
# Most other texts: the same letters and printable ASCII without "&", which starts an entity. No space at either end,
# and no "#" or "=" at the start, as errors and formulas of spreadsheets have. May be empty.
USUAL_TEXT = re.compile(rf"(?![ #=]|Err:)[ -%'-~{_LETTERS}]*(?<! )")

# J.Green and B.Com lack a space; win.bet is a link.
_INITIAL_AND_NAME = re.compile(r"([^\W\d_]{1,3})\.([^\W\d_]+)")
# Control characters, line breaks, direction overrides, the replacement character, and halves of surrogate pairs.
_NEVER_IN_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffd\ud800-\udfff]")
_TABS = re.compile(r"[\t\x0b\x0c]")
_INVISIBLE_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f]")
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINE_BREAKS = frozenset("\n\r\u2028\u2029\x0b\x0c\x85")
_ALLOWED_IN_TEXT = frozenset("\n\r\t")
# Other separators of lines and paragraphs, which mail programs and spreadsheets show in different ways or not at all.
SEPARATORS = frozenset("\x0b\x85\u2028\u2029")
_TO_SPACES = dict.fromkeys(map(ord, SEPARATORS), " ")
# Quotation marks around a name. The name in them has neither of the two.
_QUOTED = frozenset(
    {'""', "“”", "„“", "„”", "”“", "””", "«»", "»«", "‹›", "›‹", "‘’", "‚‘", "''", "´´", "`´", "＂＂", "「」", "『』"}
)
_REMEMBERED = 200


def check_name(cell: str, *, needed: str, longest: int) -> str | CellError:
    """The name without what surrounds it, or what is wrong with it; `needed` is the code for a blank cell."""
    if len(cell) <= longest and USUAL_NAME.fullmatch(cell):
        return cell
    return (_check_name_cached if len(cell) <= _REMEMBERED else _check_name)(cell, needed, longest)


def _check_name(cell: str, needed: str, longest: int) -> str | CellError:
    name = trim(cell)
    if not name or is_blank(name):
        return CellError(needed)
    if len(name) > longest:
        return CellError("name_too_long", {"found": len(name), "limit": longest})
    error = _find_error_in_name(name)
    return _with_valid_suggestion(error, lambda text: _check_name(text, needed, longest)) if error else name


# The same mistake often occurs in many rows.
_check_name_cached = lru_cache(maxsize=4096)(_check_name)


def check_text(cell: str, *, longest: int) -> str | CellError:
    """A text of any kind without what surrounds it, or what is wrong with it. It may be empty, and may have lines."""
    if not cell or (len(cell) <= longest and USUAL_TEXT.fullmatch(cell)):
        return cell
    text = trim(cell if cell.isprintable() else cell.translate(_TO_SPACES))
    if len(text) > longest:
        return CellError("text_too_long", {"found": len(text), "limit": longest})
    if not text.isprintable() and is_blank(text):
        return ""
    error = _find_error_in_text(text)
    return _with_valid_suggestion(error, partial(check_text, longest=longest)) if error else text


def _find_error_in_text(text: str) -> CellError | None:
    if is_spreadsheet_error(text):
        return CellError("spreadsheet_error", {}, "", "clear_cell")
    if (inner := text_of_formula(text)) is not None:
        return CellError("text_formula", {}, inner, "keep_text" if inner else "clear_cell")
    for wrong in _NEVER_IN_TEXT.finditer(text):
        if wrong[0] not in _ALLOWED_IN_TEXT:
            return _explain_character(wrong[0], text)
    return None


def _find_error_in_name(name: str) -> CellError | None:
    if wrong := _NEVER_IN_TEXT.search(name):
        if wrong[0] in _LINE_BREAKS:
            return CellError("line_break", {}, " ".join(name.split()), "put_on_one_line")
        return _explain_character(wrong[0], name)
    if is_spreadsheet_error(name):
        return CellError("spreadsheet_error")
    if (inner := text_of_formula(name)) is not None:
        return CellError("text_formula", {}, trim(inner), "keep_text")
    marks = name[0] + name[-1]
    if marks in _QUOTED and len(name) > 1 and not set(marks) & set(between := name.strip(marks)):
        return CellError("quotes_around_name", {"case": "around"}, trim(between), "remove_quotation_marks")
    if '"' in name and (name.count('"') % 2 or marks == '""' or '""' in name):
        case = "edge" if '"' in marks else "inside"
        without = trim(name.replace('"', ""))
        return CellError("quotes_around_name", {"case": case}, without, "remove_quotation_marks")
    if link := find_link(name):
        dotted = _INITIAL_AND_NAME.fullmatch(name)
        spaced = f"{dotted[1]}. {dotted[2]}" if dotted and dotted[2][0].isupper() else None
        return CellError("link_in_name", {"link": visible(link, limit=60)}, spaced, spaced and "add_space")
    return None


def _explain_character(character: str, text: str) -> CellError:
    """The error of a text with this character, one of _NEVER_IN_TEXT."""
    if character in _OVERRIDES:
        without = "".join(kept for kept in text if kept not in _OVERRIDES)
        return CellError("direction_override", {"character": ord(character)}, without, "remove")
    if character == "\ufffd":
        return CellError("lost_character", {"character": ord(character)})
    # One of 128 to 159 was a letter or sign in another encoding. If that was UTF-8, it can be fixed.
    if character > "\x7f" and (fixed := fix_mojibake(text)):
        return CellError("control_character", {"character": ord(character)}, fixed, "use_suggestion")
    corrected = None
    if character < "\x20":
        corrected = trim(_TABS.sub(" ", _INVISIBLE_CONTROLS.sub("", text)))
    return CellError("control_character", {"character": ord(character)}, corrected, corrected and "remove")


def _with_valid_suggestion(error: CellError, check: Callable[[str], str | CellError]) -> CellError:
    """The error, without its suggestion if that has an error, too."""
    if error.suggestion is None or isinstance(check(error.suggestion), CellError):
        return error._replace(suggestion=None, fix=None)
    return error
