"""What a column name means: in many languages, with and without accents, in parts and with other words around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invites.checking.columns import COLUMNS, Column
from invites.checking.reading.columns.column_names import find_meaning, reduce_name, split_names, without_marks
from invites.checking.reading.columns.column_vocabulary import FULL_NAME, NAME, TABLES
from tests.cases import for_each

# One language per line: email, first name, last name, full name, description.
LANGUAGES = [
    ("English", "Email ID", "Given name", "Surname", "Full name", "Job title"),
    ("English", "E-mail 1 - Value", "Forename", "Family Name", "Display Name", "Notes"),
    ("English", "Work email", "First", "Last", "displayName", "Comment"),
    ("French", "Courriel", "Prénom", "Nom de famille", "Nom complet", "Fonction"),
    ("German", "E-Mail-Adresse", "Vorname", "Nachname", "Vor- und Nachname", "Bemerkung"),
    ("Spanish", "Correo electrónico", "Nombre de pila", "Apellidos", "Nombre completo", "Puesto"),
    ("Italian", "Indirizzo e-mail", "Nome di battesimo", "Cognome", "Nominativo", "Mansione"),
    ("Portuguese", "Endereço de e-mail", "Primeiro nome", "Sobrenome", "Nome completo", "Cargo"),
    ("Dutch", "E-mailadres", "Voornaam", "Achternaam", "Volledige naam", "Functie"),
    ("Danish", "E-mailadresse", "Fornavn", "Efternavn", "Fulde navn", "Stilling"),
    ("Norwegian", "E-postadresse", "Fornavn", "Etternavn", "Fullt navn", "Merknad"),
    ("Swedish", "E-postadress", "Förnamn", "Efternamn", "För- och efternamn", "Befattning"),
    ("Finnish", "Sähköpostiosoite", "Etunimi", "Sukunimi", "Koko nimi", "Tehtävänimike"),
    ("Icelandic", "Netfang", "Eiginnafn", "Eftirnafn", "Fullt nafn", "Starfsheiti"),
    ("Estonian", "E-posti aadress", "Eesnimi", "Perekonnanimi", "Täisnimi", "Ametikoht"),
    ("Latvian", "E-pasts", "Vārds", "Uzvārds", "Vārds, uzvārds", "Amats"),
    ("Lithuanian", "El. paštas", "Vardas", "Pavardė", "Vardas, pavardė", "Pareigos"),
    ("Polish", "Adres e-mail", "Imię", "Nazwisko", "Imię i nazwisko", "Stanowisko"),
    ("Czech", "E-mailová adresa", "Křestní jméno", "Příjmení", "Jméno a příjmení", "Pozice"),
    ("Slovak", "E-mailová adresa", "Krstné meno", "Priezvisko", "Meno a priezvisko", "Poznámka"),
    ("Slovenian", "E-poštni naslov", "Ime", "Priimek", "Ime in priimek", "Delovno mesto"),
    ("Croatian", "Adresa e-pošte", "Ime", "Prezime", "Ime i prezime", "Radno mjesto"),
    ("Serbian", "Имејл", "Име", "Презиме", "Име и презиме", "Радно место"),
    ("Hungarian", "E-mail cím", "Keresztnév", "Vezetéknév", "Teljes név", "Beosztás"),
    ("Hungarian", "E-mailcím", "Utónév", "Családnév", "Dolgozó neve", "Megjegyzés"),
    ("Romanian", "Adresă de e-mail", "Prenume", "Nume de familie", "Nume și prenume", "Funcția"),
    ("Turkish", "E-posta adresi", "Adı", "Soyadı", "Adı Soyadı", "Unvan"),
    ("Greek", "Ηλεκτρονικό ταχυδρομείο", "Όνομα", "Επώνυμο", "Ονοματεπώνυμο", "Θέση"),
    ("Russian", "Электронная почта", "Имя", "Фамилия", "ФИО", "Должность"),
    ("Ukrainian", "Електронна пошта", "Ім'я", "Прізвище", "ПІБ", "Посада"),
    ("Bulgarian", "Имейл", "Собствено име", "Фамилия", "Име и фамилия", "Длъжност"),
    ("Arabic", "البريد الإلكتروني", "الاسم الأول", "اسم العائلة", "الاسم الكامل", "المسمى الوظيفي"),
    ("Hebrew", 'דוא"ל', "שם פרטי", "שם משפחה", "שם מלא", "תפקיד"),
    ("Persian", "ایمیل", "نام کوچک", "نام خانوادگی", "نام و نام خانوادگی", "سمت"),
    ("Japanese", "メールアドレス", "名", "姓", "氏名", "役職"),
    ("Simplified Chinese", "电子邮箱", "名", "姓", "姓名", "职位"),
    ("Traditional Chinese", "電子郵件", "名", "姓氏", "中文姓名", "職稱"),
    ("Korean", "이메일", "이름", "성", "성명", "직책"),
    ("Vietnamese", "Địa chỉ email", "Tên", "Họ", "Họ và tên", "Chức vụ"),
    ("Indonesian", "Alamat email", "Nama depan", "Nama belakang", "Nama lengkap", "Jabatan"),
    ("Thai", "อีเมล", "ชื่อจริง", "นามสกุล", "ชื่อ-นามสกุล", "ตำแหน่ง"),
]


def key_of(name: str) -> str:
    meaning = find_meaning(name)
    return meaning.key if meaning else ""


@for_each("language", LANGUAGES)
def test_knows_the_names_of_our_columns(language: tuple[str, ...]) -> None:
    email, first, last, full, description = map(key_of, language[1:])

    assert (email, last, full, description) == ("email", "last_name", FULL_NAME, "description")
    assert first in ("first_name", NAME)


@for_each("language", LANGUAGES)
def test_knows_them_without_accents_and_in_capitals(language: tuple[str, ...]) -> None:
    names = [name for name in language[1:] if name not in ("Ім'я",)]

    assert [key_of(without_marks(name)) for name in names] == [key_of(name) for name in names]
    assert [key_of(name.upper()) for name in names] == [key_of(name) for name in names]


@for_each("name", ["Name", "Nom", "Nombre", "Nome", "Naam", "Navn", "Namn", "Nimi", "Név", "Jméno", "Meno",
                    "Ime", "Nume", "Ad", "İsim", "Όνομα", "Имя", "Ім’я", "الاسم", "שם", "名前", "名字", "이름",
                    "Tên", "NÉV", "nev"])  # fmt: skip
def test_a_bare_name_can_be_a_part_or_all_of_it(name: str) -> None:
    assert key_of(name) == NAME


@for_each(
    "name, key",
    [
        ("E-mail (work)", "email"),
        ("E-Mail-Adresse (dienstlich)", "email"),
        ("Employee's email", "email"),
        ("Student e-mail address *", "email"),
        ("userEmail", "email"),
        ("user_email", "email"),
        ("ＥＭＡＩＬ", "email"),
        ("E-mail\n(required)", "email"),
        ("What is your email address?", "email"),
        ("Е-mail", "email"),  # With a Cyrillic E.
        ("דוא״ל", "email"),
        ("Email του υπαλλήλου", "email"),
        ("employeeFirstName", "first_name"),
        ("Prénom(s)", "first_name"),
        ("Имя Отчество", "first_name"),
        ("Apellido 1", "last_name"),
        ("الاسم واسم العائلة", FULL_NAME),
        ("שם פרטי ושם משפחה", FULL_NAME),
        ("Családi és utónév", FULL_NAME),
        ("Name des Mitarbeiters", NAME),
        ("What is your name?", NAME),
        ("First name (required)", "first_name"),
        ("First Name [Required]", "first_name"),
        ("Vorname / First name", "first_name"),
        ("Nome / First name", "first_name"),
        ("Vezetéknév (last name)", "last_name"),
        ("姓(漢字)", "last_name"),
        ("氏名（漢字）", FULL_NAME),
        ("Employee Name", FULL_NAME),
        ("Name / Vorname", FULL_NAME),
        ("Name, Vorname", FULL_NAME),
        ("Name (Last, First)", FULL_NAME),
        ("First name and last name", FULL_NAME),
        ("Dolgozó neve", FULL_NAME),
        ("Name / Full name", FULL_NAME),
        ("First name / Nachname", FULL_NAME),
        ("First / Middle / Last", FULL_NAME),
        ("Phone / Email", "email"),
        ("ई-मेल (Email)", "email"),
        ("Name (public)", NAME),
        ("Email (full name)", "email"),
        ("Vezetéknév (email)", "last_name"),
        ("Name of employee", NAME),
        ("Nom du salarié", NAME),
        ("Position / Funktion", "description"),
        ("Department (optional)", "description"),
    ],
)
def test_understands_what_people_add(name: str, key: str) -> None:
    assert key_of(name) == key


@for_each(
    "name",
    ["", " ", "*", "42", "Company name", "Middle name", "Manager's name", "Student ID", "Phone", "Start date", "Город",
     "What is wrong", "Email status", "Email opt out", "Manager (name)", "First contact", "Product name", "Zweiter Vorname", "Anyja neve", "Yomi first name", "Email display name", "Name suffix", "Email address last name", "Email / First name", "Email / First name / Last name", "work", "user of the", "Guardian email", "氏名カナ", "姓（カナ）", "Отчество", "Account: Account Name", "Phonetic First Name", "x" * 100, "(" * 80, "a / b", "Last contact",
     "Please send this list back until Friday"],
)  # fmt: skip
def test_knows_nothing_else(name: str) -> None:
    assert key_of(name) == ""


@for_each(
    "better, other",
    [("Work email", "Email"), ("Email", "Personal email"), ("Private E-Mail", "Benutzername"), ("Фамилия", "Презиме"),
     ("Description", "Job title"), ("Job title", "Notes"), ("Notes", "Department"), ("First name", "Nickname")],
)  # fmt: skip
def test_ranks_names_of_the_same_column(better: str, other: str) -> None:
    one, two = find_meaning(better), find_meaning(other)
    assert one
    assert two
    assert one.key == two.key
    assert one.rank < two.rank


@for_each(
    "name, rank",
    [
        ("Work e-mail", 0), ("E-mail (work)", 0), ("Adresse e-mail pro.", 0), ("E-Mail geschäftlich", 0),
        ("Dienstl. E-Mail", 0), ("Correo electrónico institucional", 0), ("Posta elettronica aziendale", 0),
        ("E-mail profissional", 0), ("E-mail zakelijk", 0), ("E-post (jobb)", 0), ("Służbowy adres e-mail", 0),
        ("Pracovní e-mail", 0), ("Céges email cím", 0), ("E-mail cím (munkahelyi)", 0), ("E-posta (kurumsal)", 0),
        ("Рабочая почта", 0), ("البريد الإلكتروني الرسمي", 0), ("회사 메일 주소", 0), ("会社メールアドレス", 0),
        ("企业邮箱", 0), ("Student's office email", 0), ("Adresse de messagerie professionnelle", 0),
        ("Email", 1), ("Employee's email", 1), ("Personal email", 2), ("Private E-Mail-Adresse", 2),
        ("Email (home)", 2), ("Courriel personnel", 2), ("Privát e-mail cím", 2), ("личная почта", 2), ("Login", 3),
        ("Benutzername", 3), ("Felhasználónév", 3),
    ],
)  # fmt: skip
def test_tells_work_from_private(name: str, rank: int) -> None:
    meaning = find_meaning(name)
    assert meaning
    assert (meaning.key, meaning.rank) == ("email", rank)


@for_each(
    "name, order",
    [
        ("Last, First", "last-first"), ("Nachname Vorname", "last-first"), ("Cognome e nome", "last-first"),
        ("Nome e cognome", "first-last"), ("Apellidos y nombre", "last-first"), ("Nombre y apellidos", ""),
        ("Imię i nazwisko", "first-last"), ("Nazwisko i imię", "last-first"), ("Nom et prénom", "last-first"),
        ("Prénom et nom", "first-last"), ("Nume și prenume", "last-first"), ("Ime i prezime", "first-last"),
        ("Név", "last-first"), ("Teljes név", "last-first"), ("Vezetéknév és keresztnév", "last-first"),
        ("姓名", "last-first"), ("氏名", "last-first"), ("성명", "last-first"), ("Họ và tên", "last-first"),
        ("ФИО", "last-first"), ("Ф.И.О.", "last-first"), ("ПІБ", "last-first"), ("Name", ""), ("Full name", ""), ("E-mail cím", ""), ("Keresztnév", ""),
        ("Vor- und Nachname", ""), ("Nach- und Vorname", "last-first"), ("Achternaam, voornaam", "last-first"),
    ],
)  # fmt: skip
def test_knows_the_order_of_a_full_name(name: str, order: str) -> None:
    meaning = find_meaning(name)
    assert meaning
    assert meaning.order == order


def test_every_name_of_the_vocabulary_has_one_meaning() -> None:
    meanings: dict[str, set[tuple[str, int]]] = {}
    for key, rank, table in TABLES:
        for names in table.values():
            for name in split_names(names):
                meanings.setdefault(without_marks(name), set()).add((key, rank))

    assert {name: found for name, found in meanings.items() if len(found) > 1} == {}
    assert len(meanings) > 1_000


def test_every_name_of_the_vocabulary_is_found() -> None:
    """None is hidden by what is passed over, or is longer than what is read."""
    missed = [
        name for key, _, table in TABLES for line in table.values() for name in line.split(",") if key_of(name) != key
    ]

    assert missed == []


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.key)
def test_every_alias_and_guess_means_its_column(column: Column) -> None:
    """Except a bare name, which depends on the other columns."""
    for name in (*column.aliases, *column.guesses):
        assert key_of(name) in (column.key, NAME), name


@given(st.text(max_size=300))
def test_reads_any_text(name: str) -> None:
    meaning = find_meaning(name)

    assert meaning is None or meaning.key in ("email", "first_name", "last_name", "description", FULL_NAME, NAME)
    assert reduce_name(reduce_name(name)) == reduce_name(name)
