"""Invite the people whom an import has skipped because they declined an earlier invitation."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.errors import DomainError
from accounts.organizations.access import MemberRequest, requires
from accounts.permissions import Permission
from accounts.wording import counted
from invites import tasks
from invites.imports.declined import MOST, declined_rows, invite_declined, unconfirmed_powers
from invites.imports.presentation.confirmation import able_text, powers_from
from invites.imports.views.dialogs import import_question, message_response
from invites.imports.views.lookup import batch_to_change

_INVITE = ngettext_lazy("Invite {count} person who declined?", "Invite {count} people who declined?")
_INVITED = ngettext_lazy("{count} person was invited again.", "{count} people were invited again.")
_SKIPPED = ngettext_lazy("{count} was skipped.", "{count} were skipped.")
_OTHER_DOMAINS = ngettext_lazy(
    "{count} has an email domain that your organization no longer invites.",
    "{count} have email domains that your organization no longer invites.",
)


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def batch_invite_declined(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Say that these people declined, then invite them anyway."""
    batch = batch_to_change(request, pk)
    if request.method != "POST":
        powers = unconfirmed_powers(batch)
        count = declined_rows(batch)[:MOST].count()
        context = {
            **import_question(batch, counted(_INVITE, count) if count else _("Invite people who declined")),
            "button": _("Invite anyway") if count else "",
            "busy": _("Inviting…"),
            "count": count,
            "able": able_text(powers),
            "powers": " ".join(powers),
        }
        return render(request, "imports/batch_invite_declined.html", context)
    try:
        confirmed = powers_from(request.POST.get("powers", ""))
        done = invite_declined(request.membership, batch, confirmed=confirmed)
    except DomainError as broken:
        return message_response(request, batch, broken.message, warning=True)
    tasks.enqueue_on_commit(tasks.send_due_invitations, request.organization.pk)
    sentences = [counted(_INVITED, done.count) if done.count else _("Nobody was invited again.")]
    if done.skipped:
        sentences.append(counted(_SKIPPED, done.skipped))
    if done.other_domains:
        sentences.append(counted(_OTHER_DOMAINS, done.other_domains))
    return message_response(request, batch, " ".join(sentences), warning=not done.count)
