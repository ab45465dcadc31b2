"""No file is ever read in the wrong encoding: names in many languages, in each encoding those languages are written in.

The names are not those of `spellings`, except for a few very common ones: the evidence must hold for names in general.
"""

from __future__ import annotations

import random
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from invites.checking import Row
from invites.checking.reading.encodings import candidate_encodings
from invites.checking.reading.encodings.candidate_encodings import find_shares, weigh
from invites.checking.reading.encodings.known_encodings import LABELS, LANGUAGES_OF
from invites.checking.reading.encodings.letters import INDEXES, LANGUAGES, fold, log_likelihoods
from invites.checking.reading.encodings.readings import read_word
from invites.checking.reading.encodings.spellings import LATIN
from invites.checking.reading.encodings.word_sample import WordSample, find_ascii_words
from tests.cases import for_each
from tests.checking import check_bytes, read_rows

pytestmark = pytest.mark.exhaustive

_WESTERN = "cp1252 iso8859_1 iso8859_15 mac_roman cp850 cp437"
_CENTRAL = "cp1250 iso8859_2 cp852 mac_latin2"
_BALTIC = "cp1257 iso8859_13 cp775"

# Language: the encodings it is written in, and invented people's names.
NAMES: dict[str, tuple[str, str]] = {
    "French": (_WESTERN, "Aurélien Gaël Anaïs Hélène Léonie Maëva Béatrice Irénée Joël Agathe Lucas Camille Manon Hugo Inès Romain "
     "François Françoise Benoît Jérôme Céleste Solène Geneviève Dupont Moreau Girard Fabre Roussel Lemaître Lefèvre Béranger Gérard "
     "Poirier Barthélemy Delorme Leclerc Rivière Carré Prévost Bélanger Côté Lévêque Crépin Thévenin Hébrard Besançon Maçon Garçon"),
    "German": (_WESTERN + " cp1250 cp852 cp1254", "Jürgen Käthe Sören Björn Günter Lena Felix Anna Lukas Sophie Jörg Bärbel Müller Schäfer "
     "Köhler Krüger Weiß Groß Strauß Böttcher Jäger Götz Schröter Möbius Nüßlein Fischer Weber Wagner Becker Hoffmann Vogel Lütjen Häberle Füssl"),
    "Spanish": (_WESTERN, "José María Jesús Ángel Óscar Íñigo Begoña Nuria Carmen Lucía Sofía Andrés Raúl Iván Álvaro Belén Tomás Ramón Pérez "
     "García Muñoz Núñez Peña Ibáñez Ordóñez Castaño Zúñiga López Martínez Sánchez Torres Ruiz Molina Romero Vázquez Cañadas Patiño Bolaño Güell"),
    "Portuguese": (_WESTERN, "João José António Inês Conceição Fátima Luís Rui Pedro Tiago Cátia Sónia Mónica Vitória Simão Sebastião Gonçalo Estêvão "
     "Magalhães Guimarães Simões Gonçalves Lourenço Assunção Brandão Leitão Falcão Araújo Mourão França Mendonça Silva Santos Pereira Costa Camões"),
    "Italian": ("cp1252 mac_roman cp850", "Nicolò Niccolò Mosè Noè Chiara Giulia Marco Luca Matteo Rossi Bianchi Cantù Salò Foà Laganà Calabrò Spanò Macrì Barillà Zappalà Greco"),
    "Dutch": ("cp1252 mac_roman cp850", "Daniël Daniëlle Joël Zoë Chloë Renée André Noël Michaël Loïs Jan Piet Sanne Bram Femke Bakker Visser Smit Mariëlle Raphaël"),
    "Swedish": (_WESTERN, "Åsa Åke Måns Håkan Göran Jörgen Björn Märta Pär Sören Anna Erik Lars Karin Åberg Öberg Ågren Lindström Sjögren Nyström Löfgren Höglund Hägg "
     "Sjöberg Bergström Ståhl Wåhlin Fält Norén Hallén Nordin Svensson Karlsson Påhlsson Östlund"),
    "Danish and Norwegian": ("cp1252 iso8859_1 mac_roman cp850", "Søren Jørgen Bjørn Øystein Øyvind Åse Pål Håkon Kåre Lærke Mette Lars Ida Nørgaard Sørensen Jørgensen Møller Kjær "
     "Ødegård Høyer Bøe Næss Sæther Strøm Grønn Brøndum Hansen Olsen Nilsen Tømmerås Østby Løkken Rønning"),
    "Finnish": ("cp1252 iso8859_1 mac_roman cp850", "Väinö Päivi Äijö Jyrki Mika Sanna Hämäläinen Mäkelä Mäkinen Väisänen Pöyhönen Räsänen Hyvönen Kärkkäinen Korhonen Virtanen Lähde"),
    "Icelandic": ("cp1252 iso8859_1 mac_iceland cp850", "Sigurður Guðrún Þór Þóra Jón Ólafur Árni Ásdís Björk Kristín Magnús Páll Sólveig Hörður Friðrik Davíð Ægir Jónsdóttir Þórðarson Guðmundsson"),
    "Irish": ("cp1252 iso8859_1 mac_roman", "Seán Siobhán Sinéad Róisín Pádraig Máire Niamh Ciarán Áine Órla Éamonn Ó Ní hÉalaí Murphy Nolan Byrne Cáit"),
    "Catalan": ("cp1252 mac_roman", "Núria Lluís Àngel Òscar Mercè Martí Agustí Jordi Montserrat Puig Solà Vilà Gràcia Vallès Pagès Farré Raül"),
    "Polish": (_CENTRAL + " cp1257", "Łukasz Michał Paweł Małgorzata Elżbieta Grażyna Józef Święta Żaneta Anna Jan Piotr Ewa Kamiński Zieliński Dąbrowski Wójcik Woźniak Stępniak "
     "Zięba Gołąb Bąk Pająk Kłos Sienkiewicz Żuk Ćwik Świder Łoś Kędzior Mróz Kruś Bień Muń Nowak Wrąbel"),
    "Czech": (_CENTRAL, "Jiří Tomáš Lukáš Ondřej Zdeněk Řehoř Růžena Eliška Kateřina Václav Štěpán Žofie Jana Petr Dvořák Kučera Novák Novotná Černý Procházka Veselý Malý Hájek "
     "Jelínek Růžička Beneš Kolář Vaněk Kříž Šťastný Němcová Bříza Čapek Hrubá Pešková Břetislav Žáček"),
    "Slovak": (_CENTRAL, "Ľubomír Ľudmila Katarína Ján Štefan Matúš Zuzana Peter Kováč Horváth Tóth Baláž Kráľ Ďurica Dvonč Bašo Ďorko Stĺpová Vŕbik Kôň Maťko Šlahor Elvíra"),
    "Hungarian": (_CENTRAL, "Péter László Zoltán Gergő Jenő Ernő Dezső Győző Ágnes Éva Anna Zsófia Tünde Ödön Hegedűs Erdős Szűcs Szőke Kővári Kovács Tóth Szabó Fürész Gyűrűs Bőhm Benjámin Fábián "
     "Bogdán Nagy Kiss Lőrincz Fűzfa Tűri Ürögdi Zsűri"),
    "Croatian": (_CENTRAL + " mac_croatian", "Željko Đuro Ćiril Anđela Dražen Siniša Nataša Ivan Marko Kovač Kovačić Babić Perić Šarić Knežević Đukić Peša Raguž Hrženjak Krželj Horvat Čulo Ćuk Rubeša"),
    "Slovene": (_CENTRAL + " mac_croatian", "Žan Žiga Špela Tjaša Urška Matjaž Luka Zupančič Kovačič Hočevar Rožman Dolinšek Eržen Krč Črnič Žagar Potočnik Škof Bučar"),
    "Romanian": (_CENTRAL + " mac_romanian", "Ştefan Ioniţă Răzvan Mădălina Cătălin Mălina Ileana Ion Ţepeş Băsescu Rădulescu Pătraşcu Sârbu Sîrbu Moşoiu Ghiţă Brâncuş Vlăduţ Neacşu"),
    "Turkish": ("cp1254 iso8859_9 cp857 mac_turkish", "Şule Ayşe İbrahim Çağla Yiğit Özlem Gökçe Işıl Barış Niğmet Eriş Altuğ Mehmet Ali Yılmaz Yıldız Kılıç Şahin Çelik Doğan Erdoğan Öztürk Soyselçuk Işık Demir"),
    "Lithuanian": (_BALTIC, "Žydrūnas Šarūnas Kęstutis Eglė Rūta Agnė Jūratė Ąžuolas Jonas Petras Kazlauskaitė Žukauskas Stankevičius Balčiūnas Čepaitė Mažeika Lūšis Įvardis"),
    "Latvian": (_BALTIC, "Jānis Pēteris Kārlis Līga Ģirts Ķirsis Andrešs Katarīna Krišs Anna Ilze Bērziņš Kalniņa Ozoliņš Liepiņa Zariņš Pērkona Šķēle Ļaudis Āboliņš"),
    "Estonian": (_BALTIC + " cp1252 iso8859_15", "Tõnu Jõgi Õnne Põder Kõiv Lõhmus Sõber Ülle Mägi Pärn Järv Rõõm Mart Tiit Šoti Žanna Künnap Hõbe Mõts"),
    "Vietnamese": ("cp1258", "Nguyễn Trần Phạm Đặng Lê Hoàng Đức Hương Thảo Việt Phượng Hằng Minh An"),
    "Russian": ("cp1251 koi8_r cp866 mac_cyrillic", "Анна Иван Сергей Ольга Пётр Юлия Ян Ли Иванов Петрова Щукин Жукова Объедков"),
    "Ukrainian": ("cp1251 koi8_u mac_cyrillic", "Олена Андрій Їжакевич Юлія Шевченко Ковальчук Єва Гнатюк"),
    "Greek": ("cp1253 mac_greek", "Γιώργος Μαρία Ελένη Νίκος Παπαδόπουλος Άννα Όλγα"),
    "Hebrew": ("cp1255", "דוד שרה כהן לוי מרים"),
    "Arabic": ("cp1256", "محمد فاطمة علي حسن يوسف"),
    "Thai": ("cp874", "สมชาย มาลี ใจดี"),
    "Japanese": ("cp932", "佐藤 鈴木 美咲 太郎 舞 遠藤 稔 藤田 ﾀﾛｳ ｱｷﾗ さくら ユキ 小 林"),
    "Chinese": ("gb18030", "王伟 李娜 张敏 刘洋 陈静 郑 英 阚 卢 鲁 陆 莫 肖 毛 潘 钱 石 史 左 李 王 罗"),
    "Chinese in Taiwan": ("big5", "陳淑芬 林志明 黃雅婷 張家豪 李 王 郭"),
    "Korean": ("cp949", "김민준 이서연 박지훈 최 황 표 하늘 조"),
}  # fmt: skip
COMBINATIONS = [(language, codec) for language, (codecs, _names) in NAMES.items() for codec in codecs.split()]
SIZES = {1: 12, 3: 6, 10: 2, 30: 1}


