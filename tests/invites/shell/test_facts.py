"""What a page asks with one statement never hides what the queries themselves would find."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import Membership
from invites.imports.presentation.banners import open_banners, running_for
from invites.models import Batch
from invites.shell.facts import shell_facts
from tests.files import csv_of

pytestmark = pytest.mark.servers


@pytest.mark.parametrize("state", Batch.State)
def test_no_import_is_hidden(imported: Callable[..., Batch], by: Membership, state: Batch.State) -> None:
    imported(csv_of("ann@example.com"))
    Batch.objects.update(state=state)

    facts = shell_facts(by)

    has_banner, is_running = open_banners(by).exists(), running_for(by).exists()
    assert has_banner or is_running
    assert (facts.has_banners, facts.is_importing) == (has_banner, is_running)
    assert facts.has_stopped == (state == Batch.State.STOPPED)
