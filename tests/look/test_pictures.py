"""The command that takes pictures knows every page, and what belongs on them."""

from __future__ import annotations

from django.urls import resolve

from tests.look.scenes import every_address, other_scenes, scenes_of_recruiters
from tests.look.things import IMPORTS
from tests.test_every_address import OTHERS, OURS, SIGN_IN_PAGES

KINDS = {kind for _answers, kind in OURS.values()}
THINGS: dict[str, list[int | None]] = {kind: [1, 2] if kind else [None] for kind in KINDS}
THINGS |= {f"{name} import": [3] for name in IMPORTS}


def test_every_address_is_asked_for_a_picture() -> None:
    found = list(every_address(THINGS))

    asked = {resolve(scene.path).view_name for scene in found}
    assert asked == {*OURS, *OTHERS, *SIGN_IN_PAGES}
    assert len({scene.path for scene in found}) == len(found)


def test_no_picture_replaces_another() -> None:
    scenes = (*every_address(THINGS), *other_scenes(THINGS), *scenes_of_recruiters())
    names = [scene.name for scene in scenes]

    assert len(set(names)) == len(names)
