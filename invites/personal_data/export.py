"""Everything that is stored about an address, as one JSON object. docs/deploy.md describes its keys."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from accounts.activity.erasure import entries_about
from accounts.models import AccountEmail, Membership, User
from invites.checking import Cells
from invites.models import Batch, BulkAction, InvitationRequest
from invites.personal_data.traces import (
    blocks_of,
    changes_of,
    earlier_links_to,
    facts,
    in_chunks,
    invitations_to,
    mail_counts_of,
    reminders_to,
    replies_to,
    rows_with,
)

_ACCOUNT = ("id", "email", "first_name", "last_name", "language", "is_active", "is_staff", "date_joined", "last_login")
_MEMBERSHIP = (*("first_name", "last_name", "description", "all_sites", "joined_at", "last_seen_at", "deactivated_at"),)
_INVITATION = (
    *("id", *Cells._fields, "message", "state", "created_at", "expires_at"),
    *("closed_at", "mail_state", "mail_detail", "mail_finished_at", "bounced_at", "times_resent", "opened_at"),
    "opened_with",
)
_LINK = (
    *("email", "mail_state", "mail_detail", "mail_finished_at", "bounced_at", "opened_at", "opened_with"),
    "replaced_at",
)
_ROW = (*("number", *Cells._fields, "outcome", "reason", "detail", "cells", "edit", "problems", "doubts"),)
_ENTRY = (
    *("at", "action", "actor_id", "actor_name", "actor_email", "affected", "affected_id", "affected_name"),
    *("affected_email", "details", "channel", "command", "ip", "user_agent"),
)


def export_person(email: str) -> Iterator[str]:
    """The pieces of the JSON text. `email` is in lower case. No password and no token is in it."""
    user = User.objects.filter(email=email).first()
    yield f'{{\n"address": {_json(email)},\n"exported_at": {_json(timezone.now())},\n"account": {_json(_account(user))}'
    for name, items in _lists(email, user):
        yield f',\n"{name}": ['
        for number, item in enumerate(items):
            yield f"{',' if number else ''}\n  {_json(item)}"
        yield "\n]"
    yield "\n}\n"


def _json(value: object) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)


def _account(user: User | None) -> dict[str, Any] | None:
    if user is None:
        return None
    emails = AccountEmail.objects.filter(user=user).values("kind", "created_at")
    return {**facts(user, _ACCOUNT), "emails_to_send": list(emails)}


def _lists(email: str, user: User | None) -> Iterator[tuple[str, Iterable[Mapping[str, Any]]]]:
    yield "memberships", _memberships(user)
    yield "invitations", _invitations(email)
    yield "earlier_links", (facts(link, _LINK) for chunk in in_chunks(earlier_links_to(email)) for link in chunk)
    yield "import_rows", _rows(email)
    yield "bulk_changes", _changes(email)
    yield "reminders", reminders_to(email).values("organization__slug", "kind", "queued_at", "started_at", "sent_at")
    yield "requests", _requests(email)
    yield "emails_per_day", mail_counts_of(email).values("organization__slug", "day", "emails")
    yield "blocks", blocks_of(email).values("reported_at", "organization__slug", "lifted_at")
    used, requested = replies_to(email)
    yield "reply_to_of", ({"organization": slug} for slug in used.values_list("slug", flat=True))
    yield "reply_to_requests", requested.values("organization__slug", "created_at", "expires_at")
    yield "activity", _activity(email, user)
    yield "imports_started", _imports(user)
    yield "bulk_changes_started", _actions(user)


def _memberships(user: User | None) -> Iterator[dict[str, Any]]:
    if user is None:
        return
    memberships = Membership.objects.filter(user=user).select_related("organization")
    for membership in memberships.prefetch_related("roles", "sites").order_by("pk"):
        yield {
            "organization": membership.organization.slug,
            **facts(membership, _MEMBERSHIP),
            "roles": [role.name for role in membership.roles.all()],
            "sites": [site.name for site in membership.sites.all()],
        }


def _invitations(email: str) -> Iterator[dict[str, Any]]:
    for chunk in in_chunks(invitations_to(email).select_related("organization", "grant")):
        for invitation in chunk:
            yield {
                "organization": invitation.organization.slug,
                "import": invitation.batch_id,
                **facts(invitation, _INVITATION),
                "roles": [role.name for role in invitation.grant.roles.all()],
                "all_sites": invitation.grant.all_sites,
                "sites": [site.name for site in invitation.grant.sites.all()],
            }


def _rows(email: str) -> Iterator[dict[str, Any]]:
    for chunk in rows_with(email):
        for row in chunk:
            yield {"organization": row.batch.organization.slug, "import": row.batch_id, **facts(row, _ROW)}


def _changes(email: str) -> Iterator[dict[str, Any]]:
    for chunk in in_chunks(changes_of(email).select_related("action__organization")):
        for row in chunk:
            about = {"organization": row.action.organization.slug, "kind": row.action.kind}
            yield {**about, **facts(row, ("name", "email", "outcome", "before", "after", "at"))}


def _requests(email: str) -> Iterable[Mapping[str, Any]]:
    requests = InvitationRequest.objects.filter(invitation__in=invitations_to(email)).order_by("pk")
    return requests.values("organization__slug", "invitation_id", "asked_at", "dismissed_at")


def _activity(email: str, user: User | None) -> Iterator[dict[str, Any]]:
    for chunk in entries_about(email, user.pk if user else None):
        for entry in chunk:
            found = {"organization_id": entry.organization_id, **facts(entry, _ENTRY)}
            is_actor = entry.actor_email.lower() == email or (user is not None and entry.actor_id == user.pk)
            if not is_actor:
                # Where other people were stays private.
                found["ip"], found["user_agent"] = None, ""
            yield found | {"details": entry.details}


def _imports(user: User | None) -> Iterable[Mapping[str, Any]]:
    batches = Batch.objects.filter(inviter=user) if user else Batch.objects.none()
    return batches.order_by("pk").values("id", "organization__slug", "file_name", "message", "state", "created_at")


def _actions(user: User | None) -> Iterable[Mapping[str, Any]]:
    actions = BulkAction.objects.filter(started_by=user) if user else BulkAction.objects.none()
    return actions.order_by("pk").values("id", "organization__slug", "kind", "state", "total", "created_at")
