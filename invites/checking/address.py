"""Decide whether a cell holds an e-mail address, with email-validator's rules at the speed of a regex.

Almost every address of a real file is plain: ASCII, dots between atoms, a host name. For those FAST alone
decides. It accepts a *subset* of what email-validator accepts, and only where the library's normal form is the
text itself, so that nothing is left for the library to do:

- local part: RFC 5322 dot-atom in lower case, at most 64 characters. Upper case is handled by MIXED: the library
  lower-cases the domain, and the local part only of the mailboxes of RFC 2142 (`Info@`), which MIXED leaves out.
- domain: labels of letters, digits and *single* inner hyphens. Without "--" there are neither A-labels (`xn--`),
  which the library decodes, nor the reserved labels of RFC 5890, which it refuses. UTS 46 leaves such a label
  as it is.
- at least one dot, the last label all letters, and none of the library's special-use names (read from the
  library when this module is imported, so a new release cannot make the two disagree).
- at most 64 characters over all, which keeps every part below each of the library's limits.

Everything else goes to the library. The quantifiers are possessive: no text makes the regex go back, so it is
linear.

A file's rows don't even ask FAST: `sift_addresses` looks at hundreds at once, and finds those of them that FAST and
the limits might not let pass. Its parts are FAST's, each with an end: a local part of at most 62 characters, labels of
at most 33 and a domain of at most 118 stay below each of the library's limits, so that no length has to be looked at.
Of those that are left, PLAIN looks at the left half, and `is_plain_domain` at the right one, once for each domain. The
library looks at the two halves apart, but for the length of the whole, and at most 64 characters leave no length in
question.

`tests/checking/test_address_fast_path.py` holds all of it to the library's answers and normal forms.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, ValidatedEmail, validate_email
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES, EMAIL_MAX_LENGTH

from invites.checking.sifting import any_of, others_than, sift
from invites.checking.typos import TYPO_DOMAINS

FAST_LENGTH = 64
LOCAL_OCTETS = 64
# No address longer than this is worth asking about: RFC 5321 ends at 254 octets, and the library's own checks
# of a text take time that grows with it.
LONGEST = 1000

_ATOM = r"[a-z0-9_!#$%&'*+\-/=?^`{|}~]++"
_LABEL = r"[a-z0-9]++(?:-[a-z0-9]++)*+"
# A special-use name of several labels would be excluded by its last label: more than needed, never less.
_SPECIAL = "|".join(sorted({re.escape(name.rpartition(".")[2]) for name in SPECIAL_USE_DOMAIN_NAMES}))
_DOMAIN = rf"(?:{_LABEL}\.)++(?!(?:{_SPECIAL})\Z)[a-z]++"
_MAILBOXES = "|".join(sorted(CASE_INSENSITIVE_MAILBOX_NAMES))

# Small letters beyond ASCII that IDNA 2008 and UTS 46 leave as they are, wherever they stand in a label: Latin, Greek,
# Cyrillic, Armenian, Georgian, kana, Han, Hangul, and the letters of India and Thailand.
_OTHER_LETTERS = (
    "\u00df-\u00f6\u00f8-\u00ffāăąćčďđēėęěğģīįıķļłńņňőœřśşšţťūůűųźżžάέήίόύώ\u03b1-\u03c9"
    "\u0430-\u044f\u0451-\u045c\u045e\u045f\u0561-\u0586\u10d0-\u10fa\u3041-\u3093\u30a1-\u30f6\u4e00-\u9fa5\uac00-\ud7a3"
    "\u0905-\u0928\u092a-\u0930\u0932\u0933\u0935-\u0939\u0985-\u098c\u098f\u0990\u0993-\u09a8\u09aa-\u09b0\u09b2"
    "\u09b6-\u09b9\u0a85-\u0a8d\u0a8f-\u0a91\u0a93-\u0aa8\u0aaa-\u0ab0\u0ab2\u0ab3\u0ab5-\u0ab9\u0b85-\u0b8a\u0b8e-\u0b90"
    "\u0b92\u0b93\u0b95\u0b99\u0b9a\u0b9c\u0b9e\u0b9f\u0ba3\u0ba4\u0ba8-\u0baa\u0bae-\u0bb9\u0c05-\u0c0c\u0c0e-\u0c10"
    "\u0c12-\u0c28\u0c2a-\u0c39\u0c85-\u0c8c\u0c8e-\u0c90\u0c92-\u0ca8\u0caa-\u0cb3\u0cb5-\u0cb9\u0d05-\u0d0c\u0d0e-\u0d10"
    "\u0d12-\u0d3a\u0e01-\u0e30\u0e32\u0e40-\u0e46"
)
# The signs for vowels that go with them, wherever they stand but at the start: none of them is ever put together with
# the letter before it, or changes places with another sign (Unicode, NFC).
_OTHER_SIGNS = (
    "\u0901-\u0903\u093e-\u094d\u0981-\u0983\u09bf-\u09c4\u09c7\u09c8\u09cd\u0a81-\u0a83\u0abe-\u0ac5\u0ac7-\u0ac9\u0acb-\u0acd"
    "\u0b82\u0bbf-\u0bc2\u0bc6-\u0bc8\u0bcd\u0c01-\u0c03\u0c3e-\u0c44\u0c46-\u0c48\u0c4a-\u0c4d\u0c82\u0c83\u0cbe-\u0cc1"
    "\u0cc3\u0cc4\u0cc6\u0ccc\u0ccd\u0d02\u0d03\u0d3f-\u0d44\u0d46-\u0d48\u0d4d\u0e31\u0e34-\u0e37\u0e47"
)
_WORLD_PART = rf"[a-z0-9{_OTHER_LETTERS}][a-z0-9{_OTHER_LETTERS}{_OTHER_SIGNS}]*+"
_WORLD_ENDING = rf"(?:[a-z]++|[{_OTHER_LETTERS}][{_OTHER_LETTERS}{_OTHER_SIGNS}]*+)"
_WORLD_DOMAIN = re.compile(rf"(?:{_WORLD_PART}(?:-{_WORLD_PART})*+\.)++(?!(?:{_SPECIAL})\Z){_WORLD_ENDING}")
# Hebrew, Arabic and Persian, letters alone: RFC 5893 looks at all labels of a domain that is written from the right.
_RIGHT_TO_LEFT = "[\u05d0-\u05ea]++|[\u0621-\u063a\u0641-\u064a\u067e\u0686\u0698\u06a9\u06af\u06cc]++"
_RIGHT_TO_LEFT_DOMAIN = re.compile(
    rf"(?:(?:{_RIGHT_TO_LEFT}|[a-z]++(?:-[a-z]++)*+)\.)++(?!(?:{_SPECIAL})\Z)(?:[a-z]++|{_RIGHT_TO_LEFT})"
)

FAST = re.compile(rf"{_ATOM}(?:\.{_ATOM})*+@{_DOMAIN}", re.ASCII)
_PLAIN_DOMAIN = re.compile(_DOMAIN, re.ASCII)
MIXED = re.compile(rf"(?!(?:{_MAILBOXES})@)({_ATOM}(?:\.{_ATOM})*+)@({_DOMAIN})", re.ASCII | re.IGNORECASE)
PLAIN = re.compile(rf"{_ATOM}(?:\.{_ATOM})*+@([^@]++)", re.ASCII)
_SHORT_ATOM = r"[a-z0-9_!#$%&'*+\-/=?^`{|}~]{1,20}+"
_SHORT_LABEL = r"[a-z0-9]{1,16}+(?:-[a-z0-9]{1,16}+)?+"
_ENDS_SPECIALLY = any_of(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)
_SHORT = (
    rf"{_SHORT_ATOM}(?:\.{_SHORT_ATOM}){{0,2}}+@(?!{any_of(TYPO_DOMAINS)}\n)"
    rf"(?:{_SHORT_LABEL}\.){{1,3}}+(?!{_ENDS_SPECIALLY}\n)[a-z]{{1,16}}+"
)
_OTHERS = others_than(_SHORT)
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*+", re.ASCII | re.IGNORECASE)


class Address(NamedTuple):
    """A good address in email-validator's normal form, and the key by which two cells are the same person."""

    email: str
    key: str


