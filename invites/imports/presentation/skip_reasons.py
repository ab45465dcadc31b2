"""What pages say about skipped rows, by the reason. To add a reason, see also `Row` in invites/models/row.py."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy, ngettext_lazy

from accounts.texts import StrPromise
from invites.models import Row

Reason = Row.Reason


@dataclass(frozen=True)
class SkipReason:
    """The texts: a line of the summary, the detail beside a row, a sentence, and one if it is true of all rows.

    The summary has the line if rows were skipped, or if the reason `is_expected`.
    """

    line: StrPromise
    detail: StrPromise
    sentence: StrPromise
    all_skipped: StrPromise | None = None
    is_expected: bool = False


SKIP_REASONS: dict[str, SkipReason] = {
    Reason.ALREADY_MEMBER: SkipReason(
        line=gettext_lazy("already a member"),
        detail=gettext_lazy("Already a member"),
        sentence=ngettext_lazy("{count} was already a member.", "{count} were already members."),
        all_skipped=ngettext_lazy(
            "The only row of {file} was skipped because that person is already a member.",
            "All {count} rows of {file} were skipped because those people are already members.",
        ),
        is_expected=True,
    ),
    Reason.ALREADY_INVITED: SkipReason(
        line=gettext_lazy("already invited"),
        detail=gettext_lazy("Already invited"),
        sentence=ngettext_lazy("{count} was already invited.", "{count} were already invited."),
        all_skipped=ngettext_lazy(
            "The only row of {file} was skipped because that person is already invited.",
            "All {count} rows of {file} were skipped because those people are already invited.",
        ),
        is_expected=True,
    ),
    Reason.DEACTIVATED: SkipReason(
        line=gettext_lazy("deactivated"),
        detail=gettext_lazy("Deactivated"),
        sentence=ngettext_lazy("{count} is deactivated.", "{count} are deactivated."),
        all_skipped=ngettext_lazy(
            "The only row of {file} was skipped because that person is deactivated.",
            "All {count} rows of {file} were skipped because those people are deactivated.",
        ),
    ),
    Reason.ALREADY_DECLINED: SkipReason(
        line=gettext_lazy("declined earlier"),
        detail=gettext_lazy("Declined an earlier invitation"),
        sentence=ngettext_lazy("{count} declined an earlier invitation.", "{count} declined an earlier invitation."),
        all_skipped=ngettext_lazy(
            "The only row of {file} was skipped because that person declined an earlier invitation.",
            "All {count} rows of {file} were skipped because those people declined an earlier invitation.",
        ),
    ),
    Reason.ADDRESS_BLOCKED: SkipReason(
        line=gettext_lazy("doesn’t accept invitations"),
        detail=gettext_lazy("This address doesn’t accept invitations"),
        sentence=ngettext_lazy(
            "{count} has an address that doesn’t accept invitations.",
            "{count} have addresses that don’t accept invitations.",
        ),
    ),
    Reason.DUPLICATE: SkipReason(
        line=gettext_lazy("twice in the file"),
        detail=gettext_lazy("Twice in the file"),
        sentence=ngettext_lazy("{count} was in the file twice.", "{count} were in the file twice."),
        is_expected=True,
    ),
    Reason.NOT_A_PERSON: SkipReason(
        line=gettext_lazy("not a person"),
        detail=gettext_lazy("Not a person"),
        sentence=ngettext_lazy("{count} row isn’t a person.", "{count} rows aren’t people."),
    ),
    Reason.ADDRESS_OF_ANOTHER: SkipReason(
        line=gettext_lazy("someone else’s address"),
        detail=gettext_lazy("Someone else’s address"),
        sentence=ngettext_lazy("{count} had someone else’s address.", "{count} had someone else’s address."),
    ),
}
