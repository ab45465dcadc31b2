"""Decide whether a cell holds an email address, with email-validator's rules at the speed of a regex.

Almost every address of a real file is ASCII: dots between atoms, then a host name. For those, FAST alone decides. It
accepts a *subset* of what email-validator accepts, and only where the library's normal form is the text itself:

- local part: RFC 5322 dot-atom in lower case. MIXED handles upper case: the library lower-cases the domain, and the
  local part only for the mailboxes of RFC 2142 (`Info@`), which MIXED excludes.
- domain: labels of letters, digits and *single* inner hyphens. Without "--" there are neither A-labels (`xn--`),
  which the library decodes, nor the reserved labels of RFC 5890, which it rejects. UTS 46 doesn't change such a label.
- at least one dot, the last label all letters, and none of the library's special-use names (read from the
  library when this module is imported, so a new release can't make the two disagree).
- at most FAST_LENGTH characters in total, which keeps every part below each of the library's limits.

Everything else goes to the library. Every pattern here takes linear time: what ends a repeated part (a dot, a hyphen,
an @ sign) is never a character of that part.

`tests/invites/checking/cells/test_email_screening.py` compares all of it with the library's answers and normal forms.
"""

import re
from functools import lru_cache

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, ValidatedEmail, validate_email
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES, EMAIL_MAX_LENGTH

FAST_LENGTH = 64
LOCAL_OCTETS = 64
# The library isn't asked about a longer text: RFC 5321 ends at 254 octets, and the library's time grows with the text.
LONGEST = 1000

_CHARACTER = r"[a-z0-9_!#$%&'*+\-/=?^`{|}~]"
_ATOM = f"{_CHARACTER}+"
_LABEL = r"[a-z0-9]+(?:-[a-z0-9]+)*"
# A special-use name of several labels would be excluded by its last label: more than needed, never less.
_SPECIAL = "|".join(sorted({re.escape(name.rpartition(".")[2]) for name in SPECIAL_USE_DOMAIN_NAMES}))
_DOMAIN = rf"(?:{_LABEL}\.)+(?!(?:{_SPECIAL})\Z)[a-z]+"
_MAILBOXES = "|".join(sorted(CASE_INSENSITIVE_MAILBOX_NAMES))

# Lower-case letters beyond ASCII that IDNA 2008 and UTS 46 don't change, anywhere in a label: Latin, Greek, Cyrillic,
# Armenian, Georgian, kana, Han, Hangul, and the letters of India and Thailand.
_OTHER_LETTERS = (
    "\u00df-\u00f6\u00f8-\u00ffāăąćčďđēėęěğģīįıķļłńņňőœřśşšţťūůűųźżžάέήίόύώ\u03b1-\u03c9"
    "\u0430-\u044f\u0451-\u045c\u045e\u045f\u0561-\u0586\u10d0-\u10fa\u3041-\u3093\u30a1-\u30f6\u4e00-\u9fa5\uac00-\ud7a3"
    "\u0905-\u0928\u092a-\u0930\u0932\u0933\u0935-\u0939\u0985-\u098c\u098f\u0990\u0993-\u09a8\u09aa-\u09b0\u09b2"
    "\u09b6-\u09b9\u0a85-\u0a8d\u0a8f-\u0a91\u0a93-\u0aa8\u0aaa-\u0ab0\u0ab2\u0ab3\u0ab5-\u0ab9\u0b85-\u0b8a\u0b8e-\u0b90"
    "\u0b92\u0b93\u0b95\u0b99\u0b9a\u0b9c\u0b9e\u0b9f\u0ba3\u0ba4\u0ba8-\u0baa\u0bae-\u0bb9\u0c05-\u0c0c\u0c0e-\u0c10"
    "\u0c12-\u0c28\u0c2a-\u0c39\u0c85-\u0c8c\u0c8e-\u0c90\u0c92-\u0ca8\u0caa-\u0cb3\u0cb5-\u0cb9\u0d05-\u0d0c\u0d0e-\u0d10"
    "\u0d12-\u0d3a\u0e01-\u0e30\u0e32\u0e40-\u0e46"
)
# The vowel signs that go with them, anywhere but at the start of a label: NFC never composes them with the letter
# before, and never reorders them.
_OTHER_SIGNS = (
    "\u0901-\u0903\u093e-\u094d\u0981-\u0983\u09bf-\u09c4\u09c7\u09c8\u09cd\u0a81-\u0a83\u0abe-\u0ac5\u0ac7-\u0ac9\u0acb-\u0acd"
    "\u0b82\u0bbf-\u0bc2\u0bc6-\u0bc8\u0bcd\u0c01-\u0c03\u0c3e-\u0c44\u0c46-\u0c48\u0c4a-\u0c4d\u0c82\u0c83\u0cbe-\u0cc1"
    "\u0cc3\u0cc4\u0cc6\u0ccc\u0ccd\u0d02\u0d03\u0d3f-\u0d44\u0d46-\u0d48\u0d4d\u0e31\u0e34-\u0e37\u0e47"
)
_WORLD_PART = rf"[a-z0-9{_OTHER_LETTERS}][a-z0-9{_OTHER_LETTERS}{_OTHER_SIGNS}]*"
_WORLD_ENDING = rf"(?:[a-z]+|[{_OTHER_LETTERS}][{_OTHER_LETTERS}{_OTHER_SIGNS}]*)"
_WORLD_DOMAIN = re.compile(rf"(?:{_WORLD_PART}(?:-{_WORLD_PART})*\.)+(?!(?:{_SPECIAL})\Z){_WORLD_ENDING}")
# Hebrew, Arabic and Persian, letters only: RFC 5893 checks all labels of a right-to-left domain together.
_RIGHT_TO_LEFT = "[\u05d0-\u05ea]+|[\u0621-\u063a\u0641-\u064a\u067e\u0686\u0698\u06a9\u06af\u06cc]+"
_RIGHT_TO_LEFT_DOMAIN = re.compile(
    rf"(?:(?:{_RIGHT_TO_LEFT}|[a-z]+(?:-[a-z]+)*)\.)+(?!(?:{_SPECIAL})\Z)(?:[a-z]+|{_RIGHT_TO_LEFT})"
)

