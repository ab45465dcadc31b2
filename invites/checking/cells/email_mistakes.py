"""Check a cell that should hold an email address: find out what is wrong, and suggest a certain fix.

`diagnose_common_mistakes` knows the mistakes that people make, the most specific one first. email-validator rejects
all of them, too (a test checks that), so a file full of mistakes never waits for the library. `explain_rejection`
describes what only the library could find.
"""

import re
import unicodedata

from email_validator import SPECIAL_USE_DOMAIN_NAMES

from invites.checking.cells.damage import replace_entities
from invites.checking.cells.email import (
    FAST_LENGTH,
    LOCAL_OCTETS,
    LONGEST,
    normalize_address,
    normalize_plain_address,
)
from invites.checking.cells.error import CellError, Param
from invites.checking.cells.look_alikes import plain_form
from invites.checking.cells.spreadsheet_text import is_spreadsheet_error, text_of_formula
from invites.checking.cells.text import trim_all
from invites.checking.cells.top_level_domains import ENDINGS

_AT_WRITTEN_OUT = re.compile(r"\(at\)|\[at\]|\{at\}|(?<=\s)at(?=\s)|[\uff20\ufe6b]", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"<([^<>]*)>")
_BETWEEN_ADDRESSES = re.compile(r"[\s,;/|<>&]+")
_SPACES = re.compile(r"\s+")
_SEVERAL_ATS = re.compile(r"@[@\s]*@")
_SEVERAL_DOTS = re.compile(r"\.\.+")
_QUOTES = "\"'`\u00ab\u00bb\u2018\u2019\u201a\u201c\u201d\u201e\u2039\u203a"
_EDGES = ".,;:!?()[]<>{}\u2026" + _QUOTES
_NOT_IN_LOCAL = re.compile(r"[^a-zA-Z0-9_!#$%&'*+\-/=?^`{|}~.\u0080-\U0010ffff]")
_NOT_IN_DOMAIN = re.compile(r"[^a-zA-Z0-9\-.\u0080-\U0010ffff]")
# The fixes that remove one of these marks.
_REMOVE_MARK = {".": "remove_dot", ",": "remove_comma", ";": "remove_semicolon", ":": "remove_colon"}
_DOT_PLACES = (("start", "."), ("after_at", "@."), ("before_at", ".@"))


def check_email(cell: str) -> str | CellError:
    """The address in its normal form, or what is wrong with it."""
    text = trim_all(cell)
    return (
        normalize_plain_address(text)
        or diagnose_common_mistakes(text)
        or normalize_address(text)
        or explain_rejection(text)
    )


def _if_valid(corrected: str) -> str | None:
    """The corrected text, if it is an address now."""
    return corrected if corrected and normalize_address(corrected) is not None else None


def _error(code: str, corrected: str = "", fix: str = "", **params: Param) -> CellError:
    suggestion = _if_valid(corrected)
    return CellError(code, params, suggestion, fix if suggestion is not None else None)


def diagnose_common_mistakes(text: str) -> CellError | None:
    """The mistake in `text`, or None when email-validator has to decide. `text` has no spaces around it."""
    if not text:
        return CellError("email_needed")
    if is_spreadsheet_error(text):
        return CellError("spreadsheet_error")
    if (inner := text_of_formula(text)) is not None:
        return _error("text_formula", inner, "keep_text")
    if len(text) > LONGEST:
        return CellError("email_too_long", {"case": "address", "found": len(text), "limit": 254})
    ats = text.count("@")
    if ats == 0:
        written_out = _AT_WRITTEN_OUT.search(text)
        corrected = (
            f"{text[: written_out.start()].rstrip()}@{text[written_out.end() :].lstrip()}" if written_out else ""
        )
        return _error("email_no_at", plain_form(corrected), "use_at")
    if text[:7].lower() == "mailto:":
        return _error("email_link", trim_all(text[7:].partition("?")[0]), "remove_mailto")
    return _find_surroundings(text, ats) or _find_bad_characters(text) or _find_bad_shape(text)


def _find_surroundings(text: str, ats: int) -> CellError | None:
    """A name around the address, several addresses, several @ signs, marks at the ends."""
    inner = _IN_BRACKETS.findall(text) if "<" in text else []
    if len(inner) == 1 and ats == 1 and "@" in inner[0]:
        return _error("email_with_name", trim_all(inner[0].removeprefix("mailto:")), "keep_address")
    if ats == 1 and (address := _address_among_words(text)):
        return CellError("email_with_name", {}, address, "keep_address")
    if ats > 1:
        several = [part for part in _BETWEEN_ADDRESSES.split(text) if "@" in part.strip(_EDGES + "@")]
        if len(several) > 1:
            first = several[0].strip(_EDGES)
            return _error("email_twice", first, "keep_first", count=len(several))
        return _error("email_two_at", _SEVERAL_ATS.sub("@", text), "keep_one_at", count=ats)
    bare = trim_all(text.strip(_EDGES))
    # Some marks may start an address: 'anna@company.com is one.
    if bare != text and (suggestion := _if_valid(bare)) and normalize_address(text) is None:
        end, mark = ("end", text[-1]) if text[-1] in _EDGES else ("start", text[0])
        fix = "remove_quotation_marks" if mark in _QUOTES else _REMOVE_MARK.get(mark, "remove_character")
        return CellError("email_edge", {"case": end, "character": ord(mark)}, suggestion, fix)
    return None


