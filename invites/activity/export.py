"""The activity log as a CSV file."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import ActivityEntry
from invites.activity.wording import line_of

CHUNK = 2_000


def rows_of(entries: QuerySet[ActivityEntry], slug: str) -> Iterator[list[str]]:
    """A row of column names, and one for each entry. Times are in ISO 8601, with their zone.

    Each chunk is a query of its own, so that no database connection is held while a slow client downloads.
    """
    yield [
        _("When"),
        _("Who"),
        _("Email"),
        _("What"),
        _("Affected"),
        _("Affected email"),
        _("Number of users"),
        _("From"),
        _("Browser"),
        _("Details"),
    ]
    last: ActivityEntry | None = None
    while True:
        rest = entries if last is None else entries.filter(at__lte=last.at).exclude(at=last.at, pk__gte=last.pk)
        chunk = list(rest[:CHUNK])
        for entry in chunk:
            yield _row(entry, slug)
        if len(chunk) < CHUNK:
            return
        last = chunk[-1]


def _row(entry: ActivityEntry, slug: str) -> list[str]:
    line = line_of(entry, slug)
    return [
        entry.at.isoformat(timespec="seconds"),
        line.who.title,
        entry.actor_email,
        f"{line.what.title}: {line.what.text}" if line.what.text else line.what.title,
        entry.affected_name or line.affected.title,
        entry.affected_email,
        "" if entry.affected_count is None else str(entry.affected_count),
        entry.ip or line.source.title,
        line.source.text,
        json.dumps(entry.details, ensure_ascii=False) if entry.details else "",
    ]
