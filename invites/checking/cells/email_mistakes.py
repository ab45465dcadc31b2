"""Say what is wrong with text that is no address, in plain words, and repair it where that is certain.

`diagnose_common_mistakes` knows the mistakes that people make, the most telling one first. email-validator rejects each
of them, too (a test checks that), so a file of nothing but mistakes never waits for the library. `explain_refusal`
finds words for what only the library could see.
"""

import re
import unicodedata

from email_validator import SPECIAL_USE_DOMAIN_NAMES

from invites.checking.catalog import CellError
from invites.checking.cells.email import FAST_LENGTH, LOCAL_OCTETS, LONGEST, read_address
from invites.checking.cells.text import name_of, trim_all

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
_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}
_NAMED = {".": "dot", ",": "comma", ";": "semicolon", ":": "colon"}
_DOT_PLACES = (("at the start", "."), ("just after the @ sign", "@."), ("just before the @ sign", ".@"))


def _sure(repaired: str) -> str | None:
    """The repaired text, if it is an address now."""
    return repaired if repaired and read_address(repaired) is not None else None


def _fault(code: str, repaired: str = "", label: str = "", **facts: object) -> CellError:
    suggestion = _sure(repaired) if repaired else None
    return CellError(code, facts, suggestion, label if suggestion is not None else None)


def diagnose_common_mistakes(text: str) -> CellError | None:
    """The slip in `text`, or None when email-validator has to be asked. `text` has no blanks around it."""
    if not text:
        return CellError("email_needed")
    if len(text) > LONGEST:
        return CellError("email_too_long", {"what": "This address", "found": f"{len(text):,}", "limit": 254})
    ats = text.count("@")
    if ats == 0:
        written_out = _AT_WRITTEN_OUT.search(text)
        corrected = (
            f"{text[: written_out.start()].rstrip()}@{text[written_out.end() :].lstrip()}" if written_out else ""
        )
        return _fault("email_no_at", corrected, "Use @")
    if text[:7].lower() == "mailto:":
        return _fault("email_link", trim_all(text[7:].partition("?")[0]), "Remove mailto:")
    return _refuse_surroundings(text, ats) or _refuse_characters(text) or _refuse_shape(text)


def _refuse_surroundings(text: str, ats: int) -> CellError | None:
    """A name around the address, several addresses, several @ signs, marks at the ends."""
    inner = _IN_BRACKETS.findall(text) if "<" in text else []
    if len(inner) == 1 and ats == 1 and "@" in inner[0]:
        return _fault("email_with_name", trim_all(inner[0].removeprefix("mailto:")), "Keep the address")
    if ats == 1 and (address := _address_among_words(text)):
        return CellError("email_with_name", {}, address, "Keep the address")
    if ats > 1:
        several = [part for part in _BETWEEN_ADDRESSES.split(text) if "@" in part.strip(_EDGES + "@")]
        if len(several) > 1:
            first = several[0].strip(_EDGES)
            return _fault("email_twice", first, f"Keep {first}", count=_NUMBERS.get(len(several), len(several)))
        return _fault("email_two_at", _SEVERAL_ATS.sub("@", text), "Keep one @", count=_NUMBERS.get(ats, ats))
    bare = trim_all(text.strip(_EDGES))
    # Some marks may start an address: 'anna@company.com is one.
    if bare != text and (suggestion := _sure(bare)) and read_address(text) is None:
        end, mark = ("end", text[-1]) if text[-1] in _EDGES else ("start", text[0])
        what = "quotation marks" if mark in _QUOTES else _NAMED.get(mark)
        label = f"Remove the {what}" if what else f"Remove {mark}"
        return CellError("email_edge", {"character": name_of(mark), "end": end}, suggestion, label)
    return None


def _address_among_words(text: str) -> str | None:
    """The address in "Anna Berg anna@company.com" or "anna@company.com (work)"; None where it may be the words that
    belong to it: "anna berg@company.com" lacks a dot or has a blank too many.
    """
    words = text.split()
    if len(words) == 1:
        return None
    place = next(place for place, word in enumerate(words) if "@" in word)
    address = words[place].strip(_EDGES)
    surely_apart = place > 1 or place < len(words) - 1 or (place == 1 and words[0][-1] in ":-")
    return _sure(address) if surely_apart else None


