"""One worker at a time has the shift for an organization's single mails, and hands it over while there is more.

Whoever invites, whoever reminds and each recovery asks for the work. If all of these went on by themselves as long as
there is some, they would pile up and leave no worker to other organizations. So a shift begins with what the one
before handed over, or when none is on: also when a worker died, and its shift has run out.

A shift is a row beside those of the pace. It says until when it lasts, by the database's clock, which also tells one
shift from another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db import connection

from invites.mailing.rate_limit import now_in_sql
from invites.models import RateLimitBucket

# Renewed about every second, and at each answer of the mail server, which may take EMAIL_TIMEOUT.
LASTS = timedelta(seconds=20)

_TAKE = """
    INSERT INTO {paces} (key, free_at) VALUES (%s, {now} + %s)
    ON CONFLICT (key) DO UPDATE SET free_at = excluded.free_at
    WHERE {paces}.free_at <= {now} OR {paces}.free_at = %s
    RETURNING free_at
"""
_MOVE = "UPDATE {paces} SET free_at = {now} + %s WHERE key = %s AND free_at = %s RETURNING free_at"
_ON = "SELECT key FROM {paces} WHERE free_at > {now} AND key IN ({marks})"


class SendLock:
    """A worker's own until it ends it, hands it over, or stays away for too long."""

    def __init__(self, key: str, until: float) -> None:
        self._key = key
        self.until = until

    def keep(self) -> bool:
        """Renew it; False when another worker is on shift by now."""
        return self._move(LASTS)

    def transfer(self, *, wait: timedelta) -> float | None:
        """What the next one has to bring after the wait; None when another worker is on shift by now."""
        return self.until if self._move(LASTS + wait) else None

    def end(self) -> None:
        self._move(timedelta(0))

    def _move(self, to: timedelta) -> bool:
        moved = _ask(_MOVE, [to.total_seconds(), self._key, self.until])
        self.until = moved[0] if moved else self.until
        return bool(moved)


def acquire_send_lock(organization_id: int, lock_token: float | None) -> SendLock | None:
    """The shift for this organization, or None while it is another's."""
    key = _key(organization_id)
    taken = _ask(_TAKE, [key, LASTS.total_seconds(), lock_token])
    return SendLock(key, taken[0]) if taken else None


def organizations_without_send_lock(organization_ids: Iterable[int]) -> list[int]:
    """Those of the organizations for which nobody is on shift, nor will be."""
    keys = {_key(organization_id): organization_id for organization_id in organization_ids}
    on = set(_ask(_ON.replace("{marks}", ", ".join(["%s"] * len(keys))), list(keys))) if keys else set()
    return [organization_id for key, organization_id in keys.items() if key not in on]


def _key(organization_id: int) -> str:
    return f"shift of organization {organization_id}"


def _ask(question: str, values: Sequence[str | float | None]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(question.format(paces=RateLimitBucket._meta.db_table, now=now_in_sql()), values)
        return [first for first, *_ in cursor.fetchall()]
