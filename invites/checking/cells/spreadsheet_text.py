"""Recognize what a spreadsheet writes instead of a value: its errors, and formulas that only hold a text."""

from __future__ import annotations

# As Excel, LibreOffice and Google Sheets write them, in English and other languages. The list is closed on purpose:
# `#1`, `#TEAM!` and `=1+1` may be what somebody typed. Any case counts: a formula may have changed it.
_ERRORS = frozenset(
    """
    #N/A #REF! #NAME? #VALUE! #DIV/0! #NULL! #NUM! #SPILL! #CALC! #FIELD! #BLOCKED! #CONNECT! #UNKNOWN! #BUSY! #ERROR!
    #PYTHON! #TIMEOUT! #EXTERNAL! #GETTING_DATA #ERROR
    #NV #BEZUG! #WERT! #ZAHL! #ÜBERLAUF! #KALK! #FELD! #BLOCKIERT! #VERBINDEN! #UNBEKANNT! #DATEN_ABRUFEN
    #OBTENTION_DONNEES #CALCUL! #VALEUR! #NOM? #NOMBRE! #NUL! #PROPAGATION! #CHAMP! #BLOQUE! #BLOQUÉ! #INCONNU!
    #N/D #¡REF! #¿NOMBRE? #¡VALOR! #¡DIV/0! #¡NUM! #¡NULO! #¡DESBORDAMIENTO! #¡CALC! #¡CAMPO! #¡BLOQUEADO! #¡CONECTAR!
    #CONNEXION! #ERREUR! #OBTENIENDO_DATOS #NOMBRE? #VALOR! #NULO! #DESBORDAMIENTO!
    #RIF! #NOME? #VALORE! #NULLO! #ESPANSIONE! #NÚM! #DESPEJAR!
    #N/B #VERW! #NAAM? #WAARDE! #DEEL/0! #GETAL! #LEEG! #OVERLOOP!
    #N/D! #ADR! #NAZWA? #ARG! #LICZBA! #ZERO! #DZIEL/0!
    #SAKNAS! #REFERENS! #NAMN? #VÄRDEFEL! #DIVISION/0! #OGILTIGT! #SKÄRNING! #I/T #NAVN? #VÆRDI! #REFERENCE! #VERDI!
    #Н/Д #ССЫЛКА! #ИМЯ? #ЗНАЧ! #ДЕЛ/0! #ЧИСЛО! #ПУСТО!
    """.split()
)
_LONGEST_ERROR = max(map(len, _ERRORS)) + 2
# Excel writes `####` into a CSV file where a column is too narrow.
_FEWEST_SIGNS = 3
_CURLY = frozenset("“”„")


def is_spreadsheet_error(text: str) -> bool:
    """Whether the text is what a spreadsheet shows for a formula that failed, or for a column that is too narrow."""
    if text[:1] == "#":
        # French texts have a space before the mark.
        short = len(text) <= _LONGEST_ERROR and "".join(text.split()).upper() in _ERRORS
        return short or (len(text) >= _FEWEST_SIGNS and text.count("#") == len(text))
    # LibreOffice: Err:502.
    return len(text) == 7 and text[:4] == "Err:" and text[4:].isdecimal()


def text_of_formula(cell: str) -> str | None:
    """The text of a formula that is nothing but a text, such as `="Ann"` or `=T("Ann")`. None for any other cell."""
    if cell[:1] != "=":
        return None
    text = cell[1:].strip()
    if text[:2].upper() == "T(" and text[-1] == ")":
        text = text[2:-1].strip()
    if _is_between(text, '"') and '"' not in (inner := text[1:-1].replace('""', "")) and "\\" not in inner:
        return text[1:-1].replace('""', '"').strip()
    # Quotation marks that were escaped once more, by doubling or with a backslash, and those of other programs.
    for mark in ('""', '\\"', "\\'", "'"):
        if _is_between(text, mark) and not set("\"'") & set(inner := text[len(mark) : -len(mark)]):
            return inner.strip()
    if text[:1] in _CURLY and text[-1:] in _CURLY and _CURLY.isdisjoint(inner := text[1:-1]):
        return inner.strip()
    return None


def _is_between(text: str, mark: str) -> bool:
    return len(text) >= 2 * len(mark) and text.startswith(mark) and text.endswith(mark)