def _refuse_characters(text: str) -> CellError | None:
    """Spaces, invisible characters, quotation marks, a comma in the domain."""
    if blank := _SPACES.search(text):
        what = "line break" if set(blank[0]) & set("\r\n\u2028\u2029") else "space"
        return _fault("email_space", _SPACES.sub("", text), f"Remove the {what}", what=what)
    if not text.isprintable():
        unseen = [character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Cs")]
        if unseen:
            seen = "".join(character for character in text if character not in unseen)
            return _fault("email_invisible", seen, "Remove it", character=name_of(unseen[0]))
    local, _, domain = text.rpartition("@")
    if '"' in local:
        return _fault("email_quoted", text.replace('"', ""), "Remove the quotation marks")
    if wrong := _NOT_IN_LOCAL.search(local):
        return CellError("email_character", {"character": name_of(wrong[0]), "place": "before the @ sign"})
    if wrong := _NOT_IN_DOMAIN.search(domain):
        repaired = domain.replace(",", ".").replace(";", ".").replace("_", "-") if wrong[0] in ",;" else ""
        facts = {"character": name_of(wrong[0]), "place": "after the @ sign"}
        return _fault("email_character", f"{local}@{repaired}" if repaired else "", "Use a dot", **facts)
    return None


def _refuse_shape(text: str) -> CellError | None:
    """Halves that are missing, dots in wrong places, no ending."""
    local, _, domain = text.rpartition("@")
    if not local:
        return CellError("email_no_name")
    if not domain:
        return CellError("email_no_domain")
    if ".." in text:
        return _fault("email_dots", _SEVERAL_DOTS.sub(".", text), "Keep one dot")
    for place, mark in _DOT_PLACES:
        if mark in text and (mark != "." or text[0] == "."):
            repaired = text[1:] if mark == "." else text.replace(mark, "@")
            return _fault("email_dot_edge", repaired, "Remove the dot", place=place)
    if text[-1] == ".":
        return CellError("email_edge", {"character": name_of("."), "end": "end"})
    if domain.isascii() and "." not in domain:
        return CellError("email_no_ending")
    if len(text) <= FAST_LENGTH:  # A longer one may be too long, which comes first.
        return _refuse_hyphen(domain)
    return None


def _refuse_hyphen(domain: str) -> CellError | None:
    for label in domain.split("."):
        if label[:1] == "-" or label[-1:] == "-":
            place = "at the start of a part of the domain" if label[:1] == "-" else "at the end of a part of the domain"
            return CellError("email_hyphen", {"place": place})
    return None


def explain_refusal(text: str) -> CellError:
    """The words for an address that only email-validator knew to be none."""
    local, _, domain = text.rpartition("@")
    if too_long := _find_too_long(text, local, domain):
        return too_long
    if hyphen := _refuse_hyphen(domain):
        return hyphen
    lowered = domain.lower()
    for name in SPECIAL_USE_DOMAIN_NAMES:
        if lowered == name or lowered.endswith("." + name):
            return CellError("email_reserved", {"ending": name})
    if not domain[-1:].isalpha() and domain.isascii():
        return CellError("email_number_domain")
    return CellError("email_domain" if read_address("a@" + domain) is None else "email_other")


def _find_too_long(text: str, local: str, domain: str) -> CellError | None:
    octets = len(unicodedata.normalize("NFC", local).encode("utf-8", "replace"))
    found = max(len(local), octets)
    if found > LOCAL_OCTETS:
        return CellError(
            "email_too_long", {"what": "What stands before the @ sign", "found": found, "limit": LOCAL_OCTETS}
        )
    longest = max(len(label) for label in domain.split("."))
    if longest > 63:
        return CellError("email_too_long", {"what": "A part of the domain", "found": longest, "limit": 63})
    total = len(text.encode("utf-8", "replace"))
    if total > 254:
        return CellError("email_too_long", {"what": "This address", "found": total, "limit": 254})
    return None
