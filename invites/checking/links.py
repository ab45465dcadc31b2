"""Find text that a mail program would turn into a link, whichever way its dots are written.

Names of people, organizations, roles and sites come into our emails. If one of them became a link, anyone could
send links in our name. Forms, files and commands all ask `find_link`; emails `defuse` what they quote.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

# Letters and symbols that are drawn as nothing, although their category says otherwise: Hangul and Khmer fillers, the
# Braille blank, the grapheme joiner and the variation selectors.
DRAWN_AS_NOTHING = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5") | {
    chr(code) for code in (*range(0xFE00, 0xFE10), *range(0x180B, 0x1810), *range(0xE0100, 0xE01F0))
}
_INVISIBLE = frozenset({"Cf", "Cc", "Cs", "Co", "Cn"})

# Country codes and the other endings that the common mail programs are known to link without "www." before them.
_ENDINGS = frozenset(
    """
    com net org edu gov mil int info biz name pro aero coop museum mobi asia tel jobs cat post app dev
    page xyz online site store shop tech club live life world today news blog cloud space website link
    click email agency company center digital group media network services solutions support systems
    team work zone top vip win bid icu fun one art bio design global international church school academy
    ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw
    by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et
    eu fi fj fk fm fo fr ga gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie
    il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv
    ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr
    nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl
    sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz
    va vc ve vg vi vn vu wf ws ye yt za zm zw рф рус бел укр мкд срб қаз 中国 中國 香港 台湾 台灣 公司 网络 한국 భారత్
    भारत ไทย ελ ευ бг example zip mov casino bet loan men stream download racing party review date trade
    science webcam gdn xin wang ren kim red blue pink black host press rocks ninja guru expert tips
    money cash credit finance bank insurance law lawyer doctor health care fitness pizza bar cafe
    restaurant travel tours taxi auto cars car bike game games play poker porn sex xxx adult love cam
    chat social community foundation charity ngo eco earth green energy solar farm garden house homes
    property estate land city town place london paris berlin nyc tokyo wien amsterdam brussels hamburg
    koeln bayern africa eus gal scot wales bzh swiss quebec lat now run google apple codes computer
    software hosting domains domain web wiki forum events event photography photos photo pics gallery
    studio video audio music film movie show directory exchange market marketing management consulting
    engineering construction industries enterprises holdings partners ventures capital fund gold
    institute university college education training courses study degree sale deals discount gift gifts
    promo coupons shopping boutique fashion clothing jewelry beauty makeup hair skin yoga golf football
    tennis soccer fishing surf ski ltd gmbh inc llc sarl srl ink tattoo kitchen recipes menu vin wine
    beer coffee organic bargains cheap free limited
    accountants actor airforce apartments archi army associates attorney auction audi autos baby
    band baseball basketball best bingo blackfriday boats bond boo book bot build builders business
    buy buzz cab call camera camp capetown cards careers case catering ceo cfd channel christmas
    claims cleaning clinic coach compare condos contact contractors cooking cool country coupon
    creditcard cricket cruises cymru cyou dad dance dating day dealer delivery democrat dental
    dentist desi diamonds diet direct docs dog exposed express fail faith family fan fans fast fit
    flights florist flowers foo forex forsale frl furniture fyi gay gives giving glass goo gop
    graphics gratis gripe guide guitars hiphop hiv holiday horse hospital hot hotel how immo
    immobilien ing insure irish islam istanbul jetzt juegos kaufen kids kiwi kyoto lease legal lgbt
    lifestyle lighting limo lol lotto luxe luxury maison man mba meme melbourne miami mls mobile
    moda moe mom monster mortgage motorcycles moscow nagoya navy new nexus nico observer okinawa onl
    ooo osaka parts pet pharmacy phone physio pid plumbing plus prof properties protection pub quest
    read realestate realty rehab reise reisen rent rentals repair report republican rest reviews rip
    rio rodeo rugby ryukyu saarland safe salon save sbs schule search secure select sexy singles soy
    spot sucks supplies supply surgery swatch sydney tax theater theatre tickets tienda tirol tires
    tools toys trading trust tube tushu uno vacations vegas vet viajes villas vision vlaanderen
    vodka vote voting voto voyage watch watches weather wed wedding whoswho works wtf yachts
    yokohama you yun zuerich москва онлайн сайт орг дети ком католик 网址 在线 中文网 网店 公益 我爱你
    商城 商店 手机 集团 みんな コム 닷컴 닷넷 الجزائر السعودية مصر امارات الاردن المغرب تونس قطر عمان
    موقع شبكة بازار ایران
    پاکستان كوم ישראל संगठन कॉम คอม
""".split()
)
# What may be part of a domain, with the marks of Indic letters and the dots of Chinese and Japanese.
_DOTTED = re.compile(r"[\w\-.。\u0300-\u036f\u0900-\u0dff]+")
_DOT = re.compile("([.。])")
_CAN_LINK = re.compile(r"[.@:。]")
_LINK_START = re.compile(r"\b(?:www\.|mailto:)\S")
# What every link has, in all the forms that are taken for these four.
_SIGNS = ".@/:。\u2024\ufe12\ufe13\ufe52\ufe55\ufe6b\uff0e\uff0f\uff1a\uff20\uff61"
_IN_A_LINK = re.compile(rf"(?<=\S)([{_SIGNS}])(?=\S)")


def find_link(text: str) -> str | None:
    """The first word that a mail program would turn into a link; None if there is none. Takes linear time.

    Full-width, small and halfwidth forms count as the characters that they are forms of. Invisible characters count
    as nothing and as a break, because mail programs do either.
    """
    return next((word for word in text.split() if _is_link_in_any_form(word)), None)


def defuse(text: str) -> str:
    """The text with nothing in it that a mail program would turn into a link; it looks the same."""
    return _IN_A_LINK.sub("\\1\u2060", text)


def _is_link_in_any_form(word: str) -> bool:
    if word.isascii() and word.isprintable():
        return _is_link(word.lower())
    without = "".join(map(_plain_form, word)).lower()
    if _is_link(without.replace("\0", "")):
        return True
    return "\0" in without and any(map(_is_link, without.split("\0")))


@lru_cache(maxsize=4096)
def _plain_form(character: str) -> str:
    """The character that this one is a form of; NUL for one that nobody sees.

    One at a time, because normalizing a whole text takes quadratic time if it has many marks in a row.
    """
    if character in DRAWN_AS_NOTHING or unicodedata.category(character) in _INVISIBLE:
        return "\0"
    return unicodedata.normalize("NFKC", character)


def _is_link(word: str) -> bool:
    if not _CAN_LINK.search(word):
        return False
    if "://" in word or _LINK_START.search(word):
        return True
    around_ats = word.split("@")
    if any(before and "." in after[1:-1] for before, after in pairwise(around_ats)):
        return True
    return any(
        _is_domain(run[0], before_path=word.startswith("/", run.end()) and len(word) > run.end() + 1)
        for run in _DOTTED.finditer(word)
    )


def _is_domain(text: str, *, before_path: bool) -> bool:
    """Whether two labels follow each other and the second ends in a known ending, or any ending before a path."""
    parts = _DOT.split(text)  # label, dot, label, dot, label
    for position in range(2, len(parts), 2):
        before, label = parts[position - 2], parts[position]
        dot, after = parts[position + 1 : position + 3] or ("", "")
        if not before or (dot == "." and after):
            continue
        if label in _ENDINGS or label.startswith("xn--"):
            return True
        if before_path and not dot and len(label) > 1 and label.isalpha():
            return True
    return False
