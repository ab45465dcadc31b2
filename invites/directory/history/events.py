"""The events of a history, as values. Pages word them: see presentation/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from accounts.models import ActivityEntry
from invites.models import Invitation


class Kind(Enum):
    """What happened."""

    CHANGED = auto()  # `entry` says what.
    SIGNED_IN = auto()  # `count` times since `since`; `entry` is the last one.
    INVITED = auto()  # `entry` is that of the activity log, if there is one.
    SENT = auto()  # To `email`.
    BOUNCED = auto()  # `detail` is what the mail server said.
    FAILED = auto()  # `detail` is a FailureReason, or what the mail server said.
    OPENED = auto()
    REMINDED = auto()
    RESENT = auto()
    CORRECTED = auto()  # From `detail` to `email`. `entry` has what was changed together with it.
    ACCEPTED = auto()
    JOINED = auto()  # Without an invitation.
    REVOKED = auto()
    EXPIRED = auto()
    ASKED = auto()  # For a new invitation. Forgotten when it is sent.


@dataclass(frozen=True)
class Event:
    """One thing that happened. `by` is the id of the user who did it, if somebody did."""

    kind: Kind
    at: datetime
    by: int | None = None
    invitation: Invitation | None = None
    entry: ActivityEntry | None = None
    email: str = ""
    detail: str = ""
    user_agent: str = ""
    count: int = 0
    since: datetime | None = None


@dataclass(frozen=True)
class Somebody:
    """A user who did something, by the name that the organization uses now. Former members have no membership."""

    name: str
    membership_id: int | None = None


@dataclass(frozen=True)
class History:
    """A page of events. `next_start` is where the next page starts; None if this is the last one.

    `inviter` is the id of the user who sent the newest invitation first. `people` are the users who did something.
    """

    events: list[Event]
    next_start: int | None
    inviter: int | None
    people: Mapping[int, Somebody]