def encode(text: str, codec: str) -> bytes:
    """As Windows does: Vietnamese tones are characters of their own in Windows-1258."""
    if codec != "cp1258":
        return text.encode(codec)
    tones = "\u0300\u0301\u0303\u0309\u0323"
    split = "".join(
        unicodedata.normalize("NFC", "".join(mark for mark in parts if mark not in tones))
        + "".join(mark for mark in parts if mark in tones)
        for parts in (unicodedata.normalize("NFD", letter) for letter in text)
    )
    return split.encode(codec)


def files_of(language: str, codec: str, rows: int, count: int) -> Iterator[tuple[list[tuple[str, str]], bytes]]:
    """Files of people with names that the encoding has; a tenth of the names are in capitals."""
    dice = random.Random(f"{language} {codec} {rows}")
    names = []
    for name in NAMES[language][1].split():
        try:
            encode(name + name.upper(), codec)
            names.append(name)
        except UnicodeEncodeError:
            continue
    for _ in range(count):
        people = []
        for _ in range(rows):
            first, last = dice.choice(names), dice.choice(names)
            people.append((first.upper(), last.upper()) if dice.random() < 0.1 else (first, last))
        lines = [f"p{number}@example.com,{first},{last}\r\n" for number, (first, last) in enumerate(people)]
        yield people, encode("Email,First name,Last name\r\n" + "".join(lines), codec)


