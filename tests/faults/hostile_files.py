"""Generates the worst files that we could think of. Each is named after its oddity and is always the same.

All of them are within the size limit of 25 MB, so only the reading of files protects the service from them.
"""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count, islice

from tests.files import HEADER
from tests.workbooks import workbook_of

MEGABYTE = 1024 * 1024
MOST_BYTES = 25 * MEGABYTE - 64 * 1024
MOST_ROWS = 200_000

Build = Callable[[], bytes]
HOSTILE: dict[str, Build] = {}


def hostile(build: Build) -> Build:
    """Adds a file to the list. It is made once in each process."""
    HOSTILE[build.__name__] = cache(build)
    return HOSTILE[build.__name__]


def name_of(name: str) -> str:
    """What the file is called at its upload."""
    return f"{name}.xlsx" if name.startswith("workbook") else f"{name}.csv"


def filled(rows: Iterator[str], *, header: str = HEADER, end: str = "\r\n", encoding: str = "utf-8") -> bytes:
    """As many of the rows below the header as the size limit allows."""
    file = io.BytesIO()
    file.write(f"{header}{end}".encode(encoding))
    for row in islice(rows, MOST_ROWS):
        line = f"{row}{end}".encode(encoding)
        if file.tell() + len(line) > MOST_BYTES:
            break
        file.write(line)
    return file.getvalue()


def sheet(rows: Iterator[str]) -> str:
    return f"<sheetData>{''.join(rows)}</sheetData>"


def texts(*cells: str) -> str:
    return "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells)


HEADER_ROW = f"<row>{texts(*HEADER.split(','))}</row>"
PERSON_ROW = f"<row>{texts('ann@example.com', 'Ann', 'Lee')}</row>"


# --- Workbooks: small on the wire, large in memory -----------------------------------------------------


@hostile
def workbook_whose_row_number_has_twenty_digits() -> bytes:
    return workbook_of(
        '<sheetData><row r="99999999999999999999"><c r="A99999999999999999999"><v>1</v></c></row></sheetData>'
    )


@hostile
def workbook_of_sixteen_thousand_columns() -> bytes:
    row = f"<row>{'<c><v>1</v></c>' * 16_000}</row>"
    return workbook_of(sheet(row for _ in range(490)))


@hostile
def workbook_with_a_cell_of_240_megabytes() -> bytes:
    return workbook_of(sheet(iter([HEADER_ROW, f"<row>{texts('x' * 240 * MEGABYTE)}</row>"])))


@hostile
def workbook_of_a_million_formatted_rows() -> bytes:
    empty = (f'<row r="{number}" s="1" customFormat="1"><c r="A{number}" s="1"/></row>' for number in count(6))
    return workbook_of(sheet(iter([HEADER_ROW, *[PERSON_ROW] * 3, *islice(empty, 1_048_570)])))


@hostile
def workbook_whose_shared_texts_unpack_to_a_gigabyte() -> bytes:
    cells = "".join(f'<c t="s"><v>{number}</v></c>' for number in range(4))
    book = workbook_of(sheet(f"<row>{cells}</row>" for _ in range(100_000)))
    file = io.BytesIO(book)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    with zipfile.ZipFile(io.BytesIO(book)) as plain, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in plain.namelist():
            content = plain.read(name)
            if name == "[Content_Types].xml":
                part = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kinds}.sharedStrings+xml"/>'
                content = content.replace(b"</Types>", f"{part}</Types>".encode())
            if name == "xl/_rels/workbook.xml.rels":
                office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
                part = f'<Relationship Id="s" Type="{office}/sharedStrings" Target="/xl/sharedStrings.xml"/>'
                content = content.replace(b"</Relationships>", f"{part}</Relationships>".encode())
            archive.writestr(name, content)
        with archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as part_file:
            part_file.write(f'<sst xmlns="{main}">'.encode())
            text = f"<si><t>{'x' * 10_000}</t></si>".encode() * 100
            for _ in range(1_000):
                part_file.write(text)
            part_file.write(b"</sst>")
    return file.getvalue()


@hostile
def workbook_of_ten_thousand_sheets() -> bytes:
    return workbook_of(*[sheet(iter([HEADER_ROW, PERSON_ROW]))] * 10_000)


# --- Text that a pattern or a heuristic could read again and again --------------------------------------


