"""How pages describe a bulk action: its progress and its result."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from accounts.models import Membership
from accounts.wording import counted, grouped
from invites.invitations.wording import not_resent_text, not_revoked_text, resend_title, revoke_title
from invites.live.progress import Progress, TimeLeft, estimate_seconds_left
from invites.models import BulkAction, FailureReason
from invites.unexpected_errors import ask_support
from invites.wording import as_sentence

SHOWN = 2
Kind, State = BulkAction.Kind, BulkAction.State

_NO_LONGER_PENDING = ngettext_lazy("{count} was no longer pending.", "{count} were no longer pending.")
_NOT_CHANGED = ngettext_lazy("{count} invitation wasn’t changed.", "{count} invitations weren’t changed.")
_RUNNING = {
    Kind.RESEND: ngettext_lazy("Resending {count} invitation", "Resending {count} invitations"),
    Kind.REVOKE: ngettext_lazy("Revoking {count} invitation", "Revoking {count} invitations"),
}


@dataclass(frozen=True)
class ActionView:
    """An action for the banner, the dialog and the indicator. `progress` is None if the action has ended.

    `announced` is the text for screen readers. It changes with each quarter.
    """

    action: BulkAction
    kind: str
    title: str
    text: str
    announced: str
    progress: Progress | None

    @property
    def heading(self) -> str:
        """The title without its period, for the head of a dialog."""
        return self.title.removesuffix(".")


def running_actions(membership: Membership) -> QuerySet[BulkAction]:
    """The running actions of this member, newest first."""
    return _started_by(membership).filter(state=State.RUNNING)


def actions_to_show(membership: Membership, *, but: int = 0) -> list[ActionView]:
    """The newest actions of this member whose banner is open, except the one with the id `but`."""
    actions = _started_by(membership).filter(banner_closed_at=None).exclude(pk=but)
    return [view_of(action) for action in actions[:SHOWN]]


def view_of(action: BulkAction, time_left: TimeLeft | None = None) -> ActionView:
    """The action as text. Pass the same `time_left` again in a stream, so that the estimate never rises."""
    if action.is_running:
        return _running(action, time_left or TimeLeft())
    kind, title, text = _ended(action)
    return ActionView(action, kind, title, text, announced=f"{title} {text}".strip(), progress=None)


def running_title(action: BulkAction) -> str:
    """ "Resending 20,000 invitations"."""
    return counted(_RUNNING[Kind(action.kind)], action.total)


def _started_by(membership: Membership) -> QuerySet[BulkAction]:
    actions = BulkAction.objects.filter(organization=membership.organization, started_by=membership.user)
    return actions.select_related("organization").order_by("-created_at", "-pk")


def _running(action: BulkAction, time_left: TimeLeft) -> ActionView:
    share = action.done / action.total if action.total else 0.0
    seconds = time_left.steady(action, estimate_seconds_left(action.created_at, share))
    progress = Progress(action.done, action.total, share, seconds)
    title = as_sentence(running_title(action))
    done = _("{count} done.").format(count=grouped(action.done))
    text = f"{done} {progress.time_left}".strip()
    announced = title
    if progress.quarter:
        announced = _("{title}: {percent}% done").format(title=running_title(action), percent=progress.quarter)
    return ActionView(action, "info", title, text, announced, progress)


def _why_stopped(action: BulkAction) -> list[str]:
    """The sentences that say why; none if an admin stopped it."""
    support = ask_support(action.error_reference) if action.error_reference else ""
    return [FailureReason.text_of(action.stop_reason), support]


def _joined(sentences: list[str]) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def _ended(action: BulkAction) -> tuple[str, str, str]:
    """The kind of the banner, its title, and its text."""
    if action.kind == Kind.RESEND:
        title, skipped = resend_title(action.changed), not_resent_text(action.skipped)
    else:
        title, skipped = revoke_title(action.changed), not_revoked_text(action.skipped)
    gone = action.done - action.changed - action.skipped
    sentences = [skipped, counted(_NO_LONGER_PENDING, gone) if gone else ""]
    if action.state != State.STOPPED:
        return "ok" if action.changed else "warn", title, _joined(sentences)
    stopped = _("Stopped.")
    not_handled = action.total - action.done
    not_changed = counted(_NOT_CHANGED, not_handled) if not_handled else ""
    return "warn", f"{stopped} {title}", _joined([*_why_stopped(action), not_changed, *sentences])
