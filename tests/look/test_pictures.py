"""The command that takes pictures knows every page."""

from __future__ import annotations

from django.urls import resolve

from tests.look.pictures import addresses
from tests.test_every_address import OTHERS, OURS, SIGN_IN_PAGES


def test_every_address_is_asked_for_a_picture() -> None:
    kinds = {kind for _answers, kind in OURS.values()}
    things: dict[str, list[int | None]] = {kind: [1, 2] if kind else [None] for kind in kinds}

    found = dict(addresses(things))

    asked = {resolve(path).view_name for path in found.values()}
    assert asked == {*OURS, *OTHERS, *SIGN_IN_PAGES}
    assert len(set(found.values())) == len(found)
