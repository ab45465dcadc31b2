"""Banners: what became of an admin's imports, shown on every page until they are closed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from accounts.models import Membership
from accounts.permissions import Permission
from accounts.wording import counted
from invites.imports.notices import LATE, banner_topic
from invites.imports.presentation.confirmation import confirm_heading
from invites.imports.presentation.names import import_name
from invites.imports.presentation.status import nobody_yet
from invites.imports.presentation.wording import result_text, result_title, scheduled_text, stopped_text, undone_text
from invites.imports.selectors.summary import Summary, outcomes_of, summary_of
from invites.imports.selectors.typos import typos_of
from invites.invitations.visibility import batch_is_visible, sees_everybody, visible_batches
from invites.models import Batch, BatchQuerySet, FailureReason
from invites.problems import message_of, stored_problem
from invites.reasons import text_of
from invites.wording import as_sentence

# Some of them are folded: see invites/shell/notifications.py.
SHOWN = 4
_WITHOUT_INVITER = Q(state=Batch.State.STOPPED, state_reasons__0__code=FailureReason.INVITER_LEFT.value)

_NEED_FIXING = ngettext_lazy("{count} row of {file} needs fixing", "{count} rows of {file} need fixing")
_FIX_ROWS = ngettext_lazy("Fix the row", "Fix the rows")
_VIEW_ROWS = ngettext_lazy("View the row", "View the rows")
_CAN_BE_INVITED = ngettext_lazy(
    "{count} fixed row of {file} can be invited", "{count} fixed rows of {file} can be invited"
)
_DOUBTFUL = ngettext_lazy("{count} cell in {file} may have a mistake", "{count} cells in {file} may have mistakes")


@dataclass(frozen=True)
class Banner:
    """A heading, a text, a link, and the address that closes it."""

    pk: int
    kind: str
    heading: str
    text: str
    link_url: str
    link_label: str
    close_url: str
    is_urgent: bool

    @property
    def title(self) -> str:
        """The heading as a sentence, because the text follows it in the same line."""
        return as_sentence(self.heading)


@dataclass(frozen=True)
class Banners:
    """The banners, the newest first, and how many more there are. `but` is the batch that the page is about, or 0.

    `moving`: one of them is about work that is still running.
    """

    shown: list[Banner]
    more: int
    but: int = 0
    moving: bool = False


@dataclass(frozen=True)
class MayHaveBanner:
    """What there may be. Callers who have asked before, and know of none, get a simpler query.

    `stopped`: imports of anybody that stopped. `late`: correction jobs of this member.
    """

    stopped: bool = True
    late: bool = True


ANYTHING = MayHaveBanner()


def open_banners(membership: Membership, *, there: MayHaveBanner = ANYTHING) -> QuerySet[Batch]:
    """The batches with a banner: they concern this member, and nobody whom they concern has closed their banner.

    Or the member has a banner about a correction job. The newest come first.
    """
    concerns = concerning(membership) if there.stopped else worked_on_by(membership.user_id)
    found = concerns & Q(banner_closed_at=None, state__in=[*Batch.ENDED, *Batch.WAITING, Batch.State.SCHEDULED])
    if there.late:
        found |= _corrected_late_by(membership)
    return Batch.objects.filter(found, organization=membership.organization).order_by("-progressed_at", "-pk")


def banners_for(membership: Membership, *, but: int = 0, there: MayHaveBanner = ANYTHING) -> Banners:
    """The banners of this member, without that of the batch `but`."""
    batches = open_banners(membership, there=there)
    if but:
        batches = batches.exclude(pk=but)
    shown = _shown(batches)
    for batch in shown:
        batch.organization = membership.organization
    more = batches.count() - SHOWN if len(shown) == SHOWN else 0
    listed = [
        late_banner_of(batch)
        if batch.late_banner_for_id == membership.user_id and batch.can_be_continued
        else banner_of(batch)
        for batch in shown
    ]
    return Banners(listed, max(0, more), but, moving=_are_moving(shown))


def _shown(batches: QuerySet[Batch]) -> list[Batch]:
    """The newest of them, the newest first. If there are many, urgent ones take the places of others.

    The very newest always has its place: its banner says how many people were invited.
    """
    newest = list(batches[: SHOWN + 1])
    if len(newest) <= SHOWN:
        return newest
    urgent = list(batches.filter(BatchQuerySet.is_urgent()).exclude(pk=newest[0].pk)[: SHOWN - 1])
    others = [batch for batch in newest[1:] if batch not in urgent][: SHOWN - 1 - len(urgent)]
    return [newest[0], *sorted([*urgent, *others], key=lambda batch: (batch.progressed_at, batch.pk), reverse=True)]


def are_moving(membership: Membership, *, but: int = 0) -> bool:
    """`banners_for(...).moving`, without the cost of the banners."""
    return _are_moving(_shown(open_banners(membership).exclude(pk=but)))


def _are_moving(batches: Iterable[Batch]) -> bool:
    return any(batch.is_being_undone for batch in batches)


def running_for(membership: Membership) -> QuerySet[Batch]:
    """The running batches of this member, the newest first."""
    return visible_batches(membership).filter(started_by(membership.user_id)).order_by("-created_at")


def started_by(user_id: int) -> Q:
    """Running batches that this user started, or whose running correction job this user started."""
    return Q(state__in=Batch.RUNNING) & (worked_on_by(user_id) | Q(job__started_by=user_id))


def concerning(membership: Membership) -> Q:
    """Batches of which this member learns the result, and who may close their banner.

    If a batch stopped because its inviter can no longer invite, somebody else has to know: everyone who sees and
    manages users.
    """
    own = worked_on_by(membership.user_id)
    may_manage = sees_everybody(membership) and membership.has_permission(Permission.MANAGE_USERS)
    return own | _WITHOUT_INVITER if may_manage else own


def _corrected_late_by(membership: Membership) -> Q:
    """Batches of whose correction job this member learns the result."""
    corrected = Q(late_banner_for=membership.user_id) & BatchQuerySet.is_continuable()
    return corrected & batch_is_visible(membership)


def worked_on_by(user_id: int) -> Q:
    """Batches of which this user is the `working_inviter`."""
    return Q(continued_at=None, inviter=user_id) | Q(continued_at__isnull=False, continued_by=user_id)


def banner_of(batch: Batch) -> Banner:
    """The banner of one batch."""
    summary = summary_of(batch) if batch.undone_at else outcomes_of(batch, batch.outcome_counts)
    return _banner(batch, _texts(batch, summary), _link(batch, summary), topic=banner_topic(batch))


def late_banner_of(batch: Batch) -> Banner:
    """The banner about rows that were corrected in the background, after the import had ended."""
    summary, file = outcomes_of(batch), import_name(batch)
    link = "imports:batch_problems", _("Review")
    if to_fix := summary.unfixed:
        title, link = counted(_NEED_FIXING, to_fix, file=file), _link_to_rows(batch, to_fix)
    elif summary.invitable:
        title = counted(_CAN_BE_INVITED, summary.invitable, file=file)
    else:
        title, link = _nothing_left(batch), ("imports:batch", _("View import"))
    text = text_of(batch.notice) or _("Your corrections were saved.")
    return _banner(batch, ("warn" if to_fix or batch.notice else "ok", title, text), link, topic=LATE)


def _banner(batch: Batch, texts: tuple[str, str, str], link: tuple[str, str], *, topic: str) -> Banner:
    kind, heading, text = texts
    view, label = link
    address = [batch.organization.slug, batch.pk]
    return Banner(
        pk=batch.pk,
        kind=kind,
        heading=heading,
        text=text,
        link_url=reverse(view, args=address),
        link_label=label,
        close_url=f"{reverse('imports:batch_close_banner', args=address)}?read={topic}",
        is_urgent=batch.is_urgent,
    )


def _texts(batch: Batch, summary: Summary) -> tuple[str, str, str]:
    """The kind, the heading and the text of the banner."""
    title = result_title(batch, summary)
    if batch.undone_at:
        return "warn", title, undone_text(batch, summary)
    match batch.state:
        case Batch.State.REJECTED:
            return "bad", title, as_sentence(message_of(stored_problem(batch.rejection))) if batch.rejection else ""
        case Batch.State.NEEDS_ANSWER:
            heading = _("{file} needs your answer").format(file=import_name(batch))
            return "warn", heading, _("Nobody has been invited yet.")
        case Batch.State.NEEDS_CORRECTION:
            return (
                "warn",
                _needs_fixing(batch, summary),
                text_of(batch.notice) or _("Nobody has been invited yet."),
            )
        case Batch.State.NEEDS_CONFIRMATION:
            return "warn", confirm_heading(import_name(batch)), nobody_yet(batch)
        case Batch.State.SCHEDULED:
            waits = text_of(batch.notice)
            return "warn" if waits else "info", title, f"{waits} {scheduled_text(batch, summary)}".strip()
        case Batch.State.STOPPED:
            return "warn", title, stopped_text(batch, summary)
        case Batch.State.FAILED:
            return "bad", title, text_of(batch.state_reasons)
    return "warn" if summary.failed and not summary.invited else "ok", title, result_text(batch, summary)


def _needs_fixing(batch: Batch, summary: Summary) -> str:
    if summary.to_fix:
        return counted(_NEED_FIXING, summary.to_fix, file=import_name(batch))
    if count := typos_of(batch).open:
        return counted(_DOUBTFUL, count, file=import_name(batch))
    return _nothing_left(batch)


def _nothing_left(batch: Batch) -> str:
    return _("Nothing is left to fix in {file}").format(file=import_name(batch))


def _link(batch: Batch, summary: Summary) -> tuple[str, str]:
    """The name of the view that the banner links to, and the label of the link."""
    if batch.state == Batch.State.NEEDS_ANSWER:
        return "imports:batch_reading", _("Check the file")
    if batch.state == Batch.State.NEEDS_CONFIRMATION:
        return "imports:batch_confirm", _("Review")
    if batch.state != Batch.State.NEEDS_CORRECTION:
        return "imports:batch", _("View import")
    return _link_to_rows(batch, summary.unfixed) if summary.to_fix else ("imports:batch_problems", _("Review"))


def _link_to_rows(batch: Batch, count: int) -> tuple[str, str]:
    return "imports:batch_problems", counted(_VIEW_ROWS if batch.organization.is_suspended else _FIX_ROWS, count)
