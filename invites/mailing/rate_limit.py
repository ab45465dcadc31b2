"""How fast mail may go, over all workers of all machines: at all, of one organization, to one domain.

Whoever wants to send takes a block of mails at a time, which moves on when the next block may begin. That moment is a
row of the database and is told by the database's clock: no machine's own clock counts, nor does the queue.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from invites.models import RateLimitBucket

# The blocks, in seconds. That of all is short, for a server that counts closely: whoever is a moment early waits. One
# organization or one domain must not keep a worker waiting: it comes back for the next block, and so that is long.
SHORT, LONG = 0.1, 1.0
LONGEST_WAIT = 0.5
KEPT = 24 * 3600

_NOW = {
    "postgresql": "extract(epoch FROM statement_timestamp())::float8",
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
}
# Nothing comes back for a key whose next block is too far away.
_TAKE = """
    INSERT INTO {paces} (key, free_at) VALUES {values}
    ON CONFLICT (key) DO UPDATE SET
        free_at = CASE WHEN {paces}.free_at > {now} THEN {paces}.free_at ELSE {now} END + excluded.free_at - {now}
    WHERE {paces}.free_at <= {now} + %s
    RETURNING key, free_at - {now}
"""
_LOOK = "SELECT key, free_at - {now} FROM {paces} WHERE key IN ({marks})"


@dataclass(frozen=True)
class Permits:
    """So many mails may go, after `wait` seconds; the next block, in `next_in`."""

    mails: int
    wait: float
    next_in: float


def acquire_global(wanted: int) -> Permits:
    """Of what all workers together may send, so many or less."""
    return _take({"all": wanted}, settings.MAILS_PER_SECOND, block=SHORT, longest_wait=LONGEST_WAIT)["all"]


def acquire_for_organization(organization_id: int, wanted: int) -> Permits:
    """Of what one organization may send, so many or less."""
    key = f"organization {organization_id}"
    return _take({key: wanted}, settings.MAILS_PER_SECOND_PER_ORGANIZATION, block=LONG)[key]


def acquire_for_domains(wanted: Mapping[str, int]) -> dict[str, Permits]:
    """Of what may go to each of the domains, so many or less."""
    keys = {domain: f"domain {domain}" for domain in wanted}
    blocks = _take({keys[each]: wanted[each] for each in wanted}, settings.MAILS_PER_SECOND_PER_DOMAIN, block=LONG)
    return {domain: blocks[key] for domain, key in keys.items()}


def now_in_sql() -> str:
    """Seconds since 1970, as the database tells them."""
    return _NOW[connection.vendor]


def forget_old_paces() -> None:
    """Remove what has not mattered for a day."""
    RateLimitBucket.objects.filter(free_at__lt=time.time() - KEPT).delete()


def _take(wanted: Mapping[str, int], rate: int, *, block: float, longest_wait: float = 0.0) -> dict[str, Permits]:
    names = {"paces": RateLimitBucket._meta.db_table, "now": now_in_sql()}
    # In one order, so that two who take of the same keys wait for each other and not both.
    mails = {key: min(wanted[key], math.ceil(rate * block)) for key in sorted(wanted)}
    values = ", ".join(["(%s, {now} + %s)".format(**names)] * len(mails))
    given = [part for key, count in mails.items() for part in (key, count / rate)]
    with connection.cursor() as cursor:
        cursor.execute(_TAKE.format(values=values, **names), [*given, longest_wait])
        taken = dict(cursor.fetchall())
        blocks = {key: Permits(mails[key], max(0.0, until - mails[key] / rate), until) for key, until in taken.items()}
        if missed := sorted(mails.keys() - taken.keys()):
            cursor.execute(_LOOK.format(marks=", ".join(["%s"] * len(missed)), **names), missed)
            blocks |= {key: Permits(0, 0.0, max(0.0, until)) for key, until in cursor.fetchall()}
    return blocks