@hostile
def comments_that_lead_to_no_markup() -> bytes:
    return b"<!---->" * (MOST_BYTES // 7) + b"x"


@hostile
def twenty_six_comments_and_an_x() -> bytes:
    return b"<!---->" * 26 + b"x"


@hostile
def addresses_with_990_blanks_inside() -> bytes:
    return filled(f"x{' ' * 990}y{number},Ann,Lee," for number in count())


@hostile
def addresses_at_a_new_arabic_domain_each() -> bytes:
    letters = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"

    def label(number: int) -> str:
        signs = []
        while number:
            number, place = divmod(number, len(letters))
            signs.append(letters[place])
        return "".join(signs)

    return filled(f"ann@{label(number)}.{label(number * 7)}مثال.com,Ann,Lee," for number in count(1_000_000))


@hostile
def addresses_with_63_labels_of_punycode() -> bytes:
    return filled(f"a@{'xn--mnchen-3ya.' * 15}{number}.example.com,Ann,Lee," for number in count())


@hostile
def addresses_of_thousands_of_characters() -> bytes:
    return filled(f"{'a.' * 500}{number}@{'b-c.' * 1_000}com,Ann,Lee," for number in count())


@hostile
def domains_that_are_each_one_letter_from_another() -> bytes:
    signs = "abcdefghijklmnopqrstuvwxyz0123456789"
    places = [(first, second) for first in signs for second in signs]

    def rows() -> Iterator[str]:
        for number in count():
            first, second = places[number % len(places)]
            domain = f"exampl{first}-of-a-long-compan{second}{signs[number // len(places) % 4]}.com"
            yield f"p{number}@{domain},Ann,Lee,"

    return filled(rows())


@hostile
def addresses_in_two_alphabets() -> bytes:
    """Valid ones, of which each looks like another."""
    return filled(f"\u0430{number}nna@\u0441\u043empany{number}.com,Ann,Lee," for number in count())


@hostile
def thousands_of_frequent_long_domains() -> bytes:
    dice = random.Random(1)
    domains = ["".join(dice.choices("abcdefgh", k=58)) + ".com" for _ in range(4_900)]
    return filled(f"p{number}@{domains[number % 4_900] if number else 'nowhere'},Ann,Lee," for number in count())


@hostile
def names_of_combining_characters() -> bytes:
    marks = "".join(map(chr, range(0x300, 0x370)))
    return filled(f"p{number}@example.com,{('e' + marks * 4) * 3},Lee," for number in count())


@hostile
def names_of_dots_and_links() -> bytes:
    name = "www.a.b." * 300 + "http://" * 100
    return filled(f"p{number}@example.com,{name},{'.' * 500}," for number in count())


# --- Structure that could be sought in vain ------------------------------------------------------------


@hostile
def a_quote_that_is_opened_and_never_closed() -> bytes:
    return f'{HEADER}\r\n"'.encode() + b"ann@example.com,Ann,Lee,\r\n" * (MOST_BYTES // 26 - 2)


@hostile
def quotes_and_nothing_else() -> bytes:
    return f"{HEADER}\r\n".encode() + b'"' * (MOST_BYTES - 100)


@hostile
def one_line_without_an_end() -> bytes:
    return b"x" * MOST_BYTES


@hostile
def cells_of_a_megabyte() -> bytes:
    return filled(f'p{number}@example.com,{"é" * 499_000},{"x" * 999_000},"{"y" * 900_000}"' for number in count())


@hostile
def a_hundred_columns() -> bytes:
    columns = ",".join([HEADER, *(f"c{number}" for number in range(96))])
    return filled((f"p{number}@example.com,Ann,Lee,{',x' * 96}" for number in count()), header=columns)


@hostile
def a_header_of_a_million_cells() -> bytes:
    return f"{HEADER}{','.join(map(str, range(3_000_000)))}\r\n".encode() + b"ann@example.com,Ann,Lee,\r\n"


@hostile
def blank_lines() -> bytes:
    return f"{HEADER}\r\n".encode() + b"\n" * (MOST_BYTES - 100)


@hostile
def lines_that_end_with_a_carriage_return() -> bytes:
    return filled((f"p{number}@example.com,Ann,Lee,{'x' * 90}" for number in count()), end="\r")


# --- Rows and rows --------------------------------------------------------------------------------------


@hostile
def rows_of_which_each_has_every_problem() -> bytes:
    return filled(f"ann@@example..com {number},,=cmd|'x'!A1,{'x' * 60},more" for number in count())


@hostile
def rows_of_one_person_under_other_names() -> bytes:
    return filled(f"ann@example.com,Ann{number},Lee,{'x' * 80}" for number in count())


@hostile
def rows_of_which_every_second_gets_a_suggestion() -> bytes:
    endings = ("@example.com", "@exmaple.com@", "@example", "(at)example.com")
    return filled(f"p{number}{endings[number % 4]},Ann,Lee,{'x' * 60}" for number in count())


@hostile
def rows_of_delimiters() -> bytes:
    return f"{HEADER}\r\n".encode() + b",,,\n" * (MOST_BYTES // 4 - 20)


# --- Encodings ------------------------------------------------------------------------------------------


@hostile
def words_in_windows_1250() -> bytes:
    words = "Hegedűs Łukasz Žižka Stępniak Čapek Őry Dvořák Šťastný Wróbel".split()
    rows = (f"p{number}@example.com,{words[number % 9]},{words[number % 7]},{' '.join(words)}" for number in count())
    return filled(rows, encoding="cp1250")


@hostile
def words_of_any_letters_in_windows_1253() -> bytes:
    dice = random.Random(1)
    words = ("".join(dice.choices("αβγδεζηθικλμνξοπρστ", k=7)) for _ in count())
    return filled((f"{next(words)},{next(words)},{next(words)}," for _ in count()), encoding="cp1253")


@hostile
def utf_16_with_surrogate_pairs() -> bytes:
    text = filled((f"p{number}@example.com,{'𝒜𝓃𝓃' * 5},Lee,{'😀' * 10}" for number in count()), encoding="utf-16-le")
    return b"\xff\xfe" + text


@hostile
def every_byte_again_and_again() -> bytes:
    line = bytes(value for value in range(0x80, 0x100)) + b"," + bytes(range(0x20, 0x7F)).replace(b'"', b"") + b"\r\n"
    return f"{HEADER}\r\n".encode() + line * (MOST_BYTES // len(line) - 1)
