"""Which banners of a page are open, and which are folded: the most important ones come first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from django import template

register = template.Library()

# More than two fill half the screen of a phone.
UNFOLDED = 2


class Rank(IntEnum):
    """Lower ones come first. Of the same rank, the order of `_all` is kept."""

    SUSPENDED = 0
    # Something failed, or waits for an admin.
    URGENT = 1
    # What became of what the member did, or is still running.
    RESULT = 2
    # What can wait.
    REMINDER = 3


@dataclass(frozen=True)
class Notification:
    """A banner. `template` draws `shown`."""

    rank: Rank
    template: str
    shown: Any = None
    # What the member did last: the banner is the only answer, so it isn't folded.
    is_answer: bool = False


@dataclass(frozen=True)
class Notifications:
    """All banners of a page. `more`: banners of imports that are only in *Imports*."""

    first: list[Notification]
    folded: list[Notification]
    more: int

    @property
    def hidden(self) -> int:
        """The number in the line that unfolds them."""
        return len(self.folded) + self.more


@register.simple_tag(takes_context=True)
def notifications(context: Mapping[str, Any]) -> Notifications:
    """The banners in the context of a page: see context.py. Some pages leave their own banner out."""
    ranked = sorted(_all(context), key=lambda each: each.rank)
    answers, others = [each for each in ranked if each.is_answer], [each for each in ranked if not each.is_answer]
    # Answers are never folded, and neither is the most important of the others.
    folded = others[max(UNFOLDED - len(answers), 1) :]
    banners = context.get("banners")
    return Notifications(
        first=[each for each in ranked if each not in folded], folded=folded, more=banners.more if banners else 0
    )


def _all(context: Mapping[str, Any]) -> Iterator[Notification]:
    organization = context.get("organization")
    if organization and organization.is_suspended:
        yield Notification(Rank.SUSPENDED, "components/suspended.html")
    for index, view in enumerate(context.get("bulk_actions") or ()):
        rank = Rank.URGENT if view.action.has_failed else Rank.RESULT
        yield Notification(rank, "directory/_bulk_action_banner.html", view, is_answer=index == 0)
    if banners := context.get("banners"):
        for index, banner in enumerate(banners.shown):
            rank = Rank.URGENT if banner.is_urgent else Rank.RESULT
            yield Notification(rank, "imports/_banner.html", banner, is_answer=index == 0)
    if count := context.get("invitation_requests"):
        yield Notification(Rank.REMINDER, "directory/_requests_banner.html", count)
    if expiry := context.get("expiry_banner"):
        yield Notification(Rank.REMINDER, "directory/_expiry_banner.html", expiry)