def email_key(normalized_email: str) -> str:
    """The key under which an address is looked for: its normal form in lower case.

    `normalized_email` is email-validator's `.normalized` (local part in NFC, domain decoded to Unicode). Lower
    case by str.lower(), not casefold(): casefold makes "ss" of "ß", and straße@ and strasse@ are two mailboxes.
    """
    return normalized_email.lower()


def read_plain_address(text: str) -> Address | None:
    """The address in `text` where that needs no library; None says nothing."""
    if len(text) <= FAST_LENGTH:
        if FAST.fullmatch(text):
            return Address(text, text)
        if match := MIXED.fullmatch(text):
            email = f"{match[1]}@{match[2].lower()}"
            return Address(email, email.lower())
    return None


def read_address(text: str) -> Address | None:
    """The address in `text`, which has no blanks around it, or None when email-validator refuses it."""
    if plain := read_plain_address(text):
        return plain
    normalized = _ask_library(text)
    return None if normalized is None else Address(normalized, email_key(normalized))


def sift_addresses(addresses: Sequence[str]) -> list[str]:
    """Those of the addresses that are not surely good ones in their normal form, without a warning to give.

    None of them holds a line break.
    """
    return sift(_OTHERS, addresses)


def is_plain_address(address: str) -> bool:
    """True when the address is surely a good one, its normal form being the text itself, and there is no warning."""
    plain = PLAIN.fullmatch(address)
    return plain is not None and len(address) <= FAST_LENGTH and is_plain_domain(plain[1])


