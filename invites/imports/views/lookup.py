"""Load the import that a request is about. Every view uses these functions."""

from __future__ import annotations

from django.shortcuts import get_object_or_404

from accounts.organizations.access import MemberRequest
from invites.invitations.authorization import check_can_change
from invites.invitations.visibility import visible_batches
from invites.models import Batch


def batch_to_see(request: MemberRequest, pk: int) -> Batch:
    """An import that the member may see, for a request that changes nothing. Raises Http404."""
    return get_object_or_404(visible_batches(request.membership), pk=pk)


def batch_to_change(request: MemberRequest, pk: int) -> Batch:
    """An import that the member wants to change. Members who can't grant its access get a 403.

    The service checks this again under a lock. Raises Http404, and AccessDenied.
    """
    batch = batch_to_see(request, pk)
    check_can_change(request.membership, batch)
    return batch


def batch_to_download(request: MemberRequest, pk: int) -> Batch:
    """The same for a download, which changes nothing, so it works in a suspended organization, too."""
    batch = batch_to_see(request, pk)
    check_can_change(request.membership, batch, even_suspended=True)
    return batch
