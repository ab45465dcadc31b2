"""How pages describe a bulk action: its review, its progress and its result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from accounts.models import Membership
from accounts.permissions import permission_summary
from accounts.support import ask_support
from accounts.wording import counted, grouped
from invites.directory.bulk.change import UNDOABLE, BulkChange, Kind, Mode, change_of
from invites.directory.bulk.plan import Plan
from invites.directory.bulk.wording.actions import (
    able_text,
    done_text,
    effect_text,
    label_of,
    question_of,
    running_text,
    same_text,
    status_text,
    was_same_text,
)
from invites.directory.bulk.wording.outcomes import WHY_SKIPPED, were_skipped_text
from invites.directory.users import Status
from invites.live.progress import Progress, TimeLeft, estimate_seconds_left
from invites.models import BulkAction, FailureReason, Outcome
from invites.wording import as_sentence

SHOWN = 2
State = BulkAction.State

_NOT_CHANGED = ngettext_lazy("{count} user wasn’t changed.", "{count} users weren’t changed.")
_NOTHING = ngettext_lazy("No change for {count} user: {reason}.", "No change for all {count} users: {reason}.")


@dataclass(frozen=True)
class ReviewRow:
    """A row of the review: "Skipped", "have access you don’t have", and how many. `parts` are below the first row."""

    title: str
    text: str
    count: int
    parts: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Review:
    """What the dialog says before an action is started. `label` is its button; empty if nothing would change."""

    title: str
    lead: str
    rows: tuple[ReviewRow, ...]
    selected: int
    able: str
    note: str
    label: str
    is_danger: bool


def review_of(change: BulkChange, plan: Plan, *, name: str = "") -> Review:
    """The review of a plan. `name` is that of the person, if only one is selected."""
    count = plan.changed
    name = name if plan.selected == 1 else ""
    return Review(
        title=question_of(change, count, name=name) if count else _("Nothing to change"),
        lead=_lead(change, plan),
        rows=tuple(_review_rows(change, plan)),
        selected=plan.selected,
        able=able_text(change, count),
        note=_note(change) if count else "",
        label=label_of(change, count, name=name) if count else "",
        is_danger=change.kind in (Kind.DEACTIVATE, Kind.REVOKE, Kind.REMOVE),
    )


def _lead(change: BulkChange, plan: Plan) -> str:
    if not plan.changed:
        return _nothing_lead(change, plan)
    match change.kind:
        case Kind.ROLES:
            return _roles_lead(change)
        case Kind.SITES:
            return _("Their roles stay as they are.")
        case Kind.RESEND:
            return _("Each person gets a new email. Earlier links stop working.")
        case Kind.REVOKE:
            return _("The links in their emails stop working.")
        case Kind.DEACTIVATE:
            return _(
                "They lose access immediately. Roles and sites are kept. Open invitations that they sent stop working "
                "until they’re reactivated."
            )
        case Kind.REACTIVATE:
            return _("They get back the roles and sites that they had.")
        case _:
            return _(
                "They lose access immediately, and open invitations that they sent stop working. Their accounts and "
                "their other organizations aren’t affected."
            )


def _nothing_lead(change: BulkChange, plan: Plan) -> str:
    if plan.selected and plan.of(Outcome.SAME) == plan.selected:
        return counted(_NOTHING, plan.selected, reason=same_text(change))
    return _("None of the selected users can be changed this way.")


def _roles_lead(change: BulkChange) -> str:
    if change.mode == Mode.REPLACE:
        stay = _("Their other roles are removed. Sites stay as they are.")
    else:
        stay = _("Other roles and sites stay as they are.")
    if change.mode == Mode.REMOVE:
        return stay
    known = [
        _("{role} allows: {permissions}.").format(role=role.name, permissions=permission_summary(role.allowed))
        for role in change.access.roles
    ]
    return " ".join([*known, stay])


def _review_rows(change: BulkChange, plan: Plan) -> Iterator[ReviewRow]:
    by_status = plan.changed_by_status()
    if plan.changed:
        # All active members: then there is nothing to tell apart.
        parts = by_status if set(by_status) != {Status.ACTIVE} else {}
        lines = tuple((status_text(change, status), count) for status, count in parts.items())
        yield ReviewRow(effect_text(change), "", plan.changed, lines)
    for outcome, count in plan.outcomes.items():
        if outcome == Outcome.SAME:
            yield ReviewRow(_("No change"), same_text(change), count)
        elif outcome != Outcome.CHANGED:
            yield ReviewRow(_("Skipped"), str(WHY_SKIPPED[outcome]), count)


def undo_rows(counts: Mapping[Outcome, int]) -> list[ReviewRow]:
    """The same for an undo."""
    return [
        ReviewRow(_("Undone"), "", count)
        if outcome == Outcome.CHANGED
        else ReviewRow(_("Skipped"), str(WHY_SKIPPED[outcome]), count)
        for outcome, count in counts.items()
    ]


def _note(change: BulkChange) -> str:
    if change.kind in UNDOABLE:
        return _("No email is sent. You can undo this from the results.")
    if change.kind == Kind.RESEND:
        return _("You can’t undo this.")
    return _("No email is sent. You can’t undo this.")


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


def view_of(action: BulkAction, time_left: TimeLeft | None = None, *, starter: str = "") -> ActionView:
    """The action as text. Pass the same `time_left` again in a stream, so that the estimate never rises.

    `starter` is the name of the user who started it, for a viewer who is somebody else.
    """
    if action.is_running:
        return _running(action, time_left or TimeLeft())
    kind, title, text = _ended(action, starter)
    return ActionView(action, kind, title, text, announced=f"{title} {text}".strip(), progress=None)


def running_title(action: BulkAction) -> str:
    """ "Adding Auditor to 221 users"."""
    return running_text(change_of(action), action.expected, is_undo=action.is_undo)


def _started_by(membership: Membership) -> QuerySet[BulkAction]:
    actions = BulkAction.objects.filter(organization=membership.organization, started_by=membership.user)
    return actions.select_related("organization").order_by("-created_at", "-pk")


def _running(action: BulkAction, time_left: TimeLeft) -> ActionView:
    share = action.done / action.total if action.total else 0.0
    seconds = time_left.steady(action, estimate_seconds_left(action.created_at, share))
    progress = Progress(action.done, action.total, share, seconds)
    title = as_sentence(running_title(action))
    done = _("{count} done.").format(count=grouped(action.changed))
    text = f"{done} {progress.time_left}".strip()
    announced = title
    if progress.quarter:
        announced = _("{title}: {percent}% done").format(title=running_title(action), percent=progress.quarter)
    return ActionView(action, "info", title, text, announced, progress)


def _ended(action: BulkAction, starter: str) -> tuple[str, str, str]:
    """The kind of the banner, its title, and its text."""
    title = done_text(change_of(action), action.changed, is_undo=action.is_undo)
    if action.state != State.STOPPED:
        return "ok" if action.changed else "warn", title, _joined(_sentences(action, starter))
    stopped = _("Stopped.")
    return "warn", f"{stopped} {title}", _joined([*_why_stopped(action), *_sentences(action, starter)])


def _sentences(action: BulkAction, starter: str) -> Iterator[str]:
    change = change_of(action)
    for outcome in Outcome:
        count = action.counts.get(outcome, 0)
        if count and outcome == Outcome.SAME:
            yield was_same_text(change, count)
        elif count and outcome != Outcome.CHANGED:
            yield were_skipped_text(outcome, count, starter=starter)


def _why_stopped(action: BulkAction) -> list[str]:
    """The sentences that say why, unless an admin stopped it, and how many were not handled."""
    support = ask_support(action.error_reference) if action.error_reference else ""
    left = action.total - action.done
    return [FailureReason.text_of(action.stop_reason), support, counted(_NOT_CHANGED, left) if left else ""]


def _joined(sentences: Iterable[str]) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
