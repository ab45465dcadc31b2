"""Numbers, counted nouns, lists and dates as pages write them."""

from datetime import UTC, datetime

from django.utils.formats import date_format
from django.utils.translation import ngettext_lazy

from accounts.wording import counted, grouped, listed

ROWS = ngettext_lazy("{count} row of {file}", "{count} rows of {file}")


def test_digits_are_grouped() -> None:
    assert [grouped(999), grouped(12480)] == ["999", "12,480"]


def test_a_counted_noun_has_the_form_for_its_number() -> None:
    assert counted(ROWS, 1, file="a.csv") == "1 row of a.csv"
    assert counted(ROWS, 1000, file="a.csv") == "1,000 rows of a.csv"


def test_a_list_has_commas_and_one_and() -> None:
    assert [listed([]), listed(["A"]), listed(["A", "B"]), listed(["A", "B", "C"])] == [
        "",
        "A",
        "A and B",
        "A, B and C",
    ]


def test_dates_are_american() -> None:
    at = datetime(2026, 11, 12, 14, 2, tzinfo=UTC)
    assert date_format(at, "SHORT_DATETIME_FORMAT") == "Nov 12, 2:02 PM"
    assert date_format(at, "DATE_FORMAT") == "Nov 12, 2026"
