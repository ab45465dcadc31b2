"""Banners: what became of an admin's imports, shown on every page until the admin closes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import ngettext_lazy

from accounts.models import Membership
from invites.imports.notices import banner_topic
from invites.imports.selectors.progress import count_unsent
from invites.imports.selectors.summary import Summary, outcomes_of, summary_of
from invites.invitations.visibility import visible_batches
from invites.models import Batch, FailureReason
from invites.wording import smart_quotes

SHOWN = 2

USERS_WERE_INVITED = ngettext_lazy("{:,} user was invited to {}", "{:,} users were invited to {}")
TAKING_BACK = ngettext_lazy("Taking back {:,} invitation", "Taking back {:,} invitations")
TAKEN_BACK = ngettext_lazy("{:,} invitation was taken back.", "{:,} invitations were taken back.")
STILL_GOING_OUT = ngettext_lazy("{:,} mail is still going out", "{:,} mails are still going out")
_ACCEPTED = ngettext_lazy("{:,} person from {} had accepted and stays.", "{:,} people from {} had accepted and stay.")
_NOT_INVITED = ngettext_lazy("{:,} row of {} was not invited.", "{:,} rows of {} were not invited.")
_NOT_MAILED = ngettext_lazy("{:,} could not be mailed", "{:,} could not be mailed")
_NEED_FIXING = ngettext_lazy("{:,} row of {} needs fixing.", "{:,} rows of {} need fixing.")
_ALL_SKIPPED = ngettext_lazy("The one row of {1} was skipped{2}.", "All {0:,} rows of {1} were skipped{2}.")


@dataclass(frozen=True)
class Banner:
    """A bold title, a text, a link, and the address that closes it."""

    pk: int
    kind: str
    title: str
    text: str
    link_url: str
    link_label: str
    close_url: str


@dataclass(frozen=True)
class Banners:
    """The newest banners, and how many more there are. `but` is the batch that the page itself is about, or 0.

    `moving` says that one of them is about work that still runs.
    """

    shown: list[Banner]
    more: int
    but: int = 0
    moving: bool = False


def open_banners(membership: Membership) -> QuerySet[Batch]:
    """The batches with a banner: this member started them here, and has not closed their banner."""
    return (
        Batch.objects.filter(
            organization=membership.organization,
            inviter=membership.user,
            banner_closed_at=None,
            state__in=[*Batch.ENDED, Batch.State.NEEDS_CORRECTION],
        )
        .select_related("organization")
        .order_by("-progressed_at", "-pk")
    )


def banners_for(membership: Membership, *, but: int = 0) -> Banners:
    """The banners of this member, without that of the batch `but`."""
    batches = open_banners(membership).exclude(pk=but)
    shown = list(batches[:SHOWN])
    more = batches.count() - SHOWN if len(shown) == SHOWN else 0
    return Banners([banner_of(batch) for batch in shown], max(0, more), but, moving=_are_moving(shown))


def are_moving(membership: Membership, *, but: int = 0) -> bool:
    """`banners_for(...).moving`, without the cost of the banners."""
    return _are_moving(open_banners(membership).exclude(pk=but)[:SHOWN])


def _are_moving(batches: Iterable[Batch]) -> bool:
    return any(batch.is_being_undone for batch in batches)


def running_for(membership: Membership) -> QuerySet[Batch]:
    """The running batches of this member, the newest first."""
    return visible_batches(membership).filter(started_by(membership.user_id)).order_by("-created_at")


def started_by(user_id: int) -> Q:
    """Running batches that this user started, or whose running correction job this user started."""
    return Q(state__in=Batch.RUNNING) & (Q(inviter=user_id) | Q(job__started_by=user_id))


def banner_of(batch: Batch) -> Banner:
    """The banner of one batch."""
    summary = summary_of(batch) if batch.undone_at else outcomes_of(batch)
    kind, title, text = _texts(batch, summary)
    view, label = _link(batch, summary)
    address = [batch.organization.slug, batch.pk]
    return Banner(
        pk=batch.pk,
        kind=kind,
        title=title,
        text=text,
        link_url=reverse(view, args=address),
        link_label=label,
        close_url=f"{reverse('imports:batch_close_banner', args=address)}?read={banner_topic(batch)}",
    )


def _texts(batch: Batch, summary: Summary) -> tuple[str, str, str]:
    """The kind, the title and the text of the banner."""
    name, organization = batch.file_name, batch.organization.name
    if batch.undone_at:
        return "warn", undone_title(batch, summary), undone_text(name, summary)
    match batch.state:
        case Batch.State.REJECTED:
            cause = smart_quotes(_sentence((batch.rejection or {}).get("message", "")))
            return "bad", f"{name} was not imported.", cause
        case Batch.State.NEEDS_CORRECTION:
            count = summary.to_fix
            title = _NEED_FIXING.format(count, name) if count else f"Nothing is left to fix in {name}."
            return "warn", title, smart_quotes(batch.notice) or "Nobody has been invited yet."
        case Batch.State.STOPPED:
            return "warn", f"{stopped_title(batch, summary)}.", stopped_text(batch, summary)
        case Batch.State.FAILED:
            return "bad", f"{name} was not imported.", FailureReason.text_of(batch.state_reason)
    if summary.invited:
        return "ok", f"{USERS_WERE_INVITED.format(summary.invited, organization)}.", result_text(name, summary)
    kind = "warn" if summary.failed else "ok"
    return kind, f"Nobody new was invited to {organization}.", _nobody_text(name, summary)


def _link(batch: Batch, summary: Summary) -> tuple[str, str]:
    """The name of the view that the banner links to, and the label of the link."""
    if batch.state == Batch.State.NEEDS_CORRECTION:
        return "imports:batch_problems", "Fix the rows" if summary.to_fix else "See the rows"
    return "imports:batch", "See what was found" if batch.state == Batch.State.REJECTED else "See the batch"


def undone_title(batch: Batch, summary: Summary) -> str:
    """ "Taking back 84,213 invitations." until that is done, and then "Undone. 84,213 invitations were taken back."."""
    if batch.is_being_undone:
        return f"{TAKING_BACK.format(summary.undone)}."
    return f"Undone. {TAKEN_BACK.format(summary.undone)}"


def undone_text(name: str, summary: Summary) -> str:
    """How many had accepted, and so are members."""
    return _ACCEPTED.format(summary.accepted, name) if summary.accepted else f"Nobody from {name} had accepted."


def stopped_title(batch: Batch, summary: Summary) -> str:
    """ "Stopped. 140 users were invited to Acme", without the period."""
    name = batch.organization.name
    invited = USERS_WERE_INVITED.format(summary.invited, name) if summary.invited else f"Nobody was invited to {name}"
    return f"Stopped. {invited}"


def stopped_text(batch: Batch, summary: Summary) -> str:
    """Why it stopped, how many were not invited, and how many emails are still going out."""
    unsent = count_unsent(batch) if summary.invited else 0
    going_out = STILL_GOING_OUT.format(unsent) if unsent else ""
    if summary.stopped:
        parts = [_NOT_INVITED.format(summary.stopped, batch.file_name), going_out]
    elif summary.invited:
        parts = ["; ".join(part for part in ("Everybody was invited already", going_out) if part)]
    else:
        parts = []
    refused = _NOT_MAILED.format(summary.mail_refused) if summary.mail_refused else ""
    reason = FailureReason.text_of(batch.state_reason)
    return " ".join(_sentence(part) for part in (reason, *parts, refused) if part)


def result_text(name: str, summary: Summary) -> str:
    """How many were not invited, and why, in one sentence."""
    not_invited = summary.failed - summary.stopped - summary.mail_refused
    counts = (
        (summary.already_member, ngettext_lazy("{:,} was already a member", "{:,} were already members")),
        (summary.already_invited, ngettext_lazy("{:,} was invited already", "{:,} were invited already")),
        (summary.duplicate, ngettext_lazy("{:,} is twice in the file", "{:,} are twice in the file")),
        (summary.to_fix, ngettext_lazy("{:,} has a problem", "{:,} have problems")),
        (summary.skipped_by_admin, ngettext_lazy("{:,} was left out", "{:,} were left out")),
        (summary.mail_refused, _NOT_MAILED),
        (summary.bounced, ngettext_lazy("{:,} bounced", "{:,} bounced")),
        (not_invited, ngettext_lazy("{:,} could not be invited", "{:,} could not be invited")),
    )
    parts = [text.format(count) for count, text in counts if count]
    return f"From {name}: {', '.join(parts)}." if parts else f"Everybody in {name}."


def _nobody_text(name: str, summary: Summary) -> str:
    if summary.rows and summary.skipped == summary.rows:
        which = {summary.already_member: "members already", summary.already_invited: "invited already"}
        why = f": they are {which[summary.rows]}" if summary.rows in which else ""
        return _ALL_SKIPPED.format(summary.rows, name, why)
    return result_text(name, summary)


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "?")) else f"{text}."