FAST = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_DOMAIN}", re.ASCII)
_PLAIN_DOMAIN = re.compile(_DOMAIN, re.ASCII)
MIXED = re.compile(rf"(?!(?:{_MAILBOXES})@)({_ATOM}(?:\.{_ATOM})*)@({_DOMAIN})", re.ASCII | re.IGNORECASE)
_SHORT_ATOM = f"{_CHARACTER}{{1,20}}"
# An address whose local part has up to three short atoms, at most 62 characters in all, and any domain.
USUAL = re.compile(rf"{_SHORT_ATOM}(?:\.{_SHORT_ATOM}(?:\.{_SHORT_ATOM}|)|)@(.+)", re.ASCII)
# A local part that may have any letters beyond ASCII, but nothing that the library would split at.
_WORLD_ATOM = f"{_CHARACTER[:-1]}\u0080-\U0010ffff]+"
_LOCAL = re.compile(rf"{_WORLD_ATOM}(?:\.{_WORLD_ATOM})*", re.ASCII | re.IGNORECASE)


def email_key(normalized_email: str) -> str:
    """The key that identifies a person: the normal form of their address in lower case.

    `normalized_email` is email-validator's `.normalized` (local part in NFC, domain decoded to Unicode). We use
    str.lower(), not casefold(): casefold turns "ß" into "ss", but straße@ and strasse@ are two mailboxes.
    """
    return normalized_email.lower()


def normalize_plain_address(text: str) -> str | None:
    """The normal form of an address if our patterns recognize it; None means that email-validator has to decide."""
    if len(text) <= FAST_LENGTH and text.count("@") == 1:
        if FAST.fullmatch(text):
            return text
        if match := MIXED.fullmatch(text):
            return f"{match[1]}@{match[2].lower()}"
    return None


def normalize_address(text: str) -> str | None:
    """The normal form of an address, or None if email-validator rejects it. `text` has no spaces around it."""
    return normalize_plain_address(text) or _ask_library(text)


def is_usual_domain(domain: str) -> bool:
    """Whether every local part that USUAL matches forms a valid address with this domain, in its normal form."""
    if domain.isascii():
        # Nearly all others are typos. Asking the library about one takes longer than checking a dozen rows in full.
        return len(domain) < FAST_LENGTH and _PLAIN_DOMAIN.fullmatch(domain) is not None
    known = _ask_about_domain(domain) if len(domain) <= EMAIL_MAX_LENGTH else None
    # A form of a domain that isn't ASCII may be longer than the text.
    return known is not None and known[0] == domain and LOCAL_OCTETS + 1 + known[1] <= EMAIL_MAX_LENGTH


def _ask_library(text: str) -> str | None:
    if len(text) > LONGEST:
        return None
    local, _, domain = text.rpartition("@")
    if _LOCAL.fullmatch(local) and local.lower() not in CASE_INSENSITIVE_MAILBOX_NAMES:
        # The library checks the two halves separately. The people of a company share their domain, so the library is
        # asked once per domain. An ASCII local part is valid as it is; any other one is checked with a short domain.
        known = _ask_about_domain(domain)
        normal_local = local if local.isascii() else _ask_about_local(local)
        if known is None or normal_local is None:
            return None
        normal, octets = known
        local_octets = max(len(local.encode()), len(normal_local.encode()))
        if local_octets <= LOCAL_OCTETS and local_octets + 1 + octets <= EMAIL_MAX_LENGTH:
            return f"{normal_local}@{normal}"
    checked = _validate(text)
    # The library counts the local part in characters. RFC 5321, 4.5.3.1.1, counts octets, and so do mail servers.
    if checked is None or len(checked.local_part.encode()) > LOCAL_OCTETS:
        return None
    return checked.normalized


def _ask_about_local(local: str) -> str | None:
    """The normal form of a local part; None if the library rejects it."""
    checked = _validate(local + "@a.com")
    return checked.local_part if checked else None


@lru_cache(maxsize=4096)
def _ask_about_domain(domain: str) -> tuple[str, int] | None:
    """A domain's normal form, and an upper bound of the octets of its longest form; None if the library rejects it."""
    if _WORLD_DOMAIN.fullmatch(domain) or _RIGHT_TO_LEFT_DOMAIN.fullmatch(domain):
        # Punycode (RFC 3492) takes at most six digits for a letter of these alphabets.
        octets = [len(label) + 6 * sum(letter > "\x7f" for letter in label) + 5 for label in domain.split(".")]
        if max(octets) <= 63:
            return domain, sum(octets) + len(octets)
    checked = None if domain.rpartition(".")[2].lower() in SPECIAL_USE_DOMAIN_NAMES else _validate("a@" + domain)
    if checked is None:
        return None
    forms = (domain, checked.domain, checked.ascii_domain)
    return checked.domain, max(len(form.encode()) for form in forms)


def _validate(text: str) -> ValidatedEmail | None:
    try:
        # `strict` adds the limit of 64 characters to the local part.
        return validate_email(text, check_deliverability=False, allow_smtputf8=True, strict=True)
    except (EmailNotValidError, ValueError):
        # ValueError: an error of idna's codec that the library doesn't translate.
        return None