def is_plain_domain(domain: str) -> bool:
    """True when every plain local part is a good address with this domain, its normal form being the text itself,
    and there is no warning to give. The whole must have at most FAST_LENGTH characters.
    """
    if domain in TYPO_DOMAINS:
        return False
    if _PLAIN_DOMAIN.fullmatch(domain):
        return True
    known = _ask_about_domain(domain)
    # A form of a domain that is not ASCII may be longer than the text.
    return known is not None and known[0] == domain and LOCAL_OCTETS + 1 + known[1] <= EMAIL_MAX_LENGTH


def _ask_library(text: str) -> str | None:
    if len(text) > LONGEST:
        return None
    local, _, domain = text.rpartition("@")
    if _LOCAL.fullmatch(local) and local.lower() not in CASE_INSENSITIVE_MAILBOX_NAMES:
        # The library looks at the two halves apart. With a plain local part the answer depends on the domain
        # alone, and a company's people share theirs, so each domain is asked about once.
        known = _ask_about_domain(domain)
        if known is None:
            return None
        normal, octets = known
        if len(local) <= LOCAL_OCTETS and LOCAL_OCTETS + 1 + octets <= EMAIL_MAX_LENGTH:
            return f"{local}@{normal}"
    checked = _validate(text)
    # The library counts the local part in characters; RFC 5321 4.5.3.1.1 counts octets, and so do servers.
    if checked is None or len(checked.local_part.encode()) > LOCAL_OCTETS:
        return None
    return checked.normalized


@lru_cache(maxsize=4096)
def _ask_about_domain(domain: str) -> tuple[str, int] | None:
    """A domain's normal form and at least the octets of the longest of its forms; None when the library refuses it."""
    if _WORLD_DOMAIN.fullmatch(domain) or _RIGHT_TO_LEFT_DOMAIN.fullmatch(domain):
        # Punycode (RFC 3492) writes a letter of these alphabets in at most six digits.
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
        # ValueError: errors of idna's own codec, in case one passes the library by.
        return None
