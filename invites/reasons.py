"""Why an import was stopped, failed or waits: stored as codes and values, and worded where it is shown.

A field with reasons holds a list, because some need several sentences. Failures of emails and bulk actions need only a
`FailureReason`.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy, ngettext_lazy

from accounts.errors import DomainError
from accounts.support import ask_support
from accounts.texts import StrOrPromise
from accounts.wording import counted, grouped, listed
from invites.checking import Problem
from invites.models import FailureReason, Reason
from invites.problems import explain, stored_problem

_SENTENCES: dict[str, StrOrPromise] = {
    "check_failed": gettext_lazy(
        "Something went wrong on our side while checking this file. Nobody has been invited. "
        "Upload the file again later."
    ),
    "not_checked": gettext_lazy(
        "The file couldn’t be checked. Nobody has been invited. Upload it again in a few minutes."
    ),
    "correction_failed": gettext_lazy(
        "Something went wrong on our side. Nobody has been invited. Try again in a few minutes."
    ),
    "file_not_used": gettext_lazy("“{file_name}” wasn’t used."),
    "not_these_rows": gettext_lazy(
        "It doesn’t say which rows it corrects. Download what is left to fix, correct that file, and upload it. "
        "To invite other people, import their file on its own."
    ),
    "not_allowed": gettext_lazy(
        "The person who started this can no longer change this import. Nobody has been invited."
    ),
    "none_valid": gettext_lazy("Nobody in this file can be invited yet. Fix what’s wrong, or upload a corrected file."),
    "waits_for_quota": gettext_lazy(
        "That limit was reached when this import was to be sent, so its emails wait for the next day."
    ),
    "too_many_for_a_day": gettext_lazy(
        "This import has more people than that. Split the file, and import its parts on different days."
    ),
    "still_sending": gettext_lazy("Emails of this import are still being sent. Try again when that is done."),
    "still_revoking": gettext_lazy("Invitations of this import are still being revoked. Try again in a moment."),
    "unclosed_quote": gettext_lazy(
        "A quotation mark in this file is never closed. Save the file as CSV from your spreadsheet again."
    ),
    "author_cannot_invite": gettext_lazy(
        "{author} uploaded or edited rows of this import and can no longer invite users."
    ),
    "author_lacks_sites": gettext_lazy(
        "{author} uploaded or edited rows of this import and doesn’t have access to all sites."
    ),
    "author_lacks_access": gettext_lazy("{author} uploaded or edited rows of this import and can’t grant {access}."),
    "someone_cannot_invite": gettext_lazy(
        "Someone else uploaded or edited rows of this import and can no longer invite users."
    ),
    "someone_lacks_sites": gettext_lazy(
        "Someone else uploaded or edited rows of this import and doesn’t have access to all sites."
    ),
    "someone_lacks_access": gettext_lazy(
        "Someone else uploaded or edited rows of this import and can’t grant {access}."
    ),
    "deleted_account": gettext_lazy(
        "Someone who uploaded or edited rows of this import doesn’t have an account anymore."
    ),
    "choose_access": gettext_lazy(
        "Choose the same roles and sites as before, or start a new import with the complete file."
    ),
    "edits_kept": gettext_lazy("All fixes made here are kept."),
    "changes_kept": gettext_lazy("All fixes made before that are kept."),
}
# Sentences with plural forms, and the value that decides between them.
_COUNTED = {
    "organization_quota": ("limit", ngettext_lazy(
        "{organization} can invite {count} person a day.", "{organization} can invite {count} people a day."
    )),
    "inviter_quota": ("limit", ngettext_lazy(
        "Each admin can invite {count} person a day.", "Each admin can invite {count} people a day."
    )),
    "other_import": ("rows", ngettext_lazy(
        "Its row is about another person than here, so it may be that of another import. If so, download what is left "
        "to fix here, and correct that file. To replace the person, edit the row in the table instead.",
        "Most of its rows are about other people than here, so it is probably that of another import. If so, download "
        "what is left to fix here, and correct that file. To replace the people, edit the rows in the table instead.",
    )),
    "rows_not_used": ("rows", ngettext_lazy(
        "{count} row of “{file_name}” wasn’t used: it isn’t one of the rows that were left, or has too many cells.",
        "{count} rows of “{file_name}” weren’t used: they aren’t rows that were left, or have too many cells.",
    )),
    "not_confirmed": ("days", ngettext_lazy(
        "Nobody confirmed this import within {count} day.", "Nobody confirmed this import within {count} days."
    )),
    "not_fixed": ("days", ngettext_lazy(
        "Nobody fixed it within {count} day.", "Nobody fixed it within {count} days."
    )),
    "quota_left": ("left", ngettext_lazy(
        "{count} invitation is left for today.", "{count} invitations are left for today."
    )),
    "over_quota": ("wanted", ngettext_lazy(
        "You tried to invite {count} person. Nobody has been invited. Try again tomorrow.",
        "You tried to invite {count} people. Nobody has been invited. Try again tomorrow.",
    )),
}  # fmt: skip


class ExplainedError(DomainError):
    """A broken rule that a worker may find. A worker has nobody to tell, so it stores the reasons."""

    def __init__(self, code: str, *reasons: Reason) -> None:
        super().__init__(code, text_of(reasons))
        self.reasons = list(reasons)


def as_reason(code: str, **values: object) -> Reason:
    """A reason to store. JSON must be able to store the values."""
    return {"code": code, **values}


def problem_reason(problem: Problem) -> Reason:
    """A problem of a file as a reason."""
    return as_reason("problem", problem=problem._asdict())


def support_reasons(reference: str) -> list[Reason]:
    """What to do after an unexpected error; none without its reference."""
    return [as_reason("contact_support", reference=reference)] if reference else []


def text_of(reasons: Iterable[Reason]) -> str:
    """The reasons in the reader's language; empty if there are none."""
    return " ".join(map(_sentence, reasons))


def _sentence(found: Reason) -> str:
    code, values = found["code"], {name: _written(value) for name, value in found.items() if name != "code"}
    if code == "problem":
        return explain(stored_problem(found["problem"]))
    if code == "contact_support":
        return ask_support(found["reference"])
    if code in _COUNTED:
        number, message = _COUNTED[code]
        return counted(message, found[number], **values)
    return str(_SENTENCES[code]).format(**values) if code in _SENTENCES else FailureReason.text_of(code)


def _written(value: object) -> object:
    if isinstance(value, int):
        return grouped(value)
    return listed(value) if isinstance(value, list) else value
