"""Finds the import that a page or an action is about. No view of an import loads it otherwise."""

from __future__ import annotations

from django.shortcuts import get_object_or_404

from accounts.organizations.access import MemberRequest
from invites.invitations.authorization import check_can_change
from invites.invitations.visibility import visible_batches
from invites.models import Batch


def batch_to_see(request: MemberRequest, pk: int) -> Batch:
    """An import that the member may see, for a page that changes nothing. Raises Http404."""
    return get_object_or_404(visible_batches(request.membership), pk=pk)


def batch_to_change(request: MemberRequest, pk: int) -> Batch:
    """An import that the member is about to act on. Members who can't grant what it gives get 403.

    The service asks again, with the import locked. Raises Http404, and AccessDenied.
    """
    batch = batch_to_see(request, pk)
    check_can_change(request.membership, batch)
    return batch
