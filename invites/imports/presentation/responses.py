"""The responses to an import in words: the numbers now, and a table of the days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import pgettext_lazy

from accounts.texts import StrPromise
from invites.imports.presentation.summary import Line
from invites.imports.selectors.responses import KINDS, Responses

# By the names of the filters in selectors/rows.py.
_TITLES = {
    "accepted": pgettext_lazy("people", "Accepted"),
    "scheduled": pgettext_lazy("people", "Scheduled"),
    "waiting": pgettext_lazy("people", "Pending"),
    "expired": pgettext_lazy("people", "Expired"),
    "declined": pgettext_lazy("people", "Declined"),
    "bounced": pgettext_lazy("people", "Bounced"),
    "revoked": pgettext_lazy("people", "Revoked"),
}


@dataclass(frozen=True)
class ResponseLine(Line):
    """One of the numbers, which add up to the invited people."""

    @property
    def label(self) -> StrPromise:
        return _TITLES[self.outcome]


@dataclass(frozen=True)
class DayTable:
    """The running totals by day, newest first, without the columns that are always 0."""

    columns: list[StrPromise]
    rows: list[tuple[date, list[int]]]


def response_lines(responses: Responses) -> list[ResponseLine]:
    """Accepted and pending, and the others that aren't 0."""
    summary = responses.summary
    lines = [ResponseLine("accepted", summary.accepted), ResponseLine("waiting", summary.waiting_answer)]
    lines.append(ResponseLine("scheduled", summary.scheduled))
    lines += [ResponseLine(kind, getattr(summary, kind)) for kind in KINDS if kind != "accepted"]
    return [line for line in lines if line.count or line.outcome in ("accepted", "waiting")]


def day_table(responses: Responses) -> DayTable:
    """The days on which something changed."""
    last, invited = responses.days[-1], responses.summary.invited
    kinds = [kind for kind in KINDS if kind == "accepted" or getattr(last, kind)]
    rows = []
    for totals in reversed(responses.days):
        accepted, *others = (getattr(totals, kind) for kind in kinds)
        rows.append((totals.day, [accepted, invited - accepted - totals.ended, *others]))
    return DayTable([_TITLES["accepted"], _TITLES["waiting"], *(_TITLES[kind] for kind in kinds[1:])], rows)
