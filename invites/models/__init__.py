"""The models of invites. The database holds all state: a task in the queue carries only ids."""

from invites.models.access_grant import AccessGrant
from invites.models.batch import Batch, BatchQuerySet, CorrectionJob, Reason, RememberedReading
from invites.models.batch_chunk import BatchChunk
from invites.models.bulk_action import BulkAction, BulkActionChunk, BulkActionRow, Outcome
from invites.models.earlier_link import EarlierLink
from invites.models.expiry import ExpiryNotice
from invites.models.failure_reason import FailureReason
from invites.models.invitation import Invitation, InvitationQuerySet
from invites.models.mail import (
    DailyInviteCount,
    DailyRecipientMail,
    DomainBackoff,
    RateLimitBucket,
    ReplyToRequest,
    SendLock,
)
from invites.models.opt_out import BlockedAddress, InvitationRequest
from invites.models.reminder import Reminder, ReminderCursor
from invites.models.row import Row
from invites.models.upload_part import UploadPart
