"""What became of the people of a bulk action: why they were skipped, in a sentence and in a word."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy, ngettext_lazy

from accounts.texts import StrOrPromise
from accounts.wording import counted
from invites.models import Outcome

# Why people are skipped: in the review, in the sentence of the result, and for one person in the results.
WHY_SKIPPED: Mapping[Outcome, StrOrPromise] = {
    Outcome.BEYOND: gettext_lazy("have access you don’t have"),
    Outcome.LAST_MANAGER: gettext_lazy("the last Org Admin"),
    Outcome.YOURSELF: gettext_lazy("yourself"),
    Outcome.NO_ROLES: gettext_lazy("would have no role left"),
    Outcome.NO_SITES: gettext_lazy("would have no site left"),
    Outcome.HAS_ALL_SITES: gettext_lazy("have all sites"),
    Outcome.IS_MEMBER: gettext_lazy("have already joined"),
    Outcome.NOT_JOINED: gettext_lazy("haven’t joined yet"),
    Outcome.MAY_NOT_MANAGE: gettext_lazy("you don’t have permission to manage users"),
    Outcome.MAY_NOT_INVITE: gettext_lazy("you don’t have permission to invite users"),
    Outcome.SENDING: gettext_lazy("already being sent"),
    Outcome.SCHEDULED: gettext_lazy("will be sent later"),
    Outcome.TOO_SOON: gettext_lazy("sent less than a minute ago"),
    Outcome.TOO_OFTEN: gettext_lazy("hit the resend limit"),
    Outcome.DAILY_LIMIT: gettext_lazy("got too many emails today"),
    Outcome.DECLINED: gettext_lazy("declined the invitation"),
    Outcome.BLOCKED: gettext_lazy("their addresses don’t accept invitations"),
    Outcome.CHANGED_SINCE: gettext_lazy("have changed since then"),
    Outcome.ACCESS_DELETED: gettext_lazy("had a role or site that was deleted"),
    Outcome.GONE: gettext_lazy("no longer in the list"),
}
_WERE_SKIPPED: dict[Outcome, StrOrPromise] = {
    Outcome.BEYOND: ngettext_lazy(
        "{count} was skipped because they have access you don’t have.",
        "{count} were skipped because they have access you don’t have.",
    ),
    Outcome.LAST_MANAGER: ngettext_lazy(
        "{count} was skipped because they are the last Org Admin.",
        "{count} were skipped because they are the last Org Admins.",
    ),
    Outcome.YOURSELF: ngettext_lazy(
        "You were skipped because you would lose your own permissions.",
        "You were skipped because you would lose your own permissions.",
    ),
    Outcome.NO_ROLES: ngettext_lazy(
        "{count} was skipped because they would have no role left.",
        "{count} were skipped because they would have no role left.",
    ),
    Outcome.NO_SITES: ngettext_lazy(
        "{count} was skipped because they would have no site left.",
        "{count} were skipped because they would have no site left.",
    ),
    Outcome.HAS_ALL_SITES: ngettext_lazy(
        "{count} was skipped because they have all sites.", "{count} were skipped because they have all sites."
    ),
    Outcome.IS_MEMBER: ngettext_lazy(
        "{count} was skipped because they have already joined.",
        "{count} were skipped because they have already joined.",
    ),
    Outcome.NOT_JOINED: ngettext_lazy(
        "{count} was skipped because they haven’t joined yet.",
        "{count} were skipped because they haven’t joined yet.",
    ),
    Outcome.MAY_NOT_MANAGE: ngettext_lazy(
        "{count} was skipped because you don’t have permission to manage users.",
        "{count} were skipped because you don’t have permission to manage users.",
    ),
    Outcome.MAY_NOT_INVITE: ngettext_lazy(
        "{count} was skipped because you don’t have permission to invite users.",
        "{count} were skipped because you don’t have permission to invite users.",
    ),
    Outcome.SENDING: ngettext_lazy(
        "{count} was skipped because the email is already being sent.",
        "{count} were skipped because their emails are already being sent.",
    ),
    Outcome.SCHEDULED: ngettext_lazy(
        "{count} was skipped because the invitation will be sent later.",
        "{count} were skipped because their invitations will be sent later.",
    ),
    Outcome.TOO_SOON: ngettext_lazy(
        "{count} was skipped because the invitation was sent less than a minute ago.",
        "{count} were skipped because their invitations were sent less than a minute ago.",
    ),
    Outcome.TOO_OFTEN: ngettext_lazy(
        "{count} was skipped because the invitation hit the resend limit.",
        "{count} were skipped because their invitations hit the resend limit.",
    ),
    Outcome.DAILY_LIMIT: ngettext_lazy(
        "{count} was skipped because the address got too many emails today.",
        "{count} were skipped because the addresses got too many emails today.",
    ),
    Outcome.DECLINED: ngettext_lazy(
        "{count} was skipped because they declined the invitation.",
        "{count} were skipped because they declined the invitation.",
    ),
    Outcome.BLOCKED: ngettext_lazy(
        "{count} was skipped because the address doesn’t accept invitations.",
        "{count} were skipped because their addresses don’t accept invitations.",
    ),
    Outcome.CHANGED_SINCE: ngettext_lazy(
        "{count} was skipped because they have changed since then.",
        "{count} were skipped because they have changed since then.",
    ),
    Outcome.ACCESS_DELETED: ngettext_lazy(
        "{count} was skipped because they had a role or site that was deleted.",
        "{count} were skipped because they had a role or site that was deleted.",
    ),
    Outcome.GONE: ngettext_lazy("{count} was no longer in the list.", "{count} were no longer in the list."),
}
OUTCOME_LABELS: Mapping[Outcome, StrOrPromise] = {
    Outcome.CHANGED: gettext_lazy("Changed"),
    Outcome.SAME: gettext_lazy("No change"),
    Outcome.BEYOND: gettext_lazy("Skipped: has access that the admin doesn’t have"),
    Outcome.LAST_MANAGER: gettext_lazy("Skipped: the last Org Admin"),
    Outcome.YOURSELF: gettext_lazy("Skipped: the admin who started it"),
    Outcome.NO_ROLES: gettext_lazy("Skipped: would have no role left"),
    Outcome.NO_SITES: gettext_lazy("Skipped: would have no site left"),
    Outcome.HAS_ALL_SITES: gettext_lazy("Skipped: has all sites"),
    Outcome.IS_MEMBER: gettext_lazy("Skipped: has already joined"),
    Outcome.NOT_JOINED: gettext_lazy("Skipped: hasn’t joined yet"),
    Outcome.MAY_NOT_MANAGE: gettext_lazy("Skipped: the admin doesn’t have permission to manage users"),
    Outcome.MAY_NOT_INVITE: gettext_lazy("Skipped: the admin doesn’t have permission to invite users"),
    Outcome.SENDING: gettext_lazy("Skipped: already being sent"),
    Outcome.SCHEDULED: gettext_lazy("Skipped: will be sent later"),
    Outcome.TOO_SOON: gettext_lazy("Skipped: sent less than a minute ago"),
    Outcome.TOO_OFTEN: gettext_lazy("Skipped: hit the resend limit"),
    Outcome.DAILY_LIMIT: gettext_lazy("Skipped: got too many emails today"),
    Outcome.DECLINED: gettext_lazy("Skipped: declined the invitation"),
    Outcome.BLOCKED: gettext_lazy("Skipped: the address doesn’t accept invitations"),
    Outcome.CHANGED_SINCE: gettext_lazy("Skipped: has changed since then"),
    Outcome.ACCESS_DELETED: gettext_lazy("Skipped: had a role or site that was deleted"),
    Outcome.GONE: gettext_lazy("Skipped: no longer in the list"),
}
# The same for viewers who didn't start the action, where it is about its starter.
_SKIPPED_FOR_OTHERS: dict[Outcome, StrOrPromise] = {
    Outcome.BEYOND: ngettext_lazy(
        "{count} was skipped because they have access {name} doesn’t have.",
        "{count} were skipped because they have access {name} doesn’t have.",
    ),
    Outcome.YOURSELF: ngettext_lazy(
        "{name} was skipped because they would lose their own permissions.",
        "{name} was skipped because they would lose their own permissions.",
    ),
    Outcome.MAY_NOT_MANAGE: ngettext_lazy(
        "{count} was skipped because {name} doesn’t have permission to manage users.",
        "{count} were skipped because {name} doesn’t have permission to manage users.",
    ),
    Outcome.MAY_NOT_INVITE: ngettext_lazy(
        "{count} was skipped because {name} doesn’t have permission to invite users.",
        "{count} were skipped because {name} doesn’t have permission to invite users.",
    ),
}


def were_skipped_text(outcome: Outcome, count: int, *, starter: str = "") -> str:
    """ "5 were skipped because they have access you don’t have.". With `starter`, their name replaces "you"."""
    if starter and outcome in _SKIPPED_FOR_OTHERS:
        return counted(_SKIPPED_FOR_OTHERS[outcome], count, name=starter)
    return counted(_WERE_SKIPPED[outcome], count)
