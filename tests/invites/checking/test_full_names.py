"""How a full name is split: visibly, without losing or changing a letter, and asked about where it isn't sure."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invites.checking.full_names import is_decided_by_commas, names_in_address, split_full_name, suggest_order
from invites.checking.reading.options import NameOrder
from tests.cases import for_each

FIRST_LAST: NameOrder = "first-last"
LAST_FIRST: NameOrder = "last-first"


@for_each(
    "name, first, last",
    [
        ("Ada Byron", "Ada", "Byron"),
        ("  Ada   Byron ", "Ada", "Byron"),
        ("Ada\u00a0Byron", "Ada", "Byron"),
        ("Anna-Maria Berg-Meyer", "Anna-Maria", "Berg-Meyer"),
        ("Ludwig van Dyk", "Ludwig", "van Dyk"),
        ("Ludwig Van Dyk", "Ludwig", "Van Dyk"),
        ("Pieter van der Meer", "Pieter", "van der Meer"),
        ("Sanne in 't Veld", "Sanne", "in 't Veld"),
        ("Karl von Ahlen", "Karl", "von Ahlen"),
        ("Eva von der Heide", "Eva", "von der Heide"),
        ("Otto zu Wied", "Otto", "zu Wied"),
        ("Paul de Vigny", "Paul", "de Vigny"),
        ("Jeanne de La Tour", "Jeanne", "de La Tour"),
        ("Luc d'Arvor", "Luc", "d'Arvor"),
        ("Marie Le Gall", "Marie", "Le Gall"),
        ("Rosa de la Vega", "Rosa", "de la Vega"),
        ("Marco della Torre", "Marco", "della Torre"),
        ("Gina Di Stefano", "Gina", "Di Stefano"),
        ("Rui da Costa", "Rui", "da Costa"),
        ("Rita dos Santos", "Rita", "dos Santos"),
        ("Nils af Ekeby", "Nils", "af Ekeby"),
        ("Sven av Horn", "Sven", "av Horn"),
        ("Fiona Mac Neil", "Fiona", "Mac Neil"),
        ("Nora O' Hara", "Nora", "O' Hara"),
        ("Máire Ní Bhriain", "Máire", "Ní Bhriain"),
        ("Emma St. Clair", "Emma", "St. Clair"),
        ("Yusuf bin Tariq", "Yusuf", "bin Tariq"),
        ("Omar al Sabah", "Omar", "al Sabah"),
        ("Omar al-Sabah", "Omar", "al-Sabah"),
        ("Dana Ben Ami", "Dana", "Ben Ami"),
        ("José Ortega y Vega", "José", "Ortega y Vega"),
        ("Ana Costa e Silva", "Ana", "Costa e Silva"),
        ("Dr. Jane Smith", "Dr. Jane", "Smith"),
        ("Prof. Dr. Karl von Ahlen", "Prof. Dr. Karl", "von Ahlen"),
        ("Don Smith", "Don", "Smith"),
        ("Dr Jane Smith", "Dr Jane", "Smith"),
        ("Jane Smith M.A.", "Jane", "Smith M.A."),
        ("John Smith Jr.", "John", "Smith Jr."),
        ("John Smith III", "John", "Smith III"),
        ("Jane Smith PhD", "Jane", "Smith PhD"),
        ("Jane Smith, PhD", "Jane", "Smith, PhD"),
        ("John Smith, Jr.", "John", "Smith, Jr."),
        ("João Silva Neto", "João", "Silva Neto"),
        ("Lin Ma", "Lin", "Ma"),
        ("John F. Smith", "John F.", "Smith"),
        ("J. R. R. Smith", "J. R. R.", "Smith"),
        ("Jean Pierre DUPONT", "Jean Pierre", "DUPONT"),
        ("Anna BERG MEYER", "Anna", "BERG MEYER"),
        ("ANNA BERG", "ANNA", "BERG"),
        ("J. Pierre DUPONT", "J. Pierre", "DUPONT"),
        ("JP Smith", "JP", "Smith"),
        ("Van Hart", "Van", "Hart"),
        ("Ben Smith", "Ben", "Smith"),
        ("ben smith", "ben", "smith"),
        ("anna Berg", "anna", "Berg"),
        ("Luc d'Arvor Berg", "Luc", "d'Arvor Berg"),
        ("Paul de Vigny Berg", "Paul", "de Vigny Berg"),
        ("Rosa de Vega", "Rosa", "de Vega"),
        ("Lin van Ho", "Lin", "van Ho"),
        (", \tAda Byron ,", "Ada", "Byron"),
        ("Иван Иванович Петров", "Иван Иванович", "Петров"),
        ("Олена Петрівна Коваль", "Олена Петрівна", "Коваль"),
        ("Νίκος Παπαδόπουλος", "Νίκος", "Παπαδόπουλος"),
        ("عمر الصباح", "عمر", "الصباح"),
        ("דנה לוי", "דנה", "לוי"),
    ],
)
def test_first_name_first(name: str, first: str, last: str) -> None:
    assert split_full_name(name, FIRST_LAST) == (first, last, True)


@for_each(
    "name, first, last",
    [
        ("Kovács Péter", "Péter", "Kovács"),
        ("Dr. Kovács Péter", "Péter", "Dr. Kovács"),
        ("Dr Kovács Péter", "Péter", "Dr Kovács"),
        ("Le Anna", "Anna", "Le"),
        ("ifj. Nagy János", "János", "ifj. Nagy"),
        ("Kovács Péter PhD", "Péter PhD", "Kovács"),
        ("van der Meer Pieter", "Pieter", "van der Meer"),
        ("De La Cruz Juan", "Juan", "De La Cruz"),
        ("Smith Jr. John", "John", "Smith Jr."),
        ("Smith John F.", "John F.", "Smith"),
        ("DUPONT Jean Pierre", "Jean Pierre", "DUPONT"),
        ("KIM Min Jun", "Min Jun", "KIM"),
        ("Smith JP", "JP", "Smith"),
        ("JP Smith", "Smith", "JP"),
        ("Ortega y Vega José", "José", "Ortega y Vega"),
        ("Петров Иван Иванович", "Иван Иванович", "Петров"),
        ("Петров И. И.", "И. И.", "Петров"),
        ("Коваль Олена Петрівна", "Олена Петрівна", "Коваль"),
        ("Nguyễn Văn Anh", "Văn Anh", "Nguyễn"),
        ("田中 花子", "花子", "田中"),
        ("田中\u3000花子", "花子", "田中"),
        ("王 小明", "小明", "王"),
        ("김 민준", "민준", "김"),
    ],
)
def test_last_name_first(name: str, first: str, last: str) -> None:
    assert split_full_name(name, LAST_FIRST) == (first, last, True)


@for_each("order", [FIRST_LAST, LAST_FIRST])
@for_each(
    "name, first, last",
    [
        ("Hegedűs, Péter", "Péter", "Hegedűs"),
        ("Hegedűs,Péter", "Péter", "Hegedűs"),
        ("Garcia Lopez, Ana Maria", "Ana Maria", "Garcia Lopez"),
        ("van Dyk, Ludwig", "Ludwig", "van Dyk"),
        ("Berg, Anna van den", "Anna", "van den Berg"),
        ("Silva, João da", "João", "da Silva"),
        ("smith, anna ben", "anna ben", "smith"),
        ("Smith, Ben", "Ben", "Smith"),
        ("Smith,, Ben", "Ben", "Smith"),
        ("Berg, Anna maria", "Anna maria", "Berg"),
        ("Berg, Anna Van", "Anna Van", "Berg"),
        ("Smith, John, Jr.", "John, Jr.", "Smith"),
        ("Smith, Jr., John", "John", "Smith, Jr."),
        ("王，小明", "小明", "王"),
        ("الصباح، عمر", "عمر", "الصباح"),
    ],
)
def test_a_comma_decides_alone(order: NameOrder, name: str, first: str, last: str) -> None:
    assert split_full_name(name, order) == (first, last, True)


@for_each(
    "name, order, first, last",
    [
        # Three words can be cut in two places.
        ("Anna Maria Berg", FIRST_LAST, "Anna Maria", "Berg"),
        ("Ana Pérez López García", FIRST_LAST, "Ana Pérez", "López García"),
        ("Kovács Anna Mária", LAST_FIRST, "Anna Mária", "Kovács"),
        ("Kim Min Jun", LAST_FIRST, "Min Jun", "Kim"),
        ("LIN MEI MA", FIRST_LAST, "LIN MEI", "MA"),
        ("Abd al Rahman", FIRST_LAST, "Abd", "al Rahman"),
        ("BERG Anna MEYER", FIRST_LAST, "BERG Anna", "MEYER"),
        ("Kovács Anna Mária Éva", LAST_FIRST, "Anna Mária Éva", "Kovács"),
        ("Петров Иван Иванович Старший", LAST_FIRST, "Иван Иванович Старший", "Петров"),
        # What stands before the particle can be a last name, too.
        ("Juan Carlos de la Vega", FIRST_LAST, "Juan Carlos", "de la Vega"),
        ("Piet Jansen van Ree", FIRST_LAST, "Piet Jansen", "van Ree"),
        ("van der Meer Anna Maria", LAST_FIRST, "Anna Maria", "van der Meer"),
        ("Min Ha Kim", FIRST_LAST, "Min Ha", "Kim"),
        ("So In Park", FIRST_LAST, "So In", "Park"),
        ("Paul de Vigny Berg Meyer", FIRST_LAST, "Paul", "de Vigny Berg Meyer"),
        ("Anna Maria Berg Le", FIRST_LAST, "Anna Maria", "Berg Le"),
        ("Anna Maria Eva Berg Meyer", FIRST_LAST, "Anna Maria Eva", "Berg Meyer"),
        ("Anna Maria BE", FIRST_LAST, "Anna Maria", "BE"),
        ("Анна Петровна Иванова Мария", FIRST_LAST, "Анна Петровна", "Иванова Мария"),
        # The particle can belong to the first name.
        ("María del Carmen Pérez", FIRST_LAST, "María del Carmen", "Pérez"),
        ("María de los Ángeles Vega Gil", FIRST_LAST, "María de los Ángeles", "Vega Gil"),
        ("Abd al Rahman Khan", FIRST_LAST, "Abd al Rahman", "Khan"),
        # The name itself speaks against the order.
        ("DUPONT Jean", FIRST_LAST, "Jean", "DUPONT"),
        ("Jean DUPONT", LAST_FIRST, "Jean", "DUPONT"),
        ("Петров Иван Иванович", FIRST_LAST, "Иван Иванович", "Петров"),
        ("Иван Иванович Петров", LAST_FIRST, "Иван Иванович", "Петров"),
        ("Nguyễn Văn Anh", FIRST_LAST, "Văn Anh", "Nguyễn"),
        # A part is missing, or something else is there.
        ("van Dyk", FIRST_LAST, "", "van Dyk"),
        ("van der Meer", FIRST_LAST, "", "van der Meer"),
        ("van der Meer", LAST_FIRST, "", "van der Meer"),
        ("van der Meer Pieter", FIRST_LAST, "Pieter", "van der Meer"),
        ("Ortega y Vega", LAST_FIRST, "y Vega", "Ortega"),
        ("Ortega y Vega Ana María", LAST_FIRST, "Ana María", "Ortega y Vega"),
        ("Ana María Ortega y Vega", FIRST_LAST, "Ana María", "Ortega y Vega"),
        ("Madonna", FIRST_LAST, "Madonna", ""),
        ("Madonna", LAST_FIRST, "Madonna", ""),
        ("Dr. Smith", FIRST_LAST, "Dr. Smith", ""),
        ("Anna Berg (HR)", FIRST_LAST, "Anna", "Berg (HR)"),
        ("Anna (HR)", FIRST_LAST, "Anna (HR)", ""),
        ("(Anna Berg)", FIRST_LAST, "(Anna", "Berg)"),
        ("Anna Berg HR)", FIRST_LAST, "Anna Berg", "HR)"),
        ("John Jr.", FIRST_LAST, "John", "Jr."),
        ("Smith Jr.", LAST_FIRST, "Jr.", "Smith"),
        ("van Dyk", LAST_FIRST, "", "van Dyk"),
        ("van Dyk Jr.", LAST_FIRST, "", "van Dyk Jr."),
        ("van der de", LAST_FIRST, "", "van der de"),
        ("Anna 'Ann' Berg", FIRST_LAST, "Anna 'Ann'", "Berg"),
        ("Smith, John, Sales", FIRST_LAST, "John, Sales", "Smith"),
        ("", FIRST_LAST, "", ""),
        (" \u200b ", LAST_FIRST, "", ""),
        # Without a space, the last name comes first, but its length is a guess.
        ("王小明", FIRST_LAST, "小明", "王"),
        ("王明", LAST_FIRST, "明", "王"),
        ("欧阳小明", LAST_FIRST, "小明", "欧阳"),
        ("欧阳明", LAST_FIRST, "明", "欧阳"),
        ("田中花子", LAST_FIRST, "花子", "田中"),
        ("佐藤翼", LAST_FIRST, "翼", "佐藤"),
        ("김민준", LAST_FIRST, "민준", "김"),
        ("남궁민", LAST_FIRST, "민", "남궁"),
        ("남궁", LAST_FIRST, "궁", "남"),
        ("夏侯明", LAST_FIRST, "明", "夏侯"),
        ("欧阳", LAST_FIRST, "阳", "欧"),
        ("王小明王小明王", LAST_FIRST, "王小明王小明王", ""),
        ("김민준김민준", LAST_FIRST, "김민준김민준", ""),
        ("マイケル・スミス", FIRST_LAST, "マイケル・スミス", ""),
    ],
)
def test_is_not_sure(name: str, order: NameOrder, first: str, last: str) -> None:
    assert split_full_name(name, order) == (first, last, False)


PARTS = st.sampled_from(
    ["Anna", "BERG", "van", "der", "de", "la", "Dr.", "Jr.", "PhD", "(HR)", ",", "，", ", ", "y", "e", "J.", "O'", "al-Sabah",
     "Nguyễn", "Иванович", "王小明", "김", "\u3000", "  ", "\t", "St.", "María", "d'Arvor", "'t", "x" * 50]
)  # fmt: skip


@given(st.lists(PARTS, max_size=12).map(" ".join) | st.text(max_size=60), st.sampled_from([FIRST_LAST, LAST_FIRST]))
def test_loses_nothing_but_spaces_and_commas(name: str, order: NameOrder) -> None:
    split = split_full_name(name, order)

    assert letters_of(split.first_name + split.last_name) == letters_of(name)
    assert split.first_name in name
    assert split.last_name in name or set(name) & set(",，、،﹐")
    if split.is_sure:
        assert split.first_name
        assert split.last_name


def letters_of(text: str) -> list[str]:
    """Everything that isn't a space, a comma, or invisible around the text."""
    return sorted(character for character in text if character.isprintable() and character not in " ,，、،﹐")


