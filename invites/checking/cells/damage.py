"""Find text that a conversion damaged before we got it: wrong encodings, HTML entities, and lost letters.

A fix is certain if it gives usual letters and the damaged text has a sequence that no name has. The text is valid
as it is, so all of this causes warnings. Each function takes linear time.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from html.entities import html5
from urllib.parse import unquote

from invites.checking.cells.error import CellError, Doubt

# The characters that cp1252 has for the bytes 80 to 9F. The five others stay as they are in web browsers.
_OF_CP1252 = {
    bytes([byte]).decode("cp1252"): byte for byte in range(0x80, 0xA0) if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_TO_BYTES = {ord(character): byte for character, byte in _OF_CP1252.items()}
_NEXT = "\x80-\xbf" + "".join(_OF_CP1252)
# What UTF-8 becomes when it is read as Windows-1252 or Latin-1.
_AS_CP1252 = re.compile(f"[\xc2-\xdf][{_NEXT}]|[\xe0-\xef][{_NEXT}]{{2}}|[\xf0-\xf4][{_NEXT}]{{3}}")
# These may follow a letter in a text that isn't damaged: closing quotation marks, dashes, an ellipsis, a space, and
# signs, which don't follow "Ã".
_AFTER_A_WORD = frozenset("’‘“”–—…›»\xa0•†")
_AFTER_A_LETTER = _AFTER_A_WORD | frozenset("ªº°·®™©²³¹")
# The same for Mac Roman and DOS: a sign that no name has, beside a letter.
_AS_MAC_ROMAN, _AS_CP850 = (re.compile(f"(?<=[A-Za-z]){sign}[^\x00-\x7f]|{sign}[^\x00-\x7f](?=[a-z])") for sign in "√├")
# Polish and Slovak letters as Windows-1252 shows them: Ł, Ż and Ľ before a word, ł, ą, ľ and ż inside of one. No name
# has these signs there, but one may end in a footnote.
_AS_CP1250 = re.compile(r"(?<!\w)[£¯¼](?=[a-zà-ÿ])|(?<=[^\W\d_])[³¹¾¿](?=[a-zà-ÿ])")
_USUAL_RESULT = re.compile(
    "[\xa0-\xff\u0100-\u017fȘ-ț\u1ea0-\u1ef9Ά-ώЀ-џ\u2013-\u2026€\u3041-\u30ff\u4e00-\u9fff\uac00-\ud7a3\U0001f300-\U0001faff]"
)
_LETTER = re.compile("[\xc0-\xff\u0100-\u017fȘ-ț\u1ea0-\u1ef9Ά-ώЀ-џ]")
_SEVERAL_TIMES = 3

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
# Letters as programs write them elsewhere: in a string (O\\'Brien, M\\u00fcller), in an address (M%C3%BCller), and
# in an email (M=C3=BCller).
_ESCAPE = re.compile(
    r"\\(?:['\"]|u[0-9a-fA-F]{4})|%[c-fC-F][0-9a-fA-F](?:%[89abAB][0-9a-fA-F]){1,3}|=[C-F][0-9A-F](?:=[89AB][0-9A-F]){1,3}"
)
# Two encodings of email that only have ASCII: UTF-7 (M+APw-ller) and HZ (~{UEN0~}). In UTF-7, a plus sign is a letter,
# too. The limit keeps the time linear in a text full of them.
_SHIFTED = re.compile(r"\+([A-Za-z0-9+/]{3,60})-|~\{((?:[!-}][!-~])+)~\}")
# A question mark replaces a letter. Of "Ã\xad" (í) at the end of a name, only the first half is left. "ï¿½" stood for a
# lost letter before it was read in another encoding.
_LOST = re.compile(r"\A\?\Z|(?<=[^\W\d_])\?|\?(?=[^\W\d_?])|\?\?|(?<=[a-z])Ã(?![^\W\d_])|ï¿½")
# What a damaged name has that is ASCII.
_OF_DAMAGE = frozenset("&?\\%=+~")
# A formula, which is written with an equals sign, or a number, a date or a time.
_NO_NAME = re.compile(r"=.*|(?=.*\d)[\d.,:/+\-() TZEe]*", re.DOTALL)
# The first halves of Greek and Russian letters in UTF-8, and such letters.
_HALVES, _GREEK_OR_RUSSIAN = frozenset("ÎÏÐÑ"), re.compile("[Ά-ώЀ-џ]")


def fix_mojibake(text: str) -> str | None:
    """The text as it was before UTF-8 was read in another encoding, once or several times; None if it isn't certain."""
    fixed = text
    for _ in range(_SEVERAL_TIMES):
        once = _fix_cp1252(fixed) or _fix_others(fixed)
        if once is None:
            break
        fixed = once
    return fixed if fixed != text and not _is_half_fixed(fixed) else None


def _is_half_fixed(text: str) -> bool:
    """Whether a Greek or Russian text still has halves of letters, because some bytes of it were lost."""
    return not _HALVES.isdisjoint(text) and _GREEK_OR_RUSSIAN.search(text) is not None


def _is_damaged(text: str) -> bool:
    """Whether the text has a sequence that no text has, which can be fixed or not."""
    return any(
        _is_surely_damaged(match) and _decode(match[0].translate(_TO_BYTES), "latin-1")
        for match in _AS_CP1252.finditer(text)
    )


def _fix_cp1252(text: str) -> str | None:
    if not any(_is_surely_damaged(match) for match in _AS_CP1252.finditer(text)):
        return None
    return _replace(_AS_CP1252, text, _decode_cp1252)