def _address_among_words(text: str) -> str | None:
    """The address in "Anna Berg anna@company.com" or "anna@company.com (work)".

    None if the words may be part of the address: "anna berg@company.com" lacks a dot or has an extra space.
    """
    words = text.split()
    if len(words) == 1:
        return None
    place = next(place for place, word in enumerate(words) if "@" in word)
    address = words[place].strip(_EDGES)
    surely_apart = place > 1 or place < len(words) - 1 or (place == 1 and words[0][-1] in ":-")
    return _if_valid(address) if surely_apart else None


def _find_bad_characters(text: str) -> CellError | None:
    """Spaces, invisible characters, quotation marks, a comma in the domain."""
    if blank := _SPACES.search(text):
        case = "line_break" if set(blank[0]) & set("\r\n\u2028\u2029") else "space"
        return _error("email_space", _SPACES.sub("", text), f"remove_{case}", case=case)
    if not text.isprintable():
        unseen = [character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Cs")]
        if unseen:
            seen = "".join(character for character in text if character not in unseen)
            return _error("email_invisible", seen, "remove", character=ord(unseen[0]))
    local, _, domain = text.rpartition("@")
    if '"' in local:
        return _error("email_quoted", text.replace('"', ""), "remove_quotation_marks")
    if wrong := _NOT_IN_LOCAL.search(local):
        plain = replace_entities(text) or ""
        return _error("email_character", plain, "use_suggestion", case="before_at", character=ord(wrong[0]))
    if wrong := _NOT_IN_DOMAIN.search(domain):
        is_dot = wrong[0] in ",;" and _is_dot_of_domain(wrong[0], domain)
        address = f"{local}@{domain.replace(wrong[0], '.').replace('_', '-')}" if is_dot else ""
        return _error("email_character", address, "use_dot", case="after_at", character=ord(wrong[0]))
    return None


def _is_dot_of_domain(mark: str, domain: str) -> bool:
    """Whether every `mark` stands for a dot, as in anna@company,co,uk, but not in anna@company.com,Anna,Berg."""
    name, *others = domain.split(mark)
    if "." in name:
        return all(other in ENDINGS for other in others)
    return len(others) == 1 or others[-1].rpartition(".")[2] in ENDINGS


def _find_bad_shape(text: str) -> CellError | None:
    """Missing halves, misplaced dots, no ending."""
    local, _, domain = text.rpartition("@")
    if not local:
        return CellError("email_no_name")
    if not domain:
        return CellError("email_no_domain")
    if ".." in text:
        return _error("email_dots", _SEVERAL_DOTS.sub(".", text), "keep_one_dot")
    for case, mark in _DOT_PLACES:
        if mark in text and (mark != "." or text[0] == "."):
            corrected = text[1:] if mark == "." else text.replace(mark, "@")
            return _error("email_dot_edge", corrected, "remove_dot", case=case)
    if text[-1] == ".":
        return CellError("email_edge", {"case": "end", "character": ord(".")})
    if domain.isascii() and "." not in domain:
        return CellError("email_no_ending")
    if len(text) <= FAST_LENGTH:  # A longer one may be too long, which comes first.
        return _find_bad_hyphen(domain)
    return None


def _find_bad_hyphen(domain: str) -> CellError | None:
    for label in domain.split("."):
        if label[:1] == "-" or label[-1:] == "-":
            return CellError("email_hyphen", {"case": "start" if label[:1] == "-" else "end"})
    return None


def explain_rejection(text: str) -> CellError:
    """What is wrong with an address that only email-validator rejects."""
    local, _, domain = text.rpartition("@")
    if too_long := _find_too_long(text, local, domain):
        return too_long
    if hyphen := _find_bad_hyphen(domain):
        return hyphen
    lowered = domain.lower()
    for name in SPECIAL_USE_DOMAIN_NAMES:
        if lowered == name or lowered.endswith("." + name):
            return CellError("email_reserved", {"ending": name})
    if not domain[-1:].isalpha() and domain.isascii():
        return CellError("email_number_domain")
    return _error(
        "email_domain" if normalize_address("a@" + domain) is None else "email_other",
        plain_form(text),
        "use_suggestion",
    )


def _find_too_long(text: str, local: str, domain: str) -> CellError | None:
    octets = len(unicodedata.normalize("NFC", local).encode("utf-8", "replace"))
    found = max(len(local), octets)
    if found > LOCAL_OCTETS:
        return CellError("email_too_long", {"case": "before_at", "found": found, "limit": LOCAL_OCTETS})
    longest = max(len(label) for label in domain.split("."))
    if longest > 63:
        return CellError("email_too_long", {"case": "label", "found": longest, "limit": 63})
    total = len(text.encode("utf-8", "replace"))
    if total > 254:
        return CellError("email_too_long", {"case": "address", "found": total, "limit": 254})
    return None