@pytest.mark.exhaustive
@for_each("piece", ["a ", ",", "a,", "van ", "(", "Dr. ", "王", "Jr. ", "J. ", ", ,", "y ", "' "])
def test_takes_linear_time(piece: str) -> None:
    """Of the length of a cell, which can be a whole file. The time of other programs isn't counted."""
    began = time.thread_time()
    for order in (FIRST_LAST, LAST_FIRST):
        split_full_name(piece * 100_000, order)
    is_decided_by_commas([piece * 100_000])
    suggest_order([piece * 100_000], "", [])
    names_in_address(piece * 100_000)

    assert time.thread_time() - began < 3


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Berg, Anna", "Hegedűs, Péter"], True),
        (["Berg, Anna", "", " "], True),
        (["Berg, Anna", "Ada Byron"], False),
        (["Ada Byron, PhD"], False),
        (["Berg,"], False),
        (["", " "], False),
        ([], False),
    ],
)
def test_is_decided_by_commas(names: list[str], expected: bool) -> None:
    assert is_decided_by_commas(names) is expected


@for_each(
    "names, header, languages, order",
    [
        (["Ada Byron"], "Full name", [], FIRST_LAST),
        (["Kovács Péter"], "Név", [], LAST_FIRST),
        (["Kovács Péter"], "Teljes név", ["en"], LAST_FIRST),
        (["Kovács Péter"], "Name", ["hu"], LAST_FIRST),
        (["Kovács Péter"], "", ["en", "hu-HU"], LAST_FIRST),
        (["Jan Berg"], "Naam", ["hu"], FIRST_LAST),
        (["Ada Byron"], "Last, First", [], LAST_FIRST),
        (["Byron Ada"], "Nachname Vorname", ["de"], LAST_FIRST),
        (["Ada Byron"], "Vor- und Nachname", ["de"], FIRST_LAST),
        (["Rossi Chiara"], "Cognome e nome", ["it"], LAST_FIRST),
        (["Chiara Rossi"], "Nome e cognome", ["it"], FIRST_LAST),
        (["Петров Иван"], "ФИО", ["ru"], LAST_FIRST),
        (["王小明"], "姓名", [], LAST_FIRST),
        (["Wei Wang"], "姓名", [], LAST_FIRST),
        (["王小明", "田中 花子"], "Name", [], LAST_FIRST),
        (["김민준"], "", [], LAST_FIRST),
        (["Nguyễn Văn Anh"], "Name", [], LAST_FIRST),
        (["Trần Anh"], "Họ và tên", ["vi"], LAST_FIRST),
        (["DUPONT Jean", "MARTIN Luc"], "Name", ["fr"], LAST_FIRST),
        (["Jean DUPONT", "Luc MARTIN"], "Name", ["fr"], FIRST_LAST),
        (["Петров Иван Иванович"], "Name", [], LAST_FIRST),
        (["Wei Wang"], "Name", ["zh"], FIRST_LAST),
        (["JP Smith"], "Name", [], FIRST_LAST),
        (["Anna Maria Berg"], "Name", [], FIRST_LAST),
        (["Ada Byron", "Bob Ray", "DUPONT Jean"], "Name", [], FIRST_LAST),
        (["DUPONT Jean", "Jean DUPONT", "MARTIN Luc"], "Name", [], LAST_FIRST),
        ([], "", [], FIRST_LAST),
    ],
)
def test_suggests_the_order(names: list[str], header: str, languages: list[str], order: NameOrder) -> None:
    assert suggest_order(names, header, languages) == order


