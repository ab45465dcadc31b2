"""Rate limits while Redis is down."""

from __future__ import annotations

from django.db import models


class RateLimitCount(models.Model):
    """The count of a rate limit while Redis is down: see accounts/users/rate_limits.py."""

    key = models.CharField(max_length=200, primary_key=True)
    count = models.IntegerField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key
