"""A link that shows a number of people leads to as many."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from accounts.models import Organization, User
from tests.invites.invitations.helpers import Invite
from tests.pages import text_of

LINKS = re.compile(r'rc-wide-only">(\d+)<.*?href="([^"]*/users/\?[^"]*)"', re.DOTALL)


@pytest.mark.parametrize("name", ["roles", "sites"])
def test_a_link_leads_to_as_many_people_as_it_says(
    client_of: Callable[[User], Client],
    admin: User,
    member: User,
    acme: Organization,
    invite: Invite,
    name: str,
) -> None:
    invite("open@people.example.com")
    client = client_of(admin)

    found = LINKS.findall(client.get(f"/o/acme/{name}/").content.decode())

    assert len(found) >= 3
    for count, address in found:
        listed = client.get(unescape(address)).content.decode()
        assert listed.count('class="rc-person"') == int(count), text_of(listed)
