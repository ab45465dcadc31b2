"""The models of invites. The database holds all state: a task in the queue carries only ids."""

from invites.models.access_grant import AccessGrant
from invites.models.batch import Batch, BatchChunk, CorrectionJob, Reason, RememberedReading, Row, UploadPart
from invites.models.failure_reason import FailureReason
from invites.models.invitation import BulkAction, BulkActionChunk, EarlierLink, Invitation, InvitationQuerySet
from invites.models.mail import (
    DailyInviteCount,
    DailyRecipientMail,
    DomainBackoff,
    RateLimitBucket,
    ReplyToRequest,
    SendLock,
)
from invites.models.opt_out import BlockedAddress, InvitationRequest

__all__ = [
    "AccessGrant",
    "Batch",
    "BatchChunk",
    "BlockedAddress",
    "BulkAction",
    "BulkActionChunk",
    "CorrectionJob",
    "DailyInviteCount",
    "DailyRecipientMail",
    "DomainBackoff",
    "EarlierLink",
    "FailureReason",
    "Invitation",
    "InvitationQuerySet",
    "InvitationRequest",
    "RateLimitBucket",
    "Reason",
    "RememberedReading",
    "ReplyToRequest",
    "Row",
    "SendLock",
    "UploadPart",
]