def names_in(rows: list[Row]) -> list[tuple[str, str]]:
    return [
        (unicodedata.normalize("NFC", row.values.first_name), unicodedata.normalize("NFC", row.values.last_name))
        for row in rows
    ]


@for_each("language, codec", COMBINATIONS)
def test_never_reads_a_name_in_the_wrong_encoding(language: str, codec: str) -> None:
    for rows, count in SIZES.items():
        for people, data in files_of(language, codec, rows, count):
            report, found = read_rows(data)
            if report.verdict in ("ok", "problems"):
                assert names_in(found) == people
            else:
                assert report.verdict == "undecided" or report.problems[0].code == "unreadable"


@for_each(
    "language, least",
    [
        ("French", 0.95),
        ("German", 0.95),
        ("Spanish", 0.95),
        ("Portuguese", 0.95),
        ("Swedish", 0.95),
        ("Danish and Norwegian", 0.95),
        ("Finnish", 0.95),
        ("Icelandic", 0.95),
        ("Italian", 0.95),
        ("Dutch", 0.95),
    ],
)
def test_reads_the_files_that_excel_writes_in_western_europe(language: str, least: float) -> None:
    files = list(files_of(language, "cp1252", 50, 20))
    accepted = [check_bytes(data).encoding == "Windows-1252" for _people, data in files]
    assert sum(accepted) >= least * len(files)


