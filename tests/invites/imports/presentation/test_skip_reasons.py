"""Every reason to skip a row is counted, and has its texts."""

from __future__ import annotations

from invites.imports.presentation.skip_reasons import SKIP_REASONS
from invites.models import Row

Reason = Row.Reason


def test_every_reason_to_skip_a_row_has_texts() -> None:
    assert list(SKIP_REASONS) == list(Row.SKIP_REASONS)


def test_no_reason_is_forgotten() -> None:
    others = {Reason.NONE, Reason.STOPPED, Reason.MAIL_REFUSED, Reason.SKIPPED_BY_ADMIN}

    assert sorted(Row.SKIP_REASONS) == sorted(set(Reason) - others), "is it one, while people are invited or before?"
