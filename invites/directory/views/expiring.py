"""Resend the invitations that expire soon or have expired, and close the banner about them."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Membership
from accounts.numbers import number_in
from accounts.organizations.access import MemberRequest, requires
from accounts.permissions import Permission
from invites.directory.bulk.change import BulkChange, Kind
from invites.directory.bulk.selection import Selection
from invites.directory.expiry_notice import close_banner
from invites.directory.views.bulk_actions import review_or_start
from invites.invitations.expiry import expiring_for
from invites.invitations.views.responses import banner_closed_response, success_response
from invites.invitations.visibility import invitation_is_visible
from invites.models import Invitation


@requires(Permission.INVITE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def expiring(request: MemberRequest, organization: str) -> HttpResponse:
    """Review how many would be resent, then resend them. The banner and the email about them lead here."""
    found = expiring_for(request.membership, timezone.now()).filter(invitation_is_visible(request.membership))
    if not found.exists():
        return success_response(request, _("No invitation has expired or expires within three days."))
    people = Selection(Membership.objects.none(), found, Invitation.objects.none())
    return review_or_start(request, BulkChange(Kind.RESEND), people)


@requires(Permission.INVITE_USERS)
@require_POST
def expiring_close(request: MemberRequest, organization: str) -> HttpResponse:
    """Close the banner that showed the numbers in the query string."""
    expiring, expired = (number_in(request.GET.get(name)) or 0 for name in ("expiring", "expired"))
    close_banner(request.membership, expiring=expiring, expired=expired)
    return banner_closed_response(request)
