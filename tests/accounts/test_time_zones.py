"""Time zones: their names, their offsets, and the list to choose from."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from accounts.time_zones import city_of, find_zone, offset_text, time_zone_choices


@pytest.mark.parametrize(
    ("name", "city"),
    [
        ("Europe/Paris", "Paris"),
        ("America/New_York", "New York"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires, Argentina"),
        ("UTC", "UTC"),
    ],
)
def test_a_zone_is_called_by_its_city(name: str, city: str) -> None:
    assert city_of(name) == city


@pytest.mark.parametrize(
    ("name", "winter", "summer"),
    [
        ("Europe/Paris", "UTC+01:00", "UTC+02:00"),
        ("America/St_Johns", "UTC-03:30", "UTC-02:30"),
        ("Asia/Kathmandu", "UTC+05:45", "UTC+05:45"),
        ("Pacific/Kiritimati", "UTC+14:00", "UTC+14:00"),
        ("UTC", "UTC+00:00", "UTC+00:00"),
    ],
)
def test_the_offset_is_that_of_the_moment(name: str, winter: str, summer: str) -> None:
    assert offset_text(name, datetime(2027, 1, 1, tzinfo=UTC)) == winter
    assert offset_text(name, datetime(2027, 7, 1, tzinfo=UTC)) == summer


def test_the_list_has_every_region_once_and_its_cities_in_order() -> None:
    choices = time_zone_choices()
    regions = [label for label, _ in choices]
    assert regions == ["UTC", *sorted(regions[1:])]
    assert {"Africa", "America", "Asia", "Europe", "Pacific"} <= set(regions)
    grouped = {label: cities for label, cities in choices if isinstance(cities, list)}
    cities = [city for _, city in grouped["Europe"]]
    assert cities == sorted(cities, key=str.casefold)
    assert sum(map(len, grouped.values())) > 400


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "Europe"])
def test_an_unknown_zone_is_utc(name: str) -> None:
    assert str(find_zone(name)) == "UTC"
