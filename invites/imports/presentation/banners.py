"""The news of an admin's batches, kept until it is closed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts.models import Membership
from invites.imports.notices import topic_of
from invites.imports.selectors.progress import unsent_mails
from invites.imports.selectors.summary import Summary, outcomes_of, summary_of
from invites.invitations.visibility import visible_batches
from invites.invitations.wording import invitations_were
from invites.models import Batch
from invites.wording import smart_quotes

SHOWN = 2


@dataclass(frozen=True)
class Banner:
    """One piece of news: a bold sentence, a plain one, a link, and where to close it."""

    pk: int
    kind: str
    title: str
    text: str
    link_url: str
    link_label: str
    close_url: str


@dataclass(frozen=True)
class Banners:
    """The newest two, and how many more there are; `but` is the batch that the page itself is about, or 0.

    `moving` says that one of them tells of something that goes on.
    """

    shown: list[Banner]
    more: int
    but: int = 0
    moving: bool = False


def open_news(membership: Membership) -> QuerySet[Batch]:
    """The batches that this member started here, that have news, and whose banner was not closed."""
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
    """What the shell shows to this member on every page; `but` is the batch that the page itself is about."""
    news = open_news(membership).exclude(pk=but)
    shown = list(news[:SHOWN])
    more = news.count() - SHOWN if len(shown) == SHOWN else 0
    return Banners([banner_of(batch) for batch in shown], max(0, more), but, moving=_are_moving(shown))


def are_moving(membership: Membership, *, but: int = 0) -> bool:
    """Whether one of the banners would tell of something that goes on, for less than it costs to make them."""
    return _are_moving(open_news(membership).exclude(pk=but)[:SHOWN])


def _are_moving(shown: Iterable[Batch]) -> bool:
    return any(batch.is_being_undone for batch in shown)


def running_for(membership: Membership) -> QuerySet[Batch]:
    """The batches of this member that are being worked on now, the newest first."""
    return visible_batches(membership).filter(started_by(membership.user_id)).order_by("-created_at")


def started_by(user_id: int) -> Q:
    """The running batches of this user, and those of others in which they have many rows changed."""
    return Q(state__in=Batch.RUNNING) & (Q(inviter=user_id) | Q(job__started_by=user_id))


def people(count: int) -> str:
    """The subject of the sentence that this product exists for: "1 user was", "48 users were"."""
    return "1 user was" if count == 1 else f"{count:,} users were"


def taking_back(count: int) -> str:
    """ "Taking back 84,213 invitations"."""
    return f"Taking back {_count(count, 'invitation', 'invitations')}"


def undone_title(batch: Batch, summary: Summary) -> str:
    """What becomes, or became, of a batch that was undone."""
    if batch.is_being_undone:
        return f"{taking_back(summary.undone)}."
    return f"Undone. {invitations_were(summary.undone)} taken back."


def undone_text(name: str, summary: Summary) -> str:
    """Whom undoing did not reach."""
    if not summary.accepted:
        return f"Nobody from {name} had accepted."
    return f"{_count(summary.accepted, 'person', 'people')} from {name} had accepted and {_stay(summary.accepted)}."


def banner_of(batch: Batch) -> Banner:
    """The news of one batch in the words of the product."""
    summary = summary_of(batch) if batch.undone_at else outcomes_of(batch)
    kind, title, text, view, label = _news(batch, summary)
    organization = batch.organization.slug
    return Banner(
        pk=batch.pk,
        kind=kind,
        title=title,
        text=text,
        link_url=reverse(view, args=[organization, batch.pk]),
        link_label=label,
        close_url=f"{reverse('imports:batch_close_banner', args=[organization, batch.pk])}?read={topic_of(batch)}",
    )


def _news(batch: Batch, summary: Summary) -> tuple[str, str, str, str, str]:
    name, organization = batch.file_name, batch.organization.name
    if batch.undone_at:
        return "warn", undone_title(batch, summary), undone_text(name, summary), "imports:batch", "See the batch"
    match batch.state:
        case Batch.State.REJECTED:
            cause = (batch.rejection or {}).get("message", "")
            return (
                "bad",
                f"{name} was not imported.",
                smart_quotes(_sentence(cause)),
                "imports:batch",
                "See what was found",
            )
        case Batch.State.NEEDS_CORRECTION:
            text = smart_quotes(batch.notice) or "Nobody has been invited yet."
            return "warn", _waits(name, summary), text, "imports:batch_problems", _way_on(summary)
        case Batch.State.STOPPED:
            return (
                "warn",
                f"{stopped_title(batch, summary)}.",
                stopped_text(batch, summary),
                "imports:batch",
                "See the batch",
            )
        case Batch.State.FAILED:
            return "bad", f"{name} was not imported.", batch.state_reason, "imports:batch", "See the batch"
    if summary.invited == 0:
        title = f"Nobody new was invited to {organization}."
        text = _nobody(name, summary)
        return ("ok" if not summary.failed else "warn"), title, text, "imports:batch", "See the batch"
    return (
        "ok",
        f"{people(summary.invited)} invited to {organization}.",
        result_text(name, summary),
        "imports:batch",
        "See the batch",
    )


def stopped_title(batch: Batch, summary: Summary) -> str:
    """ "Stopped. 140 users were invited to Acme", or nobody."""
    told = f"{people(summary.invited)} invited" if summary.invited else "Nobody was invited"
    return f"Stopped. {told} to {batch.organization.name}"


def stopped_text(batch: Batch, summary: Summary) -> str:
    """Why, who was not invited, and which mails go out all the same: whoever is invited stays invited."""
    out = unsent_mails(batch) if summary.invited else 0
    going_out = _count(out, "mail is still going out", "mails are still going out")
    if summary.stopped:
        rows = f"{_count(summary.stopped, 'row', 'rows')} of {batch.file_name} {_was(summary.stopped)} not invited"
        told = [rows, going_out]
    elif summary.invited:
        told = ["; ".join(part for part in ("Everybody was invited already", going_out) if part)]
    else:
        told = []
    refused = _count(summary.mail_refused, "could not be mailed", "could not be mailed")
    return " ".join(_sentence(part) for part in (batch.state_reason, *told, refused) if part)


def _waits(name: str, summary: Summary) -> str:
    if not summary.to_fix:
        return f"Nothing is left to fix in {name}."
    return (
        f"1 row of {name} needs fixing." if summary.to_fix == 1 else f"{summary.to_fix:,} rows of {name} need fixing."
    )


def _way_on(summary: Summary) -> str:
    return "Fix the rows" if summary.to_fix else "See the rows"


def result_text(name: str, summary: Summary) -> str:
    """Who was not invited, and why, in one sentence; empty when everybody was."""
    parts = [
        _count(summary.already_member, "was already a member", "were already members"),
        _count(summary.already_invited, "was invited already", "were invited already"),
        _count(summary.duplicate, "is twice in the file", "are twice in the file"),
        _count(summary.to_fix, "has a problem", "have problems"),
        _count(summary.skipped_by_admin, "was left out", "were left out"),
        _count(summary.mail_refused, "could not be mailed", "could not be mailed"),
        _count(summary.bounced, "bounced", "bounced"),
        _count(summary.failed - summary.stopped - summary.mail_refused, "could not be invited", "could not be invited"),
    ]
    told = [part for part in parts if part]
    return f"From {name}: {', '.join(told)}." if told else f"Everybody in {name}."


def _nobody(name: str, summary: Summary) -> str:
    if summary.rows and summary.skipped == summary.rows:
        which = {summary.already_member: "members already", summary.already_invited: "invited already"}
        why = f": they are {which[summary.rows]}" if summary.rows in which else ""
        counted = "The one row" if summary.rows == 1 else f"All {summary.rows:,} rows"
        return f"{counted} of {name} {_was(summary.rows)} skipped{why}."
    return result_text(name, summary)


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def _stay(count: int) -> str:
    return "stays" if count == 1 else "stay"


def _count(count: int, one: str, many: str) -> str:
    return "" if not count else f"1 {one}" if count == 1 else f"{count:,} {many}"


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "?")) else f"{text}."
