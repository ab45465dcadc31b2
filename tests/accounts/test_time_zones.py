"""Time zones: their names, their offsets, and the list to choose from."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from unittest import mock

import pytest
import time_machine
from django.template.base import Template
from django.test import Client

from accounts.models import Organization
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


def paris() -> str:
    return next(
        label
        for _, zones in time_zone_choices()
        if isinstance(zones, list)
        for name, label in zones
        if name == "Europe/Paris"
    )


def test_the_offsets_in_the_list_follow_the_clocks() -> None:
    with time_machine.travel(datetime(2027, 3, 28, 0, 59, tzinfo=UTC), tick=False) as clock:
        assert paris() == "Paris (UTC+01:00)"
        clock.shift(60)
        assert paris() == "Paris (UTC+02:00)"


def test_the_list_is_not_made_anew_for_each_page(ines: Client) -> None:
    """500 files are read for it."""
    with time_machine.travel(datetime.now(UTC), tick=False):
        ines.get("/o/acme/settings/")
        with mock.patch("accounts.time_zones.find_zone", wraps=find_zone) as find:
            page = ines.get("/o/acme/settings/").text
    assert "Paris (UTC+0" in page
    assert find.call_count < 10


def test_the_list_is_shown_with_the_chosen_zone(ines: Client, acme: Organization) -> None:
    acme.time_zone = "Europe/Paris"
    acme.save()
    page = ines.get("/o/acme/settings/").text
    assert re.findall(r'<option value="([^"]*)" selected>', page) == ["Europe/Paris"]
    assert page.count("<option ") == sum(
        len(zones) if isinstance(zones, list) else 1 for _, zones in time_zone_choices()
    )
    assert page.count("<optgroup ") == page.count("</optgroup>") == len(time_zone_choices()) - 1
    assert 'data-text-use="Use it"' in page


def test_the_list_renders_without_a_template_for_each_zone(ines: Client) -> None:
    with mock.patch("django.template.base.Template.render", autospec=True, side_effect=Template.render) as render:
        ines.get("/o/acme/settings/")
    assert render.call_count < 100


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "Europe"])
def test_an_unknown_zone_is_utc(name: str) -> None:
    assert str(find_zone(name)) == "UTC"