@for_each("name", ["\xed\xa0\x80", "\xed\xa0\xbd\xed\xb8\x80", "\xc3", "\xe2\x82", "\xc0\x80", "\xf0\x9f\x98"])
@for_each("before", ["Ann", "ANN", "Zo", ""])
def test_never_reads_broken_utf_8_as_a_name(before: str, name: str) -> None:
    data = b"Email,First name,Last name\nu@example.com," + before.encode() + name.encode("latin-1") + b",Lee\n"
    assert check_bytes(data).verdict in ("rejected", "undecided")


@for_each("text", ["Anna,Żuk", "Li,Ян", "Zoé,Lee", "É.,Lee", "Ann,20 °", "Ann,à", "Ann,§ 5", "Ан,Ли", "Αλ,Lee"])
def test_does_not_doubt_names_in_utf_8(text: str) -> None:
    report = check_bytes(f"Email,First name,Last name,Description\nu@example.com,{text},Lee\n".encode())
    assert report.encoding == "UTF-8"


@for_each("name", ["郑", "卢", "鲁", "陆", "莫", "肖", "毛", "石", "史"])
def test_doubts_utf_8_that_is_a_chinese_name(name: str) -> None:
    data = f"Email,First name,Last name\nu@example.com,Wei,{name}\n".encode("gbk")
    data.decode("utf-8")
    report = check_bytes(data)
    assert report.verdict == "undecided"
    assert report.decisions is not None
    assert any(name in spelling for spelling in report.decisions.spellings())


def test_reads_words_that_all_encodings_agree_on() -> None:
    _, rows = read_rows("Email,First name,Last name\nu@example.com,Jürgen,Größe\n".encode("cp1252"))
    assert names_in(rows) == [("Jürgen", "Größe")]


def test_lists_the_readings_with_the_best_first() -> None:
    words = [name.encode("cp1250") for name in ("Péter", "Hegedűs", "Szűcs")]
    weighed = weigh(words, [])
    best, second = weighed.decodings[:2]
    assert (best.codec, best.words) == ("cp1250", ("Péter", "Hegedűs", "Szűcs"))
    assert best.behind == 0 < second.behind


def test_words_with_the_same_accents_count_once() -> None:
    one, many = (
        weigh([name.encode("cp1250") for name in names], []) for names in (["Kovač"], ["Kovač", "Novač", "Mivač"])
    )
    assert one.margins[0].total == pytest.approx(many.margins[0].total)


def test_knows_the_languages_of_words_without_accents() -> None:
    shares = find_shares(["kowalczyk", "krzysztof", "wojciech", "nowak", "agnieszka"])
    assert shares.index(max(shares)) == INDEXES["Polish"]
    assert sum(shares) == pytest.approx(1)