def _decode_cp1252(match: re.Match[str]) -> str | None:
    is_sure = _is_surely_damaged(match)
    if not is_sure and len(match[0]) > 2:
        # A letter, an ellipsis and a quotation mark.
        return match[0]
    letter = _decode(match[0].translate(_TO_BYTES), "latin-1")
    return letter if letter or is_sure else match[0]


def _is_surely_damaged(match: re.Match[str]) -> bool:
    """Whether no text has this sequence. `É…` ends a word, but nothing ends in `Ã¼`, and `Ã“s` is no end."""
    sequence = match[0]
    usual = _AFTER_A_WORD if sequence[0] == "Ã" else _AFTER_A_LETTER
    if not usual.issuperset(sequence[1:]):
        return True
    is_letter = _decode(sequence.translate(_TO_BYTES), "latin-1", _LETTER)
    return is_letter is not None and match.string[match.end() : match.end() + 1].islower()


def _fix_others(text: str) -> str | None:
    if "√" in text:
        return _replace(_AS_MAC_ROMAN, text, lambda match: _decode(match[0], "mac_roman"))
    if "├" in text:
        return _replace(_AS_CP850, text, lambda match: _decode(match[0], "cp850"))
    return None


def _fix_cp1250(text: str) -> str | None:
    """The text as it was before Windows-1250 was read as Windows-1252, as in Ma³gorzata and £ukasz."""
    if not _AS_CP1250.search(text):
        return None
    try:
        fixed = text.encode("cp1252").decode("cp1250")
    except UnicodeError:
        return None
    return fixed if fixed.replace(" ", "").replace("-", "").replace("'", "").isalpha() else None


def _replace(pattern: re.Pattern[str], text: str, decode: Callable[[re.Match[str]], str | None]) -> str | None:
    """The text with each match decoded; None if that fails for one of them, or if there is none."""
    parts, end = [], 0
    for match in pattern.finditer(text):
        letter = decode(match)
        if letter is None:
            return None
        parts += [text[end : match.start()], letter]
        end = match.end()
    return "".join([*parts, text[end:]]) if parts else None


def _decode(sequence: str, encoding: str, usual: re.Pattern[str] = _USUAL_RESULT) -> str | None:
    """The usual letter or sign whose UTF-8 was read in this encoding; None if it isn't one."""
    try:
        letter = sequence.encode(encoding).decode("utf-8")
    except UnicodeError:
        return None
    return letter if usual.fullmatch(letter) else None


def replace_entities(text: str) -> str | None:
    """The text with its HTML entities replaced, such as `O&#39;Brien`; None if it has none."""
    fixed = text
    for _ in range(_SEVERAL_TIMES):
        if not _ENTITY.search(fixed):
            break
        fixed = _ENTITY.sub(_character_of, fixed)
    return fixed.replace("\xa0", " ") if fixed != text else None


def _character_of(entity: re.Match[str]) -> str:
    known = entity[0][1] == "#" or entity[0][1:] in html5
    return html.unescape(entity[0]) if known else entity[0]


def replace_escapes(text: str) -> str:
    """The text with what stands for a letter in other places replaced: O\\'Brien, M%C3%BCller, M+APw-ller."""
    return _SHIFTED.sub(_shifted_letters, _ESCAPE.sub(_escaped_character, text))


def _shifted_letters(match: re.Match[str]) -> str:
    """What a part of a text is in UTF-7 or HZ, if that is letters only."""
    text = match[0]
    try:
        letters = text.encode().decode("utf-7" if text[0] == "+" else "hz")
    except UnicodeDecodeError:
        return text
    return letters if all(map(_USUAL_RESULT.fullmatch, letters)) else text


def _escaped_character(escape: re.Match[str]) -> str:
    text = escape[0]
    if text[0] in "%=":
        escaped = text.replace("=", "%")
        return unquote(escaped, errors="strict") if _is_utf8(escaped) else text
    return text[1] if len(text) == 2 else chr(int(text[2:], 16))


def _is_utf8(escaped: str) -> bool:
    try:
        return bool(unquote(escaped, errors="strict"))
    except UnicodeDecodeError:
        return False


def fix_damage(text: str) -> str | None:
    """The text as it was before it was damaged; None if it isn't damaged, or the fix isn't certain."""
    plain = (replace_entities(text) if "&" in text else None) or text
    fixed = plain if plain.isascii() else fix_mojibake(plain) or plain
    return fixed if fixed != text else None


def doubt_text(text: str, check: Callable[[str], object]) -> Doubt | None:
    """The doubt about a valid text that looks damaged. `check` returns the normal form of a valid text."""
    if text.isascii() and "&" not in text:
        return None
    fixed = fix_damage(text)
    return _doubt_if_valid(text, fixed, check) if fixed else None


def _doubt_if_valid(text: str, fixed: str, check: Callable[[str], object]) -> Doubt | None:
    """The doubt with the normal form of the fixed text, or with its suggestion: `&quot;Bob&quot;` is "Bob"."""
    normal = check(fixed)
    if isinstance(normal, CellError):
        normal = normal.suggestion
    return Doubt("damaged_text", normal) if isinstance(normal, str) and normal not in ("", text) else None


def doubt_name(name: str, check: Callable[[str], object]) -> Doubt | None:
    """The same for a name, which may also have escapes, or a question mark for a lost letter, or be no name."""
    is_unlikely = _NO_NAME.fullmatch(name) is not None
    if name.isascii() and _OF_DAMAGE.isdisjoint(name):
        return Doubt("unlikely_name") if is_unlikely else None
    plain = replace_escapes(_fix_cp1250(name) or name)
    if doubt := doubt_text(plain, check) or (_doubt_if_valid(name, plain, check) if plain != name else None):
        return doubt
    if is_unlikely:
        return Doubt("unlikely_name")
    return Doubt("lost_letter") if _LOST.search(name) or _is_damaged(name) else None