@for_each(
    "address, names",
    [
        ("chiara.rossi@example.com", ("Chiara", "Rossi")),
        ("CHIARA.ROSSI@example.com", ("Chiara", "Rossi")),
        ("chiara_rossi@example.com", ("Chiara", "Rossi")),
        ("chiara-rossi@example.com", ("Chiara", "Rossi")),
        ("jean-pierre.dupont@example.com", ("Jean-Pierre", "Dupont")),
        ("Fiona.McNeil@example.com", ("Fiona", "McNeil")),
        ("ludwig.van.dyk@example.com", ("Ludwig", "van Dyk")),
        ("anna.maria.berg@example.com", ("Anna Maria", "Berg")),
        ("chiara.rossi+list@example.com", ("Chiara", "Rossi")),
        ("péter.hegedűs@example.com", ("Péter", "Hegedűs")),
        ("иван.петров@example.com", ("Иван", "Петров")),
        ("ben.smith@example.com", ("Ben", "Smith")),
        ("info@example.com", None),
        ("chiara@example.com", None),
        ("j.smith@example.com", None),
        ("anna.m.berg@example.com", None),
        ("anna.berg2@example.com", None),
        ("hr.team@example.com", None),
        ("first.last@example.com", None),
        ("no-reply@example.com", None),
        ("customer.service@example.com", None),
        ("office.berlin@example.com", None),
        ("anna..berg@example.com", None),
        (".@example.com", None),
        ("a.b.c.d.e@example.com", None),
        ("anna.maria.eva.rosa.berg@example.com", None),
        ("dr.smith@example.com", None),
        ("anna.berg_example.com#EXT#@example.org", None),
        ("", None),
    ],
)
def test_names_in_addresses(address: str, names: tuple[str, str] | None) -> None:
    assert names_in_address(address) == names
