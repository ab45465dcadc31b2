"""The encodings that we read, and their names: a label, a title for people, and what people type for them.

To add an encoding that Python has, append it to `LEGACY`.
"""

from __future__ import annotations

from typing import NamedTuple

from invites.checking.messages import ENGLISH, Language, gettext_noop


class KnownEncoding(NamedTuple):
    """An encoding with its Python codec.

    `languages` are those that programs write in it: keys of `common_names`. `aliases` are other names that people type
    for it.
    """

    codec: str
    label: str
    title: str
    languages: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


WESTERN = (
    "French",
    "German",
    "Spanish",
    "Portuguese",
    "Italian",
    "Catalan",
    "Dutch",
    "Scandinavian",
    "Finnish",
    "Icelandic",
    "Irish",
    "Estonian",
    "Albanian",
)
CENTRAL = ("Polish", "Czech", "Slovak", "Slovene and Croatian", "Hungarian", "Romanian", "Albanian")
CROATIAN, ROMANIAN, ICELANDIC = ("Slovene and Croatian",), ("Romanian",), ("Icelandic",)
TURKISH, VIETNAMESE = ("Turkish",), ("Vietnamese",)
BALTIC = ("Lithuanian", "Latvian", "Estonian", "Polish")
CYRILLIC, GREEK = ("Russian", "Ukrainian", "Bulgarian"), ("Greek",)
HEBREW, ARABIC, THAI = ("Hebrew",), ("Arabic",), ("Thai",)
JAPANESE, KOREAN = ("Japanese",), ("Korean",)
CHINESE = ("Chinese, simplified", "Chinese, traditional")