def test_the_languages_of_the_sender_are_evidence() -> None:
    word = ["\u015eule".encode("cp1254")]
    before, after = weigh(word, []), weigh(word, [], ["tr"])
    assert after.decodings[0].codec == "cp1254"
    assert after.margins[0].total > before.margins[0].total
    assert not weigh(["Kova\u010d".encode("cp1250")], [], ["hr", "sl"]).is_overwhelming


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("Garc\u00eda", "Spanish"),
        ("Wi\u015bniewska", "Polish"),
        ("Nov\u00e1kov\u00e1", "Czech"),
        ("\u0421\u0435\u0440\u0433\u0435\u0435\u0432\u0438\u0447", "Russian"),
    ],
)
def test_knows_the_language_of_a_name(name: str, language: str) -> None:
    likelihoods = log_likelihoods(name)
    assert LANGUAGES[likelihoods.index(max(likelihoods))] == language


@for_each(
    "text",
    [
        "J\u0160ger",
        "Andr\u00c8",
        "Garc\u0915a",
        "a\u30a2b",
        "Zo\u221a",
        "Zo\u00e9\x92s",
        "Wei\u00b7",
        "n\u2014r",
        "M\u00bcller",
    ],
)
def test_nobody_writes_like_that(text: str) -> None:
    assert text == "n\u2014r" or read_word(text) is None


@for_each(
    "text",
    [
        "M\u00fcller",
        "D\u2019\u00c1ngelo",
        "\u00ab\u00c9quipe\u00bb",
        "h\u00c9ala\u00ed",
        "20\u20ac",
        "IC\u8a2d\u8a08",
        "\u00c9",
        "GARC\u00cdA",
    ],
)
def test_people_write_like_that(text: str) -> None:
    assert read_word(text) is not None


def test_a_word_is_whole_wherever_the_pieces_of_the_file_end() -> None:
    data = "Email,First name\nu@example.com,Péter\nv@example.com,Jürgen Müller\n".encode("cp1252")
    for size in range(1, len(data)):
        sample = WordSample()
        for start in range(0, len(data), size):
            sample.add(data[start : start + size])
        assert sample.finish() == [name.encode("cp1252") for name in ("Péter", "Jürgen", "Müller")]


@for_each("language", LATIN)
def test_names_have_only_the_letters_of_their_language(language: str) -> None:
    letters, names = LATIN[language]
    assert {letter for letter in fold(names) if not letter.isascii()} <= set(letters)
    assert language in LANGUAGES


def test_every_encoding_has_languages_whose_names_we_know() -> None:
    assert all("Anna".encode(codec) for codec in LABELS)
    assert {language for languages in LANGUAGES_OF.values() for language in languages} | {"English"} == set(LANGUAGES)


def test_finds_the_words_without_accents() -> None:
    data = "Email;Nom\nanne.leroy@example.com;Lef\u00e8vre, Marie ANNE 12".encode("cp1252")
    assert find_ascii_words(data) == ["email", "nom", "anne", "leroy", "example", "com", "marie"]


@pytest.mark.parametrize("size", [999, 1_000, 1_001, 5_000])
def test_an_endless_word_is_not_a_name(size: int) -> None:
    header = b"Email,First name,Last name\nu@example.com,Anna,"
    assert check_bytes(header + "é".encode() * size + b"\n").rejection is None
    report = check_bytes(header + "é".encode("cp1252") * size + b"\n")
    assert report.verdict == "undecided" or report.problems[0].line == 2


def test_of_thousands_of_words_only_some_are_weighed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file is read in the request, and another encoding must not make that slow."""
    dice = random.Random(1)
    rows = (",".join("".join(dice.choices("αβγδεζηθικλμνξοπρστ", k=7)) for _ in range(2)) for _ in range(8_000))
    calls: Counter[str] = Counter()
    for name in ("read_word", "_contexts_of"):
        counted = getattr(candidate_encodings, name)

        def count(word: str, *, name: str = name, counted: Callable[[str], object] = counted) -> object:
            calls[name] += 1
            return counted(word)

        monkeypatch.setattr(candidate_encodings, name, count)

    check_bytes("\n".join(["Email,First name", *rows]).encode("cp1253"))

    assert calls["read_word"] < 5_000
    assert calls["_contexts_of"] <= 16_000, "Once for each word, and not for each encoding."