UNICODE = (
    KnownEncoding("utf-8", "UTF-8", gettext_noop("Unicode (UTF-8)"), aliases=("utf-8-sig", "unicode")),
    KnownEncoding("utf-16", "UTF-16", gettext_noop("Unicode (UTF-16)")),
    KnownEncoding("utf-16-le", "UTF-16 LE", gettext_noop("Unicode (UTF-16)")),
    KnownEncoding("utf-16-be", "UTF-16 BE", gettext_noop("Unicode (UTF-16)")),
)
# Where several encodings give the same text, the first of them counts.
LEGACY = (
    KnownEncoding("cp1252", "Windows-1252", gettext_noop("Western European (Windows-1252)"), WESTERN),
    KnownEncoding("iso8859_15", "ISO-8859-15", gettext_noop("Western European (ISO-8859-15)"), WESTERN, ("latin9",)),
    KnownEncoding("iso8859_1", "ISO-8859-1", gettext_noop("Western European (ISO-8859-1)"), WESTERN, ("latin1",)),
    KnownEncoding("cp1250", "Windows-1250", gettext_noop("Central European (Windows-1250)"), CENTRAL),
    KnownEncoding("iso8859_2", "ISO-8859-2", gettext_noop("Central European (ISO-8859-2)"), CENTRAL, ("latin2",)),
    KnownEncoding("cp1254", "Windows-1254", gettext_noop("Turkish (Windows-1254)"), TURKISH),
    KnownEncoding("iso8859_9", "ISO-8859-9", gettext_noop("Turkish (ISO-8859-9)"), TURKISH, ("latin5",)),
    KnownEncoding("cp1257", "Windows-1257", gettext_noop("Baltic (Windows-1257)"), BALTIC),
    KnownEncoding("iso8859_13", "ISO-8859-13", gettext_noop("Baltic (ISO-8859-13)"), BALTIC, ("latin7",)),
    KnownEncoding("cp1251", "Windows-1251", gettext_noop("Cyrillic (Windows-1251)"), CYRILLIC),
    KnownEncoding("iso8859_5", "ISO-8859-5", gettext_noop("Cyrillic (ISO-8859-5)"), CYRILLIC),
    KnownEncoding("koi8_r", "KOI8-R", gettext_noop("Cyrillic (KOI8-R)"), CYRILLIC),
    KnownEncoding("koi8_u", "KOI8-U", gettext_noop("Ukrainian (KOI8-U)"), CYRILLIC),
    KnownEncoding("cp1253", "Windows-1253", gettext_noop("Greek (Windows-1253)"), GREEK),
    KnownEncoding("iso8859_7", "ISO-8859-7", gettext_noop("Greek (ISO-8859-7)"), GREEK),
    KnownEncoding("cp1255", "Windows-1255", gettext_noop("Hebrew (Windows-1255)"), HEBREW),
    KnownEncoding("iso8859_8", "ISO-8859-8", gettext_noop("Hebrew (ISO-8859-8)"), HEBREW),
    KnownEncoding("cp1256", "Windows-1256", gettext_noop("Arabic (Windows-1256)"), ARABIC),
    KnownEncoding("iso8859_6", "ISO-8859-6", gettext_noop("Arabic (ISO-8859-6)"), ARABIC),
    KnownEncoding("cp1258", "Windows-1258", gettext_noop("Vietnamese (Windows-1258)"), VIETNAMESE),
    KnownEncoding("cp874", "Windows-874", gettext_noop("Thai (Windows-874)"), THAI, ("tis-620", "iso8859_11")),
    KnownEncoding(
        "cp932", "Shift JIS", gettext_noop("Japanese (Shift JIS)"), JAPANESE, ("sjis", "ms932", "windows-31j")
    ),
    KnownEncoding("euc_jp", "EUC-JP", gettext_noop("Japanese (EUC-JP)"), JAPANESE),
    KnownEncoding(
        "gb18030",
        "GB18030",
        gettext_noop("Chinese, simplified (GB18030)"),
        CHINESE,
        ("gbk", "gb2312", "cp936", "euc-cn"),
    ),
    KnownEncoding("big5", "Big5", gettext_noop("Chinese, traditional (Big5)"), CHINESE, ("cp950", "big5-tw")),
    KnownEncoding("cp949", "EUC-KR", gettext_noop("Korean (EUC-KR)"), KOREAN, ("uhc", "ks_c_5601-1987")),
    KnownEncoding("mac_roman", "Mac Roman", gettext_noop("Western European (Mac Roman)"), WESTERN, ("macintosh",)),
    KnownEncoding(
        "mac_latin2",
        "Mac Central European",
        gettext_noop("Central European (Mac)"),
        CENTRAL,
        ("mac_centeuro", "mac-ce"),
    ),
    KnownEncoding("mac_croatian", "Mac Croatian", gettext_noop("Croatian (Mac)"), CROATIAN),
    KnownEncoding("mac_romanian", "Mac Romanian", gettext_noop("Romanian (Mac)"), ROMANIAN),
    KnownEncoding("mac_turkish", "Mac Turkish", gettext_noop("Turkish (Mac)"), TURKISH),
    KnownEncoding("mac_iceland", "Mac Icelandic", gettext_noop("Icelandic (Mac)"), ICELANDIC),
    KnownEncoding("mac_cyrillic", "Mac Cyrillic", gettext_noop("Cyrillic (Mac)"), CYRILLIC, ("x-mac-cyrillic",)),
    KnownEncoding("mac_greek", "Mac Greek", gettext_noop("Greek (Mac)"), GREEK, ("x-mac-greek",)),
    KnownEncoding("cp850", "DOS 850", gettext_noop("Western European (DOS 850)"), WESTERN, ("cp858",)),
    KnownEncoding("cp437", "DOS 437", gettext_noop("Western European (DOS 437)"), WESTERN),
    KnownEncoding("cp852", "DOS 852", gettext_noop("Central European (DOS 852)"), CENTRAL),
    KnownEncoding("cp857", "DOS 857", gettext_noop("Turkish (DOS 857)"), TURKISH),
    KnownEncoding("cp775", "DOS 775", gettext_noop("Baltic (DOS 775)"), BALTIC),
    KnownEncoding("cp866", "DOS 866", gettext_noop("Cyrillic (DOS 866)"), CYRILLIC),
    KnownEncoding("cp737", "DOS 737", gettext_noop("Greek (DOS 737)"), GREEK),
    KnownEncoding("cp862", "DOS 862", gettext_noop("Hebrew (DOS 862)"), HEBREW),
)
LABELS = {known.codec: known.label for known in LEGACY}
LANGUAGES_OF = {known.codec: known.languages for known in LEGACY}

_BY_CODEC = {known.codec: known for known in (*UNICODE, *LEGACY)}


def label_of(codec: str) -> str:
    """The name of an encoding as its standard has it, such as "Windows-1250"."""
    known = _BY_CODEC.get(codec)
    return known.label if known else codec


def encoding_name(codec: str, language: Language = ENGLISH) -> str:
    """The title of an encoding for people. A codec that we don't list is its own title."""
    known = _BY_CODEC.get(codec)
    return language.gettext(known.title) if known else codec


def codec_of(text: str) -> str | None:
    """The codec of the encoding that a person means, such as "cp1250" for "windows-1250" or "1250"; None if unknown."""
    return _BY_NAME.get(_simplify(text))


def _simplify(name: str) -> str:
    """Letters and digits alone, without what different systems write before the number of an encoding."""
    simple = "".join(character for character in name.lower() if character.isalnum())
    for prefix in ("windows", "codepage", "ibm", "dos", "cp", "ms"):
        if simple.removeprefix(prefix).isdigit():
            return simple.removeprefix(prefix)
    return simple.replace("iso8859", "iso")


_BY_NAME = {
    _simplify(name): known.codec
    for known in reversed((*UNICODE, *LEGACY))
    for name in (known.codec, known.label, known.title, *known.aliases)
}
_BY_NAME["utf16"] = "utf-16"
